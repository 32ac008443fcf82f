//! The plugin `tagger`: what feedback is about, and what the customer wants.
//!
//! Topics and intents are found by the terms of a taxonomy, in English, Japanese, Korean and Chinese (`terms/`), which
//! the configuration extends or replaces (`schema.json`); `src/term.rs` says what a term looks like. The rules:
//!
//! - A term in an alphabetic script matches whole words, an English one with its inflections where it asks for them; terms
//!   of other scripts are words or stems, and match anywhere but inside a longer word that `ignore` lists. No dictionary is
//!   needed. The case of the letters a to z does not matter, nor does the width of letters, kana and marks. The terms of a
//!   language apply to feedback in it or in an unknown language; English and configured terms apply to all.
//! - A match inside a longer match of the same class (topic or intent) does not count, nor one inside an `ignore` term.
//! - A term with `+` needs both its sides in one clause, at most 48 bytes apart.
//! - A statement of intent beside a negation ("would never leave you", 「解約しません」) does not count; two negations are
//!   none. Requests and questions count, since they survive it. The mark of a question behind a request counts for nothing.
//! - The title is searched too; its matches count, but have no span, for spans lie in the text.
//! - Confidence is 0.8 where a match is of two words or more (four letters or more in Chinese, Japanese and Korean), else
//!   0.6, and 0.05 more for each further match, up to 0.95.
//! - With a `sentiment` of the whole by an earlier plugin, each topic gets a score `sentiment`: the mean weight of the
//!   evidence in the clauses that mention it, by 4, which is the strongest weight. Phrases that a comma, an "and", a
//!   dash or the like joins are clauses where both have a topic and evidence of their own.
//! - A churn threat gives a score `churn_risk`: 0.6, plus up to 0.2 for tenure (all of it from ten years on), plus up to
//!   0.2 for negative sentiment (its size times 0.2).
//!
//! The built-in terms are compiled into a table at build time, so that a fresh plugin has nothing to build. Time is linear
//! in the length of the text, and effects, spans and evidence are bounded.

mod aspects;
mod clauses;
mod fold;
mod matcher;
mod negation;
mod table;
mod taxonomy;
mod term;
mod trie;

use sayso_plugin::{Effects, Evidence, Fault, Item, Plugin, Reads, Score, Span, Tag};

use matcher::{Hit, Matcher};
use taxonomy::{Class, Config, Taxonomy};

/// The most spans of one tag.
const MOST_SPANS: usize = 32;
/// The most tags of one feedback: more than the built-in taxonomy has.
const MOST_TAGS: usize = 64;
/// Tenure from which on more of it adds nothing to the risk of churn, in days: ten years.
const FULL_TENURE: f64 = 3652.0;

/// The plugin.
pub struct Tagger {
    taxonomy: Taxonomy,
}

impl Plugin for Tagger {
    const NAME: &'static str = "tagger";
    const SUMMARY: &'static str =
        "Tags what feedback is about and what the customer wants, and tells how each topic fares.";
    const READS: Reads = Reads::CUSTOMER.union(Reads::SCORES).union(Reads::EVIDENCE);
    type Config = Config;

    fn config_schema() -> String {
        include_str!("../schema.json").into()
    }

    fn new(config: Config) -> Result<Self, String> {
        Ok(Self { taxonomy: Taxonomy::new(config)? })
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let feedback = &item.feedback;
        let language = feedback.language.code.as_str();
        let mut hits = Vec::with_capacity(16);
        if let Some(title) = &feedback.title {
            Matcher::new(&self.taxonomy, title, language).find(&mut hits);
            hits.iter_mut().for_each(|hit| hit.span = None);
        }
        let mut matcher = Matcher::new(&self.taxonomy, &feedback.text, language);
        matcher.find(&mut hits);
        if hits.is_empty() {
            return Ok(());
        }
        settle(&mut hits);

        let sentiment = item.score("sentiment");
        let evidence: &[Evidence] = sentiment.map_or(&[], |score| &score.evidence);
        let is_topic = |hit: &&Hit| self.taxonomy.labels[usize::from(hit.label)].class == Class::Topic;
        let topics = hits.iter().filter(is_topic).filter_map(|hit| hit.span).collect();
        let clauses = aspects::Clauses::of(&matcher, evidence, topics);
        for hits in hits.chunk_by(|a, b| a.label == b.label).take(MOST_TAGS) {
            let label = &self.taxonomy.labels[usize::from(hits[0].label)];
            effects.tag(tag(label.class, &label.name, hits));
            if label.class == Class::Topic {
                if let Some(score) = clauses.aspect(&label.name, hits) {
                    effects.score(score);
                }
            } else if label.name == "churn_threat" {
                effects.score(Score::whole("churn_risk", churn_risk(item, sentiment)));
            }
        }
        Ok(())
    }
}

/// Sorts by label and place. Of hits of one label that overlap, the first stays, and covers the others.
fn settle(hits: &mut Vec<Hit>) {
    let place = |hit: &Hit| hit.span.map(|span| (span.start, std::cmp::Reverse(span.end)));
    hits.sort_unstable_by_key(|hit| (hit.label, place(hit), !hit.is_strong));
    hits.dedup_by(|hit, before| match (hit.span, &mut before.span) {
        (Some(span), Some(reach)) if hit.label == before.label && span.start < reach.end => {
            reach.end = reach.end.max(span.end);
            before.is_strong |= hit.is_strong;
            true
        }
        _ => false,
    });
}

fn tag(class: Class, name: &str, hits: &[Hit]) -> Tag {
    let spans: Vec<Span> = hits.iter().filter_map(|hit| hit.span).take(MOST_SPANS).collect();
    let confidence = confidence(hits);
    match class {
        Class::Topic => Tag::topic(name, confidence),
        Class::Intent => Tag::intent(name, confidence),
    }
    .spans(spans)
}

fn confidence(hits: &[Hit]) -> f64 {
    let first: u32 = if hits.iter().any(|hit| hit.is_strong) { 80 } else { 60 };
    let further = u32::try_from(hits.len() - 1).unwrap_or(u32::MAX);
    f64::from(first.saturating_add(further.saturating_mul(5)).min(95)) / 100.0
}

fn churn_risk(item: &Item, sentiment: Option<&Score>) -> f64 {
    let customer = item.feedback.customer.as_ref();
    let tenure = customer.and_then(|customer| customer.tenure_days).map_or(0.0, f64::from);
    let anger = sentiment.map_or(0.0, |score| -score.value).clamp(0.0, 1.0);
    let risk = 0.6 + 0.2 * (tenure / FULL_TENURE).min(1.0) + 0.2 * anger;
    (risk * 1e3).round() / 1e3
}

sayso_plugin::export!(Tagger);

#[cfg(test)]
mod labelled;
#[cfg(test)]
mod tests;
