//! A text as the reference reads it: tokens between white space, with an emoji's words in the place of each emoji.

use std::ops::Range;

use super::tables;

/// What kinds of characters a token has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kinds(u8);

impl Kinds {
    const NONE: Self = Self(0);
    const UPPER: Self = Self(1);
    const LOWER: Self = Self(1 << 1);
    /// Anything beyond ASCII.
    const WIDE: Self = Self(1 << 2);
    const APOSTROPHE: Self = Self(1 << 3);
    /// `!` or `?`.
    const MARK: Self = Self(1 << 4);
    const SPACE: Self = Self(1 << 5);
    /// ASCII punctuation, of which the marks and the apostrophe are too: Python's `string.punctuation`.
    const PUNCTUATION: Self = Self(1 << 6);

    /// The kinds of each byte.
    const OF: [Self; 256] = {
        let mut kinds = [Self::NONE; 256];
        let mut at = 0;
        while at < 256 {
            kinds[at] = Self::of_byte(at as u8);
            at += 1;
        }
        kinds
    };

    const fn of_byte(byte: u8) -> Self {
        match byte {
            b'A'..=b'Z' => Self::UPPER,
            b'a'..=b'z' => Self::LOWER,
            // Python counts the four separators of ASCII as white space; Rust does not.
            b' ' | b'\t'..=b'\r' | 0x1C..=0x1F => Self::SPACE,
            b'\'' => Self::PUNCTUATION.and(Self::APOSTROPHE),
            b'!' | b'?' => Self::PUNCTUATION.and(Self::MARK),
            0x80.. => Self::WIDE,
            _ if byte.is_ascii_punctuation() => Self::PUNCTUATION,
            _ => Self::NONE,
        }
    }

    fn of(word: &str) -> Self {
        word.bytes().fold(Self::NONE, |kinds, byte| kinds.and(Self::OF[usize::from(byte)]))
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// Whether there is a capital of ASCII and no small letter of it.
    pub(super) const fn is_upper(self) -> bool {
        self.has(Self::UPPER) && !self.has(Self::LOWER)
    }

    /// Whether there is anything beyond ASCII.
    pub(super) const fn is_wide(self) -> bool {
        self.has(Self::WIDE)
    }

    /// Whether there is an apostrophe of ASCII.
    pub(super) const fn has_apostrophe(self) -> bool {
        self.has(Self::APOSTROPHE)
    }
}

/// A token.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Token<'a> {
    /// It, without the punctuation around it; with it where at most two characters would be left.
    pub(super) text: &'a str,
    /// The kinds of characters in it, and of the punctuation around it.
    pub(super) kinds: Kinds,
    /// Where it is from, in bytes of the text: for an emoji's word, the emoji.
    pub(super) span: Range<usize>,
}

/// Reads the tokens of a text one by one.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// Where to read on.
    at: usize,
    /// The emoji whose words are being read.
    emoji: Option<Emoji>,
    /// A token that is made of an emoji's last word and what goes on behind the emoji.
    joined: String,
    /// How many `!` there were, those in the words of emoji included.
    pub(super) exclamations: usize,
    /// How many `?` there were.
    pub(super) questions: usize,
}

/// An emoji, and what is left of its words.
struct Emoji {
    words: &'static str,
    span: Range<usize>,
}

impl<'a> Tokens<'a> {
    /// The tokens of a text.
    pub(super) const fn of(text: &'a str) -> Self {
        Self { text, at: 0, emoji: None, joined: String::new(), exclamations: 0, questions: 0 }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Option<Token<'_>> {
        loop {
            if let Some(emoji) = self.emoji.take() {
                return Some(self.word_of(emoji));
            }
            let start = self.skip_space();
            let (end, kinds) = self.run();
            if end > start {
                let text = self.text;
                self.count(&text[start..end], kinds);
                let within = stripped(&text[start..end]);
                let span = start + within.start..start + within.end;
                return Some(Token { text: &text[span.clone()], kinds, span });
            }
            self.emoji.as_ref()?;
        }
    }

