//! Webhooks as a resource, against the real binary: made, changed, rotated and deleted while feedback flows.

use std::collections::BTreeSet;

use reqwest::Method;
use sayso_tests::{
    Event, Receiver, Server, sayso,
    webhooks::{LOOPBACK, call, change, create_to, is_verified},
};
use serde_json::{Value, json};

fn review(text: &str) -> Value {
    json!({ "kind": "review", "text": text, "rating": { "value": 1 }, "language": "en" })
}

fn path(webhook: &Value) -> String {
    format!("/{}", webhook["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn webhooks_of_the_api_outlast_a_crash_with_their_secrets() {
    let receiver = Receiver::start().await;
    let mut server = Server::builder().config(LOOPBACK).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({ "description": "for sales" })).await;
    server.kill_and_restart().await;
    let (status, shown) = call(&server, Method::GET, &path(&webhook), None).await;
    assert_eq!((status, &shown["description"], &shown["revision"]), (200, &json!("for sales"), &json!(1)));
    server.analyze(&review("late")).await;
    let event = receiver.wait_for(1).await.remove(0);
    assert!(is_verified(webhook["secret"].as_str().expect("is shown"), &event));
}

#[tokio::test]
async fn no_secret_is_in_any_later_answer_list_or_log() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).variable("SAYSO_LOG", "trace").start().await;
    let url = format!("{}?token=t0ken-in-url", receiver.url());
    let more =
        json!({ "headers": { "authorization": { "value": "Bearer he4der-value", "secret": true }, "x-team": "care" } });
    let webhook = create_to(&server, "crm", &url, more).await;
    let (_, rotated) = call(&server, Method::POST, &format!("{}/rotate", path(&webhook)), None).await;
    server.analyze(&review("late")).await;
    let event = receiver.wait_for(1).await.remove(0);
    assert_eq!(event.headers["authorization"], "Bearer he4der-value");
    assert_eq!(event.headers["x-team"], "care");
    let secrets: Vec<String> = [&webhook, &rotated]
        .map(|answer| answer["secret"].as_str().expect("is shown").trim_start_matches("whsec_").to_owned())
        .into();
    let changed = change(&server, &webhook, json!({ "description": "x" })).await;
    let (_, shown) = call(&server, Method::GET, &path(&webhook), None).await;
    let (_, list) = call(&server, Method::GET, "", None).await;
    let deliveries = server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "delivered").await;
    let mut places = vec![webhook["headers"].to_string(), webhook["url"].to_string(), server.log().join("\n")];
    places.extend([changed, shown, list, deliveries].map(|answer| answer.to_string()));
    for secret in secrets.iter().map(String::as_str).chain(["he4der-value", "t0ken-in-url"]) {
        assert!(places.iter().all(|place| !place.contains(secret)), "`{secret}` is shown");
    }
}

#[tokio::test]
async fn a_name_does_wherever_an_id_does() {
    let server = Server::builder().config(LOOPBACK).start().await;
    let made = create_to(&server, "crm", "https://a.example", json!({})).await;
    let (_, by_id) = call(&server, Method::GET, &path(&made), None).await;
    assert_eq!(call(&server, Method::GET, "/crm", None).await, (200, by_id));
    let patch = json!({ "description": "for sales" });
    let (status, changed) = call(&server, Method::PATCH, "/crm", Some(&patch)).await;
    assert_eq!((status, &changed["id"], &changed["description"]), (200, &made["id"], &patch["description"]));
    let (status, rotated) = call(&server, Method::POST, "/crm/rotate", None).await;
    assert!(status == 200 && rotated["secret"] != made["secret"], "{rotated:#}");
    assert_eq!(call(&server, Method::POST, "/crm/enable", None).await.0, 200);
    assert_eq!(call(&server, Method::DELETE, "/crm", None).await.0, 204);
    for (method, name) in [(Method::GET, "/crm"), (Method::PATCH, "/crm"), (Method::DELETE, "/crm")] {
        let (status, problem) = call(&server, method, name, Some(&json!({}))).await;
        assert_eq!((status, &problem["type"]), (404, &json!("urn:sayso:problem:not-found")), "{problem:#}");
    }
}

