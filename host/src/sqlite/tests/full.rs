use std::{path::PathBuf, process::Command};

use rusqlite::Connection;

use super::{super::*, add_lane, count, folder};

#[tokio::test]
async fn a_full_store_refuses_what_does_not_fit_and_goes_on() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    limit_pages(&store, 40).await;
    let fill = async |name: &str| add_lane(&store, &name.repeat(400_000)).await;
    let error = fill("a").await.expect_err("does not fit");
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert_eq!(store.failure(), None);
    add_lane(&store, "small").await.expect("fits");
    limit_pages(&store, 4_000).await;
    fill("b").await.expect("fits now");
    assert_eq!(store.read(Pool::Hot, count).await.expect("reads"), 2);
}

/// Stands for a disk with so much space.
async fn limit_pages(store: &Store, pages: i64) {
    let set = move |connection: &Connection| {
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
    };
    store.write(Haste::Later, set, |(), _| {}).await.expect("is set");
}

/// The real thing: a limit of the system on the size of files makes writing fail in the middle, for a process of its
/// own, since limits are a process's.
#[test]
#[cfg(target_os = "linux")]
fn a_store_goes_on_once_the_disk_takes_writes_again_that_it_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let test = std::env::current_exe().expect("this test's program");
    // 512 KiB, in the blocks of 512 bytes that POSIX names. The signal would end the process before SQLite sees the error.
    let script = "trap '' XFSZ; ulimit -S -f 1024; exec \"$0\" --exact --ignored --nocapture sqlite::tests::full::writes_until_the_disk_refuses_it_and_on";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(test)
        .env("SAYSO_TEST_STORE", folder.path().join("sayso.db"))
        .output()
        .expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    // What was answered is there, and nothing else.
    let store = Store::open(&folder.path().join("sayso.db")).expect("opens again");
    let answered = text.split("answered ").nth(1).and_then(|rest| rest.split('.').next()).expect("a number");
    assert_eq!(store.write_blocking(count).expect("reads").to_string(), answered);
}

#[tokio::test]
#[ignore = "limits its process; the test above runs it in one of its own"]
async fn writes_until_the_disk_refuses_it_and_on() {
    let path = PathBuf::from(std::env::var_os("SAYSO_TEST_STORE").expect("the test above says where"));
    let store = Store::open(&path).expect("opens");
    let mut answered = 0;
    let error = loop {
        match add_lane(&store, &format!("{answered}-{}", "x".repeat(20_000))).await {
            Ok(_) => answered += 1,
            Err(error) => break error,
        }
        assert!(answered < 1_000, "the limit was not reached");
    };
    assert!(answered > 0);
    assert!(matches!(&error, StoreError::Full(why) if why.contains("quota")), "{error}");
    assert_eq!(store.failure(), None);
    assert_eq!(store.read(Pool::Hot, count).await.expect("still reads"), answered);
    let own = std::process::id().to_string();
    let raised = Command::new("prlimit").args(["--pid", &own, "--fsize=unlimited:"]).status().expect("prlimit runs");
    assert!(raised.success());
    for number in 0..50 {
        add_lane(&store, &format!("then-{number}-{}", "x".repeat(20_000))).await.expect("is written");
    }
    println!("answered {}.", answered + 50);
}

#[test]
fn a_damaged_store_and_a_full_disk_are_told_with_what_to_do() {
    let (_folder, path) = folder();
    let code = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
    let damaged = OpenError::sqlite(&path, code(rusqlite::ffi::SQLITE_CORRUPT));
    assert!(damaged.to_string().contains("`sayso restore`"), "{damaged}");
    let full = OpenError::sqlite(&path, code(rusqlite::ffi::SQLITE_FULL));
    assert!(full.to_string().contains("free some space"), "{full}");
}
