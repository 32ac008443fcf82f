//! From the effects of a whole chain to one analysis.
//!
//! - Scores of the whole or of a topic: the last plugin to give a name has the say, with what it said of it. The one
//!   called `sentiment` also makes `analysis.sentiment`, those of a passage its `sentences`; those of a topic make `analysis.aspects`.
//!   What is not about the whole has what it is about in its name: `effort:checkout`.
//! - Tags of one name and class, and intents of one name, are one: the highest confidence, all spans.
//! - Routes of one name are one: the highest priority. Urgency is the highest of any route's, with all reasons.
//! - Notes go to `other`, but for `sentiment_basis` and `rating_mismatch`, which belong to the sentiment. A review with a
//!   rating, a sentiment and no note `rating_mismatch` has none.

use std::collections::HashSet;

use serde_json::Value;

use super::{bindings::sayso::plugin::types as wit, item::Effect};
use crate::feedback::{
    Analysis, Aspect, Evidence, Intent, Provenance, Redaction, Route, ScoreDetail, Scores, Sentence, Sentiment, Span,
    Tag, UrgencyLevel,
};

/// The score that is the sentiment of an analysis, −1 to 1.
pub(super) const SENTIMENT: &str = "sentiment";

/// What it has beside its parts, which in JSON stand next to it.
pub(super) const SENTIMENT_KEYS: [&str; 6] = ["label", "score", "rating_mismatch", "basis", "evidence", "sentences"];

/// Merges the effects of a chain.
pub(super) fn analysis(
    language: crate::feedback::Language,
    effects: Vec<Effect>,
    redactions: Vec<Redaction>,
    provenance: Vec<Provenance>,
) -> Analysis {
    let mut analysis = Analysis { language: Some(language), redactions, provenance, ..Analysis::default() };
    for effect in effects {
        match effect {
            Effect::Score(score) => add_score(&mut analysis, score),
            Effect::Tag(tag) => add_tag(&mut analysis, tag),
            Effect::Route(route) => add_route(&mut analysis, route),
            Effect::Other(note) if analysis.sentiment.as_mut().is_some_and(|one| annotate(one, &note)) => {}
            Effect::Other(note) => {
                let value = serde_json::from_str(&note.value).unwrap_or(Value::Null);
                analysis.other.insert(note.name, value);
            }
            Effect::Redact(_) => {}
        }
    }
    analysis.routes.sort_by_key(|route| std::cmp::Reverse(route.priority));
    analysis.priority = analysis.routes.first().map_or(0, |route| route.priority);
    analysis
}

/// Takes in a note that belongs to the sentiment; answers whether it does. One of another type is a note as any other.
fn annotate(sentiment: &mut Sentiment, note: &wit::NoteResult) -> bool {
    match note.name.as_str() {
        "rating_mismatch" => serde_json::from_str(&note.value).map(|value| sentiment.rating_mismatch = Some(value)),
        "sentiment_basis" => serde_json::from_str(&note.value).map(|value| sentiment.basis = Some(value)),
        _ => return false,
    }
    .is_ok()
}

fn add_score(analysis: &mut Analysis, score: wit::ScoreResult) {
    match score.scope {
        wit::ScopeResult::Whole if score.name != SENTIMENT => add_other_score(analysis, score.name.clone(), score),
        wit::ScopeResult::Whole => {
            analysis.scores.insert(score.name, score.value);
            analysis.sentiment = Some(Sentiment {
                label: score.label.unwrap_or_default(),
                score: score.value,
                parts: parts(score.parts),
                rating_mismatch: None,
                basis: None,
                evidence: score.evidence.iter().map(evidence).collect(),
                sentences: score.passages.into_iter().map(sentence).collect(),
            });
        }
        wit::ScopeResult::Topic(ref topic) if score.name == SENTIMENT => {
            let aspect = Aspect {
                topic: topic.clone(),
                score: score.value,
                spans: score.evidence.iter().map(|evidence| span(&evidence.span)).collect(),
            };
            match analysis.aspects.iter_mut().find(|known| known.topic == *topic) {
                Some(known) => *known = aspect,
                None => analysis.aspects.push(aspect),
            }
            let name = format!("{SENTIMENT}:{topic}");
            // The passages, which most come with, are in the aspect.
            if score.label.is_some() || !score.parts.is_empty() || !score.passages.is_empty() {
                add_detail(analysis, &name, score);
            } else {
                analysis.score_details.remove(&name);
            }
        }
        wit::ScopeResult::Topic(ref about) | wit::ScopeResult::Other(ref about) => {
            let name = format!("{}:{about}", score.name);
            add_other_score(analysis, name, score);
        }
    }
}

fn add_other_score(analysis: &mut Analysis, name: String, score: wit::ScoreResult) {
    let value = score.value;
    add_detail(analysis, &name, score);
    analysis.scores.insert(name, value);
}

