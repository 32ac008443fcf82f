//! The format that a webhook gets where it names none: `{"type", "timestamp", "data"}`.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::{Data, Event, EventId};
use crate::{feedback::Analysis, records::Payload};

/// The `type` of the delivery of an analysis.
pub const ANALYZED: &str = "feedback.analyzed";

/// The body, but for its data.
#[derive(Serialize)]
struct Head<'a> {
    /// In a batch, the delivery's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<EventId>,
    /// The type of the event.
    #[serde(rename = "type")]
    kind: &'a str,
    /// When it became due.
    timestamp: Timestamp,
}

/// `head`, which is written as an object with something in it, with the data of its event as the last member.
///
/// # Errors
/// Where the analysis on record is none.
pub(super) fn with_data(head: &impl Serialize, data: Data<'_>) -> Result<Bytes, serde_json::Error> {
    let mut body = Vec::with_capacity(384 + size_of(data));
    serde_json::to_writer(&mut body, head)?;
    body.pop();
    body.extend_from_slice(b",\"data\":");
    write_data(&mut body, data)?;
    body.push(b'}');
    Ok(body.into())
}

/// The data of an event as it is delivered in every format that has it.
///
/// # Errors
/// Where the analysis on record is none.
pub(super) fn data_alone(data: Data<'_>) -> Result<Bytes, serde_json::Error> {
    let mut body = Vec::with_capacity(32 + size_of(data));
    write_data(&mut body, data)?;
    Ok(body.into())
}

/// What is on record is JSON, and goes out as it is.
fn write_data(body: &mut Vec<u8>, data: Data<'_>) -> Result<(), serde_json::Error> {
    match data {
        Data::Analysis { payload, .. } => {
            let analysis = without_shadow(&payload.analysis)?;
            body.extend_from_slice(b"{\"feedback\":");
            body.extend_from_slice(payload.feedback.as_bytes());
            body.extend_from_slice(b",\"analysis\":");
            body.extend_from_slice(analysis.as_bytes());
            body.push(b'}');
            Ok(())
        }
        Data::Notice(data) => serde_json::to_writer(body, data),
    }
}

/// The body of a delivery.
pub(super) fn write(event: &Event<'_>) -> Result<Bytes, serde_json::Error> {
    body(event, None)
}

/// Likewise, for a batch: with the delivery's id in front.
pub(super) fn item(event: &Event<'_>) -> Result<Bytes, serde_json::Error> {
    body(event, Some(event.id))
}

fn body(event: &Event<'_>, id: Option<EventId>) -> Result<Bytes, serde_json::Error> {
    with_data(&Head { id, kind: event.kind, timestamp: event.timestamp }, event.data)
}

/// How many bytes the data takes, about.
fn size_of(data: Data<'_>) -> usize {
    match data {
        Data::Analysis { payload, .. } => payload.feedback.len() + payload.analysis.len(),
        Data::Notice(_) => 256,
    }
}

/// The body of a batch of items.
pub(super) fn batch(due: Timestamp, items: &[Bytes]) -> Bytes {
    let head = format!("{{\"type\":\"batch\",\"timestamp\":\"{due}\",\"data\":");
    list(head.as_bytes(), items, b"}")
}

/// A list in JSON of what is JSON, with something in front and behind.
pub(super) fn list(head: &[u8], items: &[Bytes], tail: &[u8]) -> Bytes {
    let bytes: usize = items.iter().map(|item| item.len() + 1).sum();
    let mut list = Vec::with_capacity(head.len() + bytes + tail.len() + 2);
    list.extend_from_slice(head);
    list.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            list.push(b',');
        }
        list.extend_from_slice(item);
    }
    list.push(b']');
    list.extend_from_slice(tail);
    list.into()
}

/// The body of the delivery of an analysis that became due at `due`.
///
/// # Errors
/// Where the analysis on record is none.
pub fn event(due: Timestamp, payload: &Payload) -> Result<Bytes, serde_json::Error> {
    let head = Head { id: None, kind: ANALYZED, timestamp: super::in_milliseconds(due) };
    with_data(&head, Data::Analysis { feedback: Default::default(), payload })
}

