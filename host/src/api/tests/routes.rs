use axum::body::Body;
use serde_json::{Value, json};

use crate::api::testing::{Service, request};
use crate::config::Webhook;

async fn accept(service: &Service, body: &Value) -> String {
    let answer = service.post_json(body.to_string()).await.expect(202);
    answer["id"].as_str().expect("an id").to_owned()
}

fn review(text: &str, customer: &str) -> Value {
    json!({"kind": "review", "text": text, "customer": {"id": customer}})
}

#[tokio::test]
async fn feedback_is_found_from_the_moment_it_is_accepted() {
    let service = Service::start();
    let id = accept(&service, &review("good tea", "c1")).await;
    let path = format!("/v1/feedback/{id}");
    let waiting = service.get(&path).await.expect(200);
    assert_eq!((&waiting["status"], &waiting["analysis"]), (&json!("waiting"), &Value::Null));
    assert_eq!((&waiting["feedback"]["id"], &waiting["feedback"]["revision"]), (&json!(id), &json!(1)));
    assert_eq!(waiting["feedback"]["text"], "good tea");
    let leases = service.pull(1).await;
    service.analyze(leases).await;
    let analyzed = service.get(&path).await.expect(200);
    assert_eq!((&analyzed["status"], &analyzed["analysis"]["tags"][0]["name"]), (&json!("analyzed"), &json!("played")));
    assert_eq!(analyzed["deliveries"], json!([]));
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let service = Service::start();
    for path in [
        "/v1/feedback/0190a5c8-0000-7000-8000-000000000000",
        "/v1/feedback/mine",
        "/v1/deliveries/dlv_0190a5c8000070008000000000000000",
        "/v1/deliveries/mine",
    ] {
        service.get(path).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn lists_are_paged_and_filtered_and_counted() {
    let service = Service::start();
    for n in 0..5 {
        accept(&service, &review(&format!("tea number{n}"), "c1")).await;
    }
    accept(&service, &json!({"kind": "csr_note", "text": "called about tea"})).await;
    let leases = service.pull(10).await;
    service.analyze(leases).await;
    let first = service.get("/v1/feedback?kind=review&limit=3").await.expect(200);
    assert_eq!(first["items"].as_array().expect("a list").len(), 3);
    let next = first["next"].as_str().expect("there is more");
    let second = service.get(&format!("/v1/feedback?kind=review&limit=3&after={next}")).await.expect(200);
    assert_eq!((second["items"].as_array().expect("a list").len(), &second["next"]), (2, &Value::Null));
    let found = service.get("/v1/feedback?q=number4").await.expect(200);
    assert_eq!(found["items"][0]["feedback"]["text"], "tea number4");
    assert_eq!(service.get("/v1/feedback?until=2020-01-01").await.expect(200)["items"], json!([]));
    let kinds = service.get("/v1/aggregate?by=kind").await.expect(200);
    assert_eq!(
        (&kinds["by"], &kinds["buckets"][0]["value"], &kinds["buckets"][0]["count"]),
        (&json!("kind"), &json!("review"), &json!(5))
    );
    assert_eq!(service.get("/v1/deliveries").await.expect(200), json!({"items": [], "next": null}));
}

#[tokio::test]
async fn parked_feedback_is_listed_with_its_reason_and_can_be_tried_again() {
    let service = Service::start();
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(accept(&service, &review(&format!("tea {n}"), "c1")).await);
    }
    for lease in service.pull(3).await {
        service.state.queue.park(lease, "plugin `x` trapped".into()).await.expect("parked");
    }
    let one = service.get(&format!("/v1/feedback/{}", ids[0])).await.expect(200);
    assert_eq!((&one["status"], &one["reason"]), (&json!("parked"), &json!("plugin `x` trapped")));
    let first = service.get("/v1/parked?limit=2").await.expect(200);
    assert_eq!((first["items"].as_array().expect("a list").len(), &first["lane"]), (2, &json!("intake")));
    let shown = &first["items"][0]["feedback"];
    assert_eq!((&shown["text"], &shown["id"], &shown["revision"]), (&json!("tea 0"), &json!(ids[0]), &json!(1)));
    let next = first["next"].as_str().expect("there is more");
    let second = service.get(&format!("/v1/parked?limit=2&after={next}")).await.expect(200);
    assert_eq!((&second["items"][0]["id"], &second["next"]), (&json!(ids[2]), &Value::Null));
    let retry =
        |id: &str| request("POST", &format!("/v1/parked/{id}/retry"), &[]).body(Body::empty()).expect("is a request");
    assert_eq!(service.send(retry(&ids[1])).await.expect(200)["status"], "waiting");
    service.send(retry(&ids[1])).await.problem(404, "not-found");
    assert_eq!(service.pull(1).await[0].id.to_string(), ids[1]);
}

#[tokio::test]
async fn all_parked_feedback_can_be_tried_again_together() {
    const COUNT: usize = 70;
    let service = Service::start();
    for n in 0..COUNT {
        accept(&service, &review(&format!("tea {n}"), "c1")).await;
    }
    for lease in service.pull(COUNT).await {
        service.state.queue.park(lease, "plugin `x` trapped".into()).await.expect("parked");
    }
    assert_eq!(service.get("/v1/parked?limit=2").await.expect(200)["total"], COUNT);
    let retry = || request("POST", "/v1/parked/retry", &[]).body(Body::empty()).expect("is a request");
    assert_eq!(service.send(retry()).await.expect(200), json!({ "lane": "intake", "retried": COUNT }));
    assert_eq!(service.get("/v1/parked").await.expect(200)["total"], 0);
    assert_eq!(service.pull(COUNT).await.len(), COUNT);
    assert_eq!(service.send(retry()).await.expect(200)["retried"], 0);
}

#[tokio::test]
async fn a_page_of_large_parked_feedback_ends_early_and_the_next_goes_on() {
    const COUNT: usize = 40;
    let service = Service::start();
    let mut ids = Vec::new();
    for _ in 0..COUNT {
        ids.push(accept(&service, &review(&"tea ".repeat(60_000), "c1")).await);
    }
    for lease in service.pull(COUNT).await {
        service.state.queue.park(lease, "why".into()).await.expect("parked");
    }
    let (mut listed, mut sizes, mut after) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = service.get(&format!("/v1/parked?limit=100{after}")).await.expect(200);
        let items = page["items"].as_array().expect("a list");
        listed.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
        sizes.push(items.len());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(listed, ids);
    // 8 MiB hold 34 of them.
    assert_eq!(sizes, [34, 6]);
}

#[tokio::test]
async fn a_customer_is_forgotten_in_the_records_and_among_the_parked() {
    let service = Service::start();
    let analyzed = accept(&service, &review("late tea", "c 1")).await;
    let leases = service.pull(1).await;
    service.analyze(leases).await;
    let parked = accept(&service, &review("cold tea", "c 1")).await;
    let other = accept(&service, &review("fine tea", "c2")).await;
    for lease in service.pull(2).await {
        service.state.queue.park(lease, "why".into()).await.expect("parked");
    }
    let dry = request("DELETE", "/v1/customers/c%201?dry_run=true", &[]).body(Body::empty()).expect("is a request");
    service.send(dry).await.problem(400, "invalid-request");
    let erase = request("DELETE", "/v1/customers/c%201", &[]).body(Body::empty()).expect("is a request");
    assert_eq!(service.send(erase).await.expect(200), json!({"customer": "c 1", "erased": 2, "complete": true}));
    for id in [analyzed, parked] {
        service.get(&format!("/v1/feedback/{id}")).await.problem(404, "not-found");
    }
    service.get(&format!("/v1/feedback/{other}")).await.expect(200);
}

#[tokio::test]
async fn an_empty_filter_is_refused() {
    let service = Service::start();
    for name in ["customer", "tag", "route", "intent", "label", "language"] {
        let problem = service.get(&format!("/v1/feedback?{name}=")).await.problem(400, "invalid-request");
        assert!(problem["detail"].as_str().expect("text").contains(name), "{problem:#}");
    }
}

#[tokio::test]
async fn a_search_for_very_many_words_is_refused() {
    let service = Service::start();
    for q in ["the.".repeat(65), "tea+".repeat(65), "茶".repeat(501)] {
        let problem = service.get(&format!("/v1/feedback?q={q}")).await.problem(400, "invalid-request");
        assert_eq!(problem["errors"][0]["field"], "q");
    }
    service.get(&format!("/v1/feedback?q={}", "tea+".repeat(64))).await.expect(200);
}

#[tokio::test]
async fn one_feedback_is_forgotten_by_its_id() {
    let service = Service::start();
    let [gone, kept] = ["late tea", "cold tea"].map(|text| review(text, "c1"));
    let (gone, kept) = (accept(&service, &gone).await, accept(&service, &kept).await);
    let erase =
        |id: &str| request("DELETE", &format!("/v1/feedback/{id}"), &[]).body(Body::empty()).expect("is a request");
    assert_eq!(service.send(erase(&gone)).await.expect(200), json!({"id": gone, "complete": true}));
    service.get(&format!("/v1/feedback/{gone}")).await.problem(404, "not-found");
    service.send(erase(&gone)).await.problem(404, "not-found");
    service.send(erase("mine")).await.problem(404, "not-found");
    service.get(&format!("/v1/feedback/{kept}")).await.expect(200);
    assert_eq!(service.pull(9).await.len(), 1);
}

#[tokio::test]
async fn webhooks_are_shown_without_their_secrets() {
    let secret = crate::delivery::signing::new_secret();
    let webhook = Webhook {
        routes: vec!["care".into()],
        ..Webhook::new("desk", "https://desk.example/hook?token=abc", secret.clone())
    };
    let service = Service::with(|config| config.webhooks = vec![webhook]);
    let answer = service.get("/v1/webhooks").await;
    assert!(!answer.text.contains("abc") && !answer.text.contains(secret.expose()), "{}", answer.text);
    let item = &answer.expect(200)["items"][0];
    assert_eq!(
        (&item["name"], &item["url"], &item["routes"]),
        (&json!("desk"), &json!("https://desk.example/hook?…"), &json!(["care"]))
    );
}

#[tokio::test]
async fn readiness_says_what_is_missing() {
    let service = Service::start();
    let problem = service.get("/readyz").await.problem(503, "unavailable");
    assert_eq!(
        (&problem["ready"], &problem["chain"], &problem["store"]),
        (&json!(false), &json!("loading"), &json!("ok"))
    );
    service.state.readiness.notes(vec!["no dictionary for ko".into()]);
    service.state.readiness.chain_loaded();
    let ready = service.get("/readyz").await.expect(200);
    assert_eq!(ready, json!({"ready": true, "store": "ok", "chain": "loaded", "notes": ["no dictionary for ko"]}));
    service.state.readiness.draining();
    service.get("/readyz").await.problem(503, "unavailable");
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let service = Service::start();
    let answer = service.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
}

#[tokio::test]
async fn a_chain_that_cannot_be_loaded_is_a_problem_of_its_own() {
    let service = Service::start();
    let chain = service.get("/v1/chain").await.expect(200);
    assert_eq!(chain["plugins"], serde_json::json!([]));
    let answer = service.post_to("/v1/chain/reload", "application/json", &[], "").await;
    let problem = answer.problem(422, "chain-refused");
    assert_eq!(problem["detail"], "plugin `a`: no such file. The chain that was there goes on.");
}
