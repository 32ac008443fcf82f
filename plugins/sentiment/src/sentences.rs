//! Where sentences are.

use std::ops::Range;

/// The sentences of a text in order, without the white space around them. One ends behind `.`, `!`, `?` or `…`, with any
/// closing marks, before white space; and at the end of a line. A small letter behind it says that the sentence goes on,
/// as after "e.g." Sentences without a letter or digit are none.
pub(crate) fn of(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let from = start;
        let (mut is_ended, mut end) = (false, None);
        while let Some(&(at, c)) = rest.peek() {
            if c == '\n' || (is_ended && c.is_whitespace() && !goes_on(&text[at..])) {
                end = Some(at);
                break;
            }
            is_ended = is_terminator(c) || (is_ended && is_closing(c));
            rest.next();
        }
        if end.is_some() {
            rest.next();
        }
        start = rest.peek().map_or(text.len(), |&(at, _)| at);
        (from < text.len()).then(|| from..end.unwrap_or(text.len()))
    })
    .map(|range| trimmed(text, range))
    .filter(|range| text[range.clone()].contains(char::is_alphanumeric))
}

const fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
}

const fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»')
}

/// Whether the word behind one space begins with a small letter.
fn goes_on(space: &str) -> bool {
    space.chars().nth(1).is_some_and(char::is_lowercase)
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let sentence = &text[range.clone()];
    let start = range.start + (sentence.len() - sentence.trim_start().len());
    start..start + sentence.trim().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(text: &str) -> Vec<&str> {
        of(text).map(|range| &text[range]).collect()
    }

    #[test]
    fn sentences_and_lines_are_parted() {
        assert_eq!(sentences("One. Two!!  Three?\nFour\n\nFive"), ["One.", "Two!!", "Three?", "Four", "Five"]);
        assert_eq!(sentences("He said “never.” Then… Nothing."), ["He said “never.”", "Then…", "Nothing."]);
    }

    #[test]
    fn a_point_inside_a_sentence_parts_nothing() {
        assert_eq!(
            sentences("It cost 3.50 (e.g. at shop.example) today."),
            ["It cost 3.50 (e.g. at shop.example) today."]
        );
    }

    #[test]
    fn what_has_no_letters_is_no_sentence() {
        assert_eq!(sentences("Good. ... !!! :)\n\u{3000}\n"), ["Good."]);
        assert!(sentences("").is_empty() && sentences(" \n ").is_empty());
    }

    #[test]
    fn every_hostile_text_is_parted_in_one_go() {
        for unit in [".", ". ", "\n", "a. B", "…", " "] {
            let text = unit.repeat((1 << 20) / unit.len());
            assert!(of(&text).all(|range| text.get(range).is_some()));
        }
    }
}
