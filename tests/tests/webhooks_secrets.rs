//! What a webhook is delivered with can be written, and never read: not from answers, logs and metrics, not out of what a
//! receiver repeats, and not by leading the webhook elsewhere.

use axum::{Router, extract::Request, http::StatusCode, response::Response};
use reqwest::Method;
use sayso_tests::{
    Receiver, Server,
    webhooks::{LOOPBACK, call, change, create_to},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const TOKEN: &str = "a1B2c3D4e5F6g7H8i9J0k1L2";
const PATH: &str = "services/T0AB12CD3/B0EF45GH6";

fn review(text: &str) -> Value {
    json!({ "kind": "review", "text": text, "rating": { "value": 1 }, "language": "en" })
}

fn path(webhook: &Value) -> String {
    format!("/{}", webhook["id"].as_str().expect("an id"))
}

/// Host and port of a receiver that takes nothing, and shows the request where it fails, as frameworks do to debug.
async fn showing_requests() -> String {
    async fn show(request: Request) -> Response {
        let (parts, _) = request.into_parts();
        let headers: Vec<_> = parts.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        let body = format!("cannot {} {}\n{}", parts.method, parts.uri, headers.join("\n"));
        Response::builder().status(StatusCode::NOT_FOUND).body(body.into()).expect("an answer")
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(show)).await });
    address.to_string()
}

#[tokio::test]
async fn neither_the_path_of_a_chat_s_webhook_nor_a_secret_header_is_in_any_answer_log_or_metric() {
    let host = showing_requests().await;
    let config = "[delivery]\nallow_private = true\nschedule = [\"0s\"]\n";
    let server = Server::builder().config(config).variable("SAYSO_LOG", "trace").start().await;
    let more = json!({
        "format": "slack",
        "headers": { "authorization": { "value": "Bearer he4der-value", "secret": true }, "x-team": "customer-care" },
    });
    let url = format!("http://{host}/{PATH}/{TOKEN}?sig=t0ken-in-url");
    let made = create_to(&server, "team", &url, more).await;
    assert_eq!(made["url"], format!("http://{host}/services/…?…"));
    server.analyze(&review("late")).await;
    let is_parked = |list: &Value| list["items"].as_array().is_some_and(|all| all.len() == 1);
    let parked = server.wait_until("/v1/deliveries?status=parked", is_parked).await;
    let delivery = format!("/v1/deliveries/{}", parked["items"][0]["id"].as_str().expect("an id"));
    let delivery = server.get(&delivery).await;
    let (_, tested) = call(&server, Method::POST, &format!("{}/test", path(&made)), None).await;
    for attempt in [&delivery["attempts"][0], &tested["attempt"]] {
        let response = attempt["response"].as_str().expect("the receiver is quoted");
        assert!(response.starts_with("cannot POST /services/…?…\n"), "{response}");
        assert!(
            response.contains("authorization: \"…\"") && response.contains("x-team: \"customer-care\""),
            "{response}"
        );
    }
    let (_, refused) = call(&server, Method::PATCH, &path(&made), Some(&json!({ "url": format!("{url}#x") }))).await;
    let changed = change(&server, &made, json!({ "description": "x" })).await;
    let (_, shown) = call(&server, Method::GET, &path(&made), None).await;
    let (_, list) = call(&server, Method::GET, "", None).await;
    let mut places: Vec<String> =
        [made, parked, delivery, tested, refused, changed, shown, list].iter().map(Value::to_string).collect();
    for path in ["/v1/parked", "/v1/deliveries", "/metrics"] {
        places.push(server.get(path).await.to_string());
    }
    places.push(server.log().join("\n"));
    for secret in [TOKEN, "T0AB12CD3", "B0EF45GH6", "t0ken-in-url", "he4der-value"] {
        for place in &places {
            assert!(!place.contains(secret), "`{secret}` is in {place}");
        }
    }
}

