//! What scoring a sentence costs natively, beside the crate `vader_sentiment`:
//! `cargo bench --manifest-path plugins/Cargo.toml --package sayso-sentiment`.

use std::{hint::black_box, time::Instant};

use sayso_sentiment::vader;
use vader_sentiment::SentimentIntensityAnalyzer;

/// Feedback as people write it, 84 to 90 bytes each.
const SENTENCES: [&str; 6] = [
    "The delivery was three days late and nobody from the support team ever called me back.",
    "I love this phone, the battery lasts two full days and the camera is simply amazing!",
    "Your staff were so friendly and helpful that we will definitely come back next summer.",
    "I was charged twice for the same order and I still have not received any refund for it.",
    "Not bad for the price, but the instructions are confusing and the build quality is poor.",
    "I would highly recommend this shop to all of my friends, five stars from me and my wife.",
];
/// How often each sentence is scored in one round.
const TIMES: u32 = 500;
const ROUNDS: usize = 25;

fn main() {
    let theirs = SentimentIntensityAnalyzer::new();
    let (mut own, mut other) = (f64::INFINITY, f64::INFINITY);
    // Turn by turn, so that whatever else the machine does meets both.
    for _ in 0..ROUNDS {
        own = own.min(measure(|sentence| vader::read(sentence).scored.compound));
        other = other.min(measure(|sentence| theirs.polarity_scores(sentence)["compound"]));
    }
    println!("{:<16} {own:>7.0} ns", "sayso");
    println!("{:<16} {other:>7.0} ns", "vader_sentiment");
    println!("{:<16} {:>7.1}", "ratio", other / own);
}

/// Nanoseconds a sentence.
fn measure(score: impl Fn(&str) -> f64) -> f64 {
    let start = Instant::now();
    for _ in 0..TIMES {
        for sentence in SENTENCES {
            black_box(score(black_box(sentence)));
        }
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(TIMES) / SENTENCES.len() as f64
}
