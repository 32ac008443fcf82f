//! The main job: feedback in, plugin chain, signed webhook out.

use std::time::Duration;

use sayso_tests::{PATIENCE, Receiver, SECRET, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn complaint() -> Value {
    json!({
        "kind": "review", "external_id": "r-1", "source": {"type": "trustpilot"}, "language": "en",
        "text": "The delivery was late, and the support was terribly rude.", "rating": {"value": 1},
        "customer": {"id": "c-1", "email": "ann@example.org"},
    })
}

#[tokio::test]
async fn feedback_is_scored_tagged_routed_and_delivered_signed() {
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("desk", &receiver.url(), "").start().await;
    let response = server.post(&complaint()).await;
    assert_eq!(response.status(), 202);
    let accepted: Value = response.json().await.expect("JSON");
    let events = receiver.wait_for(1).await;
    let event = &events[0];
    assert!(event.is_verified, "an independent library verifies the signature");
    assert_eq!(event.body["type"], "feedback.analyzed");
    assert_eq!(event.body["data"]["feedback"]["id"], accepted["id"]);
    assert_eq!(event.body["data"]["feedback"]["text"], complaint()["text"]);
    let analysis = &event.body["data"]["analysis"];
    assert!(analysis["sentiment"]["score"].as_f64().expect("a score") < -0.05, "{analysis:#}");
    let tags: Vec<_> = analysis["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    assert!(tags.contains(&&json!("delivery/speed")), "{tags:?}");
    assert!(!analysis["routes"].as_array().expect("routes").is_empty());
    assert_eq!(analysis["provenance"].as_array().expect("provenance").len(), 4);
    for entry in analysis["provenance"].as_array().expect("provenance") {
        assert!(entry["digest"].as_str().expect("a digest").starts_with("sha256:"));
        assert!(entry["config"].as_str().expect("a digest").starts_with("sha256:"));
        assert_eq!(entry["status"], "ok");
    }
}

#[tokio::test]
async fn the_evidence_points_to_the_words_that_decided() {
    let server = Server::builder().start().await;
    let answer = server.analyze(&complaint()).await;
    let text = complaint()["text"].as_str().expect("text").to_owned();
    let evidence = answer["analysis"]["sentiment"]["evidence"].as_array().expect("evidence").clone();
    let offset = |value: &Value| usize::try_from(value.as_u64().expect("an offset")).expect("small");
    let words: Vec<_> = evidence.iter().map(|one| &text[offset(&one["start"])..offset(&one["end"])]).collect();
    assert!(words.contains(&"rude"), "{words:?}");
}

#[tokio::test]
async fn everything_about_one_feedback_is_in_one_answer() {
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("desk", &receiver.url(), "").start().await;
    let accepted: Value = server.post(&complaint()).await.json().await.expect("JSON");
    let path = format!("/v1/feedback/{}", accepted["id"].as_str().expect("an id"));
    let record = server.wait_until(&path, |record| record["deliveries"][0]["status"] == "delivered").await;
    assert_eq!(record["status"], "analyzed");
    let attempt = &record["deliveries"][0]["attempts"][0];
    assert_eq!((&attempt["number"], &attempt["status"]), (&json!(1), &json!(200)), "{record:#}");
    assert_eq!(record["deliveries"][0]["id"], receiver.events()[0].id.as_str(), "the id is the webhook-id");
}

#[tokio::test]
async fn a_webhook_gets_only_the_kinds_and_routes_it_wants() {
    let (surveys, reviews) = (Receiver::start().await, Receiver::start().await);
    let server = Server::builder()
        .webhook("surveys", &surveys.url(), "kinds = [\"survey\"]")
        .webhook("reviews", &reviews.url(), "kinds = [\"review\"]")
        .webhook("nothing", &surveys.url(), "routes = [\"no-such-route\"]")
        .start()
        .await;
    let survey = json!({"kind": "survey", "answers": [{"field_id": "q", "field_type": "nps", "value": 9}]});
    server.analyze(&json!([complaint(), survey])).await;
    assert_eq!(reviews.wait_for(1).await[0].body["data"]["feedback"]["kind"], "review");
    assert_eq!(surveys.wait_for(1).await[0].body["data"]["feedback"]["kind"], "survey");
    let deliveries = server.get("/v1/deliveries").await;
    assert_eq!(deliveries["items"].as_array().expect("a list").len(), 2, "{deliveries:#}");
}

#[tokio::test]
async fn what_a_note_says_that_a_customer_wants_reaches_care() {
    let server = Server::builder().start().await;
    let note = |language: &str, text: &str| json!({ "kind": "csr_note", "language": language, "text": text });
    let mut notes = vec![
        note("en", "Customer wants a refund."),
        note("en", "Called about order 4711, asks for her money back."),
        note("ja", "お客様は返金を希望。"),
        note("ko", "고객이 환불을 원함."),
        note("zh", "客户要求退款。"),
    ];
    notes.push(json!({ "kind": "csr_note", "language": "en", "text": notes[0]["text"], "disposition": "resolved" }));
    let answer = server.analyze(&Value::Array(notes)).await;
    let routes = |index: usize| answer["results"][index]["analysis"]["routes"].clone();
    for index in 0..5 {
        assert_eq!(routes(index)[0]["name"], "care", "{index}: {answer:#}");
    }
    assert_eq!(routes(5)[0]["name"], "archive", "it was done on the phone");
}

#[tokio::test]
async fn the_same_feedback_again_is_answered_as_first_and_a_changed_one_is_a_revision() {
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("desk", &receiver.url(), "").start().await;
    let first = server.analyze(&complaint()).await;
    let again = server.analyze(&complaint()).await;
    assert_eq!(first["id"], again["id"]);
    let mut changed = complaint();
    changed["text"] = json!("They made it right: excellent support.");
    let revised = server.analyze(&changed).await;
    assert_eq!(revised["id"], first["id"]);
    assert_eq!(revised["revision"], 2);
    assert!(revised["analysis"]["sentiment"]["score"].as_f64().expect("a score") > 0.05);
    let events = receiver.wait_for(2).await;
    assert_eq!(events.len(), 2, "the repetition is not delivered again");
    assert_ne!(events[0].id, events[1].id, "a revision is a delivery of its own");
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_with_the_same_id_and_body() {
    let receiver = Receiver::start().await;
    receiver.answer_with(500);
    let config =
        "[delivery]\nschedule = [\"0s\", \"10ms\", \"10ms\", \"10ms\", \"10ms\", \"10ms\", \"10ms\", \"10ms\"]\n";
    let server = Server::builder().config(config).webhook("desk", &receiver.url(), "").start().await;
    server.analyze(&complaint()).await;
    receiver.wait_for(3).await;
    receiver.answer_with(200);
    let events = receiver.wait_until("a success", |events| events.iter().any(|event| event.answered == 200)).await;
    assert!(events.iter().all(|event| event.id == events[0].id && event.body == events[0].body && event.is_verified));
    let delivery = server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "delivered").await;
    let attempts = delivery["items"][0]["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), events.len(), "every attempt is on record");
    assert_eq!(attempts[0]["status"], 500);
}

#[tokio::test]
async fn a_delivery_whose_schedule_is_spent_is_parked_with_its_attempts() {
    let receiver = Receiver::start().await;
    receiver.answer_with(500);
    let config = "[delivery]\nschedule = [\"0s\", \"10ms\", \"10ms\"]\n";
    let server = Server::builder().config(config).webhook("desk", &receiver.url(), "").start().await;
    server.analyze(&complaint()).await;
    let list = server.wait_until("/v1/deliveries?status=parked", |list| list["items"][0].is_object()).await;
    assert_eq!(list["items"][0]["attempts"].as_array().expect("attempts").len(), 3, "{list:#}");
    assert_eq!(receiver.events().len(), 3);
}

#[test]
fn a_private_address_is_refused_unless_the_operator_allows_it() {
    for url in ["https://localhost/", "https://127.0.0.1/", "https://[::1]/", "https://0x7f000001/"] {
        let config = format!("[[webhook]]\nname = \"inside\"\nurl = \"{url}\"\nsecret = \"{SECRET}\"\n");
        let said = sayso_tests::refusal(&config);
        assert!(said.contains("webhook `inside`") && said.contains("allow_private"), "{url}: {said}");
    }
    let config = format!(
        "[[webhook]]\nname = \"inside\"\nurl = \"https://169.254.169.254/\"\nsecret = \"{SECRET}\"\nallow_private = true\n"
    );
    assert!(sayso_tests::refusal(&config).contains("metadata"), "no leave is given for that one");
}

#[tokio::test]
async fn a_dead_webhook_delays_no_other() {
    let healthy = Receiver::start().await;
    // Accepts connections, and never answers.
    let dead = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let url = format!("http://{}/", dead.local_addr().expect("an address"));
    let server = Server::builder().webhook("dead", &url, "").webhook("healthy", &healthy.url(), "").start().await;
    let batch: Vec<_> = (0..500).map(|n| json!({"kind": "review", "text": format!("Good tea number {n}")})).collect();
    let response = server.post(&Value::Array(batch)).await;
    assert_eq!(response.status(), 202);
    let waited = tokio::time::timeout(PATIENCE.min(Duration::from_secs(10)), healthy.wait_for(500)).await;
    assert!(waited.is_ok(), "500 deliveries took longer than the first time limit of the dead webhook");
}

#[tokio::test]
async fn whoever_takes_all_connections_holds_up_no_delivery() {
    const DESCRIPTORS: u32 = 200;
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("desk", &receiver.url(), "").descriptors(DESCRIPTORS).start().await;
    // Keeps its connection, over which the next one goes.
    assert_eq!(server.get("/healthz").await["status"], "ok");
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut silent = Vec::new();
    for _ in 0..DESCRIPTORS {
        silent.push(tokio::net::TcpStream::connect(&address).await.expect("the system takes it"));
    }
    let open = || std::fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("it runs").count();
    while open() < (DESCRIPTORS / 2) as usize {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.post(&complaint()).await.status(), 202);
    let is_delivered = |list: &Value| list["items"][0]["status"] == "delivered";
    let deliveries = server.wait_until("/v1/deliveries", is_delivered).await;
    assert_eq!(deliveries["items"][0]["attempts"].as_array().expect("a list").len(), 1, "{deliveries:#}");
}

#[tokio::test]
async fn whoever_keeps_all_connections_keeps_nobody_out() {
    const DESCRIPTORS: u32 = 100;
    let server = Server::builder().descriptors(DESCRIPTORS).start().await;
    let address = server.url().trim_start_matches("http://").to_owned();
    for sent in ["", "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n", "GET /hea"] {
        let mut kept = Vec::new();
        for _ in 0..DESCRIPTORS {
            let mut one = tokio::net::TcpStream::connect(&address).await.expect("the system takes it");
            // The longest idle ones are closed by then.
            drop(one.write_all(sent.as_bytes()).await);
            kept.push(one);
        }
        let answer = sayso_tests::client().get(format!("{}/healthz", server.url())).send();
        let answer = tokio::time::timeout(Duration::from_secs(10), answer).await;
        let answer = answer.unwrap_or_else(|_| panic!("kept out by {sent:?}"));
        assert_eq!(answer.expect("an answer").status(), 200);
    }
    server.wait_for_log("all connections are taken").await;
}

/// What comes back over a connection that asks a moment after it was opened.
async fn asked_by(address: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the system takes it");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let sent = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    drop(stream.write_all(sent.as_bytes()).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn more_connections_at_once_than_there_are_places_for_are_all_answered() {
    const DESCRIPTORS: u32 = 100;
    let server = Server::builder().descriptors(DESCRIPTORS).start().await;
    let address = server.url().trim_start_matches("http://").to_owned();
    let answers = futures_util::future::join_all((0..3 * DESCRIPTORS).map(|_| asked_by(&address))).await;
    let dropped = answers.iter().filter(|answer| !answer.starts_with("HTTP/1.1 200")).count();
    assert_eq!(dropped, 0, "of {} connections", answers.len());
}

#[tokio::test]
async fn whoever_trickles_on_all_connections_keeps_nobody_out() {
    const DESCRIPTORS: u32 = 100;
    let server = Server::builder().descriptors(DESCRIPTORS).start().await;
    let address = server.url().trim_start_matches("http://").to_owned();
    let trickles = (0..DESCRIPTORS).map(|_| {
        let address = address.clone();
        tokio::spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(&address).await.expect("the system takes it");
            drop(stream.write_all(b"GET /healthz HTTP/1.1\r\nx: ").await);
            while stream.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })
    });
    let trickles: Vec<_> = trickles.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..3 {
        let answer = tokio::time::timeout(Duration::from_secs(10), asked_by(&address)).await;
        assert!(answer.expect("nobody is kept out").starts_with("HTTP/1.1 200"));
    }
    trickles.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn it_drains_on_sigterm_and_goes_on_where_it_was() {
    let receiver = Receiver::start().await;
    let mut server = Server::builder().webhook("desk", &receiver.url(), "").start().await;
    let batch: Vec<_> = (0..300).map(|n| json!({"kind": "review", "text": format!("Good tea number {n}")})).collect();
    assert_eq!(server.post(&Value::Array(batch)).await.status(), 202);
    assert_eq!(server.terminate().await, Some(0));
    server.restart().await;
    let events = receiver
        .wait_until("all of them", |events| {
            events.iter().map(|event| &event.id).collect::<std::collections::HashSet<_>>().len() == 300
        })
        .await;
    assert!(events.iter().all(|event| event.is_verified));
}

#[tokio::test]
async fn a_load_balancer_hears_of_the_end_before_requests_are_refused() {
    let mut server = Server::builder().config("[server]\ndrain_notice = \"2s\"").start().await;
    server.signal("TERM");
    let ready = || server.request(reqwest::Method::GET, "/readyz").send();
    while ready().await.expect("an answer").status() == 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.post(&complaint()).await.status(), 202, "it is still taken");
    assert_eq!(server.terminated().await, Some(0));
}

#[tokio::test]
async fn health_readiness_and_metrics_tell_how_it_stands() {
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("desk", &receiver.url(), "").start().await;
    server.analyze(&complaint()).await;
    receiver.wait_for(1).await;
    assert_eq!(server.request(reqwest::Method::GET, "/healthz").send().await.expect("sent").status(), 200);
    let ready = server.get("/readyz").await;
    assert_eq!(ready["ready"], true, "{ready:#}");
    let metrics = server
        .wait_until("/metrics", |text| text.as_str().is_some_and(|text| text.contains("sayso_deliveries_total")))
        .await;
    let metrics = metrics.as_str().expect("text");
    for name in [
        "sayso_feedback_accepted_total",
        "sayso_feedback_analyzed_total",
        "sayso_queue_depth",
        "sayso_plugin_items_total",
        "sayso_plugin_item_seconds",
        "sayso_delivery_seconds",
    ] {
        assert!(metrics.contains(name), "{name} is missing in\n{metrics}");
    }
}

#[tokio::test]
async fn no_payload_and_no_secret_is_in_the_log() {
    let receiver = Receiver::start().await;
    receiver.answer_with(500);
    let server = Server::builder().variable("SAYSO_LOG", "debug").webhook("desk", &receiver.url(), "").start().await;
    server.analyze(&complaint()).await;
    receiver.wait_for(1).await;
    server.wait_until("/v1/deliveries", |list| list["items"][0]["attempts"][0].is_object()).await;
    let log = server.log().join("\n");
    for secret in ["terribly", "ann@example.org", "whsec_", "C2FVsBQIhrscChlQIMV"] {
        assert!(!log.contains(secret), "`{secret}` is in the log:\n{log}");
    }
}

#[tokio::test]
async fn what_a_customer_said_can_be_erased() {
    let server = Server::builder().start().await;
    let answer = server.analyze(&complaint()).await;
    let path = format!("/v1/feedback/{}", answer["id"].as_str().expect("an id"));
    let erased = server.request(reqwest::Method::DELETE, "/v1/customers/c-1").send().await.expect("sent");
    assert!(erased.status().is_success());
    assert_eq!(server.request(reqwest::Method::GET, &path).send().await.expect("sent").status(), 404);
    let found = server.get("/v1/feedback?q=terribly").await;
    assert_eq!(found["items"], json!([]));
}

#[tokio::test]
async fn one_feedback_can_be_erased_and_its_name_is_free_again() {
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("desk", &receiver.url(), "").start().await;
    let named = json!({"kind": "review", "language": "en", "text": "Terribly slow.", "external_id": "r-1",
        "customer": {"email": "ann@example.org"}});
    let first = server.analyze(&named).await;
    let other = server
        .analyze(&json!({"kind": "review", "language": "en", "text": "Terribly rude.",
        "customer": {"email": "ann@example.org"}}))
        .await;
    receiver.wait_for(2).await;
    let path = format!("/v1/feedback/{}", first["id"].as_str().expect("an id"));
    let delete = async || server.request(reqwest::Method::DELETE, &path).send().await.expect("sent");
    let erased: Value = delete().await.json().await.expect("JSON");
    assert_eq!(erased, json!({"id": first["id"], "complete": true}));
    assert_eq!(delete().await.status(), 404);
    assert_eq!(server.request(reqwest::Method::GET, &path).send().await.expect("sent").status(), 404);
    let found = server.get("/v1/feedback?customer=ann@example.org&q=terribly").await;
    assert_eq!(found["items"].as_array().expect("a list").len(), 1, "{found:#}");
    assert_eq!(found["items"][0]["feedback"]["id"], other["id"]);
    let again = server.analyze(&named).await;
    assert!(again["id"] != first["id"] && again["revision"] == 1, "it is new feedback: {again:#}");
}

#[tokio::test]
async fn personal_data_reaches_neither_records_nor_search_nor_webhooks_nor_the_log() {
    let receiver = Receiver::start().await;
    let server = Server::builder().variable("SAYSO_LOG", "debug").webhook("desk", &receiver.url(), "").start().await;
    let answer = server
        .analyze(&json!({
            "kind": "review", "language": "en", "author_name": "bob@example.net",
            "text": "Terribly rude. Call 212-555-0123 or write to bob@example.net",
            "metadata": {"phone": "5559876"},
        }))
        .await;
    receiver.wait_for(1).await;
    let record = server.get(&format!("/v1/feedback/{}", answer["id"].as_str().expect("an id"))).await;
    assert_eq!(record["feedback"]["text"], "Terribly rude. Call [phone] or write to [email]");
    let delivered = receiver.events()[0].body.to_string();
    let log = server.log().join("\n");
    for secret in ["555-0123", "bob@", "5559876"] {
        for place in [&answer.to_string(), &record.to_string(), &delivered, &log] {
            assert!(!place.contains(secret), "`{secret}` is in {place}");
        }
    }
    assert_eq!(server.get("/v1/feedback?q=0123").await["items"], json!([]));
    assert_ne!(server.get("/v1/feedback?q=terribly").await["items"], json!([]));
}