#[tokio::test]
async fn a_url_that_is_sent_back_as_it_was_shown_is_no_change_and_makes_no_other_webhook() {
    let host = showing_requests().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let made = create_to(&server, "team", &format!("http://{host}/{PATH}/{TOKEN}"), json!({})).await;
    let changed = change(&server, &made, json!({ "url": made["url"], "description": "x" })).await;
    assert_eq!((&changed["url"], &changed["description"]), (&made["url"], &json!("x")));
    let (_, tested) = call(&server, Method::POST, &format!("{}/test", path(&made)), None).await;
    let response = tested["attempt"]["response"].as_str().expect("the receiver is quoted");
    assert!(response.starts_with("cannot POST /services/…\n"), "the path is what it was: {response}");
    let (status, problem) = call(&server, Method::POST, "", Some(&json!({ "name": "copy", "url": made["url"] }))).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("url")), "{problem:#}");
    assert!(problem["errors"][0]["message"].as_str().expect("text").contains("in full"), "{problem:#}");
}

#[tokio::test]
async fn a_webhook_that_is_led_elsewhere_takes_no_secret_along() {
    let (theirs, mine) = (Receiver::start().await, Receiver::start().await);
    let server = Server::builder().config(LOOPBACK).start().await;
    let more =
        json!({ "headers": { "authorization": { "value": "Bearer theirs", "secret": true }, "x-team": "care" } });
    let webhook = create_to(&server, "crm", &theirs.url(), more).await;
    for headers in [json!({}), json!({ "authorization": { "secret": true } })] {
        let patch = json!({ "url": mine.url(), "headers": headers });
        let (status, problem) = call(&server, Method::PATCH, &path(&webhook), Some(&patch)).await;
        assert_eq!((status, &problem["type"]), (422, &json!("urn:sayso:problem:invalid-webhook")), "{problem:#}");
        assert_eq!(problem["errors"][0]["field"], "headers.authorization", "{problem:#}");
        assert!(problem["errors"][0]["message"].as_str().expect("text").contains("give it again"), "{problem:#}");
    }
    call(&server, Method::POST, &format!("{}/test", path(&webhook)), None).await;
    assert_eq!(theirs.wait_for(1).await[0].headers["authorization"], "Bearer theirs", "nothing was changed");
    assert!(mine.events().is_empty());

    let given = json!({ "authorization": { "value": "Bearer mine", "secret": true } });
    change(&server, &webhook, json!({ "url": mine.url(), "headers": given })).await;
    call(&server, Method::POST, &format!("{}/test", path(&webhook)), None).await;
    let event = mine.wait_for(1).await.remove(0);
    assert_eq!(event.headers["authorization"], "Bearer mine");
    assert_eq!(event.headers["x-team"], "care");
    change(&server, &webhook, json!({ "url": theirs.url(), "headers": { "authorization": null } })).await;
    call(&server, Method::POST, &format!("{}/test", path(&webhook)), None).await;
    assert!(!theirs.wait_for(2).await[1].headers.contains_key("authorization"), "it was taken out");
}

#[tokio::test]
async fn a_secret_header_cannot_be_made_one_that_is_shown() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let more = json!({ "headers": { "x-own": { "value": "Bearer he4der-value", "secret": true } } });
    let webhook = create_to(&server, "crm", &receiver.url(), more).await;
    for secret in [json!(false), json!(null)] {
        let patch = json!({ "headers": { "x-own": { "secret": secret } } });
        let (status, problem) = call(&server, Method::PATCH, &path(&webhook), Some(&patch)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("headers.x-own")), "{problem:#}");
        assert!(!problem.to_string().contains("he4der-value"), "{problem:#}");
    }
    let changed = change(&server, &webhook, json!({ "headers": { "x-own": "none of it" } })).await;
    assert_eq!(changed["headers"]["x-own"], "none of it");
    let changed = change(&server, &webhook, json!({ "headers": { "authorization": "Bearer he4der-value" } })).await;
    assert_eq!(changed["headers"]["authorization"], json!({ "secret": true }), "by its name");
}
