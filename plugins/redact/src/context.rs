//! The words near a number that say what it is, in English, Japanese, Korean and Chinese, and a few in German, and what
//! else tells it apart.

mod words;

use crate::fold;
use words::WORDS;

pub(crate) use words::Word;

/// How far before a number its words are looked for, in bytes: some fifteen letters of Han, Kana or Hangul.
const BEFORE: usize = 48;
/// How far behind it.
const BEHIND: usize = 24;
/// How far before a version a word for a program counts: as in `update to 8.23.1.105`. Further off it is a topic.
const BEFORE_VERSION: usize = 4;
/// What joins a number to a word in Latin letters behind it; other such words begin something else.
const LINKS: [&str; 4] = [" (", " is my ", " is his ", " is her "];
/// How much of a label (a question, a key of metadata) is looked at, in bytes.
const OF_LABEL: usize = 256;

/// Where a word is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Label,
    Before,
    Behind,
}

/// What stands near a number.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Near {
    /// The words, a bit each.
    words: u32,
    /// The nearest word for a telephone, an order or a Social Security number, and the bytes between it and the number.
    nearest: Option<(Word, usize)>,
    pub(crate) has_han: bool,
    pub(crate) has_hangul: bool,
    /// Whether the number is all there is.
    pub(crate) is_alone: bool,
}

impl Near {
    /// Looks at what is before `start` and behind `end`, and at the label of the whole text.
    pub(crate) fn of(text: &str, start: usize, end: usize, label: &str) -> Self {
        let before = &text[text.floor_char_boundary(start.saturating_sub(BEFORE))..start];
        let behind = &text[end..text.floor_char_boundary(end.saturating_add(BEHIND).min(text.len()))];
        let mut near = Self::default();
        // The nearest comes last.
        near.look(&label[..label.floor_char_boundary(OF_LABEL)], Place::Label);
        near.look(behind, Place::Behind);
        near.look(before, Place::Before);
        near.is_alone = start == 0 && end == text.len();
        near
    }

    fn look(&mut self, window: &str, place: Place) {
        let bytes = window.as_bytes();
        for (at, first) in window.char_indices() {
            self.has_han |= matches!(first, '\u{3400}'..='\u{9FFF}');
            self.has_hangul |= matches!(first, '\u{AC00}'..='\u{D7A3}');
            let is_latin = first.is_ascii_alphabetic();
            let is_start = match place {
                _ if !is_latin => !first.is_ascii(),
                Place::Behind => LINKS.contains(&&window[..at]),
                Place::Label | Place::Before => begins_word(bytes, at),
            };
            if !is_start {
                continue;
            }
            let mut lead = [0; 4];
            let lead = first.to_ascii_lowercase().encode_utf8(&mut lead).as_bytes();
            let from = WORDS.partition_point(|(word, _)| word.as_bytes() < lead);
            for (word, meaning) in WORDS[from..].iter().take_while(|(word, _)| word.as_bytes().starts_with(lead)) {
                let end = at + word.len();
                let is_there = bytes.get(at..end).is_some_and(|found| is_same(found, word))
                    && !(is_latin && goes_on(bytes, end))
                    // Who reaches out does not say where to.
                    && !(word.starts_with("reach") && bytes[end..].starts_with(b" out"))
                    // Who reached a number of points called nobody.
                    && !(*word == "reached" && !window[..at].ends_with("be ") && bytes[end..].trim_ascii_start().is_empty());
                let is_apart = || place == Place::Before && *meaning == Word::Order && is_parted(bytes, end);
                if is_there && !is_apart() {
                    let distance = match place {
                        Place::Label => 0,
                        Place::Before => bytes.len() - end,
                        Place::Behind => at,
                    };
                    self.add(*meaning, distance);
                }
            }
        }
    }

    fn add(&mut self, word: Word, distance: usize) {
        if word == Word::App && distance > BEFORE_VERSION {
            return;
        }
        self.words |= 1 << word as u32;
        if matches!(word, Word::Phone | Word::Order | Word::SocialSecurity) {
            self.nearest = Some((word, distance));
        }
    }

    pub(crate) const fn has(&self, word: Word) -> bool {
        self.words & (1 << word as u32) != 0
    }

    /// Whether the words say that it is the number of a telephone.
    pub(crate) fn is_phone(&self) -> bool {
        self.nearest.is_some_and(|(word, _)| word == Word::Phone)
    }

    /// Whether the words within so many bytes say that it is the number of an order or the like.
    pub(crate) fn is_order(&self, within: usize) -> bool {
        self.nearest.is_some_and(|(word, distance)| word == Word::Order && distance <= within)
    }
}

/// Whether what was found is the word, in whatever case.
fn is_same(found: &[u8], word: &str) -> bool {
    let is_same =
        |(found, byte): (&u8, u8)| found.eq_ignore_ascii_case(&byte) || byte == b' ' && matches!(found, b'_' | b'-');
    found.iter().zip(word.bytes()).all(is_same)
}

