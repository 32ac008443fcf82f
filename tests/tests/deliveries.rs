//! What was delivered and what not: seen over the API and on the command line, and made again, against the real binary.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use reqwest::Method;
use sayso_tests::{
    Event, RawReceiver, Receiver, Server,
    raw::{read_request, write},
    sayso,
    webhooks::{LOOPBACK, call, change, create_to, is_verified},
};
use serde_json::{Value, json};

/// One attempt each, so that what fails is parked at once.
const ONCE: &str = "[delivery]\nallow_private = true\nschedule = [\"0s\"]\n";

fn review(number: usize) -> Value {
    json!({ "kind": "review", "text": format!("tea {number}"), "language": "en", "customer": { "id": "ann" } })
}

/// A request with a method: status and JSON.
async fn ask(server: &Server, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let mut request = server.request(method, path);
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

async fn post(server: &Server, path: &str) -> (u16, Value) {
    ask(server, Method::POST, path, None).await
}

/// The deliveries of a list, over all of its pages.
async fn all(server: &Server, query: &str) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let mut page = server.get(&format!("/v1/deliveries?{query}{after}")).await;
        items.append(page["items"].as_array_mut().expect("a list"));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return items,
        }
    }
}

fn ids(items: &[Value]) -> HashSet<String> {
    items.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

/// Waits until the only delivery of the server stands so: in full.
async fn stands(server: &Server, status: &str, attempts: usize) -> Value {
    let is_so = |list: &Value| {
        let one = &list["items"][0];
        one["status"] == status && one["attempts"].as_array().map(Vec::len) == Some(attempts)
    };
    let list = server.wait_until("/v1/deliveries", is_so).await;
    server.get(&format!("/v1/deliveries/{}", list["items"][0]["id"].as_str().expect("an id"))).await
}

/// Runs `sayso deliveries`: exit code, standard output, standard error. The receiver has to go on meanwhile.
async fn run(server: &Server, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = sayso();
    command.arg("deliveries").args(args).args(["--server", server.url()]);
    let output = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("no panic");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// What cannot be written of any [`review`], so that its delivery is parked, though it can of the samples.
const UNWRITABLE: &str = "{% if data.feedback.text is startingwith('tea') %}{{ nothing.at.all }}{% endif %}{}";

/// Makes a webhook, has so many deliveries to it parked, and then makes it what it is to be.
async fn park(server: &Server, name: &str, count: usize, url: &str, more: Value) -> (Value, HashSet<String>) {
    let template = json!({ "format": "template", "template": UNWRITABLE });
    let webhook = create_to(server, name, url, template).await;
    for first in (0..count).step_by(100) {
        let some: Vec<_> = (first..count.min(first + 100)).map(review).collect();
        server.analyze(&Value::Array(some)).await;
    }
    let query = format!("webhook={name}&status=parked&limit=500");
    let deadline = std::time::Instant::now() + sayso_tests::PATIENCE;
    let parked = loop {
        let parked = ids(&all(server, &query).await);
        if parked.len() == count {
            break parked;
        }
        assert!(std::time::Instant::now() < deadline, "only {} of {count} are parked", parked.len());
    };
    // The queue parks them behind the records.
    let last = format!("/v1/parked?lane=delivery/{name}&limit={}", count.min(500));
    server.wait_until(&last, |list| list["items"].as_array().is_some_and(|items| items.len() == count.min(500))).await;
    let mut patch = json!({ "format": null, "template": null });
    patch.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    change(server, &webhook, patch).await;
    (webhook, parked)
}

/// Which deliveries arrived and were taken, and whether all are signed with the webhook's secret.
fn taken(webhook: &Value, events: &[Event]) -> HashSet<String> {
    let secret = webhook["secret"].as_str().expect("is shown");
    assert!(events.iter().all(|event| is_verified(secret, event)));
    events.iter().filter(|event| event.answered == 200).map(|event| event.id.clone()).collect()
}

#[tokio::test]
async fn deliveries_are_found_by_webhook_status_route_kind_event_and_time_page_by_page() {
    let (good, bad) = (Receiver::start().await, Receiver::start().await);
    bad.answer_with(400);
    let server = Server::builder().config(ONCE).start().await;
    let crm = create_to(&server, "crm", &good.url(), json!({})).await;
    create_to(&server, "desk", &bad.url(), json!({ "kinds": ["csr_note"] })).await;
    for number in 0..7 {
        server.analyze(&review(number)).await;
    }
    let angry = json!({ "kind": "csr_note", "language": "en", "disposition": "escalated",
        "text": "Customer said: \"Your agent hung up on me yesterday. I am cancelling my contract today.\"" });
    let note = server.analyze(&angry).await["id"].as_str().expect("an id").to_owned();
    let settled = |list: &Value| list["items"] == json!([]);
    server.wait_until("/v1/deliveries?status=pending", settled).await;
    let everything = all(&server, "limit=3").await;
    assert_eq!((everything.len(), ids(&everything).len()), (9, 9), "each on one page");
    let due = |one: &Value| one["created_at"].as_str().expect("a time").to_owned();
    assert!(everything.windows(2).all(|pair| pair[0]["created_at"].as_str() >= pair[1]["created_at"].as_str()));
    let parked = all(&server, "status=parked").await;
    assert_eq!((parked.len(), &parked[0]["webhook"], &parked[0]["feedback_id"]), (1, &json!("desk"), &json!(note)));
    let count = async |query: &str| all(&server, query).await.len();
    assert_eq!(count("webhook=crm").await, 8);
    assert_eq!(count(&format!("webhook={}", crm["id"].as_str().expect("an id"))).await, 8);
    for list in ["deliveries", "replays"] {
        let path = format!("/v1/{list}?webhook=wh_0190f5c8000070008000000000000000");
        let (status, problem) = ask(&server, Method::GET, &path, None).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("webhook")), "{problem:#}");
    }
    assert_eq!(count("webhook=crm&status=delivered&limit=2").await, 8);
    assert_eq!(count("webhook=crm&status=parked").await, 0);
    assert_eq!(count("kind=csr_note").await, 2);
    assert_eq!(count("kind=csr_note&status=delivered").await, 1);
    assert_eq!(count("event=feedback.analyzed").await, 9);
    assert_eq!(count("event=webhook.disabled").await, 0);
    let record = server.get(&format!("/v1/feedback/{note}")).await;
    let route = record["analysis"]["routes"][0]["name"].as_str().expect("it is routed").to_owned();
    assert_eq!(
        ids(&all(&server, &format!("route={route}")).await),
        ids(&all(&server, &format!("feedback={note}")).await)
    );
    assert_eq!(count("route=nowhere").await, 0);
    let middle = due(&everything[4]);
    let (before, since) = (count(&format!("until={middle}")).await, count(&format!("since={middle}")).await);
    assert_eq!((before, since), (4, 5));
    assert_eq!(count(&format!("webhook=crm&status=delivered&since={middle}&limit=2")).await, 4);
    let with_plus = middle.replace('Z', "+00:00");
    assert_eq!(count(&format!("since={with_plus}")).await, since, "a plus sign that nobody wrote as %2B");
    for (query, named) in [("status=lost", "status"), ("since=yesterday", "since"), ("kind=poem", "kind"), ("x=1", "x")]
    {
        let (status, problem) = ask(&server, Method::GET, &format!("/v1/deliveries?{query}"), None).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!(named)), "{problem:#}");
    }
    let (status, problem) = ask(&server, Method::GET, "/v1/deliveries?after=dlv_1", None).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("after")), "{problem:#}");

    let (code, listed, _) = run(&server, &["list", "--status", "parked"]).await;
    assert_eq!((code, listed.lines().count()), (Some(0), 2), "{listed}");
    assert!(listed.contains("desk") && listed.contains("status 400") && !listed.contains('\u{1b}'), "{listed}");
    let (_, listed, _) = run(&server, &["list", "--json", "--limit", "0", "--since", "1h"]).await;
    let lines: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(ids(&lines), ids(&everything));
    assert_eq!(run(&server, &["list", "--limit", "4"]).await.1.lines().count(), 5);
    let (code, _, error) = run(&server, &["list", "--kind", "poem"]).await;
    assert!(code == Some(2) && error.contains("kind"), "{error}");
}

