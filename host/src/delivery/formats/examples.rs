//! What webhooks receive, for the API's description: written by what writes every delivery.

use std::slice;

use jiff::Timestamp;
use serde_json::Value;

use super::{CloudEvents, Data, Event, Format, Outgoing, standard};
use crate::{
    config,
    delivery::webhooks::{
        WebhookId,
        notice::{DISABLED, Notice, PARKED},
    },
    feedback::{DeliveryId, Kind, sample},
    records::Payload,
};

/// The type of a request with several deliveries.
pub const BATCH: &str = "batch";

/// An event in the standard format and as CloudEvents in structured mode: content type and body.
pub type Bodies = [(String, Value); 2];

/// An example of each type of event, and of a batch, due at `at`.
pub fn examples(at: Timestamp, webhook: WebhookId) -> [(&'static str, Bodies); 4] {
    let (feedback, analysis) = sample(Kind::Review);
    let payload = Payload::new(&feedback, &analysis).expect("a sample is JSON");
    let id = DeliveryId::of(feedback.id, feedback.revision, "crm");
    let data = Data::Analysis { feedback: feedback.id, payload: &payload };
    let analyzed = Event::new(id, standard::ANALYZED, at, data);
    let parked = Notice::parked(feedback.id, feedback.revision, Some(feedback.kind), "plugin `redact` ran out of time");
    let disabled = Notice::disabled((webhook, "crm"), at, "the receiver answered 410 Gone");
    [
        (BATCH, batch(&analyzed)),
        (standard::ANALYZED, one(&analyzed)),
        (PARKED, one(&parked.event(id, at))),
        (DISABLED, one(&disabled.event(id, at))),
    ]
}

fn one(event: &Event<'_>) -> Bodies {
    let standard = standard::write(event).expect("an event is JSON").into();
    [read(&standard), read(&cloudevents().write(event).expect("an event is JSON"))]
}

fn batch(event: &Event<'_>) -> Bodies {
    [Format::Standard, Format::CloudEvents(cloudevents())].map(|format| {
        let item = format.item(event).expect("an event is JSON");
        read(&format.batch(event.timestamp, slice::from_ref(&item)))
    })
}

fn cloudevents() -> CloudEvents {
    CloudEvents { is_binary: false, source: config::Delivery::default().source.into() }
}

fn read(outgoing: &Outgoing) -> (String, Value) {
    let content_type = outgoing.content_type.to_str().expect("content types are ASCII");
    (content_type.into(), serde_json::from_slice(&outgoing.body).expect("it was written as JSON"))
}
