//! The words that a score rests on.

use std::collections::HashMap;

use sayso_plugin::{Evidence, Span};
use unicase::UniCase;
use vader_sentiment::{EMOJI_LEXICON, LEXICON};

use crate::words::Words;

/// The most passages of evidence for one feedback; of more, the heaviest.
const MOST: usize = 128;
/// VADER's factor for a word after a negation.
const NEGATED: f64 = -0.74;
/// How far before a word VADER looks for a negation, in words.
const REACH: usize = 3;
/// What VADER strips from both ends of a word.
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
/// Words that turn what follows into its opposite; those in `n't` are told by their end.
const NEGATIONS: [&str; 22] = [
    "aint", "cannot", "cant", "couldnt", "didnt", "doesnt", "dont", "hasnt", "havent", "isnt", "neither", "never",
    "none", "nor", "not", "nothing", "nowhere", "rarely", "seldom", "wasnt", "without", "wont",
];

type Lexicon<'a> = HashMap<UniCase<&'a str>, f64>;

/// The words of VADER's lexicon, each with its valence (about −4 to 4) as weight; after a negation times −0.74, as VADER
/// does. Emoji count with the words that describe them.
pub(crate) fn of(words: &Words) -> Vec<Evidence> {
    let mut found = Vec::new();
    for &(offset, passage) in &words.passages {
        of_passage(passage, offset, &mut found);
    }
    if found.len() > MOST {
        found.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        found.truncate(MOST);
        found.sort_by_key(|evidence| evidence.span.start);
    }
    found
}

fn of_passage(passage: &str, offset: usize, found: &mut Vec<Evidence>) {
    let lexicon: &Lexicon = &LEXICON;
    let mut since_negation = REACH;
    for token in passage.split_whitespace() {
        let start = offset + (token.as_ptr().addr() - passage.as_ptr().addr());
        let stripped = token.trim_matches(|c| PUNCTUATION.contains(c));
        let (word, at) = if stripped.len() > 1 {
            (stripped, start + (stripped.as_ptr().addr() - token.as_ptr().addr()))
        } else {
            (token, start)
        };
        if word.len() > 1
            && let Some(valence) = lexicon.get(&UniCase::new(word))
        {
            let weight = if since_negation < REACH { valence * NEGATED } else { *valence };
            found.push(Evidence { span: Span::of(at..at + word.len()), weight });
        }
        if !token.is_ascii() {
            emoji(token, start, found);
        }
        since_negation = if is_negation(word) { 0 } else { since_negation.saturating_add(1) };
    }
}

fn is_negation(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.last_chunk::<3>().is_some_and(|end| end.eq_ignore_ascii_case(b"n't"))
        || (bytes.len() <= 8
            && matches!(bytes.first(), Some(first) if b"acdhinrsw".contains(&first.to_ascii_lowercase()))
            && NEGATIONS.iter().any(|negation| word.eq_ignore_ascii_case(negation)))
}

fn emoji(token: &str, start: usize, found: &mut Vec<Evidence>) {
    let lexicon: &Lexicon = &LEXICON;
    for (at, c) in token.char_indices().filter(|(_, c)| !c.is_ascii()) {
        let end = at + c.len_utf8();
        let Some(description) = EMOJI_LEXICON.get(&token[at..end]) else { continue };
        let weight: f64 = description.split(' ').filter_map(|word| lexicon.get(&UniCase::new(word))).sum();
        if weight != 0.0 {
            found.push(Evidence { span: Span::of(start + at..start + end), weight });
        }
    }
}
