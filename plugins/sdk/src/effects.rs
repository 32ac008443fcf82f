//! Effects, and short ways to make them.

use crate::{Effect, Evidence, Note, Part, Passage, Redaction, Route, Scope, Score, Span, Tag, TagClass, Urgency};

/// What a plugin says of one item.
///
/// ```
/// use sayso_plugin::{Effects, Score, Tag};
///
/// let mut effects = Effects::new();
/// effects.tag(Tag::topic("delivery/speed", 0.9));
/// effects.score(Score::whole("urgency", 0.4));
/// assert_eq!(effects.as_slice().len(), 2);
/// ```
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Effects(Vec<Effect>);

impl Effects {
    /// None yet.
    ///
    /// ```
    /// assert!(sayso_plugin::Effects::new().as_slice().is_empty());
    /// ```
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an effect of any form.
    ///
    /// ```
    /// use sayso_plugin::{Effect, Effects, Tag};
    ///
    /// let mut effects = Effects::new();
    /// effects.push(Effect::Tag(Tag::topic("delivery/speed", 0.9)));
    /// assert_eq!(effects.as_slice(), [Effect::Tag(Tag::topic("delivery/speed", 0.9))]);
    /// ```
    pub fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    /// Adds a score.
    ///
    /// ```
    /// use sayso_plugin::{Effects, Score};
    ///
    /// let mut effects = Effects::new();
    /// effects.score(Score::whole("sentiment", -0.6).label("negative"));
    /// ```
    pub fn score(&mut self, score: Score) {
        self.push(Effect::Score(score));
    }

    /// Adds a tag.
    ///
    /// ```
    /// use sayso_plugin::{Effects, Tag};
    ///
    /// let mut effects = Effects::new();
    /// effects.tag(Tag::intent("complaint", 0.8));
    /// ```
    pub fn tag(&mut self, tag: Tag) {
        self.push(Effect::Tag(tag));
    }

    /// Adds a route.
    ///
    /// ```
    /// use sayso_plugin::{Effects, Route, Urgency};
    ///
    /// let mut effects = Effects::new();
    /// effects.route(Route::to("care", "a complaint").priority(80).urgency(Urgency::High).reason("the customer is upset"));
    /// ```
    pub fn route(&mut self, route: Route) {
        self.push(Effect::Route(route));
    }

    /// Adds a redaction.
    ///
    /// ```
    /// use sayso_plugin::{Effects, Field, Redaction, Span};
    ///
    /// let mut effects = Effects::new();
    /// effects.redact(Redaction { field: Field::Text, span: Span::of(6..13), class: "order".into() });
    /// ```
    pub fn redact(&mut self, redaction: Redaction) {
        self.push(Effect::Redact(redaction));
    }

    /// Adds a finding of another form; `value` is stored and delivered as JSON.
    ///
    /// ```
    /// use sayso_plugin::{Effect, Effects, Note};
    ///
    /// let mut effects = Effects::new();
    /// effects.note("orders", vec!["A-1", "A-2"]);
    /// let note = Note { name: "orders".into(), value: r#"["A-1","A-2"]"#.into() };
    /// assert_eq!(effects.as_slice(), [Effect::Other(note)]);
    /// ```
    pub fn note(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        self.push(Effect::Other(Note { name: name.into(), value: value.into().to_string() }));
    }

    /// The effects so far.
    ///
    /// ```
    /// use sayso_plugin::{Effects, Tag};
    ///
    /// let mut effects = Effects::new();
    /// effects.tag(Tag::topic("price", 1.0));
    /// assert_eq!(effects.as_slice().len(), 1);
    /// ```
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
    ///
    /// ```
    /// use sayso_plugin::{Scope, Score};
    ///
    /// assert_eq!(Score::whole("churn_risk", 0.7).scope, Scope::Whole);
    /// ```
    pub fn whole(name: &str, value: f64) -> Self {
        Self::of(Scope::Whole, name, value)
    }

