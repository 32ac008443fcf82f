//! What clients send back, and send again.

use axum::body::Body;
use serde_json::{Value, json};

use crate::api::testing::{Answer, Service, request};
use crate::delivery::signing;

const URL: &str = "https://crm.example/hook";

/// A service with keys of the API allowed to lead to private addresses.
fn service() -> Service {
    Service::with(|config| config.delivery.allow_private = true)
}

async fn call(service: &Service, method: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let request = request(method, &format!("/v1/webhooks{path}"), headers).header("content-type", "application/json");
    service.send(request.body(Body::from(body.to_string())).expect("is a request")).await
}

async fn create(service: &Service, more: Value) -> Value {
    let mut body = json!({ "name": "crm", "url": URL });
    let (Value::Object(body), Value::Object(more)) = (&mut body, more) else { unreachable!("they are objects") };
    body.extend(more);
    call(service, "POST", "", &[], json!(body)).await.expect(201)
}

async fn show(service: &Service) -> (Value, String) {
    let answer = service.get("/v1/webhooks/crm").await;
    let tag = answer.header("etag").to_owned();
    (answer.expect(200), tag)
}

fn first_fault(problem: &Value) -> &str {
    problem["errors"][0]["field"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_answer_that_is_sent_back_whole_changes_no_setting() {
    let service = service();
    let headers = json!({ "authorization": "Bearer x", "x-team": "care", "x-own": { "value": "v", "secret": true } });
    let url = format!("{URL}?token=abc");
    create(&service, json!({ "url": url, "headers": headers, "batch": { "max_items": 9 }, "tags": ["a"] })).await;
    let (shown, _) = show(&service).await;
    assert_eq!(shown["allow_private"], true, "what holds for it: {shown:#}");
    call(&service, "PATCH", "/crm", &[], shown.clone()).await.expect(200);
    let set = service.state.webhooks.live().current();
    let webhook = set.by_name("crm").expect("it is there");
    let value = |name: &str| webhook.settings.headers[name].value.clone().map(|value| value.expose().to_owned());
    assert_eq!(webhook.settings.url, url);
    assert_eq!([value("authorization"), value("x-own")], [Some("Bearer x".into()), Some("v".into())]);
    for (field, value) in [
        ("id", json!("wh_0198c0de00007000800000000000000a")),
        ("revision", json!(9)),
        ("active", json!(false)),
        ("allow_private", json!(false)),
    ] {
        let (mut patch, _) = show(&service).await;
        patch[field] = value;
        let problem = call(&service, "PATCH", "/crm", &[], patch).await.problem(422, "invalid-webhook");
        assert_eq!(first_fault(&problem), field, "{problem:#}");
    }
}

#[tokio::test]
async fn a_change_goes_to_its_end_where_the_client_goes_away() {
    let service = service();
    let body = json!({ "name": "crm", "url": URL }).to_string();
    let post = || {
        let post = request("POST", "/v1/webhooks", &[]).header("content-type", "application/json");
        post.body(Body::from(body.clone())).expect("is a request")
    };
    // It is dropped as soon as it waits for anything.
    assert!(futures_util::FutureExt::now_or_never(service.send(post())).is_none());
    let until = tokio::time::Instant::now() + crate::api::testing::PATIENCE;
    while service.get("/v1/webhooks/crm").await.status != 200 {
        assert!(tokio::time::Instant::now() < until, "it is in the store, or was not made, and nobody knows it");
        tokio::task::yield_now().await;
    }
    assert_eq!(service.send(post()).await.status, 409);
}

#[tokio::test]
async fn a_header_is_the_same_in_upper_and_lower_case() {
    let service = service();
    create(&service, json!({"headers": {"X-Team": "a", "Authorization": "Bearer old"}})).await;
    let patch = json!({"headers": {"x-team": "b", "authorization": "Bearer new"}});
    let changed = call(&service, "PATCH", "/crm", &[], patch).await.expect(200);
    assert_eq!(changed["headers"]["X-Team"], "b", "{changed:#}");
    let without = call(&service, "PATCH", "/crm", &[], json!({"headers": {"x-TEAM": null}})).await.expect(200);
    assert!(without["headers"].get("X-Team").is_none(), "{without:#}");
    let test = call(&service, "PATCH", "/crm", &[], json!({"headers": {"sayso-test": "true"}})).await;
    assert_eq!(test.status, 422, "receivers tell tests by it");
}

#[tokio::test]
async fn null_for_a_field_that_there_is_not_is_refused_as_a_value_is() {
    let service = service();
    create(&service, json!({})).await;
    for (patch, field) in [
        (json!({ "tag": null }), "tag"),
        (json!({ "secret": null }), "secret"),
        (json!({ "old_secret": null }), "old_secret"),
        (json!({ "allow_private": null }), "allow_private"),
        (json!({ "batch": { "max": null } }), "batch.max"),
    ] {
        let problem = call(&service, "PATCH", "/crm", &[], patch.clone()).await.problem(422, "invalid-webhook");
        assert_eq!(first_fault(&problem), field, "{patch}");
    }
    call(&service, "PATCH", "/crm", &[], json!({ "routes": null, "batch": null })).await.expect(200);
}

#[tokio::test]
async fn a_webhook_is_changed_only_as_it_was_seen_where_that_is_asked_for() {
    let service = service();
    create(&service, json!({})).await;
    let (_, seen) = show(&service).await;
    assert_eq!(show(&service).await.1, seen);
    let answer = call(&service, "PATCH", "/crm", &[("if-match", &seen)], json!({ "min_priority": 5 })).await;
    let now = answer.header("etag").to_owned();
    answer.expect(200);
    assert_ne!(now, seen);
    assert_eq!(show(&service).await.1, now);
    let stale = [("if-match", seen.as_str())];
    call(&service, "PATCH", "/crm", &stale, json!({ "min_priority": 9 })).await.problem(412, "precondition-failed");
    call(&service, "DELETE", "/crm", &stale, Value::Null).await.problem(412, "precondition-failed");
    assert_eq!(show(&service).await.0["min_priority"], 5, "nothing was changed");
    call(&service, "PATCH", "/crm", &[], json!({ "min_priority": 9 })).await.expect(200);
    let deleted = call(&service, "DELETE", "/crm", &[("if-match", "*")], Value::Null).await;
    assert_eq!(deleted.status, 204);
}

#[tokio::test]
async fn what_a_webhook_does_leaves_its_tag_as_it_is() {
    let service = service();
    create(&service, json!({})).await;
    let (before, tag) = show(&service).await;
    let set = service.state.webhooks.live().current();
    let (lane, message) =
        crate::delivery::owed_message(crate::feedback::FeedbackId::now(), 1, set.webhooks[0].name(), None);
    service.state.queue.publish(&lane, vec![message]).await.expect("it is owed");
    let (after, same) = show(&service).await;
    assert_eq!((&before["waiting"], &after["waiting"], same), (&json!(0), &json!(1), tag));
}

#[tokio::test]
async fn an_order_that_comes_too_late_for_what_waits_is_told() {
    let service = service();
    create(&service, json!({ "paused": true })).await;
    let change = async |patch: Value| call(&service, "PATCH", "/crm", &[], patch).await.expect(200)["warnings"].clone();
    assert_eq!(change(json!({ "ordering": "customer" })).await, Value::Null, "nothing waits");
    let set = service.state.webhooks.live().current();
    let (lane, message) =
        crate::delivery::owed_message(crate::feedback::FeedbackId::now(), 1, set.webhooks[0].name(), None);
    service.state.queue.publish(&lane, vec![message]).await.expect("it is owed");
    assert_eq!(change(json!({ "ordering": "customer", "paused": false })).await, Value::Null, "it is so already");
    let warnings = change(json!({ "ordering": "none" })).await;
    assert!(warnings[0].as_str().is_some_and(|warning| warning.contains("the 1 that waits already")), "{warnings}");
}

#[tokio::test]
async fn a_webhook_that_is_asked_for_again_with_its_key_is_made_once_and_its_secret_shown_once() {
    let service = service();
    let key = [("idempotency-key", "k-1")];
    let body = json!({ "name": "crm", "url": URL });
    let first = call(&service, "POST", "", &key, body.clone()).await;
    assert!(first.headers.get("idempotency-replayed").is_none());
    let mut first = first.expect(201);
    let secret = first.as_object_mut().and_then(|first| first.remove("secret")).expect("it is shown");
    let again = call(&service, "POST", "", &key, body.clone()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), format!("/v1/webhooks/{}", first["id"].as_str().expect("an id")));
    assert!(!again.text.contains(secret.as_str().expect("text")), "{}", again.text);
    let mut again = again.expect(201);
    let warnings = again.as_object_mut().and_then(|again| again.remove("warnings")).expect("it says why");
    assert!(warnings[0].as_str().is_some_and(|warning| warning.contains("shown once")), "{warnings}");
    assert_eq!(again, first);
    assert_eq!(service.get("/v1/webhooks").await.expect(200)["items"].as_array().map(Vec::len), Some(1));

    let other = json!({ "name": "other", "url": URL });
    call(&service, "POST", "", &key, other.clone()).await.problem(422, "idempotency-mismatch");
    call(&service, "POST", "", &[("idempotency-key", "k-2")], body.clone()).await.problem(409, "conflict");
    call(&service, "POST", "", &[("idempotency-key", "")], other.clone()).await.problem(400, "invalid-request");
    call(&service, "POST", "", &[], body.clone()).await.problem(409, "conflict");
    call(&service, "DELETE", "/crm", &[], Value::Null).await;
    let late = call(&service, "POST", "", &key, body).await.expect(201);
    assert_eq!(late["id"], first["id"], "the answer stays, whatever became of the webhook");
    assert_eq!(service.get("/v1/webhooks").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn what_a_crash_left_without_an_answer_is_answered_when_it_is_asked_for_again() {
    use crate::delivery::webhooks::RequestId;
    let service = service();
    let (request, other) = (RequestId([1; 32]), RequestId([2; 32]));
    let written = || json!({ "name": "crm", "url": URL }).as_object().cloned().expect("an object");
    let made = service.state.webhooks.create(written(), Some(&request)).await.expect("it is made");
    let again = service.state.webhooks.create(written(), Some(&request)).await.expect("it is the same");
    assert_eq!(made.id, again.id);
    service.state.webhooks.create(written(), Some(&other)).await.expect_err("the name is taken");
}

#[tokio::test]
async fn a_rotation_keeps_the_old_secret_for_as_long_as_is_asked_for() {
    let service = service();
    create(&service, json!({})).await;
    let rotated = call(&service, "POST", "/crm/rotate", &[], json!({ "overlap_seconds": 3_600 })).await.expect(200);
    let keys = rotated["keys"].as_array().expect("a list");
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).expect("a time");
    let left = time(&keys[1]["expires_at"]).duration_since(time(&keys[0]["created_at"]));
    assert_eq!((keys.len(), left.as_secs()), (2, 3_600));
    let rotated = call(&service, "POST", "/crm/rotate", &[], json!({ "overlap_seconds": 0 })).await.expect(200);
    assert_eq!(rotated["keys"].as_array().map(Vec::len), Some(1), "{rotated:#}");
    for (body, field) in [
        (json!({ "overlap_seconds": 2_592_001 }), "overlap_seconds"),
        (json!({ "overlap_seconds": -1 }), "overlap_seconds"),
        (json!({ "signature": "rsa" }), "signature"),
        (json!({ "x": 1 }), "x"),
    ] {
        let problem = call(&service, "POST", "/crm/rotate", &[], body.clone()).await.problem(422, "invalid-webhook");
        assert_eq!(first_fault(&problem), field, "{body}: {problem:#}");
    }
}

#[tokio::test]
async fn a_header_that_lets_in_whoever_has_it_is_not_shown() {
    let service = Service::with(|config| {
        let webhook = json!({
            "name": "desk", "url": "https://desk.example", "secret": signing::new_secret().expose(),
            "headers": { "Authorization": "Bearer s3cret", "x-api-key": { "value": "shown", "secret": false } },
        });
        config.webhooks = vec![serde_json::from_value(webhook).expect("a webhook")];
    });
    let answer = service.get("/v1/webhooks/desk").await.expect(200);
    assert_eq!(answer["headers"], json!({ "Authorization": { "secret": true }, "x-api-key": "shown" }));
}
