//! Whether a word is in capitals, as Python's `str.isupper` says: by the Unicode of that Python rather than of this Rust,
//! which differ in letters that are newer.

use super::tables::{LOWER, Run, UPPER};

/// Whether there is a capital, and no small or titlecase letter.
pub(super) fn is_upper(word: &str) -> bool {
    let mut has_capital = false;
    for c in word.chars() {
        if is_lower(c) {
            return false;
        }
        has_capital = has_capital || is_capital(c);
    }
    has_capital
}

fn is_lower(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_lowercase() } else { contains(&LOWER, c) }
}

fn is_capital(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_uppercase() } else { contains(&UPPER, c) }
}

fn contains(runs: &[Run], c: char) -> bool {
    let point = u32::from(c);
    let behind = runs.partition_point(|run| run.first <= point);
    let Some(run) = behind.checked_sub(1).and_then(|at| runs.get(at)) else { return false };
    point <= run.last && (point - run.first).is_multiple_of(run.step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_without_letters_is_not_in_capitals() {
        for word in ["", "123", "!!!", "好", "’"] {
            assert!(!is_upper(word), "{word}");
        }
    }

    #[test]
    fn letters_of_any_script_count() {
        for word in ["A", "A1!", "ÀÉ", "ЖД", "İ", "ⒶⒷ", "好A", "ẞ", "\u{212A}"] {
            assert!(is_upper(word), "{word}");
        }
        for word in ["Aa", "Aß", "Aª", "Aʰ", "ǅA", "Aⓐ", "Жд", "A\u{345}"] {
            assert!(!is_upper(word), "{word}");
        }
    }

    #[test]
    fn letters_newer_than_unicode_14_have_no_case() {
        // U+A7DA came with Unicode 16, U+1E030 with 15.
        assert!(!is_upper("\u{A7DA}"));
        assert!(is_upper("A\u{1E030}"));
    }

    #[test]
    fn a_gap_within_and_behind_a_run_is_outside() {
        assert!(is_capital('Ā') && !is_capital('ā') && is_lower('ā') && !is_lower('Ā'));
        assert!(!is_capital('×') && !is_lower('÷') && !is_capital(char::MAX) && !is_lower(char::MAX));
    }
}
