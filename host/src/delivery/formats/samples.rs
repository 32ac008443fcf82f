//! Samples of every event, with and without what is optional, that templates are tried on.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use uuid::Uuid;

use super::{Data, Event, standard};
use crate::{
    delivery::webhooks::{Candidate, Filter, notice},
    feedback::{DeliveryId, FeedbackId},
    records::Payload,
};

/// An event to try a template on.
pub(super) struct Sample {
    /// Its type.
    pub(super) event: &'static str,
    /// What is special about it.
    pub(super) name: String,
    /// Its body in the standard format, with its id.
    pub(super) body: Bytes,
}

/// A sample of an analysis.
#[derive(Deserialize)]
struct Analyzed {
    name: String,
    feedback: Box<RawValue>,
    analysis: Box<RawValue>,
}

/// Samples of what the webhook wants: of the kinds and, where some do, of those that fulfil its condition. What else it
/// asks for, such as routes, changes no form.
pub(super) fn wanted_by(filter: &Filter) -> Vec<Sample> {
    let analyses = if filter.wants_event(standard::ANALYZED) { analyses_for(filter) } else { Vec::new() };
    analyses.into_iter().chain(notices().into_iter().filter(|sample| filter.wants_event(sample.event))).collect()
}

fn analyses_for(filter: &Filter) -> Vec<Sample> {
    let (mut of_kind, mut suited) = (Vec::new(), Vec::new());
    for Analyzed { name, feedback, analysis } in analyses() {
        let payload = Payload { feedback: feedback.get().into(), analysis: analysis.get().into() };
        let (feedback, analysis) = payload.read().expect("a test reads the samples");
        if filter.wants_kind(feedback.kind) {
            let sample = sample(standard::ANALYZED, name, Data::Analysis { feedback: feedback.id, payload: &payload });
            let into =
                if filter.condition_holds(&Candidate::new(&feedback, &analysis)) { &mut suited } else { &mut of_kind };
            into.push(sample);
        }
    }
    if suited.is_empty() { of_kind } else { suited }
}

fn analyses() -> Vec<Analyzed> {
    serde_json::from_str(include_str!("samples.json")).expect("a test reads the samples")
}

fn notices() -> [Sample; 3] {
    let id = FeedbackId(Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_0001));
    let parked = |kind: Value| json!({ "feedback": { "id": id, "revision": 1, "kind": kind }, "reason": "plugin `redact` failed; GET /v1/parked says why" });
    let disabled = json!({
        "webhook": { "id": "wh_0198c0de000070008000000000000002", "name": "crm" },
        "failing_since": "2026-01-02T03:04:05Z", "reason": "attempt 1: status 410",
    });
    [
        (notice::PARKED, "a review", parked(json!("review"))),
        (notice::PARKED, "of a kind that is not known", parked(Value::Null)),
        (notice::DISABLED, "one that answered 410", disabled),
    ]
    .map(|(event, name, data)| sample(event, name.into(), Data::Notice(&data)))
}

fn sample(event: &'static str, name: String, data: Data<'_>) -> Sample {
    let id = DeliveryId(Uuid::from_u128(0x0198_c0de_0000_8000_8000_0000_0000_0001));
    let due: Timestamp = "2026-01-02T03:04:06.789Z".parse().expect("a time");
    let body = standard::item(&Event::new(id, event, due, data)).expect("a test writes the samples");
    Sample { event, name, body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config,
        delivery::webhooks::KNOWN_EVENTS,
        feedback::{Analysis, Feedback, Kind},
    };

    fn names(settings: Value) -> Vec<String> {
        let mut all = json!({ "name": "crm", "url": "https://crm.example.com" });
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let webhook: config::Webhook = serde_json::from_value(all).unwrap();
        wanted_by(&Filter::of(&webhook).unwrap()).into_iter().map(|sample| sample.name).collect()
    }

    #[test]
    fn the_samples_are_as_sayso_would_write_them() {
        for Analyzed { name, feedback, analysis } in analyses() {
            let (feedback, analysis): (Value, Value) =
                (serde_json::from_str(feedback.get()).unwrap(), serde_json::from_str(analysis.get()).unwrap());
            assert_eq!(json!(serde_json::from_value::<Feedback>(feedback.clone()).unwrap()), feedback, "{name}");
            assert_eq!(json!(serde_json::from_value::<Analysis>(analysis.clone()).unwrap()), analysis, "{name}");
        }
    }

    #[test]
    fn every_kind_has_samples_with_and_without_what_is_optional() {
        let all: Vec<Feedback> =
            analyses().iter().map(|sample| serde_json::from_str(sample.feedback.get()).unwrap()).collect();
        for kind in [Kind::Survey, Kind::Review, Kind::CsrNote] {
            let of_kind: Vec<_> = all.iter().filter(|feedback| feedback.kind == kind).collect();
            let has = |with: bool| of_kind.iter().any(|feedback| feedback.customer.is_some() == with);
            assert!(has(true) && has(false), "{kind:?}");
        }
        assert!(all.iter().any(|feedback| feedback.kind == Kind::Review && feedback.rating.is_none()));
        assert!(all.iter().any(|feedback| feedback.rating.is_some() && feedback.text.is_empty()));
        let scored = |with: bool| {
            analyses().iter().any(|sample| {
                serde_json::from_str::<Analysis>(sample.analysis.get()).unwrap().sentiment.is_some() == with
            })
        };
        assert!(scored(true) && scored(false));
    }

    #[test]
    fn a_webhook_s_template_is_tried_on_what_it_wants() {
        assert_eq!(names(json!({})).len(), 7);
        assert_eq!(names(json!({ "kinds": ["survey"] })).len(), 2);
        assert_eq!(names(json!({ "events": ["feedback.parked"] })).len(), 2);
        assert_eq!(names(json!({ "events": ["*"] })).len(), 10);
        assert_eq!(names(json!({ "condition": "feedback.rating.value <= 2.0" })), ["a rated review"]);
        assert_eq!(names(json!({ "condition": "feedback.metadata.shop == 'south'" })).len(), 7, "none fulfils it");
        let events: Vec<_> = notices().iter().map(|sample| sample.event).chain([standard::ANALYZED]).collect();
        assert!(KNOWN_EVENTS.iter().all(|event| events.contains(event)), "every event has a sample");
    }
}
