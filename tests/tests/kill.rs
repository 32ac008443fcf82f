//! What was answered 202 is delivered, whatever happens to the process.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use sayso_tests::{Receiver, Server, client};
use serde_json::{Value, json};

/// How often the process is killed.
const KILLS: usize = 20;

/// What is accepted between two kills, at the least.
const BETWEEN: usize = 60;

/// A client that posts one feedback after another to wherever the server is, and notes what was accepted.
async fn post_for_ever(
    url: Arc<Mutex<String>>,
    accepted: Arc<Mutex<HashSet<String>>>,
    count: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    name: usize,
) {
    let client = client();
    let mut n = 0;
    while !stop.load(Ordering::SeqCst) {
        n += 1;
        let to = format!("{}/v1/feedback", url.lock().expect("ours"));
        let feedback = json!({
            "kind": "review", "text": "The delivery was late and the support was rude.", "language": "en",
            "external_id": format!("{name}-{n}"), "source": {"type": "kill-test"},
        });
        // An answer that never came says nothing; one that came is a promise.
        let Ok(response) = client.post(to).json(&feedback).send().await else { continue };
        if response.status() != 202 {
            continue;
        }
        let Ok(answer) = response.json::<Value>().await else { continue };
        let id = answer["id"].as_str().expect("202 names the id").to_owned();
        assert!(accepted.lock().expect("ours").insert(id), "an id is given once");
        count.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn what_was_answered_202_is_delivered_though_the_server_is_killed_twenty_times() {
    let receiver = Receiver::start().await;
    let config = "[delivery]\nschedule = [\"0s\", \"100ms\", \"1s\", \"5s\"]\n";
    let mut server = Server::builder().config(config).webhook("all", &receiver.url(), "").start().await;
    let url = Arc::new(Mutex::new(server.url().to_owned()));
    let accepted = Arc::new(Mutex::new(HashSet::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|name| tokio::spawn(post_for_ever(url.clone(), accepted.clone(), count.clone(), stop.clone(), name)))
        .collect();
    for kill in 0..KILLS {
        let before = count.load(Ordering::SeqCst);
        // The moment of the kill differs from round to round, so that it meets different stages.
        while count.load(Ordering::SeqCst) < before + BETWEEN + kill * 3 {
            tokio::task::yield_now().await;
            assert!(clients.iter().all(|client| !client.is_finished()), "a client failed");
        }
        server.kill_and_restart().await;
        server.url().clone_into(&mut url.lock().expect("ours"));
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.expect("the client ended well");
    }
    let accepted = accepted.lock().expect("ours").clone();
    assert!(accepted.len() >= KILLS * BETWEEN);
    let events = receiver
        .wait_until("every accepted feedback", |events| {
            let seen: HashSet<_> = events.iter().map(|event| event.feedback_id()).collect();
            accepted.iter().all(|id| seen.contains(id.as_str()))
        })
        .await;
    assert!(events.iter().all(|event| event.is_verified), "every delivery is signed");
    one_webhook_id_for_each(&events);
    each_is_on_record_once(&server, &accepted).await;
    let repeats = events.len() - events.iter().map(|event| &event.id).collect::<HashSet<_>>().len();
    println!("{} accepted, {} deliveries, {repeats} of them repeats", accepted.len(), events.len());
}

fn one_webhook_id_for_each(events: &[sayso_tests::Event]) {
    let mut ids: HashMap<&str, &str> = HashMap::new();
    for event in events {
        let known = ids.entry(event.feedback_id()).or_insert(&event.id);
        assert_eq!(*known, event.id, "webhook-id is stable over repeats");
    }
}

/// Every accepted feedback is in the list once; what was accepted without the client seeing it may be there too.
async fn each_is_on_record_once(server: &Server, accepted: &HashSet<String>) {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = server.get(&format!("/v1/feedback?limit=200{after}")).await;
        for item in page["items"].as_array().expect("a list") {
            *found.entry(item["feedback"]["id"].as_str().expect("an id").to_owned()).or_default() += 1;
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert!(found.values().all(|times| *times == 1), "on record once each");
    let missing: Vec<_> = accepted.iter().filter(|id| !found.contains_key(*id)).collect();
    assert!(missing.is_empty(), "accepted and not on record: {missing:?}");
}
