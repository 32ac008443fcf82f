//! Words of texts and queries, in the form that the index takes.
//!
//! The index parts words at everything that is neither letter nor digit, and knows no dictionary, so that a Chinese
//! sentence is one word to it. So every run of Han, Hiragana, Katakana or Hangul is given to it as the pairs of its
//! characters that follow each other, and its last character: `電池切れ` becomes `電池 池切 切れ れ`. Two or more
//! characters are found as the phrase of their pairs, one as the beginning of a pair. Scripts of South-East Asia that
//! leave no spaces between words are cut likewise.
//!
//! Text and query are brought into one form before (NFKC, UAX #15), so that it does not matter whether a letter came in
//! parts, in full or in half width. Of what is left, letters are taken apart, and the index drops the accents: `Ё` is
//! found by `е`, `ή` by `η`.

use std::borrow::Cow;

use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer, DecomposingNormalizerBorrowed,
};

use crate::feedback::Feedback;

/// How the index parts words. What depends on it is the table `words`.
pub(super) const TOKENIZE: &str = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'";

const NFKC: ComposingNormalizerBorrowed<'_> = ComposingNormalizer::new_nfkc();
const NFD: DecomposingNormalizerBorrowed<'_> = DecomposingNormalizer::new_nfd();

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
    for word in NFKC.normalize(query).split_whitespace() {
        for run in runs(word).filter(|run| run.text.contains(char::is_alphanumeric)) {
            if !expression.is_empty() {
                expression.push(' ');
            }
            expression.push('"');
            let is_one = run.is_unspaced && run.text.chars().nth(1).is_none();
            match run.is_unspaced && !is_one {
                true => push_pairs(&mut expression, run.text, false),
                // A quotation mark parts words just as a space does.
                false => expression.extend(bare(run.text).chars().map(|c| if c == '"' || c == '\0' { ' ' } else { c })),
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
    for run in runs(&NFKC.normalize(text)) {
        match run.is_unspaced {
            true => push_pairs(words, run.text, true),
            false => words.push_str(&bare(run.text)),
        }
    }
}

/// Letters apart from their accents, which the index drops, and without what it would take for letters or for the end of a
/// word: vowel points, which few people write, and hyphens that nobody sees.
fn bare(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut text = NFD.normalize(text).into_owned();
    text.retain(|c| !is_dropped(c));
    Cow::Owned(text)
}

const fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{ad}'                                   // soft hyphen
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}' // Hebrew
        | '\u{640}'                                // Arabic, stretched
        | '\u{64b}'..='\u{65f}' | '\u{670}'        // Arabic
        | '\u{2060}' | '\u{feff}'                  // no break
    )
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

/// Whether a letter, or a mark on it, is of a script whose words are not parted by spaces, or (Hangul) carry endings.
fn is_unspaced(c: char) -> bool {
    if matches!(c, '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{eb1}' | '\u{eb4}'..='\u{ecd}') {
        return true; // marks of Thai and Lao, some of which are no letters to Unicode
    }
    let is_in_block = matches!(c,
        '\u{e01}'..='\u{edf}'        // Thai, Lao
        | '\u{1000}'..='\u{109f}'    // Myanmar
        | '\u{1780}'..='\u{17d3}'    // Khmer
        | '\u{1100}'..='\u{11ff}'    // Hangul Jamo
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
    fn words_that_spaces_part_stay_parted() {
        assert_eq!(words("Very good, 5/5!"), "Very good, 5/5!");
        assert_eq!(words("Très bien, 5/5!"), "Tre\u{300}s bien, 5/5!");
    }

    #[test]
    fn a_run_without_spaces_becomes_pairs_and_its_last_character() {
        assert_eq!(words("iPhone電池切れ!"), "iPhone 電池 池切 切れ れ !");
        assert_eq!(words("배터리 수명"), "배터 터리 리 수명 명");
        assert_eq!(words("好"), "好");
    }

    #[test]
    fn forms_of_one_word_are_one() {
        for (one, other) in [
            ("배터리", "\u{1107}\u{1162}\u{1110}\u{1165}\u{1105}\u{1175}"),
            ("バッテリー", "ﾊﾞｯﾃﾘｰ"),
            ("ＩＰＨＯＮＥ１５", "IPHONE15"),
            ("café", "cafe\u{301}"),
            ("مُحَمَّد", "محمد"),
            ("bat\u{ad}tery", "battery"),
        ] {
            assert_eq!(words(one), words(other));
            assert_eq!(expression(one), expression(other));
        }
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
