//! The API against its own description: every operation, and every problem that can be had from outside, is called on
//! the real server, and every event is received, each held against `/openapi.json`.

use std::{collections::BTreeSet, path::Path, process::Command, sync::Mutex};

use reqwest::{Method, RequestBuilder};
use sayso_tests::{
    Event, Receiver, Server,
    document::{Answer, Document},
    guest,
    webhooks::LOOPBACK,
};
use serde_json::{Value, json};

/// A server whose answers are all held against its description.
struct Described {
    server: Server,
    document: Document,
    /// Operations that succeeded, and problems that came.
    seen: Mutex<BTreeSet<String>>,
}

impl Described {
    async fn start(config: &str) -> Self {
        let server = Server::builder().config(config).start().await;
        let json = server.get("/openapi.json").await;
        Self { server, document: Document::new(json), seen: Mutex::default() }
    }

    /// Sends a request; the answer has to be described. Its status and JSON.
    async fn send(
        &self,
        method: Method,
        path: &str,
        more: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> (u16, Value) {
        let response = more(self.server.request(method.clone(), path)).send().await.expect("an answer");
        let status = response.status().as_u16();
        let header =
            |name: &str| response.headers().get(name).map_or("", |value| value.to_str().expect("text")).to_owned();
        let content_type = header("content-type");
        assert!(!header("x-request-id").is_empty(), "{method} {path}");
        let body = response.text().await.expect("text");
        let answer = Answer { status, content_type: &content_type, body: &body };
        let checked = self.document.check_answer(method.as_str(), path, answer);
        checked.unwrap_or_else(|drift| panic!("{drift}"));
        let json: Value = serde_json::from_str(&body).unwrap_or(Value::String(body));
        let seen = match self.document.operation(method.as_str(), path) {
            Some(operation) if status < 300 => operation.json["operationId"].to_string(),
            _ => json["type"].to_string(),
        };
        self.seen.lock().expect("no panic while locked").insert(seen.trim_matches('"').to_owned());
        (status, json)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, |request| request).await
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(Method::POST, path, |request| request.json(body)).await
    }

    /// Sends a body of this type as feedback, with a header.
    async fn feedback(&self, content_type: &str, body: &str, (name, value): (&str, &str)) -> (u16, Value) {
        let (kind, body) = (content_type.to_owned(), body.to_owned());
        self.send(Method::POST, "/v1/feedback", |request| {
            request.header("content-type", kind).header(name, value).body(body)
        })
        .await
    }

    fn has_seen(&self, what: &str) -> bool {
        self.seen.lock().expect("no panic while locked").contains(what)
    }

    /// Makes sure that a delivery is one that is described.
    fn check(&self, event: &Event) {
        let headers: Value = event
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value.to_str().expect("text"))))
            .collect();
        self.document.check_delivery(&headers, &event.body).unwrap_or_else(|drift| panic!("{drift}\n{:#}", event.body));
    }
}

const JSON: &str = "application/json";
const NONE: (&str, &str) = ("x-none", "-");
const WAIT: (&str, &str) = ("prefer", "wait=30");

/// A chain that parks what holds an attack.
fn chain() -> String {
    let hostile = guest("hostile");
    let rest = ["redact", "sentiment", "tagger", "router"]
        .map(|name| format!("[[plugin]]\nname = \"{name}\"\nuse = \"builtin:{name}\"\ngrants = [\"text\"]\n"));
    format!("[[plugin]]\nname = \"bad\"\nuse = \"{}\"\non_fault = \"park\"\n{}", hostile.display(), rest.concat())
}

/// A chain that an attack holds up for longer than a test takes.
fn slow_chain() -> String {
    let hostile = guest("hostile");
    format!("[[plugin]]\nname = \"bad\"\nuse = \"{}\"\nlimits = {{ deadline_ms = 30000 }}\n", hostile.display())
}

fn review(text: &str) -> Value {
    json!({ "kind": "review", "text": text, "language": "en", "rating": { "value": 1 }, "customer": { "id": "c-1" } })
}

/// Runs `openapi-spec-validator` of PyPI over a document.
fn validate(document: &Value) -> (bool, String) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("openapi.json");
    std::fs::write(&file, document.to_string()).expect("written");
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv/bin/python");
    assert!(python.exists(), "{} is not there; run `make setup-tests`", python.display());
    let output = Command::new(python).args(["-m", "openapi_spec_validator"]).arg(file).output().expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).chars().take(2_000).collect())
}

