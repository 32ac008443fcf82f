use std::io;

use axum::body::Body;
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::sync::mpsc;

use super::{CSV, JSON, NDJSON, lines};
use crate::api::auth::hash;
use crate::api::testing::{Service, request};
use crate::config::{Key, Scope};

const KEY: &[(&str, &str)] = &[("idempotency-key", "k-1")];

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_changes_nothing() {
    for (kind, body) in [
        (JSON, r#"{"kind":"review","text":"ok"}"#.to_owned()),
        (JSON, r#"[{"kind":"review","text":"ok"},{"kind":"review"}]"#.to_owned()),
        (NDJSON, lines(700) + "nonsense\n"),
        (CSV, "kind,text\nreview,ok\nreview,\n".to_owned()),
    ] {
        let service = Service::start();
        let first = service.post(kind, KEY, body.clone()).await;
        let waiting = service.waiting();
        assert_eq!(first.header("idempotency-replayed"), "");
        let again = service.post(kind, KEY, body).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text), "{kind}");
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(service.waiting(), waiting);
    }
}

#[tokio::test]
async fn another_request_with_the_same_key_is_refused_before_it_does_anything() {
    let service = Service::start();
    service.post(NDJSON, KEY, lines(2)).await.expect(202);
    for (kind, body) in
        [(NDJSON, lines(3)), (JSON, r#"{"kind":"review","text":"ok"}"#.into()), (CSV, "kind,text\nreview,x\n".into())]
    {
        service.post(kind, KEY, body).await.problem(422, "idempotency-mismatch");
    }
    service.post_to("/v1/feedback?kind=review", CSV, &[("idempotency-key", "k-2")], "text\nx\n").await.expect(202);
    let other_query =
        service.post_to("/v1/feedback?kind=csr_note", CSV, &[("idempotency-key", "k-2")], "text\nx\n").await;
    other_query.problem(422, "idempotency-mismatch");
    assert_eq!(service.waiting(), 3);
}

#[tokio::test]
async fn a_request_that_took_nothing_can_be_corrected_under_the_same_key() {
    let service = Service::start();
    service.post(JSON, KEY, r#"{"kind":"review"}"#).await.problem(422, "invalid-feedback");
    service.post(JSON, KEY, r#"{"kind":"review","text":"now"}"#).await.expect(202);
}

#[tokio::test]
async fn what_stands_in_the_place_of_an_item_of_a_broken_request_is_another_item() {
    let service = Service::start();
    let broken = stream::iter([Ok(lines(600)), Err(io::Error::other("gone"))]);
    let problem = service.post(NDJSON, KEY, Body::from_stream(broken)).await.problem(400, "malformed-body");
    let taken = problem["accepted"].as_u64().expect("a number");
    assert!(taken > 0);
    let shifted = format!("{{\"kind\":\"review\",\"text\":\"first\"}}\n{}", lines(600));
    let answer = service.post(NDJSON, KEY, shifted).await.expect(202);
    let items = answer["accepted"].as_array().expect("a list");
    assert!(items.iter().all(|item| item.get("revision").is_none_or(|revision| *revision == 1)), "{:#}", items[0]);
    assert_eq!(items.len(), 601);
}

#[tokio::test]
async fn while_a_request_is_under_way_its_key_is_taken() {
    let service = Service::start();
    let (sender, receiver) = mpsc::channel::<io::Result<String>>(1);
    let body = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let first = service.post(NDJSON, KEY, Body::from_stream(body.boxed()));
    let second = async {
        sender.send(Ok(lines(1))).await.expect("is read");
        // There is room again once the request has begun to read its body.
        let room = sender.reserve().await.expect("is read");
        let answer = service.post(NDJSON, KEY, lines(1)).await;
        answer.problem(409, "idempotency-conflict");
        assert_eq!(answer.header("retry-after"), "1");
        room.send(Ok(lines(1)));
        drop(sender);
    };
    let (first, ()) = tokio::join!(first, second);
    assert_eq!(first.expect(202)["accepted"].as_array().expect("a list").len(), 2);
    service.post(NDJSON, KEY, lines(1).repeat(2)).await.expect(202);
    assert_eq!(service.waiting(), 2);
}

#[tokio::test]
async fn a_request_that_broke_off_and_is_sent_again_takes_no_item_twice() {
    let service = Service::start();
    let whole = lines(1_000);
    let broken = [Ok(whole[..whole.len() / 2].to_owned()), Err(io::Error::other("the line is dead"))];
    let problem =
        service.post(NDJSON, KEY, Body::from_stream(stream::iter(broken))).await.problem(400, "malformed-body");
    let before = problem["accepted"].as_u64().expect("a count");
    assert!(before > 0 && before == service.waiting(), "{problem:#}");
    let answer = service.post(NDJSON, KEY, whole).await.expect(202);
    let accepted = answer["accepted"].as_array().expect("a list");
    assert_eq!(accepted.len(), 1_000);
    assert_eq!(accepted.iter().filter(|item| item["duplicate"] == true).count() as u64, before);
    assert_eq!(service.waiting(), 1_000);
}

#[tokio::test]
async fn keys_of_different_callers_have_nothing_to_do_with_each_other() {
    let key = |name: &str, key: &str| Key { name: name.into(), hash: hash(key), scopes: vec![Scope::Ingest] };
    let service = Service::with(|config| config.keys = vec![key("shop", "sk_a"), key("desk", "sk_b")]);
    let post = async |bearer: &str| {
        let headers = [("idempotency-key", "k"), ("authorization", bearer), ("content-type", JSON)];
        let request = request("POST", "/v1/feedback", &headers).body(Body::from(r#"{"kind":"review","text":"ok"}"#));
        service.send(request.expect("is a request")).await.expect(202)["id"].clone()
    };
    let first = post("Bearer sk_a").await;
    assert_ne!(post("Bearer sk_b").await, first);
    assert_eq!(post("Bearer sk_a").await, first);
}

#[tokio::test]
async fn a_key_that_is_empty_or_too_long_is_refused() {
    let service = Service::start();
    for key in ["", &"x".repeat(256)] {
        let problem = service.post(JSON, &[("idempotency-key", key)], "{}").await.problem(400, "invalid-request");
        assert_eq!(problem["errors"][0]["field"], "Idempotency-Key");
    }
}

#[tokio::test]
async fn a_repetition_may_ask_to_wait() {
    let service = Service::start();
    let body = r#"{"kind":"review","text":"ok"}"#;
    let first = service.post(JSON, KEY, body).await.expect(202);
    let leases = service.pull(1).await;
    service.analyze(leases).await;
    let again = service.post(JSON, &[KEY[0], ("prefer", "wait=20")], body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(
        again.expect(200),
        json!({"id": first["id"], "revision": 1, "analysis": service.get(&format!("/v1/feedback/{}", first["id"].as_str().expect("an id"))).await.json()["analysis"]})
    );
}