/// The analysis without what plugins in the shadow said, if they said something. Where the name does not occur, the
/// JSON is not taken apart.
fn without_shadow(analysis: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    if memchr::memmem::find(analysis.as_bytes(), b"\"shadow\":").is_none() {
        return Ok(Cow::Borrowed(analysis));
    }
    let analysis: Analysis = serde_json::from_str(analysis)?;
    serde_json::to_string(&Analysis { shadow: Default::default(), ..analysis }).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::feedback::{Analysis, DeliveryId, Feedback};

    #[test]
    fn a_batch_is_a_list_of_events_with_their_ids() {
        let (id, data) = (DeliveryId(uuid::Uuid::from_u128(7)), json!({}));
        let due: Timestamp = "2026-01-02T03:04:05.6789Z".parse().unwrap();
        let items = ["a", "b"].map(|kind| item(&Event::new(id, kind, due, Data::Notice(&data))).unwrap());
        let body: Value = serde_json::from_slice(&batch(due, &items)).unwrap();
        let expected = json!({
            "type": "batch", "timestamp": "2026-01-02T03:04:05.6789Z",
            "data": [
                { "id": id, "type": "a", "timestamp": "2026-01-02T03:04:05.678Z", "data": {} },
                { "id": id, "type": "b", "timestamp": "2026-01-02T03:04:05.678Z", "data": {} },
            ],
        });
        assert_eq!(body, expected);
    }

    fn payload(feedback: &Feedback) -> Payload {
        Payload::new(feedback, &Analysis::default()).unwrap()
    }

    #[test]
    fn the_body_holds_type_time_feedback_and_analysis() {
        let feedback: Feedback = serde_json::from_value(json!({
            "id": "0198c0de-0000-7000-8000-000000000001", "revision": 2, "received_at": "2025-08-19T10:00:00Z",
            "kind": "review", "text": "遅い", "customer": { "id": "c1", "email": "c1@example.com" },
        }))
        .unwrap();
        let due: Timestamp = "2025-08-19T10:00:01.2507Z".parse().unwrap();
        let body: Value = serde_json::from_slice(&event(due, &payload(&feedback)).unwrap()).unwrap();
        assert_eq!(body["type"], "feedback.analyzed");
        assert_eq!(body["timestamp"], "2025-08-19T10:00:01.25Z");
        assert_eq!(body["data"]["feedback"]["id"], "0198c0de-0000-7000-8000-000000000001");
        assert_eq!(body["data"]["feedback"]["revision"], 2);
        assert_eq!(body["data"]["feedback"]["received_at"], "2025-08-19T10:00:00Z");
        assert_eq!(body["data"]["feedback"]["text"], "遅い");
        assert_eq!(body["data"]["feedback"]["customer"]["email"], "c1@example.com");
        assert_eq!(body["data"]["analysis"]["urgency"]["level"], "normal");
    }

    #[test]
    fn what_plugins_in_the_shadow_said_is_not_delivered() {
        let feedback: Feedback =
            serde_json::from_value(json!({ "kind": "survey", "text": "a \"shadow\": b" })).unwrap();
        let mut analysis = json!(Analysis::default());
        let plain: Analysis = serde_json::from_value(analysis.clone()).unwrap();
        analysis["shadow"] =
            json!({"new": {"version": "1", "digest": "d", "config": "c", "status": "ok", "us": 1, "tags": ["secret"]}});
        analysis["other"] = json!({"shadow": "a finding of this name stays"});
        let shadowed: Analysis = serde_json::from_value(analysis).unwrap();
        let body = |analysis: Analysis| {
            let payload = Payload::new(&feedback, &analysis).unwrap();
            serde_json::from_slice::<Value>(&event(Timestamp::UNIX_EPOCH, &payload).unwrap()).unwrap()["data"].clone()
        };
        let (plain, shadowed) = (body(plain), body(shadowed));
        assert_eq!(shadowed["analysis"]["shadow"], Value::Null);
        assert_eq!(shadowed["analysis"]["other"]["shadow"], "a finding of this name stays");
        assert_eq!(shadowed["feedback"], plain["feedback"]);
    }

    #[test]
    fn a_time_that_lost_precision_below_a_millisecond_gives_the_same_bytes() {
        let feedback: Feedback = serde_json::from_value(json!({ "kind": "survey" })).unwrap();
        let body = |due: &str| event(due.parse().unwrap(), &payload(&feedback)).unwrap();
        assert_eq!(body("2025-08-19T10:00:01.250999Z"), body("2025-08-19T10:00:01.250Z"));
    }
}
