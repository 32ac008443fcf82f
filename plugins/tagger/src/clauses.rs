//! Where clauses end: at the end of a sentence or a line, at a semicolon, and before "but".

/// The offsets behind each clause, in order; the last is the length of the text.
pub(crate) fn ends(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut ends = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        let rest = &bytes[at + 1..];
        match byte {
            b'\n' => ends.push(at + 1),
            b'.' | b'!' | b'?' | b';' if rest.first().is_none_or(u8::is_ascii_whitespace) => ends.push(at + 1),
            b' ' if rest.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"but ")) => ends.push(at),
            // 。 ！ ？ ；
            0xE3 if rest.starts_with(&[0x80, 0x82]) => ends.push(at + 3),
            0xEF if rest.first() == Some(&0xBC) && matches!(rest.get(1), Some(0x81 | 0x9F | 0x9B)) => ends.push(at + 3),
            _ => {}
        }
    }
    if ends.last() != Some(&bytes.len()) {
        ends.push(bytes.len());
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clauses(text: &str) -> Vec<&str> {
        let mut start = 0;
        ends(text).into_iter().map(|end| &text[std::mem::replace(&mut start, end)..end]).collect()
    }

    #[test]
    fn sentences_and_lines_are_parted() {
        assert_eq!(clauses("One. Two!\nThree? Four"), ["One.", " Two!", "\n", "Three?", " Four"]);
    }

    #[test]
    fn a_point_inside_a_word_parts_nothing() {
        assert_eq!(clauses("It cost 3.50 at shop.example today."), ["It cost 3.50 at shop.example today."]);
    }

    #[test]
    fn but_begins_a_clause() {
        assert_eq!(clauses("Good, But slow butter"), ["Good,", " But slow butter"]);
    }

    #[test]
    fn full_width_marks_end_a_clause() {
        assert_eq!(clauses("遅い。最悪！なぜ？はい；"), ["遅い。", "最悪！", "なぜ？", "はい；"]);
    }
}
