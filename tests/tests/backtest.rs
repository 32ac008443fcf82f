//! Feedback on record through another chain: what would change, and that nothing does.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use sayso_tests::{Server, guest, sayso};
use serde_json::{Value, json};

/// A chain of a tagger that knows one topic, and a router with one route.
fn chain(topic: &str, word: &str, route: &str) -> String {
    format!(
        "[[plugin]]\nname = \"tagger\"\nuse = \"builtin:tagger\"\nconfig = {{ mode = \"replace\", topics = {{ {topic} = [\"{word}\"] }} }}\n\
         [[plugin]]\nname = \"router\"\nuse = \"builtin:router\"\nconfig = {{ rules = [], fallback = \"{route}\" }}\n"
    )
}

fn review(text: &str) -> Value {
    json!({"kind": "review", "language": "en", "text": text})
}

/// A server with ten reviews of tea and five surveys of coffee.
async fn server() -> Server {
    let server = Server::builder().config(&chain("drink", "tea", "inbox")).start().await;
    let mut batch: Vec<_> = (0..10).map(|n| review(&format!("Tea number {n} <img src=x onerror=alert(1)>"))).collect();
    let answer = |n| json!([{"field_id": "q", "field_type": "text", "value": format!("Coffee {n}")}]);
    batch.extend((0..5).map(|n| json!({"kind": "survey", "language": "en", "answers": answer(n)})));
    server.analyze(&Value::Array(batch)).await;
    server
}

