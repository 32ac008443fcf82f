//! Trying webhooks out: test deliveries that tell the true outcome, and the receiver that rehearses failures.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use reqwest::Method;
use sayso_tests::{
    Event, RawReceiver, Receiver, SECRET, Server,
    raw::{read_request, write},
    sayso,
    webhooks::{LOOPBACK, call, change, create_to, is_verified},
};
use serde_json::{Value, json};

fn review(text: &str) -> Value {
    json!({ "kind": "review", "text": text, "rating": { "value": 1 }, "language": "en", "customer": { "id": "c-1" } })
}

/// Sends a test delivery: status and answer.
async fn test(server: &Server, id_or_name: &str, asked: Option<&Value>) -> (u16, Value) {
    call(server, Method::POST, &format!("/{id_or_name}/test"), asked).await
}

async fn outcome(server: &Server, id_or_name: &str, asked: Option<&Value>) -> Value {
    let (status, outcome) = test(server, id_or_name, asked).await;
    assert_eq!(status, 200, "{outcome:#}");
    outcome
}

fn text<'a>(event: &'a Event, name: &str) -> &'a str {
    event.headers.get(name).map_or("", |value| value.to_str().expect("text"))
}

#[tokio::test]
async fn a_test_delivery_is_a_real_one_but_for_its_mark_and_the_answer_shows_what_was_sent() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let more =
        json!({ "headers": { "x-team": "care", "authorization": { "value": "Bearer s3cret", "secret": true } } });
    let url = format!("{}?token=s3cret", receiver.url());
    let webhook = create_to(&server, "crm", &url, more).await;
    let id = webhook["id"].as_str().expect("an id");
    let feedback = server.analyze(&review("Terribly late")).await;
    let real = receiver.wait_for(1).await.remove(0);
    server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "delivered").await;
    let outcome = outcome(&server, id, None).await;
    let sent = receiver.wait_for(2).await.remove(1);

    assert_eq!((&outcome["delivered"], &outcome["attempt"]["status"]), (&json!(true), &json!(200)), "{outcome:#}");
    assert_eq!(outcome["feedback"], json!({ "id": feedback["id"], "sample": false, "wanted": true }));
    assert!(is_verified(webhook["secret"].as_str().expect("is shown"), &sent), "it is signed as any other");
    assert_eq!((text(&real, "sayso-test"), text(&sent, "sayso-test")), ("", "true"));
    assert!(real.id.starts_with("dlv_") && sent.id.starts_with("tst_"), "no repetition of the real one");
    assert_eq!((&sent.body["type"], &sent.body["data"]), (&real.body["type"], &real.body["data"]));
    assert_eq!(outcome["request"]["body"], std::str::from_utf8(&sent.raw).expect("UTF-8"));
    assert!(outcome["request"]["url"].as_str().expect("a URL").ends_with("/hook?…"));

    let shown: BTreeMap<String, String> =
        serde_json::from_value(outcome["request"]["headers"].clone()).expect("texts by name");
    let mut came: BTreeMap<String, String> =
        sent.headers.keys().map(|name| (name.to_string(), text(&sent, name.as_str()).to_owned())).collect();
    came.retain(|name, _| name != "host" && name != "content-length");
    assert_eq!(came.insert("authorization".into(), "…".into()).as_deref(), Some("Bearer s3cret"));
    assert_eq!(shown, came);
    assert!(!outcome.to_string().contains("s3cret"), "{outcome:#}");
    let deliveries = server.get("/v1/deliveries").await;
    assert_eq!(deliveries["items"].as_array().expect("a list").len(), 1, "a test is no delivery on record");
}

