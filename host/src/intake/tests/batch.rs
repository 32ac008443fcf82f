use std::cell::Cell;

use axum::body::Body;
use futures_util::stream;
use serde_json::json;

use super::{CSV, JSON, NDJSON, gzip, lines, zstd};
use crate::api::testing::{Service, feedback_of};

#[tokio::test]
async fn an_array_is_answered_item_by_item() {
    let service = Service::start();
    let body = r#"[{"kind":"review","text":"good"},{"kind":"review","text":"bad","rating":{"value":7}},{"kind":"csr_note","text":"called"}]"#;
    let answer = service.post_json(body).await.expect(202);
    let accepted = answer["accepted"].as_array().expect("a list");
    assert_eq!(accepted.iter().map(|item| &item["index"]).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(answer["rejected"].as_array().expect("a list").len(), 1);
    let rejected = &answer["rejected"][0];
    assert_eq!((&rejected["index"], &rejected["problem"]["status"]), (&json!(1), &json!(422)));
    assert_eq!(
        rejected["problem"]["errors"][0],
        json!({"field": "rating.value", "message": "7 is outside the scale 1 to 5"})
    );
    let ids: Vec<_> = service.pull(5).await.iter().map(|lease| lease.id.to_string()).collect();
    assert_eq!(accepted.iter().map(|item| item["id"].as_str().expect("an id")).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn half_a_character_in_an_array_is_told_by_its_line_of_the_body() {
    let service = Service::start();
    let bad = r#"{"kind":"review","text":"bad \ud83d"}"#;
    let body = format!("[\n{{\"kind\":\"review\",\"text\":\"ok\"}},\n  {bad},\n{bad}\n]");
    let answer = service.post_json(body).await.expect(202);
    for (place, line) in [(0, 3), (1, 4)] {
        let problem = &answer["rejected"][place]["problem"];
        assert_eq!(problem["line"], line, "{problem:#}");
        assert!(problem["detail"].as_str().expect("text").contains("half of a character"), "{problem:#}");
    }
}

#[tokio::test]
async fn an_array_of_one_is_a_batch() {
    let service = Service::start();
    let answer = service.post_json(r#"[{"kind":"review","text":"good"}]"#).await.expect(202);
    assert_eq!(answer["accepted"][0]["index"], 0);
}

/// How often another task on the thread, each turn of which ends at once, has its turn during the post.
async fn turns_during(post: impl Future<Output = ()>) -> usize {
    let is_done = Cell::new(false);
    let post = async {
        post.await;
        is_done.set(true);
    };
    let other = async {
        let mut turns = 0;
        while !is_done.get() {
            tokio::task::yield_now().await;
            turns += 1;
        }
        turns
    };
    tokio::join!(post, other).1
}

#[tokio::test]
async fn others_have_their_turn_while_a_large_body_is_read() {
    let service = Service::start();
    let items = 100_000;
    let array = format!("[{}{{}}]", "{},".repeat(items));
    for (content_type, body) in
        [(JSON, array), (NDJSON, "{}\n".repeat(items)), (CSV, format!("kind,text\n{}", "x,y\n".repeat(items)))]
    {
        let post = async { drop(service.post(content_type, &[], body).await.problem(422, "invalid-feedback")) };
        let turns = turns_during(post).await;
        assert!(turns > items / 1_000, "{content_type}: {turns}");
    }
}

#[tokio::test]
async fn others_have_their_turn_while_very_much_is_expanded() {
    let service = Service::start();
    let (body, header) = (gzip(&b"\n".repeat(32 << 20)).await, [("content-encoding", "gzip")]);
    let post = async { drop(service.post(NDJSON, &header, body).await.problem(422, "invalid-feedback")) };
    let turns = turns_during(post).await;
    assert!(turns >= 500, "{turns}");
}

#[tokio::test]
async fn every_part_of_a_packed_body_is_read() {
    for (encoding, parts) in [
        ("gzip", [gzip(lines(3).as_bytes()).await, gzip(lines(4).as_bytes()).await]),
        ("zstd", [zstd(lines(3).as_bytes()).await, zstd(lines(4).as_bytes()).await]),
    ] {
        let service = Service::start();
        let header = [("content-encoding", encoding)];
        let answer = service.post(NDJSON, &header, parts.concat()).await.expect(202);
        assert_eq!(answer["accepted"].as_array().map(Vec::len), Some(7), "{encoding}");
        let garbage = [&parts[0][..], b"garbage"].concat();
        service.post(NDJSON, &header, garbage).await.problem(400, "malformed-body");
        let cut = &parts[1][..parts[1].len() - 6];
        service.post(NDJSON, &header, [&parts[0], cut].concat()).await.problem(400, "malformed-body");
    }
}

#[tokio::test]
async fn one_bad_line_in_ten_thousand_loses_no_other() {
    let service = Service::start();
    let mut body: Vec<String> = lines(10_000).lines().map(str::to_owned).collect();
    body[6_000] = r#"{"kind":"review","text":"bad",}"#.into();
    let answer = service.post(NDJSON, &[], body.join("\n")).await.expect(202);
    let accepted = answer["accepted"].as_array().expect("a list");
    assert_eq!(accepted.len(), 9_999);
    assert_eq!((&accepted[5_999]["index"], &accepted[6_000]["index"]), (&json!(5_999), &json!(6_001)));
    assert_eq!(answer["rejected"].as_array().expect("a list").len(), 1);
    let problem = &answer["rejected"][0]["problem"];
    assert_eq!(
        (&answer["rejected"][0]["index"], &problem["line"], &problem["column"]),
        (&json!(6_000), &json!(6_001), &json!(31))
    );
    assert!(problem["detail"].as_str().expect("text").contains("line 6001"), "{problem:#}");
    assert_eq!(service.waiting(), 9_999);
    let first = &service.pull(1).await[0];
    assert_eq!(
        (feedback_of(first).text, first.id.to_string()),
        ("tea number 0".into(), accepted[0]["id"].as_str().expect("an id").into())
    );
}

#[tokio::test]
async fn blank_lines_crlf_and_a_byte_order_mark_are_tolerated() {
    let service = Service::start();
    let body = "\u{feff}{\"kind\":\"review\",\"text\":\"a\"}\r\n\r\n  \r\n{\"kind\":\"review\",\"text\":\"b\"}\r\n{\"kind\":\"review\"}";
    let answer = service.post("application/jsonl", &[], body).await.expect(202);
    assert_eq!(answer["accepted"].as_array().expect("a list").len(), 2);
    assert_eq!((&answer["rejected"][0]["index"], &answer["rejected"][0]["problem"]["line"]), (&json!(2), &json!(5)));
}

#[tokio::test]
async fn a_table_is_read_by_its_header() {
    let service = Service::start();
    let table = "\u{feff}kind,text,rating.value,customer.id,metadata.shop\r\n\
                 review,\"Slow, but\r\nkind\",4,c1,7\r\n\
                 review,bad,seven,c2,\r\n\
                 csr_note,called,,c3,\r\n";
    let answer = service.post(CSV, &[], table).await.expect(202);
    assert_eq!(answer["accepted"].as_array().expect("a list").len(), 2);
    let problem = &answer["rejected"][0]["problem"];
    assert_eq!((&problem["line"], &problem["errors"][0]["field"]), (&json!(4), &json!("rating.value")));
    let leases = service.pull(2).await;
    let first = feedback_of(&leases[0]);
    assert_eq!((&*first.text, first.rating.map(|rating| rating.value)), ("Slow, but\r\nkind", Some(4.0)));
    assert_eq!(first.metadata["shop"], "7");
}

#[tokio::test]
async fn a_table_with_other_columns_is_mapped_by_the_request() {
    let service = Service::start();
    let path = "/v1/feedback?kind=review&map=Review%20Text:text,Stars:rating.value&map=Notes:-";
    let table = "Review Text,Stars,Notes\nfine,4,secret\n";
    service.post_to(path, CSV, &[], table).await.expect(202);
    assert_eq!(feedback_of(&service.pull(1).await[0]).rating.map(|rating| rating.value), Some(4.0));
    let problem = service.post(CSV, &[], table).await.problem(422, "invalid-feedback");
    let fields: Vec<_> = problem["errors"].as_array().expect("a list").iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["Review Text", "Stars", "Notes", "kind"]);
    assert!(problem["detail"].as_str().expect("text").contains("?map="), "{problem:#}");
}

#[tokio::test]
async fn a_table_may_be_in_utf_16_with_semicolons_and_dates_in_the_order_that_the_request_names() {
    let service = Service::start();
    let table = "\u{feff}kind;text;collected_at\r\nreview;schön;05/01/2026\r\n";
    let bytes: Vec<u8> = table.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let problem = service.post(CSV, &[], bytes.clone()).await.problem(422, "invalid-feedback");
    let error = &problem["rejected"][0]["problem"]["errors"][0];
    assert_eq!(error["field"], "collected_at", "{problem:#}");
    assert!(error["message"].as_str().expect("text").contains("?dates=mdy"), "{problem:#}");
    service.post_to("/v1/feedback?dates=mdy", CSV, &[], bytes).await.expect(202);
    let taken = feedback_of(&service.pull(1).await[0]);
    let collected_at = taken.collected_at.expect("is there").to_string();
    assert_eq!((&*taken.text, &*collected_at), ("schön", "2026-05-01T00:00:00Z"));
}

#[tokio::test]
async fn a_table_may_be_in_the_charset_that_the_request_names() {
    let service = Service::start();
    let table = b"kind;text\r\nreview;sch\xf6n\r\n".to_vec();
    let problem = service.post(CSV, &[], table.clone()).await.problem(422, "invalid-feedback");
    let message = problem["rejected"][0]["problem"]["errors"][0]["message"].as_str().expect("text");
    assert!(message.contains("charset=NAME"), "{problem:#}");
    service.post("text/csv; charset=windows-1252", &[], table.clone()).await.expect(202);
    assert_eq!(feedback_of(&service.pull(1).await[0]).text, "schön");
    let marked = "\u{feff}kind;text\r\nreview;schön\r\n";
    service.post("text/csv; charset=windows-1252", &[], marked).await.expect(202);
    assert_eq!(feedback_of(&service.pull(1).await[0]).text, "schön", "the byte order mark knows better");
    let unknown = service.post("text/csv; charset=klingon", &[], table).await;
    assert!(unknown.problem(415, "unsupported-media-type")["detail"].as_str().expect("text").contains("klingon"));
    let json = r#"{"kind":"review","text":"x"}"#;
    service.post("application/json; charset=utf-8", &[], json).await.expect(202);
    service.post("application/json; charset=windows-1252", &[], json).await.problem(415, "unsupported-media-type");
}

#[tokio::test]
async fn what_is_for_tables_alone_is_said_so_with_json() {
    let service = Service::start();
    let answer = service.post_to("/v1/feedback?kind=review", JSON, &[], r#"{"text":"x"}"#).await;
    let problem = answer.problem(400, "invalid-request");
    assert_eq!(problem["errors"][0]["field"], "kind", "{problem:#}");
    assert!(problem["errors"][0]["message"].as_str().expect("text").contains("text/csv"), "{problem:#}");
}

#[tokio::test]
async fn a_field_that_the_request_names_and_nobody_knows_is_told_apart_from_the_column() {
    let service = Service::start();
    let path = "/v1/feedback?kind=review&map=Stars:raiting";
    let problem = service.post_to(path, CSV, &[], "Stars,text\n4,x\n").await.problem(422, "invalid-feedback");
    let message = problem["errors"][0]["message"].as_str().expect("text");
    assert!(message.contains("is to fill `raiting`") && message.contains("`rating`"), "{problem:#}");
}

#[tokio::test]
async fn repetitions_within_one_request_are_recognised() {
    let service = Service::start();
    let line = |text: &str| format!("{{\"kind\":\"review\",\"external_id\":\"r\",\"text\":\"{text}\"}}\n");
    let answer = service.post(NDJSON, &[], [line("a"), line("a"), line("b")].concat()).await.expect(202);
    let id = &answer["accepted"][0]["id"];
    assert_eq!(answer["accepted"][1], json!({"index": 1, "id": id, "duplicate": true}));
    assert_eq!(answer["accepted"][2], json!({"index": 2, "id": id, "revision": 2}));
    assert_eq!(service.waiting(), 2);
}

#[tokio::test]
async fn where_nothing_is_valid_the_answer_is_422_with_every_reason() {
    let service = Service::start();
    let problem = service.post(NDJSON, &[], "{\"kind\":\"review\"}\nnonsense\n").await.problem(422, "invalid-feedback");
    assert_eq!(problem["accepted"], json!([]));
    assert_eq!(problem["rejected"][0]["problem"]["line"], 1);
    assert_eq!(problem["rejected"][1]["problem"]["type"], "urn:sayso:problem:malformed-body");
    service.post_json(r#"[{"kind":"review"}]"#).await.problem(422, "invalid-feedback");
}

#[tokio::test]
async fn rejections_beyond_a_thousand_are_counted() {
    let service = Service::start();
    let body = "{\"kind\":\"review\"}\n".repeat(1_500) + &lines(1);
    let answer = service.post(NDJSON, &[], body).await.expect(202);
    assert_eq!(
        (answer["rejected"].as_array().expect("a list").len(), &answer["rejected_total"]),
        (1_000, &json!(1_500))
    );
    assert_eq!(answer["accepted"][0]["index"], 1_500);
}

#[tokio::test]
async fn a_body_without_feedback_is_told_what_to_send() {
    let service = Service::start();
    for (kind, body) in [(NDJSON, "\n \n"), (JSON, "[]"), (JSON, "  "), (CSV, "kind,text\n"), (CSV, "")] {
        let problem = service.post(kind, &[], body).await.problem(422, "invalid-feedback");
        assert!(problem["detail"].as_str().expect("text").contains("no feedback"), "{kind} {body:?}: {problem:#}");
    }
}

#[tokio::test]
async fn packed_streams_of_several_members_are_expanded() {
    let service = Service::start();
    let packed = [gzip(lines(300).as_bytes()).await, gzip(lines(200).as_bytes()).await].concat();
    let answer = service.post(NDJSON, &[("content-encoding", "gzip")], packed).await.expect(202);
    assert_eq!(answer["accepted"].as_array().expect("a list").len(), 500);
}

#[tokio::test]
async fn it_does_not_matter_how_the_bytes_arrive() {
    let service = Service::start();
    let bytes = lines(40).into_bytes();
    let parts: Vec<_> = bytes.chunks(7).map(|part| Ok::<_, std::io::Error>(part.to_vec())).collect();
    let answer = service.post(NDJSON, &[], Body::from_stream(stream::iter(parts))).await.expect(202);
    assert_eq!(answer["accepted"].as_array().expect("a list").len(), 40);
}

#[tokio::test]
async fn on_a_full_disk_only_those_count_as_the_first_that_came_before_one_that_did_not_fit() {
    let service = Service::start();
    service.leave_room(400).await;
    let large = |n: usize| json!({"kind": "review", "text": format!("{n} {}", "x".repeat(39_000))}).to_string();
    let small = |n: usize| json!({"kind": "review", "text": format!("{n} y")}).to_string();
    let body: Vec<_> = (0..54).map(large).chain((54..566).map(small)).collect();
    let problem = service.post(NDJSON, &[], body.join("\n")).await.problem(503, "unavailable");
    let first = problem["accepted"].as_u64().expect("a number");
    assert!((20..54).contains(&first), "{problem:#}");
    let mut taken = Vec::new();
    while service.waiting() > taken.len() as u64 {
        taken.extend(service.pull(600).await.iter().map(|lease| feedback_of(lease).text));
    }
    let number =
        |text: &String| text.split(' ').next().and_then(|number| number.parse::<u64>().ok()).expect("it has one");
    let mut numbers: Vec<_> = taken.iter().map(number).collect();
    numbers.sort_unstable();
    assert!((0..first).all(|one| numbers.binary_search(&one).is_ok()), "{first} are said to be there: {numbers:?}");
    let behind = numbers.len() as u64 - first;
    let detail = problem["detail"].as_str().expect("text");
    assert!(behind > 0 && detail.contains(&format!("and {behind} of those behind them")), "{behind}: {detail}");
}
