//! What webhooks of the API are signed with, verified by other people's libraries, against the real binary.

use std::{path::Path, process::Stdio};

use reqwest::Method;
use sayso_tests::{
    Receiver, SECRET, Server,
    webhooks::{LOOPBACK, call, create_to, headers, is_verified, is_verified_in_node, python},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
};

fn review(text: &str) -> Value {
    json!({ "kind": "review", "text": text, "rating": { "value": 1 }, "language": "en" })
}

fn path(webhook: &Value) -> String {
    format!("/{}", webhook["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_webhook_made_over_the_api_gets_what_is_analysed_from_then_on_and_every_library_verifies_it() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    server.analyze(&review("before")).await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({})).await;
    let secret = webhook["secret"].as_str().expect("it is shown this once").to_owned();
    let answer = server.analyze(&review("Terribly late")).await;
    let event = receiver.wait_for(1).await.remove(0);
    assert_eq!(event.feedback_id(), answer["id"], "what was analysed before is not delivered");
    assert!(is_verified(&secret, &event));

    let body = String::from_utf8(event.raw.to_vec()).expect("UTF-8");
    let right = headers(&event);
    let accepts = |secret: &str, headers: &Value, body: &str| {
        let verdicts = python(("secret", secret), headers, body);
        let [first, second] = ["standardwebhooks", "svix"].map(|name| verdicts[name] == true);
        let third = is_verified_in_node(secret, headers, body);
        assert!(first == second && second == third, "the libraries agree");
        first
    };
    assert!(accepts(&secret, &right, &body));
    assert!(!accepts(&secret, &right, &body.replace("late", "soon")), "another body");
    assert!(!accepts(SECRET, &right, &body), "another secret");
    let other = |name: &str, value: &str| {
        let mut headers = right.clone();
        headers[name] = json!(value);
        headers
    };
    assert!(!accepts(&secret, &other("webhook-id", "dlv_1"), &body), "another id");
    let later = right["webhook-timestamp"].as_str().expect("text").parse::<i64>().expect("a number") + 1;
    assert!(!accepts(&secret, &other("webhook-timestamp", &later.to_string()), &body), "another time");
}

#[tokio::test]
async fn during_a_rotation_old_and_new_secret_verify_and_a_stranger_s_does_not() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({})).await;
    let old = webhook["secret"].as_str().expect("is shown").to_owned();
    let (status, rotated) = call(&server, Method::POST, &format!("{}/rotate", path(&webhook)), None).await;
    assert_eq!(status, 200, "{rotated:#}");
    let new = rotated["secret"].as_str().expect("is shown").to_owned();
    assert_ne!(old, new);
    assert_eq!(rotated["keys"].as_array().expect("keys").len(), 2);
    assert!(rotated["keys"][1]["expires_at"].is_string(), "{rotated:#}");
    server.analyze(&review("late")).await;
    let event = receiver.wait_for(1).await.remove(0);
    assert!(is_verified(&old, &event) && is_verified(&new, &event) && !is_verified(SECRET, &event));
    let body = String::from_utf8(event.raw.to_vec()).expect("UTF-8");
    for secret in [&old, &new] {
        let verdicts = python(("secret", secret), &headers(&event), &body);
        assert_eq!(verdicts, json!({ "standardwebhooks": true, "svix": true }));
    }
}

#[tokio::test]
async fn an_ed25519_webhook_is_verified_with_its_public_key_alone() {
    let receiver = Receiver::start().await;
    let mut server = Server::builder().config(LOOPBACK).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({ "signature": "ed25519" })).await;
    assert_eq!(webhook["secret"], Value::Null, "nobody needs the private key");
    let public_key = webhook["keys"][0]["public_key"].as_str().expect("is shown").to_owned();
    server.kill_and_restart().await;
    let (_, shown) = call(&server, Method::GET, &path(&webhook), None).await;
    assert_eq!(shown["keys"][0]["public_key"], public_key.as_str(), "is shown always");
    server.analyze(&review("late")).await;
    let event = receiver.wait_for(1).await.remove(0);
    let body = String::from_utf8(event.raw.to_vec()).expect("UTF-8");
    let accepts =
        |key: &str, headers: &Value, body: &str| python(("public_key", key), headers, body)["cryptography"] == true;
    let right = headers(&event);
    assert!(accepts(&public_key, &right, &body));
    assert!(!accepts(&public_key, &right, &body.replace("late", "soon")), "another body");
    for name in ["webhook-id", "webhook-timestamp"] {
        let mut wrong = right.clone();
        wrong[name] = json!("1");
        assert!(!accepts(&public_key, &wrong, &body), "another {name}");
    }
    let other = create_to(&server, "other", &receiver.url(), json!({ "signature": "ed25519" })).await;
    assert!(!accepts(other["keys"][0]["public_key"].as_str().expect("a key"), &right, &body), "another key");
}

#[tokio::test]
async fn the_receiver_of_the_examples_verifies_ed25519() {
    let server = Server::builder().config(LOOPBACK).start().await;
    let paused = json!({ "signature": "ed25519", "paused": true });
    let webhook = create_to(&server, "crm", "http://127.0.0.1:9/", paused).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join("target/venv/bin/python");
    assert!(python.exists(), "{} is not there; run `make setup-tests`", python.display());
    let key = webhook["keys"][0]["public_key"].as_str().expect("is shown");
    let mut receiver = Command::new(python)
        .arg(root.join("examples/receivers/ed25519.py"))
        .args(["0", key])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(receiver.stdout.take().expect("piped")).lines();
    let listening = lines.next_line().await.expect("is text").expect("it says where it listens");
    let url = listening.split_whitespace().last().expect("an address");
    let change = json!({ "url": url, "paused": false });
    assert_eq!(call(&server, Method::PATCH, &path(&webhook), Some(&change)).await.0, 200);
    server.analyze(&review("late")).await;
    server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "delivered").await;
    let said = lines.next_line().await.expect("is text").expect("it prints the delivery");
    assert!(said.ends_with("feedback.analyzed is verified"), "{said}");
}

#[tokio::test]
async fn a_rotation_from_hmac_to_ed25519_signs_with_both() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({})).await;
    let secret = webhook["secret"].as_str().expect("is shown").to_owned();
    let rotate = format!("{}/rotate", path(&webhook));
    let (status, rotated) = call(&server, Method::POST, &rotate, Some(&json!({ "signature": "ed25519" }))).await;
    assert_eq!((status, &rotated["signature"]), (200, &json!("ed25519")), "{rotated:#}");
    server.analyze(&review("late")).await;
    let event = receiver.wait_for(1).await.remove(0);
    assert!(is_verified(&secret, &event), "receivers that know the old secret still verify");
    let public_key = rotated["keys"][0]["public_key"].as_str().expect("a key");
    let body = String::from_utf8(event.raw.to_vec()).expect("UTF-8");
    assert_eq!(python(("public_key", public_key), &headers(&event), &body), json!({ "cryptography": true }));
}