#[tokio::test]
async fn a_receiver_that_fails_is_never_reported_as_success_and_a_test_does_no_harm_to_the_webhook() {
    let raw = RawReceiver::start(|_, mut stream| async move {
        read_request(&mut stream).await;
        let answer = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 12\r\nconnection: close\r\n\r\nwho are you?";
        write(&mut stream, answer).await;
    })
    .await;
    let gone = Receiver::start().await;
    gone.answer_with(410);
    let server = Server::builder()
        .webhook("refusing", &raw.url(), "")
        .webhook("nobody", "http://127.0.0.1:1/", "")
        .webhook("gone", &gone.url(), "")
        .start()
        .await;
    let refused = outcome(&server, "refusing", None).await;
    assert_eq!((&refused["delivered"], &refused["attempt"]["status"]), (&json!(false), &json!(401)));
    assert_eq!(refused["attempt"]["response"], "who are you?");
    assert!(refused["explanation"].as_str().expect("words").contains("check that it verifies"), "{refused:#}");
    let nobody = outcome(&server, "nobody", None).await;
    assert_eq!((&nobody["delivered"], &nobody["attempt"]["status"]), (&json!(false), &Value::Null));
    assert!(nobody["attempt"]["error"].as_str().expect("words").starts_with("connecting to 127.0.0.1:1 failed"));
    assert_eq!(outcome(&server, "gone", None).await["delivered"], false);
    let webhooks = server.get("/v1/webhooks").await;
    for webhook in webhooks["items"].as_array().expect("a list") {
        assert_eq!((&webhook["active"], &webhook["health"]["state"]), (&json!(true), &json!("works")), "{webhook:#}");
    }
    assert_eq!(server.get("/v1/deliveries").await["items"], json!([]));
}

#[tokio::test]
async fn without_feedback_a_sample_is_sent_that_nobody_takes_for_a_customer() {
    let receiver = Receiver::start().await;
    let server = Server::builder()
        .webhook("all", &receiver.url(), "")
        .webhook("notes", &receiver.url(), "kinds = [\"csr_note\"]\nroutes = [\"nowhere\"]")
        .start()
        .await;
    let sample = outcome(&server, "all", None).await;
    assert_eq!((&sample["feedback"]["sample"], &sample["feedback"]["wanted"]), (&json!(true), &json!(true)));
    let event = receiver.wait_for(1).await.remove(0);
    assert!(event.is_verified);
    let feedback = &event.body["data"]["feedback"];
    assert_eq!(
        (&feedback["source"]["type"], &feedback["customer"]["id"]),
        (&json!("sayso-test"), &json!("sayso-test"))
    );
    let unwanted = outcome(&server, "notes", None).await;
    assert_eq!(unwanted["feedback"]["wanted"], false);
    assert!(unwanted["notes"].to_string().contains("filter does not let this one through"), "{unwanted:#}");
    assert_eq!(receiver.wait_for(2).await[1].body["data"]["feedback"]["kind"], "csr_note");
}

#[tokio::test]
async fn the_feedback_that_is_asked_for_is_told_and_what_is_not_there_is_404() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({ "routes": ["nowhere"] })).await;
    let id = webhook["id"].as_str().expect("an id").to_owned();
    let feedback = server.analyze(&review("first")).await;
    server.analyze(&review("second")).await;
    let asked = json!({ "feedback": feedback["id"] });
    let told = outcome(&server, &id, Some(&asked)).await;
    assert_eq!(told["feedback"], json!({ "id": feedback["id"], "sample": false, "wanted": false }));
    assert_eq!(receiver.wait_for(1).await[0].feedback_id(), feedback["id"]);

    let nothing = json!({ "feedback": "0190a5c8-0000-7000-8000-000000000000" });
    assert_eq!(test(&server, &id, Some(&nothing)).await.0, 404);
    for wrong in [json!({ "feedback": 7 }), json!({ "event": "x.y" }), json!({ "fedback": "x" })] {
        let (status, problem) = test(&server, &id, Some(&wrong)).await;
        assert_eq!((status, &problem["type"]), (400, &json!("urn:sayso:problem:invalid-request")), "{problem:#}");
    }
    assert_eq!(call(&server, Method::DELETE, &format!("/{id}"), None).await.0, 204);
    for missing in [&*id, "crm", "wh_0190a5c800007000800000000000000f"] {
        assert_eq!(test(&server, missing, None).await.0, 404, "{missing}");
    }
    assert_eq!(receiver.events().len(), 1);
}

#[tokio::test]
async fn paused_and_disabled_webhooks_can_be_tested() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({})).await;
    receiver.answer_with(410);
    server.analyze(&review("late")).await;
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().expect("an id"));
    server.wait_until(&path, |webhook| webhook["health"]["state"] == "disabled").await;
    change(&server, &webhook, json!({ "paused": true })).await;
    receiver.answer_with(200);
    let outcome = outcome(&server, "crm", None).await;
    assert_eq!(outcome["delivered"], true, "{outcome:#}");
    let notes = outcome["notes"].to_string();
    assert!(notes.contains("is paused") && notes.contains("is disabled"), "{notes}");
    assert_eq!(server.get(&path).await["health"]["state"], "disabled", "a test that succeeds enables nothing");
}

