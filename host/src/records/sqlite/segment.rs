//! Words of texts and queries, in the form that the index takes.
//!
//! The index parts words at everything that is neither letter nor digit, and knows no dictionary, so that a Chinese
//! sentence is one word to it. So every run of Han, Hiragana, Katakana or Hangul is given to it as the pairs of its
//! characters that follow each other, and its last character: `電池切れ` becomes `電池 池切 切れ れ`. Two or more
//! characters are found as the phrase of their pairs, one as the beginning of a pair.

use crate::feedback::Feedback;

/// The words of title and text.
pub(super) fn words_of(feedback: &Feedback) -> String {
    let title = feedback.title.as_deref().unwrap_or_default();
    let mut words = String::with_capacity(title.len() + feedback.text.len() + 1);
    if !title.is_empty() {
        push_words(&mut words, title);
        words.push('\n');
    }
    push_words(&mut words, &feedback.text);
    words
}

/// The expression that finds texts with all words of `query`, each anywhere; none if it has no words. Nothing in it
/// is an operator to the index.
pub(super) fn expression(query: &str) -> Option<String> {
    let mut expression = String::new();
    for word in query.split_whitespace() {
        for run in runs(word).filter(|run| run.text.contains(char::is_alphanumeric)) {
            if !expression.is_empty() {
                expression.push(' ');
            }
            expression.push('"');
            let is_one = run.is_unspaced && run.text.chars().nth(1).is_none();
            match run.is_unspaced && !is_one {
                true => push_pairs(&mut expression, run.text, false),
                // A quotation mark parts words just as a space does.
                false => expression.extend(run.text.chars().map(|c| if c == '"' || c == '\0' { ' ' } else { c })),
            }
            expression.push_str(if is_one { "\" *" } else { "\"" });
        }
    }
    Some(expression).filter(|expression| !expression.is_empty())
}

/// A stretch of text in which either all characters are of a script without spaces, or none is.
struct Run<'a> {
    text: &'a str,
    is_unspaced: bool,
}

fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_unspaced = is_unspaced(rest.chars().next()?);
        let end = rest.find(|c| self::is_unspaced(c) != is_unspaced).unwrap_or(rest.len());
        let (text, behind) = rest.split_at(end);
        rest = behind;
        Some(Run { text, is_unspaced })
    })
}

fn push_words(words: &mut String, text: &str) {
    if text.is_ascii() {
        words.push_str(text);
        return;
    }
    for run in runs(text) {
        match run.is_unspaced {
            true => push_pairs(words, run.text, true),
            false => words.push_str(run.text),
        }
    }
}

/// Writes the pairs of characters that follow each other, with spaces around, and at the end, if so asked, the last
/// character alone.
fn push_pairs(words: &mut String, run: &str, with_last: bool) {
    let mut characters = run.chars().peekable();
    words.push(' ');
    while let Some(character) = characters.next() {
        match characters.peek() {
            Some(next) => words.extend([character, *next, ' ']),
            None if with_last => words.extend([character, ' ']),
            None => {}
        }
    }
}

/// Whether a letter is of a script whose words are not parted by spaces, or (Hangul) carry endings.
fn is_unspaced(c: char) -> bool {
    let is_in_block = matches!(c,
        '\u{1100}'..='\u{11ff}'      // Hangul Jamo
        | '\u{3005}'..='\u{3007}'    // 々〆〇
        | '\u{3041}'..='\u{30ff}'    // Hiragana, Katakana
        | '\u{3130}'..='\u{318f}'    // Hangul compatibility Jamo
        | '\u{31f0}'..='\u{31ff}'    // Katakana extensions
        | '\u{3400}'..='\u{4dbf}'    // Han extension A
        | '\u{4e00}'..='\u{9fff}'    // Han
        | '\u{ac00}'..='\u{d7af}'    // Hangul syllables
        | '\u{f900}'..='\u{faff}'    // Han compatibility
        | '\u{ff66}'..='\u{ff9f}'    // half-width Katakana
        | '\u{20000}'..='\u{3ffff}'  // Han extensions B and on
    );
    is_in_block && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let mut words = String::new();
        push_words(&mut words, text);
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_that_spaces_part_are_left_as_they_are() {
        assert_eq!(words("Très bien, 5/5!"), "Très bien, 5/5!");
    }

    #[test]
    fn a_run_without_spaces_becomes_pairs_and_its_last_character() {
        assert_eq!(words("iPhone電池切れ!"), "iPhone 電池 池切 切れ れ !");
        assert_eq!(words("배터리 수명"), "배터 터리 리 수명 명");
        assert_eq!(words("好"), "好");
    }

    #[test]
    fn a_query_is_a_phrase_for_each_word() {
        assert_eq!(expression("late delivery").as_deref(), Some(r#""late" "delivery""#));
        assert_eq!(expression("電池切れ").as_deref(), Some(r#"" 電池 池切 切れ ""#));
        assert_eq!(expression("電").as_deref(), Some(r#""電" *"#));
        assert_eq!(expression("iPhone電池").as_deref(), Some(r#""iPhone" " 電池 ""#));
    }

    #[test]
    fn a_query_cannot_use_the_syntax_of_the_index() {
        assert_eq!(expression(r#"a" OR b* NEAR(c) text:d"#).as_deref(), Some(r#""a " "OR" "b*" "NEAR(c)" "text:d""#));
    }

    #[test]
    fn a_query_without_words_has_no_expression() {
        assert_eq!(expression("  !? \"\" "), None);
    }
}
