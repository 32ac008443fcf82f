//! The words around the one that is being scored: three before it and two behind it.

use std::ops::Range;

use super::{
    Apostrophes, letters,
    tables::{self, Class, Name, Row, UNKNOWN},
    tokens::{Token, Tokens},
};

/// Words that are kept; a power of 2, at least three and one and two.
const KEPT: usize = 8;
/// How many words behind the one at hand a rule looks at.
const AHEAD: usize = 2;
/// U+212A, the only character beyond ASCII whose small letter is of ASCII: the Kelvin sign, a `k`.
const KELVIN: &str = "\u{212A}";

/// A token with what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// What the table says.
    pub(super) row: &'static Row,
    /// Whether it is in capitals. Of a word that is in no table nobody asks, and it is false where that takes time.
    pub(super) is_upper: bool,
    /// Whether it turns what follows into its opposite.
    pub(super) is_negation: bool,
    start: usize,
    end: usize,
}

impl Word {
    const NONE: Self = Self { row: &UNKNOWN, is_upper: false, is_negation: false, start: 0, end: 0 };

    fn of(token: &Token<'_>, apostrophes: Apostrophes) -> Self {
        let Token { text, kinds, span } = token;
        let row = if kinds.is_wide() { wide_row(text) } else { tables::row(text.as_bytes()) };
        let is_upper = if kinds.is_wide() {
            !std::ptr::eq(row, &raw const UNKNOWN) && letters::is_upper(text)
        } else {
            kinds.is_upper()
        };
        let is_negation = row.is_negation
            || (kinds.has_apostrophe() && has_nt(text, "n't"))
            || (apostrophes == Apostrophes::Typographic && kinds.is_wide() && has_nt(text, "n’t"));
        Self { row, is_upper, is_negation, start: span.start, end: span.end }
    }

    /// Whether it is in the lexicon.
    pub(super) const fn is_in_lexicon(&self) -> bool {
        matches!(self.row.class, Class::Lexicon(_))
    }

    /// Whether it is the word of this name.
    pub(super) fn is(&self, name: Name) -> bool {
        self.row.name == Some(name)
    }

    /// Where it is from, in bytes of the text.
    pub(super) const fn span(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// The row of a word that has characters beyond ASCII. There are none in the table, so it takes Kelvin signs, and
/// nothing else beyond ASCII, to be found.
fn wide_row(word: &str) -> &'static Row {
    if word.len() <= 64 && word.contains(KELVIN) { tables::row(word.replace(KELVIN, "k").as_bytes()) } else { &UNKNOWN }
}

fn has_nt(word: &str, nt: &str) -> bool {
    word.as_bytes().windows(nt.len()).any(|part| part.eq_ignore_ascii_case(nt.as_bytes()))
}

/// A text, read word by word.
pub(super) struct Window<'a> {
    text: &'a str,
    apostrophes: Apostrophes,
    tokens: Tokens<'a>,
    kept: [Word; KEPT],
    /// How many words were read.
    read: usize,
    /// Whether there are more to read.
    has_more: bool,
    /// Whether some word is not in capitals, once somebody asked.
    is_mixed: Option<bool>,
}

impl<'a> Window<'a> {
    /// A window on a text, before its first word.
    pub(super) const fn of(text: &'a str, apostrophes: Apostrophes) -> Self {
        let tokens = Tokens::of(text);
        Self { text, apostrophes, tokens, kept: [Word::NONE; KEPT], read: 0, has_more: true, is_mixed: None }
    }

    /// Moves on to the word with this number, counted from 0, one higher at each call. False if there is none.
    pub(super) fn advance(&mut self, at: usize) -> bool {
        while self.has_more && self.read <= at + AHEAD {
            match self.tokens.next() {
                Some(token) => {
                    self.kept[self.read % KEPT] = Word::of(&token, self.apostrophes);
                    self.read += 1;
                }
                None => self.has_more = false,
            }
        }
        at < self.read
    }

    /// The word with this number, from three before to two behind the one at hand.
    pub(super) const fn word(&self, at: usize) -> &Word {
        &self.kept[at % KEPT]
    }

    /// The word with this number, if there are so many.
    pub(super) fn get(&self, at: usize) -> Option<&Word> {
        (at < self.read).then(|| self.word(at))
    }

    /// Whether capitals are emphasis: some words are in capitals and others are not. May be asked only where one that is
    /// in capitals is known.
    pub(super) fn is_emphasis(&mut self) -> bool {
        *self.is_mixed.get_or_insert_with(|| has_word_not_in_capitals(self.text))
    }

    /// How many `!` and `?` there are; after the last word.
    pub(super) const fn marks(&self) -> (usize, usize) {
        (self.tokens.exclamations, self.tokens.questions)
    }
}

fn has_word_not_in_capitals(text: &str) -> bool {
    let mut tokens = Tokens::of(text);
    while let Some(token) = tokens.next() {
        let is_upper = if token.kinds.is_wide() { letters::is_upper(token.text) } else { token.kinds.is_upper() };
        if !is_upper {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Word {
        word_with(text, Apostrophes::Reference)
    }

    fn word_with(text: &str, apostrophes: Apostrophes) -> Word {
        let mut window = Window::of(text, apostrophes);
        assert!(window.advance(0));
        *window.word(0)
    }

    #[test]
    fn a_kelvin_sign_is_a_k() {
        assert_eq!(word("\u{212A}ind").row.name, Some(Name::Kind));
        assert_eq!(word("li\u{212A}e").row.class, word("like").row.class);
        assert!(word("\u{212A}IND").is_upper && !word("\u{212A}ind").is_upper);
        assert!(!word("\u{212A}\u{212A}ind").is(Name::Kind));
    }

    #[test]
    fn whatever_contains_nt_is_a_negation() {
        for text in ["don't", "DON'T", "xn'tx", "ün't", "never"] {
            assert!(word(text).is_negation, "{text}");
        }
        for text in ["don’t", "n''t", "n't'", "''''", "'t"] {
            assert_eq!(word(text).is_negation, text == "n't'", "{text}");
        }
    }

    #[test]
    fn a_typographic_apostrophe_negates_where_it_is_asked_for() {
        for text in ["don’t", "DON’T", "isn’t.", "don't"] {
            assert!(word_with(text, Apostrophes::Typographic).is_negation, "{text}");
        }
        for text in ["it’s", "n’", "’t", "né’t"] {
            assert!(!word_with(text, Apostrophes::Typographic).is_negation, "{text}");
        }
    }

    #[test]
    fn only_words_that_exist_are_given() {
        let mut window = Window::of("one two three", Apostrophes::Reference);
        assert!(window.advance(0) && window.advance(1) && window.get(3).is_none());
        assert!(window.advance(2) && !window.advance(3));
        assert!(!Window::of(" ", Apostrophes::Reference).advance(0));
    }
}
