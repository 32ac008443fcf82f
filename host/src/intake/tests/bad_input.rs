use axum::body::Body;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{CSV, JSON, NDJSON, gzip, lines, zstd};
use crate::api::testing::Service;

async fn invalid(body: &str) -> Value {
    Service::start().post_json(body.to_owned()).await.problem(422, "invalid-feedback")
}

#[tokio::test]
async fn malformed_json_is_named_by_line_and_column() {
    let service = Service::start();
    let problem = service.post_json("{\"kind\":\"review\",\n\"text\":oops}").await.problem(400, "malformed-body");
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!(8)));
    let problem = service.post_json("[{\"kind\":\"review\"},\n}]").await.problem(400, "malformed-body");
    assert_eq!(problem["line"], 2);
}

#[tokio::test]
async fn several_objects_as_json_are_told_about_ndjson() {
    let problem = Service::start().post_json(lines(2)).await.problem(400, "malformed-body");
    assert!(problem["detail"].as_str().expect("text").contains("application/x-ndjson"), "{problem:#}");
}

#[tokio::test]
async fn wrong_types_kinds_and_ratings_are_named_by_field() {
    let problem = invalid(r#"{"kind":"review","text":["a"]}"#).await;
    assert_eq!(problem["errors"], json!([{"field": "text", "message": "found a list, expected text"}]));
    assert_eq!(invalid(r#"{"kind":"complaint","text":"x"}"#).await["errors"][0]["field"], "kind");
    assert_eq!(invalid(r#"{"kind":"review","rating":{"value":7}}"#).await["errors"][0]["field"], "rating.value");
    assert_eq!(invalid(r#"{"kind":"review","text":"a\u0000b"}"#).await["errors"][0]["field"], "text");
    assert_eq!(invalid("{\"kind\":\"review\",\"text\":\"a\0b\"}").await["errors"][0]["field"], "text");
}

#[tokio::test]
async fn of_very_many_wrong_fields_the_first_are_listed_and_all_are_counted() {
    let answer = |n| json!({"field_id": format!("q{n}"), "field_type": "nps", "value": 11});
    let survey = json!({"kind": "survey", "answers": (0..500).map(answer).collect::<Vec<_>>()});
    let problem = invalid(&survey.to_string()).await;
    assert_eq!((problem["errors"].as_array().map(Vec::len), &problem["errors_total"]), (Some(100), &json!(500)));
    let batch = Service::start().post_json(json!([survey]).to_string()).await.problem(422, "invalid-feedback");
    let rejected = &batch["rejected"][0]["problem"];
    assert_eq!((rejected["errors"].as_array().map(Vec::len), &rejected["errors_total"]), (Some(8), &json!(500)));
}

#[tokio::test]
async fn a_text_of_a_megabyte_is_refused_with_its_limit() {
    let text = "x".repeat(1_000_000);
    let problem = invalid(&format!(r#"{{"kind":"review","text":"{text}"}}"#)).await;
    let message = problem["errors"][0]["message"].as_str().expect("text");
    assert!(message.contains("1000000") && message.contains("server.max_text_bytes"), "{message}");
    let service = Service::start();
    let larger = format!(r#"{{"kind":"review","text":"{}"}}"#, "x".repeat(1 << 20));
    let problem = service.post_json(larger.clone()).await.problem(413, "too-large");
    assert!(problem["detail"].as_str().expect("text").contains("server.max_item_bytes"), "{problem:#}");
    let answer = service.post(NDJSON, &[], format!("{larger}\n{}", lines(1))).await.expect(202);
    assert_eq!(answer["rejected"][0]["problem"]["status"], 413);
    assert_eq!(answer["accepted"][0]["index"], 1);
}

#[tokio::test]
async fn invalid_utf8_is_named_by_its_byte() {
    let service = Service::start();
    let problem =
        service.post_json(&b"{\"kind\":\"review\",\"text\":\"\xff\"}"[..]).await.problem(400, "malformed-body");
    assert_eq!(problem["byte"], 25);
    let body = [b"{\"kind\":\"review\",\"text\":\"\xff\"}\n", lines(2).as_bytes()].concat();
    let answer = service.post(NDJSON, &[], body).await.expect(202);
    assert_eq!(
        (&answer["rejected"][0]["problem"]["byte"], answer["accepted"].as_array().expect("a list").len()),
        (&json!(25), 2)
    );
    let answer = service.post(CSV, &[], &b"kind,text\nreview,\xff\nreview,ok\n"[..]).await.expect(202);
    assert_eq!(answer["rejected"][0]["problem"]["errors"][0]["field"], "text");
    service.post_json(&b"[\"\xff\"]"[..]).await.problem(400, "malformed-body");
}

#[tokio::test]
async fn a_body_of_another_type_is_told_what_to_send() {
    let service = Service::start();
    for (kind, body) in [
        ("text/plain", "{}"),
        ("application/x-www-form-urlencoded", "text=good"),
        ("multipart/form-data; boundary=x", "--x"),
    ] {
        let answer = service.post(kind, &[], body).await;
        let problem = answer.problem(415, "unsupported-media-type");
        assert!(
            problem["detail"].as_str().expect("text").contains("-H 'content-type: application/json'"),
            "{problem:#}"
        );
        assert!(answer.header("accept-post").contains("text/csv"));
    }
    let answer = service.post(JSON, &[("content-encoding", "br")], "{}").await;
    answer.problem(415, "unsupported-media-type");
    assert_eq!(answer.header("accept-encoding"), "gzip, zstd");
}

#[tokio::test]
async fn a_body_that_is_not_packed_as_it_says_is_refused() {
    let service = Service::start();
    for encoding in ["gzip", "zstd"] {
        service.post(NDJSON, &[("content-encoding", encoding)], lines(3)).await.problem(400, "malformed-body");
    }
    let mut cut = gzip(lines(2_000).as_bytes()).await;
    cut.truncate(cut.len() / 2);
    let problem = service.post(NDJSON, &[("content-encoding", "gzip")], cut).await.problem(400, "malformed-body");
    assert_eq!(problem["accepted"], service.waiting(), "what was taken before is said");
}

#[tokio::test]
async fn a_zip_bomb_is_refused_at_the_limit_of_what_it_expands_to() {
    let service = Service::with(|config| config.server.max_stream_bytes = 20 << 20);
    let zeros = vec![b' '; 100 << 20];
    for (encoding, bomb) in [("gzip", gzip(&zeros).await), ("zstd", zstd(&zeros).await)] {
        assert!(bomb.len() < 200_000, "it is a bomb: {} bytes", bomb.len());
        for (kind, limit) in
            [(JSON, "server.max_body_bytes"), (NDJSON, "server.max_stream_bytes"), (CSV, "server.max_stream_bytes")]
        {
            let problem =
                service.post(kind, &[("content-encoding", encoding)], bomb.clone()).await.problem(413, "too-large");
            let detail = problem["detail"].as_str().expect("text");
            assert!(detail.contains(limit) && detail.contains("expanded"), "{detail}");
        }
    }
}

#[tokio::test]
async fn a_body_of_a_hundred_megabytes_is_refused_and_the_client_gets_to_read_why() {
    let service = Service::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1/feedback", listener.local_addr().expect("an address"));
    let server = tokio::spawn(axum::serve(listener, service.router.clone()).into_future());
    let client = crate::http_client::new().expect("a client");
    let declared = client.post(&url).header("content-type", JSON).body(vec![b' '; 100 << 20]);
    let part = vec![b' '; 1 << 20];
    let parts = stream::iter((0..100).map(move |_| Ok::<_, std::io::Error>(part.clone())));
    let streamed = client.post(&url).header("content-type", JSON).body(reqwest::Body::wrap_stream(parts));
    for request in [declared, streamed] {
        let response = request.send().await.expect("an answer, not a reset");
        assert_eq!(response.status(), 413);
        let problem: Value = response.json().await.expect("JSON");
        assert!(problem["detail"].as_str().expect("text").contains("server.max_body_bytes"), "{problem:#}");
    }
    server.abort();
}

#[tokio::test]
async fn a_stream_beyond_its_limit_says_what_was_taken_before() {
    let service = Service::with(|config| config.server.max_stream_bytes = 100_000);
    let parts = (0..100).map(|_| Ok::<_, std::io::Error>(lines(100)));
    let problem = service.post(NDJSON, &[], Body::from_stream(stream::iter(parts))).await.problem(413, "too-large");
    let accepted = problem["accepted"].as_u64().expect("a count");
    assert!(accepted > 1_000, "{problem:#}");
    assert_eq!(accepted, service.waiting());
    assert!(problem["detail"].as_str().expect("text").contains("Idempotency-Key"), "{problem:#}");
}

#[tokio::test]
async fn names_as_long_as_what_was_sent_make_no_longer_answers() {
    let long = "n".repeat(60_000);
    let nuls = vec!["\"\\u0000\""; 30_000].join(",");
    let problem =
        invalid(&format!("{{\"kind\":\"review\",\"text\":\"x\",\"metadata\":{{\"{long}\":[{nuls}]}}}}")).await;
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(100));
    assert!(problem.to_string().len() < 40_000, "{} bytes", problem.to_string().len());
    let service = Service::start();
    let maps: String = (0..200).map(|n| format!("&map=c{n}:text")).collect();
    let path = format!("/v1/feedback?kind=review{maps}");
    let table = format!("{long},text\nx,y\n");
    let problem = service.post_to(&path, CSV, &[], table).await.problem(422, "invalid-feedback");
    assert_eq!((problem["errors"].as_array().map(Vec::len), &problem["errors_total"]), (Some(100), &json!(201)));
    assert!(problem.to_string().len() < 60_000, "{} bytes", problem.to_string().len());
}
