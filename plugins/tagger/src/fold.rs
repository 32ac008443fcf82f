//! Folding: terms and texts are compared in one form of their characters, and passages are told in the other.

use std::borrow::Cow;

/// The katakana of U+FF66 to U+FF9D, in ordinary width.
const KATAKANA: &str =
    "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";

/// A text with its full-width and half-width forms and its apostrophes made alike.
pub(crate) struct Folded<'a> {
    /// As compared. The case of letters is left alone.
    pub(crate) text: Cow<'a, str>,
    /// For each byte of `text`, and for its end, the offset in the original; empty where nothing was folded.
    origins: Vec<u32>,
}

impl<'a> Folded<'a> {
    /// Folds a text.
    pub(crate) fn of(text: &'a str) -> Self {
        if !text.bytes().any(|byte| matches!(byte, 0xE2 | 0xE3 | 0xEF)) || !text.chars().any(is_folded) {
            return Self { text: Cow::Borrowed(text), origins: Vec::new() };
        }
        let (mut folded, mut origins) = (String::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let mut plain = fold(c);
            if let Some(voiced) = chars.peek().and_then(|&(_, mark)| voice(plain, mark)) {
                plain = voiced;
                chars.next();
            }
            folded.push(plain);
            origins.resize(folded.len(), offset(at));
        }
        origins.push(offset(text.len()));
        Self { text: Cow::Owned(folded), origins }
    }

    /// The offset in the original of an offset in the folded text.
    pub(crate) fn origin(&self, at: usize) -> usize {
        self.origins.get(at).map_or(at, |&origin| origin as usize)
    }
}

const fn is_folded(c: char) -> bool {
    matches!(c, '\u{2019}' | '\u{3000}' | '\u{FF01}'..='\u{FF5E}' | '\u{FF61}'..='\u{FF9D}')
}

fn fold(c: char) -> char {
    match c {
        '\u{2019}' => '\'',
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{FF61}' => '。',
        '\u{FF64}' => '、',
        '\u{FF66}'..='\u{FF9D}' => KATAKANA.chars().nth((u32::from(c) - 0xFF66) as usize).unwrap_or(c),
        _ => c,
    }
}

/// A kana with the half-width mark behind it that voices it.
const fn voice(kana: char, mark: char) -> Option<char> {
    let next = match (kana, mark) {
        ('カ'..='ト' | 'ハ'..='ホ', '\u{FF9E}') => 1,
        ('ハ'..='ホ', '\u{FF9F}') => 2,
        ('ウ', '\u{FF9E}') => return Some('ヴ'),
        _ => return None,
    };
    char::from_u32(kana as u32 + next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_and_apostrophes_become_alike() {
        assert_eq!(Folded::of("Ａｐｐ！　ｻｰﾋﾞｽ､ﾊﾟｿｺﾝ｡ can’t").text, "App! サービス、パソコン。 can't");
    }

    #[test]
    fn an_offset_leads_back_to_the_original() {
        let text = "はﾊﾞｸﾞ！x";
        let folded = Folded::of(text);
        let origin = |end: &str| &text[folded.origin(folded.text.find(end).unwrap())..];
        assert_eq!((origin("バ"), origin("グ"), origin("!"), origin("x")), ("ﾊﾞｸﾞ！x", "ｸﾞ！x", "！x", "x"));
        assert_eq!(folded.origin(folded.text.len()), text.len());
    }

    #[test]
    fn a_text_with_nothing_to_fold_is_left_where_it_is() {
        let folded = Folded::of("Ça va “well”。");
        assert!(matches!(folded.text, Cow::Borrowed(_)));
        assert_eq!(folded.origin(3), 3);
    }
}
