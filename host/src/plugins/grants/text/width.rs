//! Characters of the other width: half-width katakana and full-width letters become those that dictionaries hold, and
//! every place in the result is known in the original.

use std::borrow::Cow;

/// A text to look up, and where its characters come from.
pub(super) struct Folded<'a> {
    pub(super) text: Cow<'a, str>,
    /// For every byte of `text`, and for its end, the place in the original; empty where nothing was changed.
    places: Vec<u32>,
}

impl<'a> Folded<'a> {
    /// Folds a text of less than 4 GiB.
    pub(super) fn new(original: &'a str) -> Self {
        if !original.chars().any(is_of_other_width) {
            return Self { text: original.into(), places: Vec::new() };
        }
        let mut text = String::with_capacity(original.len());
        let mut places = Vec::with_capacity(original.len() + 1);
        let mut chars = original.char_indices().peekable();
        while let Some((place, c)) = chars.next() {
            let mut folded = fold(c);
            if let Some(voiced) = chars.peek().and_then(|&(_, mark)| voice(folded, mark)) {
                folded = voiced;
                chars.next();
            }
            text.push(folded);
            places.resize(text.len(), place_of(place));
        }
        places.push(place_of(original.len()));
        Self { text: text.into(), places }
    }

    /// The place in the original of a place in `text` between two characters.
    pub(super) fn place(&self, at: usize) -> usize {
        self.places.get(at).map_or(at, |&place| place as usize)
    }
}

fn place_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

const fn is_of_other_width(c: char) -> bool {
    matches!(c, '\u{FF01}'..='\u{FF9F}' | '\u{3099}' | '\u{309A}')
}

/// The full-width form of each of U+FF61 to U+FF9F, in their order (Unicode, Halfwidth and Fullwidth Forms).
const KATAKANA: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜";

fn fold(c: char) -> char {
    match c {
        // Letters and digits alone: `～` and other marks mean something to dictionaries in their full width.
        '\u{FF10}'..='\u{FF19}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' => {
            char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c)
        }
        '\u{FF61}'..='\u{FF9F}' => KATAKANA.chars().nth(c as usize - 0xFF61).unwrap_or(c),
        _ => c,
    }
}

/// The kana that a kana and the voiced or half-voiced mark behind it make, if they make one.
fn voice(kana: char, mark: char) -> Option<char> {
    let next = |by: u32| char::from_u32(u32::from(kana) + by);
    match (kana, mark) {
        ('ウ', 'ﾞ' | '\u{3099}') => Some('ヴ'),
        // In the code, each of these is followed by its voiced form.
        (
            'カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ' | 'タ' | 'チ' | 'ツ' | 'テ' | 'ト'
            | 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' | 'か' | 'き' | 'く' | 'け' | 'こ' | 'さ' | 'し' | 'す' | 'せ' | 'そ'
            | 'た' | 'ち' | 'つ' | 'て' | 'と' | 'は' | 'ひ' | 'ふ' | 'へ' | 'ほ',
            'ﾞ' | '\u{3099}',
        ) => next(1),
        ('ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' | 'は' | 'ひ' | 'ふ' | 'へ' | 'ほ', 'ﾟ' | '\u{309A}') => next(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_width_katakana_and_full_width_letters_are_folded_and_places_kept() {
        let original = "ｱﾌﾟﾘ・ｶﾞｽ、Ｗｉ－Ｆｉ１０";
        let folded = Folded::new(original);
        assert_eq!(folded.text, "アプリ・ガス、Wi－Fi10");
        let gas = folded.text.find("ガス").expect("it is there");
        assert_eq!(&original[folded.place(gas)..folded.place(gas + "ガス".len())], "ｶﾞｽ");
        assert_eq!(folded.place(folded.text.len()), original.len());
    }

    #[test]
    fn decomposed_kana_are_put_together() {
        assert_eq!(Folded::new("か\u{3099}は\u{309A}").text, "がぱ");
    }

    #[test]
    fn every_half_width_katakana_has_its_full_width() {
        assert_eq!(KATAKANA.chars().count(), 0xFF9F - 0xFF61 + 1);
        assert_eq!(fold('ﾜ'), 'ワ');
        assert_eq!(fold('ﾝ'), 'ン');
    }

    #[test]
    fn a_text_without_them_is_not_copied() {
        let folded = Folded::new("配送が遅い");
        assert!(matches!(folded.text, Cow::Borrowed(_)));
        assert_eq!(folded.place(6), 6);
    }
}
