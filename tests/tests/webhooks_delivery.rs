//! How webhooks are delivered to as they ask: in order, in batches, at a rate, over mutual TLS; and events that are no
//! analyses. Against the real binary and real receivers.

use std::{collections::HashMap, time::Duration};

use reqwest::Method;
use sayso_tests::{
    Event, Receiver, Server, TlsReceiver, guest, sayso,
    webhooks::{LOOPBACK, call, change, create_to, is_verified},
};
use serde_json::{Value, json};

/// Retries that come soon, so that a test need not wait for them.
const SOON: &str = "[delivery]\nallow_private = true\njitter = 0.0\nschedule = [\"0s\", \"20ms\", \"20ms\", \"20ms\", \"20ms\", \"20ms\", \"20ms\", \"20ms\"]\n";

fn review_of(customer: &str, number: usize) -> Value {
    json!({ "kind": "review", "text": format!("tea {number}"), "language": "en", "customer": { "id": customer } })
}

fn texts_of<'a>(events: &'a [Event], customer: &str) -> Vec<&'a str> {
    let is_of = |event: &&Event| event.body["data"]["feedback"]["customer"]["id"] == customer;
    events.iter().filter(is_of).map(|event| event.body["data"]["feedback"]["text"].as_str().expect("text")).collect()
}

#[tokio::test]
async fn a_customer_s_deliveries_keep_their_order_under_retries_and_hold_up_no_other_customer() {
    let receiver = Receiver::start().await;
    // The first two tries of every fourth delivery fail.
    receiver.answer_by(|event, before| {
        let tries = before.iter().filter(|other| other.id == event.id).count();
        let text = event.body["data"]["feedback"]["text"].as_str().unwrap_or_default();
        let number: usize = text.trim_start_matches("tea ").parse().unwrap_or_default();
        if number.is_multiple_of(4) && tries < 2 { 500 } else { 200 }
    });
    let server = Server::builder().config(SOON).start().await;
    create_to(&server, "crm", &receiver.url(), json!({ "ordering": "customer" })).await;
    let mut expected: HashMap<&str, Vec<String>> = HashMap::new();
    for number in 0..60 {
        let customer = ["ann", "bob", "eve"][number % 3];
        server.post(&review_of(customer, number)).await;
        expected.entry(customer).or_default().push(format!("tea {number}"));
    }
    let delivered = |events: &[Event]| events.iter().filter(|event| event.answered == 200).cloned().collect::<Vec<_>>();
    let events = receiver.wait_until("all deliveries", |events| delivered(events).len() == 60).await;
    for (customer, expected) in &expected {
        assert_eq!(texts_of(&delivered(&events), customer), *expected, "{customer}");
        // Nothing of the customer was even tried before what stood in front was delivered.
        let mut tried = texts_of(&events, customer);
        tried.dedup();
        assert_eq!(tried, *expected, "{customer}");
    }
    assert!(events.iter().any(|event| event.answered == 500), "there were retries");
}

#[tokio::test]
async fn order_outlasts_a_crash_while_the_first_waits_for_its_retry() {
    let receiver = Receiver::start().await;
    receiver.answer_with(500);
    let config = "[delivery]\nallow_private = true\njitter = 0.0\nschedule = [\"0s\", \"2s\", \"20ms\"]\n";
    let mut server = Server::builder().config(config).start().await;
    create_to(&server, "crm", &receiver.url(), json!({ "ordering": "customer" })).await;
    server.analyze(&json!([review_of("ann", 1), review_of("ann", 2), review_of("ann", 3)])).await;
    server.wait_until("/v1/deliveries", |list| list.to_string().contains("next_attempt_at")).await;
    receiver.answer_with(200);
    server.kill_and_restart().await;
    let delivered = |events: &[Event]| events.iter().filter(|event| event.answered == 200).count();
    let events = receiver.wait_until("all deliveries", |events| delivered(events) == 3).await;
    let mut tried = texts_of(&events, "ann");
    tried.dedup();
    assert_eq!(tried, ["tea 1", "tea 2", "tea 3"]);
}

