//! Weights across clauses: behind a "but" stands what matters, and what is asked is not said.

use super::{
    follow::is_predicate,
    tokens::{Gap, Token, part},
    weigh::Hit,
};

/// What is left of the weights before a "but"…
const BEFORE: f64 = 0.6;
/// …and what becomes of those behind it.
const BEHIND: f64 = 1.4;
/// What a question leaves of praise.
const ASKED: f64 = 0.3;

/// A sentence, with the one before it where it begins with a "but".
#[derive(Default)]
struct Sentence {
    /// The first of its hits.
    first: usize,
    /// The first of its hits behind the last "but".
    behind: Option<usize>,
}

/// Shifts the weights of the hits.
pub(super) fn shift(text: &str, tokens: &[Token], gaps: &[Gap], hits: &mut [Hit]) {
    let (mut sentence, mut next) = (Sentence::default(), 0);
    let mut is_start = true;
    let mut of_question = 0;
    for at in 0..tokens.len() {
        let is_but = is_but(text, tokens, at, is_start);
        if is_start && !is_but {
            sentence.weigh(&mut hits[..next]);
            sentence = Sentence { first: next, behind: None };
        }
        if is_but && next > sentence.first {
            sentence.weigh(&mut hits[..next]);
            sentence.behind = Some(next);
        }
        while hits.get(next).is_some_and(|hit| hit.tokens.start <= at) {
            next += 1;
        }
        is_start = gaps[at] >= Gap::Stop;
        if is_start || at + 1 == tokens.len() {
            let word = &text[tokens[at].start..tokens[at].end];
            if gaps[at] == Gap::Question || (word == "か" && tokens[at].part == part::PARTICLE) {
                hits[of_question..next].iter_mut().filter(|hit| hit.value > 0.0).for_each(|hit| hit.value *= ASKED);
            }
            of_question = next;
        }
    }
    sentence.weigh(hits);
}

impl Sentence {
    /// Weighs the hits before and behind the last "but", once there are some behind it.
    fn weigh(&mut self, hits: &mut [Hit]) {
        let Some(behind) = self.behind.take_if(|behind| hits[*behind..].iter().any(|hit| hit.value != 0.0)) else {
            return;
        };
        hits[self.first..behind].iter_mut().for_each(|hit| hit.value *= BEFORE);
        hits[behind..].iter_mut().for_each(|hit| hit.value *= BEHIND);
        // A further "but" finds these weighed already, and weighs all of them as what is before it.
        self.first = behind;
    }
}

fn is_but(text: &str, tokens: &[Token], at: usize, is_start: bool) -> bool {
    let token = tokens[at];
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    match &text[token.start..token.end] {
        "しかし"
        | "だが"
        | "ですが"
        | "ただし"
        | "とはいえ"
        | "ところが"
        | "だけど"
        | "けれども"
        | "けれど"
        | "けど"
        | "ものの"
        | "にもかかわらず"
        | "しかしながら"
        | "けども" => true,
        "でも" | "ただ" => is_start || token.part == part::CONJUNCTION,
        "が" => token.part == part::PARTICLE && before.is_some_and(|before| is_after_predicate(text, before)),
        "のに" => token.part == part::PARTICLE && before.is_some_and(|before| before.part == part::AUXILIARY),
        _ => false,
    }
}

fn is_after_predicate(text: &str, before: &Token) -> bool {
    is_predicate(before) || (before.part == part::ADJECTIVE && text[before.start..before.end].ends_with('い'))
}