    /// The next word of an emoji. The last one goes on behind the emoji until white space or another emoji.
    fn word_of(&mut self, emoji: Emoji) -> Token<'_> {
        let Emoji { words, span } = emoji;
        if let Some((word, words)) = words.split_once(' ') {
            self.emoji = Some(Emoji { words, span: span.clone() });
            return self.described(word, span);
        }
        let (end, kinds) = self.run();
        if end == span.end {
            return self.described(words, span);
        }
        let kinds = kinds.and(Kinds::of(words));
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        joined.push_str(words);
        joined.push_str(&self.text[span.end..end]);
        self.count(&joined, kinds);
        self.joined = joined;
        let within = stripped(&self.joined);
        let end = span.end + within.end.saturating_sub(words.len());
        Token { text: &self.joined[within], kinds, span: span.start..end }
    }

    fn described(&mut self, word: &'static str, span: Range<usize>) -> Token<'_> {
        let kinds = Kinds::of(word);
        self.count(word, kinds);
        Token { text: &word[stripped(word)], kinds, span }
    }

    /// Passes white space by; answers where it ends.
    fn skip_space(&mut self) -> usize {
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            let kinds = Kinds::OF[usize::from(byte)];
            if kinds.has(Kinds::SPACE) {
                self.at += 1;
            } else if let Some(space) = wide(self.text, self.at, kinds).filter(|c| c.is_whitespace()) {
                self.at += space.len_utf8();
            } else {
                break;
            }
        }
        self.at
    }

    /// Reads on until white space, an emoji or the end of the text, and past the emoji; answers where it ended, and what
    /// kinds of characters came before.
    fn run(&mut self) -> (usize, Kinds) {
        let (mut end, mut all) = (self.at, Kinds::NONE);
        while let Some(&byte) = self.text.as_bytes().get(end) {
            let kinds = Kinds::OF[usize::from(byte)];
            if kinds.has(Kinds::SPACE) {
                break;
            }
            let mut len = 1;
            if let Some(c) = wide(self.text, end, kinds) {
                len = c.len_utf8();
                if c.is_whitespace() {
                    break;
                }
                if let Some(words) = tables::description(c) {
                    self.emoji = Some(Emoji { words, span: end..end + len });
                    self.at = end + len;
                    return (end, all);
                }
            }
            end += len;
            all = all.and(kinds);
        }
        self.at = end;
        (end, all)
    }

    fn count(&mut self, token: &str, kinds: Kinds) {
        if kinds.has(Kinds::MARK) {
            self.exclamations += token.bytes().filter(|byte| *byte == b'!').count();
            self.questions += token.bytes().filter(|byte| *byte == b'?').count();
        }
    }
}

/// The character at an offset if it is beyond ASCII, as the kinds of its first byte say.
fn wide(text: &str, at: usize, kinds: Kinds) -> Option<char> {
    if kinds.is_wide() { text[at..].chars().next() } else { None }
}

/// Where a token is without the punctuation around it: all of it where at most two characters would be left, since
/// then it is an emoticon.
fn stripped(token: &str) -> Range<usize> {
    let bytes = token.as_bytes();
    let is_inner = |byte: &u8| !Kinds::OF[usize::from(*byte)].has(Kinds::PUNCTUATION);
    let start = bytes.iter().position(is_inner).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(is_inner).map_or(start, |last| last + 1);
    let is_word = end - start > 2 && (end - start > 2 * 4 || token[start..end].chars().nth(2).is_some());
    if is_word { start..end } else { 0..bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(String, Range<usize>)> {
        let mut tokens = Tokens::of(text);
        let mut found = Vec::new();
        while let Some(token) = tokens.next() {
            found.push((token.text.to_owned(), token.span));
        }
        found
    }

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn punctuation_around_words_is_dropped_and_emoticons_are_kept() {
        assert_eq!(
            words("(Great), \"don't\" ... :) -_- :-D no! ok, yes."),
            ["Great", "don't", "...", ":)", "-_-", ":-D", "no!", "ok,", "yes"]
        );
        assert_eq!(words("«né» ’tis."), ["«né»", "’tis"]);
    }

    #[test]
    fn white_space_is_what_python_counts_as_it() {
        let spaces: Vec<_> = ('\0'..=char::MAX).filter(|c| words(&format!("a{c}b")).len() == 2).collect();
        let expected = "\t\n\u{B}\u{C}\r\u{1C}\u{1D}\u{1E}\u{1F} \u{85}\u{A0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\
                        \u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}";
        let is_emoji = |c: &char| tables::description(*c).is_some();
        assert_eq!(spaces.into_iter().filter(|c| !is_emoji(c)).collect::<String>(), expected);
        assert_eq!(words(" \u{3000}a\u{85} "), ["a"]);
    }

    #[test]
    fn the_words_of_an_emoji_take_its_place() {
        assert_eq!(
            tokens("so 😍"),
            [
                ("so".into(), 0..2),
                ("smiling".into(), 3..7),
                ("face".into(), 3..7),
                ("with".into(), 3..7),
                ("heart-eyes".into(), 3..7),
            ]
        );
        assert_eq!(words("a😀😀"), ["a", "grinning", "face", "grinning", "face"]);
    }

    #[test]
    fn the_last_word_of_an_emoji_goes_on_behind_it() {
        let heart = "❤".len();
        assert_eq!(tokens("❤\u{FE0F}"), [("red".into(), 0..heart), ("heart\u{FE0F}".into(), 0..heart + 3)]);
        assert_eq!(tokens("❤!! x"), [("red".into(), 0..heart), ("heart".into(), 0..heart), ("x".into(), 6..7)]);
        assert_eq!(tokens("❤x."), [("red".into(), 0..heart), ("heartx".into(), 0..heart + 1)]);
    }

    #[test]
    fn marks_are_counted_where_the_reference_sees_them() {
        let mut tokens = Tokens::of("!a? ON!! 🔛 😀?? 😀");
        while tokens.next().is_some() {}
        assert_eq!((tokens.exclamations, tokens.questions), (4, 3));
    }
}
