//! Finds warranty claims: a word for the warranty, and one for a defect, not far from each other. In an agent's note only
//! the customer's own words count. A claim gets the intent `warranty_claim`, and the route that is configured.

use sayso_plugin::{Effects, Fault, Item, Plugin, Reads, Route, Span, Tag, find};

/// What an operator can set.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Words for the warranty, whatever their case.
    terms: Vec<String>,
    /// Words for a defect, whatever their case.
    defects: Vec<String>,
    /// The most bytes between a term and a defect of one claim.
    window: u32,
    /// Where claims go; nowhere in particular if absent.
    route: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            terms: list(&["warranty", "guarantee", "保証", "보증", "保修"]),
            defects: list(&["broke", "broken", "defective", "faulty", "stopped working", "壊れ", "고장", "坏了"]),
            window: 120,
            route: None,
        }
    }
}

/// The plugin.
#[derive(Debug)]
pub struct Warranty(Config);

impl Plugin for Warranty {
    const NAME: &'static str = "warranty";
    const SUMMARY: &'static str = "Finds warranty claims: a word for the warranty near one for a defect.";
    const READS: Reads = Reads::empty();
    type Config = Config;

    fn new(config: Config) -> Result<Self, String> {
        for (key, words) in [("terms", &config.terms), ("defects", &config.defects)] {
            if words.is_empty() || words.iter().any(|word| word.trim().is_empty()) {
                return Err(format!("`{key}` is empty, or has an empty word; without words there is nothing to find"));
            }
        }
        Ok(Self(config))
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let terms = places(&self.0.terms, item);
        let defects = places(&self.0.defects, item);
        let claim = terms.iter().find_map(|term| {
            let defect = defects.iter().min_by_key(|defect| distance(term, defect))?;
            (distance(term, defect) <= self.0.window).then(|| vec![*term, *defect])
        });
        if let Some(spans) = claim {
            effects.tag(Tag::intent("warranty_claim", 1.0).spans(spans));
            if let Some(route) = &self.0.route {
                effects.route(Route::to(route, "warranty_claim").priority(70).reason("a claim under warranty"));
            }
        }
        Ok(())
    }
}

/// Where the words stand in what the customer said.
fn places(words: &[String], item: &Item) -> Vec<Span> {
    let feedback = &item.feedback;
    let is_customers = |span: &Span| {
        feedback
            .customer_words
            .as_ref()
            .is_none_or(|own| own.iter().any(|own| own.start <= span.start && span.end <= own.end))
    };
    words.iter().flat_map(|word| find(&feedback.text, word)).filter(is_customers).collect()
}

/// The bytes between two places.
fn distance(a: &Span, b: &Span) -> u32 {
    b.start.saturating_sub(a.end).max(a.start.saturating_sub(b.end))
}

sayso_plugin::export!(Warranty);

#[cfg(test)]
mod tests {
    use super::*;
    use sayso_plugin::testing;

    fn tags(config: &str, item: &Item) -> Vec<String> {
        let effects = testing::effects_of::<Warranty>(config, item).unwrap();
        testing::tags(&effects).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_term_near_a_defect_is_a_claim() {
        let item = Item::of_text("en", "It broke within a week. Is that under warranty?");
        assert_eq!(tags("{}", &item), ["warranty_claim"]);
        assert_eq!(tags(r#"{"window": 5}"#, &item), [""; 0]);
    }

    #[test]
    fn an_agents_own_words_are_no_claim() {
        let text = "Explained the warranty. Device is broken.";
        assert_eq!(tags("{}", &Item::of_note("en", text, &[])), [""; 0]);
    }

    #[test]
    fn an_empty_list_is_refused_by_its_key() {
        let error = sayso_plugin::configure::<Warranty>(r#"{"terms": []}"#).unwrap_err();
        assert!(error.starts_with("`terms`"), "{error}");
    }
}
