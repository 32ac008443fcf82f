//! Grant `text`: language detection and segmentation.
//!
//! - [`detect()`]: the language of a text; [`latin`] by its words.
//! - [`dictionary`]: words, parts of speech and lemmas, for the languages whose dictionary is installed; [`pos`] has its
//!   tags, [`width`] the characters of the other width.
//! - [`segment`]: words without a dictionary.

mod detect;
mod dictionary;
mod latin;
mod pos;
mod segment;
mod width;

pub use detect::{UNKNOWN, detect, is_chinese_or_japanese};
pub use dictionary::Dictionaries;

use super::{State, wit};
use crate::dictionary::DictionaryLanguage;

impl wit::text::Host for State {
    fn detect(&mut self, text: String) -> Option<wit::types::LanguageResult> {
        detect(&text)
            .map(|language| wit::types::LanguageResult { code: language.code, confidence: language.confidence })
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

    fn segment(&mut self, text: String, language: String) -> wasmtime::Result<Vec<u32>> {
        check_size(&text)?;
        Ok(self.dictionaries.segment(&text, &language))
    }

    fn lemmas(&mut self, text: String, language: String) -> wasmtime::Result<Vec<String>> {
        check_size(&text)?;
        let Some(dictionary) = self.dictionaries.of_code(&language) else {
            return Ok(vec![String::new(); segment::segment(&text).len()]);
        };
        let mut lemmas = Vec::new();
        dictionary.each_word(&text, |word| lemmas.push(dictionary.lemma(&word, &text)));
        Ok(lemmas)
    }
}

/// Largest text that is segmented in one call, in bytes: no deadline interrupts the host, and this takes a third of a
/// second in the slowest language. Feedback is no larger by default.
const MAX_TEXT: usize = 1 << 20;

fn check_size(text: &str) -> wasmtime::Result<()> {
    match text.len() {
        ..=MAX_TEXT => Ok(()),
        size => Err(wasmtime::Error::msg(format!("segments {size} bytes at once, and `text` takes {MAX_TEXT}"))),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wasmtime::StoreLimits;

    use super::{super::NoHistory, wit::text::Host as _, *};
    use crate::plugins::meter::Meter;

    #[test]
    fn a_text_beyond_the_limit_is_an_error_and_one_at_it_is_segmented() {
        let limits = Meter::new(StoreLimits::default(), 0);
        let mut state = State::new("p".into(), limits, Arc::default(), Arc::new(NoHistory), Arc::default(), None);
        let text = "a ".repeat(MAX_TEXT / 2);
        assert_eq!(state.segment(text.clone(), "en".into()).expect("within the limit").len(), 3 * MAX_TEXT / 2);
        assert_eq!(state.lemmas(text.clone(), "en".into()).expect("within the limit").len(), MAX_TEXT / 2);
        let error = state.segment(text.clone() + "a", "en".into()).expect_err("beyond it").to_string();
        assert!(error.contains("1048577 bytes"), "{error}");
        assert!(state.lemmas(text + "a", "en".into()).is_err());
    }
}
