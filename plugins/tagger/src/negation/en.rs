//! English: a negation among the few words before the statement, in its clause.

/// How many words before a statement are looked at; `any` and its like do not count.
const REACH: usize = 4;
const NEGATORS: &[&str] = &[
    "not", "never", "no", "without", "cannot", "hardly", "barely", "nor", "neither", "nobody", "zero", "dont", "wont",
    "cant", "wouldnt", "isnt", "nothing",
];
/// Words that end a clause without a mark.
const ENDS: &[&str] = &["but", "so", "and", "therefore", "then", "because", "until", "if", "when"];
/// Behind a negator, words that take its force away: `not only`, `no doubt`, `no matter`.
const FORCELESS: &[&str] = &["only", "just", "doubt", "wonder", "matter", "wait", "hesitate"];

/// Whether a negation precedes. Two of them undo each other.
pub(super) fn precedes(before: &str) -> bool {
    let mut following = "";
    let mut is_negated = false;
    for word in before.split_ascii_whitespace().rev().take(REACH) {
        if word.ends_with(['.', ',', ';', ':', '!', '?', ')']) {
            break;
        }
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        if is_any(word, ENDS) {
            break;
        }
        if is_negator(word) && !is_any(following, FORCELESS) {
            is_negated = !is_negated;
        }
        following = word;
    }
    is_negated
}

fn is_negator(word: &str) -> bool {
    let ends_in_nt = word.len() >= 3 && word.as_bytes()[word.len() - 3..].eq_ignore_ascii_case(b"n't");
    ends_in_nt || is_any(word, NEGATORS)
}

fn is_any(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_negated;

    #[test]
    fn a_negation_in_the_clause_counts() {
        for text in [
            "I will not [cancel]",
            "I would never [leave you]",
            "we WON'T [cancel]",
            "I do not want to [cancel]",
            "there is no reason to [cancel]",
            "I don't have any [complaints]",
            "this isn't a [great] phone",
            "I would no longer [recommend] this",
        ] {
            assert!(is_negated(text, false), "{text}");
        }
    }

    #[test]
    fn a_negation_beyond_the_clause_or_a_few_words_does_not() {
        for text in [
            "I do not like it, [cancel]",
            "Not happy, so I [cancel]",
            "it is not good but I [cancel]",
            "never had trouble until today I [cancel]",
            "[cancel]",
        ] {
            assert!(!is_negated(text, false), "{text}");
        }
    }

    #[test]
    fn two_negations_are_none_and_not_only_is_none() {
        for text in ["I can't not [recommend] it", "not only [great]", "no doubt the [best]"] {
            assert!(!is_negated(text, false), "{text}");
        }
    }
}
