//! Effects as golden cases write them: the records of the contract as JSON objects, with the names of the contract in
//! snake case and spans as `[start, end]`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{bindings::sayso::plugin::types as wit, item::Effect};

/// First byte, and byte behind the last.
type Span = (u32, u32);

/// One effect.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EffectJson {
    Score(Score),
    Tag(Tag),
    Route(Route),
    Redact(Redaction),
    Other(Note),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Score {
    name: String,
    value: f64,
    #[serde(default, skip_serializing_if = "Scope::is_whole")]
    scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<Evidence>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    passages: Vec<Passage>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scope {
    #[default]
    Whole,
    Topic(String),
    Other(String),
}

impl Scope {
    const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    value: f64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Evidence {
    span: Span,
    weight: f64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Passage {
    span: Span,
    value: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tag {
    name: String,
    #[serde(default)]
    class: Class,
    #[serde(default = "certain")]
    confidence: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spans: Vec<Span>,
}

const fn certain() -> f64 {
    1.0
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Class {
    #[default]
    Topic,
    Intent,
    Other(String),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    name: String,
    rule: String,
    priority: u8,
    #[serde(default)]
    urgency: Urgency,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Urgency {
    Low,
    #[default]
    Normal,
    High,
    Critical,
    Other(String),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redaction {
    #[serde(default)]
    field: Field,
    span: Span,
    class: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    #[default]
    Text,
    Title,
    Other(String),
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    name: String,
    value: Value,
}

/// Writes both ways between a variant of the contract and its twin here.
macro_rules! twins {
    ($wit:ident, $json:ident { $($plain:ident),* } { $($text:ident),* }) => {
        impl From<wit::$wit> for $json {
            fn from(value: wit::$wit) -> Self {
                match value {
                    $(wit::$wit::$plain => Self::$plain,)*
                    $(wit::$wit::$text(text) => Self::$text(text),)*
                }
            }
        }
        impl From<$json> for wit::$wit {
            fn from(value: $json) -> Self {
                match value {
                    $($json::$plain => Self::$plain,)*
                    $($json::$text(text) => Self::$text(text),)*
                }
            }
        }
    };
}

twins!(ScopeResult, Scope { Whole } { Topic, Other });
twins!(TagClassResult, Class { Topic, Intent } { Other });
twins!(UrgencyResult, Urgency { Low, Normal, High, Critical } { Other });
twins!(FieldResult, Field { Text, Title } { Other });

const fn pair(span: wit::Span) -> Span {
    (span.start, span.end)
}

const fn span((start, end): Span) -> wit::Span {
    wit::Span { start, end }
}

impl From<Effect> for EffectJson {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Score(score) => Self::Score(score.into()),
            Effect::Tag(wit::TagResult { name, class, confidence, spans }) => {
                let spans = spans.into_iter().map(pair).collect();
                Self::Tag(Tag { name, class: class.into(), confidence, spans })
            }
            Effect::Route(wit::RouteResult { name, rule, priority, urgency, reasons }) => {
                Self::Route(Route { name, rule, priority, urgency: urgency.into(), reasons })
            }
            Effect::Redact(wit::RedactionResult { field, span, class }) => {
                Self::Redact(Redaction { field: field.into(), span: pair(span), class })
            }
            Effect::Other(wit::NoteResult { name, value }) => {
                Self::Other(Note { name, value: serde_json::from_str(&value).unwrap_or(Value::Null) })
            }
        }
    }
}

impl From<EffectJson> for Effect {
    fn from(effect: EffectJson) -> Self {
        match effect {
            EffectJson::Score(score) => Self::Score(score.into()),
            EffectJson::Tag(Tag { name, class, confidence, spans }) => {
                let spans = spans.into_iter().map(span).collect();
                Self::Tag(wit::TagResult { name, class: class.into(), confidence, spans })
            }
            EffectJson::Route(Route { name, rule, priority, urgency, reasons }) => {
                Self::Route(wit::RouteResult { name, rule, priority, urgency: urgency.into(), reasons })
            }
            EffectJson::Redact(redaction) => Self::Redact(wit::RedactionResult {
                field: redaction.field.into(),
                span: span(redaction.span),
                class: redaction.class,
            }),
            EffectJson::Other(Note { name, value }) => Self::Other(wit::NoteResult { name, value: value.to_string() }),
        }
    }
}

impl From<wit::ScoreResult> for Score {
    fn from(score: wit::ScoreResult) -> Self {
        let wit::ScoreResult { name, value, scope, label, parts, evidence, passages } = score;
        Self {
            name,
            value,
            scope: scope.into(),
            label,
            parts: parts.into_iter().map(|wit::PartResult { name, value }| Part { name, value }).collect(),
            evidence: evidence.into_iter().map(|one| Evidence { span: pair(one.span), weight: one.weight }).collect(),
            passages: passages
                .into_iter()
                .map(|wit::PassageResult { span, value, label }| Passage { span: pair(span), value, label })
                .collect(),
        }
    }
}

impl From<Score> for wit::ScoreResult {
    fn from(score: Score) -> Self {
        let Score { name, value, scope, label, parts, evidence, passages } = score;
        Self {
            name,
            value,
            scope: scope.into(),
            label,
            parts: parts.into_iter().map(|Part { name, value }| wit::PartResult { name, value }).collect(),
            evidence: evidence
                .into_iter()
                .map(|one| wit::Evidence { span: span(one.span), weight: one.weight })
                .collect(),
            passages: passages
                .into_iter()
                .map(|Passage { span, value, label }| wit::PassageResult { span: self::span(span), value, label })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_as_the_same_effect() {
        let written = serde_json::json!([
            {"score": {"name": "sentiment", "value": -0.5, "scope": {"topic": "price"}, "label": "negative",
                "parts": [{"name": "neg", "value": 0.5}], "evidence": [{"span": [0, 3], "weight": -1.0}],
                "passages": [{"span": [0, 9], "value": 0.25, "label": "neutral"}]}},
            {"tag": {"name": "complaint", "class": "intent", "confidence": 0.5, "spans": [[1, 2]]}},
            {"route": {"name": "care", "rule": "r", "priority": 9, "urgency": "high", "reasons": ["why"]}},
            {"redact": {"field": {"other": "/metadata/a"}, "span": [2, 4], "class": "email"}},
            {"other": {"name": "detected", "value": {"en": 1}}},
        ]);
        let effects: Vec<EffectJson> = serde_json::from_value(written.clone()).expect("reads");
        let there: Vec<Effect> = effects.into_iter().map(Effect::from).collect();
        let back: Vec<EffectJson> = there.into_iter().map(EffectJson::from).collect();
        assert_eq!(serde_json::to_value(back).expect("writes"), written);
    }

    #[test]
    fn a_misspelt_member_is_refused() {
        let read = serde_json::from_str::<EffectJson>(r#"{"tag": {"name": "a", "confidense": 1}}"#);
        assert!(read.expect_err("refused").to_string().contains("confidense"));
    }
}
