//! Which scorer reads which language.

use sayso_plugin::Fault;

use crate::{
    japanese,
    scale::Scored,
    vader::{self, Weight},
};

/// What comes of reading a text.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Reading {
    /// The four numbers; all 0 where there is no word.
    pub(crate) scored: Scored,
    /// The words that weigh something, in order.
    pub(crate) weights: Vec<Weight>,
    /// Share of the words with a meaning of their own that the lexicon knows, 0 to 1, where that is told: at 0, the score
    /// says nothing.
    pub(crate) coverage: Option<f64>,
}

/// A way to score the words of a language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scorer {
    /// English.
    Vader,
    Japanese,
}

impl Scorer {
    /// The scorer for a language. Text whose language is unknown counts as English if it has no letters beyond the basic
    /// Latin ones: short English is often too short for a detector.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for a language that has none, or whose dictionary is not installed.
    pub(crate) fn for_language(code: &str, text: &str) -> Result<Self, Fault> {
        let is_basic_latin = || text.chars().filter(|c| c.is_alphabetic()).all(|c| c.is_ascii());
        match code {
            "en" => Ok(Self::Vader),
            "ja" => japanese::check().map(|()| Self::Japanese),
            "und" if is_basic_latin() => Ok(Self::Vader),
            _ => Err(Fault::Unsupported(format!("sentiment: language `{code}` is not supported; supported: en, ja"))),
        }
    }

    /// Scores a text.
    pub(crate) fn read(self, text: &str) -> Reading {
        match self {
            Self::Vader => {
                let vader::Reading { scored, weights } = vader::read(text);
                Reading { scored, weights, coverage: None }
            }
            Self::Japanese => japanese::read(text),
        }
    }
}
