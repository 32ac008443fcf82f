//! Receivers that say no.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use sayso_tests::{
    RawReceiver, Receiver, Server,
    raw::{read_request, write},
};
use serde_json::{Value, json};

use crate::{assert_failed, assert_recovered, delivered_to, post, tries, wait_for};

/// A receiver that gives its first answer with this status and header, and 204 from then on; and when requests came.
async fn once(
    status: &'static str,
    retry_after: impl Fn() -> String + Send + 'static,
) -> (RawReceiver, Arc<Mutex<Vec<Instant>>>) {
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen = Arc::clone(&times);
    let receiver = RawReceiver::start(move |number, mut stream| {
        let (seen, retry_after) = (Arc::clone(&seen), retry_after());
        async move {
            if !read_request(&mut stream).await {
                return;
            }
            seen.lock().expect("ours").push(Instant::now());
            let status = if number == 0 { status } else { "204 No Content" };
            let headers = if number == 0 {
                format!("retry-after: {retry_after}\r\ncontent-length: 0\r\n")
            } else {
                String::new()
            };
            write(&mut stream, format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n")).await;
        }
    })
    .await;
    (receiver, times)
}

/// The time between the first two requests.
fn pause(times: &Mutex<Vec<Instant>>) -> Duration {
    let times = times.lock().expect("ours");
    times[1] - times[0]
}

/// `[delivery]` whose longest step is 5 s.
fn up_to_5_s() -> sayso_tests::ServerBuilder {
    Server::builder().config("[delivery]\nschedule = [\"0s\", \"10ms\", \"10ms\", \"5s\"]\njitter = 0.0\n")
}

#[tokio::test]
async fn status_429_with_seconds() {
    let (receiver, times) = once("429 Too Many Requests", || "2".into()).await;
    let (_server, delivery) = delivered_to(&receiver.url(), up_to_5_s()).await;
    assert_recovered(&delivery, "status 429: the receiver is asked too much", "sayso slows down");
    assert!(pause(&times) >= Duration::from_secs(2), "{:?}", pause(&times));
}

#[tokio::test]
async fn status_429_with_a_date() {
    let date = || httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    let (receiver, times) = once("429 Too Many Requests", date).await;
    let (_server, delivery) = delivered_to(&receiver.url(), up_to_5_s()).await;
    assert_recovered(&delivery, "status 429", "");
    // A date has whole seconds.
    assert!(pause(&times) >= Duration::from_secs(2), "{:?}", pause(&times));
}

#[tokio::test]
async fn a_receiver_that_asks_for_a_year_gets_the_longest_step() {
    let config = "[delivery]\nschedule = [\"0s\", \"10ms\", \"500ms\"]\njitter = 0.0\n";
    let (receiver, times) = once("503 Service Unavailable", || "31536000".into()).await;
    let (_server, delivery) = delivered_to(&receiver.url(), Server::builder().config(config)).await;
    assert_recovered(&delivery, "status 503: the receiver is overloaded or down", "");
    assert!(pause(&times) >= Duration::from_millis(500), "{:?}", pause(&times));
}

#[tokio::test]
async fn status_429_slows_the_webhook_down_as_a_whole() {
    let (receiver, times) = once("429 Too Many Requests", || "2".into()).await;
    let server = up_to_5_s().webhook("desk", &receiver.url(), "").start().await;
    post(&server).await;
    server.wait_until("/v1/deliveries", |list| list["items"][0]["attempts"][0].is_object()).await;
    post(&server).await;
    server
        .wait_until("/v1/deliveries", |list| {
            list["items"].as_array().is_some_and(|all| all.iter().all(|delivery| delivery["status"] == "delivered"))
        })
        .await;
    assert_eq!(times.lock().expect("ours").len(), 3);
    assert!(pause(&times) >= Duration::from_secs(2), "the other one waits as well: {:?}", pause(&times));
}

#[tokio::test]
async fn status_500_for_ever() {
    let receiver = Receiver::start().await;
    receiver.answer_with(500);
    let server = tries("5s").webhook("desk", &receiver.url(), "").start().await;
    post(&server).await;
    let delivery = wait_for(&server, "parked").await;
    let events = receiver.events();
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(10), "the whole schedule: {delivery:#}");
    assert!(events.len() == 10 && events.iter().all(|event| event.id == events[0].id && event.is_verified));
    for (number, pair) in events.windows(2).enumerate() {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(45), "step {number} is kept");
        assert_failed(&delivery, number, "status 500: the receiver failed; see its log", "");
    }
    // The record says it first.
    let parked = server.wait_until("/v1/parked?lane=delivery/desk", |list| list["items"][0].is_object()).await;
    assert!(parked["items"][0]["reason"].as_str().is_some_and(|reason| reason.starts_with("the last of 10 attempts")));
}

/// How the webhook `desk` does.
async fn health(server: &Server) -> Value {
    server.get("/v1/webhooks").await["items"][0]["health"].clone()
}

async fn wait_for_health(server: &Server, state: &str) -> Value {
    let list = server.wait_until("/v1/webhooks", |list| list["items"][0]["health"]["state"] == state).await;
    list["items"][0]["health"].clone()
}

/// The value of a metric of the webhook `desk`.
async fn metric(server: &Server, name: &str) -> String {
    let metrics = server.get("/metrics").await;
    let begin = format!("{name}{{webhook=\"desk\"}} ");
    let line = metrics.as_str().and_then(|text| text.lines().find_map(|line| line.strip_prefix(&begin)));
    line.unwrap_or_else(|| panic!("{name} is missing in {metrics}")).to_owned()
}

