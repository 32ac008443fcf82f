//! CloudEvents 1.0 over HTTP: <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md>.
//!
//! | attribute | value |
//! | --- | --- |
//! | `id` | the delivery's, as in `webhook-id`: the same on every attempt |
//! | `source` | `[delivery] source` |
//! | `type` | as in the standard format |
//! | `subject` | the id of the feedback, or of the webhook, that it is about |
//! | `time` | when it became due |
//!
//! In binary mode the attributes are headers and the signature covers the body alone, so that a receiver that goes by an
//! attribute should take it from the structured mode, or from the data. `ce-id` is `webhook-id`, which is signed.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;

use super::{Data, Event, EventId, JSON, Outgoing, Unfit, standard};

/// The content type of an event in structured mode.
const STRUCTURED: &str = "application/cloudevents+json";
/// The content type of a batch.
const BATCHED: &str = "application/cloudevents-batch+json";

const SPECVERSION: &str = "1.0";

/// How a webhook gets CloudEvents.
#[derive(Clone)]
pub(in crate::delivery) struct CloudEvents {
    /// Whether attributes are headers.
    pub(super) is_binary: bool,
    /// The attribute `source`.
    pub(super) source: Arc<str>,
}

/// The attributes of an event, in structured mode.
#[derive(Serialize)]
struct Attributes<'a> {
    specversion: &'static str,
    id: EventId,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: Timestamp,
    datacontenttype: &'static str,
}

impl CloudEvents {
    /// Writes one event.
    pub(super) fn write(&self, event: &Event<'_>) -> Result<Outgoing, Unfit> {
        if self.is_binary {
            self.binary(event)
        } else {
            Ok(Outgoing::new(HeaderValue::from_static(STRUCTURED), self.structured(event)?))
        }
    }

    /// The body in structured mode, which is an item of a batch too.
    pub(super) fn structured(&self, event: &Event<'_>) -> Result<Bytes, Unfit> {
        let attributes = Attributes {
            specversion: SPECVERSION,
            id: event.id,
            source: &self.source,
            kind: event.kind,
            subject: subject(event.data),
            time: event.timestamp,
            datacontenttype: "application/json",
        };
        Ok(standard::with_data(&attributes, event.data)?)
    }

    fn binary(&self, event: &Event<'_>) -> Result<Outgoing, Unfit> {
        let mut headers = HeaderMap::with_capacity(6);
        let mut put = |name: &'static str, value: &str| {
            headers.insert(HeaderName::from_static(name), header_value(value));
        };
        put("ce-specversion", SPECVERSION);
        put("ce-id", &event.id.to_string());
        put("ce-source", &self.source);
        put("ce-type", event.kind);
        put("ce-time", &event.timestamp.to_string());
        if let Some(subject) = subject(event.data) {
            put("ce-subject", &subject);
        }
        Ok(Outgoing { headers, ..Outgoing::new(JSON, standard::data_alone(event.data)?) })
    }
}

/// The body of a batch, in the batched mode.
pub(super) fn batch(items: &[Bytes]) -> Outgoing {
    Outgoing::new(HeaderValue::from_static(BATCHED), standard::list(b"", items, b""))
}

fn subject(data: Data<'_>) -> Option<String> {
    match data {
        Data::Analysis { feedback, .. } => Some(feedback.to_string()),
        Data::Notice(data) => {
            ["feedback", "webhook"].iter().find_map(|about| data[about]["id"].as_str().map(str::to_owned))
        }
    }
}

/// A value of an attribute as a header carries it: what is no printable ASCII, `"`, `%` and spaces are percent-encoded in
/// UTF-8 (section 3.1.3.2 of the binding).
fn header_value(value: &str) -> HeaderValue {
    let encoded: String = value
        .bytes()
        .map(|byte| match byte {
            b'"' | b'%' => format!("%{byte:02X}"),
            0x21..=0x7e => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    HeaderValue::try_from(encoded).expect("printable ASCII is a header's value")
}
