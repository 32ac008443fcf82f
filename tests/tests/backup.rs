//! A copy of the store is made while sayso runs, and put back after a bad day.

use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Output};

use sayso_tests::{Receiver, SECRET, Server, sayso};
use serde_json::{Value, json};

fn review(text: &str) -> Value {
    json!({"kind": "review", "language": "en", "text": text})
}

fn run(dir: &Path, verb: &str, file: &str) -> Output {
    sayso().current_dir(dir).args([verb, file]).output().expect("it runs")
}

fn succeeds(dir: &Path, verb: &str, file: &str) -> String {
    let output = run(dir, verb, file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What a refusal says.
fn refused(dir: &Path, verb: &str, file: &str) -> String {
    let output = run(dir, verb, file);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    said
}

async fn texts(server: &Server) -> Vec<String> {
    let list = server.get("/v1/feedback").await;
    let items = list["items"].as_array().expect("a list").iter();
    items.map(|item| item["feedback"]["text"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn a_copy_of_a_running_store_is_put_back_after_a_kill_and_what_waited_in_it_is_delivered() {
    let receiver = Receiver::start().await;
    let webhook = format!(
        "[[webhook]]\nname = \"desk\"\nurl = \"{}\"\nsecret = \"{SECRET}\"\nallow_private = true\n",
        receiver.url()
    );
    let mut server = Server::builder().config(&webhook).config("paused = true").start().await;
    server.analyze(&review("Lovely tea")).await;
    let dir = server.dir().to_owned();
    let said = succeeds(&dir, "backup", "copy.db");
    assert!(said.contains("copy.db"), "{said}");
    let mode = dir.join("copy.db").metadata().expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "customers' words are for their owner alone");
    server.analyze(&review("Cold tea")).await;
    assert!(refused(&dir, "backup", "copy.db").contains("left as it is"));
    assert!(refused(&dir, "restore", "copy.db").contains("in use by another sayso"));
    assert_eq!(texts(&server).await, ["Cold tea", "Lovely tea"]);

    server.kill();
    let said = succeeds(&dir, "restore", "copy.db");
    let kept = said.split_whitespace().find(|word| word.contains(".replaced-")).expect("the one before is named");
    let kept = dir.join(kept.trim_end_matches(';'));
    server.restart().await;
    assert_eq!(texts(&server).await, ["Lovely tea"]);
    assert_eq!(server.get("/v1/deliveries").await["items"][0]["status"], "pending");
    server.kill();
    server.reconfigure(&webhook);
    server.restart().await;
    assert!(receiver.wait_for(1).await[0].is_verified);

    server.kill();
    succeeds(&dir, "restore", kept.to_str().expect("text"));
    server.restart().await;
    assert_eq!(texts(&server).await, ["Cold tea", "Lovely tea"], "the one before was kept with its log");
}

#[tokio::test]
async fn what_is_no_whole_store_is_not_put_in_the_place_of_one() {
    let mut server = Server::builder().start().await;
    server.analyze(&review("Lovely tea")).await;
    let dir = server.dir().to_owned();
    succeeds(&dir, "backup", "copy.db");
    let mut damaged = std::fs::read(dir.join("copy.db")).expect("read");
    let middle = damaged.len() / 2;
    damaged[4096..middle].fill(0x5a);
    std::fs::write(dir.join("damaged.db"), damaged).expect("written");
    std::fs::write(dir.join("notes.txt"), "These are notes. ".repeat(100)).expect("written");
    std::fs::write(dir.join("empty.db"), "").expect("written");
    server.kill();
    for (file, why) in [
        ("damaged.db", "damaged"),
        ("notes.txt", "is no copy of a sayso store"),
        ("empty.db", "is no copy of a sayso store"),
        ("none.db", "there is no copy none.db"),
    ] {
        let said = refused(&dir, "restore", file);
        assert!(said.contains(why), "{file}: {said}");
    }
    server.restart().await;
    assert_eq!(texts(&server).await, ["Lovely tea"]);
}

#[test]
fn where_there_is_no_store_there_is_no_copy() {
    let dir = sayso_tests::folder();
    let said = refused(dir.path(), "backup", "copy.db");
    assert!(said.contains("there is no store sayso-data/sayso.db") && said.contains("--data"), "{said}");
    assert!(!dir.path().join("copy.db").exists());
}
