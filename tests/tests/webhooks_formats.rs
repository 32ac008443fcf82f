//! What webhooks receive in other formats than the standard one, as other people's libraries understand it. Against the
//! real binary and real receivers.

use std::path::{Path, PathBuf};

use reqwest::Method;
use sayso_tests::{
    Event, Receiver, SECRET, Server, refusal, sayso,
    webhooks::{LOOPBACK, call, create_to, is_verified, read_in_node, read_in_python},
};
use serde_json::{Value, json};

/// What attackers write: mentions, links, markup, what ends a text in JSON, what steers a terminal.
const HOSTILE: &str = "<!channel> <@U123> <https://evil.example|click> *b* [link](https://evil.example) \"quoted\" \\ \
                       ![i](https://evil.example/x.png) \u{7}\u{1b}[31m <at>all</at> {{ data }}";

fn review(text: &str) -> Value {
    json!({
        "kind": "review", "text": text, "rating": { "value": 1 }, "language": "en", "external_id": "r-1",
        "source": { "type": "trustpilot", "url": "https://example.com/r/1?a=b&c=d" }, "customer": { "id": "c-1" },
    })
}

/// A server with a webhook of the API in this format, its secret, and its receiver.
async fn with_format(format: &str, more: Value) -> (Server, Receiver, String) {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let mut settings = json!({ "format": format });
    settings.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let webhook = create_to(&server, "crm", &receiver.url(), settings).await;
    assert_eq!(webhook["format"], format, "{webhook:#}");
    (server, receiver, webhook["secret"].as_str().expect("is shown").to_owned())
}

/// The first delivery, which is signed over the body as it was sent.
async fn first(receiver: &Receiver, secret: &str) -> Event {
    let event = receiver.wait_for(1).await.remove(0);
    assert!(is_verified(secret, &event), "{:?}", event.headers);
    event
}

#[tokio::test]
async fn others_read_cloudevents_in_both_modes_and_find_the_same_event() {
    let mut read = Vec::new();
    for format in ["cloudevents_structured", "cloudevents_binary"] {
        let (server, receiver, secret) = with_format(format, json!({})).await;
        let answer = server.analyze(&review(HOSTILE)).await;
        let event = first(&receiver, &secret).await;
        let by_python = read_in_python("cloudevents", &event);
        let attributes = &by_python["attributes"];
        let has = ["specversion", "id", "source", "type", "subject"].map(|name| attributes[name].as_str());
        let expected = ["1.0", event.id.as_str(), "/sayso", "feedback.analyzed", answer["id"].as_str().expect("an id")];
        assert_eq!(has, expected.map(Some), "{by_python:#}");
        assert_eq!(by_python["data"]["feedback"]["text"], HOSTILE, "{by_python:#}");
        assert!(by_python["data"]["analysis"]["sentiment"]["score"].is_number(), "{by_python:#}");
        let by_node = read_in_node("cloudevents", &event);
        assert_eq!(by_node["events"].as_array().expect("a list").len(), 1, "{by_node:#}");
        assert_eq!(by_node["events"][0]["valid"], true, "{by_node:#}");
        assert_eq!(by_node["events"][0]["event"]["id"], event.id.as_str());
        assert_eq!(by_node["events"][0]["event"]["data"]["feedback"]["text"], HOSTILE);
        read.push(by_python["data"]["feedback"]["text"].clone());
    }
    assert_eq!(read[0], read[1]);
}

