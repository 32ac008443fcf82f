//! Effects and faults in JSON: what golden cases of plugins hold, and what a trial of a plugin prints. A passage is
//! written with its words, so that people can read it; reading it back, the offsets alone count.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{bindings::sayso::plugin::types as wit, chain::Failure, item, texts, work::cut};
use crate::feedback::Feedback;

/// What a plugin says of one feedback.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Its effects, in the order that it gave them.
    Effects(Vec<Effect>),
    /// Why there are none.
    Fault(Fault),
}

/// Why a plugin has no effects for a feedback.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It does not handle this kind or language of feedback.
    Unsupported(String),
    /// It failed, trapped, broke a limit or answered what it must not.
    Failed(String),
}

/// An effect.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A number.
    Score(Score),
    /// A name.
    Tag(Tag),
    /// A destination class.
    Route(Route),
    /// A passage that nobody may see from here on.
    Redaction(Redaction),
    /// A finding of another form.
    Note(Note),
}

/// A number for the feedback or for a topic in it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Its name, for example `sentiment`.
    pub name: String,
    /// The number.
    pub value: f64,
    /// The topic that it is about; the feedback as a whole if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// What else it is about, by a word that this version does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// A class for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Named shares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The passages that decided it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The same number for single passages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passages: Vec<Passage>,
}

/// A named share of a score.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// The number.
    pub value: f64,
}

/// A passage that decided a score.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Where it stands.
    pub span: Span,
    /// How much it weighed.
    pub weight: f64,
}

/// The same number for one passage.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passage {
    /// Where it stands.
    pub span: Span,
    /// The number.
    pub value: f64,
    /// A class for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Bytes of a text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
    /// What stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// A name that the plugin puts on the feedback.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The name.
    pub name: String,
    /// `topic`, `intent`, or a word that this version does not know; `topic` if absent.
    #[serde(default = "topic")]
    pub class: String,
    /// 0 to 1; 1 if absent.
    #[serde(default = "certain")]
    pub confidence: f64,
    /// The passages that decided it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

fn topic() -> String {
    "topic".into()
}

const fn certain() -> f64 {
    1.0
}

fn normal() -> String {
    "normal".into()
}

/// A destination class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The name.
    pub name: String,
    /// The rule that decided.
    pub rule: String,
    /// 0 to 100.
    pub priority: u8,
    /// `low`, `normal`, `high`, `critical`, or a word that this version does not know; `normal` if absent.
    #[serde(default = "normal")]
    pub urgency: String,
    /// Why, for people to read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// A passage that nobody may see from here on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// `text`, `title`, or a JSON Pointer into the feedback.
    pub field: String,
    /// Where it stands in the field.
    pub span: Span,
    /// What it is, for example `email`.
    pub class: String,
}

/// A finding of another form.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Its name.
    pub name: String,
    /// Any JSON.
    pub value: Value,
}

impl Answer {
    /// What a plugin made of `feedback`.
    pub(super) fn of(verdict: Result<Vec<item::Effect>, Failure>, feedback: &Feedback) -> Self {
        match verdict {
            Ok(effects) => Self::Effects(effects.iter().map(|effect| Effect::of(effect, feedback)).collect()),
            Err(Failure::Unsupported(reason)) => Self::Fault(Fault::Unsupported(cut(reason))),
            Err(Failure::Failed(reason) | Failure::Said(reason)) => Self::Fault(Fault::Failed(cut(reason))),
        }
    }

    /// The same answer with the words of `feedback` at its passages, whatever words it was written with.
    #[must_use]
    pub fn with_words_of(self, feedback: &Feedback) -> Self {
        match self {
            Self::Effects(effects) => {
                Self::Effects(effects.into_iter().map(|effect| Effect::of(&effect.into(), feedback)).collect())
            }
            fault @ Self::Fault(_) => fault,
        }
    }
}

impl Effect {
    fn of(effect: &item::Effect, feedback: &Feedback) -> Self {
        let span = |span: &wit::Span| Span::of(*span, &feedback.text);
        match effect {
            item::Effect::Score(score) => Self::Score(Score::of(score, &feedback.text)),
            item::Effect::Tag(tag) => Self::Tag(Tag {
                name: tag.name.clone(),
                class: match &tag.class {
                    wit::TagClassResult::Topic => "topic".into(),
                    wit::TagClassResult::Intent => "intent".into(),
                    wit::TagClassResult::Other(other) => other.clone(),
                },
                confidence: tag.confidence,
                spans: tag.spans.iter().map(span).collect(),
            }),
            item::Effect::Route(route) => Self::Route(Route {
                name: route.name.clone(),
                rule: route.rule.clone(),
                priority: route.priority,
                urgency: match &route.urgency {
                    wit::UrgencyResult::Low => "low".into(),
                    wit::UrgencyResult::Normal => "normal".into(),
                    wit::UrgencyResult::High => "high".into(),
                    wit::UrgencyResult::Critical => "critical".into(),
                    wit::UrgencyResult::Other(other) => other.clone(),
                },
                reasons: route.reasons.clone(),
            }),
            item::Effect::Redact(redaction) => Self::Redaction(Redaction::of(redaction, feedback)),
            item::Effect::Other(note) => Self::Note(Note {
                name: note.name.clone(),
                value: serde_json::from_str(&note.value).unwrap_or(Value::Null),
            }),
        }
    }
}

