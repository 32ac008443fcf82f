//! What the tagger costs natively, in nanoseconds for one feedback, and what a fresh one costs:
//! `cargo bench --manifest-path plugins/Cargo.toml -p sayso-tagger`.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first thing that is wrong")]

use std::{hint::black_box, time::Instant};

use sayso_plugin::Item;
use sayso_tagger::Tagger;

/// English as people write it, 88 bytes on average, as in the benchmark of the chain.
const ENGLISH: [&str; 12] = [
    "The delivery was three days late and nobody from the support team ever called me back.",
    "I love this phone, the battery lasts two full days and the camera is simply amazing!",
    "It works as described, nothing more and nothing less, so I am giving it three stars here.",
    "After the last update the app keeps crashing whenever I try to log in to my account.",
    "Your staff were so friendly and helpful that we will definitely come back next summer.",
    "I was charged twice for the same order and I still have not received any refund for it.",
    "The shoes are too small, although I ordered the size that your own chart told me to take.",
    "Not bad for the price, but the instructions are confusing and the build quality is poor.",
    "I will cancel my subscription and take my business elsewhere if this is not fixed today.",
    "Could you please add an option to sort the results by date? That would be really great.",
    "The room was dirty, the bathroom smelled, and breakfast was cold when we finally got it.",
    "I would highly recommend this shop to all of my friends, five stars from me and my wife.",
];
const JAPANESE: [&str; 3] = [
    "配送がとても遅くて、箱も壊れていました。残念です。",
    "店員さんが親切で、料理も美味しかったです。",
    "解約するつもりはありませんが、アプリの不具合を直してほしいです。",
];
const KOREAN: [&str; 3] = [
    "배송이 너무 느리고 포장도 엉망이에요.",
    "직원분들이 친절하고 음식도 맛있었어요.",
    "해지할 생각은 없지만 앱 오류를 고쳐 주세요.",
];
const CHINESE: [&str; 3] =
    ["物流太慢，包装也破了，非常失望。", "服务员很热情，菜也很好吃。", "我不会退订，但是希望修复软件闪退的问题。"];
/// Items in one round.
const ITEMS: usize = 3_600;
const ROUNDS: usize = 25;
const FRESH: u32 = 200;

fn main() {
    for (language, texts) in [("en", &ENGLISH[..]), ("ja", &JAPANESE), ("ko", &KOREAN), ("zh", &CHINESE)] {
        measure(language, texts);
    }
    let start = Instant::now();
    for _ in 0..FRESH {
        black_box(sayso_plugin::configure::<Tagger>(black_box("{}")).unwrap());
    }
    let fresh = start.elapsed().as_secs_f64() * 1e6 / f64::from(FRESH);
    println!("{:<10} {fresh:>7.1} us", "fresh");
}

/// Prints the best round's time an item.
fn measure(language: &str, texts: &[&str]) {
    let plugin = sayso_plugin::configure::<Tagger>("{}").unwrap();
    let items: Vec<_> = texts.iter().cycle().take(ITEMS).map(|text| Item::of_review(language, text, 3.0)).collect();
    let round = || {
        let start = Instant::now();
        black_box(sayso_plugin::process(&plugin, black_box(&items)));
        start.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(ITEMS).unwrap())
    };
    let best = (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min);
    let bytes = texts.iter().map(|text| text.len()).sum::<usize>() / texts.len();
    println!("{language:<10} {best:>7.0} ns for {bytes} bytes");
}
