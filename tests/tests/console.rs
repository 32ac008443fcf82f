//! The page, in a real browser.

use std::process::Command;

use sayso_tests::{Receiver, Server, webhooks::create_to};
use serde_json::json;

/// What a browser makes of a page, once its scripts have run.
async fn dom(url: String) -> String {
    let profile = tempfile::tempdir().expect("a folder");
    tokio::task::spawn_blocking(move || {
        let output = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(["--virtual-time-budget=10000", "--dump-dom", &url])
            .output()
            .expect("chromium runs; `make setup-tests` installs it");
        String::from_utf8_lossy(&output.stdout).into_owned()
    })
    .await
    .expect("no panic")
}

#[tokio::test]
async fn the_page_lists_what_customers_said_as_text_and_never_as_markup() {
    let server = Server::builder().start().await;
    let text = "Great tea <img src=x onerror=alert(1)> but 配送が遅い";
    server.analyze(&json!({"kind": "review", "language": "en", "text": text})).await;
    let dom = dom(format!("{}/", server.url())).await;
    assert!(dom.contains("Great tea &lt;img src=x onerror=alert(1)&gt; but 配送が遅い"), "{dom}");
    assert!(!dom.contains("<img"), "{dom}");
    assert!(dom.contains("ready"), "{dom}");
}

#[tokio::test]
async fn the_page_shows_the_words_that_decided_and_the_deliveries() {
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("desk", &receiver.url(), "").start().await;
    let answer = server.analyze(&json!({"kind": "review", "language": "en", "text": "Ça alors: great tea."})).await;
    let id = answer["id"].as_str().expect("an id");
    server.wait_until(&format!("/v1/feedback/{id}"), |record| record["deliveries"][0]["status"] == "delivered").await;
    let dom = dom(format!("{}/#{id}", server.url())).await;
    assert!(dom.contains("<dialog id=\"detail\" aria-label=\"Feedback in detail\" open"), "{dom}");
    assert!(dom.contains(">great</mark>"), "the evidence is marked, though a letter before it has two bytes: {dom}");
    assert!(dom.contains("<td>desk</td><td>delivered</td>"), "{dom}");
}

#[tokio::test]
async fn the_page_shows_how_webhooks_do_and_what_to_do_about_it() {
    let (good, gone, down) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    gone.answer_with(410);
    down.answer_with(503);
    let config = "[delivery]\nallow_private = true\nschedule = [\"0s\", \"60s\"]\njitter = 0.0\n";
    let server = Server::builder().config(config).webhook("fine", &good.url(), "").start().await;
    create_to(&server, "gone", &gone.url(), json!({})).await;
    create_to(&server, "down", &down.url(), json!({})).await;
    create_to(&server, "idle", &good.url(), json!({ "paused": true })).await;
    server.analyze(&json!({"kind": "review", "language": "en", "text": "Great tea"})).await;
    let settled = |list: &serde_json::Value| {
        let of =
            |name: &str| list["items"].as_array().and_then(|all| all.iter().find(|one| one["name"] == name)).cloned();
        let (gone, down, fine) = (of("gone"), of("down"), of("fine"));
        gone.is_some_and(|one| one["health"]["state"] == "disabled" && one["parked"] == 1)
            && down.is_some_and(|one| one["health"]["breaker"] == "open" && one["waiting"] == 1)
            && fine.is_some_and(|one| one["waiting"] == 0)
    };
    server.wait_until("/v1/webhooks", settled).await;
    let dom = dom(format!("{}/", server.url())).await;
    assert!(dom.contains("<h2 id=\"webhooks-title\">Webhooks</h2>"), "{dom}");
    assert!(dom.contains("2 of 4 need attention."), "{dom}");
    let card = |name: &str| {
        let from = dom.find(&format!("<h3>{name}</h3>")).unwrap_or_else(|| panic!("{name} is not in {dom}"));
        &dom[from..from + dom[from..].find("</li>").expect("its end")]
    };
    let says = |name: &str, all: &[&str]| {
        for text in all {
            assert!(card(name).contains(text), "`{text}` is not in {}", card(name));
        }
    };
    says(
        "gone",
        &[
            "<strong class=\"bad\">disabled</strong>",
            "410 Gone",
            "sayso webhook enable gone",
            "<dt>Parked</dt><dd>1</dd>",
        ],
    );
    says(
        "down",
        &[
            "breaker open</strong>",
            "status 503",
            "<dt>Last failure</dt>",
            "<dt>Waiting</dt><dd>1</dd>",
            "<time datetime=",
        ],
    );
    says("idle", &["paused</strong>", "sayso webhook resume idle", "<dt>Waiting</dt><dd>1</dd>"]);
    says("fine", &["<strong class=\"good\">healthy</strong>", "<dt>Waiting</dt><dd>0</dd>"]);
    let at = |name: &str| dom.find(&format!("<h3>{name}</h3>"));
    assert!(at("gone") < at("down") && at("down") < at("idle") && at("idle") < at("fine"), "the worst comes first");
}

#[tokio::test]
async fn what_a_webhook_s_owner_wrote_is_shown_as_text() {
    let server = Server::builder().config("[delivery]\nallow_private = true\n").start().await;
    create_to(&server, "odd", "http://127.0.0.1:9/<img%20src=x>", json!({})).await;
    let dom = dom(format!("{}/", server.url())).await;
    assert!(dom.contains("<h3>odd</h3>") && !dom.contains("<img"), "{dom}");
}
