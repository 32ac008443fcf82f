//! Receivers that misbehave: what is recorded of each attempt, and that the delivery arrives once they behave. The steps
//! of the schedule are short here, so that it is gone through, not slept through.

mod answer;
mod connect;
mod status;
mod tls;

use sayso_tests::{Server, ServerBuilder};
use serde_json::{Value, json};

/// `[delivery]` with ten tries 50 ms apart, and this time limit for each.
fn tries(timeout: &str) -> ServerBuilder {
    let steps = [r#""50ms""#; 9].join(", ");
    let lines = format!("[delivery]\nschedule = [\"0s\", {steps}]\njitter = 0.0\ntimeout = \"{timeout}\"\n");
    Server::builder().config(&lines)
}

/// Posts a review, and waits for its analysis.
async fn post(server: &Server) {
    server.analyze(&json!({"kind": "review", "text": "The delivery was late.", "language": "en"})).await;
}

/// Waits until the only delivery has this status; with what was answered, which lists leave out.
async fn wait_for(server: &Server, status: &str) -> Value {
    let list = server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == status).await;
    server.get(&format!("/v1/deliveries/{}", list["items"][0]["id"].as_str().expect("an id"))).await
}

/// A server with one webhook that leads to `url`, to which a review is delivered in the end; and the delivery.
async fn delivered_to(url: &str, server: ServerBuilder) -> (Server, Value) {
    let server = server.webhook("desk", url, "").start().await;
    post(&server).await;
    let delivery = wait_for(&server, "delivered").await;
    (server, delivery)
}

/// Makes sure that the nth attempt, from 0, failed with an error that begins and goes on like this.
#[track_caller]
fn assert_failed(delivery: &Value, number: usize, begins: &str, has: &str) {
    let error = delivery["attempts"][number]["error"].as_str().unwrap_or_default();
    assert!(error.starts_with(begins) && error.contains(has), "`{error}` in {delivery:#}");
}

/// Makes sure that the first attempt failed so, that there is no more than its step says, and that the last succeeded.
#[track_caller]
fn assert_recovered(delivery: &Value, begins: &str, has: &str) {
    assert_failed(delivery, 0, begins, has);
    let attempts = delivery["attempts"].as_array().expect("attempts");
    let last = attempts.last().expect("there are some");
    assert!(attempts.len() > 1 && last["status"] == 204 && last["error"].is_null(), "{delivery:#}");
}
