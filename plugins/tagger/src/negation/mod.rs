//! Whether a negation undoes a statement. Each language has its rules: English and Chinese negate before the statement,
//! Japanese behind it, Korean on both sides. Two negations are none.

mod en;
mod ja;
mod ko;
mod zh;

/// The most bytes that are looked at on either side: no negation reaches farther, and no text makes it slow.
const REACH: usize = 72;

/// The rules by which a passage is negated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rules {
    English,
    Japanese,
    Korean,
    Chinese,
}

/// Whether the statement at `start..end` of a folded text is negated. `is_japanese` says whether Han characters are
/// Japanese.
pub(crate) fn undoes(text: &str, start: usize, end: usize, is_japanese: bool) -> bool {
    let before = &text[text.ceil_char_boundary(start.saturating_sub(REACH))..start];
    let behind = &text[end..text.floor_char_boundary(end.saturating_add(REACH))];
    match Rules::of(&text[start..end], is_japanese) {
        Rules::English => en::precedes(before),
        Rules::Japanese => ja::follows(behind),
        Rules::Korean => ko::is_beside(before, behind),
        Rules::Chinese => zh::precedes(before),
    }
}

impl Rules {
    /// Those for the script of a passage.
    fn of(passage: &str, is_japanese: bool) -> Self {
        let mut rules = Self::English;
        for c in passage.chars() {
            match c {
                '\u{3040}'..='\u{30FF}' => return Self::Japanese,
                '\u{AC00}'..='\u{D7FF}' => return Self::Korean,
                '\u{3400}'..='\u{9FFF}' if is_japanese => return Self::Japanese,
                '\u{3400}'..='\u{9FFF}' => rules = Self::Chinese,
                _ => {}
            }
        }
        rules
    }
}

/// Takes the longest of the `pieces` that `text` begins with off it.
fn take<'a>(text: &'a str, pieces: &[&str]) -> Option<&'a str> {
    pieces.iter().filter_map(|piece| text.strip_prefix(piece)).min_by_key(|rest| rest.len())
}

/// Takes the longest of the `pieces` that `text` ends with off it.
fn take_last<'a>(text: &'a str, pieces: &[&str]) -> Option<&'a str> {
    pieces.iter().filter_map(|piece| text.strip_suffix(piece)).min_by_key(|rest| rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the passage in brackets is negated.
    pub(super) fn is_negated(text: &str, is_japanese: bool) -> bool {
        let (before, rest) = text.split_once('[').unwrap();
        let (passage, behind) = rest.split_once(']').unwrap();
        let end = before.len() + passage.len();
        undoes(&format!("{before}{passage}{behind}"), before.len(), end, is_japanese)
    }

    #[test]
    fn the_script_of_the_passage_decides_the_rules() {
        assert!(is_negated("app [crash]しません", true) == is_negated("app [crash]", true));
        assert!(is_negated("[解約]しません", true));
        assert!(!is_negated("[解约]しません", false));
    }

    #[test]
    fn a_long_text_is_looked_at_only_near_the_passage() {
        let text = format!("not {}[leave]", "ö".repeat(1_000_000));
        assert!(!is_negated(&text, false));
    }
}