#[tokio::test]
async fn an_attempt_has_time_address_status_latency_answer_and_what_to_do() {
    let receiver = Receiver::start().await;
    receiver.answer_with(422);
    let server = Server::builder().config(ONCE).start().await;
    create_to(&server, "crm", &receiver.url(), json!({})).await;
    server.analyze(&review(1)).await;
    let delivery = stands(&server, "parked", 1).await;
    let attempt = &delivery["attempts"][0];
    let address = receiver.url().trim_start_matches("http://").trim_end_matches("/hook").to_owned();
    assert_eq!(
        (&attempt["number"], &attempt["status"], &attempt["address"]),
        (&json!(1), &json!(422), &json!(address))
    );
    assert!(attempt["at"].is_string() && attempt["latency_ms"].is_u64(), "{attempt:#}");
    let error = attempt["error"].as_str().expect("text");
    assert!(error.contains("status 422") && error.contains("does not understand"), "{error}");
    let (code, card, _) = run(&server, &["show", delivery["id"].as_str().expect("an id")]).await;
    assert!(code == Some(0) && card.contains(&address) && card.contains(error) && card.contains("attempt 1"), "{card}");
    let (code, _, error) = run(&server, &["show", "dlv_7"]).await;
    assert!(code == Some(2) && error.contains("no delivery with the id `dlv_7`"), "{error}");
}

