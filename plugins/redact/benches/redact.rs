//! What the plugin costs natively: nanoseconds a text by what there is to find, and milliseconds a megabyte of the worst
//! texts: `cargo bench --manifest-path plugins/Cargo.toml -p sayso-redact`.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first thing that is wrong")]

use std::{hint::black_box, time::Instant};

use sayso_plugin::{Effects, Item, Plugin};
use sayso_redact::Redact;

/// Texts by what is to be found in them.
const TEXTS: [(&str, &[&str]); 7] = [
    (
        "nothing, no digits",
        &[
            "The delivery was three days late and nobody from the support team ever called me back.",
            "I love this phone, the battery lasts two full days and the camera is simply amazing!",
            "It works as described, nothing more and nothing less, so I am giving it three stars here.",
            "After the last update the app keeps crashing whenever I try to log in to my account.",
        ],
    ),
    (
        "nothing, Japanese",
        &["配達が三日も遅れたうえに、サポートからは一度も連絡がありませんでした。二度と使いません！"],
    ),
    (
        "nothing, some numbers",
        &[
            "Ordered on 2024-05-01 at 10:30, arrived 12 days later; the 2 boxes cost $1,249.99 each!",
            "My WH-1000XM4 (version 2.5.1) lost 80% of its charge in 3 hours, 5 times in 2 weeks now.",
        ],
    ),
    (
        "nothing, order number",
        &["Where is my order 1234567890123? I have been waiting for it since the second week of May."],
    ),
    (
        "an e-mail address",
        &["Nobody ever answered, please write to ann.smith@example.org or I will cancel the contract."],
    ),
    (
        "a telephone number",
        &["Please call me back on 212-555-0123 before noon, I have been waiting for weeks, thank you."],
    ),
    ("a card and a number", &["カード４１１１ １１１１ １１１１ １１１１が二重請求です。電話は090-1234-5678です。"]),
];
/// Units of which a megabyte is made.
const HOSTILE: [&str; 9] = ["1", "@", ":", "１", "1-", "a@a.", "5551234 ", "call 5551234 ", "ann@example.org "];
const ROUNDS: usize = 25;
const CALLS: usize = 4_000;

fn main() {
    let plugin = sayso_plugin::configure::<Redact>("{}").unwrap();
    for (name, texts) in TEXTS {
        let items: Vec<_> = texts.iter().map(|text| Item::of_text("en", text)).collect();
        let bytes = texts.iter().map(|text| text.len()).sum::<usize>() / texts.len();
        let best = best(|| {
            for item in items.iter().cycle().take(CALLS) {
                let mut effects = Effects::new();
                plugin.process(black_box(item), &mut effects).unwrap();
                black_box(effects);
            }
        });
        println!("{name:<22} {bytes:>4} bytes {:>8.0} ns", best * 1e9 / f64::from(u32::try_from(CALLS).unwrap()));
    }
    for unit in HOSTILE {
        let item = Item::of_text("en", &unit.repeat((1 << 20) / unit.len()));
        let best = best(|| {
            let mut effects = Effects::new();
            plugin.process(black_box(&item), &mut effects).unwrap();
            black_box(effects);
        });
        println!("{:<22} 1 MiB      {:>8.1} ms", format!("{unit:?}, again and again"), best * 1e3);
    }
}

/// Seconds of the best round.
fn best(mut run: impl FnMut()) -> f64 {
    let round = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| round(&mut run)).fold(f64::INFINITY, f64::min)
}
