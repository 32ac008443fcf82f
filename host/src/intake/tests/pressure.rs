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
async fn a_disk_that_is_nearly_full_is_503() {
    let service = Service::with(|config| config.server.min_free_bytes = u64::MAX);
    let refused = service.post_json(REVIEW).await;
    refused.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(service.waiting(), 0);
}
