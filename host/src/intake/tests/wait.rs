use serde_json::json;

use super::{JSON, NDJSON, lines};
use crate::api::testing::Service;

const WAIT: &[(&str, &str)] = &[("prefer", "wait=20")];
const REVIEW: &str = r#"{"kind":"review","text":"ok"}"#;

#[tokio::test]
async fn one_item_is_answered_with_its_analysis() {
    let service = Service::start();
    let chain = async {
        let leases = service.pull(1).await;
        service.analyze(leases).await;
    };
    let (answer, ()) = tokio::join!(service.post(JSON, WAIT, REVIEW), chain);
    assert_eq!(answer.header("preference-applied"), "wait=20");
    let location = answer.header("location").to_owned();
    let body = answer.expect(200);
    assert_eq!((&body["revision"], &body["analysis"]["tags"][0]["name"]), (&json!(1), &json!("played")));
    assert_eq!(location, format!("/v1/feedback/{}", body["id"].as_str().expect("an id")));
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order_with_the_refused_ones_in_their_places() {
    let service = Service::start();
    let chain = async {
        let mut leases = service.pull(5).await;
        while leases.len() < 5 {
            leases.extend(service.pull(5).await);
        }
        leases.reverse();
        for lease in leases {
            service.analyze(vec![lease]).await;
        }
    };
    let body = lines(3) + "nonsense\n" + &lines(2);
    let (answer, ()) = tokio::join!(service.post(NDJSON, WAIT, body), chain);
    let body = answer.expect(200);
    let results = body["results"].as_array().expect("a list");
    assert_eq!(results.len(), 6);
    assert_eq!((&results[3]["index"], &results[3]["problem"]["line"]), (&json!(3), &json!(4)));
    for n in [0, 1, 2, 4, 5] {
        assert_eq!(results[n]["analysis"]["tags"][0]["name"], "played");
        let one = service.get(&format!("/v1/feedback/{}", results[n]["id"].as_str().expect("an id"))).await.expect(200);
        let number = if n < 3 { n } else { n - 4 };
        assert_eq!(one["feedback"]["text"], format!("tea number {number}"));
    }
}

#[tokio::test]
async fn when_the_time_is_over_the_answer_is_the_plain_one() {
    let service = Service::start();
    let answer = service.post(JSON, &[("prefer", "wait=1")], REVIEW).await;
    assert_eq!(answer.header("preference-applied"), "");
    let body = answer.expect(202);
    assert_eq!(body, json!({"id": body["id"], "revision": 1}));
}

#[tokio::test]
async fn an_item_that_was_parked_in_the_meantime_is_said_to_be() {
    let service = Service::start();
    let chain = async {
        let lease = service.pull(1).await.remove(0);
        service.state.queue.park(lease, "plugin `x` trapped".into()).await.expect("parked");
    };
    let (answer, ()) = tokio::join!(service.post(JSON, WAIT, REVIEW), chain);
    let body = answer.expect(202);
    assert_eq!((&body["status"], &body["reason"]), (&json!("parked"), &json!("plugin `x` trapped")));
}

#[tokio::test]
async fn a_batch_with_a_parked_item_has_the_analyses_of_the_others() {
    let service = Service::start();
    let chain = async {
        let mut leases = service.pull(2).await;
        while leases.len() < 2 {
            leases.extend(service.pull(2).await);
        }
        let first = leases.remove(0);
        service.state.queue.park(first, "why".into()).await.expect("parked");
        service.analyze(leases).await;
    };
    let (answer, ()) = tokio::join!(service.post(NDJSON, WAIT, lines(2)), chain);
    let body = answer.expect(200);
    assert_eq!((&body["results"][0]["status"], &body["results"][0]["reason"]), (&json!("parked"), &json!("why")));
    assert_eq!(body["results"][1]["analysis"]["tags"][0]["name"], "played");
}

#[tokio::test]
async fn what_was_analyzed_long_ago_needs_no_wait() {
    let service = Service::start();
    let body = r#"{"kind":"review","external_id":"r","text":"ok"}"#;
    service.post_json(body).await.expect(202);
    let leases = service.pull(1).await;
    service.analyze(leases).await;
    let again = service.post(JSON, WAIT, body).await.expect(200);
    assert_eq!((&again["duplicate"], &again["analysis"]["tags"][0]["name"]), (&json!(true), &json!("played")));
}

#[tokio::test]
async fn a_batch_too_large_to_wait_for_is_answered_at_once() {
    let service = Service::start();
    let answer = service.post(NDJSON, WAIT, lines(1_001)).await;
    assert_eq!(answer.header("preference-applied"), "");
    assert_eq!(answer.expect(202)["accepted"].as_array().expect("a list").len(), 1_001);
}
