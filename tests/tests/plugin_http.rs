//! The grant `http`: a plugin in the sandbox of the real server calls a real service on loopback, and no other.

use std::time::{Duration, Instant};

use rcgen::{CertificateParams, date_time_ymd};
use sayso_tests::{Authority, Server, ServerBuilder, Upstream, guest, refusal, sayso};
use serde_json::{Value, json};

/// Everything that sayso and its HTTP client log.
const LOUD: &str = "info,sayso=trace,hyper=trace,hyper_util=trace,reqwest=trace";

/// The secret that the operator has in the environment.
const KEY: &str = "sk_live_51Hx0123456789";

/// The `[[plugin]]` of the guest that calls, with these hosts and more of `http`.
fn calling(hosts: &[&str], http: &str, more: &str) -> String {
    format!(
        "[[plugin]]\nname = \"calling\"\nuse = \"{}\"\ngrants = [\"http\"]\nhttp = {{ hosts = {}, {http} }}\n{more}\n",
        guest("calling").display(),
        json!(hosts)
    )
}

fn of(upstream: &Upstream, http: &str, more: &str) -> ServerBuilder {
    let separator = if http.is_empty() { "" } else { ", " };
    Server::builder().config(&calling(&[&upstream.host()], &format!("allow_private = true{separator}{http}"), more))
}

fn review(text: &str) -> Value {
    json!({"kind": "review", "language": "en", "text": text})
}

fn answers(analyzed: &Value) -> &Vec<Value> {
    let answers = analyzed["analysis"]["other"]["answers"].as_array();
    answers.unwrap_or_else(|| panic!("no answers: {analyzed:#}"))
}

/// What the plugin was told of its one request.
async fn asked(server: &Server, url: &str) -> Value {
    answers(&server.analyze(&review(&format!("GET {url}"))).await)[0].clone()
}

fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap_or_else(|| panic!("no error: {answer:#}"))
}

#[tokio::test]
async fn a_listed_host_answers_and_the_analysis_says_that_it_cannot_be_repeated() {
    let upstream = Upstream::start().await;
    let server = of(&upstream, "", "[[plugin]]\nname = \"tagger\"\nuse = \"builtin:tagger\"").start().await;
    let analyzed = server.analyze(&review(&format!("GET {}", upstream.url("/ok?a=b")))).await;
    let answer = &answers(&analyzed)[0];
    assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!("ok")), "{answer:#}");
    assert_eq!(upstream.calls()[0].path, "/ok?a=b");
    let provenance = &analyzed["analysis"]["provenance"];
    assert_eq!(provenance[0]["repeatable"], false, "{provenance:#}");
    assert_eq!(provenance[1]["repeatable"], Value::Null, "what asks nobody can be repeated");
    let shown = server.get("/v1/chain").await;
    assert_eq!(shown["plugins"][0]["http"]["hosts"], json!([upstream.host()]));
    let metrics = server.get("/metrics").await;
    let counted = "sayso_plugin_http_requests_total{plugin=\"calling\",outcome=\"answered\"} 1";
    assert!(metrics.as_str().expect("text").contains(counted), "{metrics}");
}

#[tokio::test]
async fn every_other_host_is_refused_with_the_line_to_add() {
    let (upstream, other) = (Upstream::start().await, Upstream::start().await);
    let server = of(&upstream, "", "").start().await;
    let answer = asked(&server, &other.url("/ok?words=private")).await;
    let said = error(&answer);
    let line = format!("http = {{ hosts = [\\\"{}\\\"] }}", other.host());
    assert!(said.contains("Denied") && said.contains(&line) && !said.contains("private"), "{said}");
    assert!(other.calls().is_empty());
    let told = server.log().into_iter().filter(|line| line.contains("may not call")).collect::<Vec<_>>();
    assert!(told.len() == 1 && told[0].contains(&other.host()), "{told:?}");
}

#[tokio::test]
async fn a_private_address_is_refused_unless_the_file_allows_it() {
    let upstream = Upstream::start().await;
    let port = upstream.host().rsplit_once(':').expect("a port").1.to_owned();
    let hosts = [upstream.host(), format!("localhost:{port}"), format!("[::1]:{port}")];
    let listed: Vec<_> = hosts.iter().map(String::as_str).collect();
    let server = Server::builder().config(&calling(&listed, "timeout = \"5s\"", "")).start().await;
    for host in &hosts {
        for scheme in ["http", "https"] {
            let answer = asked(&server, &format!("{scheme}://{host}/ok")).await;
            let said = error(&answer);
            assert!(said.contains("Denied") && said.contains("allow_private = true"), "{scheme}://{host}: {said}");
        }
    }
    assert!(upstream.calls().is_empty());
}