#[tokio::test]
async fn an_answer_that_is_sent_back_changes_nothing() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let url = format!("{}?token=abc", receiver.url());
    let more = json!({ "headers": { "x-key": { "value": "v4lue", "secret": true } }, "tags": ["*"] });
    let webhook = create_to(&server, "crm", &url, more).await;
    let patch =
        json!({ "url": webhook["url"], "headers": webhook["headers"], "tags": webhook["tags"], "events": ["*"] });
    change(&server, &webhook, patch).await;
    let patch = json!({ "tags": null, "headers": { "x-more": "1" } });
    assert_eq!(change(&server, &webhook, patch).await["tags"], json!([]));
    server.analyze(&review("late")).await;
    let event = receiver.wait_for(1).await.remove(0);
    assert_eq!(event.headers["x-key"], "v4lue");
    assert_eq!(event.headers["x-more"], "1");
}

#[tokio::test]
async fn webhooks_of_the_file_are_shown_and_changed_there_alone() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).webhook("desk", &receiver.url(), "").start().await;
    let (_, list) = call(&server, Method::GET, "", None).await;
    let desk = &list["items"][0];
    assert_eq!((&desk["name"], &desk["source"]), (&json!("desk"), &json!("file")));
    for (method, below, body) in [
        (Method::PATCH, "", Some(json!({ "paused": true }))),
        (Method::DELETE, "", None),
        (Method::POST, "/rotate", None),
    ] {
        let (status, problem) = call(&server, method, &format!("{}{below}", path(desk)), body.as_ref()).await;
        assert_eq!((status, &problem["type"]), (409, &json!("urn:sayso:problem:conflict")), "{problem:#}");
        assert!(problem["detail"].as_str().expect("text").contains("configuration file"), "{problem:#}");
    }
    let body = json!({ "name": "desk", "url": receiver.url() });
    let (status, problem) = call(&server, Method::POST, "", Some(&body)).await;
    assert_eq!(status, 409, "{problem:#}");
}

