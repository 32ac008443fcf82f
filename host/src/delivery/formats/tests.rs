//! Every event in every format, and what customers may write into them.

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{delivery::webhooks::notice, feedback::Analysis, feedback::Feedback};

/// What attackers write: mentions, links, markup of each format, what ends a text in JSON, what steers a terminal.
const HOSTILE: &str = "<!channel> <@U123> <https://evil.example|click> & *b* _i_ ~s~ `c` [link](https://evil.example) \
                       ![i](https://evil.example/x.png) # h\n> q\n- l \"quoted\" \\ \u{0}\u{7}\u{1b}[31m \u{202e}abc \
                       <at>all</at> :smile: @here {{ data }} </script>";

fn feedback(more: Value) -> Feedback {
    let mut feedback = json!({
        "id": "0198c0de-0000-7000-8000-000000000001", "revision": 2, "received_at": "2026-01-02T03:04:05Z",
        "kind": "review", "text": "Terribly late.",
    });
    feedback.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(feedback).unwrap()
}

fn format(name: &str, more: Value) -> Result<Format, Vec<FieldError>> {
    let mut webhook = json!({ "name": "crm", "url": "https://crm.example.com", "format": name });
    webhook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let webhook: config::Webhook = serde_json::from_value(webhook).unwrap();
    Format::new(&webhook, &config::Delivery::default(), &Filter::of(&webhook).unwrap())
}

async fn of_analysis(name: &str, feedback: &Feedback, analysis: &Analysis) -> Outgoing {
    let payload = Payload::new(feedback, analysis).unwrap();
    written(name, standard::ANALYZED, Data::Analysis { feedback: feedback.id, payload: &payload }).await
}

async fn of_notice(name: &str, kind: &str, data: &Value) -> Outgoing {
    written(name, kind, Data::Notice(data)).await
}

async fn written(name: &str, kind: &str, data: Data<'_>) -> Outgoing {
    let due = "2026-01-02T03:04:06.7891Z".parse().unwrap();
    let event = Event::new(DeliveryId(Uuid::from_u128(7)), kind, due, data);
    format(name, json!({})).unwrap().write(&event).await.unwrap()
}

fn body(outgoing: &Outgoing) -> Value {
    serde_json::from_slice(&outgoing.body).unwrap()
}

fn header<'a>(outgoing: &'a Outgoing, name: &str) -> &'a str {
    outgoing.headers[name].to_str().unwrap()
}

/// Every text in a JSON value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn parked() -> Value {
    json!({ "feedback": { "id": "0198c0de-0000-7000-8000-000000000001", "revision": 1, "kind": null }, "reason": "why" })
}

fn disabled() -> Value {
    json!({
        "webhook": { "id": "wh_1", "name": "crm" }, "failing_since": "2026-01-02T03:04:05Z", "reason": "status 410",
    })
}

#[tokio::test]
async fn a_structured_cloudevent_has_its_attributes_in_the_body() {
    let outgoing = of_analysis("cloudevents_structured", &feedback(json!({})), &Analysis::default()).await;
    assert_eq!(outgoing.content_type, "application/cloudevents+json");
    assert!(outgoing.headers.is_empty());
    let event = body(&outgoing);
    let attributes: Vec<_> = event.as_object().unwrap().iter().filter(|(name, _)| *name != "data").collect();
    let expected = json!({
        "specversion": "1.0", "id": "dlv_00000000000000000000000000000007", "source": "/sayso",
        "type": "feedback.analyzed", "subject": "0198c0de-0000-7000-8000-000000000001",
        "time": "2026-01-02T03:04:06.789Z", "datacontenttype": "application/json",
    });
    assert_eq!(attributes, expected.as_object().unwrap().iter().collect::<Vec<_>>());
    assert_eq!(event["data"]["feedback"]["revision"], 2);
    assert_eq!(event["data"]["analysis"]["urgency"]["level"], "normal");
}