#[tokio::test]
async fn a_redirect_to_an_internal_address_is_an_answer_and_is_not_followed() {
    let (upstream, inner) = (Upstream::start().await, Upstream::start().await);
    let server = of(&upstream, "", "").start().await;
    let answer = asked(&server, &upstream.url(&format!("/to/{}", inner.host()))).await;
    assert_eq!(answer["status"], 302, "{answer:#}");
    assert!(inner.calls().is_empty(), "nobody was called there");
}

#[tokio::test]
async fn a_flood_a_drip_and_a_host_that_hangs_end_at_their_limits() {
    let upstream = Upstream::start().await;
    let http = "timeout = \"500ms\", concurrency = 1, max_response_bytes = 100000";
    // The deadline stands for computing: waiting is longer than it, and no fault.
    let server = of(&upstream, http, "limits = { deadline_ms = 100 }").start().await;
    let flood = asked(&server, &upstream.url("/flood")).await;
    assert!(error(&flood).contains("TooLarge") && error(&flood).contains("max_response_bytes = 100000"), "{flood:#}");
    let drip = asked(&server, &upstream.url("/drip")).await;
    assert!(error(&drip).contains("Timeout") && error(&drip).contains("reading the answer"), "{drip:#}");
    let started = Instant::now();
    let urls = [upstream.url("/hang"), upstream.url("/hang"), upstream.url("/ok")].join(" ");
    let analyzed = server.analyze(&review(&format!("GET {urls}"))).await;
    let took = started.elapsed();
    let said: Vec<_> = answers(&analyzed).iter().map(error).collect();
    assert!(said.iter().all(|said| said.contains("Timeout")), "{said:?}");
    assert!(said[2].contains("waiting for its turn"), "{said:?}");
    assert!(took >= Duration::from_millis(500) && took < Duration::from_secs(3), "all within one limit: {took:?}");
    assert_eq!(analyzed["analysis"]["provenance"][0]["status"], "ok", "who waits is no fault: {analyzed:#}");
}

#[tokio::test]
async fn a_plugin_that_asks_without_an_end_or_computes_after_an_answer_is_stopped() {
    let upstream = Upstream::start().await;
    let server = of(&upstream, "timeout = \"300ms\"", "limits = { deadline_ms = 200 }").start().await;
    for (text, least) in [
        (format!("LOOP {}", upstream.url("/ok")), 0),
        (format!("LOOP {}", upstream.url("/hang")), 300),
        (format!("SPIN {}", upstream.url("/wait/250")), 450),
    ] {
        let started = Instant::now();
        let batch = json!([review(&text), review(&format!("GET {}", upstream.url("/ok")))]);
        let analyzed = server.analyze(&batch).await;
        let took = started.elapsed();
        let results = analyzed["results"].as_array().expect("results");
        let stopped = &results[0]["analysis"]["provenance"][0];
        assert_eq!(stopped["status"], "skipped", "{text}: {analyzed:#}");
        assert!(stopped["reason"].as_str().expect("a reason").contains("deadline_ms = 200"), "{stopped:#}");
        assert!(took >= Duration::from_millis(least) && took < Duration::from_secs(15), "{text}: {took:?}");
        assert_eq!(answers(&results[1])[0]["body"], "ok", "the item beside it goes through");
    }
}

