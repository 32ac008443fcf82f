//! Requests against a real server on loopback.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{any, get},
};
use futures_util::stream;
use tokio::{net::TcpListener, runtime::Runtime};

use super::{wit::http::Method, *};
use crate::{config, delivery::resolver::Resolver};

/// A server on loopback in a runtime of its own, since a client blocks its thread.
struct Upstream {
    address: SocketAddr,
    runtime: Runtime,
}

impl Upstream {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/echo", any(|headers: HeaderMap, body: Bytes| async move { (shown(&headers), body) }))
            .route(
                "/mirror",
                any(|headers: HeaderMap| async move {
                    String::from_utf8_lossy(headers["authorization"].as_bytes()).into_owned()
                }),
            )
            .route("/bytes/{count}", get(|Path(count): Path<usize>| async move { vec![b'x'; count] }))
            .route(
                "/endless",
                get(|| async { Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(vec![0u8; 4096]))) }),
            )
            .route("/drip", get(drip))
            .route("/hang", get(std::future::pending::<StatusCode>))
            .route("/close", get(|| async { [("connection", "close")] }));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, runtime }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What an operator writes to allow it.
    fn allowed(&self, more: &str) -> String {
        format!("hosts = [\"{}\"]\nallow_private = true\n{more}", self.address)
    }
}

fn shown(headers: &HeaderMap) -> [(&'static str, String); 1] {
    let names: Vec<_> = headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect();
    [("x-seen", names.join(";"))]
}

/// A byte now and then, without an end.
async fn drip() -> impl IntoResponse {
    Body::from_stream(stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok::<_, Infallible>("."), ()))
    }))
}

fn config(toml: &str) -> config::Http {
    toml::from_str(toml).expect("is configuration")
}

fn variable(name: &str) -> Option<String> {
    (name == "MODEL_KEY").then(|| "sk_0123456789".into())
}

/// What a plugin with this configuration may ask for, while it processes `items`.
fn scope(toml: &str, items: usize) -> Scope {
    let client = Client::new("model".into(), &config(toml), &variable).expect("a client");
    let mut scope = Scope::new(Some(Arc::new(Source::Hosts(client))));
    scope.open(items, 64 << 20);
    scope
}

fn request(url: &str) -> Request {
    Request { method: Method::Get, url: url.into(), headers: Vec::new(), body: None, timeout_ms: None }
}

fn send(scope: &mut Scope, url: &str) -> Exchanged {
    scope.exchange(vec![request(url)]).remove(0)
}

fn message(exchanged: Exchanged) -> (&'static str, String) {
    let error = exchanged.expect_err("refused");
    let text = match &error {
        Error::Denied(text)
        | Error::Invalid(text)
        | Error::Timeout(text)
        | Error::Connection(text)
        | Error::TooLarge(text)
        | Error::Other(text) => text.clone(),
    };
    (error.outcome(), text)
}

#[test]
fn a_listed_host_answers_and_gets_method_headers_and_body() {
    let upstream = Upstream::start();
    let mut scope = scope(&upstream.allowed(""), 1);
    let mut asked = request(&upstream.url("/echo?a=b"));
    asked.method = Method::Post;
    asked.headers = vec![wit::http::Header { name: "X-Own".into(), value: "7".into() }];
    asked.body = Some(b"tea".to_vec());
    let answer = scope.exchange(vec![asked]).remove(0).expect("an answer");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"tea"[..]));
    let seen = &answer.headers.iter().find(|header| header.name == "x-seen").expect("a header").value;
    assert!(seen.contains("x-own=7") && seen.contains("user-agent=sayso/"), "{seen}");
}

#[test]
fn every_other_host_is_refused_with_the_line_to_add() {
    let upstream = Upstream::start();
    let mut scope = scope(&upstream.allowed(""), 4);
    for url in ["https://evil.example.com/x?secret=1", "http://127.0.0.1:9/", "http://localhost/", "http://[::1]/"] {
        let (outcome, text) = message(send(&mut scope, url));
        assert_eq!(outcome, "denied", "{url}");
        assert!(text.contains("http = { hosts = [") && !text.contains("secret="), "{text}");
    }
    let (_, text) = message(send(&mut scope, "https://evil.example.com:8443/"));
    assert!(text.contains("\"evil.example.com:8443\""), "{text}");
    assert_eq!(scope.waited(), Duration::ZERO, "what is refused is no waiting");
}