#[tokio::test]
async fn a_binary_cloudevent_has_its_attributes_in_headers_and_the_data_alone_in_the_body() {
    let outgoing = of_analysis("cloudevents_binary", &feedback(json!({})), &Analysis::default()).await;
    assert_eq!(outgoing.content_type, "application/json");
    assert_eq!(header(&outgoing, "ce-specversion"), "1.0");
    assert_eq!(header(&outgoing, "ce-id"), "dlv_00000000000000000000000000000007");
    assert_eq!(header(&outgoing, "ce-source"), "/sayso");
    assert_eq!(header(&outgoing, "ce-type"), "feedback.analyzed");
    assert_eq!(header(&outgoing, "ce-subject"), "0198c0de-0000-7000-8000-000000000001");
    assert_eq!(header(&outgoing, "ce-time"), "2026-01-02T03:04:06.789Z");
    assert_eq!(outgoing.headers.len(), 6);
    let structured = of_analysis("cloudevents_structured", &feedback(json!({})), &Analysis::default()).await;
    assert_eq!(body(&outgoing), body(&structured)["data"]);
}

#[tokio::test]
async fn the_source_of_cloudevents_is_what_the_configuration_says() {
    let limits = config::Delivery { source: "https://eu.sayso.example/".into(), ..config::Delivery::default() };
    let webhook = json!({ "name": "a", "url": "https://a.example", "format": "cloudevents_binary" });
    let webhook: config::Webhook = serde_json::from_value(webhook).unwrap();
    let format = Format::new(&webhook, &limits, &Filter::of(&webhook).unwrap()).unwrap();
    let (data, due) = (parked(), "2026-01-02T03:04:06Z".parse().unwrap());
    let event = Event::new(DeliveryId(Uuid::nil()), notice::PARKED, due, Data::Notice(&data));
    assert_eq!(header(&format.write(&event).await.unwrap(), "ce-source"), "https://eu.sayso.example/");
}

#[tokio::test]
async fn an_attribute_that_a_header_cannot_carry_is_percent_encoded() {
    let data = json!({ "webhook": { "id": "wh \"1\" 100%\r\né" } });
    let outgoing = of_notice("cloudevents_binary", "x.y", &data).await;
    assert_eq!(header(&outgoing, "ce-subject"), "wh%20%221%22%20100%25%0D%0A%C3%A9");
}

#[tokio::test]
async fn a_batch_of_cloudevents_is_a_list_of_them() {
    let format = format("cloudevents_structured", json!({ "batch": { "max_items": 10 } })).unwrap();
    let (due, data) = ("2026-01-02T03:04:06Z".parse().unwrap(), parked());
    let item = |id| {
        format.item(&Event::new(DeliveryId(Uuid::from_u128(id)), notice::PARKED, due, Data::Notice(&data))).unwrap()
    };
    let outgoing = format.batch(due, &[item(1), item(2)]);
    assert_eq!(outgoing.content_type, "application/cloudevents-batch+json");
    let list = body(&outgoing);
    let ids: Vec<_> = list.as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["dlv_00000000000000000000000000000001", "dlv_00000000000000000000000000000002"]);
    assert!(list.as_array().unwrap().iter().all(|event| event["specversion"] == "1.0" && event["data"] == data));
}

#[tokio::test]
async fn every_event_can_be_written_in_every_format() {
    let (parked, disabled) = (parked(), disabled());
    let notices = [(notice::PARKED, &parked), (notice::DISABLED, &disabled), ("new.kind", &json!({ "a": 1 }))];
    for name in ["standard", "cloudevents_structured", "cloudevents_binary", "slack", "teams"] {
        for (kind, data) in &notices {
            let outgoing = of_notice(name, kind, data).await;
            assert!(body(&outgoing).is_object(), "{name} {kind}");
            let reason = data["reason"].as_str().unwrap_or_default();
            assert!(String::from_utf8_lossy(&outgoing.body).contains(reason), "{name} {kind}: the reason is told");
        }
        let outgoing = of_analysis(name, &feedback(json!({})), &Analysis::default()).await;
        assert!(texts(&body(&outgoing)).contains(&"Terribly late."), "{name}");
    }
    let all = json!({ "events": ["*"], "template": "{\"type\": {{ type }}, \"id\": {{ id }}, \"data\": {{ data }}}" });
    let template = format("template", all).unwrap();
    for (kind, data) in &notices {
        let due = "2026-01-02T03:04:06Z".parse().unwrap();
        let event = Event::new(DeliveryId(Uuid::from_u128(7)), kind, due, Data::Notice(data));
        let written = body(&template.write(&event).await.unwrap());
        assert_eq!(written, json!({ "type": kind, "id": "dlv_00000000000000000000000000000007", "data": data }));
    }
}

