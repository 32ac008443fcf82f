//! Which scorer reads which language.

use sayso_plugin::Fault;

use crate::vader::{self, Reading};

/// A way to score the words of a language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scorer {
    /// English.
    Vader,
}

impl Scorer {
    /// The scorer for a language. Text whose language is unknown counts as English if it has no letters beyond the basic
    /// Latin ones: short English is often too short for a detector.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for a language that has none.
    pub(crate) fn for_language(code: &str, text: &str) -> Result<Self, Fault> {
        let is_basic_latin = || text.chars().filter(|c| c.is_alphabetic()).all(|c| c.is_ascii());
        match code {
            "en" => Ok(Self::Vader),
            "und" if is_basic_latin() => Ok(Self::Vader),
            _ => Err(Fault::Unsupported(format!("sentiment: language `{code}` is not supported; supported: en"))),
        }
    }

    /// Scores a text.
    pub(crate) fn read(self, text: &str) -> Reading {
        match self {
            Self::Vader => vader::read(text),
        }
    }
}