#[tokio::test]
async fn one_delivery_is_replayed_when_parked_and_when_delivered_each_time_it_is_asked() {
    let receiver = Receiver::start().await;
    receiver.answer_with(400);
    let server = Server::builder().config(ONCE).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({})).await;
    server.analyze(&review(1)).await;
    let parked = stands(&server, "parked", 1).await;
    let id = parked["id"].as_str().expect("an id");
    let path = format!("/v1/deliveries/{id}/replay");
    receiver.answer_with(200);
    for (replay, before) in [(1, "parked"), (2, "delivered"), (3, "delivered")] {
        assert_eq!(stands(&server, before, replay).await["status"], before);
        let (status, answer) = post(&server, &path).await;
        assert_eq!((status, &answer["status"]), (202, &json!("pending")), "{answer:#}");
        assert_eq!((&answer["id"], &answer["last_attempt"]), (&json!(id), &json!(replay)));
        receiver.wait_for(replay + 1).await;
    }
    let delivered = stands(&server, "delivered", 4).await;
    let numbers: Vec<_> = delivered["attempts"].as_array().expect("a list").iter().map(|one| &one["number"]).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let events = receiver.events();
    assert!(events.len() == 4 && events.iter().all(|event| event.id == id && event.raw == events[0].raw));
    assert_eq!(taken(&webhook, &events), HashSet::from([id.to_owned()]));
}

