//! VADER, the sentiment of English (Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of
//! Social Media Text", ICWSM 2014), with the very numbers of its reference implementation, the Python package
//! `vaderSentiment` 3.3.2 on Python 3.11. Where the reference is odd, so is this: `tests/parity` compares the two.
//!
//! A text is read once: `tokens` cuts it, `window` keeps the words that a rule can see, `rules` and `idioms` weigh each
//! word, `but` shifts the weights, `sums` makes the numbers. It takes time in proportion to the text, times the logarithm
//! of the number of weights where there is a "but", and memory for the weights alone.

mod but;
mod hash;
mod idioms;
mod letters;
mod rules;
mod sums;
mod tables;
mod tokens;
mod window;

use std::ops::Range;

use crate::scale::Scored;
use tables::Name;
use window::Window;

/// What a word weighs.
#[derive(Clone, PartialEq, Debug)]
pub struct Weight {
    /// The number of the word, counted from 0.
    pub(crate) word: usize,
    /// Where it is, in bytes of the text; of the word of an emoji, where the emoji is.
    pub span: Range<usize>,
    /// Its part in the sum, after boosters, negations, idioms and "but"; never 0.
    pub value: f64,
}

impl Weight {
    /// What another scorer than this one gives a word.
    pub(crate) const fn new(span: Range<usize>, value: f64) -> Self {
        Self { word: 0, span, value }
    }
}

/// What comes of reading a text.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Reading {
    /// The four numbers; all 0 where there is no word.
    pub scored: Scored,
    /// The words that weigh something, in order.
    pub weights: Vec<Weight>,
}

/// What is an apostrophe in "isn't" and its like.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Apostrophes {
    /// That of ASCII alone, as for the reference.
    #[default]
    Reference,
    /// `’` (U+2019) too, which telephones and editors write: "isn’t" is no negation to the reference, and "isn’t good" is
    /// praise.
    Typographic,
}

/// Reads a text as the reference does.
#[must_use]
pub fn read(text: &str) -> Reading {
    read_with(text, Apostrophes::Reference)
}

/// Reads a text.
#[must_use]
pub fn read_with(text: &str, apostrophes: Apostrophes) -> Reading {
    let mut window = Window::of(text, apostrophes);
    let mut weights = Vec::new();
    let mut but = None;
    let mut words = 0;
    while window.advance(words) {
        let word = window.word(words);
        if but.is_none() && word.is(Name::But) {
            but = Some(words);
        }
        let span = word.span();
        let value = rules::valence(&mut window, words);
        if value != 0.0 {
            weights.push(Weight { word: words, span, value });
        }
        words += 1;
    }
    if words == 0 {
        return Reading::default();
    }
    if let Some(but) = but {
        but::apply(&mut weights, but);
    }
    let scored = sums::scored(&weights, words - weights.len(), window.marks());
    Reading { scored, weights }
}

#[cfg(test)]
mod tests;
