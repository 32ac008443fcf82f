use axum::body::Body;
use serde_json::json;

use super::JSON;
use crate::api::testing::{Service, feedback_of, request};
use crate::feedback::{FeedbackId, Kind};

const REVIEW: &str =
    r#"{"kind":"review","external_id":"r-1","source":{"type":"trustpilot"},"text":"Late.","rating":{"value":1}}"#;

#[tokio::test]
async fn one_object_is_answered_with_its_id_and_waits_in_the_queue() {
    let service = Service::start();
    let answer = service.post_json(REVIEW).await;
    let location = answer.header("location").to_owned();
    let body = answer.expect(202);
    let id = body["id"].as_str().expect("an id").to_owned();
    assert_eq!(body, json!({"id": id, "revision": 1}));
    assert_eq!(location, format!("/v1/feedback/{id}"));
    let leases = service.pull(2).await;
    assert_eq!((leases.len(), leases[0].id.to_string(), leases[0].revision), (1, id, 1));
    let feedback = feedback_of(&leases[0]);
    assert_eq!(
        (feedback.kind, &*feedback.text, feedback.id, feedback.revision),
        (Kind::Review, "Late.", FeedbackId::default(), 0)
    );
    assert!(feedback.received_at > jiff::Timestamp::UNIX_EPOCH);
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_and_a_change_is_a_revision() {
    let service = Service::start();
    let first = service.post_json(REVIEW).await.expect(202);
    let again = service.post_json(format!("\n{REVIEW} ")).await.expect(202);
    assert_eq!(again, json!({"id": first["id"], "revision": 1, "duplicate": true}));
    let changed = service.post_json(REVIEW.replace("Late.", "Very late.")).await.expect(202);
    assert_eq!(changed, json!({"id": first["id"], "revision": 2}));
    let elsewhere = service.post_json(REVIEW.replace("trustpilot", "google")).await.expect(202);
    assert_ne!(elsewhere["id"], first["id"], "another source has identifiers of its own");
    assert_eq!(service.waiting(), 3);
}

#[tokio::test]
async fn the_parts_of_an_identity_do_not_run_into_each_other() {
    let service = Service::start();
    let post = async |source: &str, id: &str| {
        let body = json!({"kind": "review", "text": "x", "source": {"type": source}, "external_id": id});
        service.post_json(body.to_string()).await.expect(202)["id"].clone()
    };
    assert_ne!(post("a:b", "c").await, post("a", "b:c").await);
}

#[tokio::test]
async fn without_an_identifier_every_item_is_new() {
    let service = Service::start();
    let post = async || service.post_json(r#"{"kind":"review","text":"ok"}"#).await.expect(202)["id"].clone();
    assert_ne!(post().await, post().await);
}

#[tokio::test]
async fn one_curl_works_without_a_content_type() {
    let service = Service::start();
    service.post("application/x-www-form-urlencoded", &[], REVIEW).await.expect(202);
    let bare = request("POST", "/v1/feedback", &[]).body(Body::from(format!(" [{REVIEW}]"))).expect("is a request");
    service.send(bare).await.expect(202);
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_the_feedback() {
    let service = Service::start();
    service.post(JSON, &[], format!("\u{feff}{REVIEW}")).await.expect(202);
    let parts = ["\u{feff}{\"kind\":\"review\",".as_bytes(), b"\"text\":\"x\"}"].concat();
    let bytes = futures_util::stream::iter(parts.into_iter().map(|byte| Ok::<_, std::io::Error>(vec![byte])));
    service.post(JSON, &[], Body::from_stream(bytes)).await.expect(202);
}

#[tokio::test]
async fn packed_bodies_are_expanded() {
    let service = Service::start();
    service.post(JSON, &[("content-encoding", "gzip")], super::gzip(REVIEW.as_bytes()).await).await.expect(202);
    service.post(JSON, &[("content-encoding", "zstd")], super::zstd(REVIEW.as_bytes()).await).await.expect(202);
    assert_eq!(service.waiting(), 1, "the second is a repetition");
}