/// Keeps what came with a score.
fn add_detail(analysis: &mut Analysis, name: &str, score: wit::ScoreResult) {
    let detail = ScoreDetail {
        label: score.label,
        parts: parts(score.parts),
        evidence: score.evidence.iter().map(evidence).collect(),
        sentences: score.passages.into_iter().map(sentence).collect(),
    };
    // Of an earlier plugin's score by this name nothing may be left.
    if detail == ScoreDetail::default() {
        analysis.score_details.remove(name);
    } else {
        analysis.score_details.insert(name.to_owned(), detail);
    }
}

fn parts(parts: Vec<wit::PartResult>) -> Scores {
    parts.into_iter().map(|part| (part.name, part.value)).collect()
}

const fn evidence(evidence: &wit::Evidence) -> Evidence {
    Evidence { start: evidence.span.start, end: evidence.span.end, weight: evidence.weight }
}

fn sentence(passage: wit::PassageResult) -> Sentence {
    let wit::PassageResult { span, value, label } = passage;
    Sentence { start: span.start, end: span.end, score: value, label: label.unwrap_or_default() }
}

const fn span(span: &wit::Span) -> Span {
    (span.start, span.end)
}

/// Adds those that are not known. Two plugins may have given thousands each.
fn add_spans(known: &mut Vec<Span>, more: impl Iterator<Item = Span>) {
    let mut seen: HashSet<Span> = known.iter().copied().collect();
    known.extend(more.filter(|span| seen.insert(*span)));
}

fn add_tag(analysis: &mut Analysis, tag: wit::TagResult) {
    let spans = tag.spans.iter().map(span);
    if matches!(tag.class, wit::TagClassResult::Intent) {
        match analysis.intents.iter_mut().find(|known| known.kind == tag.name) {
            Some(known) => {
                known.confidence = known.confidence.max(tag.confidence);
                add_spans(&mut known.spans, spans);
            }
            None => {
                let spans = spans.collect();
                analysis.intents.push(Intent { kind: tag.name, confidence: tag.confidence, spans });
            }
        }
        return;
    }
    let class = if let wit::TagClassResult::Other(class) = tag.class { Some(class) } else { None };
    match analysis.tags.iter_mut().find(|known| known.name == tag.name && known.class == class) {
        Some(known) => {
            known.confidence = known.confidence.max(tag.confidence);
            add_spans(&mut known.spans, spans);
        }
        None => {
            let spans = spans.collect();
            analysis.tags.push(Tag { name: tag.name, class, confidence: tag.confidence, spans });
        }
    }
}