#[tokio::test]
async fn what_is_wrong_is_said_field_by_field_and_nothing_is_made() {
    let server = Server::builder().start().await;
    let body = json!({
        "name": "a b", "url": "https://10.0.0.7/", "min_priority": 101, "rate": 0, "concurrency": 0, "tags": ["a*"],
        "condition": "analysis.priority >\n  > 1", "headers": { "host": "evil" }, "batch": { "max_items": 1 }, "events": [],
    });
    let (status, problem) = call(&server, Method::POST, "", Some(&body)).await;
    assert_eq!((status, &problem["type"]), (422, &json!("urn:sayso:problem:invalid-webhook")), "{problem:#}");
    let errors = problem["errors"].as_array().expect("errors");
    for field in [
        "name",
        "url",
        "min_priority",
        "rate",
        "concurrency",
        "tags[0]",
        "condition",
        "headers.host",
        "batch.max_items",
        "events",
    ] {
        assert!(errors.iter().any(|error| error["field"] == field), "{field} is missing in {problem:#}");
    }
    let message =
        |field: &str| errors.iter().find(|error| error["field"] == field).expect("is there")["message"].to_string();
    assert!(message("condition").contains("line 2"), "{problem:#}");
    assert!(message("url").contains("private") && message("url").contains("configuration file"), "{problem:#}");
    for (body, field) in [
        (json!({ "name": "a", "url": "https://a.example", "secret": "whsec_x" }), "secret"),
        (json!({ "name": "a", "url": "https://a.example", "allow_private": true }), "allow_private"),
        (json!({ "name": "a", "url": "https://a.example", "tag": "x" }), "tag"),
        (json!({}), "name"),
        (json!({ "name": "a" }), "url"),
        (json!({ "name": "a", "url": "http://a.example" }), "url"),
        (json!({ "name": "a", "url": "https://localhost" }), "url"),
        (json!({ "name": "a", "url": "https://a.example", "ca": "x" }), "ca"),
        (json!({ "name": "a", "url": "https://a.example", "client_certificate": "x" }), "client_key"),
        (
            json!({ "name": "a", "url": "https://a.example", "client_certificate": "-----BEGIN PRIVATE KEY-----", "client_key": "x" }),
            "client_certificate",
        ),
    ] {
        let (status, problem) = call(&server, Method::POST, "", Some(&body)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{body}: {problem:#}");
    }
    assert_eq!(call(&server, Method::GET, "", None).await.1["items"], json!([]));
    let (status, _) = call(&server, Method::GET, "/wh_00000000000000000000000000000000", None).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn an_event_that_is_not_known_yet_is_taken_with_a_warning() {
    let server = Server::builder().start().await;
    let body = json!({ "name": "a", "url": "https://a.example", "events": ["feedback.analyzed", "feedback.revised"] });
    let (status, webhook) = call(&server, Method::POST, "", Some(&body)).await;
    assert_eq!(status, 201, "{webhook:#}");
    assert!(webhook["warnings"][0].as_str().expect("text").contains("feedback.revised"), "{webhook:#}");
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let server = Server::builder().start().await;
    for name in ["c", "a", "b"] {
        create_to(&server, name, "https://a.example", json!({})).await;
    }
    let (_, first) = call(&server, Method::GET, "?limit=2", None).await;
    let names = |page: &Value| {
        page["items"].as_array().expect("a list").iter().map(|one| one["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((names(&first), &first["next"]), (vec![json!("a"), json!("b")], &json!("b")));
    let (_, second) = call(&server, Method::GET, "?limit=2&after=b", None).await;
    assert_eq!((names(&second), &second["next"]), (vec![json!("c")], &Value::Null));
}

#[tokio::test]
async fn each_part_of_the_filter_filters() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let filters = [
        ("kind", json!({ "kinds": ["survey"] }), json!({ "kinds": ["review"] })),
        ("tag", json!({ "tags": ["no/*"] }), json!({ "tags": ["delivery/*"] })),
        ("language", json!({ "languages": ["ja"] }), json!({ "languages": ["en"] })),
        (
            "priority",
            json!({ "min_priority": 100, "condition": "analysis.priority < 100" }),
            json!({ "min_priority": 1 }),
        ),
        (
            "condition",
            json!({ "condition": "feedback.rating.value > 1" }),
            json!({ "condition": "feedback.rating.value <= 1 && feedback.text.contains('late')" }),
        ),
        ("route", json!({ "routes": ["no-such-route"] }), json!({ "routes": ["*"] })),
        ("event", json!({ "events": ["feedback.parked"] }), json!({ "events": ["feedback.*"] })),
    ];
    for (name, miss, hit) in &filters {
        create_to(&server, &format!("{name}-miss"), &receiver.url(), miss.clone()).await;
        create_to(&server, &format!("{name}-hit"), &receiver.url(), hit.clone()).await;
    }
    server.analyze(&review("The delivery was late, and the support was terribly rude.")).await;
    receiver.wait_for(filters.len()).await;
    let deliveries = server.get("/v1/deliveries?limit=100").await;
    let mut got: Vec<String> = deliveries["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|delivery| delivery["webhook"].as_str().expect("a name").to_owned())
        .collect();
    got.sort();
    let mut expected: Vec<String> = filters.iter().map(|(name, ..)| format!("{name}-hit")).collect();
    expected.sort();
    assert_eq!(got, expected);
}

#[tokio::test]
async fn a_paused_webhook_gets_what_it_missed_when_it_is_resumed() {
    let receiver = Receiver::start().await;
    let mut server = Server::builder().config(LOOPBACK).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({})).await;
    server.analyze(&review("one")).await;
    receiver.wait_for(1).await;
    assert_eq!(change(&server, &webhook, json!({ "paused": true })).await["active"], false);
    server.analyze(&json!([review("two"), review("three")])).await;
    server.kill_and_restart().await;
    server
        .wait_until("/v1/deliveries?status=pending", |list| list["items"].as_array().is_some_and(|all| all.len() == 2))
        .await;
    assert_eq!(receiver.events().len(), 1);
    assert_eq!(change(&server, &webhook, json!({ "paused": false })).await["active"], true);
    let events = receiver.wait_for(3).await;
    let texts: BTreeSet<_> =
        events.iter().map(|event| event.body["data"]["feedback"]["text"].as_str().expect("text")).collect();
    assert_eq!(texts, BTreeSet::from(["one", "two", "three"]));
}

#[tokio::test]
async fn a_change_holds_from_the_next_attempt_on_and_nothing_is_lost() {
    let (wrong, right) = (Receiver::start().await, Receiver::start().await);
    wrong.answer_with(500);
    let config = "[delivery]\nallow_private = true\njitter = 0.0\nschedule = [\"0s\", \"300ms\", \"300ms\", \"300ms\", \"300ms\", \"300ms\", \"300ms\", \"300ms\", \"300ms\", \"300ms\"]\n";
    let server = Server::builder().config(config).start().await;
    let webhook = create_to(&server, "crm", &wrong.url(), json!({})).await;
    server.analyze(&review("late")).await;
    let first = wrong.wait_for(1).await.remove(0);
    change(&server, &webhook, json!({ "url": right.url() })).await;
    let event = right.wait_for(1).await.remove(0);
    assert_eq!((&event.id, &event.raw), (&first.id, &first.raw), "the same delivery goes to the new address");
}

#[tokio::test]
async fn what_waits_for_a_deleted_webhook_is_parked() {
    let receiver = Receiver::start().await;
    let mut server = Server::builder().config(LOOPBACK).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({ "paused": true })).await;
    server.analyze(&json!([review("one"), review("two")])).await;
    let (status, _) = call(&server, Method::DELETE, &path(&webhook), None).await;
    assert_eq!(status, 204);
    assert_eq!(call(&server, Method::GET, &path(&webhook), None).await.0, 404);
    let is_parked = |list: &Value| list["items"].as_array().is_some_and(|all| all.len() == 2);
    let parked = server.wait_until("/v1/deliveries?status=parked", is_parked).await;
    assert!(parked["items"][0]["attempts"][0]["error"].as_str().expect("text").contains("deleted"), "{parked:#}");
    server.wait_until("/v1/parked?lane=delivery/crm", is_parked).await;
    server.analyze(&review("three")).await;
    server.kill_and_restart().await;
    assert_eq!(
        server.get("/v1/deliveries").await["items"].as_array().expect("a list").len(),
        2,
        "nothing more is owed"
    );
    let again = create_to(&server, "crm", &receiver.url(), json!({})).await;
    assert_ne!(again["id"], webhook["id"]);
    server.analyze(&review("four")).await;
    let text = |event: &Event| event.body["data"]["feedback"]["text"].as_str().expect("text").to_owned();
    let mut texts: Vec<_> = receiver.wait_for(1).await.iter().map(text).collect();
    // A crash right behind an analysis repeats it, for the webhooks that there are by then.
    if texts == ["three"] {
        texts = receiver.wait_for(2).await.iter().map(text).collect();
    }
    assert!(
        texts.contains(&"four".to_owned()) && texts.iter().all(|text| text == "three" || text == "four"),
        "{texts:?}"
    );
}

#[tokio::test]
async fn what_waits_for_a_webhook_that_was_taken_out_of_the_file_is_parked_when_it_is_deleted_by_its_name() {
    let mut server = Server::builder().webhook("desk", "https://desk.invalid/hook", "paused = true\n").start().await;
    server.analyze(&review("too slow")).await;
    server.reconfigure(LOOPBACK);
    assert_eq!(server.terminate().await, Some(0));
    server.restart().await;
    let waits = server.log().into_iter().find(|line| line.contains("sayso webhook delete desk")).expect("it is told");
    assert!(waits.contains("\"waiting\":1"), "{waits}");
    let gone = call(&server, Method::DELETE, "/desk", None).await;
    assert_eq!(gone.0, 204, "{gone:?}");
    let is_parked = |list: &Value| list["items"][0]["webhook"] == "desk";
    server.wait_until("/v1/deliveries?status=parked", is_parked).await;
    server
        .wait_until("/v1/parked?lane=delivery/desk", |list| list["items"].as_array().is_some_and(|all| all.len() == 1))
        .await;
    let (status, _) = call(&server, Method::DELETE, "/nobody", None).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn reading_needs_a_key_to_read_and_changing_one_to_administer() {
    let keys: Vec<(String, String)> = ["read", "admin"]
        .map(|scope| {
            let made =
                sayso().args(["key", "new", "--json", "--name", scope, "--scope", scope]).output().expect("runs");
            let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
            let text = |name: &str| made[name].as_str().expect("text").to_owned();
            (text("key"), format!("[[key]]\nname = \"{scope}\"\nhash = \"{}\"\nscopes = [\"{scope}\"]\n", text("hash")))
        })
        .into();
    let server = Server::builder().config(&keys[0].1).config(&keys[1].1).start().await;
    let status = async |method: Method, key: &str, path: &str| {
        let body = json!({ "name": format!("w-{}", key.len()), "url": "https://a.example" });
        let request = server.request(method, path).bearer_auth(key).json(&body);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(status(Method::GET, &keys[0].0, "/v1/webhooks").await, 200);
    for (method, path) in [
        (Method::POST, "/v1/webhooks"),
        (Method::PATCH, "/v1/webhooks/wh_1"),
        (Method::DELETE, "/v1/webhooks/wh_1"),
        (Method::POST, "/v1/webhooks/wh_1/rotate"),
        (Method::POST, "/v1/webhooks/wh_1/enable"),
    ] {
        assert_eq!(status(method, &keys[0].0, path).await, 403, "{path}");
    }
    assert_eq!(status(Method::POST, &keys[1].0, "/v1/webhooks").await, 201);
    let name = format!("w-{}", keys[1].0.len());
    let mut delete = sayso();
    delete.args(["webhook", "delete", &name, "--server", server.url()]).env("SAYSO_KEY", &keys[1].0);
    let output = delete.output().expect("it runs");
    assert!(output.status.success(), "to read is not asked for: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn the_command_line_makes_shows_changes_rotates_and_deletes() {
    let server = Server::builder().config(LOOPBACK).start().await;
    let run = |args: &[&str]| {
        let output = sayso().arg("webhook").args(args).args(["--server", server.url()]).output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let create =
        ["create", "--name", "crm", "--url", "https://a.example/x", "--tag", "delivery/*", "--min-priority", "50"];
    let (code, said, error) = run(&create);
    assert_eq!(code, Some(0), "{error}");
    assert!(said.contains("whsec_") && said.contains("delivery/*"), "{said}");
    let (_, table, _) = run(&["list"]);
    assert!(table.contains("crm") && table.contains("≥50") && !table.contains("whsec_"), "{table}");
    let (_, shown, _) = run(&["update", "crm", "--route", "care", "--json"]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&shown["routes"], &shown["tags"]), (&json!(["care"]), &json!(["delivery/*"])));
    assert!(run(&["pause", "crm"]).1.contains("paused"));
    assert!(run(&["resume", "crm"]).1.contains("active"));
    assert!(run(&["rotate", "crm", "--signature", "ed25519"]).1.contains("whpk_"));
    let (_, rotated, error) = run(&["rotate", "crm", "--overlap", "0s", "--json"]);
    let rotated: Value = serde_json::from_str(&rotated).unwrap_or_else(|_| panic!("{error}"));
    assert_eq!(rotated["keys"].as_array().map(Vec::len), Some(1), "the old ones are signed with no more");
    let (code, _, error) =
        run(&["create", "--name", "bad", "--url", "https://a.example", "--condition", "analysis.x >"]);
    assert!(code == Some(2) && error.contains("line 1"), "{error}");
    assert_eq!(run(&["delete", "crm"]).0, Some(0));
    assert!(run(&["show", "crm"]).2.contains("no webhook `crm`"));
}
