//! Finds words in a text.

use crate::Span;

/// The places of `term` in `text`, whatever the case of either, where it stands as whole words. In scripts that do not
/// part words (Han, Kana) and in Korean, whose words take endings, it is found anywhere. Places do not overlap.
///
/// ```
/// use sayso_plugin::find;
///
/// let text = "Broken! It broke twice, the BROKEN thing.";
/// let words: Vec<_> = find(text, "broken").map(|span| &text[span.range()]).collect();
/// assert_eq!(words, ["Broken", "BROKEN"]);
/// assert_eq!(find("保証期間です", "保証").count(), 1);
/// assert_eq!(find(text, "").count(), 0);
/// ```
pub fn find<'a>(text: &'a str, term: &'a str) -> impl Iterator<Item = Span> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty() && !term.is_empty()) {
            let start = from;
            from += rest.chars().next().map_or(1, char::len_utf8);
            let Some(length) = match_length(rest, term) else { continue };
            let end = start + length;
            if is_edge(text, start) && is_edge(text, end) {
                from = end;
                return Some(Span::of(start..end));
            }
        }
        None
    })
}

/// The bytes of `text` that `term` is, from its beginning, when case does not count.
fn match_length(text: &str, term: &str) -> Option<usize> {
    let mut own = text.chars();
    for wanted in term.chars() {
        let c = own.next()?;
        if !is_same_letter(c, wanted) {
            return None;
        }
    }
    Some(text.len() - own.as_str().len())
}

/// Whether two letters differ in case at most. Nearly all are ASCII, which takes no table.
fn is_same_letter(a: char, b: char) -> bool {
    if a.is_ascii() && b.is_ascii() {
        a.eq_ignore_ascii_case(&b)
    } else {
        a == b || a.to_lowercase().eq(b.to_lowercase())
    }
}

/// Whether a word may begin or end here.
fn is_edge(text: &str, at: usize) -> bool {
    let (before, behind) = text.split_at(at);
    let is_joined = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_unparted(c));
    !(is_joined(before.chars().next_back()) && is_joined(behind.chars().next()))
}

/// Whether the script of this character parts no words, or joins endings to them.
const fn is_unparted(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, term: &str) -> Vec<String> {
        find(text, term).map(|span| text[span.range()].to_owned()).collect()
    }

    #[test]
    fn only_whole_words_are_found() {
        assert_eq!(found("tea, teapot, steam and TEA", "tea"), ["tea", "TEA"]);
        assert_eq!(found("it stopped working.", "stopped working"), ["stopped working"]);
        assert!(found("tea", "teas").is_empty());
    }

    #[test]
    fn letters_whose_lower_case_has_another_length_move_no_span() {
        assert_eq!(found("İSTANBUL ÄRGER ärger", "Ärger"), ["ÄRGER", "ärger"]);
    }

    #[test]
    fn scripts_that_part_no_words_are_searched_anywhere() {
        assert_eq!(found("この製品の保証は切れた", "保証"), ["保証"]);
        assert_eq!(found("보증이 끝났어요", "보증"), ["보증"]);
    }

    #[test]
    fn places_do_not_overlap() {
        assert_eq!(found("ha ha ha ha", "ha ha").len(), 2);
    }
}