#[tokio::test]
async fn what_cannot_be_replayed_is_said_with_what_to_do() {
    let receiver = Receiver::start().await;
    receiver.answer_with(410);
    let server = Server::builder().config(ONCE).start().await;
    let webhook = create_to(&server, "crm", &receiver.url(), json!({})).await;
    let path = format!("/{}", webhook["id"].as_str().expect("an id"));
    server.analyze(&review(1)).await;
    let delivery = stands(&server, "parked", 1).await;
    server.wait_until("/v1/webhooks", |list| list["items"][0]["health"]["state"] == "disabled").await;
    let replay = format!("/v1/deliveries/{}/replay", delivery["id"].as_str().expect("an id"));
    let refused = async |status: u16, kind: &str, says: &str| {
        let (code, problem) = post(&server, &replay).await;
        assert_eq!((code, &problem["type"]), (status, &json!(format!("urn:sayso:problem:{kind}"))), "{problem:#}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{problem:#}");
    };
    refused(409, "conflict", "/v1/webhooks/crm/enable").await;
    let (code, problem) = call(&server, Method::POST, "/crm/replay", None).await;
    assert_eq!(code, 409, "{problem:#}");
    assert_eq!(call(&server, Method::POST, "/crm/enable", None).await.0, 200);
    change(&server, &webhook, json!({ "paused": true })).await;
    let (code, answer) = post(&server, &replay).await;
    assert!(code == 202 && answer["note"].as_str().is_some_and(|note| note.contains("paused")), "{answer:#}");
    refused(409, "conflict", "waits already").await;
    assert_eq!(call(&server, Method::DELETE, &path, None).await.0, 204);
    refused(409, "conflict", "no webhook `crm` any more").await;
    let (code, problem) = post(&server, "/v1/deliveries/dlv_0198c0de4d8e7c3f9b1a2c3d4e5f6071/replay").await;
    assert_eq!(code, 404, "{problem:#}");
    let parked = format!("/v1/parked/{}/retry", delivery["id"].as_str().expect("an id"));
    let (code, problem) = post(&server, &parked).await;
    assert!(code == 404 && problem["detail"].as_str().is_some_and(|detail| detail.contains(&replay)), "{problem:#}");
    let (code, _) = ask(&server, Method::DELETE, "/v1/customers/ann", None).await;
    assert_eq!(code, 200);
    refused(404, "not-found", "no delivery").await;
    for (body, field) in [
        (json!({ "status": "lost" }), "status"),
        (json!({ "routes": ["care"] }), "routes"),
        (json!({ "since": "soon" }), "since"),
        (json!({ "since": "2026-05-02", "until": "2026-05-01" }), "until"),
    ] {
        create_to(&server, "bi", &receiver.url(), json!({ "paused": true })).await;
        let (code, problem) = call(&server, Method::POST, "/bi/replay", Some(&body)).await;
        assert_eq!((code, &problem["errors"][0]["field"]), (400, &json!(field)), "{problem:#}");
        let (_, bi) = call(&server, Method::GET, "", None).await;
        let id = bi["items"][0]["id"].as_str().expect("an id").to_owned();
        assert_eq!(call(&server, Method::DELETE, &format!("/{id}"), None).await.0, 204);
    }
}