#[tokio::test]
async fn the_document_is_openapi_3_1_by_the_word_of_an_independent_validator() {
    let server = Server::builder().start().await;
    let document = server.get("/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let (is_valid, said) = validate(&document);
    assert!(is_valid, "{said}");
    for pointer in ["/info", "/paths/~1healthz/get/responses/200/description"] {
        let mut broken = document.clone();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        broken.pointer_mut(parent).and_then(Value::as_object_mut).expect("it is there").remove(name);
        assert!(!validate(&broken).0, "it is valid without {pointer}, so that the validator does not look");
    }
}

#[tokio::test]
async fn the_document_needs_no_key_and_says_nothing_of_what_is_here() {
    let key = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    let server = Server::builder().config(&format!("[[key]]\nname = \"s3cret\"\nhash = \"{key}\"\n")).start().await;
    let document = server.get("/openapi.json").await.to_string();
    assert!(!document.contains("s3cret"));
}

/// Sends every body that the description shows, of every content type.
async fn send_the_examples(api: &Described) {
    let bodies: Vec<(String, String, Vec<Value>)> = api
        .document
        .operations()
        .filter(|operation| {
            ["send_feedback", "create_webhook"].contains(&operation.json["operationId"].as_str().expect("an id"))
        })
        .flat_map(|operation| {
            let contents = operation.json["requestBody"]["content"].as_object().into_iter().flatten();
            let examples = |content: &Value| -> Vec<Value> {
                let several =
                    content["examples"].as_object().into_iter().flatten().map(|(_, example)| example["value"].clone());
                several.chain(content.get("example").cloned()).collect()
            };
            contents
                .map(move |(kind, content)| (operation.path.to_owned(), kind.clone(), examples(content)))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(bodies.len(), 4, "{bodies:#?}");
    for (path, kind, examples) in bodies {
        assert!(!examples.is_empty(), "{path} {kind}");
        for example in examples {
            let body = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            let kind = kind.clone();
            let (status, answer) =
                api.send(Method::POST, &path, |request| request.header("content-type", kind).body(body)).await;
            let rejected = answer["rejected"].as_array().map_or(0, Vec::len);
            assert!([201, 202].contains(&status) && rejected == 0, "{path} {status} {answer:#}\nfor {example:#}");
        }
    }
}

async fn send_feedback_in_every_way(api: &Described) -> (String, String) {
    let (_, one) = api.feedback(JSON, &review("Terribly late").to_string(), WAIT).await;
    let id = one["id"].as_str().unwrap_or_else(|| panic!("{one:#}")).to_owned();
    let bad = json!({ "kind": "review", "rating": { "value": 9 } });
    let several = json!([review("fine"), bad, review("ATTACK panic"), review("good")]).to_string();
    let (status, waited) = api.feedback(JSON, &several, WAIT).await;
    assert_eq!((status, waited["results"].as_array().map(Vec::len)), (200, Some(4)), "{waited:#}");
    let parked = waited["results"][2]["id"].as_str().expect("an id").to_owned();
    assert_eq!(waited["results"][2]["status"], "parked");
    api.feedback(JSON, &several, NONE).await;
    let lines = format!("{}\nnonsense\n{}\n", review("a"), review("b"));
    assert_eq!(api.feedback("application/x-ndjson", &lines, NONE).await.0, 202);
    let key = ("idempotency-key", "k-1");
    for (text, status) in [("first", 202), ("first", 202), ("second", 422)] {
        assert_eq!(api.feedback(JSON, &review(text).to_string(), key).await.0, status, "{text}");
    }
    let large = review(&"x".repeat(2 << 20)).to_string();
    for (kind, body, status) in [
        (JSON, "{", 400),
        (JSON, "", 422),
        (JSON, "{\"kind\":\"reviw\"}", 422),
        (JSON, "[{\"kind\":\"reviw\"}]", 422),
        ("image/png", "x", 415),
        (JSON, &large, 413),
        ("text/csv", "nonsense\n1\n", 422),
    ] {
        assert_eq!(api.feedback(kind, body, NONE).await.0, status, "{kind} {body:.40}");
    }
    (id, parked)
}

async fn read_everything(api: &Described, id: &str, parked: &str) {
    let page =
        ["/", "/console.css", "/console.js", "/webhooks.js", "/detail.js", "/feedback.js", "/api.js", "/page.js"];
    for path in page.into_iter().chain(["/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/chain"]) {
        assert_eq!(api.get(path).await.0, 200, "{path}");
    }
    for path in [
        "/v1/feedback?kind=review&limit=2",
        "/v1/feedback?q=late&since=2020-01-01",
        "/v1/parked",
        "/v1/deliveries?limit=1",
        "/v1/deliveries?kind=review&event=feedback.analyzed&since=2020-01-01&webhook=all",
    ] {
        let (status, page) = api.get(path).await;
        assert!(status == 200 && page["items"].as_array().is_some_and(|items| !items.is_empty()), "{path}: {page:#}");
    }
    for facet in ["kind", "label", "language", "tag", "intent", "route"] {
        assert_eq!(api.get(&format!("/v1/aggregate?by={facet}")).await.0, 200, "{facet}");
    }
    for id in [id, parked] {
        assert_eq!(api.get(&format!("/v1/feedback/{id}")).await.0, 200);
    }
    let (_, deliveries) = api.get("/v1/deliveries?status=delivered").await;
    let delivery = deliveries["items"][0]["id"].as_str().expect("a delivery");
    assert_eq!(api.get(&format!("/v1/deliveries/{delivery}")).await.0, 200);
    for (path, status) in [
        ("/v1/feedback?limit=0", 400),
        ("/v1/feedback?after=x", 400),
        ("/v1/feedback?no=1", 400),
        ("/v1/aggregate", 400),
        ("/v1/parked?lane=x", 400),
        ("/v1/feedback/mine", 404),
        ("/v1/deliveries?until=soon", 400),
        ("/v1/deliveries/mine", 404),
        ("/v1/replays?after=x", 400),
        ("/v1/replays/mine", 404),
        ("/v1/webhooks/mine", 404),
        ("/v1/nothing", 404),
        ("/v1/chain/reload", 405),
    ] {
        assert_eq!(api.get(path).await.0, status, "{path}");
    }
}

async fn work_on_webhooks(api: &Described, receiver: &Receiver) {
    let body = json!({ "name": "more", "url": receiver.url(), "events": ["*"], "headers": { "a": { "value": "b", "secret": true } } });
    let (status, webhook) = api.post("/v1/webhooks", &body).await;
    assert_eq!(status, 201, "{webhook:#}");
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().expect("an id"));
    assert_eq!(api.post("/v1/webhooks", &body).await.0, 409);
    assert_eq!(api.post("/v1/webhooks", &json!({ "name": "x", "url": "ftp://x" })).await.0, 422);
    assert_eq!(api.post("/v1/webhooks", &json!([])).await.0, 400);
    assert_eq!(api.get("/v1/webhooks?limit=1").await.0, 200);
    assert_eq!(api.get(&path).await.0, 200);
    let patch = json!({ "batch": { "max_items": 5 }, "rate": 10, "headers": null });
    assert_eq!(api.send(Method::PATCH, &path, |request| request.json(&patch)).await.0, 200);
    for (action, body) in [
        ("rotate", json!({ "signature": "ed25519" })),
        ("enable", json!({})),
        ("test", json!({})),
        ("test", json!({ "event": "feedback.parked" })),
        ("test", json!({ "event": "webhook.disabled" })),
    ] {
        assert_eq!(api.post(&format!("{path}/{action}"), &body).await.0, 200, "{action}");
    }
    assert_eq!(api.post(&format!("{path}/test"), &json!({ "event": "x" })).await.0, 400);
    receiver.answer_with(500);
    let (_, failed) = api.post(&format!("{path}/test"), &json!({})).await;
    assert_eq!(failed["delivered"], false);
    receiver.answer_with(200);
    for status in [204, 404] {
        assert_eq!(api.send(Method::DELETE, &path, |request| request).await.0, status);
    }
    for action in ["rotate", "enable", "test"] {
        assert_eq!(api.post(&format!("{path}/{action}"), &json!({})).await.0, 404, "{action}");
    }
}

async fn replay(api: &Described) {
    let (_, deliveries) = api.get("/v1/deliveries?webhook=all&status=delivered").await;
    let delivery = deliveries["items"][0]["id"].as_str().expect("a delivery");
    assert_eq!(api.post(&format!("/v1/deliveries/{delivery}/replay"), &json!({})).await.0, 202);
    assert_eq!(api.post("/v1/deliveries/mine/replay", &json!({})).await.0, 404);
    let wanted = json!({ "status": "delivered", "kind": "review", "since": "2020-01-01" });
    let (status, finished) = api.post("/v1/webhooks/all/replay", &wanted).await;
    assert_eq!(status, 202, "{finished:#}");
    let path = format!("/v1/replays/{}", finished["id"].as_str().expect("an id"));
    api.server.wait_until(&path, |replay| replay["state"] == "finished").await;
    assert_eq!(api.get(&path).await.0, 200);
    assert_eq!(api.send(Method::DELETE, &path, |request| request).await.0, 409, "it is finished");
    for (name, body, status) in
        [("gone", json!({}), 409), ("nobody", json!({}), 404), ("all", json!({ "status": "lost" }), 400)]
    {
        assert_eq!(api.post(&format!("/v1/webhooks/{name}/replay"), &body).await.0, status, "{name}");
    }
    assert_eq!(api.get("/v1/replays?webhook=all&limit=1").await.0, 200);
}

/// Has a replay cancelled that cannot come to its end, since its webhook is paused.
async fn cancel_a_replay() -> Described {
    let api = Described::start(LOOPBACK).await;
    // Nothing can be written of what follows, so that it is parked.
    let template = "{% if data.feedback.text is startingwith('tea') %}{{ nothing.at.all }}{% endif %}{}";
    let idle = json!({ "name": "idle", "url": "http://127.0.0.1:1", "format": "template", "template": template });
    assert_eq!(api.post("/v1/webhooks", &idle).await.0, 201);
    for _ in 0..8 {
        let some: Vec<Value> = (0..100).map(|number| review(&format!("tea {number}"))).collect();
        assert_eq!(api.feedback(JSON, &Value::Array(some).to_string(), WAIT).await.0, 200);
    }
    api.server.wait_until("/v1/webhooks/idle", |idle| idle["parked"] == 800).await;
    let paused = json!({ "paused": true }).to_string();
    let pause = |request: RequestBuilder| request.header("content-type", JSON).body(paused);
    assert_eq!(api.send(Method::PATCH, "/v1/webhooks/idle", pause).await.0, 200);
    let (status, running) = api.post("/v1/webhooks/idle/replay", &json!({})).await;
    assert_eq!((status, &running["state"]), (202, &json!("running")), "{running:#}");
    let (status, problem) = api.post("/v1/webhooks/idle/replay", &json!({})).await;
    assert_eq!((status, &problem["replay"]), (409, &running["id"]), "{problem:#}");
    let path = format!("/v1/replays/{}", running["id"].as_str().expect("an id"));
    let (status, cancelled) = api.send(Method::DELETE, &path, |request| request).await;
    assert_eq!((status, &cancelled["state"]), (200, &json!("cancelled")), "{cancelled:#}");
    api
}

async fn work_on_the_rest(api: &Described, parked: &str) {
    assert_eq!(api.post(&format!("/v1/parked/{parked}/retry"), &json!({})).await.0, 200);
    assert_eq!(api.post("/v1/parked/mine/retry", &json!({})).await.0, 404);
    assert_eq!(api.post("/v1/parked/retry", &json!({})).await.0, 200);
    assert_eq!(api.post("/v1/chain/reload", &json!({})).await.0, 200);
    api.server.reconfigure("[[plugin]]\nname = \"x\"\nuse = \"nowhere.wasm\"\n");
    assert_eq!(api.post("/v1/chain/reload", &json!({})).await.0, 422);
    let erase = async |path: &str| api.send(Method::DELETE, path, |request| request).await.0;
    assert_eq!(erase(&format!("/v1/feedback/{parked}")).await, 200);
    assert_eq!(erase(&format!("/v1/feedback/{parked}")).await, 404);
    assert_eq!(erase("/v1/customers/c-1").await, 200);
}

#[tokio::test]
async fn every_operation_succeeds_as_described_and_so_does_every_event() {
    let (all, bulk, gone) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    let (cloud, clouds) = (Receiver::start().await, Receiver::start().await);
    gone.answer_with(410);
    let webhook = |name: &str, url: &str, more: &str| {
        let secret = sayso_tests::SECRET;
        format!(
            "[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\nsecret = \"{secret}\"\nallow_private = true\n{more}\n"
        )
    };
    let webhooks = [
        webhook("all", &all.url(), "events = [\"*\"]"),
        webhook("bulk", &bulk.url(), "batch = { max_items = 10 }"),
        webhook("gone", &gone.url(), ""),
        webhook("cloud", &cloud.url(), "events = [\"*\"]\nformat = \"cloudevents_structured\""),
        webhook("clouds", &clouds.url(), "format = \"cloudevents_structured\"\nbatch = { max_items = 10 }"),
    ];
    let api = Described::start(&format!("{LOOPBACK}{}{}", chain(), webhooks.concat())).await;
    let (id, parked) = send_feedback_in_every_way(&api).await;
    send_the_examples(&api).await;
    let types = ["feedback.analyzed", "feedback.parked", "webhook.disabled"];
    let has_all =
        move |events: &[Event]| types.iter().all(|kind| events.iter().any(|event| event.body["type"] == *kind));
    all.wait_until("an event of each type", has_all).await;
    cloud.wait_until("a CloudEvent of each type", has_all).await;
    bulk.wait_for(1).await;
    clouds.wait_for(1).await;
    api.server.wait_until("/v1/deliveries?status=delivered", |list| list["items"][0].is_object()).await;
    read_everything(&api, &id, &parked).await;
    work_on_webhooks(&api, &all).await;
    replay(&api).await;
    let other = cancel_a_replay().await;
    work_on_the_rest(&api, &parked).await;

    for receiver in [&all, &bulk, &gone, &cloud, &clouds] {
        receiver.events().iter().for_each(|event| api.check(event));
    }
    assert!(clouds.events().iter().all(|event| event.body.is_array()));
    assert!(bulk.events().iter().all(|event| event.body["type"] == "batch"));
    for operation in api.document.operations() {
        let id = operation.json["operationId"].as_str().expect("an id");
        assert!(api.has_seen(id) || other.has_seen(id), "`{id}` was not seen to succeed: call it here");
    }
    for problem in [
        "invalid-feedback",
        "malformed-body",
        "invalid-request",
        "unsupported-media-type",
        "too-large",
        "not-found",
        "method-not-allowed",
        "idempotency-mismatch",
        "chain-refused",
        "invalid-webhook",
        "conflict",
    ] {
        assert!(api.has_seen(&format!("urn:sayso:problem:{problem}")), "{problem} was not seen");
    }
}

#[tokio::test]
async fn who_may_not_and_what_there_is_no_room_for_is_answered_as_described() {
    let (key, hash) = {
        let output = sayso_tests::sayso().args(["key", "new"]).output().expect("it runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let word = |prefix: &str| {
            said.split(|c: char| c.is_whitespace() || c == '"')
                .find(|word| word.starts_with(prefix))
                .expect("it is printed")
                .to_owned()
        };
        (word("sk_"), word("sha256:"))
    };
    let keys = format!("[[key]]\nname = \"shop\"\nhash = \"{hash}\"\nscopes = [\"ingest\"]\n");
    let api = Described::start(&keys).await;
    for operation in api.document.operations().filter(|operation| operation.json["security"][0].is_object()) {
        let method: Method = operation.method.parse().expect("a method");
        let (status, _) = api.send(method.clone(), operation.path, |request| request).await;
        assert_eq!(status, 401, "{method} {}", operation.path);
        let (status, _) = api.send(method.clone(), operation.path, |request| request.bearer_auth(&key)).await;
        let is_ingest = operation.json["security"][0]["key"][0] == "ingest";
        assert_eq!(status == 403, !is_ingest, "{method} {}: {status}", operation.path);
    }
    let full = Described::start(&format!("[server]\nmax_backlog = 1\n{}", slow_chain())).await;
    assert_eq!(full.post("/v1/feedback", &review("ATTACK loop")).await.0, 202);
    assert_eq!(full.post("/v1/feedback", &review("late")).await.0, 429);
    let without_room = Described::start("[server]\nmin_free_bytes = 9000000000000000000\n").await;
    assert_eq!(without_room.post("/v1/feedback", &review("late")).await.0, 503);
}