    /// A score of one topic, which is named as in its tag. `value` must be finite.
    ///
    /// ```
    /// use sayso_plugin::{Scope, Score};
    ///
    /// let score = Score::topic("delivery/speed", "sentiment", -0.5);
    /// assert_eq!(score.scope, Scope::Topic("delivery/speed".into()));
    /// ```
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
    ///
    /// ```
    /// use sayso_plugin::Score;
    ///
    /// assert_eq!(Score::whole("sentiment", -0.6).label("negative").label.as_deref(), Some("negative"));
    /// ```
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(label.into());
        self
    }

    /// With named shares.
    ///
    /// ```
    /// use sayso_plugin::Score;
    ///
    /// let score = Score::whole("sentiment", 0.2).parts(&[("neg", 0.1), ("pos", 0.3)]);
    /// assert_eq!((score.parts[1].name.as_str(), score.parts[1].value), ("pos", 0.3));
    /// ```
    #[must_use]
    pub fn parts(mut self, parts: &[(&str, f64)]) -> Self {
        self.parts = parts.iter().map(|&(name, value)| Part { name: name.into(), value }).collect();
        self
    }

    /// With the passages that decided it.
    ///
    /// ```
    /// use sayso_plugin::{Evidence, Score, Span};
    ///
    /// let evidence = vec![Evidence { span: Span::of(0..5), weight: -1.5 }];
    /// assert_eq!(Score::whole("sentiment", -0.6).evidence(evidence).evidence.len(), 1);
    /// ```
    #[must_use]
    pub fn evidence(mut self, evidence: Vec<Evidence>) -> Self {
        self.evidence = evidence;
        self
    }

    /// With the same number for single passages, in the order of the text.
    ///
    /// ```
    /// use sayso_plugin::{Passage, Score, Span};
    ///
    /// let first = Passage { span: Span::of(0..17), value: -0.6, label: None };
    /// assert_eq!(Score::whole("sentiment", -0.6).passages(vec![first]).passages.len(), 1);
    /// ```
    #[must_use]
    pub fn passages(mut self, passages: Vec<Passage>) -> Self {
        self.passages = passages;
        self
    }
}

impl Tag {
    /// What the feedback is about, for example `delivery/speed`. `confidence` is 0 to 1.
    ///
    /// ```
    /// use sayso_plugin::{Tag, TagClass};
    ///
    /// assert_eq!(Tag::topic("delivery/speed", 0.9).class, TagClass::Topic);
    /// ```
    pub fn topic(name: &str, confidence: f64) -> Self {
        Self { name: name.into(), class: TagClass::Topic, confidence, spans: Vec::new() }
    }

    /// What the customer wants, for example `complaint`. `confidence` is 0 to 1.
    ///
    /// ```
    /// use sayso_plugin::{Tag, TagClass};
    ///
    /// assert_eq!(Tag::intent("complaint", 0.9).class, TagClass::Intent);
    /// ```
    pub fn intent(name: &str, confidence: f64) -> Self {
        Self { name: name.into(), class: TagClass::Intent, confidence, spans: Vec::new() }
    }

    /// With the passages that decided it.
    ///
    /// ```
    /// use sayso_plugin::{Tag, find};
    ///
    /// let text = "Late again. So late!";
    /// let tag = Tag::topic("delivery/speed", 1.0).spans(find(text, "late").collect());
    /// assert_eq!(tag.spans.len(), 2);
    /// ```
    #[must_use]
    pub fn spans(mut self, spans: Vec<Span>) -> Self {
        self.spans = spans;
        self
    }
}

impl Route {
    /// A route of middling priority and normal urgency; `rule` says what decided.
    ///
    /// ```
    /// use sayso_plugin::{Route, Urgency};
    ///
    /// let route = Route::to("care", "a complaint");
    /// assert_eq!((route.priority, route.urgency), (50, Urgency::Normal));
    /// ```
    pub fn to(name: &str, rule: &str) -> Self {
        Self { name: name.into(), rule: rule.into(), priority: 50, urgency: Urgency::Normal, reasons: Vec::new() }
    }

    /// With the order in which people act: 0 to 100.
    ///
    /// ```
    /// assert_eq!(sayso_plugin::Route::to("care", "a complaint").priority(90).priority, 90);
    /// ```
    #[must_use]
    pub const fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// With how soon somebody has to act.
    ///
    /// ```
    /// use sayso_plugin::{Route, Urgency};
    ///
    /// assert_eq!(Route::to("care", "a complaint").urgency(Urgency::Critical).urgency, Urgency::Critical);
    /// ```
    #[must_use]
    pub fn urgency(mut self, urgency: Urgency) -> Self {
        self.urgency = urgency;
        self
    }

    /// With one more reason, for people to read.
    ///
    /// ```
    /// assert_eq!(sayso_plugin::Route::to("care", "a complaint").reason("the tea was cold").reasons.len(), 1);
    /// ```
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reasons.push(reason.into());
        self
    }
}

impl Span {
    /// The span of a range of bytes. What lies beyond 4 GiB is cut, which no feedback reaches.
    ///
    /// ```
    /// use sayso_plugin::Span;
    ///
    /// assert_eq!(Span::of(3..7), Span { start: 3, end: 7 });
    /// ```
    pub fn of(range: std::ops::Range<usize>) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: offset(range.start), end: offset(range.end) }
    }

    /// The range of bytes.
    ///
    /// ```
    /// use sayso_plugin::Span;
    ///
    /// assert_eq!(&"cold tea"[Span { start: 5, end: 8 }.range()], "tea");
    /// ```
    pub const fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}