/// Runs `sayso backtest` in the folder of a server: its exit code, and what it says and complains of.
fn backtest(dir: &Path, candidate: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    fs::write(dir.join("new.toml"), candidate).expect("written");
    let output = sayso()
        .current_dir(dir)
        .args(["backtest", "--chain", "new.toml"])
        .args(arguments)
        .env_remove("SAYSO_LOG")
        .output()
        .expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn report(dir: &Path, candidate: &str, arguments: &[&str]) -> Value {
    let (code, said, complaint) = backtest(dir, candidate, &[arguments, &["--json"]].concat());
    assert_eq!(code, Some(0), "{complaint}");
    serde_json::from_str(&said).expect("JSON")
}

/// How often each name of a family came and went.
fn changes(family: &Value) -> Vec<(&str, u64, u64)> {
    let line = |line: &'_ Value| (line["gained"].as_u64().expect("a count"), line["lost"].as_u64().expect("a count"));
    let lines = family.as_array().expect("lines").iter();
    lines.map(|one| (one["name"].as_str().expect("a name"), line(one).0, line(one).1)).collect()
}

#[tokio::test]
async fn a_changed_router_changes_routes_alone_and_the_live_analyses_come_from_the_records() {
    let server = server().await;
    let report = report(server.dir(), &chain("drink", "tea", "desk"), &[]);
    assert_eq!((&report["items"], &report["changed"], &report["unreadable"]), (&json!(15), &json!(15), &json!(0)));
    assert_eq!(changes(&report["routes"]), [("desk", 15, 0), ("inbox", 0, 15)]);
    assert_eq!((&report["tags"], &report["labels"]), (&json!([]), &json!([])));
    assert_eq!(report["live"]["stored"], 15, "{report:#}");
    assert_eq!(report["live"]["us_per_item"], Value::Null, "the live chain did not run");
    assert!(report["candidate"]["us_per_item"].as_f64().expect("a time") > 0.0);
    let examples = report["routes"][0]["gained_examples"].as_array().expect("examples");
    assert_eq!(examples.len(), 5);
    let id = examples[0]["id"].as_str().expect("an id");
    let record = server.get(&format!("/v1/feedback/{id}")).await;
    assert_eq!(record["analysis"]["routes"][0]["name"], "inbox", "nothing live is touched");
    let plugins = report["candidate"]["plugins"].as_array().expect("plugins");
    assert_eq!((&plugins[0]["in_both"], &plugins[1]["in_both"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_changed_tagger_is_reported_for_people_and_the_filters_hold() {
    let server = server().await;
    let candidate = chain("hot", "coffee", "inbox");
    let (code, said, complaint) = backtest(server.dir(), &candidate, &[]);
    assert_eq!(code, Some(0), "{complaint}");
    for line in [
        "15 of 15 pieces of feedback would get other routes, tags, intents, labels or scores.",
        "Coffee 4",
        "tagger* > router",
    ] {
        assert!(said.contains(line), "`{line}` is not in\n{said}");
    }
    let whole = report(server.dir(), &candidate, &[]);
    assert_eq!(changes(&whole["tags"]), [("drink", 0, 10), ("hot", 5, 0)]);
    let count = |arguments: &[&str]| report(server.dir(), &candidate, arguments)["items"].as_u64().expect("a count");
    assert_eq!(count(&["--filter", "kind=survey"]), 5);
    assert_eq!(count(&["--filter", "tag=drink", "--filter", "language=en"]), 10);
    assert_eq!(count(&["--limit", "7"]), 7);
    assert_eq!(count(&["--since", "1h"]), 15);
    let (code, said, complaint) = backtest(server.dir(), &candidate, &["--until", "2020-01-01", "--json"]);
    assert_eq!(code, Some(1), "{complaint}");
    assert!(said.contains("\"items\":0") && complaint.contains("--until") && complaint.contains("15"), "{complaint}");
}

#[tokio::test]
async fn where_the_live_chain_is_another_by_now_it_runs_again() {
    let server = server().await;
    server.reconfigure(&chain("drink", "tea", "desk"));
    let report = report(server.dir(), &chain("drink", "tea", "desk"), &[]);
    assert_eq!((&report["items"], &report["changed"]), (&json!(15), &json!(0)), "{report:#}");
    assert_eq!(report["live"]["stored"], 0);
    assert!(report["live"]["us_per_item"].as_f64().expect("a time") > 0.0);
}

#[tokio::test]
async fn scores_that_move_and_plugins_that_fail_are_named() {
    let lexical = |more: &str| {
        format!("[[plugin]]\nname = \"sentiment\"\nuse = \"builtin:sentiment\"\ngrants = [\"text\"]\n{more}")
    };
    let server = Server::builder().config(&lexical("")).start().await;
    server
        .analyze(&json!([review("ATTACK panic, and a great one"), review("Great tea"), review("ATTACK panic")]))
        .await;
    let hostile = format!(
        "[[plugin]]\nname = \"hostile\"\nuse = \"{}\"\non_fault = \"park\"\n[[plugin]]\nname = \"twin\"\nuse = \"builtin:router\"\n",
        guest("hostile").display()
    );
    let report = report(server.dir(), &hostile, &[]);
    let fault = &report["candidate"]["faults"][0];
    assert_eq!((&fault["plugin"], &fault["count"]), (&json!("hostile"), &json!(2)), "{report:#}");
    assert!(fault["reason"].as_str().expect("a reason").contains("panicked"), "{fault:#}");
    assert_eq!(report["scores"][0]["lost"], 3, "no plugin of the candidate scores");
    assert_eq!(report["live"]["faults"], json!([]));
}

#[tokio::test]
async fn the_html_report_opens_in_a_browser_without_an_error_and_loads_nothing() {
    let server = server().await;
    let (code, _, complaint) = backtest(server.dir(), &chain("hot", "tea", "desk"), &["--html", "report.html"]);
    assert_eq!(code, Some(0), "{complaint}");
    let file = server.dir().join("report.html");
    let mode = fs::metadata(&file).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it quotes customers");
    let html = fs::read_to_string(&file).expect("read");
    assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"), "{html}");
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;") && !html.contains("<img"), "{html}");
    let profile = tempfile::tempdir().expect("a folder");
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("chromium runs; `make setup-tests` installs it");
    let dom = String::from_utf8_lossy(&output.stdout);
    assert!(dom.contains("15 of 15 pieces of feedback") && dom.contains("desk"), "{dom}");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(!complaints.contains("CONSOLE"), "{complaints}");
}

#[tokio::test]
async fn the_store_stays_as_it_is_to_the_byte() {
    let mut server = server().await;
    assert_eq!(server.terminate().await, Some(0));
    let store = server.dir().join("sayso-data/sayso.db");
    let before = fs::read(&store).expect("read");
    let report = report(server.dir(), &chain("hot", "tea", "desk"), &[]);
    assert_eq!(report["items"], 15, "it works without the server");
    assert!(fs::read(&store).expect("read") == before, "the store was written to");
    server.restart().await;
    assert_eq!(server.get("/v1/feedback").await["items"].as_array().expect("a list").len(), 15);
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_what_to_do() {
    let server = server().await;
    let candidate = chain("hot", "tea", "desk");
    let fails = |candidate: &str, arguments: &[&str], text: &str| {
        let (code, _, complaint) = backtest(server.dir(), candidate, arguments);
        assert_eq!(code, Some(2), "{complaint}");
        assert!(complaint.contains(text), "`{text}` is not in {complaint}");
    };
    let (code, said, complaint) = backtest(server.dir(), &candidate, &["--filter", "tag=hto", "--json"]);
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.contains("nothing on record fits") && said.contains("\"items\":0"), "{said}{complaint}");
    fails(&candidate, &["--data", "nowhere"], "nowhere/sayso.db: there are no records");
    fails(&candidate, &["--filter", "colour=red"], "`colour` is no key; the keys are q, kind");
    fails(&candidate, &["--filter", "kind=song"], "kind=song");
    fails(&candidate, &["--since", "yesterday"], "7d");
    fails("[server]\n", &[], "names no [[plugin]]");
    fails(&candidate.replace("builtin:router", "builtin:rooter"), &[], "there is no built-in plugin `rooter`");
    assert!(!server.dir().join("nowhere").exists(), "no folder is made");
}
