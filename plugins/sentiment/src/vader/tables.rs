//! What is known of words, emoji and letters: tables that `build/main.rs` makes.

use super::hash::hash;

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// What a word does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// It carries sentiment: its valence in tenths, about −40 to 40.
    Lexicon(i8),
    /// It strengthens the word behind it.
    Booster,
    /// It weakens the word behind it.
    Dampener,
    /// Neither.
    Plain,
}

/// A word that a rule asks for by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Name {
    No,
    Or,
    Nor,
    But,
    Kind,
    Of,
    Sort,
    Just,
    Enough,
    Never,
    So,
    This,
    Without,
    Doubt,
    Least,
    At,
    Very,
    The,
    Shit,
    Bomb,
    Bad,
    Ass,
    Bus,
    Stop,
    Yeah,
    Right,
    Beating,
    Heart,
    Kiss,
    Death,
    To,
    Die,
    For,
}

/// All that the table says of a word.
#[derive(Debug)]
pub(super) struct Row {
    start: u32,
    len: u8,
    /// What it does.
    pub(super) class: Class,
    /// Whether it turns the word behind it into its opposite.
    pub(super) is_negation: bool,
    /// Its name, where a rule asks for it.
    pub(super) name: Option<Name>,
}

/// The row of every word that is not in the table.
pub(super) static UNKNOWN: Row = Row { start: 0, len: 0, class: Class::Plain, is_negation: false, name: None };

/// Letters of one case: the code points from `first` to `last` in steps of 1 or 2.
pub(super) struct Run {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) step: u32,
}

/// The row of a word of ASCII letters, without regard to case.
pub(super) fn row(word: &[u8]) -> &'static Row {
    let hash = hash(word);
    let mut slot = hash as usize;
    loop {
        let entry = SLOTS[slot % SLOTS.len()];
        if entry == 0 {
            return &UNKNOWN;
        }
        if (entry ^ hash) >> 16 == 0 {
            let row = &ROWS[(entry & 0xFFFF) as usize - 1];
            let start = row.start as usize;
            if KEYS.as_bytes()[start..start + usize::from(row.len)].eq_ignore_ascii_case(word) {
                return row;
            }
        }
        slot += 1;
    }
}

/// The words that the reference reads in the place of an emoji, parted by single spaces.
pub(super) fn description(emoji: char) -> Option<&'static str> {
    // Most of what is not ASCII in English is an accent, a dash or a quotation mark.
    if matches!(emoji, '\u{AF}'..'\u{203C}') {
        return None;
    }
    EMOJI.binary_search_by_key(&emoji, |&(emoji, _)| emoji).ok().map(|at| EMOJI[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_lexicon_is_found_in_any_case() {
        let lexicon = include_str!("../../data/words.tsv");
        for line in lexicon.lines() {
            let (word, valence) = line.split_once('\t').unwrap();
            for word in [word.to_owned(), word.to_uppercase()] {
                let Class::Lexicon(tenths) = row(word.as_bytes()).class else { panic!("{word}") };
                assert_eq!((f64::from(tenths) / 10.0).to_bits(), valence.parse::<f64>().unwrap().to_bits(), "{word}");
            }
        }
        assert_eq!(ROWS.iter().filter(|row| matches!(row.class, Class::Lexicon(_))).count(), lexicon.lines().count());
    }

    #[test]
    fn a_word_beside_the_table_is_unknown() {
        for word in ["", "table", "goo", "goodd", "gööd", "good ", "a word that is longer than any of the lexicon"] {
            assert!(std::ptr::eq(row(word.as_bytes()), &raw const UNKNOWN), "{word}");
        }
    }

    #[test]
    fn a_search_ends_soon() {
        let longest = SLOTS.split(|entry| *entry == 0).map(<[u32]>::len).max();
        assert!(longest < Some(40), "{longest:?} slots without a free one between");
    }

    #[test]
    fn every_emoji_has_its_description_and_no_other_character_has() {
        let table = include_str!("../../data/emoji.tsv");
        let expected: Vec<_> = table.lines().map(|line| line.split_once('\t').unwrap()).collect();
        let found: Vec<_> = ('\0'..=char::MAX).filter_map(|c| Some((c.to_string(), description(c)?))).collect();
        assert!(found.iter().map(|(emoji, description)| (emoji.as_str(), *description)).eq(expected));
    }

    #[test]
    fn descriptions_are_words_parted_by_single_spaces() {
        for (_, description) in EMOJI {
            assert!(description.split(' ').all(|word| !word.is_empty() && !word.contains(char::is_whitespace)));
        }
    }
}
