use axum::Router;
use axum::body::Body;
use axum::routing::get;

use crate::api::problem::Problem;
use crate::api::testing::{Service, request};
use crate::queue::QueueError;
use crate::records::RecordsError;

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems_too() {
    let service = Service::start();
    service.get("/v2/feedback").await.problem(404, "not-found");
    let answer = service.send(request("PUT", "/v1/feedback", &[]).body(Body::empty()).expect("is a request")).await;
    answer.problem(405, "method-not-allowed");
    let allowed = answer.header("allow");
    assert!(allowed.contains("POST") && allowed.contains("GET"), "{allowed}");
}

#[tokio::test]
async fn a_panic_is_a_problem_that_tells_nothing_of_its_cause() {
    async fn boom() -> &'static str {
        panic!("secret {}", "cause")
    }
    let service = Service::with_routes(|_| {}, Router::new().route("/boom", get(boom)));
    let answer = service.get("/boom").await;
    answer.problem(500, "internal");
    assert!(!answer.text.contains("secret"), "{}", answer.text);
    service.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn the_clients_own_request_id_comes_back_if_it_is_sane() {
    let service = Service::start();
    let call = async |id: &str| {
        let request = request("GET", "/nothing", &[("x-request-id", id)]).body(Body::empty()).expect("is a request");
        let answer = service.send(request).await;
        answer.problem(404, "not-found");
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(call("abc-123").await, "abc-123");
    for insane in ["", "with space", &"x".repeat(129)] {
        let id = call(insane).await;
        assert_eq!(id.len(), 36, "a new one is made: {id}");
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_an_error_that_names_the_known_ones() {
    let service = Service::start();
    let problem = service.get("/v1/feedback?tags=x&kind=review").await.problem(400, "invalid-request");
    assert_eq!(problem["errors"][0]["field"], "tags");
    assert!(problem["detail"].as_str().expect("text").contains("q, kind, tag, intent"), "{problem:#}");
    for (path, field) in [
        ("/v1/feedback?kind=reviews", "kind"),
        ("/v1/feedback?kind=review&kind=survey", "kind"),
        ("/v1/feedback?limit=0", "limit"),
        ("/v1/feedback?limit=501", "limit"),
        ("/v1/feedback?since=yesterday", "since"),
        ("/v1/feedback?after=nonsense", "after"),
        ("/v1/aggregate", "by"),
        ("/v1/aggregate?by=color", "by"),
        ("/v1/deliveries?status=done", "status"),
        ("/v1/deliveries?feedback=x", "feedback"),
        ("/v1/parked?lane=delivery", "lane"),
        ("/v1/parked?after=x", "after"),
        ("/v1/webhooks?x=1", "x"),
    ] {
        let problem = service.get(path).await.problem(400, "invalid-request");
        assert_eq!(problem["errors"][0]["field"], field, "{path}: {problem:#}");
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_read_is_told_so() {
    let service = Service::start();
    for path in ["/v1/webhooks/%FF", "/v1/feedback/%C3%28"] {
        let problem = service.get(path).await.problem(400, "invalid-request");
        assert!(problem["detail"].as_str().expect("text").contains("UTF-8"), "{path}: {problem:#}");
    }
}

#[test]
fn failures_of_the_store_say_when_to_come_back_and_not_what_failed() {
    let problems: [Problem; 4] = [
        QueueError::Full("secret path".into()).into(),
        QueueError::Failed("secret path".into()).into(),
        RecordsError::Full("secret path".into()).into(),
        RecordsError::Failed("secret path".into()).into(),
    ];
    for problem in problems {
        assert_eq!(problem.status(), 503);
        assert!(problem.more.internal.as_ref().is_some_and(|internal| internal.contains("secret path")));
        assert!(problem.more.headers.iter().any(|(name, _)| name == "retry-after"));
        assert!(!problem.to_json(None).contains("secret"));
    }
}
