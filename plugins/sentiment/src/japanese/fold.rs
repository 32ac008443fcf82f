//! Characters of the other width and of the other case become those of the lexicon, and every place in the result is
//! known in the original.

use std::{borrow::Cow, ops::Range};

/// A text as the lexicon has it.
pub(super) struct Folded<'a> {
    pub(super) text: Cow<'a, str>,
    /// For every byte of `text`, and for its end, the place in the original; empty where nothing was changed.
    places: Vec<usize>,
}

impl<'a> Folded<'a> {
    pub(super) fn of(original: &'a str) -> Self {
        if !original.chars().any(is_folded) {
            return Self { text: original.into(), places: Vec::new() };
        }
        let mut text = String::with_capacity(original.len());
        let mut places = Vec::with_capacity(original.len() + 1);
        let mut chars = original.char_indices().peekable();
        while let Some((place, c)) = chars.next() {
            let mut folded = fold(c);
            if let Some(voiced) = chars.peek().and_then(|&(_, mark)| voiced(folded, mark)) {
                folded = voiced;
                chars.next();
            }
            text.push(folded);
            places.resize(text.len(), place);
        }
        places.push(original.len());
        Self { text: text.into(), places }
    }

    /// Where a span of `text` between characters is in the original.
    pub(super) fn original(&self, span: Range<usize>) -> Range<usize> {
        let place = |at: usize| self.places.get(at).copied().unwrap_or(at);
        place(span.start)..place(span.end)
    }
}

const fn is_folded(c: char) -> bool {
    c.is_ascii_uppercase() || matches!(c, '\u{FF01}'..='\u{FF9F}' | '\u{3099}' | '\u{309A}')
}

/// The full-width form of each of U+FF61 to U+FF9F, in their order (Unicode, Halfwidth and Fullwidth Forms).
const KATAKANA: [char; 63] = [
    '。', '「', '」', '、', '・', 'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー', 'ア', 'イ', 'ウ',
    'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ', 'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ', 'テ', 'ト', 'ナ', 'ニ',
    'ヌ', 'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ', 'マ', 'ミ', 'ム', 'メ', 'モ', 'ヤ', 'ユ', 'ヨ', 'ラ', 'リ', 'ル',
    'レ', 'ロ', 'ワ', 'ン', '゛', '゜',
];

fn fold(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(c) - 0xFEE0).map_or(c, |narrow| narrow.to_ascii_lowercase())
        }
        '\u{FF61}'..='\u{FF9F}' => KATAKANA.get(c as usize - 0xFF61).copied().unwrap_or(c),
        _ => c.to_ascii_lowercase(),
    }
}

/// The kana that a kana and the voiced or half-voiced mark behind it make, if they make one. In the code, a voiced form is
/// next to its plain one, and a half-voiced one next to that.
fn voiced(kana: char, mark: char) -> Option<char> {
    let is_voiced = matches!(mark, '\u{FF9E}' | '\u{3099}');
    if !is_voiced && !matches!(mark, '\u{FF9F}' | '\u{309A}') {
        return None;
    }
    let katakana = if matches!(kana, 'ぁ'..='ゖ') { u32::from(kana) + 0x60 } else { u32::from(kana) };
    let by = match (char::from_u32(katakana)?, is_voiced) {
        ('ウ', true) => 0x4E,
        ('ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ', _) => 1 + u32::from(!is_voiced),
        (
            'カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ' | 'タ' | 'チ' | 'ツ' | 'テ' | 'ト',
            true,
        ) => 1,
        _ => return None,
    };
    char::from_u32(u32::from(kana) + by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_widths_and_capitals_are_folded_and_places_kept() {
        let original = "ｱﾌﾟﾘがＧＯＯＤ！か\u{3099}";
        let folded = Folded::of(original);
        assert_eq!(folded.text, "アプリがgood!が");
        let at = folded.text.find("good").unwrap();
        assert_eq!(&original[folded.original(at..at + 4)], "ＧＯＯＤ");
        assert_eq!(folded.original(0..folded.text.len()), 0..original.len());
    }

    #[test]
    fn every_mark_finds_its_kana() {
        assert_eq!(Folded::of("ｳﾞｶﾞﾊﾞﾊﾟｱﾞ").text, "ヴガバパア゛");
        assert_eq!(Folded::of("う\u{3099}は\u{309A}").text, "ゔぱ");
    }

    #[test]
    fn a_text_without_them_is_not_copied() {
        assert!(matches!(Folded::of("配送が遅い").text, Cow::Borrowed(_)));
    }
}