#[test]
fn a_private_address_is_refused_though_its_host_is_listed() {
    let upstream = Upstream::start();
    let port = upstream.address.port();
    for (host, can_be_allowed) in [
        ("127.0.0.1", true),
        ("localhost", true),
        ("10.0.0.7", true),
        ("169.254.169.254", false),
        ("[::ffff:127.0.0.1]", false),
    ] {
        let mut scope = scope(&format!("hosts = [\"{host}:{port}\"]"), 1);
        let (outcome, text) = message(send(&mut scope, &format!("https://{host}:{port}/echo")));
        assert_eq!(outcome, "denied", "{host}: {text}");
        assert!(text.contains("nothing was sent"), "{text}");
        assert_eq!(text.contains("allow_private = true under `http` of plugin `model`"), can_be_allowed, "{text}");
    }
    let mut own = scope(&format!("hosts = [\"127.0.0.1:{port}\"]"), 1);
    let (outcome, text) = message(send(&mut own, &upstream.url("/echo")));
    assert!(outcome == "denied" && text.contains("not encrypted"), "{text}");
    let mut metadata = scope("hosts = [\"169.254.169.254\"]\nallow_private = true", 1);
    assert_eq!(message(send(&mut metadata, "http://169.254.169.254/")).0, "denied", "even with allow_private");
}

#[test]
fn a_name_that_leads_elsewhere_the_second_time_is_refused() {
    let upstream = Upstream::start();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let resolver = Resolver::new(true, Duration::from_secs(5), move |_| {
        let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
        let address: IpAddr = if is_first { [127, 0, 0, 1] } else { [169, 254, 169, 254] }.into();
        Box::pin(std::future::ready(Ok(vec![address])))
    });
    let port = upstream.address.port();
    let config = config(&format!("hosts = [\"rebind.example:{port}\"]\nallow_private = true"));
    let client = Client::with("model".into(), &config, &variable, resolver).expect("a client");
    let mut scope = Scope::new(Some(Arc::new(Source::Hosts(client))));
    scope.open(2, 1 << 20);
    let url = format!("http://rebind.example:{port}/close");
    assert_eq!(send(&mut scope, &url).expect("the first address answers").status, 200);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "the connection goes to the address that was vetted");
    let (outcome, text) = message(send(&mut scope, &url));
    assert!(outcome == "denied" && text.contains("169.254.169.254"), "{text}");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn an_answer_beyond_the_limit_is_refused_and_one_at_it_is_given() {
    let upstream = Upstream::start();
    let mut scope = scope(&upstream.allowed("max_response_bytes = 1000"), 3);
    assert_eq!(send(&mut scope, &upstream.url("/bytes/1000")).expect("at the limit").body.len(), 1000);
    for path in ["/bytes/1001", "/endless"] {
        let (outcome, text) = message(send(&mut scope, &upstream.url(path)));
        assert!(outcome == "too_large" && text.contains("http.max_response_bytes = 1000"), "{text}");
    }
}

#[test]
fn answers_together_are_no_larger_than_the_memory_of_the_plugin() {
    let upstream = Upstream::start();
    // One after the other, so that it is known which of them fit.
    let mut scope = scope(&upstream.allowed("concurrency = 1"), 4);
    scope.open(4, 250_000);
    let answers = scope.exchange(vec![request(&upstream.url("/bytes/100000")); 4]);
    let given = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(given, 2, "{answers:?}");
    let refused = answers.into_iter().find(Result::is_err).expect("one is refused");
    assert!(message(refused).1.contains("limits.memory_bytes"));
}