#[tokio::test]
async fn what_is_parked_is_replayed_by_filter_with_progress_and_can_be_cancelled() {
    let receiver = Receiver::start().await;
    let server = Server::builder().config(LOOPBACK).start().await;
    let (webhook, parked) = park(&server, "crm", 1_000, &receiver.url(), json!({ "paused": true })).await;
    let (status, replay) = call(&server, Method::POST, "/crm/replay", Some(&json!({}))).await;
    assert_eq!((status, &replay["state"], &replay["filter"]["status"]), (202, &json!("running"), &json!("parked")));
    assert!(replay["note"].as_str().is_some_and(|note| note.contains("paused")), "{replay:#}");
    let id = replay["id"].as_str().expect("an id");
    let path = format!("/v1/replays/{id}");
    let (status, problem) = call(&server, Method::POST, "/crm/replay", Some(&json!({}))).await;
    assert_eq!((status, &problem["replay"]), (409, &json!(id)), "{problem:#}");
    let halfway = server.wait_until(&path, |replay| replay["done"].as_u64() >= Some(200)).await;
    assert_eq!((&halfway["state"], &halfway["total"]), (&json!("running"), &json!(1_000)));
    let (status, cancelled) = ask(&server, Method::DELETE, &path, None).await;
    assert_eq!((status, &cancelled["state"]), (200, &json!("cancelled")), "{cancelled:#}");
    change(&server, &webhook, json!({ "paused": false })).await;
    let cancelled = server.wait_until(&path, |replay| replay["outcomes"]["delivered"] == replay["done"]).await;
    let put_back = cancelled["done"].as_u64().expect("a number") as usize;
    assert!((200..1_000).contains(&put_back), "{cancelled:#}");
    assert_eq!(receiver.wait_for(put_back).await.len(), put_back);
    assert_eq!(all(&server, "status=parked&limit=500").await.len(), 1_000 - put_back);

    let (code, said, progress) = run(&server, &["replay", "--webhook", "crm", "--since", "1h", "--json"]).await;
    assert_eq!(code, Some(0), "{said} {progress}");
    let replay: Value = serde_json::from_str(&said).expect("one JSON object");
    assert_eq!((&replay["state"], &replay["done"]), (&json!("finished"), &json!(1_000 - put_back)), "{replay:#}");
    assert!(progress.lines().all(|line| line.contains(" put back: ")), "{progress}");
    assert_eq!(taken(&webhook, &receiver.wait_for(1_000).await), parked);
    let (code, said, _) = run(&server, &["replay", "--webhook", "crm", "--route", "nowhere"]).await;
    assert!(code == Some(0) && said.contains("finished: 0 put back"), "{said}");
    let list = server.get("/v1/replays?webhook=crm&limit=2").await;
    assert!(list["items"].as_array().is_some_and(|items| items.len() == 2) && list["next"].is_string(), "{list:#}");
    let (status, _) =
        ask(&server, Method::DELETE, &format!("/v1/replays/{}", replay["id"].as_str().expect("an id")), None).await;
    assert_eq!(status, 409, "it is finished");
    assert_eq!(ask(&server, Method::GET, "/v1/replays/rpl_7", None).await.0, 404);
}

#[tokio::test]
async fn the_command_line_says_what_became_of_a_replay_by_its_exit_code() {
    let receiver = Receiver::start().await;
    receiver.answer_with(400);
    let server = Server::builder().config(ONCE).start().await;
    create_to(&server, "crm", &receiver.url(), json!({})).await;
    server.analyze(&review(1)).await;
    let delivery = stands(&server, "parked", 1).await;
    let id = delivery["id"].as_str().expect("an id");
    let (code, said, _) = run(&server, &["replay", id]).await;
    assert!(code == Some(1) && said.contains("was not delivered: status 400"), "{said}");
    let (code, said, _) = run(&server, &["replay", "--webhook", "crm"]).await;
    assert!(code == Some(1) && said.contains("1 put back, 0 delivered, 1 parked again"), "{said}");
    receiver.answer_with(200);
    let (code, said, _) = run(&server, &["replay", id, "--json"]).await;
    let now: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(
        (code, &now["status"], now["attempts"].as_array().map(Vec::len)),
        (Some(0), &json!("delivered"), Some(4))
    );
    let (code, said, _) = run(&server, &["replay", id, "--no-wait"]).await;
    assert!(code == Some(0) && said.contains("is made again"), "{said}");
    receiver.wait_for(5).await;
    stands(&server, "delivered", 5).await;
    let (code, said, error) = run(&server, &["replay", id, "dlv_0198c0de4d8e7c3f9b1a2c3d4e5f6071"]).await;
    assert!(
        code == Some(1) && said.contains("was delivered: 200") && error.contains("no delivery with the id"),
        "{error}"
    );
    let (code, _, error) = run(&server, &["replay", "--webhook", "nobody"]).await;
    assert!(code == Some(2) && error.contains("no webhook `nobody`"), "{error}");
    let (code, _, _) =
        run(&server, &["replay", "--webhook", "crm", "--status", "delivered", "--until", "2020-01-01"]).await;
    assert_eq!(code, Some(0), "nothing fits");
}

