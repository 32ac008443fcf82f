//! The sentiment of Japanese, by a lexicon and the rules of its grammar.
//!
//! The host cuts a text into words; `fold` makes its characters those of the lexicon, `table` finds the words that have a
//! weight, `follow` reads what stands behind each (negations, doubts), `degrees` what stands before it, `weigh` puts the
//! two together, `clauses` shifts the weights where there is a "but", and [`read`] makes the numbers. It takes time and
//! memory in proportion to the text.

mod clauses;
mod degrees;
mod fold;
mod follow;
mod table;
mod tokens;
mod weigh;

use sayso_plugin::text;

use crate::{scale::Scored, scorer::Reading, vader::Weight};
use fold::Folded;
use tokens::Token;

pub(crate) const CODE: &str = "ja";
/// About the square of the sum of two clear words: one of them gives a score of ±0.58, two ±0.82.
const ALPHA: f64 = 8.0;
/// What each `!` adds to the size of the sum, up to three of them.
const EXCLAMATION: f64 = 0.2;
const MOST_EXCLAMATIONS: usize = 3;

/// Reads a text, with the words that the host finds in it.
pub(crate) fn read(text: &str) -> Reading {
    let folded = Folded::of(text);
    let segments = text::segment(&folded.text, CODE);
    read_tokens(&folded, &Token::list(&segments, &folded.text))
}

fn read_tokens(folded: &Folded<'_>, tokens: &[Token]) -> Reading {
    let weighed = weigh::weigh(&folded.text, tokens);
    let exclamations = folded.text.bytes().filter(|byte| *byte == b'!').take(MOST_EXCLAMATIONS).count();
    let scored = scored(&weighed, exclamations);
    let coverage = if weighed.content == 0 { 0.0 } else { weighed.known as f64 / weighed.content as f64 };
    let weights = weighed.weights.into_iter().map(|(span, value)| Weight::new(folded.original(span), value)).collect();
    Reading { scored, weights, coverage: Some(rounded(coverage, 1_000.0)) }
}

/// The numbers, as VADER makes them of its weights.
fn scored(weighed: &weigh::Weighed, exclamations: usize) -> Scored {
    let (mut sum, mut positive, mut negative) = (0.0, 0.0, 0.0);
    for (_, value) in &weighed.weights {
        sum += value;
        if *value > 0.0 {
            positive += value + 1.0;
        } else {
            negative += 1.0 - value;
        }
    }
    if sum != 0.0 {
        sum += (exclamations as f64 * EXCLAMATION).copysign(sum);
    }
    let neutral = weighed.content.saturating_sub(weighed.weights.len()) as f64;
    let total = positive + negative + neutral;
    if total == 0.0 {
        return Scored::default();
    }
    let share = |part: f64| rounded(part / total, 1_000.0);
    let compound = rounded(sum / (sum * sum + ALPHA).sqrt(), 10_000.0);
    Scored { neg: share(negative), neu: share(neutral), pos: share(positive), compound }
}

fn rounded(number: f64, scale: f64) -> f64 {
    (number * scale).round() / scale
}

#[cfg(test)]
mod tests;