/// Waits until a metric of the webhook `desk` has this value: it follows the event that it tells of.
async fn wait_for_metric(server: &Server, name: &str, value: &str) {
    let line = format!("{name}{{webhook=\"desk\"}} {value}");
    let has_line = |metrics: &Value| metrics.as_str().is_some_and(|text| text.lines().any(|other| other == line));
    server.wait_until("/metrics", has_line).await;
}

async fn enable(server: &Server) -> Value {
    let request = server.request(reqwest::Method::POST, "/v1/webhooks/desk/enable").send();
    request.await.expect("an answer").json().await.expect("JSON")
}

/// Makes sure that the webhook stays disabled though sayso is killed, and that all that waits is delivered after it was
/// enabled: so many deliveries.
async fn assert_disabled_until_enabled(server: &mut Server, receiver: &Receiver, waiting: usize) {
    wait_for_metric(server, "sayso_webhook_disabled", "1").await;
    // The log says it once the others were told, a moment after the answers do.
    let is_logged = |_: &Value| server.log().iter().any(|line| line.contains("the webhook was disabled"));
    server.wait_until("/v1/webhooks", is_logged).await;
    let before = receiver.events().len();
    receiver.answer_with(200);
    server.kill_and_restart().await;
    let disabled = wait_for_health(server, "disabled").await;
    wait_for_metric(server, "sayso_webhook_disabled", "1").await;
    assert!(server.log().iter().any(|line| line.contains("the webhook is still disabled")), "it is in the log");
    assert_eq!(receiver.events().len(), before, "nothing is sent: {disabled:#}");
    assert_eq!(enable(server).await["health"], json!({ "state": "works" }));
    receiver.wait_for(before + waiting).await;
    wait_for_metric(server, "sayso_webhook_disabled", "0").await;
}

#[tokio::test]
async fn status_410() {
    let receiver = Receiver::start().await;
    receiver.answer_with(410);
    let mut server = tries("5s").webhook("desk", &receiver.url(), "").start().await;
    post(&server).await;
    let delivery = wait_for(&server, "parked").await;
    assert_failed(&delivery, 0, "status 410: the receiver wants nothing more", "");
    let health = wait_for_health(&server, "disabled").await;
    assert_eq!(health["reason"], "the receiver answered 410 Gone: it wants nothing more", "{health:#}");
    post(&server).await;
    post(&server).await;
    assert_eq!(receiver.events().len(), 1);
    assert_disabled_until_enabled(&mut server, &receiver, 2).await;
}

#[tokio::test]
async fn days_of_failure() {
    let receiver = Receiver::start().await;
    receiver.answer_with(500);
    // Days are a second here, and the breaker's pauses, which double from the shortest step, are shorter.
    let steps = [r#""10ms""#; 60].join(", ");
    let config = format!("[delivery]\nschedule = [\"0s\", {steps}]\njitter = 0.0\ndisable_after = \"1s\"\n");
    let mut server = Server::builder().config(&config).webhook("desk", &receiver.url(), "").start().await;
    assert_eq!(health(&server).await, json!({ "state": "works" }));
    post(&server).await;
    let failing = wait_for_health(&server, "failing").await;
    let health = wait_for_health(&server, "disabled").await;
    assert_eq!(health["failing_since"], failing["failing_since"]);
    assert!(health["disabled_at"].as_str() > health["failing_since"].as_str(), "{health:#}");
    let reason = health["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("every attempt since ") && reason.contains("status 500"), "{reason}");
    assert_disabled_until_enabled(&mut server, &receiver, 1).await;
}

#[tokio::test]
async fn a_webhook_that_there_is_not_cannot_be_enabled() {
    let server = Server::builder().start().await;
    let request = server.request(reqwest::Method::POST, "/v1/webhooks/desk/enable");
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 404);
    let problem: Value = answer.json().await.expect("JSON");
    assert_eq!(problem["detail"], "There is no webhook `desk`; GET /v1/webhooks lists those there are.");
}

#[tokio::test]
async fn flaps() {
    // Three requests refused, three connections reset, five deliveries taken, and so on.
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let receiver = RawReceiver::start(move |_, mut stream| {
        let counter = Arc::clone(&counter);
        async move {
            if !read_request(&mut stream).await {
                return;
            }
            match counter.fetch_add(1, Ordering::SeqCst) % 11 {
                0..3 => drop(write(&mut stream, "HTTP/1.1 503 Down\r\nconnection: close\r\n\r\n").await),
                3..6 => stream.set_zero_linger().expect("it is a socket"),
                _ => drop(write(&mut stream, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await),
            }
        }
    })
    .await;
    let steps = [r#""5ms""#; 99].join(", ");
    let config = format!("[delivery]\nschedule = [\"0s\", {steps}]\njitter = 0.0\n");
    let server = Server::builder().config(&config).webhook("desk", &receiver.url(), "").start().await;
    let batch: Vec<_> = (0..20).map(|n| json!({"kind": "review", "text": format!("Good tea number {n}")})).collect();
    assert_eq!(server.post(&Value::Array(batch)).await.status(), 202);
    let all_delivered = |list: &Value| {
        let items = list["items"].as_array().expect("a list");
        items.len() == 20 && items.iter().all(|delivery| delivery["status"] == "delivered")
    };
    server.wait_until("/v1/deliveries?limit=100", all_delivered).await;
    assert!(count.load(Ordering::SeqCst) > 33, "it went through its phases more than once");
    wait_for_metric(&server, "sayso_webhook_breaker", "0").await;
    assert_ne!(metric(&server, "sayso_webhook_breaker_opened_total").await, "0");
}
