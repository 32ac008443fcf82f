//! Terms made into a table: a trie of phrases, and what each of them stands for. The build script makes the table of the
//! built-in terms, the plugin that of the configured ones.

use std::collections::BTreeMap;

use crate::{
    term::{Phrase, Term},
    trie,
};

/// In place of a label: the phrase hides shorter ones.
pub(crate) const IGNORE: u16 = u16::MAX;

/// What one phrase stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// The label, or [`IGNORE`].
    pub(crate) label: u16,
    /// The term with `+` of which it is a side, counted from 1; 0 for none.
    pub(crate) pair: u16,
    /// Bits, named below.
    pub(crate) flags: u16,
}

/// The last entry of its phrase.
pub(crate) const LAST: u16 = 1;
/// The second side of `+`.
pub(crate) const SECOND: u16 = 1 << 1;
/// Letters behind it must not go on with the word.
pub(crate) const CLOSED: u16 = 1 << 2;
/// It is of two words or more, or of four letters or more in a script without spaces.
pub(crate) const STRONG: u16 = 1 << 3;
/// A negation beside it undoes it.
pub(crate) const NEGATABLE: u16 = 1 << 4;
/// It counts only where a word begins.
pub(crate) const AT_WORD: u16 = 1 << 5;
/// It is a mark alone, as `?` is.
pub(crate) const MARK: u16 = 1 << 6;
/// The languages that it applies to, from this bit on: English and configured terms, Japanese, Korean, Chinese.
pub(crate) const LANGUAGES: u16 = 7;

/// Terms on the way to their table.
#[derive(Default)]
pub(crate) struct Builder {
    phrases: BTreeMap<Vec<u8>, Vec<Entry>>,
    pairs: u16,
}

impl Builder {
    /// Adds a term. `language` is 0 to 3, in the order of [`LANGUAGES`]; `is_statement` tells whether a negation can
    /// undo it.
    ///
    /// # Errors
    /// Where there are more terms with `+` than a table can tell apart.
    pub(crate) fn add(&mut self, term: &Term, label: u16, language: u16, is_statement: bool) -> Result<(), String> {
        let is_pair = term.sides.len() == 2;
        if is_pair {
            self.pairs = self.pairs.checked_add(1).ok_or("there are more than 65535 terms with ` + `; use fewer")?;
        }
        let pair = if is_pair { self.pairs } else { 0 };
        for (side, phrases) in term.sides.iter().enumerate() {
            for phrase in phrases {
                let mut flags = flags(phrase) | 1 << (LANGUAGES + language);
                if is_pair {
                    flags |= STRONG | if side == 1 { SECOND } else { 0 };
                }
                if is_statement && !term.is_firm {
                    flags |= NEGATABLE;
                }
                let key = phrase.text.bytes().map(|byte| trie::CLASSES[usize::from(byte)]).collect();
                let entries = self.phrases.entry(key).or_default();
                let entry = Entry { label, pair, flags };
                if !entries.contains(&entry) {
                    entries.push(entry);
                }
            }
        }
        Ok(())
    }

    /// How many phrases there are.
    pub(crate) fn len(&self) -> usize {
        self.phrases.len()
    }

    /// The trie, and the entries that its values count from.
    ///
    /// # Errors
    /// Where the terms are too many.
    pub(crate) fn finish(self) -> Result<(Vec<u32>, Vec<Entry>), String> {
        let (mut keys, mut all) = (BTreeMap::new(), Vec::new());
        for (key, mut entries) in self.phrases {
            keys.insert(key, u32::try_from(all.len()).map_err(|error| error.to_string())?);
            if let Some(last) = entries.last_mut() {
                last.flags |= LAST;
            }
            all.append(&mut entries);
        }
        Ok((trie::build(&keys)?, all))
    }
}

fn flags(phrase: &Phrase) -> u16 {
    let text = phrase.text.as_str();
    let spaceless = text.chars().filter(|&c| is_spaceless(c)).count();
    let is_strong = spaceless >= 4 || (spaceless == 0 && text.contains(' '));
    let is_closed = !phrase.is_open && text.chars().next_back().is_some_and(is_word);
    let is_mark = !text.chars().any(char::is_alphanumeric);
    let bits = [(is_closed, CLOSED), (is_strong, STRONG), (phrase.at_word, AT_WORD), (is_mark, MARK)];
    bits.into_iter().filter(|(is, _)| *is).fold(0, |flags, (_, bit)| flags | bit)
}

/// The end of the word that goes on at `end`, as it does behind a term of any ending; `end` where none does.
pub(crate) fn word_end(text: &str, end: usize) -> usize {
    if !text[..end].chars().next_back().is_some_and(is_word) {
        return end;
    }
    end + text[end..].chars().take_while(|&c| is_word(c)).map(char::len_utf8).sum::<usize>()
}

/// Whether the character belongs to a word in a script that parts its words.
pub(crate) fn is_word(c: char) -> bool {
    !is_spaceless(c) && c.is_alphanumeric()
}

/// Whether the character is of a script that does not part words, or joins particles to them: Thai, Lao, Myanmar, Khmer,
/// Hangul, Kana and Han.
pub(crate) const fn is_spaceless(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{318F}' | '\u{31A0}'..='\u{31FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FFDC}' | '\u{20000}'..='\u{3FFFF}')
}
