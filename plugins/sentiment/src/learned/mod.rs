//! Korean and Chinese, by weights that logistic regression learned from labelled reviews (`tests/train`; the tables in
//! `data` name the reviews). A feature is a word, the punctuation between two words, or a pair of these that stand
//! together; its weight is what it adds to the log-odds of praise, once however often it occurs in the text. There is no
//! constant: a text of which nothing is known comes to 0.
//!
//! The compound is `sum / √(sum² + 15)`, the curve of VADER, so that labels mean in these languages what they mean in
//! English: 0.6, where `very_positive` begins, is odds of 18 to 1, and 0.05, where `positive` begins, 1.2 to 1.

pub(crate) mod hash;
mod table;
mod turns;
pub mod units;

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

use crate::{
    scale::Scored,
    vader::{Reading, Weight},
};
pub use table::{CHINESE, KOREAN, Table};
use turns::Turned;
use units::Unit;

/// VADER's constant of the curve from a sum to −1 … 1.
const ALPHA: f64 = 15.0;
/// The weight at which half of a word counts as neutral.
const HALF: f64 = 1.0;
/// A word that weighs less than this is no evidence: it decides nothing that anyone would see.
const LEAST_EVIDENCE: f64 = 0.1;

/// Reads a text. `tokens` are as the host's `segment` gives them: first byte, byte behind the last, part of speech.
#[must_use]
pub fn read(table: Table, text: &str, tokens: &[u32]) -> Reading {
    let units = weighed(table, text, tokens);
    let sum = units.iter().fold(0.0, |sum, (_, weight)| sum + weight);
    let tells = |(unit, weight): &(Unit, f64)| weight.abs() >= LEAST_EVIDENCE && !unit.is_separator(text);
    let weights = units.iter().enumerate().filter(|(_, unit)| tells(unit));
    let weights =
        weights.map(|(word, (unit, value))| Weight { word, span: unit.span.clone(), value: *value }).collect();
    Reading { scored: scored(sum, &units), weights }
}

/// The units of a text, each with its own weight and half that of each pair it stands in. What occurs again weighs nothing.
fn weighed(table: Table, text: &str, tokens: &[u32]) -> Vec<(Unit, f64)> {
    let mut units = Vec::with_capacity(tokens.len() / 2);
    units::each(text, tokens, |unit| {
        let key = unit.key(text);
        units.push(Turned { unit, key, own: table.weight(key), turned: None });
    });
    turns::turn(table, text, &mut units);
    let mut seen = Seen::default();
    let mut once = |key, weight| if weight != 0.0 && seen.insert(key) { weight } else { 0.0 };
    let mut weighed = Vec::<(Unit, f64)>::with_capacity(units.len());
    let mut before = None;
    for Turned { unit, key, own, turned } in units {
        let mut weight = match turned {
            Some(turned) => once(hash::pair(key, TURNED), turned),
            None => once(key, own),
        };
        if let (None, Some(before), Some((_, weight_before))) = (turned, before, weighed.last_mut()) {
            let pair = hash::pair(before, key);
            let half = once(pair, table.weight(pair)) / 2.0;
            *weight_before += half;
            weight += half;
        }
        before = turned.is_none().then_some(key);
        weighed.push((unit, weight));
    }
    weighed
}

/// Makes one feature of a word and its being turned.
const TURNED: u64 = 1;

/// The features that occurred: their keys are hashes already. Only those of the table are in it, so no text overfills it.
type Seen = HashSet<u64, BuildHasherDefault<AsItIs>>;

/// A hash that is its own.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |state, byte| state.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// The numbers of the contract. Each unit is one part of the whole, and is shared between its direction and neither by what
/// it weighs.
fn scored(sum: f64, units: &[(Unit, f64)]) -> Scored {
    if units.is_empty() {
        return Scored::default();
    }
    let share = |is_meant: fn(f64) -> bool| {
        let of_unit = |(_, weight): &(Unit, f64)| weight.abs() / (weight.abs() + HALF);
        let meant = units.iter().filter(|(_, weight)| is_meant(*weight));
        // An empty sum of floats is −0.
        let total = meant.map(of_unit).fold(0.0, |sum, part| sum + part);
        rounded(total / units.len() as f64, 1e3)
    };
    let (pos, neg) = (share(|weight| weight > 0.0), share(|weight| weight < 0.0));
    let compound = rounded(sum / (sum * sum + ALPHA).sqrt(), 1e4);
    Scored { neg, neu: rounded(1.0 - pos - neg, 1e3), pos, compound }
}

fn rounded(value: f64, per_one: f64) -> f64 {
    (value * per_one).round() / per_one
}

#[cfg(test)]
mod tests;