#[tokio::test]
async fn other_events_and_batches_are_sent_in_their_own_form() {
    let receiver = Receiver::start().await;
    let server = Server::builder()
        .webhook("ops", &receiver.url(), "events = [\"feedback.parked\"]")
        .webhook("bulk", &receiver.url(), "batch = { max_items = 10 }")
        .start()
        .await;
    let parked = outcome(&server, "ops", None).await;
    assert_eq!((&parked["event"], &parked["feedback"]["wanted"]), (&json!("feedback.parked"), &json!(true)));
    let disabled = outcome(&server, "ops", Some(&json!({ "event": "webhook.disabled" }))).await;
    assert_eq!((&disabled["delivered"], &disabled["feedback"]), (&json!(true), &Value::Null));
    outcome(&server, "bulk", None).await;
    let events = receiver.wait_for(3).await;
    assert!(events.iter().all(|event| event.is_verified));
    assert_eq!(events[0].body["data"]["reason"], "plugin `sayso-test` failed; GET /v1/parked says why");
    assert_eq!(events[1].body["data"]["webhook"]["name"], "ops");
    let item = &events[2].body["data"][0];
    assert_eq!((&events[2].body["type"], &item["type"]), (&json!("batch"), &json!("feedback.analyzed")));
    assert_eq!(item["id"], events[2].id.as_str());
}

#[tokio::test]
async fn a_test_goes_out_in_the_webhook_s_format() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let formats = [
        json!({ "format": "cloudevents_structured" }),
        json!({ "format": "cloudevents_structured", "batch": { "max_items": 5 } }),
        json!({ "format": "cloudevents_binary" }),
        json!({ "format": "slack" }),
        json!({ "format": "template", "template": "{{ id }} {{ data.feedback.kind }}", "content_type": "text/plain" }),
    ];
    let mut outcomes = Vec::new();
    for (number, format) in formats.into_iter().enumerate() {
        let name = format!("w{number}");
        let webhook = create_to(&server, &name, &receiver.url(), format).await;
        outcomes.push(outcome(&server, &name, None).await);
        let sent = receiver.wait_for(number + 1).await.remove(number);
        assert!(is_verified(webhook["secret"].as_str().expect("is shown"), &sent), "{name}");
        let shown = &outcomes[number]["request"];
        assert_eq!(shown["headers"]["content-type"], text(&sent, "content-type"), "{name}");
        assert_eq!(shown["body"], std::str::from_utf8(&sent.raw).expect("UTF-8"), "{name}");
    }
    let sent = receiver.events();
    let types: Vec<_> = sent.iter().map(|event| text(event, "content-type")).collect();
    let (one, batch) = ("application/cloudevents+json", "application/cloudevents-batch+json");
    assert_eq!(types, [one, batch, "application/json", "application/json", "text/plain"]);
    let id = |number: usize| sent[number].id.as_str();
    assert_eq!((&sent[0].body["id"], &sent[1].body[0]["id"]), (&json!(id(0)), &json!(id(1))));
    assert_eq!(text(&sent[2], "ce-id"), id(2));
    assert_eq!(outcomes[2]["request"]["headers"]["ce-id"], id(2));
    assert!(sent[2].body["feedback"].is_object() && sent[3].body["blocks"].is_array());
    assert_eq!(sent[4].raw, format!("{} review", id(4)).as_bytes());
}

