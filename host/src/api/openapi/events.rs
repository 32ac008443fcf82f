//! What webhooks receive: the `webhooks` of the document.

use serde_json::{Map, Value, json};

use super::examples;
use crate::delivery::formats::{BATCH, examples as events};
use crate::delivery::trial::TEST_HEADER;
use crate::delivery::webhooks::KNOWN_EVENTS;

/// What is said of an event: the name of its schema, when it comes, and the schema of its `data`.
struct About {
    schema: &'static str,
    summary: &'static str,
    description: &'static str,
    data: Value,
}

fn about(event: &str) -> About {
    let of = |schema, summary, description, data| About { schema, summary, description, data };
    match event {
        "feedback.analyzed" => of(
            "FeedbackAnalyzed",
            "The chain is through with a feedback",
            "One for each revision of a feedback that the webhook's filter lets through.",
            object(&[("feedback", reference("Feedback")), ("analysis", reference("Analysis"))]),
        ),
        "feedback.parked" => of(
            "FeedbackParked",
            "A feedback was set aside",
            "The chain could not analyse it. What the customer said is not told: where it is the redaction that failed, \
             nobody may see it.",
            object(&[
                (
                    "feedback",
                    object(&[
                        ("id", reference("FeedbackId")),
                        ("revision", json!({ "type": "integer", "minimum": 0 })),
                        ("kind", json!({ "anyOf": [{ "type": "null" }, reference("Kind")] })),
                    ]),
                ),
                ("reason", text("In short; GET /v1/parked has the whole of it.")),
            ]),
        ),
        "webhook.disabled" => of(
            "WebhookDisabled",
            "A webhook was disabled",
            "After 410 Gone, or days on end of failure. It goes to the other webhooks that want it.",
            object(&[
                ("webhook", object(&[("id", reference("WebhookId")), ("name", text("Its name."))])),
                ("failing_since", json!({ "type": "string", "format": "date-time" })),
                ("reason", text("What it did.")),
            ]),
        ),
        _ => of(
            "EventBatch",
            "Several events in one request",
            "To webhooks with `batch`. Each has the id that it would have had as a delivery of its own; drop repeats by \
             that, since a retry may be put together anew.",
            json!({ "type": "array", "items": reference("BatchedEvent"), "minItems": 1 }),
        ),
    }
}

/// Every type of event, and the batch.
fn all() -> impl Iterator<Item = &'static str> {
    KNOWN_EVENTS.into_iter().chain([BATCH])
}

/// The name of the schema of an event as a CloudEvent, or of a batch of them.
fn cloudevent(event: &str) -> String {
    if event == BATCH { "CloudEventBatch".into() } else { format!("{}CloudEvent", about(event).schema) }
}

/// The schemas of the bodies.
pub(super) fn schemas() -> Value {
    let mut schemas = Map::new();
    for event in all() {
        let About { schema, description, data, .. } = about(event);
        let as_cloudevent = as_cloudevent(event, data.clone());
        let body = object(&[("type", json!({ "const": event })), ("timestamp", due()), ("data", data)]);
        for (name, mut schema) in [(schema.to_owned(), body), (cloudevent(event), as_cloudevent)] {
            schema["description"] = description.into();
            schemas.insert(name, schema);
        }
    }
    let id = object(&[("id", text("As in the `webhook-id` of a delivery of its own."))]);
    let one = KNOWN_EVENTS.map(|event| reference(about(event).schema));
    let batched = json!({ "description": "An event with its id.", "allOf": [id, { "oneOf": one }] });
    schemas.insert("BatchedEvent".into(), batched);
    schemas.into()
}

/// The body of an event as a CloudEvent in structured mode, or of a batch of them.
fn as_cloudevent(event: &str, data: Value) -> Value {
    if event == BATCH {
        let one: Vec<Value> = KNOWN_EVENTS.iter().map(|event| reference(&cloudevent(event))).collect();
        return json!({ "type": "array", "items": { "oneOf": one }, "minItems": 1 });
    }
    object(&[
        ("specversion", json!({ "const": "1.0" })),
        ("id", text("As `webhook-id`; in a batch, as in that of a delivery of its own.")),
        ("source", json!({ "description": "`delivery.source`.", "type": "string", "format": "uri-reference" })),
        ("type", json!({ "const": event })),
        ("subject", text("The id of the feedback, or of the webhook, that it is about.")),
        ("time", due()),
        ("datacontenttype", json!({ "const": "application/json" })),
        ("data", data),
    ])
}