#[tokio::test]
async fn others_read_a_batch_of_cloudevents() {
    let batch = json!({ "batch": { "max_items": 3, "max_wait_ms": 10_000 } });
    let (server, receiver, secret) = with_format("cloudevents_structured", batch).await;
    server.analyze(&json!([review("one"), review("two"), review("three")])).await;
    let event = first(&receiver, &secret).await;
    assert_eq!(event.headers["content-type"], "application/cloudevents-batch+json");
    let read = read_in_node("cloudevents", &event);
    let events = read["events"].as_array().unwrap_or_else(|| panic!("{read:#}"));
    assert!(!events.is_empty() && events.iter().all(|one| one["valid"] == true), "{read:#}");
    let deliveries = server.wait_until("/v1/deliveries?status=delivered", |list| list["items"][0].is_object()).await;
    let owed: Vec<_> = deliveries["items"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
    assert!(
        events.iter().all(|one| owed.contains(&&one["event"]["id"])),
        "the ids of the deliveries, to drop repeats by"
    );
}

#[tokio::test]
async fn slack_s_own_library_reads_what_slack_gets_and_finds_it_within_the_limits() {
    for text in [HOSTILE.to_owned(), format!("{HOSTILE} {}", "late & <late> ".repeat(7_000))] {
        let (server, receiver, secret) = with_format("slack", json!({})).await;
        server.analyze(&review(&text)).await;
        let event = first(&receiver, &secret).await;
        assert_eq!(event.headers["content-type"], "application/json");
        let read = read_in_python("slack", &event);
        assert_eq!(read, event.body, "the library knows all of it");
        let fallback = event.body["text"].as_str().expect("text");
        assert!(fallback.contains("&lt;!channel&gt; &lt;@U123&gt;") && !fallback.contains('<'), "{fallback}");
    }
}

#[tokio::test]
async fn the_library_of_adaptive_cards_reads_what_teams_gets() {
    for text in [HOSTILE.to_owned(), format!("{HOSTILE} {}", "late \"late\" 遅い ".repeat(5_000))] {
        let (server, receiver, secret) = with_format("teams", json!({})).await;
        server.analyze(&review(&text)).await;
        let event = first(&receiver, &secret).await;
        assert!(event.raw.len() <= 28 << 10, "{} bytes", event.raw.len());
        let read = read_in_node("adaptivecards", &event);
        assert_eq!(read["events"], json!([]), "nothing is unknown or out of range: {read:#}");
        assert_eq!(read["card"], event.body["attachments"][0]["content"], "nor left out");
        assert_eq!(read["actions"], 1, "it leads to the review");
    }
}

#[tokio::test]
async fn the_libraries_find_what_is_wrong_with_a_message() {
    let (server, receiver, _) = with_format("slack", json!({})).await;
    server.analyze(&review("late")).await;
    let event = receiver.wait_for(1).await.remove(0);
    let with = |body: Value| Event { raw: serde_json::to_vec(&body).expect("JSON").into(), ..event.clone() };
    let long = json!({ "text": "a", "blocks": [
        { "type": "section", "text": { "type": "plain_text", "text": "x".repeat(3_001) } },
    ] });
    assert!(read_in_python("slack", &with(long))["refused"].is_string());
    let card = json!({ "attachments": [{ "content": { "type": "AdaptiveCard", "version": "1.4", "body": [
        { "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": "a", "size": "Huge" }] },
    ] } }] });
    assert_ne!(read_in_node("adaptivecards", &with(card))["events"], json!([]));
    let no_event = json!({ "specversion": "1.0", "id": "1", "type": "a" });
    assert!(read_in_python("cloudevents", &with(no_event.clone()))["refused"].is_string());
    assert!(read_in_node("cloudevents", &with(no_event))["refused"].is_string());
}

#[tokio::test]
async fn an_event_that_is_no_analysis_is_a_message_too() {
    let (gone, told) = (Receiver::start().await, Receiver::start().await);
    gone.answer_with(410);
    let server = Server::builder().config(LOOPBACK).start().await;
    create_to(&server, "gone", &gone.url(), json!({})).await;
    let events = json!({ "format": "slack", "events": ["webhook.disabled"] });
    create_to(&server, "team", &told.url(), events).await;
    server.post(&review("late")).await;
    let event = told.wait_for(1).await.remove(0);
    assert_eq!(event.body["blocks"][0]["text"]["text"], "The webhook gone was disabled");
    assert!(event.body["text"].as_str().expect("text").contains("410"), "{:#}", event.body);
    assert_eq!(read_in_python("slack", &event), event.body);
}

