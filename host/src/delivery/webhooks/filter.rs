//! Which events a webhook wants.

use std::cell::OnceCell;

use super::condition::{Condition, Values};
use crate::{
    config,
    delivery::formats::standard::ANALYZED,
    feedback::{Analysis, Feedback, Kind},
};

/// The types of events so far. The set is open: a webhook may name others, which newer versions may have.
pub const KNOWN_EVENTS: [&str; 3] = [ANALYZED, "feedback.parked", "webhook.disabled"];

/// What a webhook wants, checked and ready to be asked.
#[derive(Debug)]
pub struct Filter {
    events: Vec<String>,
    routes: Vec<String>,
    kinds: Vec<Kind>,
    tags: Vec<String>,
    languages: Vec<String>,
    min_priority: u8,
    condition: Option<Condition>,
}

/// An analysis that webhooks are asked about.
pub struct Candidate<'a> {
    feedback: &'a Feedback,
    analysis: &'a Analysis,
    /// Made for the first condition that is asked.
    values: OnceCell<Values>,
}

impl<'a> Candidate<'a> {
    /// The analysis of this feedback.
    pub const fn new(feedback: &'a Feedback, analysis: &'a Analysis) -> Self {
        Self { feedback, analysis, values: OnceCell::new() }
    }

    fn values(&self) -> &Values {
        self.values.get_or_init(|| Values::of(self.feedback, self.analysis))
    }
}

impl Filter {
    /// The filter of a webhook, with its condition compiled.
    pub(super) fn new(webhook: &config::Webhook, condition: Option<Condition>) -> Self {
        Self {
            events: webhook.events.clone(),
            routes: webhook.routes.clone(),
            kinds: webhook.kinds.clone(),
            tags: webhook.tags.clone(),
            languages: webhook.languages.iter().map(|code| code.to_ascii_lowercase()).collect(),
            min_priority: webhook.min_priority,
            condition,
        }
    }

    /// The filter of a webhook.
    #[cfg(test)]
    pub(in crate::delivery) fn of(webhook: &config::Webhook) -> Result<Self, String> {
        let condition = webhook.condition.as_deref().map(Condition::compile).transpose()?;
        Ok(Self::new(webhook, condition))
    }

    /// Whether the webhook wants events of this type.
    pub fn wants_event(&self, event: &str) -> bool {
        self.events.iter().any(|wanted| fits(wanted, '.', event))
    }

    /// Whether the webhook wants the analysis: of each of its lists that is not empty, at least one entry has to fit.
    pub fn wants(&self, candidate: &Candidate<'_>) -> bool {
        let Candidate { feedback, analysis, .. } = candidate;
        self.wants_event(ANALYZED)
            && (self.kinds.is_empty() || self.kinds.contains(&feedback.kind))
            && any(&self.routes, analysis.routes.iter().map(|route| route.name.as_str()))
            && any(&self.tags, analysis.tags.iter().map(|tag| tag.name.as_str()))
            && self.wants_language(feedback, analysis)
            && analysis.priority >= self.min_priority
            && self.condition_holds(candidate)
    }

    /// Whether the analysis fulfils the condition, if there is one.
    pub(in crate::delivery) fn condition_holds(&self, candidate: &Candidate<'_>) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.holds(candidate.values()))
    }

