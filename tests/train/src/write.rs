//! The table of weights, and the report at its head.

use std::fmt::{self, Write};

use crate::{Args, model::Model, reviews::Reviews, vocabulary::Vocabulary};

/// How well the weights do on reviews that they were not learned from.
pub(crate) struct Report {
    reviews: [usize; 2],
    features: [usize; 2],
    /// Share of the reviews told rightly, with all features and with those kept.
    accuracy: [f64; 2],
    /// Share of the reviews of which no feature is known.
    silent: f64,
}

impl Report {
    pub(crate) fn of(
        train: &Reviews,
        dev: &Reviews,
        all: &Vocabulary,
        kept: &Vocabulary,
        [before, after]: [&Model; 2],
    ) -> Self {
        let scored = after.log_odds(dev, kept);
        let silent = scored.iter().filter(|odds| **odds == 0.0).count();
        Self {
            reviews: [train.0.len(), dev.0.len()],
            features: [all.features.len(), kept.features.len()],
            accuracy: [accuracy(&before.log_odds(dev, all), dev), accuracy(&scored, dev)],
            silent: silent as f64 / dev.0.len() as f64,
        }
    }
}

/// A review that comes to exactly 0 is told wrongly, whatever its label.
fn accuracy(log_odds: &[f64], reviews: &Reviews) -> f64 {
    let right = log_odds.iter().zip(&reviews.0).filter(|(odds, review)| **odds * sign(review.praises) > 0.0).count();
    right as f64 / log_odds.len() as f64
}

const fn sign(praises: bool) -> f64 {
    if praises { 1.0 } else { -1.0 }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([train, dev], [all, kept], [before, after]) = (self.reviews, self.features, self.accuracy);
        write!(
            f,
            "learned from {train} reviews; of {all} words and pairs {kept} kept; on {dev} other reviews {after:.4} told \
             rightly ({before:.4} before pruning), {:.4} undecided",
            self.silent
        )
    }
}

/// The table: a head, whose lines alone have no tab, then a feature and its weight a line, in the order of the features.
pub(crate) fn table(args: &Args, report: &Report, vocabulary: &Vocabulary, model: &Model) -> String {
    let mut table = String::new();
    let date = jiff::Zoned::now().date();
    let head = [
        format!(
            "Weights of words, of punctuation, and of pairs of them, in log-odds of praise. Language: {}.",
            args.language
        ),
        format!("Learned from: {}. Licence of the reviews: {}.", args.source, args.licence),
        format!("Written on {date} by tests/train --keep {} --least {} --prior {}.", args.keep, args.least, args.prior),
        format!("Report: {report}."),
    ];
    for line in head {
        table.extend(["# ", &line, "\n"]);
    }
    for ((name, _), weight) in vocabulary.features.iter().zip(&model.weights) {
        if *weight != 0.0 {
            // Writing to a string cannot fail.
            writeln!(table, "{name}\t{weight}").unwrap_or_default();
        }
    }
    table
}