#[tokio::test]
async fn a_template_makes_json_whatever_the_customer_wrote() {
    let template = r#"{"text": {{ data.feedback.text }}, "line": {{ "A " ~ data.feedback.kind ~ ": " ~ data.feedback.text }},
        "stars": {{ data.feedback.rating.value if data.feedback.rating is defined else none }}}"#;
    let more = json!({ "template": template, "content_type": "application/vnd.desk+json" });
    let (server, receiver, secret) = with_format("template", more).await;
    let long = format!(r#"","admin":true,"x":"{}"#, "遅い\"\\\n".repeat(10_000));
    server.analyze(&json!([review(HOSTILE), review(&long)])).await;
    let events = receiver.wait_for(2).await;
    assert!(events.iter().all(|event| is_verified(&secret, event)));
    assert!(events.iter().all(|event| event.headers["content-type"] == "application/vnd.desk+json"));
    for text in [HOSTILE, &long] {
        let expected = json!({ "text": text, "line": format!("A review: {text}"), "stars": 1.0 });
        assert!(events.iter().any(|event| event.body == expected), "{:#}", events[0].body);
    }
}

#[tokio::test]
async fn a_template_that_cannot_work_is_refused_when_it_is_saved_with_line_and_name() {
    let (server, receiver, _) = with_format("standard", json!({})).await;
    let bad = "{\n  \"stars\": {{ data.feedback.rating.value }}\n}";
    let settings = json!({ "name": "desk", "url": receiver.url(), "format": "template", "template": bad });
    let (status, problem) = call(&server, Method::POST, "", Some(&settings)).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("template")), "{problem:#}");
    let message = problem["errors"][0]["message"].as_str().expect("text");
    assert!(message.starts_with("line 2: `data.feedback.rating` is undefined"), "{message}");
    assert!(message.contains("without stars") || message.contains("survey"), "it names the sample: {message}");

    // Where only what has stars is delivered, the same template is in order.
    let mut narrowed = settings.clone();
    narrowed["condition"] = json!("has(feedback.rating)");
    let (status, desk) = call(&server, Method::POST, "", Some(&narrowed)).await;
    assert_eq!((status, &desk["template"]), (201, &json!(bad)), "{desk:#}");

    let path = format!("/{}", desk["id"].as_str().expect("an id"));
    for (patch, field) in [
        (json!({ "template": "{" }), "template"),
        (json!({ "condition": null }), "template"),
        (json!({ "format": "slack" }), "template"),
        (json!({ "batch": { "max_items": 10 } }), "batch"),
        (json!({ "content_type": "nope" }), "content_type"),
        (json!({ "format": "smoke_signals" }), "format"),
    ] {
        let (status, problem) = call(&server, Method::PATCH, &path, Some(&patch)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{patch}: {problem:#}");
    }
    let patch = json!({ "format": "slack", "template": null });
    let (status, changed) = call(&server, Method::PATCH, &path, Some(&patch)).await;
    assert_eq!((status, &changed["format"], &changed["template"]), (200, &json!("slack"), &Value::Null), "{changed:#}");

    let lines = format!(
        "[[webhook]]\nname = \"desk\"\nurl = \"https://desk.example\"\nsecret = \"{SECRET}\"\nformat = \"template\"\n\
         template = '''\n{{\n \"stars\": {{{{ data.feedback.ratng }}}}\n}}'''\n"
    );
    let said = refusal(&lines);
    assert!(said.contains("webhook `desk`: `template`: line 2: `data.feedback.ratng` is undefined"), "{said}");
}

#[tokio::test]
async fn what_a_template_fails_on_is_parked_with_the_reason_and_goes_out_once_the_template_is_mended() {
    let template = "{\"up\": {% if data.feedback.external_id|default('') == 'r-1' %}{{ data.feedback.helpful.up }}{% else %}0{% endif %}}";
    let (server, receiver, secret) =
        with_format("template", json!({ "template": template, "kinds": ["survey", "review"] })).await;
    server.analyze(&review("Ann's secret words")).await;
    let list = server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "parked").await;
    let attempts = list["items"][0]["attempts"].as_array().expect("attempts");
    let error = attempts[0]["error"].as_str().expect("text");
    assert!(error.starts_with("`template`: line 1: `data.feedback.helpful` is undefined"), "{error}");
    assert_eq!((attempts.len(), &attempts[0]["status"]), (1, &Value::Null), "{list:#}");
    let parked = server.wait_until("/v1/parked?lane=delivery/crm", |list| list["items"][0].is_object()).await;
    assert_eq!(parked["items"][0]["reason"], error);
    assert!(receiver.events().is_empty(), "nothing is sent");

    // One that makes no JSON of some events.
    let webhook = call(&server, Method::GET, "", None).await.1["items"][0].clone();
    let path = format!("/{}", webhook["id"].as_str().expect("an id"));
    let broken = json!({ "template": "{}{% if data.feedback.external_id|default('') == 'r-2' %}, {% endif %}" });
    assert_eq!(call(&server, Method::PATCH, &path, Some(&broken)).await.0, 200);
    let mut second = review("Bob's secret words");
    second["external_id"] = json!("r-2");
    server.analyze(&second).await;
    let both = |list: &Value| list["items"].as_array().is_some_and(|items| items.len() == 2);
    let list = server.wait_until("/v1/deliveries?status=parked", both).await;
    assert!(list.to_string().contains("is no JSON, which the content type asks for"), "{list:#}");

    let mended = json!({ "template": "{\"text\": {{ data.feedback.text }}}" });
    assert_eq!(call(&server, Method::PATCH, &path, Some(&mended)).await.0, 200);
    server.wait_until("/v1/parked?lane=delivery/crm", both).await;
    for item in list["items"].as_array().expect("a list") {
        let replay = format!("/v1/deliveries/{}/replay", item["id"].as_str().expect("an id"));
        let answer = server.request(Method::POST, &replay).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.text().await.expect("text"));
    }
    let events = receiver.wait_for(2).await;
    assert!(events.iter().all(|event| is_verified(&secret, event)));
    assert!(events.iter().any(|event| event.body == json!({ "text": "Ann's secret words" })));
    let log = server.log().join("\n");
    assert!(log.contains("a delivery was parked") && !log.contains("secret words"), "{log}");
}