fn add_route(analysis: &mut Analysis, route: wit::RouteResult) {
    let level = match route.urgency {
        wit::UrgencyResult::Low => UrgencyLevel::Low,
        wit::UrgencyResult::Normal | wit::UrgencyResult::Other(_) => UrgencyLevel::Normal,
        wit::UrgencyResult::High => UrgencyLevel::High,
        wit::UrgencyResult::Critical => UrgencyLevel::Critical,
    };
    let is_first = analysis.routes.is_empty();
    analysis.urgency.level = if is_first { level } else { analysis.urgency.level.max(level) };
    for reason in route.reasons {
        if !analysis.urgency.reasons.contains(&reason) {
            analysis.urgency.reasons.push(reason);
        }
    }
    match analysis.routes.iter_mut().find(|known| known.name == route.name) {
        Some(known) if known.priority < route.priority => {
            known.priority = route.priority;
            known.rule = route.rule;
        }
        Some(_) => {}
        None => analysis.routes.push(Route { name: route.name, rule: route.rule, priority: route.priority }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(name: &str, value: f64, label: Option<&str>) -> wit::ScoreResult {
        wit::ScoreResult {
            name: name.into(),
            value,
            scope: wit::ScopeResult::Whole,
            label: label.map(Into::into),
            parts: Vec::new(),
            evidence: Vec::new(),
            passages: Vec::new(),
        }
    }

    fn merged(scores: Vec<wit::ScoreResult>) -> Analysis {
        let language = crate::feedback::Language { code: "en".into(), confidence: 1.0 };
        analysis(language, scores.into_iter().map(Effect::Score).collect(), Vec::new(), Vec::new())
    }

    #[test]
    fn a_score_of_a_plugins_own_keeps_what_it_came_with() {
        let spoken_of = wit::Evidence { span: wit::Span { start: 2, end: 5 }, weight: 0.5 };
        let of_whole = wit::ScoreResult { evidence: vec![spoken_of], ..score("churn_risk", 0.9, Some("high")) };
        let scope = wit::ScopeResult::Topic("price".into());
        let of_topic = wit::ScoreResult {
            scope,
            parts: vec![wit::PartResult { name: "p".into(), value: 0.1 }],
            ..score("churn_risk", 0.4, None)
        };
        let of_its_own =
            wit::ScoreResult { scope: wit::ScopeResult::Other("checkout".into()), ..score("effort", 4.0, None) };
        let analysis = merged(vec![of_whole, of_topic, score("effort", 3.0, None), of_its_own]);
        let details = serde_json::to_value(&analysis.score_details).expect("is JSON");
        let expected = serde_json::json!({
            "churn_risk": { "label": "high", "evidence": [{ "start": 2, "end": 5, "weight": 0.5 }] },
            "churn_risk:price": { "parts": { "p": 0.1 } },
        });
        assert_eq!(details, expected);
        let names: Vec<_> = analysis.scores.keys().collect();
        assert_eq!(names, ["churn_risk", "churn_risk:price", "effort", "effort:checkout"]);
    }

    #[test]
    fn of_the_sentiment_of_one_topic_the_last_has_the_say_and_tags_have_each_passage_once() {
        let of = |value, label| wit::ScoreResult {
            scope: wit::ScopeResult::Topic("price".into()),
            ..score(SENTIMENT, value, label)
        };
        let analysis = merged(vec![of(0.5, Some("good")), of(-0.5, None)]);
        assert_eq!(analysis.aspects.iter().map(|aspect| aspect.score).collect::<Vec<_>>(), [-0.5]);
        assert!(analysis.score_details.is_empty(), "of the earlier one nothing is left");
        let mut spans = vec![(0, 4)];
        add_spans(&mut spans, [(0, 4), (5, 6), (5, 6)].into_iter());
        assert_eq!(spans, [(0, 4), (5, 6)]);
    }

    #[test]
    fn a_note_of_a_name_of_the_sentiment_and_another_type_is_kept() {
        let language = crate::feedback::Language { code: "en".into(), confidence: 1.0 };
        let note = |name: &str, value: &str| Effect::Other(wit::NoteResult { name: name.into(), value: value.into() });
        let effects = vec![
            Effect::Score(score(SENTIMENT, 0.5, None)),
            note("rating_mismatch", "\"yes\""),
            note("sentiment_basis", "\"agent\""),
            note("sentiment_basis", "12"),
        ];
        let analysis = analysis(language, effects, Vec::new(), Vec::new());
        let sentiment = analysis.sentiment.expect("is there");
        assert_eq!((sentiment.rating_mismatch, sentiment.basis.as_deref()), (None, Some("agent")));
        assert_eq!(
            serde_json::to_value(&analysis.other).expect("is JSON"),
            serde_json::json!({"rating_mismatch": "yes", "sentiment_basis": 12})
        );
    }

    #[test]
    fn what_is_said_of_the_sentiment_of_a_topic_stays_beside_its_aspect() {
        let of = |topic: &str, label| wit::ScoreResult {
            scope: wit::ScopeResult::Topic(topic.into()),
            evidence: vec![wit::Evidence { span: wit::Span { start: 1, end: 4 }, weight: -0.5 }],
            ..score(SENTIMENT, -0.5, label)
        };
        let analysis = merged(vec![of("price", Some("negative")), of("staff", None)]);
        let details = serde_json::to_value(&analysis.score_details).expect("is JSON");
        let evidence = serde_json::json!([{ "start": 1, "end": 4, "weight": -0.5 }]);
        assert_eq!(details, serde_json::json!({"sentiment:price": {"label": "negative", "evidence": evidence}}));
        let topics: Vec<_> = analysis.aspects.iter().map(|aspect| aspect.topic.as_str()).collect();
        assert_eq!((topics, analysis.scores.len()), (vec!["price", "staff"], 0));
    }

    #[test]
    fn a_tag_that_is_no_topic_keeps_its_class_and_is_not_one_with_a_topic() {
        let tag = |class: wit::TagClassResult, confidence| {
            Effect::Tag(wit::TagResult { name: "anger".into(), class, confidence, spans: Vec::new() })
        };
        let emotion = || wit::TagClassResult::Other("emotion".into());
        let effects = vec![tag(wit::TagClassResult::Topic, 0.5), tag(emotion(), 0.6), tag(emotion(), 0.9)];
        let language = crate::feedback::Language { code: "en".into(), confidence: 1.0 };
        let analysis = analysis(language, effects, Vec::new(), Vec::new());
        let tags = serde_json::to_value(&analysis.tags).expect("is JSON");
        let expected = serde_json::json!([
            {"name": "anger", "confidence": 0.5, "spans": []},
            {"name": "anger", "class": "emotion", "confidence": 0.9, "spans": []},
        ]);
        assert_eq!(tags, expected);
    }

    #[test]
    fn what_an_earlier_plugin_said_of_a_score_goes_with_its_value() {
        let analysis = merged(vec![score("effort", 3.0, Some("hard")), score("effort", 1.0, None)]);
        assert!(analysis.score_details.is_empty());
        assert_eq!(analysis.scores.get("effort").copied(), Some(1.0));
    }
}
