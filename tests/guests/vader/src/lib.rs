//! Scores English by the crate `vader_sentiment` as it is: the measure that `make bench` holds the sandbox to.

use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Reads, Score};
use vader_sentiment::SentimentIntensityAnalyzer;

/// The plugin.
pub struct Vader(SentimentIntensityAnalyzer<'static>);

impl Plugin for Vader {
    const NAME: &'static str = "vader";
    const SUMMARY: &'static str = "Scores English by the crate vader_sentiment.";
    const READS: Reads = Reads::empty();
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self, String> {
        Ok(Self(SentimentIntensityAnalyzer::new()))
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let scores = self.0.polarity_scores(&item.feedback.text);
        let part = |name| scores.get(name).copied().unwrap_or_default();
        let parts = ["neg", "neu", "pos", "compound"].map(|name| (name, part(name)));
        let compound = part("compound");
        let label = if compound >= 0.05 {
            "positive"
        } else if compound <= -0.05 {
            "negative"
        } else {
            "neutral"
        };
        effects.score(Score::whole("sentiment", compound).label(label).parts(&parts));
        Ok(())
    }
}

sayso_plugin::export!(Vader);