#[tokio::test]
async fn the_command_line_takes_a_template_from_a_file_and_another_format_takes_it_away() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let file = server.dir().join("ticket.jinja");
    std::fs::write(&file, "Stars: {{ data.feedback.rating.value|default('none') if data.feedback.rating is defined }}")
        .expect("is written");
    let run = |arguments: &[&str]| {
        let output = sayso().args(["webhook"]).args(arguments).args(["--json", "--server", server.url()]).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default(), said)
    };
    let url = receiver.url();
    let create = |content_type| {
        let template = file.to_str().expect("text");
        run(&["create", "--name", "desk", "--url", &url, "--template", template, "--content-type", content_type])
    };
    let (_, said) = create("application/json");
    assert!(said.contains("`template`") && said.contains("is no JSON"), "{said}");
    let (desk, said) = create("text/plain");
    assert_eq!((&desk["format"], &desk["content_type"]), (&json!("template"), &json!("text/plain")), "{said}");
    server.analyze(&review("late")).await;
    assert_eq!(receiver.wait_for(1).await[0].raw, "Stars: 1.0");
    let (changed, said) = run(&["update", "desk", "--format", "teams"]);
    assert_eq!((&changed["format"], &changed["template"]), (&json!("teams"), &Value::Null), "{said}");
}

