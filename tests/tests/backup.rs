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
    std::fs::write(dir.join("short.db"), &std::fs::read(dir.join("copy.db")).expect("read")[..8_192]).expect("written");
    for (file, why) in [
        ("damaged.db", "damaged"),
        ("short.db", "the copy short.db is damaged"),
        (".", "is no copy of a sayso store"),
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

#[tokio::test]
async fn a_store_may_be_a_link_to_one_elsewhere_and_stays_that() {
    let mut server = Server::builder().start().await;
    server.analyze(&review("Lovely tea")).await;
    assert_eq!(server.terminate().await, Some(0));
    let dir = server.dir().to_owned();
    let (link, other) = (dir.join("sayso-data/sayso.db"), dir.join("disk"));
    std::fs::create_dir(&other).expect("made");
    std::fs::rename(&link, other.join("store.db")).expect("moved");
    std::os::unix::fs::symlink(other.join("store.db"), &link).expect("a link");
    server.restart().await;
    server.analyze(&review("Cold tea")).await;
    succeeds(&dir, "backup", "copy.db");
    server.analyze(&review("No tea")).await;
    server.kill();
    server.restart().await;
    assert_eq!(texts(&server).await, ["No tea", "Cold tea", "Lovely tea"]);
    server.kill();
    std::fs::write(other.join("store.db.sayso-part"), "of a copy that was broken off").expect("written");
    succeeds(&dir, "restore", "copy.db");
    assert!(!other.join("store.db.sayso-part").exists());
    assert!(link.is_symlink() && other.join("store.db").exists());
    server.restart().await;
    assert_eq!(texts(&server).await, ["Cold tea", "Lovely tea"]);
    // To where there is none yet.
    server.kill();
    std::fs::remove_file(&link).expect("removed");
    std::os::unix::fs::symlink("../disk/new.db", &link).expect("a link");
    server.restart().await;
    assert!(texts(&server).await.is_empty() && other.join("new.db.lock").exists());
}

#[tokio::test]
async fn a_lock_that_is_a_link_gives_nothing_away() {
    use std::os::unix::fs::{MetadataExt as _, chown, symlink};
    let dir = sayso_tests::folder();
    let (data, other) = (dir.path().join("sayso-data"), dir.path().join("secret"));
    std::fs::write(&other, "of root").expect("written");
    let owner = other.metadata().expect("is there").uid();
    symlink(&other, data.join("sayso.db.lock")).expect("a link");
    // Only root can give files away.
    if chown(&data, Some(12_345), None).is_ok() {
        std::fs::write(dir.path().join("copy.db"), "no copy").expect("written");
        refused(dir.path(), "restore", "copy.db");
        assert_eq!(other.metadata().expect("is there").uid(), owner);
    }
}

#[tokio::test]
async fn what_root_puts_back_belongs_to_the_user_of_the_folder() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let mut server = Server::builder().start().await;
    server.analyze(&review("Lovely tea")).await;
    let dir = server.dir().to_owned();
    succeeds(&dir, "backup", "copy.db");
    server.kill();
    let data = dir.join("sayso-data");
    // Only root can give files away; for others there is nothing to be mended.
    let user = if chown(&data, Some(12_345), Some(12_345)).is_ok() {
        12_345
    } else {
        data.metadata().expect("is there").uid()
    };
    for name in ["sayso.db", "sayso.db-wal", "sayso.db-shm", "sayso.db.lock"] {
        std::fs::remove_file(data.join(name)).expect("removed");
    }
    succeeds(&dir, "restore", "copy.db");
    for name in ["sayso.db", "sayso.db.lock"] {
        assert_eq!(data.join(name).metadata().expect("is there").uid(), user, "{name}");
    }
}

#[test]
fn where_there_is_no_store_there_is_no_copy() {
    let dir = sayso_tests::folder();
    let said = refused(dir.path(), "backup", "copy.db");
    assert!(said.contains("there is no store sayso-data/sayso.db") && said.contains("--data"), "{said}");
    assert!(!dir.path().join("copy.db").exists());
}
