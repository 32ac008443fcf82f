//! Where sentences are.

use std::ops::Range;

/// The sentences of a text in order, without the white space around them. One ends behind `.`, `!`, `?` or `…`, with any
/// closing marks, before white space; behind `。`, `！` or `？`, whatever follows; and at the end of a line. A small letter
/// behind it says that the sentence goes on, as after "e.g." Sentences without a letter or digit are none.
pub(crate) fn of(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    let ranges = std::iter::from_fn(move || {
        let from = start;
        start = end(text, from);
        (start > from).then_some(from..start)
    });
    ranges.map(|range| trimmed(text, range)).filter(|range| text[range.clone()].contains(char::is_alphanumeric))
}

/// The bytes that a terminator or a line's end begins with: the last three are those of `…`, `。` and `！`, and of other
/// characters of three bytes.
const MAY_END: [bool; 256] = {
    let mut may_end = [false; 256];
    let bytes = [b'\n', b'.', b'!', b'?', 0xE2, 0xE3, 0xEF];
    let mut at = 0;
    while at < bytes.len() {
        may_end[bytes[at] as usize] = true;
        at += 1;
    }
    may_end
};

/// Where the sentence that begins at an offset ends, which is behind the offset unless that is the end of the text.
fn end(text: &str, from: usize) -> usize {
    let is_candidate = |byte: &u8| MAY_END[usize::from(*byte)];
    let mut at = from;
    while let Some(passed) = text.as_bytes()[at..].iter().position(is_candidate) {
        at += passed;
        let rest = &text[at..];
        if rest.starts_with('\n') {
            return at + 1;
        }
        if !rest.starts_with(is_terminator) {
            at += 3;
            continue;
        }
        let behind = rest.trim_start_matches(|c| is_terminator(c) || is_closing(c));
        at = text.len() - behind.len();
        if rest[..rest.len() - behind.len()].contains(is_wide) {
            return at;
        }
        if behind.starts_with(char::is_whitespace) && !goes_on(behind) {
            return at;
        }
    }
    text.len()
}

const fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…') || is_wide(c)
}

/// Whether it is a mark of the scripts that put no white space behind it.
const fn is_wide(c: char) -> bool {
    matches!(c, '。' | '｡' | '！' | '？')
}

const fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»' | '」' | '』' | '）')
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
    fn wide_marks_end_a_sentence_without_white_space() {
        assert_eq!(sentences("很好。「太差！！」还行…吧？完"), ["很好。", "「太差！！」", "还行…吧？", "完"]);
        assert_eq!(sentences("좋아요! 그런데 늦어요."), ["좋아요!", "그런데 늦어요."]);
    }

    #[test]
    fn a_point_inside_a_sentence_parts_nothing() {
        assert_eq!(
            sentences("It cost 3.50 (e.g. at shop.example) today."),
            ["It cost 3.50 (e.g. at shop.example) today."]
        );
    }

    #[test]
    fn wide_marks_part_sentences_without_white_space() {
        assert_eq!(
            sentences("良い。「悪い。」と言う！？ｱﾌﾟﾘが重い｡はい"),
            ["良い。", "「悪い。」", "と言う！？", "ｱﾌﾟﾘが重い｡", "はい"]
        );
    }

    #[test]
    fn what_has_no_letters_is_no_sentence() {
        assert_eq!(sentences("Good. ... !!! :)\n\u{3000}\n"), ["Good."]);
        assert!(sentences("").is_empty() && sentences(" \n ").is_empty());
    }

    #[test]
    fn every_hostile_text_is_parted_in_one_go() {
        for unit in [".", ". ", "\n", "a. B", "…", " ", "。", "あ", "ｱ"] {
            let text = unit.repeat((1 << 20) / unit.len());
            assert!(of(&text).all(|range| text.get(range).is_some()));
        }
    }
}