#[tokio::test]
async fn a_secret_header_arrives_and_is_in_no_log_no_record_and_no_answer() {
    let upstream = Upstream::start().await;
    let headers = format!("headers = {{ \"{}\" = {{ authorization = \"Bearer ${{MODEL_KEY}}\" }} }}", upstream.host());
    let server = of(&upstream, &headers, "").variable("MODEL_KEY", KEY).variable("SAYSO_LOG", LOUD).start().await;
    let urls = [upstream.url("/ok"), upstream.url("/mirror")].join(" ");
    let analyzed = server.analyze(&review(&format!("GET {urls}"))).await;
    let told = answers(&analyzed);
    assert_eq!(told[0]["body"], "ok");
    assert!(error(&told[1]).contains("holds a secret"), "an answer that holds it is withheld: {told:#?}");
    for call in upstream.calls() {
        let values: Vec<_> = call.headers.get_all("authorization").iter().collect();
        assert_eq!(values, [&format!("Bearer {KEY}")], "the operator's, and not the plugin's beside it");
    }
    let id = analyzed["id"].as_str().expect("an id");
    let shown = [
        analyzed.to_string(),
        server.get(&format!("/v1/feedback/{id}")).await.to_string(),
        server.get("/v1/chain").await.to_string(),
        server.get("/metrics").await.to_string(),
        server.log().join("\n"),
    ];
    assert!(shown[2].contains("authorization"), "the name of the header is told");
    for (place, text) in shown.iter().enumerate() {
        assert!(!text.contains(KEY), "the secret is in place {place}");
    }
    for file in ["sayso-data/sayso.db", "sayso-data/sayso.db-wal"] {
        let bytes = std::fs::read(server.dir().join(file)).unwrap_or_default();
        assert!(!bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()), "the secret is in {file}");
    }
}

/// What a plugin is told that asks `url` of `upstream` and has a secret for it, on a machine that trusts `authority`.
async fn asked_with_secret(upstream: &Upstream, url: &str, authority: &Authority) -> Value {
    let headers = format!("headers = {{ \"{}\" = {{ authorization = \"Bearer ${{MODEL_KEY}}\" }} }}", upstream.host());
    let (_dir, file) = authority.file();
    let server = of(upstream, &headers, "").variable("MODEL_KEY", KEY).variable("SSL_CERT_FILE", &file).start().await;
    asked(&server, url).await
}

#[tokio::test]
async fn a_service_over_tls_is_called_where_its_certificate_is_in_order() {
    let authority = Authority::new();
    for protocols in [&["h2", "http/1.1"][..], &[]] {
        let upstream = Upstream::start_tls(authority.acceptor("127.0.0.1", protocols, |_| {})).await;
        let answer = asked_with_secret(&upstream, &upstream.url("/ok"), &authority).await;
        assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!("ok")), "{answer:#}");
        assert_eq!(upstream.calls()[0].headers["authorization"], format!("Bearer {KEY}"));
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_service_whose_certificate_is_not_in_order_and_it_is_said_what_to_do() {
    let (authority, other) = (Authority::new(), Authority::new());
    let expired: fn(&mut CertificateParams) = |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    };
    for (acceptor, why, todo) in [
        (authority.acceptor("127.0.0.1", &[], expired), "certificate expired", "it has to renew its certificate"),
        (other.acceptor("127.0.0.1", &[], |_| {}), "UnknownIssuer", "from an authority that this machine trusts"),
        (authority.acceptor("api.example.com", &[], |_| {}), "not valid for name", "has to name the host in the URL"),
    ] {
        let upstream = Upstream::start_tls(acceptor).await;
        let answer = asked_with_secret(&upstream, &upstream.url("/ok"), &authority).await;
        let (said, begins) = (error(&answer), format!("TLS with {} failed: invalid peer", upstream.host()));
        assert!(said.contains("Connection") && said.contains(&begins), "{said}");
        assert!(said.contains(why) && said.contains(todo), "{said}");
        assert!(upstream.calls().is_empty(), "no request, and so no secret, was sent: {said}");
    }
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_told() {
    let upstream = Upstream::start().await;
    let answer = asked_with_secret(&upstream, &format!("https://{}/ok", upstream.host()), &Authority::new()).await;
    let (said, begins) = (error(&answer), format!("TLS with {} failed: ", upstream.host()));
    assert!(said.contains(&begins) && said.contains("check that it speaks TLS on this port"), "{said}");
    assert!(upstream.calls().is_empty());
}

