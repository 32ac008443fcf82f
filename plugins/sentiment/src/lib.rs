//! The plugin `sentiment`: how the customer feels, −1 to 1, and the words that say so.
//!
//! The score of the whole has a label, VADER's shares, and as evidence the words with what each of them weighs. Where
//! there is more than one sentence, each of the first 32 gets a score of its own, read for itself. English is scored by
//! [`vader`], Korean and Chinese by [`learned`], Japanese by `japanese`; these three need the grant `text` and the
//! dictionary of the language. The part `coverage` of a Japanese score says how many of the words its lexicon knows, and 0
//! that the score says nothing. An answer that there is nothing to say, such as "No comment" or 「特になし」, scores 0. Of a
//! note by a service agent only the quoted words of the customer are scored, where there are any; the note
//! `sentiment_basis` says whose words were.

mod evidence;
mod japanese;
pub mod learned;
mod scale;
mod scorer;
mod sentences;
pub mod vader;
mod words;

use std::ops::Range;

use sayso_plugin::{Effects, Fault, Item, Kind, Passage, Plugin, Reads, Score, Span};
use schemars::JsonSchema;
use serde::Deserialize;

pub use scale::Scored;
use scorer::Scorer;
use vader::Apostrophes;
use words::Words;

const NAME: &str = "sentiment";
/// The most sentences of one feedback that get a score of their own.
const MOST_SENTENCES: usize = 32;

/// The configuration.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// English: whether "isn’t", with the apostrophe that telephones write, negates as "isn't" does. VADER's reference
    /// reads over it, so the numbers of texts with it are no longer the reference's.
    typographic_apostrophes: bool,
}

/// The plugin.
pub struct Sentiment {
    apostrophes: Apostrophes,
}

impl Plugin for Sentiment {
    const NAME: &'static str = NAME;
    const SUMMARY: &'static str = "Scores how the customer feels, and shows the words that say so.";
    const READS: Reads = Reads::empty();
    type Config = Config;

    fn new(config: Config) -> Result<Self, String> {
        let apostrophes = match config.typographic_apostrophes {
            true => Apostrophes::Typographic,
            false => Apostrophes::Reference,
        };
        Ok(Self { apostrophes })
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let feedback = &item.feedback;
        if feedback.text.trim().is_empty() {
            return Err(Fault::Unsupported("sentiment: no text to score".into()));
        }
        let scorer = Scorer::for_language(&feedback.language.code, &feedback.text, self.apostrophes)?;
        let words = Words::of(feedback);
        let joined = words.joined();
        let tokens = scorer.tokens(&joined);
        let reading = scorer.read(&joined, &tokens, 0..joined.len());
        let scored = reading.scored;
        let mut parts =
            vec![("neg", scored.neg), ("neu", scored.neu), ("pos", scored.pos), ("compound", scored.compound)];
        parts.extend(reading.coverage.map(|coverage| ("coverage", coverage)));
        let read = |passage| scorer.read(&joined, &tokens, passage).scored;
        effects.score(
            Score::whole(NAME, scored.compound)
                .label(scored.label())
                .parts(&parts)
                .evidence(evidence::of(&reading.weights, &words))
                .passages(sentences(read, &words)),
        );
        match (&feedback.kind, &feedback.rating) {
            (Kind::Review, Some(rating)) if scale::is_mismatch(rating.normalised(), scored.compound) => {
                effects.note("rating_mismatch", true);
            }
            (Kind::CsrNote, _) => effects.note("sentiment_basis", words.basis.as_str()),
            _ => {}
        }
        Ok(())
    }
}

/// The sentences with their scores, where there is more than one; `read` scores a passage of the joined words.
fn sentences(read: impl Fn(Range<usize>) -> Scored, words: &Words<'_>) -> Vec<Passage> {
    let mut sentences = words.sentences().take(MOST_SENTENCES).peekable();
    let Some(first) = sentences.next().filter(|_| sentences.peek().is_some()) else { return Vec::new() };
    let passage = |sentence: Range<usize>| {
        let scored = read(sentence.clone());
        let label = Some(scored.label().into());
        Passage { span: words.in_text(&Span::of(sentence)), value: scored.compound, label }
    };
    std::iter::once(first).chain(sentences).map(passage).collect()
}

sayso_plugin::export!(Sentiment);

#[cfg(test)]
mod tests;
