//! What the plugins of the default chain cost natively, in nanoseconds for one feedback:
//! `cargo bench --manifest-path plugins/Cargo.toml`. The sandbox is compared with this.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first thing that is wrong")]

use std::{hint::black_box, time::Instant};

use sayso_plugin::{Item, Plugin};

/// Feedback as people write it, 88 bytes on average.
const SENTENCES: [&str; 12] = [
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
/// Items in one round.
const ITEMS: usize = 3_600;
const ROUNDS: usize = 25;

fn main() {
    let mut items: Vec<_> = SENTENCES.iter().cycle().take(ITEMS).map(|text| Item::of_review("en", text, 3.0)).collect();
    let chain = [
        measure::<sayso_redact::Redact>(&mut items),
        measure::<sayso_sentiment::Sentiment>(&mut items),
        measure::<sayso_tagger::Tagger>(&mut items),
        measure::<sayso_router::Router>(&mut items),
    ];
    println!("{:<10} {:>7.0} ns", "chain", chain.iter().sum::<f64>());
}

/// The best round's time an item; then the effects go to the items, for the plugins behind.
fn measure<P: Plugin>(items: &mut [Item]) -> f64 {
    let plugin = sayso_plugin::configure::<P>("{}").unwrap();
    let round = || {
        let start = Instant::now();
        black_box(sayso_plugin::process(&plugin, black_box(items)));
        start.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(ITEMS).unwrap())
    };
    let best = (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min);
    let results = sayso_plugin::process(&plugin, items);
    for (item, effects) in items.iter_mut().zip(results) {
        item.effects.extend(effects.unwrap());
    }
    println!("{:<10} {best:>7.0} ns", P::NAME);
    best
}