impl Score {
    fn of(score: &wit::ScoreResult, text: &str) -> Self {
        let (topic, scope) = match &score.scope {
            wit::ScopeResult::Whole => (None, None),
            wit::ScopeResult::Topic(topic) => (Some(topic.clone()), None),
            wit::ScopeResult::Other(other) => (None, Some(other.clone())),
        };
        let part = |part: &wit::PartResult| Part { name: part.name.clone(), value: part.value };
        let evidence = |one: &wit::Evidence| Evidence { span: Span::of(one.span, text), weight: one.weight };
        let passage = |one: &wit::PassageResult| Passage {
            span: Span::of(one.span, text),
            value: one.value,
            label: one.label.clone(),
        };
        Self {
            name: score.name.clone(),
            value: score.value,
            topic,
            scope,
            label: score.label.clone(),
            parts: score.parts.iter().map(part).collect(),
            evidence: score.evidence.iter().map(evidence).collect(),
            passages: score.passages.iter().map(passage).collect(),
        }
    }
}

impl Span {
    fn of(span: wit::Span, text: &str) -> Self {
        let words = text.get(span.start as usize..span.end as usize).map(str::to_owned);
        Self { start: span.start, end: span.end, words }
    }
}

impl Redaction {
    fn of(redaction: &wit::RedactionResult, feedback: &Feedback) -> Self {
        let (field, text) = match &redaction.field {
            wit::FieldResult::Text => ("text", Some(feedback.text.as_str().into())),
            wit::FieldResult::Title => ("title", feedback.title.as_deref().map(Into::into)),
            wit::FieldResult::Other(pointer) => (pointer.as_str(), texts::get(feedback, pointer)),
        };
        let span = Span::of(redaction.span, text.as_deref().unwrap_or_default());
        Self { field: field.into(), span, class: redaction.class.clone() }
    }
}

impl From<Effect> for item::Effect {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Score(score) => Self::Score(score.into()),
            Effect::Tag(tag) => Self::Tag(wit::TagResult {
                name: tag.name,
                class: match tag.class.as_str() {
                    "topic" => wit::TagClassResult::Topic,
                    "intent" => wit::TagClassResult::Intent,
                    _ => wit::TagClassResult::Other(tag.class),
                },
                confidence: tag.confidence,
                spans: tag.spans.iter().map(Into::into).collect(),
            }),
            Effect::Route(route) => Self::Route(wit::RouteResult {
                name: route.name,
                rule: route.rule,
                priority: route.priority,
                urgency: match route.urgency.as_str() {
                    "low" => wit::UrgencyResult::Low,
                    "normal" => wit::UrgencyResult::Normal,
                    "high" => wit::UrgencyResult::High,
                    "critical" => wit::UrgencyResult::Critical,
                    _ => wit::UrgencyResult::Other(route.urgency),
                },
                reasons: route.reasons,
            }),
            Effect::Redaction(redaction) => Self::Redact(wit::RedactionResult {
                span: (&redaction.span).into(),
                field: match redaction.field.as_str() {
                    "text" => wit::FieldResult::Text,
                    "title" => wit::FieldResult::Title,
                    _ => wit::FieldResult::Other(redaction.field),
                },
                class: redaction.class,
            }),
            Effect::Note(note) => Self::Other(wit::NoteResult { name: note.name, value: note.value.to_string() }),
        }
    }
}

impl From<Score> for wit::ScoreResult {
    fn from(score: Score) -> Self {
        let part = |part: Part| wit::PartResult { name: part.name, value: part.value };
        let evidence = |one: &Evidence| wit::Evidence { span: (&one.span).into(), weight: one.weight };
        let passage =
            |one: Passage| wit::PassageResult { span: (&one.span).into(), value: one.value, label: one.label };
        Self {
            name: score.name,
            value: score.value,
            scope: match (score.topic, score.scope) {
                (Some(topic), _) => wit::ScopeResult::Topic(topic),
                (None, Some(other)) => wit::ScopeResult::Other(other),
                (None, None) => wit::ScopeResult::Whole,
            },
            label: score.label,
            parts: score.parts.into_iter().map(part).collect(),
            evidence: score.evidence.iter().map(evidence).collect(),
            passages: score.passages.into_iter().map(passage).collect(),
        }
    }
}

impl From<&Span> for wit::Span {
    fn from(span: &Span) -> Self {
        Self { start: span.start, end: span.end }
    }
}
