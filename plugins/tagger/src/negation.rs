//! English negations.

/// How many words before a statement are looked at.
const REACH: usize = 3;
const NEGATORS: [&str; 12] =
    ["not", "never", "no", "without", "cannot", "hardly", "nor", "neither", "nobody", "dont", "wont", "wouldnt"];

/// Whether a negation precedes the passage that begins at `start`, among the three words before it in its clause. `not
/// only` is none.
pub(crate) fn precedes(text: &str, start: usize) -> bool {
    let mut following = "";
    for word in text[..start].split_ascii_whitespace().rev().take(REACH) {
        if word.ends_with(['.', ',', ';', ':', '!', '?', ')']) {
            return false;
        }
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        if ["but", "so", "and", "therefore", "then"].iter().any(|end| word.eq_ignore_ascii_case(end)) {
            return false;
        }
        if is_negator(word) {
            return !following.eq_ignore_ascii_case("only");
        }
        following = word;
    }
    false
}

fn is_negator(word: &str) -> bool {
    let lower = |end: &str| word.len() >= end.len() && word.is_char_boundary(word.len() - end.len());
    let ends_with = |end: &str| lower(end) && word[word.len() - end.len()..].eq_ignore_ascii_case(end);
    ends_with("n't") || ends_with("n’t") || NEGATORS.iter().any(|negator| word.eq_ignore_ascii_case(negator))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn precedes_end(before: &str) -> bool {
        precedes(&format!("{before} cancel"), before.len() + 1)
    }

    #[test]
    fn a_negation_in_the_clause_counts() {
        for before in
            ["I will not", "I would never", "we won't", "We WON’T", "I do not want to", "there is no reason to"]
        {
            assert!(precedes_end(before), "{before}");
        }
    }

    #[test]
    fn a_negation_beyond_the_clause_or_three_words_does_not() {
        for before in
            ["I do not like it,", "Not happy, so I", "it is not good but I", "never had trouble until today I"]
        {
            assert!(!precedes_end(before), "{before}");
        }
    }

    #[test]
    fn not_only_negates_nothing() {
        assert!(!precedes_end("I will not only"));
    }

    #[test]
    fn nothing_before_is_no_negation() {
        assert!(!precedes("cancel", 0));
    }
}