/// Whether a sentence or a part of it ends between a word that ends at `end` and the number behind the window, as in
/// `I have no order, 07700 900123`. Neither the dot of `no.` ends one, nor a comma after a number, which goes on a list.
fn is_parted(window: &[u8], end: usize) -> bool {
    let ends = |at: usize| match window[at] {
        b'!' | b'?' | b';' => true,
        b',' => !window[at - 1].is_ascii_digit(),
        b'.' => window[..at].iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count() > 3,
        _ => window[at..].starts_with("。".as_bytes()),
    };
    (end..window.len()).any(ends)
}

/// Whether a word begins at `at`: after no letter, or with the hump of a `camelCase` key.
const fn begins_word(bytes: &[u8], at: usize) -> bool {
    match at.checked_sub(1) {
        None => true,
        Some(before) => {
            !bytes[before].is_ascii_alphabetic() || bytes[before].is_ascii_lowercase() && bytes[at].is_ascii_uppercase()
        }
    }
}

/// Whether a word goes on at `at`: with a letter that is no new hump.
fn goes_on(bytes: &[u8], at: usize) -> bool {
    let is_hump = |byte: u8| byte.is_ascii_uppercase() && bytes[at - 1].is_ascii_lowercase();
    bytes.get(at).is_some_and(|&byte| byte.is_ascii_alphabetic() && !is_hump(byte))
}

/// Whether the letters that touch a number are a word for a telephone, as in `tel03-1234-5678`.
pub(crate) fn is_phone_word(letters: &[u8]) -> bool {
    [&b"TEL"[..], b"FAX", b"PHONE", b"MOBILE", b"CELL", b"CALL", b"PH", b"HP"].contains(&letters)
}

/// Whether the number that begins at `start` is a sum of money by what stands before it.
pub(crate) fn is_money(text: &str, start: usize) -> bool {
    let mut sign = text[..start].chars().next_back();
    if sign == Some(' ') {
        sign = text[..start - 1].chars().next_back();
    }
    sign.is_some_and(|c| {
        matches!(c, '$' | '¥' | '€' | '£' | '₩' | '₹' | '\u{FF04}' | '\u{FFE1}' | '\u{FFE5}' | '\u{FFE6}')
    })
}

/// Units that make a number an amount.
const UNITS: [&str; 28] = [
    "%", "％", "$", "€", "£", "円", "元", "원", "圆", "块", "万", "만", "年", "년", "usd", "eur", "gbp", "jpy", "krw",
    "yen", "won", "dollars", "times", "users", "views", "steps", "points", "km",
];

/// Whether the number that ends at `end` is an amount by what stands behind it.
pub(crate) fn is_amount(text: &str, end: usize) -> bool {
    let mut behind = text.get(end..).unwrap_or_default();
    behind = behind.strip_prefix(' ').unwrap_or(behind);
    UNITS.iter().any(|unit| {
        let found = behind.as_bytes().get(..unit.len());
        let ends = || !fold::next(behind, unit.len()).is_some_and(fold::Sign::is_letter);
        found.is_some_and(|found| found.eq_ignore_ascii_case(unit.as_bytes())) && (!unit.is_ascii() || ends())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(text: &str, label: &str) -> Near {
        let start = text.find('#').unwrap();
        Near::of(text, start, start + 1, label)
    }

    #[test]
    fn the_words_are_in_the_order_of_their_bytes() {
        assert!(WORDS.is_sorted_by(|(a, _), (b, _)| a.as_bytes() < b.as_bytes()));
    }

    #[test]
    fn the_nearest_word_decides_between_a_telephone_and_an_order() {
        assert!(near("Call me, my order is #", "").is_order(4));
        assert!(!near("Call me, my order is #", "").is_order(3));
        assert!(near("About the order: call #", "").is_phone());
        assert!(near("我的订单，电话#", "").is_phone());
        assert!(near("#", "customerPhone").is_phone() && near("#", "phone_number").is_phone());
        assert!(near("#に電話", "").is_phone());
        assert!(!near("recall # telephoned", "").is_phone());
        assert!(near("# is my cell", "").is_phone() && !near("# is a cell", "").is_phone());
        assert!(near("customer_no #", "").is_order(1) && near("order no. #", "").is_order(5));
        assert!(!near("I have no order. #", "").is_order(usize::MAX));
    }

    #[test]
    fn money_and_amounts_are_told_by_their_signs() {
        assert!(is_money("¥ 12", 3) && is_money("$12", 1) && !is_money("a 12", 2));
        assert!(is_amount("12円です", 2) && is_amount("12 USD", 2) && !is_amount("12 usdx", 2) && !is_amount("12", 2));
    }
}
