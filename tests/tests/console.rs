//! The page, in a real browser.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use sayso_tests::{Receiver, Server, guest, sayso, webhooks::create_to};
use serde_json::{Value, json};

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

fn shows(dom: &str, all: &[&str]) {
    for text in all {
        assert!(dom.contains(text), "`{text}` is not in {dom}");
    }
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
    assert!(dom.contains("<td data-label=\"webhook\">desk</td><td data-label=\"status\">delivered</td>"), "{dom}");
    assert!(dom.contains("<title>Ça alors: great tea. · sayso</title>"), "{dom}");
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
    let settled = |list: &Value| {
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
    let command = |verb: &str, rest: &str| format!("<code>sayso {verb} --server {} {rest}</code>", server.url());
    says(
        "gone",
        &[
            "<strong class=\"bad\">disabled</strong>",
            "410 Gone",
            &command("webhook enable", "gone"),
            &command("deliveries replay", "--webhook gone --status parked"),
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
    says("idle", &["paused</strong>", &command("webhook resume", "idle"), "<dt>Waiting</dt><dd>1</dd>"]);
    says("fine", &["<strong class=\"good\">healthy</strong>", "<dt>Waiting</dt><dd>0</dd>"]);
    let at = |name: &str| dom.find(&format!("<h3>{name}</h3>"));
    assert!(at("gone") < at("down") && at("down") < at("idle") && at("idle") < at("fine"), "the worst comes first");
}

#[tokio::test]
async fn a_webhook_that_works_again_needs_attention_for_what_it_left_parked() {
    let receiver = Receiver::start().await;
    receiver.answer_with(400);
    let once = "[delivery]\nschedule = [\"0s\"]\n";
    let server = Server::builder().config(once).webhook("desk", &receiver.url(), "").start().await;
    let review = json!({"kind": "review", "language": "en", "text": "Great tea"});
    server.analyze(&review).await;
    let stands = async |state: &str| {
        let is_so = |one: &Value| one["parked"] == 1 && one["health"]["state"] == state;
        server.wait_until("/v1/webhooks", |list| is_so(&list["items"][0])).await;
    };
    stands("failing").await;
    receiver.answer_with(200);
    server.analyze(&review).await;
    stands("works").await;
    let dom = dom(format!("{}/", server.url())).await;
    shows(&dom, &["1 of 1 need attention.", "healthy, but deliveries are parked"]);
    let at = format!("--server {} --webhook desk", server.url());
    shows(&dom, &[&format!("sayso deliveries list {at} --status parked"), &format!("sayso deliveries replay {at}")]);
}

#[tokio::test]
async fn what_a_webhook_s_owner_wrote_is_shown_as_text() {
    let server = Server::builder().config("[delivery]\nallow_private = true\n").start().await;
    create_to(&server, "odd", "http://127.0.0.1:9/<img%20src=x>", json!({})).await;
    let dom = dom(format!("{}/", server.url())).await;
    assert!(dom.contains("<h3>odd</h3>") && !dom.contains("<img"), "{dom}");
}

#[tokio::test]
async fn the_page_shows_who_said_it_and_what_else_is_known() {
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("idle", &receiver.url(), "paused = true\n").start().await;
    let note = json!({
        "kind": "csr_note", "language": "en", "text": "Said: \"Great tea\". Write to jane@example.com",
        "collected_at": "2026-03-03T11:05:00Z", "source": {"type": "zendesk", "url": "https://example.com/311"},
        "customer": {"id": "c-3", "segment": "gold", "account_id": "a-9"}, "case_id": "case-311",
        "agent": {"id": "ag-5", "team": "billing"}, "channel": "phone", "csat": {"value": 4},
    });
    let answer = server.analyze(&note).await;
    let id = answer["id"].as_str().expect("an id");
    let dom = dom(format!("{}/#{id}", server.url())).await;
    shows(&dom, &["CSR note · English · satisfaction 4 of 5 · <time datetime=\"2026-03-03T11:05:00Z\">"]);
    shows(&dom, &["<dt>Written</dt><dd><time datetime=\"2026-03-03T11:05:00Z\">", "<dt>Received</dt><dd><time"]);
    shows(&dom, &["c-3, segment gold, account a-9", "case-311", "ag-5, team billing", "phone", "email in text"]);
    shows(&dom, &["<a href=\"https://example.com/311\"", "pending; webhook: <strong class=\"warn\">paused</strong>"]);
}

#[tokio::test]
async fn an_address_that_would_run_is_no_link() {
    let server = Server::builder().start().await;
    let source = json!({"type": "shop", "url": "javascript:alert(1)"});
    let review = json!({"kind": "review", "language": "en", "text": "Great tea", "source": source});
    let answer = server.analyze(&review).await;
    let dom = dom(format!("{}/#{}", server.url(), answer["id"].as_str().expect("an id"))).await;
    assert!(dom.contains(">javascript:alert(1)<") && !dom.contains("href=\"javascript"), "{dom}");
}

#[tokio::test]
async fn the_page_makes_the_search_of_its_address_and_counts_everything() {
    let server = Server::builder().start().await;
    for (text, language) in [("Great tea", "en"), ("Great coffee", "en"), ("Teh tarik", "ms")] {
        server.analyze(&json!({"kind": "review", "language": language, "text": text, "rating": {"value": 5}})).await;
    }
    let page = dom(format!("{}/?q=great+tea&language=en", server.url())).await;
    shows(&page, &[">3 feedback in all<", "1 shown, no more exist", "rating 5 of 5", ">Great tea<"]);
    shows(&page, &["<span>no score</span><span>1</span>", ">none yet<"]);
    assert!(!page.contains("Great coffee"), "{page}");
    let page = dom(format!("{}/?q=cocoa", server.url())).await;
    shows(&page, &["Nothing fits this search.", "<button id=\"clear\" type=\"button\">"]);
}

#[tokio::test]
async fn the_page_shows_what_is_set_aside_and_which_plugin_failed() {
    let plugin = |name: &str, on_fault: &str| {
        let file = guest("hostile");
        format!("[[plugin]]\nname = \"{name}\"\nuse = \"{}\"\non_fault = \"{on_fault}\"\n", file.display())
    };
    let review = json!({"kind": "review", "language": "en", "text": "ATTACK panic"});
    let server = Server::builder().config(&plugin("strict", "park")).start().await;
    let page = dom(format!("{}/", server.url())).await;
    shows(&page, &["id=\"parked\" class=\"notice\" hidden", "<noscript>"]);
    assert!(server.post(&review).await.status().is_success());
    let parked = server.wait_until("/v1/parked", |parked| parked["items"][0].is_object()).await;
    let page = dom(format!("{}/", server.url())).await;
    shows(&page, &["1 feedback set aside", "plugin `strict` panicked", "id=\"parked\" class=\"notice\">"]);
    shows(&page, &[&format!("<a href=\"#{}\">", parked["items"][0]["id"].as_str().expect("an id"))]);
    let server = Server::builder().config(&plugin("lax", "skip")).start().await;
    let answer = server.analyze(&review).await;
    let page = dom(format!("{}/#{}", server.url(), answer["id"].as_str().expect("an id"))).await;
    shows(&page, &["<span class=\"bad\">skipped: panicked", "1 failed"]);
}

/// Has a reader do in a browser what the scenario of this name in `tests/console` says, with the page of this server.
async fn in_the_browser(server: &Server, scenario: &'static str, more: Value) {
    let mut given = json!({ "url": server.url(), "browser": browser() });
    if let (Some(given), Value::Object(more)) = (given.as_object_mut(), more) {
        given.extend(more);
    }
    let run = move || {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new("node");
        command.arg(tests.join("console/run.mjs")).arg(tests.join("../target/node")).arg(scenario);
        let child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("node runs; `make setup-tests` installs it");
        child.stdin.take().expect("it is piped").write_all(given.to_string().as_bytes()).expect("it reads");
        child.wait_with_output().expect("it ends")
    };
    let output = tokio::task::spawn_blocking(run).await.expect("no panic");
    assert!(output.status.success(), "{scenario}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Where the browser is.
fn browser() -> String {
    let found = Command::new("sh").args(["-c", "command -v chromium"]).output().expect("sh runs");
    String::from_utf8_lossy(&found.stdout).trim().to_owned()
}

/// A server with 30 reviews about coffee, and then 30 about tea.
async fn with_sixty_reviews() -> Server {
    let server = Server::builder().start().await;
    for word in ["coffee", "tea"] {
        let review = |n: u32| json!({"kind": "review", "language": "en", "text": format!("Great {word} number {n}")});
        let reviews: Value = (0..30).map(review).collect();
        server.analyze(&reviews).await;
    }
    server
}

/// A server that wants a key, with one review; a key that may read, and one that may only post.
async fn with_keys() -> (Server, Value) {
    let key = |scope: &str| {
        let made = sayso().args(["key", "new", "--json", "--name", scope, "--scope", scope]).output().expect("it runs");
        let made: Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let text = |name: &str| made[name].as_str().expect("text").to_owned();
        (text("key"), format!("[[key]]\nname = \"{scope}\"\nhash = \"{}\"\nscopes = [\"{scope}\"]\n", text("hash")))
    };
    let (read, read_entry) = key("read");
    let (ingest, ingest_entry) = key("ingest");
    let server = Server::builder().config(&read_entry).config(&ingest_entry).start().await;
    let review = json!({"kind": "review", "language": "en", "text": "Great tea"});
    let request = server.request(reqwest::Method::POST, "/v1/feedback").bearer_auth(&ingest);
    let answer = request.header("prefer", "wait=30").json(&review).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.expect("JSON");
    (server, json!({ "read": read, "ingest": ingest, "id": answer["id"] }))
}

#[tokio::test]
async fn more_goes_on_with_the_search_that_is_shown() {
    in_the_browser(&with_sixty_reviews().await, "moreGoesOnWithTheSearchThatIsShown", Value::Null).await;
}

#[tokio::test]
async fn more_twice_adds_one_page() {
    in_the_browser(&with_sixty_reviews().await, "moreTwiceAddsOnePage", Value::Null).await;
}

#[tokio::test]
async fn a_late_answer_does_not_replace_a_newer_search() {
    in_the_browser(&with_sixty_reviews().await, "aLateAnswerDoesNotReplaceANewerSearch", Value::Null).await;
}

#[tokio::test]
async fn a_failure_keeps_nothing_else_from_being_shown() {
    in_the_browser(&with_sixty_reviews().await, "aFailureKeepsNothingElseFromBeingShown", Value::Null).await;
}

#[tokio::test]
async fn what_was_said_without_words_is_shown() {
    let server = Server::builder().start().await;
    let recommend = json!({
        "field_id": "nps", "field_label": "How likely are you to recommend us?", "field_type": "nps", "value": 9
    });
    let returned = json!({"field_id": "returned", "field_type": "boolean", "value": false});
    server.analyze(&json!({"kind": "survey", "answers": [recommend, returned]})).await;
    server.analyze(&json!({"kind": "review", "rating": {"value": 2}})).await;
    server.analyze(&json!({"kind": "review", "language": "en", "title": "Never again"})).await;
    in_the_browser(&server, "whatWasSaidWithoutWordsIsShown", Value::Null).await;
}

#[tokio::test]
async fn a_row_that_was_left_does_not_open_late() {
    in_the_browser(&with_sixty_reviews().await, "aRowThatWasLeftDoesNotOpenLate", Value::Null).await;
}

#[tokio::test]
async fn feedback_without_an_analysis_is_shown_with_the_reason() {
    let chain =
        format!("[[plugin]]\nname = \"hostile\"\nuse = \"{}\"\non_fault = \"park\"\n", guest("hostile").display());
    let server = Server::builder().config(&chain).start().await;
    let text = "ATTACK panic";
    assert!(server.post(&json!({"kind": "review", "language": "en", "text": text})).await.status().is_success());
    let parked = server.wait_until("/v1/parked", |parked| parked["items"][0].is_object()).await;
    let more = json!({ "id": parked["items"][0]["id"], "text": text, "reason": "plugin `hostile` panicked" });
    in_the_browser(&server, "feedbackWithoutAnAnalysisIsShown", more.clone()).await;
    in_the_browser(&server, "whatIsSetAsideIsAnalysedAgain", more).await;
    assert!(server.post(&json!({"kind": "review", "language": "en", "text": text})).await.status().is_success());
    server.wait_until("/v1/parked", |parked| parked["total"] == 2).await;
    in_the_browser(&server, "allThatIsSetAsideIsAnalysedAgain", Value::Null).await;
    server.wait_until("/v1/parked", |parked| parked["total"] == 2).await;
}

#[tokio::test]
async fn a_row_opens_after_a_failure() {
    in_the_browser(&with_sixty_reviews().await, "aRowOpensAfterAFailure", Value::Null).await;
}

#[tokio::test]
async fn an_address_that_leads_nowhere_closes_what_was_open() {
    in_the_browser(&with_sixty_reviews().await, "anAddressThatLeadsNowhereClosesWhatWasOpen", Value::Null).await;
}

#[tokio::test]
async fn closed_details_leave_nothing_to_go_back_to() {
    in_the_browser(&with_sixty_reviews().await, "closedDetailsLeaveNothingToGoBackTo", Value::Null).await;
}

#[tokio::test]
async fn a_detail_opens_at_its_top() {
    in_the_browser(&with_sixty_reviews().await, "aDetailOpensAtItsTop", Value::Null).await;
}

#[tokio::test]
async fn a_key_that_does_not_do_is_asked_for_again() {
    let (server, keys) = with_keys().await;
    in_the_browser(&server, "aKeyThatDoesNotDoIsAskedForAgain", keys).await;
}

#[tokio::test]
async fn a_key_is_taken_as_it_was_copied() {
    let (server, keys) = with_keys().await;
    in_the_browser(&server, "aKeyIsTakenAsItWasCopied", keys).await;
}

#[tokio::test]
async fn who_has_no_key_is_asked_again_later() {
    let (server, keys) = with_keys().await;
    in_the_browser(&server, "whoHasNoKeyIsAskedAgainLater", keys).await;
}

#[tokio::test]
async fn a_late_answer_to_an_older_key_asks_for_none() {
    let (server, keys) = with_keys().await;
    in_the_browser(&server, "aLateAnswerToAnOlderKeyAsksForNone", keys).await;
}

#[tokio::test]
async fn searching_works_by_the_address_and_by_the_overview() {
    let server = with_sixty_reviews().await;
    for scenario in [
        "theSearchIsInTheAddress",
        "rowsOfTheOverviewNarrowTheSearchDown",
        "aSearchThatNothingFitsIsCleared",
        "moreSaysHowMuchIsShownAndGoesOnThere",
        "theDaysOfASearchAreTheReaders",
        "aServerThatIsGoneIsSaidByTheState",
    ] {
        in_the_browser(&server, scenario, Value::Null).await;
    }
}

#[tokio::test]
async fn keys_are_entered_later_and_forgotten() {
    let (server, keys) = with_keys().await;
    for scenario in
        ["aKeyThatIsKnownNoMoreIsForgotten", "aKeyIsEnteredLater", "aKeyIsForgotten", "nobodyIsAskedForAKeyUnasked"]
    {
        in_the_browser(&server, scenario, keys.clone()).await;
    }
}
