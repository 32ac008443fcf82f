//! What is erased, or was kept long enough, is nowhere any more, and what customers said is in no log.

use std::{fs, path::Path, time::Duration};

use reqwest::Method;
use sayso_tests::{
    Event, PATIENCE, Receiver, SECRET, Server, TlsReceiver, guest,
    webhooks::{call, create_to},
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// A word that stands in everything of the customer who is erased.
const WORD: &str = "xyzzyplugh";

/// A chain of the plugin that attacks, one item at a time on one thread.
fn chain(on_fault: &str) -> String {
    format!(
        "[pipeline]\nworkers = 1\nbatch = 1\n[[plugin]]\nname = \"bad\"\nuse = \"{}\"\non_fault = \"{on_fault}\"\n\
         limits = {{ deadline_ms = 4000 }}\n",
        guest("hostile").display()
    )
}

/// `[delivery]` whose retries come every two seconds.
fn retries() -> String {
    let steps = [r#""2s""#; 30].join(", ");
    format!("[delivery]\nallow_private = true\njitter = 0.0\nschedule = [\"0s\", {steps}]\n")
}

fn theirs(text: &str, name: &str) -> Value {
    json!({
        "kind": "review", "language": "en", "text": text, "title": format!("{WORD} title"), "author_name": WORD,
        "external_id": format!("{WORD}-{name}"), "customer": { "id": format!("c-{WORD}"), "email": format!("{WORD}@example.org") },
        "metadata": { "note": WORD },
    })
}

/// The files of the store in which the word stands; the cache of compiled plugins is no place of feedback.
fn files_with(folder: &Path, word: &str) -> Vec<String> {
    let files = fs::read_dir(folder).expect("read").map(|entry| entry.expect("an entry").path());
    let all: Vec<_> = files.filter(|path| path.is_file()).collect();
    assert!(all.len() > 1, "the store is in {}", folder.display());
    let has = |path: &Path| {
        let content = fs::read(path).unwrap_or_default().to_ascii_lowercase();
        content.windows(word.len()).any(|window| window == word.as_bytes())
    };
    all.iter().filter(|path| has(path)).map(|path| path.display().to_string()).collect()
}

async fn post(server: &Server, feedback: &Value) -> String {
    let response = server.post(feedback).await;
    assert_eq!(response.status(), 202);
    let answer: Value = response.json().await.expect("JSON");
    answer["id"].as_str().expect("an id").to_owned()
}

/// Posts a good item and one that is refused, under a key: the answer.
async fn post_keyed(server: &Server) -> Value {
    let bad = json!({ "kind": WORD, "text": "x" });
    let body = json!([theirs("good", "keyed"), bad]);
    let request = server.request(Method::POST, "/v1/feedback").header("idempotency-key", "k-1").json(&body);
    let response = request.send().await.expect("sent");
    assert_eq!(response.status(), 202);
    response.json().await.expect("JSON")
}

async fn erase(server: &Server) -> Value {
    let request = server.request(Method::DELETE, &format!("/v1/customers/c-{WORD}"));
    let response = request.send().await.expect("sent");
    assert_eq!(response.status(), 200);
    response.json().await.expect("JSON")
}

fn ours(text: &str) -> Value {
    json!({ "kind": "review", "language": "en", "text": text, "customer": { "id": "c2" } })
}

/// A receiver that takes what is of others, and quotes in its refusal what is of the customer.
async fn quoting() -> Receiver {
    let receiver = Receiver::start().await;
    receiver.echo();
    receiver.answer_by(|event, _| if is_theirs(event) { 500 } else { 200 });
    receiver
}

fn is_theirs(event: &Event) -> bool {
    event.body.to_string().contains(WORD)
}

#[tokio::test]
async fn an_erased_customer_is_in_no_file_no_answer_and_no_later_delivery() {
    let (crm, bi) = (quoting().await, quoting().await);
    let mut server = Server::builder().config(&retries()).config(&chain("park")).start().await;
    create_to(&server, "crm", &crm.url(), json!({ "events": ["*"] })).await;
    create_to(&server, "bi", &bi.url(), json!({ "batch": { "max_items": 10, "max_wait_ms": 1500 } })).await;
    let mut gone = Vec::new();
    for revision in ["first", "second"] {
        gone.push(post(&server, &theirs(&format!("{WORD} {revision}"), "revised")).await);
    }
    let keyed = post_keyed(&server).await;
    assert!(keyed.to_string().contains(WORD), "the explanation quotes: {keyed:#}");
    gone.push(keyed["accepted"][0]["id"].as_str().expect("an id").to_owned());
    let others = post(&server, &ours("ours")).await;
    gone.push(post(&server, &theirs("ATTACK panic", "parked")).await);
    server.wait_until("/v1/parked", |list| list["items"].as_array().is_some_and(|all| all.len() == 1)).await;
    bi.wait_until("a request with both customers", |events| {
        events.iter().any(|event| is_theirs(event) && event.body.to_string().contains("ours"))
    })
    .await;
    crm.wait_until("a retry", |events| events.iter().filter(|event| is_theirs(event)).count() > 3).await;
    // The first of these is with a worker for four seconds, and the other waits behind it.
    gone.push(post(&server, &theirs("ATTACK loop", "leased")).await);
    gone.push(post(&server, &theirs("good", "waiting")).await);

    let erased = erase(&server).await;
    assert_eq!((&erased["erased"], &erased["complete"]), (&json!(5), &json!(true)), "{erased:#}");
    let data = server.dir().join("sayso-data");
    assert!(files_with(&data, WORD).is_empty(), "{:?}", files_with(&data, WORD));
    let faults = "sayso_plugin_faults_total{plugin=\"bad\"} 2";
    server.wait_until("/metrics", |metrics| metrics.as_str().is_some_and(|text| text.contains(faults))).await;
    // The worker that had it is through with it now. What was under way to a receiver at that moment has arrived when
    // something later has; and several retries would have been due until the last of these.
    let (begun, mut sent) = (Instant::now(), None);
    for number in 0.. {
        let text = format!("afterwards {number}");
        server.analyze(&ours(&text)).await;
        let events = crm
            .wait_until("what others say", |events| events.iter().any(|event| event.body.to_string().contains(&text)))
            .await;
        let of_theirs = events.iter().filter(|event| is_theirs(event)).count();
        assert_eq!(*sent.get_or_insert(of_theirs), of_theirs, "something of the customer is sent afterwards");
        if begun.elapsed() > Duration::from_secs(6) {
            break;
        }
    }

    for id in &gone {
        let response = server.request(Method::GET, &format!("/v1/feedback/{id}")).send().await.expect("sent");
        assert_eq!(response.status(), 404, "{id}");
    }
    let lists = ["/v1/feedback", "/v1/deliveries?limit=500", "/v1/parked", "/v1/parked?lane=delivery/crm"];
    for path in lists.into_iter().chain(["/metrics", "/v1/webhooks"]) {
        let answer = server.get(path).await.to_string();
        assert!(!answer.contains(WORD), "{path}: {answer}");
    }
    assert_eq!(server.get(&format!("/v1/feedback?q={WORD}")).await["items"], json!([]));
    let left = server.get(&format!("/v1/feedback/{others}")).await;
    assert!(left["deliveries"].as_array().is_some_and(|all| all.len() == 2), "{left:#}");
    let again = post_keyed(&server).await;
    assert!(!again.to_string().contains(WORD), "{again:#}");
    assert_eq!(
        (&again["accepted"], &again["rejected_total"]),
        (&keyed["accepted"], &json!(1)),
        "the rest is as before"
    );

    assert!(files_with(&data, WORD).is_empty(), "{:?}", files_with(&data, WORD));
    assert_eq!(server.terminate().await, Some(0));
    assert!(files_with(&data, WORD).is_empty(), "{:?}", files_with(&data, WORD));
    assert!(!server.log().join("\n").contains(WORD));
}

#[tokio::test]
async fn an_erasure_outlasts_a_kill_at_any_moment() {
    let receiver = Receiver::start().await;
    let mut server = Server::builder().webhook("crm", &receiver.url(), "").start().await;
    let all: Vec<_> = (0..400).map(|number| theirs(&format!("{WORD} {number}"), &number.to_string())).collect();
    for round in 0..3 {
        server.analyze(&Value::Array(all.clone())).await;
        receiver.wait_until("deliveries", |events| !events.is_empty()).await;
        let request = server.request(Method::DELETE, &format!("/v1/customers/c-{WORD}")).send();
        let begun = tokio::spawn(request);
        let deadline = Instant::now() + PATIENCE;
        // The customer's name is put down first; from then on the erasure ends, whatever comes.
        let is_begun = async |server: &Server| {
            let left = server.get("/v1/aggregate?by=kind").await;
            left["buckets"][0]["count"].as_u64().unwrap_or(0) < 400 - round * 100
        };
        while !is_begun(&server).await {
            assert!(Instant::now() < deadline, "the erasure does not begin");
        }
        server.kill_and_restart().await;
        drop(begun.await);
        server.wait_until("/v1/feedback", |list| list["items"] == json!([])).await;
        let data = server.dir().join("sayso-data");
        while !files_with(&data, WORD).is_empty() {
            assert!(Instant::now() < deadline, "traces are left in {:?}", files_with(&data, WORD));
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_was_kept_long_enough_is_removed_and_what_is_due_is_not() {
    let (good, bad) = (Receiver::start().await, Receiver::start().await);
    bad.answer_with(500);
    bad.echo();
    let keep = "[data]\nkeep_feedback = \"5s\"\nkeep_deliveries = \"4s\"\nkeep_attempts = \"2s\"\n";
    let delivery = "[delivery]\nallow_private = true\nschedule = [\"0s\"]\n";
    let server = Server::builder().config(keep).config(delivery).start().await;
    create_to(&server, "good", &good.url(), json!({ "kinds": ["review"] })).await;
    create_to(&server, "bad", &bad.url(), json!({ "kinds": ["review"] })).await;
    create_to(&server, "paused", &good.url(), json!({ "kinds": ["survey"], "paused": true })).await;
    server.analyze(&json!({ "kind": "review", "language": "en", "text": format!("{WORD} tea") })).await;
    let due = json!({ "kind": "survey", "language": "en", "survey_id": "s", "text": "still due" });
    let due = server.analyze(&due).await["id"].as_str().expect("an id").to_owned();
    let count = |list: &Value| list["items"].as_array().map_or(0, Vec::len);
    server.wait_until("/v1/deliveries?status=parked", |list| count(list) == 1).await;
    let list = server.get("/v1/deliveries?webhook=bad").await;
    let parked = server.get(&format!("/v1/deliveries/{}", list["items"][0]["id"].as_str().expect("an id"))).await;
    assert!(parked["attempts"][0]["response"].as_str().is_some_and(|text| text.contains(WORD)), "{parked:#}");

    let without_attempts = |list: &Value| list["items"][0]["attempts"].as_array().is_some_and(Vec::is_empty);
    server.wait_until("/v1/deliveries?webhook=bad", |list| count(list) == 0 || without_attempts(list)).await;
    let left = server.wait_until("/v1/deliveries", |list| count(list) == 1).await;
    assert_eq!((&left["items"][0]["webhook"], &left["items"][0]["status"]), (&json!("paused"), &json!("pending")));
    assert_eq!(server.get("/v1/parked?lane=delivery/bad").await["items"], json!([]), "its message went with it");
    let kept = server.wait_until("/v1/feedback", |list| count(list) == 1).await;
    assert_eq!(kept["items"][0]["feedback"]["id"], json!(due), "something is due for it");
    let data = server.dir().join("sayso-data");
    let deadline = Instant::now() + PATIENCE;
    while !files_with(&data, WORD).is_empty() {
        assert!(Instant::now() < deadline, "traces are left in {:?}", files_with(&data, WORD));
        tokio::task::yield_now().await;
    }
    let metrics = server.get("/metrics").await;
    let metrics = metrics.as_str().expect("text");
    for line in [
        "sayso_retention_removed_total{kind=\"feedback\"} 1",
        "sayso_retention_removed_total{kind=\"deliveries\"} 2",
        "sayso_retention_removed_total{kind=\"attempts\"} 2",
        "# HELP sayso_retention_oldest_seconds",
        "sayso_retention_oldest_seconds{kind=\"attempts\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
    assert!(server.log().iter().any(|line| line.contains("what was kept long enough is removed")));
    let oldest = metrics.lines().find(|line| line.starts_with("sayso_retention_oldest_seconds{kind=\"deliveries\"}"));
    assert!(oldest.is_some_and(|line| !line.ends_with(" 0")), "{oldest:?}");
}

/// What must be in no line of the log.
const NEVER: [&str; 11] = [
    WORD,
    "kettle",
    "mallory",
    "c-4711",
    "example.org",
    "whsec_",
    "C2FVsBQIhrscChlQIMV",
    "hush-hush",
    "url-token",
    "hook-user",
    "PRIVATE KEY",
];

#[tokio::test]
async fn at_the_most_verbose_nothing_that_customers_said_and_no_secret_is_in_the_log() {
    let (echo, tls) = (Receiver::start().await, TlsReceiver::start_http2().await);
    echo.answer_with(422);
    echo.echo();
    tls.receiver().answer_with(422);
    tls.receiver().echo();
    let delivery = "[delivery]\nallow_private = true\nschedule = [\"0s\", \"50ms\"]\njitter = 0.0\n";
    let start = async |level: &str| {
        Server::builder()
            .config(delivery)
            .config(&chain("park"))
            .webhook("file", &format!("{}?token=url-token", echo.url()), "")
            .variable("SAYSO_LOG", level)
            .start()
            .await
    };
    // So that the compiler of plugins has nothing to say afterwards.
    drop(start("info").await);
    let server = start("trace").await;
    let header = json!({ "authorization": { "value": "Bearer hush-hush", "secret": true }, "x-team": "hush-hush" });
    let secure = json!({
        "headers": header, "ca": tls.authority(), "client_certificate": tls.client_certificate(), "client_key": tls.client_key(),
    });
    let made = create_to(&server, "tls", &tls.url(), secure).await;
    let secret = made["secret"].as_str().expect("is shown").trim_start_matches("whsec_").to_owned();
    let review = |text: &str| {
        json!({
            "kind": "review", "language": "en", "text": text, "title": "kettle", "author_name": "mallory",
            "external_id": format!("{WORD} {text}"), "customer": { "id": "c-4711", "email": "mallory@example.org" },
        })
    };
    post(&server, &review(&format!("my kettle, says {WORD}"))).await;
    post(&server, &review(&format!("ATTACK quote kettle {WORD} c-4711"))).await;
    post(&server, &review("ATTACK panic")).await;
    let refused = server.post(&json!({ "kind": WORD, "text": WORD, "language": format!("{WORD} {WORD}") })).await;
    assert_eq!(refused.status(), 422);
    let refused = server.request(Method::POST, "/v1/feedback").header("content-type", "application/json");
    assert_eq!(refused.body(format!("{{\"kind\":\"{WORD}")).send().await.expect("sent").status(), 400);
    let parked = |list: &Value| list["items"].as_array().is_some_and(|all| all.len() == 2);
    server.wait_until("/v1/parked", parked).await;
    let parked = server.wait_until("/v1/deliveries?status=parked", parked).await;
    for of in parked["items"].as_array().expect("a list") {
        let path = format!("/v1/deliveries/{}", of["id"].as_str().expect("an id"));
        let delivery = server.get(&path).await;
        let quote = delivery["attempts"][0]["response"].as_str();
        assert!(quote.is_some_and(|text| text.contains("kettle")), "the receivers quote: {delivery:#}");
        let path = format!("{path}/replay");
        let answer = server.request(Method::POST, &path).send().await.expect("sent");
        assert_eq!(answer.status(), 202);
    }
    let tried_again = |events: &[Event]| events.len() >= 4;
    echo.wait_until("the replay", tried_again).await;
    tls.receiver().wait_until("the replay", tried_again).await;
    server.get(&format!("/v1/feedback?q={WORD}&customer=c-4711")).await;
    let (status, _) =
        call(&server, Method::POST, &format!("/{}/rotate", made["id"].as_str().expect("an id")), None).await;
    assert!(status < 300, "{status}");
    let erased = server.request(Method::DELETE, "/v1/customers/c-4711").send().await.expect("sent");
    assert_eq!(erased.status(), 200);

    let log = server.log();
    assert!(log.iter().any(|line| line.contains("\"TRACE\"")), "the log is as verbose as can be");
    assert!(log.iter().any(|line| line.contains("h2::")), "one of the receivers is spoken HTTP/2 with");
    assert!(log.iter().any(|line| line.contains("ATTACK") || line.contains("a plugin failed on an item")));
    for word in NEVER.iter().copied().chain([SECRET.trim_start_matches("whsec_"), &secret]) {
        let said: Vec<_> =
            log.iter().filter(|line| line.to_lowercase().contains(&word.to_lowercase())).take(3).collect();
        assert!(said.is_empty(), "`{word}` is in {} lines of the log, for example {said:#?}", said.len());
    }
}