#[tokio::test]
async fn the_command_line_does_not_wait_for_a_webhook_that_is_paused_meanwhile() {
    let receiver = Receiver::start().await;
    receiver.answer_with(400);
    let server = Server::builder().config(ONCE).start().await;
    // So slow that the second is not tried within the test.
    let webhook = create_to(&server, "crm", &receiver.url(), json!({ "rate": 0.01 })).await;
    server.analyze(&review(1)).await;
    let delivery = stands(&server, "parked", 1).await;
    let id = delivery["id"].as_str().expect("an id").to_owned();
    let url = server.url().to_owned();
    let waiting = tokio::task::spawn_blocking(move || {
        sayso().args(["deliveries", "replay", &id, "--server", &url]).output().expect("it runs")
    });
    server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "pending").await;
    change(&server, &webhook, json!({ "paused": true })).await;
    let ended = waiting.await.expect("no panic");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.code() == Some(1) && said.contains("waits: the webhook \"crm\" is paused"), "{said}");
}

#[tokio::test]
async fn an_answer_of_something_else_than_sayso_is_no_success() {
    let other = RawReceiver::start(async |_, mut stream| {
        read_request(&mut stream).await;
        let page = "HTTP/1.1 200 OK\r\ncontent-length: 13\r\nconnection: close\r\n\r\n<html></html>";
        write(&mut stream, page).await;
    })
    .await;
    let url = format!("http://{}", other.address());
    for command in [
        &["webhook", "list"][..],
        &["webhook", "delete", "crm"],
        &["webhook", "rotate", "crm"],
        &["deliveries", "list"],
        &["deliveries", "replay", "dlv_0198c0de4d8e7c3f9b1a2c3d4e5f6071"],
    ] {
        let (command, url) = (command.to_vec(), url.clone());
        let run = move || sayso().args(command).args(["--server", &url]).output().expect("it runs");
        let ended = tokio::task::spawn_blocking(run).await.expect("no panic");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(2) && said.contains("no sayso answers there"), "{said}");
    }
}

#[tokio::test]
async fn a_replay_that_is_killed_in_the_middle_goes_on_and_every_delivery_arrives_with_its_id() {
    const COUNT: usize = 3_000;
    let receiver = Receiver::start_slow(Duration::from_millis(5)).await;
    let mut server = Server::builder().config(LOOPBACK).start().await;
    let (webhook, parked) = park(&server, "crm", COUNT, &receiver.url(), json!({ "concurrency": 16 })).await;
    let (status, replay) = call(&server, Method::POST, "/crm/replay", None).await;
    assert_eq!(status, 202, "{replay:#}");
    let path = format!("/v1/replays/{}", replay["id"].as_str().expect("an id"));
    let mut progress = Vec::new();
    for kill in 1..=3 {
        receiver.wait_for(COUNT * kill / 6).await;
        server.kill_and_restart().await;
        let now = server.get(&path).await;
        assert_eq!(now["state"], "running", "the kill came in the middle: {now:#}");
        progress.push(now["done"].as_u64().expect("a number"));
    }
    let is_over = |replay: &Value| replay["state"] == "finished" && replay["outcomes"]["delivered"] == COUNT;
    let over = server.wait_until(&path, is_over).await;
    assert_eq!((&over["total"], &over["done"]), (&json!(COUNT), &json!(COUNT)), "{over:#}");
    assert!(progress.is_sorted() && progress[0] > 0 && progress[2] < COUNT as u64, "{progress:?}");
    let events = receiver.events();
    assert_eq!(taken(&webhook, &events), parked, "each with the id that it had");
    let mut times: HashMap<&str, usize> = HashMap::new();
    events.iter().for_each(|event| *times.entry(&event.id).or_default() += 1);
    let repeats = events.len() - times.len();
    // What was under way may be repeated; from the beginning each time, it would be more than all.
    assert!(repeats < COUNT, "{repeats} repeats");
    println!("{COUNT} replayed over 3 kills, after which {progress:?} were put back; {repeats} repeats");
}
