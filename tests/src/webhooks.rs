//! Webhooks over the API, and what other people's libraries make of a delivery.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Event, Server};

/// Lines of configuration with which webhooks of the API may lead to this machine.
pub const LOOPBACK: &str = "[delivery]\nallow_private = true\n";

/// A request to `/v1/webhooks` and below: status and JSON.
///
/// # Panics
/// If there is no answer.
pub async fn call(server: &Server, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let mut request = server.request(method, &format!("/v1/webhooks{path}"));
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("text");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Makes a webhook.
///
/// # Panics
/// If it is refused.
pub async fn create(server: &Server, body: &Value) -> Value {
    let (status, webhook) = call(server, Method::POST, "", Some(body)).await;
    assert_eq!(status, 201, "{webhook:#}");
    webhook
}

/// Makes a webhook to a receiver, with more fields.
pub async fn create_to(server: &Server, name: &str, url: &str, more: Value) -> Value {
    let mut body = json!({ "name": name, "url": url });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    create(server, &body).await
}

/// Changes a webhook.
///
/// # Panics
/// If it is refused.
pub async fn change(server: &Server, webhook: &Value, patch: Value) -> Value {
    let path = format!("/{}", webhook["id"].as_str().expect("an id"));
    let (status, changed) = call(server, Method::PATCH, &path, Some(&patch)).await;
    assert_eq!(status, 200, "{changed:#}");
    changed
}

/// The headers of a delivery, as a library wants them.
pub fn headers(event: &Event) -> Value {
    let text = |name: &str| event.headers[name].to_str().expect("text").to_owned();
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    names.into_iter().map(|name| (name.to_owned(), json!(text(name)))).collect()
}

/// Whether the crate `standardwebhooks` accepts a delivery with this secret.
pub fn is_verified(secret: &str, event: &Event) -> bool {
    let verifier = standardwebhooks::Webhook::new(secret).expect("the secret is well formed");
    verifier.verify(&event.raw, &event.headers).is_ok()
}

/// What libraries in Python make of a delivery: library → whether it accepts.
///
/// # Panics
/// If they are not installed.
pub fn python(key: (&str, &str), headers: &Value, body: &str) -> Value {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(tests.join("../target/venv/bin/python"))
        .arg(tests.join("verify.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("run `make setup-tests` first");
    let case = json!({ key.0: key.1, "headers": headers, "body": body });
    child.stdin.take().expect("it is piped").write_all(case.to_string().as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "verify.py failed");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}