#[test]
fn what_the_grant_lacks_is_refused_with_its_line_and_what_to_write() {
    let bare = |more: &str| {
        refusal(&format!("[[plugin]]\nname = \"calling\"\nuse = \"{}\"\n{more}\n", guest("calling").display()))
    };
    let said = bare("");
    assert!(said.contains("sayso:plugin/http@1.0.0") && said.contains("grants = [\"http\"]"), "{said}");
    let said = bare("grants = [\"http\"]");
    assert!(said.contains("line 4") && said.contains("http = { hosts = [\"api.example.com\"] }"), "{said}");
    let said = bare("http = { hosts = [\"api.example.com\"] }");
    assert!(said.contains("line 4") && said.contains("grants = [\"http\"]"), "{said}");
    let said = bare("grants = [\"http\"]\nhttp = { hosts = [\"https://api.example.com/\"] }");
    assert!(said.contains("plugin `calling`") && said.contains("this is no host"), "{said}");
    let said = bare(
        "grants = [\"http\"]\nhttp = { hosts = [\"a.example\"], headers = { \"a.example\" = { authorization = \"${NO_SUCH_KEY}\" } } }",
    );
    assert!(said.contains("`authorization`") && said.contains("NO_SUCH_KEY"), "{said}");
}

/// Items per second of a chain whose plugin waits 50 ms for each item, one request after the other.
async fn items_per_second(upstream: &Upstream, concurrency: usize, together: bool, items: usize) -> f64 {
    let config =
        "[pipeline]\nworkers = 1\n[[plugin]]\nname = \"sentiment\"\nuse = \"builtin:sentiment\"\ngrants = [\"text\"]\n";
    let calling = calling(
        &[&upstream.host()],
        &format!("allow_private = true, concurrency = {concurrency}"),
        &format!("config = {{ together = {together} }}"),
    );
    let server = Server::builder().config(config).config(&calling).start().await;
    server.analyze(&review(&format!("GET {}", upstream.url("/wait/50")))).await;
    let text = format!("GET {} a great, great day", upstream.url("/wait/50"));
    let text = if together { text } else { format!("ONE {}", upstream.url("/wait/50")) };
    let batch: Vec<_> = (0..items).map(|_| review(&text)).collect();
    let started = Instant::now();
    let analyzed = server.analyze(&json!(batch)).await;
    let took = started.elapsed();
    let results = analyzed["results"].as_array().expect("results");
    let is_done = |result: &&Value| {
        let provenance = &result["analysis"]["provenance"];
        provenance[0]["status"] == "ok" && provenance[1]["status"] == "ok"
    };
    assert_eq!(results.iter().filter(is_done).count(), items, "{:#}", results[0]);
    items as f64 / took.as_secs_f64()
}

#[tokio::test]
async fn a_plugin_that_waits_does_not_hold_its_core() {
    let upstream = Upstream::start().await;
    let one = items_per_second(&upstream, 1, false, 64).await;
    assert_eq!(upstream.most_at_once(), 1);
    let many = items_per_second(&upstream, 16, false, 256).await;
    let most = upstream.most_at_once();
    let together = items_per_second(&upstream, 16, true, 256).await;
    println!(
        "50 ms each, one core: {one:.0} items/s with one request at a time, {many:.0} with 16 threads beside it \
         ({most} at once), {together:.0} with the batch sent together"
    );
    assert!((8..=16).contains(&most), "{most} at once");
    assert!(upstream.most_at_once() <= 16);
    assert!(many >= 6.0 * one && together >= 6.0 * one, "{one:.1}, {many:.1} and {together:.1} items/s");
}

#[tokio::test]
async fn a_chain_that_waits_takes_the_place_of_one_that_does_not_and_back() {
    let upstream = Upstream::start().await;
    let plain =
        "[pipeline]\nworkers = 1\n[[plugin]]\nname = \"sentiment\"\nuse = \"builtin:sentiment\"\ngrants = [\"text\"]\n";
    let waiting = format!("{plain}{}", calling(&[&upstream.host()], "allow_private = true, concurrency = 8", ""));
    let server = Server::builder().config(plain).start().await;
    let batch = |text: &str| json!((0..64).map(|_| review(text)).collect::<Vec<_>>());
    for round in 0..2 {
        server.reconfigure(&waiting);
        let reloaded = server.request(reqwest::Method::POST, "/v1/chain/reload").send().await.expect("an answer");
        assert_eq!(reloaded.status(), 200);
        server.analyze(&batch(&format!("ONE {}", upstream.url("/wait/50")))).await;
        let most = upstream.most_at_once();
        assert!((4..=8).contains(&most), "round {round}: {most} at once");
        server.reconfigure(plain);
        let reloaded = server.request(reqwest::Method::POST, "/v1/chain/reload").send().await.expect("an answer");
        assert_eq!(reloaded.status(), 200);
        let analyzed = server.analyze(&batch("A great day")).await;
        assert_eq!(analyzed["results"][63]["analysis"]["provenance"].as_array().expect("a list").len(), 1);
    }
}