    /// Whether the webhook wants to know that feedback of this kind was parked: nothing more is known of it.
    pub fn wants_kind(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// `pt` fits `pt-BR`, since what the sender gives may be that exact.
    fn wants_language(&self, feedback: &Feedback, analysis: &Analysis) -> bool {
        let given = analysis.language.as_ref().map(|language| language.code.as_str()).or(feedback.language.as_deref());
        let given = given.unwrap_or("und").to_ascii_lowercase();
        let fits = |wanted: &String| {
            given.strip_prefix(wanted.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.languages.is_empty() || self.languages.iter().any(fits)
    }
}

fn any<'a>(wanted: &[String], mut names: impl Iterator<Item = &'a str>) -> bool {
    wanted.is_empty() || names.any(|name| wanted.iter().any(|wanted| fits(wanted, '/', name)))
}

/// `delivery/*` fits all below `delivery`, but not `delivery` itself, and `*` fits all; any other pattern fits the name
/// that it is.
fn fits(pattern: &str, separator: char, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(level) if level.is_empty() || level.ends_with(separator) => {
            name.len() > level.len() && name.starts_with(level)
        }
        _ => pattern == name,
    }
}

/// Whether a pattern is one that can fit something: a star stands at its end, behind the separator.
pub(super) fn is_pattern(pattern: &str, separator: char) -> bool {
    let level = pattern.strip_suffix('*').unwrap_or(pattern);
    let is_level = level.is_empty() || level.ends_with(separator) || level == pattern;
    !pattern.is_empty() && is_level && !level.contains('*')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn filter(wants: Value) -> Filter {
        let mut all = json!({ "name": "crm", "url": "https://crm.example.com" });
        all.as_object_mut().unwrap().extend(wants.as_object().unwrap().clone());
        let webhook: config::Webhook = serde_json::from_value(all).unwrap();
        Filter::of(&webhook).unwrap()
    }

    fn wanted(wants: Value) -> bool {
        let feedback: Feedback = serde_json::from_value(json!({ "kind": "review", "text": "late again" })).unwrap();
        let analysis: Analysis = serde_json::from_value(json!({
            "language": { "code": "pt-BR", "confidence": 1.0 }, "priority": 50,
            "tags": [
                { "name": "delivery/speed", "confidence": 1.0, "spans": [] },
                { "name": "price", "confidence": 1.0, "spans": [] },
            ],
            "routes": [{ "name": "care", "rule": "late", "priority": 50 }],
        }))
        .unwrap();
        filter(wants).wants(&Candidate::new(&feedback, &analysis))
    }

    #[test]
    fn a_webhook_without_lists_wants_every_analysis_and_nothing_else() {
        assert!(wanted(json!({})));
        assert!(!filter(json!({})).wants_event("feedback.parked"));
    }

    #[test]
    fn one_entry_of_a_list_is_enough_but_every_list_counts() {
        assert!(wanted(json!({ "routes": ["retention", "care"] })));
        assert!(!wanted(json!({ "routes": ["retention"] })));
        assert!(wanted(json!({ "kinds": ["review", "survey"] })));
        assert!(!wanted(json!({ "kinds": ["csr_note"] })));
        assert!(wanted(json!({ "routes": ["care"], "kinds": ["review"], "tags": ["price"] })));
        assert!(!wanted(json!({ "routes": ["care"], "kinds": ["review"], "tags": ["quality"] })));
    }

    #[test]
    fn a_star_stands_for_all_below() {
        for (pattern, fit) in [
            ("delivery/*", true),
            ("delivery/speed", true),
            ("*", true),
            ("price", true),
            ("delivery", false),
            ("price/*", false),
            ("deliver*", false),
            ("delivery/speed/*", false),
            ("Delivery/*", false),
        ] {
            assert_eq!(wanted(json!({ "tags": [pattern] })), fit, "{pattern}");
        }
    }

    #[test]
    fn languages_priority_and_condition_count_too() {
        assert!(wanted(json!({ "languages": ["ja", "PT"] })));
        assert!(wanted(json!({ "languages": ["pt-br"] })));
        assert!(!wanted(json!({ "languages": ["p"] })));
        assert!(wanted(json!({ "min_priority": 50 })));
        assert!(!wanted(json!({ "min_priority": 51 })));
        assert!(wanted(json!({ "condition": "feedback.text.contains('late')" })));
        assert!(!wanted(json!({ "condition": "feedback.text.contains('early')" })));
    }

    #[test]
    fn events_are_named_or_stood_for_by_a_star() {
        let parked = filter(json!({ "events": ["feedback.parked"] }));
        assert!(parked.wants_event("feedback.parked") && !parked.wants_event("feedback.analyzed"));
        assert!(!wanted(json!({ "events": ["feedback.parked"] })));
        assert!(wanted(json!({ "events": ["feedback.*"] })));
        let all = filter(json!({ "events": ["*"] }));
        assert!(KNOWN_EVENTS.iter().all(|event| all.wants_event(event)));
    }

    #[test]
    fn a_star_that_could_fit_nothing_is_no_pattern() {
        for (pattern, expected) in
            [("a", true), ("*", true), ("a/*", true), ("a*", false), ("*/a", false), ("a/**", false), ("", false)]
        {
            assert_eq!(is_pattern(pattern, '/'), expected, "{pattern}");
        }
    }
}
