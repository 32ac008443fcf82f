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
    run(&mut in_python("verify.py"), &json!({ key.0: key.1, "headers": headers, "body": body }))
}

/// What a package of PyPI understands of a delivery: `cloudevents` or `slack`.
///
/// # Panics
/// If it is not installed.
pub fn read_in_python(form: &str, event: &Event) -> Value {
    run(&mut in_python("read.py"), &json!({ "as": form, "headers": all_headers(event), "body": text(event) }))
}

/// What a package of npm understands of a delivery: `cloudevents` or `adaptivecards`.
///
/// # Panics
/// If it is not installed.
pub fn read_in_node(form: &str, event: &Event) -> Value {
    node(&json!({ "as": form, "headers": all_headers(event), "body": text(event) }))
}

/// Whether the package `standardwebhooks` of npm accepts a delivery.
///
/// # Panics
/// If it is not installed.
pub fn is_verified_in_node(secret: &str, headers: &Value, body: &str) -> bool {
    let case = json!({ "as": "standardwebhooks", "secret": secret, "headers": headers, "body": body });
    node(&case)["verified"].is_object()
}

fn text(event: &Event) -> &str {
    str::from_utf8(&event.raw).expect("UTF-8")
}

fn all_headers(event: &Event) -> Value {
    let one = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), json!(value.to_str().expect("text")))
    };
    event.headers.iter().map(one).collect()
}

fn tests() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn in_python(script: &str) -> Command {
    let mut command = Command::new(tests().join("../target/venv/bin/python"));
    command.arg(tests().join(script));
    command
}

fn node(case: &Value) -> Value {
    run(Command::new("node").arg(tests().join("read.mjs")).arg(tests().join("../target/node")), case)
}

/// Gives a program JSON, and reads what it prints.
fn run(command: &mut Command, case: &Value) -> Value {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("run `make setup-tests` first");
    child.stdin.take().expect("it is piped").write_all(case.to_string().as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?} failed");
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}