fn due() -> Value {
    json!({ "description": "When it became due.", "type": "string", "format": "date-time" })
}

/// The webhooks: one a type of event, and the batch.
pub(super) fn webhooks() -> Value {
    let examples = events(examples::at(), examples::webhook_id());
    let webhook = |event: &str| {
        let About { schema, summary, description, .. } = about(event);
        let bodies = examples.iter().filter(|(name, _)| *name == event).flat_map(|(_, bodies)| bodies);
        let content: Map<String, Value> = bodies
            .zip([schema.to_owned(), cloudevent(event)])
            .map(|((content_type, body), schema)| {
                let content = json!({ "schema": reference(&schema), "examples": { "example": { "value": body } } });
                (content_type.clone(), content)
            })
            .collect();
        json!({ "post": {
            "operationId": format!("on_{}", event.replace('.', "_")),
            "tags": ["events"],
            "summary": summary,
            "description": description,
            "parameters": parameters(),
            "requestBody": { "required": true, "content": content },
            "responses": answers(),
            "security": [],
        } })
    };
    all().map(|event| (event.to_owned(), webhook(event))).collect()
}

/// The headers of every delivery (Standard Webhooks).
fn parameters() -> Value {
    let header = |name: &str, required: bool, description: &str, example: &str, schema: Value| {
        json!({
            "name": name, "in": "header", "required": required, "description": description,
            "schema": schema, "example": example,
        })
    };
    let string = || json!({ "type": "string" });
    json!([
        header(
            "webhook-id",
            true,
            "The same on every attempt of a delivery, `dlv_…`: drop what came before by it. Of a batch `bat_…`, which may be \
             put together anew: drop repeats by the ids in it. Of a test `tst_…`.",
            "dlv_0198c0de0000b7a34f6ac5c1d0fd9ee1",
            json!({ "type": "string", "pattern": "^(dlv|bat|tst)_[0-9a-f]{32}$" }),
        ),
        header(
            "webhook-timestamp",
            true,
            "When the attempt was made, in seconds since 1970; refuse what is older than 5 minutes.",
            "1767323045",
            json!({ "type": "string", "pattern": "^[0-9]+$" }),
        ),
        header(
            "webhook-signature",
            true,
            "One or more signatures, parted by spaces, of which one has to fit: `v1,` and HMAC-SHA256 in base64, or `v1a,` \
             and ed25519, of `{webhook-id}.{webhook-timestamp}.{body}`. The libraries of Standard Webhooks verify the first \
             alone.",
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            json!({ "type": "string", "pattern": "^v1a?,[A-Za-z0-9+/]+=*( v1a?,[A-Za-z0-9+/]+=*)*$" }),
        ),
        header(
            TEST_HEADER,
            false,
            "Only on what POST /v1/webhooks/{id}/test sends: nothing happened, or nothing new.",
            "true",
            json!({ "const": "true" }),
        ),
        header("user-agent", true, "sayso and its version, unless the webhook has another.", "sayso/0.1.0", string()),
    ])
}

/// What the receiver's answers mean.
fn answers() -> Value {
    let answer = |description: &str| json!({ "description": description });
    json!({
        "2XX": answer("Delivered, once the answer has ended, within the time limit of the attempt (`delivery.timeout`)."),
        "410": answer("The receiver wants nothing more: the webhook is disabled."),
        "429": answer("Too much: the whole webhook slows down, by `Retry-After` where there is one; it is tried again."),
        "502": answer("As 429."),
        "503": answer("As 429."),
        "504": answer("As 429."),
        "default": answer("Not delivered, redirects among them, which are not followed: it is tried again by the schedule."),
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

/// An object with all of these members.
fn object(members: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}