#[test]
fn what_does_not_go_together_is_said() {
    let batch = json!({ "batch": { "max_items": 10 } });
    for (name, more, field, expected) in [
        ("cloudevents_binary", batch.clone(), "batch", "`cloudevents_structured` has batches"),
        ("slack", batch.clone(), "batch", "one message a request"),
        ("teams", batch.clone(), "batch", "one message a request"),
        ("template", json!({ "template": "{}", "batch": { "max_items": 10 } }), "batch", "one event a request"),
        ("template", json!({}), "template", "needs one"),
        ("slack", json!({ "template": "{}" }), "template", "this one is `slack`"),
        ("standard", json!({ "content_type": "text/plain" }), "content_type", "this one is `standard`"),
        ("template", json!({ "template": "{}", "content_type": "nope" }), "content_type", "no content type"),
        ("template", json!({ "template": "{{ data.nope }}" }), "template", "line 1: `data.nope` is undefined"),
    ] {
        let faults = format(name, more.clone()).map(drop).expect_err(name);
        assert!(faults.len() == 1 && faults[0].field == field, "{name} {more}: {faults:?}");
        assert!(faults[0].message.contains(expected), "{name} {more}: {faults:?}");
    }
    for name in ["standard", "cloudevents_structured"] {
        assert!(format(name, batch.clone()).is_ok(), "{name}");
    }
}

#[tokio::test]
async fn slack_sees_no_markup_in_what_customers_write() {
    let feedback = feedback(json!({
        "text": HOSTILE, "title": HOSTILE, "rating": { "value": 1 }, "customer": { "id": HOSTILE, "email": "ann@example.org" },
        "source": { "type": HOSTILE, "name": HOSTILE, "url": "https://example.com/a|b>c<d\"e?f&g" },
    }));
    let mut analysis = Analysis::default();
    analysis.urgency.reasons.push(HOSTILE.into());
    let message = body(&of_analysis("slack", &feedback, &analysis).await);
    let mut marked = vec![message["text"].as_str().unwrap()];
    for block in message["blocks"].as_array().unwrap() {
        let of_block = [&block["text"], &block["fields"], &block["elements"]];
        for text in of_block.into_iter().flat_map(|text| text.as_array().cloned().unwrap_or_else(|| vec![text.clone()]))
        {
            if text["type"] == "mrkdwn" {
                assert_eq!(text["verbatim"], true, "{text:#}");
                marked.push(Box::leak(text["text"].as_str().unwrap().to_owned().into_boxed_str()));
            } else if text.is_object() {
                assert_eq!((&text["type"], &text["emoji"]), (&json!("plain_text"), &json!(false)));
            }
        }
    }
    assert!(marked.len() > 4, "{marked:#?}");
    let (link, others): (Vec<&str>, Vec<&str>) = marked.into_iter().partition(|text| text.starts_with("<https://"));
    assert_eq!(
        link,
        [
            "<https://example.com/a%7Cb%3Ec%3Cd%22e?f&amp;g|the original> · feedback 0198c0de-0000-7000-8000-000000000001 revision 2"
        ]
    );
    for text in others {
        assert!(!text.contains(['<', '>']), "{text}");
        assert!(
            text.split('&').skip(1).all(|rest| ["amp;", "lt;", "gt;"].iter().any(|escape| rest.starts_with(escape)))
        );
    }
    assert!(texts(&message).iter().any(|text| text.contains("<!channel>")), "as plain text it is what was written");
    assert!(texts(&message).iter().all(|text| !text.contains(['\u{0}', '\u{7}', '\u{1b}', '\u{202e}'])));
    assert!(!message.to_string().contains("ann@example.org"), "a chat has more readers");
}