/// `sayso plugin`, run in `dir`.
fn plugin(dir: &std::path::Path, args: &[&str], input: &str) -> (Option<i32>, String, String) {
    use std::io::Write as _;
    let mut child = sayso()
        .arg("plugin")
        .args(args)
        .current_dir(dir)
        .env("XDG_CACHE_HOME", dir)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    child.stdin.take().expect("is piped").write_all(input.as_bytes()).expect("takes it");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_write_a_plugin_give_its_hosts_on_the_command_line_and_its_cases_their_answers() {
    let upstream = Upstream::start().await;
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    std::fs::copy(guest("calling"), dir.join("calling.wasm")).expect("copied");
    let (code, said, _) = plugin(dir, &["inspect", "calling.wasm"], "");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("grants = [\"http\"]") && said.contains("http = { hosts ="), "{said}");
    let input = review(&format!("GET {}", upstream.url("/ok"))).to_string();
    let (code, said, told) = plugin(dir, &["run", "calling.wasm"], &input);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("--http") && said.contains("Denied"), "{told}\n{said}");
    let http = json!({"hosts": [upstream.host()], "allow_private": true}).to_string();
    let (_, said, told) = plugin(dir, &["run", "calling.wasm", "--http", &http], &input);
    assert!(said.contains("\\\"body\\\":\\\"ok\\\"") || said.contains("\"body\":\"ok\""), "{told}\n{said}");
    std::fs::write(dir.join("http.json"), &http).expect("written");
    let (_, said, told) = plugin(dir, &["run", "calling.wasm"], &input);
    assert!(said.contains("ok") && !told.contains("--http"), "{told}\n{said}");

    let case = dir.join("cases/asked");
    std::fs::create_dir_all(&case).expect("a folder");
    std::fs::write(case.join("input.json"), review("ONE https://api.example.com/mood").to_string()).expect("written");
    let (code, said, _) = plugin(dir, &["test", "calling.wasm", "--bless"], "");
    assert_eq!(code, Some(0), "{said}");
    let expected = || std::fs::read_to_string(case.join("expected.json")).expect("written");
    assert!(expected().contains("answers.json"), "the fault says what is missing: {}", expected());
    let answers = json!([{"request": {"url": "https://api.example.com/mood"}, "response": {"body": "sunny"}}]);
    std::fs::write(case.join("answers.json"), answers.to_string()).expect("written");
    assert_eq!(plugin(dir, &["test", "calling.wasm"], "").0, Some(1), "it answers otherwise now");
    assert_eq!(plugin(dir, &["test", "calling.wasm", "--bless"], "").0, Some(0));
    assert!(expected().contains("sunny"), "{}", expected());
    let calls = upstream.calls().len();
    let chain =
        calling(&["api.example.com"], "timeout = \"1s\"", &format!("cases = \"{}\"", dir.join("cases").display()));
    let server = Server::builder().config(&chain).start().await;
    assert!(server.log().iter().any(|line| line.contains("golden cases")), "the case passes in the chain as well");
    assert_eq!(upstream.calls().len(), calls, "no case calls anybody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backtest_calls_others_only_where_that_is_said() {
    let upstream = Upstream::start().await;
    let server = Server::builder().config("[[plugin]]\nname = \"tagger\"\nuse = \"builtin:tagger\"\n").start().await;
    server.analyze(&review(&format!("GET {}", upstream.url("/ok")))).await;
    std::fs::write(server.dir().join("new.toml"), calling(&[&upstream.host()], "allow_private = true", ""))
        .expect("written");
    let backtest = |more: &[&str]| {
        let mut command = sayso();
        command.args(["backtest", "--config", "sayso.toml", "--chain", "new.toml"]).args(more);
        command.current_dir(server.dir()).output().expect("it runs")
    };
    let refused = backtest(&[]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("--allow-http") && said.contains("calling"), "{said}");
    assert!(upstream.calls().is_empty(), "nobody was called");
    let done = backtest(&["--allow-http"]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && said.contains("may be otherwise another time"), "{said}");
    assert_eq!(upstream.calls().len(), 1);
}
