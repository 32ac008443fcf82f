//! Effects, and short ways to make them.

use crate::{Effect, Evidence, Note, Part, Passage, Redaction, Route, Scope, Score, Span, Tag, TagClass};

/// What a plugin says of one item.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Effects(Vec<Effect>);

impl Effects {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an effect of any form.
    pub fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    /// Adds a score.
    pub fn score(&mut self, score: Score) {
        self.push(Effect::Score(score));
    }

    /// Adds a tag.
    pub fn tag(&mut self, tag: Tag) {
        self.push(Effect::Tag(tag));
    }

    /// Adds a route.
    pub fn route(&mut self, route: Route) {
        self.push(Effect::Route(route));
    }

    /// Adds a redaction.
    pub fn redact(&mut self, redaction: Redaction) {
        self.push(Effect::Redact(redaction));
    }

    /// Adds a finding of another form; `value` is stored and delivered as JSON.
    pub fn note(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        self.push(Effect::Other(Note { name: name.into(), value: value.into().to_string() }));
    }

    /// The effects so far.
    pub fn as_slice(&self) -> &[Effect] {
        &self.0
    }
}

impl From<Effects> for Vec<Effect> {
    fn from(effects: Effects) -> Self {
        effects.0
    }
}

impl Score {
    /// A score of the feedback as a whole. `value` must be finite.
    pub fn whole(name: &str, value: f64) -> Self {
        Self::of(Scope::Whole, name, value)
    }

    /// A score of one topic, which is named as in its tag. `value` must be finite.
    pub fn topic(topic: &str, name: &str, value: f64) -> Self {
        Self::of(Scope::Topic(topic.into()), name, value)
    }

    fn of(scope: Scope, name: &str, value: f64) -> Self {
        Self {
            name: name.into(),
            value,
            scope,
            label: None,
            parts: Vec::new(),
            evidence: Vec::new(),
            passages: Vec::new(),
        }
    }

    /// With a class for people to read.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With named shares.
    #[must_use]
    pub fn parts(mut self, parts: &[(&str, f64)]) -> Self {
        self.parts = parts.iter().map(|&(name, value)| Part { name: name.into(), value }).collect();
        self
    }

    /// With the passages that decided it.
    #[must_use]
    pub fn evidence(mut self, evidence: Vec<Evidence>) -> Self {
        self.evidence = evidence;
        self
    }

    /// With the same number for single passages, in the order of the text.
    #[must_use]
    pub fn passages(mut self, passages: Vec<Passage>) -> Self {
        self.passages = passages;
        self
    }
}

impl Tag {
    /// What the feedback is about, for example `delivery/speed`. `confidence` is 0 to 1.
    pub fn topic(name: &str, confidence: f64) -> Self {
        Self { name: name.into(), class: TagClass::Topic, confidence, spans: Vec::new() }
    }

    /// What the customer wants, for example `complaint`. `confidence` is 0 to 1.
    pub fn intent(name: &str, confidence: f64) -> Self {
        Self { name: name.into(), class: TagClass::Intent, confidence, spans: Vec::new() }
    }

    /// With the passages that decided it.
    #[must_use]
    pub fn spans(mut self, spans: Vec<Span>) -> Self {
        self.spans = spans;
        self
    }
}

impl Span {
    /// The span of a range of bytes. What lies beyond 4 GiB is cut, which no feedback reaches.
    pub fn of(range: std::ops::Range<usize>) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: offset(range.start), end: offset(range.end) }
    }

    /// The range of bytes.
    pub const fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}