#[test]
fn a_body_beyond_the_limit_is_not_sent() {
    let upstream = Upstream::start();
    let mut scope = scope(&upstream.allowed("max_request_bytes = 3"), 2);
    let with = |body: &[u8]| Request { body: Some(body.into()), ..request(&upstream.url("/echo")) };
    assert!(scope.exchange(vec![with(b"tea")]).remove(0).is_ok());
    let (outcome, text) = message(scope.exchange(vec![with(b"teas")]).remove(0));
    assert!(outcome == "invalid" && text.contains("http.max_request_bytes = 3"), "{text}");
}

#[test]
fn a_host_that_hangs_or_drips_ends_with_the_time_limit_and_so_does_what_waits_for_its_turn() {
    let upstream = Upstream::start();
    let mut scope = scope(&upstream.allowed("timeout = \"300ms\"\nconcurrency = 1"), 4);
    let started = Instant::now();
    let answers = scope.exchange(vec![
        request(&upstream.url("/hang")),
        request(&upstream.url("/hang")),
        request(&upstream.url("/echo")),
    ]);
    let took = started.elapsed();
    assert!((Duration::from_millis(300)..Duration::from_millis(900)).contains(&took), "{took:?}");
    let texts: Vec<_> = answers.into_iter().map(message).collect();
    assert!(texts.iter().all(|(outcome, _)| *outcome == "timeout"), "{texts:?}");
    assert!(texts[0].1.contains("waiting for the answer") && texts[2].1.contains("waiting for its turn"), "{texts:?}");
    assert!(scope.waited() >= Duration::from_millis(300), "it counts as waiting");
    let (outcome, text) = message(send(&mut scope, &upstream.url("/drip")));
    assert!(outcome == "timeout" && text.contains("reading the answer"), "{text}");
}

#[test]
fn a_call_waits_no_longer_than_a_request_may_take_for_each_item() {
    let upstream = Upstream::start();
    let mut scope = scope(&upstream.allowed("timeout = \"200ms\""), 2);
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(message(send(&mut scope, &upstream.url("/hang"))).0, "timeout");
    }
    let took = started.elapsed();
    assert!(took < Duration::from_millis(1_500), "two items have twice the limit, and twenty requests took {took:?}");
    assert_eq!(message(send(&mut scope, &upstream.url("/echo"))).0, "timeout", "nothing is left");
}

#[test]
fn a_plugin_may_ask_for_less_time_and_not_for_more() {
    let upstream = Upstream::start();
    let mut scope = scope(&upstream.allowed("timeout = \"400ms\""), 4);
    let within = |ms| Request { timeout_ms: Some(ms), ..request(&upstream.url("/hang")) };
    for (asked, most) in [(50, 300), (60_000, 1_200)] {
        let started = Instant::now();
        assert_eq!(message(scope.exchange(vec![within(asked)]).remove(0)).0, "timeout");
        assert!(started.elapsed() < Duration::from_millis(most), "{:?}", started.elapsed());
    }
}

#[test]
fn requests_run_at_the_same_time_as_far_as_the_limit_goes() {
    let upstream = Upstream::start();
    let gate = Arc::new(Mutex::new((0usize, 0usize)));
    let (seen, listener) = (gate.clone(), upstream.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap());
    let address = listener.local_addr().unwrap();
    let all = Arc::new(tokio::sync::Barrier::new(4));
    let slow = move || {
        let (seen, all) = (seen.clone(), all.clone());
        async move {
            {
                let mut state = seen.lock().unwrap();
                state.0 += 1;
                state.1 = state.1.max(state.0);
            }
            all.wait().await;
            seen.lock().unwrap().0 -= 1;
        }
    };
    upstream.runtime.spawn(async move { axum::serve(listener, Router::new().route("/", get(slow))).await });
    let mut scope = scope(&format!("hosts = [\"{address}\"]\nallow_private = true\nconcurrency = 4"), 12);
    let answers = scope.exchange(vec![request(&format!("http://{address}/")); 12]);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(gate.lock().unwrap().1, 4, "as many at once as allowed, and no more");
}

