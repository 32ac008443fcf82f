use super::{NDJSON, lines};
use crate::api::testing::Service;

const REVIEW: &str = r#"{"kind":"review","text":"ok"}"#;

#[tokio::test]
async fn beyond_the_backlog_the_answer_is_429_until_it_has_drained() {
    let service = Service::with(|config| config.server.max_backlog = 3);
    for _ in 0..3 {
        service.post_json(REVIEW).await.expect(202);
    }
    let refused = service.post_json(REVIEW).await;
    let problem = refused.problem(429, "overloaded");
    assert!(problem["detail"].as_str().expect("text").contains("server.max_backlog"), "{problem:#}");
    let seconds: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    let leases = service.pull(1).await;
    service.analyze(leases).await;
    service.post_json(REVIEW).await.expect(202);
    assert_eq!(service.waiting(), 3);
}

#[tokio::test]
async fn a_long_stream_stops_at_the_backlog_and_says_how_far_it_came() {
    let service = Service::with(|config| config.server.max_backlog = 600);
    let problem = service.post(NDJSON, &[], lines(50_000)).await.problem(429, "overloaded");
    let accepted = problem["accepted"].as_u64().expect("a count");
    assert_eq!(accepted, service.waiting());
    assert!((600..5_000).contains(&accepted), "{accepted}");
}

#[tokio::test]
async fn a_stream_of_large_items_goes_through_what_little_room_there_is_and_without_any_is_told_to_wait() {
    let service = Service::start();
    let mut others = service.state.intake.room.hold();
    others.grow((256 << 20) - (600 << 10), 0).expect("nothing is taken yet");
    let large = |count: usize| -> String {
        (0..count).map(|n| format!("{{\"kind\":\"review\",\"text\":\"{n} {}\"}}\n", "tea ".repeat(60_000))).collect()
    };
    let answer = service.post(NDJSON, &[], large(12)).await.expect(202);
    assert_eq!(answer["accepted"].as_array().map(Vec::len), Some(12), "{answer:#}");
    others.grow(500 << 10, 0).expect("what was on its way is given back");
    let refused = service.post(NDJSON, &[], format!("{REVIEW}\n{}", large(2))).await;
    let problem = refused.problem(429, "overloaded");
    assert_eq!((&problem["accepted"], service.waiting()), (&serde_json::json!(1), 13), "{problem:#}");
}

#[tokio::test]
async fn a_request_of_more_than_a_million_items_ends_there() {
    let service = Service::start();
    let body = format!("{}{}", lines(3), "0\n".repeat(1_000_000));
    let problem = service.post(NDJSON, &[], body).await.problem(413, "too-large");
    assert_eq!((&problem["accepted"], service.waiting()), (&serde_json::json!(3), 3), "{problem:#}");
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_is_503() {
    let service = Service::with(|config| config.server.min_free_bytes = u64::MAX);
    let refused = service.post_json(REVIEW).await;
    refused.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(service.waiting(), 0);
}
