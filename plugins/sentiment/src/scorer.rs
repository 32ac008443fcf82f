//! Which scorer reads which language.

use std::ops::Range;

use sayso_plugin::{Fault, text};

use crate::{
    learned::{self, Table},
    vader::{self, Reading},
};

/// A way to score the words of a language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scorer {
    /// English.
    Vader,
    /// A language with learned weights, by its code.
    Learned(&'static str, Table),
}

impl Scorer {
    /// The scorer for a language. Text whose language is unknown counts as English if it has no letters beyond the basic
    /// Latin ones: short English is often too short for a detector.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for a language that has none.
    pub(crate) fn for_language(code: &str, text: &str) -> Result<Self, Fault> {
        let is_basic_latin = || text.chars().filter(|c| c.is_alphabetic()).all(|c| c.is_ascii());
        match code.split(['-', '_']).next().unwrap_or(code) {
            "en" => Ok(Self::Vader),
            "ko" => Ok(Self::Learned("ko", learned::KOREAN)),
            "zh" => Ok(Self::Learned("zh", learned::CHINESE)),
            "und" if is_basic_latin() => Ok(Self::Vader),
            _ => {
                Err(Fault::Unsupported(format!("sentiment: language `{code}` is not supported; supported: en, ko, zh")))
            }
        }
    }

    /// The tokens of a text, if the scorer reads by them; asked of the host once a text.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] where the host has no dictionary for the language: what it parts a text into without one
    /// is not what weights were learned for.
    pub(crate) fn tokens(self, text: &str) -> Result<Vec<u32>, Fault> {
        match self {
            Self::Vader => Ok(Vec::new()),
            Self::Learned(code, _) if has_dictionary(code) => Ok(text::segment(text, code)),
            Self::Learned(code, _) => Err(Fault::Unsupported(format!(
                "sentiment: language `{code}` is read by its dictionary, which is not installed; \
                 run `make dictionaries` or `sayso dict build {code}`"
            ))),
        }
    }

    /// Scores a text, or a passage of it: `tokens` are those of the whole text, and `passage` lies in it.
    pub(crate) fn read(self, text: &str, tokens: &[u32], passage: Range<usize>) -> Reading {
        let words = text.get(passage.clone()).unwrap_or_default();
        match self {
            Self::Vader => vader::read(words),
            Self::Learned(_, table) if words.len() == text.len() => learned::read(table, text, tokens),
            Self::Learned(_, table) => learned::read(table, words, &within(tokens, passage)),
        }
    }
}

/// Whether the host segments a language by a dictionary. Beyond WebAssembly there is no host to ask.
fn has_dictionary(code: &str) -> bool {
    cfg!(target_family = "wasm") && matches!(text::method_of(code), text::Method::Dictionary)
}

/// The tokens that lie in a passage, counted from its first byte.
fn within(tokens: &[u32], passage: Range<usize>) -> Vec<u32> {
    let (tokens, _) = tokens.as_chunks::<3>();
    let first = tokens.partition_point(|&[from, ..]| (from as usize) < passage.start);
    let inside = tokens[first..].iter().take_while(|&&[_, to, _]| to as usize <= passage.end);
    // A passage begins below 4 GiB, as its tokens do.
    let start = passage.start as u32;
    inside.flat_map(|&[from, to, part]| [from - start, to - start, part]).collect()
}