#[tokio::test]
async fn headers_that_would_make_a_cloudevent_of_anything_are_refused() {
    let (server, receiver, _) = with_format("standard", json!({})).await;
    let settings = json!({ "name": "x", "url": receiver.url(), "headers": { "ce-id": "1" } });
    let (status, problem) = call(&server, Method::POST, "", Some(&settings)).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("headers.ce-id")), "{problem:#}");
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// What was received, with what is new every time put to what the examples have, and without what plugins say of
/// themselves: headers of the format, and body.
fn as_example(event: &Event) -> String {
    let raw = String::from_utf8(event.raw.to_vec()).expect("UTF-8");
    let feedback = regular(&raw, "0198c0de-0000-7000-8000-000000000001");
    let body = match serde_json::from_str::<Value>(&feedback.replace(&event.id, "dlv_0198c0de000080008000000000000001"))
    {
        Ok(mut json) => {
            settle(&mut json);
            format!("{json:#}\n")
        }
        Err(_) => feedback,
    };
    let headers = event.headers.iter().filter(|(name, _)| name.as_str().starts_with("ce-") || *name == "content-type");
    let mut headers: Vec<_> = headers
        .map(|(name, value)| match name.as_str() {
            "ce-time" => format!("{name}: 2026-03-02T18:41:00.5Z\n"),
            "ce-id" => format!("{name}: dlv_0198c0de000080008000000000000001\n"),
            "ce-subject" => format!("{name}: 0198c0de-0000-7000-8000-000000000001\n"),
            _ => format!("{name}: {}\n", value.to_str().expect("text")),
        })
        .collect();
    headers.sort();
    format!("{}\n{body}", headers.concat())
}

/// The text with every UUID of version 7 replaced.
fn regular(text: &str, id: &str) -> String {
    let is_id = |candidate: &str| {
        candidate.len() == 36
            && candidate.as_bytes()[14] == b'7'
            && candidate
                .char_indices()
                .all(|(at, c)| if [8, 13, 18, 23].contains(&at) { c == '-' } else { c.is_ascii_hexdigit() })
    };
    let mut replaced = text.to_owned();
    for at in (0..text.len().saturating_sub(35)).filter(|at| text.get(*at..at + 36).is_some_and(is_id)) {
        replaced.replace_range(at..at + 36, id);
    }
    replaced
}

fn settle(json: &mut Value) {
    match json {
        Value::Object(map) => {
            map.remove("provenance");
            for (name, value) in map.iter_mut() {
                match name.as_str() {
                    "received_at" => *value = json!("2026-03-02T18:41:00Z"),
                    "time" | "timestamp" => *value = json!("2026-03-02T18:41:00.5Z"),
                    _ => settle(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(settle),
        _ => {}
    }
}

#[tokio::test]
async fn the_examples_show_what_is_sent() {
    let config = std::fs::read_to_string(examples().join("formats.toml")).expect("is read");
    let names: Vec<&str> =
        config.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    let mut server = Server::builder().config(&config);
    let mut receivers = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let receiver = Receiver::start().await;
        server = server
            .variable(&format!("SAYSO_WEBHOOK__{index}__URL"), &receiver.url())
            .variable(&format!("SAYSO_WEBHOOK__{index}__ALLOW_PRIVATE"), "true");
        receivers.push((*name, receiver));
    }
    let server = server.start().await;
    let review = std::fs::read_to_string(examples().join("feedback/review.json")).expect("is read");
    server.analyze(&serde_json::from_str(&review).expect("JSON")).await;
    assert_eq!(receivers.len(), 6);
    for (name, receiver) in receivers {
        let event = receiver.wait_for(1).await.remove(0);
        assert!(event.is_verified, "{name}");
        let (file, sent) = (examples().join(format!("formats/{name}.http")), as_example(&event));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&file, &sent).expect("is written");
        }
        let shown = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(shown, sent, "{}: run this test with BLESS=1 if this is as it should be", file.display());
    }
}