#[tokio::test]
async fn slack_s_limits_hold_whatever_is_posted() {
    for text in ["late ".repeat(20_000), "&".repeat(100_000), "遅い".repeat(20_000), "😀".repeat(30_000)] {
        let answers: Vec<_> = (0..50)
            .map(|number| json!({ "field_id": format!("{number}{text}"), "field_type": "number", "value": 1 }))
            .collect();
        let feedback = feedback(json!({
            "kind": "survey", "text": text, "title": text, "answers": answers, "customer": { "id": text, "segment": text },
            "source": { "type": text, "url": format!("https://example.com/{text}") },
        }));
        let message = body(&of_analysis("slack", &feedback, &Analysis::default()).await);
        let length = |value: &Value| value.as_str().unwrap().encode_utf16().count();
        assert!(length(&message["text"]) <= 3_000);
        let blocks = message["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 50);
        assert!(length(&blocks[0]["text"]["text"]) <= 150);
        assert!((2_999..=3_000).contains(&length(&blocks[1]["text"]["text"])));
        assert!(blocks[1]["text"]["text"].as_str().unwrap().ends_with('…'));
        let fields = blocks[2]["fields"].as_array().unwrap();
        assert!(fields.len() <= 10 && fields.iter().all(|field| length(&field["text"]) <= 2_000));
    }
}

#[tokio::test]
async fn teams_sees_no_markup_in_what_customers_write() {
    let feedback = feedback(json!({
        "text": HOSTILE, "customer": { "id": HOSTILE, "email": "ann@example.org" },
        "source": { "type": HOSTILE, "url": "javascript:alert(1)" },
    }));
    let message = body(&of_analysis("teams", &feedback, &Analysis::default()).await);
    assert_eq!((&message["type"], message["attachments"].as_array().unwrap().len()), (&json!("message"), 1));
    assert_eq!(message["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &message["attachments"][0]["content"];
    for line in card["body"].as_array().unwrap() {
        assert_eq!(line["type"], "RichTextBlock", "of all elements with text, this one alone has no Markdown");
        assert!(line["inlines"].as_array().unwrap().iter().all(|run| run["type"] == "TextRun" && run["text"] != ""));
    }
    assert_eq!(card["actions"], Value::Null, "no such link is offered");
    assert!(texts(card).iter().any(|text| text.contains("[link](https://evil.example)")));
    assert!(texts(card).iter().all(|text| !text.contains(['\u{0}', '\u{7}', '\u{1b}', '\u{202e}'])));
    assert!(!message.to_string().contains("ann@example.org"), "a chat has more readers");
}

#[tokio::test]
async fn a_card_is_never_larger_than_teams_takes() {
    for text in ["late ".repeat(20_000), "\"\\\n".repeat(30_000), "遅い".repeat(20_000), "😀".repeat(30_000)] {
        let answers: Vec<_> = (0..50)
            .map(|number| json!({ "field_id": format!("{number}{text}"), "field_type": "number", "value": 1 }))
            .collect();
        let feedback = feedback(json!({
            "kind": "survey", "text": text, "title": text, "answers": answers, "customer": { "id": text, "segment": text },
            "source": { "type": text, "url": format!("https://example.com/{}", "é".repeat(150)) },
        }));
        let tag = |name: &str| json!({ "name": name, "confidence": 1.0, "spans": [] });
        let analysis: Analysis = serde_json::from_value(json!({
            "language": { "code": text, "confidence": 1.0 }, "urgency": { "level": "critical", "reasons": [text] },
            "tags": vec![tag(&text); 20], "intents": [{ "type": text, "confidence": 1.0 }],
            "routes": vec![json!({ "name": text, "rule": "r", "priority": 1 }); 20],
            "sentiment": { "label": text, "score": 1.0, "evidence": [] },
        }))
        .unwrap();
        let outgoing = of_analysis("teams", &feedback, &analysis).await;
        assert!(outgoing.body.len() <= teams::MAX_BYTES, "{} bytes", outgoing.body.len());
        assert!(outgoing.body.len() > 6_000, "the limits are used");
    }
}
