//! The plugin `sentiment`: how the customer feels, −1 to 1, and the words that say so.
//!
//! English is scored by VADER (Hutto and Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of
//! Social Media Text", ICWSM 2014). Of a note by a service agent only the quoted words of the customer are scored,
//! where there are any; the note `sentiment_basis` says whose words were.

mod evidence;
mod scale;
mod words;

use sayso_plugin::{Details, Effects, Fault, Item, NoConfig, Plugin, Score};
use vader_sentiment::SentimentIntensityAnalyzer;

use words::Words;

/// The plugin.
pub struct Sentiment {
    vader: SentimentIntensityAnalyzer<'static>,
}

impl Plugin for Sentiment {
    const NAME: &'static str = "sentiment";
    const SUMMARY: &'static str = "Scores how the customer feels, and shows the words that say so.";
    type Config = NoConfig;

    fn config_schema() -> String {
        NoConfig::SCHEMA.into()
    }

    fn new(_config: NoConfig) -> Result<Self, String> {
        let vader = SentimentIntensityAnalyzer::new();
        // The lexicons are read at first use: do that here, with a sentence that reaches all of them.
        vader.polarity_scores("this is NOT the kind of very good thing, but :) 😀");
        Ok(Self { vader })
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let feedback = &item.feedback;
        if feedback.text.trim().is_empty() {
            return Err(Fault::Unsupported("sentiment: no text to score".into()));
        }
        words::check_language(&feedback.language.code, &feedback.text)?;
        let words = Words::of(feedback);
        let scored = scale::Scored::from(&self.vader.polarity_scores(&words.joined()));
        effects.score(
            Score::whole("sentiment", scored.compound)
                .label(scored.label())
                .parts(&[("neg", scored.neg), ("neu", scored.neu), ("pos", scored.pos), ("compound", scored.compound)])
                .evidence(evidence::of(&words)),
        );
        match &feedback.details {
            Details::Review(review) => {
                if let Some(rating) = &review.rating {
                    effects.note("rating_mismatch", scale::is_mismatch(rating.normalised(), scored.compound));
                }
            }
            Details::CsrNote(_) => effects.note("sentiment_basis", words.basis.as_str()),
            _ => {}
        }
        Ok(())
    }
}

sayso_plugin::export!(Sentiment);

#[cfg(test)]
mod tests;
