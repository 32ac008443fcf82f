//! The tokens are those of IPADIC, so that these tests need no dictionary; the host's tests have the real thing.

use super::*;

/// Labelled reviews: `p`, `n` or `z` for neutral; the text; its tokens, each with its part of speech. They were written
/// for this project, by the author of the lexicon, before it: of such sentences it is likely to know more than of others.
const TUNING: &str = include_str!("reviews/tuning.tsv");
/// Reviews that no rule and no word was chosen by.
const HELD_OUT: &str = include_str!("reviews/held_out.tsv");

/// Finds tokens written as `word/part` in a text.
fn tokens(text: &str, written: &str) -> Vec<Token> {
    let mut at = 0;
    let place = |token: &str| {
        let (word, part) = token.rsplit_once('/').unwrap();
        let start = at + text[at..].find(word).unwrap_or_else(|| panic!("{word} is not in {text}"));
        at = start + word.len();
        Token { start, end: at, part: part.parse().unwrap() }
    };
    written.split(' ').filter(|token| !token.is_empty()).map(place).collect()
}

fn reading(text: &str, written: &str) -> Reading {
    let folded = Folded::of(text);
    let tokens = tokens(&folded.text, written);
    read_tokens(&folded, &tokens)
}

/// How well a set is read.
#[derive(Debug, Default)]
struct Tally {
    /// Reviews of either polarity, those with a word of the lexicon that weighs something, and those read right.
    polar: usize,
    covered: usize,
    right: usize,
    /// Of all three labels.
    all: usize,
    all_right: usize,
}

fn tally(reviews: &str) -> Tally {
    let mut tally = Tally::default();
    for line in reviews.lines() {
        let [label, text, written] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let reading = reading(text, written);
        let read = match reading.scored.compound {
            compound if compound >= 0.05 => "p",
            compound if compound <= -0.05 => "n",
            _ => "z",
        };
        if read != label {
            let words: Vec<_> = reading.weights.iter().map(|one| (&text[one.span.clone()], one.value)).collect();
            println!("{label} read as {read}: {text} {words:?}");
        }
        tally.all += 1;
        tally.all_right += usize::from(read == label);
        if label != "z" {
            tally.polar += 1;
            tally.covered += usize::from(!reading.weights.is_empty());
            tally.right += usize::from(read == label);
        }
    }
    println!("{tally:?}");
    tally
}

#[test]
fn tuned() {
    assert!(tally(TUNING).right >= 1);
}
