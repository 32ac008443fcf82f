//! Grant `text`: language detection and segmentation.
//!
//! - [`detect`]: the language of a text; [`latin`] by its words.
//! - [`dictionary`]: words, parts of speech and lemmas, for the languages whose dictionary is installed; [`pos`] has its
//!   tags, [`width`] the characters of the other width.
//! - [`segment`]: words without a dictionary.

mod detect;
mod dictionary;
mod latin;
mod pos;
mod segment;
mod width;

pub use detect::{UNKNOWN, detect};
pub use dictionary::Dictionaries;

use super::{State, wit};
use crate::dictionary::DictionaryLanguage;

impl wit::text::Host for State {
    fn detect(&mut self, text: String) -> Option<wit::types::Language> {
        detect(&text).map(|language| wit::types::Language { code: language.code, confidence: language.confidence })
    }

    fn method_of(&mut self, language: String) -> wit::text::Method {
        if self.dictionaries.of_code(&language).is_some() {
            return wit::text::Method::Dictionary;
        }
        match DictionaryLanguage::of_code(&language) {
            Some(DictionaryLanguage::Ja | DictionaryLanguage::Zh) => wit::text::Method::Bigrams,
            Some(DictionaryLanguage::Ko) | None => wit::text::Method::Words,
        }
    }

    fn segment(&mut self, text: String, language: String) -> Vec<u32> {
        self.dictionaries.segment(&text, &language)
    }

    fn lemmas(&mut self, text: String, language: String) -> Vec<String> {
        let Some(dictionary) = self.dictionaries.of_code(&language) else {
            return vec![String::new(); segment::segment(&text).len()];
        };
        let mut lemmas = Vec::new();
        dictionary.each_word(&text, |word| lemmas.push(dictionary.lemma(&word, &text)));
        lemmas
    }
}

impl Dictionaries {
    /// The tokens of a text in the form in which plugins get them (`segment` of the contract): first byte, byte behind
    /// the last, part of speech. By the word boundaries of Unicode where the language has no dictionary.
    pub fn segment(&self, text: &str, language: &str) -> Vec<u32> {
        let Some(dictionary) = self.of_code(language) else {
            let spans = segment::segment(text).into_iter();
            return spans.flat_map(|(start, end)| [offset(start), offset(end), 0]).collect();
        };
        // A token of two characters of three bytes: most texts need no second allocation.
        let mut tokens = Vec::with_capacity(text.len() / 2);
        dictionary.each_word(text, |word| {
            tokens.extend([offset(word.span.0), offset(word.span.1), word.part as u32]);
        });
        tokens
    }
}

/// An offset as plugins have it: no memory of theirs is larger than 4 GiB.
fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