#[tokio::test]
async fn what_the_template_fails_on_is_not_delivered_and_the_outcome_says_why() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    // No sample has this id, so that the template could be saved.
    let template = "{% if data.feedback.external_id|default('') == 'r-1' %}{{ data.feedback.helpful.up }}{% endif %}";
    let settings = json!({ "format": "template", "template": template, "content_type": "text/plain", "paused": true });
    create_to(&server, "desk", &receiver.url(), settings).await;
    let mut body = review("late");
    body["external_id"] = "r-1".into();
    let feedback = server.analyze(&body).await;
    let failed = outcome(&server, "desk", Some(&json!({ "feedback": feedback["id"] }))).await;
    assert_eq!((&failed["delivered"], failed.get("request")), (&json!(false), None), "{failed:#}");
    let error = failed["attempt"]["error"].as_str().expect("words");
    assert!(error.starts_with("`template`: line 1: `data.feedback.helpful` is undefined"), "{error}");
    assert_eq!(failed["explanation"], format!("Not delivered: {error}."));
    let (code, said) =
        on_the_command_line(&server, &["desk", "--feedback", feedback["id"].as_str().expect("an id")]).await;
    assert!(code == Some(1) && said.contains("NOT DELIVERED") && said.contains("is undefined"), "{said}");
    assert!(receiver.events().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn one_test_of_a_webhook_at_a_time() {
    let receiver = Receiver::start_slow(Duration::from_secs(2)).await;
    let server = Server::builder().webhook("crm", &receiver.url(), "").start().await;
    let two = tokio::join!(test(&server, "crm", None), test(&server, "crm", None));
    let mut statuses = [two.0.0, two.1.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{two:#?}");
    assert_eq!(test(&server, "crm", None).await.0, 200, "and then the next");
}

/// `sayso webhook test` with these arguments.
async fn on_the_command_line(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = sayso();
    command.args(["webhook", "test", "--server", server.url()]).args(arguments);
    let run = tokio::task::spawn_blocking(move || command.output().expect("it runs"));
    let Output { status, stdout, stderr } = run.await.expect("no panic");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[tokio::test]
async fn the_command_line_explains_and_its_exit_code_tells_whether_it_was_delivered() {
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("crm", &receiver.url(), "").start().await;
    let (code, said) = on_the_command_line(&server, &["crm"]).await;
    assert_eq!(code, Some(0), "{said}");
    for part in ["delivered", "The receiver took it: status 200", "sayso-test: true", "of a sample"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    receiver.answer_with(500);
    let feedback = server.analyze(&review("late")).await;
    let id = feedback["id"].as_str().expect("an id");
    let (code, said) = on_the_command_line(&server, &["crm", "--feedback", id]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("NOT DELIVERED") && said.contains("the receiver failed; see its log"), "{said}");
    let (code, said) = on_the_command_line(&server, &["crm", "--json"]).await;
    let outcome: Value = serde_json::from_str(&said).expect("one JSON object");
    assert_eq!((code, &outcome["delivered"]), (Some(1), &json!(false)), "{said}");
    let (code, said) = on_the_command_line(&server, &["other"]).await;
    assert_eq!(code, Some(2), "{said}");
}

#[tokio::test]
async fn a_listener_rehearses_failures_slowness_and_a_status_of_choice() {
    const SLOW: Duration = Duration::from_millis(300);
    let mut command = sayso();
    command.args(["webhook", "listen", "--listen", "127.0.0.1:0", "--secret", SECRET, "--json"]);
    command.args(["--fail", "2", "--status", "429", "--slow", "300ms"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut said = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let line = said.find(|line| line.contains("http://")).expect("it says where it listens");
    let url = line[line.find("http://").expect("a URL")..].split(';').next().expect("a URL").to_owned();
    let schedule = "[delivery]\nschedule = [\"0s\", \"100ms\", \"100ms\", \"100ms\"]";
    let server = Server::builder().config(schedule).webhook("crm", &url, "").start().await;
    let began = Instant::now();
    server.analyze(&review("late")).await;
    let delivery = server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "delivered").await;
    assert!(began.elapsed() >= 3 * SLOW, "each of three answers took its time");
    let statuses: Vec<_> =
        delivery["items"][0]["attempts"].as_array().expect("a list").iter().map(|a| &a["status"]).collect();
    assert_eq!(statuses, [429, 429, 200]);
    assert_eq!(outcome(&server, "crm", None).await["delivered"], true);
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines().take(4);
    let read = move || lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON")).collect();
    let printed: Vec<Value> = tokio::task::spawn_blocking(read).await.expect("no panic");
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    let told: Vec<_> = printed.iter().map(|line| (&line["status"], &line["repeat"], &line["test"])).collect();
    let (yes, no) = (&json!(true), &json!(false));
    let expected = [(&json!(429), no, no), (&json!(429), yes, no), (&json!(200), yes, no), (&json!(200), no, yes)];
    assert_eq!(told, expected);
    assert!(printed.iter().all(|line| line["verified"] == true));
}
