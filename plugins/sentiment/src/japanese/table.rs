//! The words of `data/ja`, as the build script lays them out.

use std::ops::Range;

use super::tokens::{Token, part};

/// What a word does to the score.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// It has a weight.
    Polar,
    /// It has one too, and makes good what is bad before it: ストレスが解消した.
    Relief,
    /// What is praised before it is not so: 早くしてほしい.
    Wish,
    /// It belongs to a verb or an adjective: にくい, やすい, すぎる.
    Ending,
}

/// A form of a word; weights in tenths, −30 to 30.
pub(super) struct Row {
    key: &'static str,
    weight: i8,
    /// The weight under a negation.
    negated: i8,
    pub(super) role: Role,
    /// Whether it is a word only before an ending.
    is_bare_stem: bool,
}

impl Row {
    pub(super) fn weight(&self) -> f64 {
        f64::from(self.weight) / 10.0
    }

    pub(super) fn negated(&self) -> f64 {
        f64::from(self.negated) / 10.0
    }
}

include!(concat!(env!("OUT_DIR"), "/japanese.rs"));

/// The longest word that begins with the first of the tokens and ends with one of them, and how many tokens it has.
pub(super) fn longest(text: &str, tokens: &[Token]) -> Option<(&'static Row, usize)> {
    let start = tokens.first()?.start;
    let (mut found, mut behind) = (None, start);
    let mut rows = beginning_with(text[start..].chars().next()?)?;
    for (at, token) in tokens.iter().enumerate() {
        if token.start != behind && at > 0 {
            break;
        }
        behind = token.end;
        let candidate = &text[start..token.end];
        rows = &rows[rows.partition_point(|row| row.key < candidate)..];
        let Some(row) = rows.first().filter(|row| row.key.starts_with(candidate)) else { break };
        if row.key == candidate && is_word(row, text, &tokens[..=at], tokens.get(at + 1)) {
            found = Some((row, at + 1));
        }
    }
    found
}

/// The rows whose keys begin with a character.
fn beginning_with(first: char) -> Option<&'static [Row]> {
    let at = FIRSTS.binary_search_by_key(&first, |(first, _)| *first).ok()?;
    let end = FIRSTS.get(at + 1).map_or(WORDS.len(), |(_, end)| usize::from(*end));
    Some(&WORDS[usize::from(FIRSTS[at].1)..end])
}

/// Whether a row is meant where its key stands.
fn is_word(row: &Row, text: &str, tokens: &[Token], next: Option<&Token>) -> bool {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return false };
    // An auxiliary belongs to the verb before it: でき|なくなっ.
    if first.part == part::AUXILIARY && matches!(row.role, Role::Polar | Role::Relief) {
        return false;
    }
    let next = next.filter(|next| next.start == last.end).map_or("", |next| &text[next.start..next.end]);
    if row.role == Role::Wish && matches!(next, "ます" | "まし" | "ませ") {
        // What somebody does, and is not asked for: 聞いてくださいます.
        return false;
    }
    let endings = ["すぎ", "過ぎ", "そう", "さ", "げ", "がる", "がっ"];
    !row.is_bare_stem || endings.iter().any(|ending| next.starts_with(ending))
}

/// The emoji and emoticons of a text, in order, each with its weight. The text is read once.
pub(super) fn marks(text: &str) -> impl Iterator<Item = (Range<usize>, f64)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(c) = text[at..].chars().next() {
            let start = at;
            at += c.len_utf8();
            // No mark begins with a kana or an ideograph but 笑.
            if matches!(c, '\u{3040}'..='\u{9FFF}') && c != '笑' && !matches!(c, 'ヽ') {
                continue;
            }
            if let Some((mark, weight)) = mark_at(&text[start..]) {
                at = start + mark.len();
                return Some((start..at, f64::from(weight) / 10.0));
            }
        }
        None
    })
}

/// The longest mark that a text begins with.
fn mark_at(text: &str) -> Option<(&'static str, i8)> {
    /// The bytes of the longest mark, and more.
    const MOST: usize = 40;
    let text = &text[..text.floor_char_boundary(MOST)];
    let behind = MARKS.partition_point(|(mark, _)| *mark <= text);
    // Whatever sorts between a text and the mark it begins with begins with that mark's first character too.
    let first = text.chars().next()?;
    let candidates = MARKS[..behind].iter().rev().take_while(|(mark, _)| mark.starts_with(first));
    candidates.copied().find(|(mark, _)| text.starts_with(mark) && is_apart(mark, &text[mark.len()..]))
}

/// Whether a mark of letters (orz) is no part of a longer word.
fn is_apart(mark: &str, behind: &str) -> bool {
    !mark.ends_with(|c: char| c.is_ascii_alphabetic()) || !behind.starts_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_for_the_search() {
        assert!(WORDS.is_sorted_by(|a, b| a.key < b.key));
        assert!(MARKS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(MARKS.iter().all(|(mark, _)| mark.len() <= 40));
    }

    #[test]
    fn every_mark_is_found_by_itself() {
        for (mark, weight) in &MARKS {
            let text = format!("良い{mark}。");
            let found: Vec<_> = marks(&text).collect();
            assert_eq!(found, [(6..6 + mark.len(), f64::from(*weight) / 10.0)], "{mark}");
        }
    }
}
