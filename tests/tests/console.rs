//! The page, in a real browser.

use std::process::Command;

use sayso_tests::{Receiver, Server};
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
