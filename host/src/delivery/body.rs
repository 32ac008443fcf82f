//! What a webhook receives.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{feedback::Analysis, records::Payload};

/// The `type` of the delivery of an analysis.
pub const ANALYZED: &str = "feedback.analyzed";

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    feedback: &'a RawValue,
    analysis: &'a RawValue,
}

/// The body of a delivery that became due at `due`: the same bytes for every attempt, whatever precision the queue
/// keeps times in.
///
/// # Errors
/// If serde fails; it cannot for these types.
pub fn event(due: Timestamp, payload: &Payload) -> Result<Bytes, serde_json::Error> {
    let timestamp = Timestamp::from_millisecond(due.as_millisecond()).unwrap_or(due);
    let mut body = Vec::with_capacity(128 + payload.feedback.get().len() + payload.analysis.get().len());
    let analysis = without_shadow(&payload.analysis)?;
    let data = Data { feedback: &payload.feedback, analysis: analysis.as_deref().unwrap_or(&payload.analysis) };
    serde_json::to_writer(&mut body, &Event { kind: ANALYZED, timestamp, data })?;
    Ok(body.into())
}

/// The analysis without what plugins in the shadow said, if they said something. Where the name does not occur, the
/// JSON is not taken apart.
fn without_shadow(analysis: &RawValue) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    if memchr::memmem::find(analysis.get().as_bytes(), b"\"shadow\":").is_none() {
        return Ok(None);
    }
    let analysis: Analysis = serde_json::from_str(analysis.get())?;
    to_raw_value(&Analysis { shadow: Default::default(), ..analysis }).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::to_raw_value};

    use super::*;
    use crate::feedback::{Analysis, Feedback};

    fn payload(feedback: &Feedback) -> Payload {
        let (feedback, analysis) = (to_raw_value(feedback), to_raw_value(&Analysis::default()));
        Payload { feedback: feedback.unwrap(), analysis: analysis.unwrap() }
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
        let plain = to_raw_value(&serde_json::from_value::<Analysis>(analysis.clone()).unwrap()).unwrap();
        analysis["shadow"] =
            json!({"new": {"version": "1", "digest": "d", "config": "c", "status": "ok", "us": 1, "tags": ["secret"]}});
        analysis["other"] = json!({"shadow": "a finding of this name stays"});
        let shadowed = to_raw_value(&serde_json::from_value::<Analysis>(analysis).unwrap()).unwrap();
        let body = |analysis: Box<RawValue>| {
            let payload = Payload { feedback: to_raw_value(&feedback).unwrap(), analysis };
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