#[tokio::test]
async fn deliveries_go_out_in_batches_each_with_its_own_record() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(SOON).start().await;
    let batch = json!({ "batch": { "max_items": 10, "max_wait_ms": 2_000 } });
    let webhook = create_to(&server, "bi", &receiver.url(), batch).await;
    receiver.answer_by(|_, before| if before.is_empty() { 500 } else { 200 });
    let all: Vec<_> = (0..25).map(|number| review_of("ann", number)).collect();
    server.analyze(&Value::Array(all)).await;
    let is_done = |list: &Value| list["items"].as_array().is_some_and(|all| all.len() == 25);
    let deliveries = server.wait_until("/v1/deliveries?status=delivered&limit=100", is_done).await;
    let events = receiver.events();
    let items = |event: &Event| event.body["data"].as_array().expect("a list").clone();
    assert!(events.iter().all(|event| event.body["type"] == "batch" && (1..=10).contains(&items(event).len())));
    assert!(events.iter().any(|event| items(event).len() == 10), "what waits goes out together");
    let secret = webhook["secret"].as_str().expect("is shown");
    assert!(events.iter().all(|event| is_verified(secret, event) && event.id.starts_with("bat_")));
    let mut got: Vec<String> = events
        .iter()
        .filter(|event| event.answered == 200)
        .flat_map(&items)
        .map(|item| {
            assert_eq!(item["type"], "feedback.analyzed");
            assert!(item["data"]["analysis"].is_object() && item["timestamp"].is_string(), "{item:#}");
            item["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    let mut owed: Vec<String> = deliveries["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["id"].as_str().expect("an id").to_owned())
        .collect();
    got.sort();
    owed.sort();
    assert_eq!(got, owed, "each of them once");
    let retried =
        deliveries["items"].as_array().expect("a list").iter().filter(|one| one["attempts"][0]["status"] == 500);
    assert_eq!(retried.count(), items(&events[0]).len(), "the failed request is an attempt of each in it");
}

#[tokio::test]
async fn a_batch_that_failed_comes_back_in_one_piece() {
    let receiver = Receiver::start().await;
    let often = "[delivery]\nallow_private = true\nschedule = [\"0s\", \"1s\", \"1s\"]\njitter = 1.0\n";
    let server = Server::builder().config(often).start().await;
    let batch = json!({ "batch": { "max_items": 20, "max_wait_ms": 500 } });
    create_to(&server, "bi", &receiver.url(), batch).await;
    receiver.answer_by(|_, before| if before.is_empty() { 500 } else { 200 });
    let all: Vec<_> = (0..20).map(|number| review_of("ann", number)).collect();
    server.analyze(&Value::Array(all)).await;
    let sizes: Vec<_> =
        receiver.wait_for(2).await.iter().map(|event| event.body["data"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(sizes, [20, 20], "it is spread over two seconds, each delivery for itself");
}

#[tokio::test]
async fn a_batch_waits_no_longer_than_it_may() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    create_to(&server, "bi", &receiver.url(), json!({ "batch": { "max_items": 100, "max_wait_ms": 50 } })).await;
    server.analyze(&review_of("ann", 1)).await;
    let event = receiver.wait_for(1).await.remove(0);
    assert_eq!(event.body["data"].as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn a_webhook_gets_no_more_requests_a_second_than_it_allows() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    create_to(&server, "slow", &receiver.url(), json!({ "rate": 20, "concurrency": 16 })).await;
    let all: Vec<_> = (0..40).map(|number| review_of("ann", number)).collect();
    server.analyze(&Value::Array(all)).await;
    let events = receiver.wait_for(40).await;
    let took = events[39].at - events[0].at;
    // Two go out at once; the other 38 take a twentieth of a second each.
    assert!(took >= Duration::from_millis(1_850), "40 requests took {took:?}");
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_the_webhook_allows() {
    let receiver = Receiver::start_slow(Duration::from_millis(30)).await;
    let server = Server::builder().config(LOOPBACK).start().await;
    create_to(&server, "narrow", &receiver.url(), json!({ "concurrency": 2 })).await;
    let all: Vec<_> = (0..20).map(|number| review_of("ann", number)).collect();
    server.analyze(&Value::Array(all)).await;
    receiver.wait_for(20).await;
    assert_eq!(receiver.most_at_once(), 2);
}

#[tokio::test]
async fn a_receiver_behind_a_private_authority_that_asks_for_a_certificate_is_delivered_to() {
    let receiver = TlsReceiver::start().await;
    let server = Server::builder().config(SOON).start().await;
    let more = json!({
        "ca": receiver.authority(), "client_certificate": receiver.client_certificate(), "client_key": receiver.client_key(),
    });
    let webhook = create_to(&server, "crm", &receiver.url(), more).await;
    let (_, shown) = call(&server, Method::GET, &format!("/{}", webhook["id"].as_str().expect("an id")), None).await;
    for answer in [&webhook, &shown] {
        assert!(!answer.to_string().contains("PRIVATE KEY"), "the key is not shown");
        assert!(answer["client_certificate"].as_str().expect("is shown").contains("BEGIN CERTIFICATE"));
    }
    server.analyze(&review_of("ann", 1)).await;
    let event = receiver.receiver().wait_for(1).await.remove(0);
    assert!(is_verified(webhook["secret"].as_str().expect("is shown"), &event));
}

#[tokio::test]
async fn without_the_certificate_or_the_authority_nothing_is_delivered_and_the_attempt_says_why() {
    let receiver = TlsReceiver::start().await;
    let config = "[delivery]\nallow_private = true\nschedule = [\"0s\"]\n";
    let server = Server::builder().config(config).start().await;
    create_to(&server, "no-certificate", &receiver.url(), json!({ "ca": receiver.authority() })).await;
    create_to(&server, "no-authority", &receiver.url(), json!({})).await;
    server.analyze(&review_of("ann", 1)).await;
    let is_parked = |list: &Value| list["items"].as_array().is_some_and(|all| all.len() == 2);
    let parked = server.wait_until("/v1/deliveries?status=parked", is_parked).await;
    for delivery in parked["items"].as_array().expect("a list") {
        let error = delivery["attempts"][0]["error"].as_str().expect("text");
        assert!(error.to_lowercase().contains("certificate"), "{}: {error}", delivery["webhook"]);
    }
    assert!(receiver.receiver().events().is_empty());
}

#[tokio::test]
async fn who_wants_to_know_is_told_of_parked_feedback_without_what_it_says() {
    let (told, other) = (Receiver::start().await, Receiver::start().await);
    let hostile = guest("hostile");
    let chain = format!("[[plugin]]\nname = \"bad\"\nuse = \"{}\"\non_fault = \"park\"\n", hostile.display());
    let server = Server::builder().config(LOOPBACK).config(&chain).start().await;
    let webhook = create_to(&server, "ops", &told.url(), json!({ "events": ["feedback.parked"] })).await;
    create_to(&server, "surveys", &other.url(), json!({ "events": ["*"], "kinds": ["survey"] })).await;
    create_to(&server, "crm", &other.url(), json!({})).await;
    let accepted: Value = server
        .post(&json!({ "kind": "review", "text": "ATTACK panic", "customer": { "id": "ann" } }))
        .await
        .json()
        .await
        .expect("JSON");
    let event = told.wait_for(1).await.remove(0);
    assert_eq!(event.body["type"], "feedback.parked");
    assert_eq!(event.body["data"]["feedback"], json!({ "id": accepted["id"], "revision": 1, "kind": "review" }));
    assert!(event.body["data"]["reason"].as_str().expect("text").contains("bad"), "{:#}", event.body);
    assert!(!event.body.to_string().contains("ATTACK") && !event.body.to_string().contains("ann"));
    assert!(is_verified(webhook["secret"].as_str().expect("is shown"), &event));
    let list = server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "delivered").await;
    let delivery = &list["items"][0];
    assert_eq!(
        (&delivery["event"], &delivery["feedback_id"]),
        (&json!("feedback.parked"), &accepted["id"]),
        "{list:#}"
    );
    assert!(other.events().is_empty() && list["items"].as_array().expect("a list").len() == 1, "{list:#}");

    // Who has it tried again in vain is told again, by another event.
    let retry = format!("/v1/parked/{}/retry", accepted["id"].as_str().expect("an id"));
    assert_eq!(server.request(Method::POST, &retry).send().await.expect("an answer").status(), 200);
    let again = told.wait_for(2).await.remove(1);
    assert_eq!(again.body["data"], event.body["data"]);
    assert_ne!(again.id, event.id);
}

#[tokio::test]
async fn a_webhook_that_is_disabled_is_told_to_the_others_and_stays_so_until_it_is_enabled_by_its_name() {
    let (gone, told) = (Receiver::start().await, Receiver::start().await);
    gone.answer_with(410);
    let server = Server::builder().config(LOOPBACK).start().await;
    let crm = create_to(&server, "crm", &gone.url(), json!({ "events": ["*"] })).await;
    assert_eq!((&crm["health"], &crm["active"]), (&json!({ "state": "works" }), &json!(true)));
    let ops = create_to(&server, "ops", &told.url(), json!({ "events": ["webhook.disabled"] })).await;
    server.post(&review_of("ann", 1)).await;
    let event = told.wait_for(1).await.remove(0);
    assert!(is_verified(ops["secret"].as_str().expect("is shown"), &event));
    assert_eq!(event.body["type"], "webhook.disabled");
    assert_eq!(event.body["data"]["webhook"], json!({ "id": crm["id"], "name": "crm" }));
    assert!(event.body["data"]["reason"].as_str().expect("text").contains("410"), "{:#}", event.body);

    let path = format!("/{}", crm["id"].as_str().expect("an id"));
    let (_, shown) = call(&server, Method::GET, &path, None).await;
    assert_eq!((&shown["health"]["state"], &shown["active"]), (&json!("disabled"), &json!(false)), "{shown:#}");
    assert_eq!(shown["health"]["reason"], event.body["data"]["reason"]);
    assert!(shown["health"]["disabled_at"].is_string());
    server.analyze(&review_of("ann", 2)).await;
    let changed = change(&server, &crm, json!({ "description": "the service desk" })).await;
    assert_eq!(changed["health"], shown["health"], "it leads where it led before");
    assert_eq!(gone.events().len(), 1, "nothing is sent");

    gone.answer_with(200);
    let list = sayso().args(["webhook", "list", "--server", server.url()]).output().expect("it runs");
    let list = String::from_utf8(list.stdout).expect("UTF-8");
    assert!(list.lines().any(|line| line.starts_with("crm ") && line.contains(" disabled ")), "{list}");
    let (status, enabled) = call(&server, Method::POST, "/crm/enable", None).await;
    assert_eq!(status, 200, "{enabled:#}");
    assert_eq!((&enabled["health"], &enabled["active"]), (&json!({ "state": "works" }), &json!(true)));
    let events = gone.wait_for(2).await;
    assert_eq!(texts_of(&events, "ann"), ["tea 1", "tea 2"], "what waited went out");
    let again =
        sayso().args(["webhook", "enable", "crm", "--json", "--server", server.url()]).output().expect("it runs");
    let again: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!(again["health"], json!({ "state": "works" }), "one that works stays as it is");
    assert_eq!(told.events().len(), 1);
}

#[tokio::test]
async fn a_disabled_webhook_that_is_led_elsewhere_begins_anew() {
    let (gone, new) = (Receiver::start().await, Receiver::start().await);
    gone.answer_with(410);
    let server = Server::builder().config(LOOPBACK).start().await;
    let crm = create_to(&server, "crm", &gone.url(), json!({})).await;
    server.post(&review_of("ann", 1)).await;
    server.wait_until("/v1/webhooks", |list| list["items"][0]["health"]["state"] == "disabled").await;
    server.analyze(&review_of("ann", 2)).await;
    let changed = change(&server, &crm, json!({ "url": new.url() })).await;
    assert_eq!(changed["health"], json!({ "state": "works" }));
    assert_eq!(texts_of(&new.wait_for(1).await, "ann"), ["tea 2"]);
}

#[tokio::test]
async fn batches_to_a_receiver_that_is_overloaded_wait_and_go_out_when_it_is_back() {
    let receiver = Receiver::start().await;
    receiver.answer_by(|_, before| if before.len() < 3 { 503 } else { 200 });
    let server = Server::builder().config(SOON).start().await;
    let batch = json!({ "batch": { "max_items": 10, "max_wait_ms": 20 }, "rate": 100 });
    create_to(&server, "crm", &receiver.url(), batch).await;
    for number in 0..30 {
        server.post(&review_of("ann", number)).await;
    }
    let all_delivered = |list: &Value| {
        let items = list["items"].as_array().expect("a list");
        items.len() == 30 && items.iter().all(|delivery| delivery["status"] == "delivered")
    };
    server.wait_until("/v1/deliveries?limit=100", all_delivered).await;
    let refused = receiver.events().iter().filter(|event| event.answered == 503).count();
    assert_eq!(refused, 3, "it was overloaded at first");
}

#[tokio::test]
async fn a_webhook_that_takes_the_name_of_a_deleted_one_begins_anew() {
    let receiver = Receiver::start().await;
    receiver.answer_with(410);
    let server = Server::builder().config(LOOPBACK).start().await;
    let old = create_to(&server, "crm", &receiver.url(), json!({})).await;
    server.post(&review_of("ann", 1)).await;
    server.wait_until("/v1/webhooks", |list| list["items"][0]["health"]["state"] == "disabled").await;
    let is_parked = |list: &Value| list["items"].as_array().is_some_and(|items| items.len() == 1);
    server.wait_until("/v1/parked?lane=delivery/crm", is_parked).await;
    let path = format!("/{}", old["id"].as_str().expect("an id"));
    assert_eq!(call(&server, Method::DELETE, &path, None).await.0, 204);
    receiver.answer_with(200);
    let new = create_to(&server, "crm", &receiver.url(), json!({})).await;
    assert_eq!(new["health"], json!({ "state": "works" }));
    server.post(&review_of("ann", 2)).await;
    assert_eq!(texts_of(&receiver.wait_for(2).await, "ann"), ["tea 1", "tea 2"]);
}
