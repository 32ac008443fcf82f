//! Characters as the rules see them: full-width forms, dashes and spaces of all scripts as their ASCII counterparts.

/// A letter outside ASCII of a script that parts its words, so that a number beside it is part of a word.
pub(crate) const LETTER: u8 = 1;
/// Any other character without a counterpart in ASCII, Han, Kana and Hangul among them: a number may stand beside it.
pub(crate) const OTHER: u8 = 0;

/// One character of a text, folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sign {
    /// The counterpart in ASCII, or [`LETTER`], or [`OTHER`].
    pub(crate) ascii: u8,
    /// First byte in the text.
    pub(crate) start: usize,
    /// Byte behind the last.
    pub(crate) end: usize,
}

impl Sign {
    pub(crate) const fn is_digit(self) -> bool {
        self.ascii.is_ascii_digit()
    }

    /// Whether it goes on with a word of a script that parts words.
    pub(crate) const fn is_letter(self) -> bool {
        self.ascii.is_ascii_alphabetic() || self.ascii == LETTER
    }

    /// Whether a number or a word that it touches would go on with it.
    pub(crate) const fn is_word(self) -> bool {
        self.is_letter() || self.ascii.is_ascii_digit() || self.ascii == b'_'
    }
}

/// The character at a boundary; none at the end.
#[inline]
pub(crate) fn next(text: &str, at: usize) -> Option<Sign> {
    let byte = *text.as_bytes().get(at)?;
    if byte.is_ascii() {
        return Some(Sign { ascii: fold_ascii(byte), start: at, end: at + 1 });
    }
    let c = text.get(at..)?.chars().next()?;
    Some(Sign { ascii: fold(c), start: at, end: at + c.len_utf8() })
}

/// The character before a boundary; none at the beginning.
#[inline]
pub(crate) fn previous(text: &str, at: usize) -> Option<Sign> {
    let byte = *text.as_bytes().get(at.checked_sub(1)?)?;
    if byte.is_ascii() {
        return Some(Sign { ascii: fold_ascii(byte), start: at - 1, end: at });
    }
    let c = text.get(..at)?.chars().next_back()?;
    Some(Sign { ascii: fold(c), start: at - c.len_utf8(), end: at })
}

const fn fold_ascii(byte: u8) -> u8 {
    // The codes of `LETTER` and `OTHER` are control characters, which mean nothing here.
    match byte {
        b'\t' => b' ',
        0..=8 => OTHER,
        byte => byte,
    }
}

fn fold(c: char) -> u8 {
    match c {
        // Full-width forms stand in the order of ASCII.
        '\u{FF01}'..='\u{FF5E}' => u8::try_from(u32::from(c) - 0xFEE0).unwrap_or(OTHER),
        '\u{A0}' | '\u{2007}' | '\u{2009}' | '\u{202F}' | '\u{3000}' => b' ',
        // The long mark of Kana, full and half width, is what many type for a dash.
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{30FC}' | '\u{FF70}' => b'-',
        '\u{B7}' | '\u{30FB}' | '\u{FF65}' => b'.',
        c if c.is_alphanumeric() && !is_spaceless(c) => LETTER,
        _ => OTHER,
    }
}

/// Whether the character is of a script that does not part words, or joins particles to them: Thai, Lao, Myanmar,
/// Khmer, Hangul, Kana and Han.
const fn is_spaceless(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{318F}' | '\u{31A0}'..='\u{31FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FFDC}' | '\u{20000}'..='\u{3FFFF}')
}

/// A value for comparison: full-width forms folded, in lower case, and without separators unless it is an e-mail
/// address, in which they tell one address from another.
pub(crate) fn canonical(value: &str) -> String {
    let mut folded = String::with_capacity(value.len());
    let mut at = 0;
    while let Some(sign) = next(value, at) {
        match sign.ascii {
            LETTER | OTHER => folded.push_str(&value[sign.start..sign.end]),
            byte => folded.push(char::from(byte.to_ascii_lowercase())),
        }
        at = sign.end;
    }
    // As links have it.
    folded = folded.replace("%40", "@");
    if !folded.contains('@') {
        folded.retain(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '+'));
    }
    folded.trim().to_lowercase()
}

/// Reads `N` letters and digits in upper case, with at most one separator between two, from `start` on. Returns them
/// and where they end; none where there are fewer, or where the word goes on.
pub(crate) fn token<const N: usize>(text: &str, start: usize, length: usize) -> Option<([u8; N], usize)> {
    let mut token = [0; N];
    let mut at = start;
    for (index, slot) in token.get_mut(..length)?.iter_mut().enumerate() {
        let mut sign = next(text, at)?;
        if index > 0 && matches!(sign.ascii, b' ' | b'-' | b'.') {
            sign = next(text, sign.end)?;
        }
        if !sign.ascii.is_ascii_alphanumeric() {
            return None;
        }
        *slot = sign.ascii.to_ascii_uppercase();
        at = sign.end;
    }
    let goes_on = next(text, at).is_some_and(Sign::is_word);
    (!goes_on).then_some((token, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_forms_dashes_and_spaces_are_folded_and_letters_of_other_scripts_told_apart() {
        let folded = |text| next(text, 0).unwrap().ascii;
        let pairs = [("０", b'0'), ("９", b'9'), ("＠", b'@'), ("Ａ", b'A'), ("ｚ", b'z'), ("＋", b'+'), ("（", b'(')];
        for (text, ascii) in
            pairs.into_iter().chain([("−", b'-'), ("–", b'-'), ("ー", b'-'), ("　", b' '), ("・", b'.')])
        {
            assert_eq!(folded(text), ascii, "{text}");
        }
        assert_eq!(
            [folded("é"), folded("я"), folded("電"), folded("전"), folded("\u{1}")],
            [LETTER, LETTER, OTHER, OTHER, OTHER]
        );
        assert_eq!(previous("a電", 4), Some(Sign { ascii: OTHER, start: 1, end: 4 }));
        assert_eq!((next("", 0), previous("a", 0)), (None, None));
    }

    #[test]
    fn values_that_differ_in_separators_width_and_case_alone_are_the_same() {
        assert_eq!(canonical("０９０ー１２３４ー５６７８"), canonical("090 1234-5678"));
        assert_eq!(canonical("Ａnn@Example.ORG"), "ann@example.org");
        assert_ne!(canonical("a.b@example.org"), canonical("ab@example.org"));
    }
}