#[test]
fn the_operators_header_wins_and_an_answer_that_holds_it_is_withheld() {
    let upstream = Upstream::start();
    let headers = format!("[headers]\n\"{}\" = {{ authorization = \"Bearer ${{MODEL_KEY}}\" }}", upstream.address);
    let mut scope = scope(&upstream.allowed(&headers), 2);
    let mut asked = request(&upstream.url("/mirror"));
    asked.headers = vec![wit::http::Header { name: "Authorization".into(), value: "mine".into() }];
    let (outcome, text) = message(scope.exchange(vec![asked]).remove(0));
    assert!(outcome == "other" && text.contains("holds a secret") && !text.contains("sk_"), "{text}");
    let (_, text) = message(send(&mut scope, &upstream.url("/echo")));
    assert!(text.contains("holds a secret"), "in a header as well: {text}");
}

#[test]
fn requests_are_bounded_in_number_and_refused_outside_of_process() {
    let upstream = Upstream::start();
    let mut scope = scope(&upstream.allowed(""), 1);
    let many = scope.exchange(vec![request(&upstream.url("/echo")); REQUESTS_PER_ITEM + 1]);
    assert!(many.into_iter().all(|refused| message(refused).0 == "denied"));
    let all = scope.exchange(vec![request(&upstream.url("/echo")); REQUESTS_PER_ITEM]);
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(message(send(&mut scope, &upstream.url("/echo"))).0, "denied", "none is left");
    let client = Client::new("model".into(), &config(&upstream.allowed("")), &variable).expect("a client");
    let mut closed = Scope::new(Some(Arc::new(Source::Hosts(client))));
    assert!(message(send(&mut closed, &upstream.url("/echo"))).1.contains("`process`"));
    let mut nobody = Scope::new(None);
    nobody.open(1, 1 << 20);
    assert!(message(send(&mut nobody, "https://a.example/")).1.contains("lists no hosts"));
}

#[test]
fn a_host_that_is_not_there_is_told_without_path_and_query() {
    let mut scope = scope("hosts = [\"127.0.0.1:1\"]\nallow_private = true", 1);
    let (outcome, text) = message(send(&mut scope, "http://127.0.0.1:1/private?q=words"));
    assert!(outcome == "connection" && text.contains("127.0.0.1:1") && !text.contains("private"), "{text}");
}

#[test]
fn answers_of_a_golden_case_are_given_to_the_requests_that_they_are_for() {
    let case = tempfile::tempdir().expect("a folder");
    let answers = r#"[
        {"request": {"method": "POST", "url": "https://a.example/", "body": {"text": "tea"}}, "response": {"body": {"n": 1}}},
        {"request": {"url": "https://a.example/"}, "response": {"status": 404, "headers": {"X-A": "b"}}},
        {"request": {"url": "https://a.example/slow"}, "error": {"timeout": "10s were over"}}
    ]"#;
    std::fs::write(case.path().join("answers.json"), answers).expect("written");
    let answers = Answers::of_cases([case.path()]).expect("are answers");
    let mut scope = Scope::new(Some(Arc::new(Source::Recorded(answers))));
    scope.open(1, 1 << 20);
    let post = |body: &[u8]| Request { method: Method::Post, body: Some(body.into()), ..request("https://a.example/") };
    let answer = scope.exchange(vec![post(br#"{ "text": "tea" }"#)]).remove(0).expect("an answer");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &br#"{"n":1}"#[..]));
    let missing = message(scope.exchange(vec![post(b"{}")]).remove(0)).1;
    assert!(missing.contains("POST https://a.example/") && missing.contains("answers.json"), "{missing}");
    let answer = send(&mut scope, "https://a.example/").expect("an answer");
    assert_eq!((answer.status, answer.headers[0].name.as_str()), (404, "x-a"));
    assert_eq!(message(send(&mut scope, "https://a.example/slow")), ("timeout", "10s were over".into()));
    let misspelt = r#"[{"request": {"url": "https://a.example/"}, "respons": {}}]"#;
    std::fs::write(case.path().join("answers.json"), misspelt).expect("written");
    let said = Answers::of_cases([case.path()]).expect_err("refused");
    assert!(said.contains("`respons`") && said.contains("`response`"), "{said}");
    std::fs::write(case.path().join("answers.json"), "[{}]").expect("written");
    assert!(Answers::of_cases([case.path()]).expect_err("refused").contains("answers.json"));
}
