use std::{
    path::PathBuf,
    process::Command,
    sync::{
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc::channel,
    },
};

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

/// A folder with a store in it.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data").join("sayso.db");
    (folder, path)
}

fn count(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM lane", [], |row| row.get(0))
}

async fn add_lane(store: &Store, name: &str) -> Result<usize, StoreError> {
    let name = name.to_owned();
    store
        .write(
            Haste::Later,
            move |connection| connection.execute("INSERT INTO lane (name) VALUES (?1)", [&name]),
            |_, _| {},
        )
        .await
}

#[test]
fn a_store_is_made_with_its_folder_and_private() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    assert_eq!(store.path(), path);
    #[cfg(unix)]
    for name in ["sayso.db", "sayso.db-wal", "sayso.db.lock"] {
        use std::os::unix::fs::PermissionsExt;
        let file = path.with_file_name(name);
        let mode = file.metadata().expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_store_that_is_open_is_refused_to_others() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    let error = Store::open(&path).expect_err("is in use");
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("in use by another sayso"), "{error}");
    drop(store);
    Store::open(&path).expect("opens once the other has gone");
}

#[test]
fn a_store_of_an_older_version_is_brought_to_the_newest_with_what_it_holds() {
    let (_folder, path) = folder();
    std::fs::create_dir(path.parent().expect("a folder")).expect("is made");
    let connection = Connection::open(&path).expect("opens");
    connection.execute_batch(include_str!("migrations/0001.sql")).expect("makes the tables of version 1");
    connection.execute("INSERT INTO lane (name) VALUES ('delivery/crm')", []).expect("inserts");
    connection.pragma_update(None, "application_id", 0x5359_534f).expect("is set");
    connection.pragma_update(None, "user_version", 1).expect("is set");
    drop(connection);
    drop(Store::open(&path).expect("opens"));
    let connection = open_to_read(&path).expect("is of the newest version");
    assert_eq!(count(&connection), Ok(1));
    let health = connection.query_row("SELECT count(*) FROM webhook_health", [], |row| row.get::<_, i64>(0));
    assert_eq!(health, Ok(0));
}

#[test]
fn customers_without_an_identifier_are_known_by_their_e_mail_address_in_a_store_of_before() {
    let (_folder, path) = folder();
    std::fs::create_dir(path.parent().expect("a folder")).expect("is made");
    let connection = Connection::open(&path).expect("opens");
    for tables in [
        include_str!("migrations/0001.sql"),
        include_str!("migrations/0002.sql"),
        include_str!("migrations/0003.sql"),
        include_str!("migrations/0004.sql"),
        include_str!("migrations/0005.sql"),
    ] {
        connection.execute_batch(tables).expect("makes the tables of version 5");
    }
    let customers = [
        ("NULL", r#"{"text":"a","customer":{"email":"ann@example.org"}}"#),
        ("'c1'", r#"{"text":"b","customer":{"id":"c1","email":"ann@example.org"}}"#),
        ("NULL", r#"{"text":"c","customer":{"segment":"gold"},"metadata":{"customer":{"email":"bob@example.org"}}}"#),
        ("NULL", r#"{"text":"d","customer":{"email":""}}"#),
        ("NULL", r#"{"text":"e","customer":{"email":"eve@example.org"}}"#),
    ];
    for (no, (customer, json)) in (1..).zip(customers) {
        let rows = format!(
            "INSERT INTO feedback (no, id, revision, received_at, kind, customer) VALUES ({no}, x'0{no}', 1, 0, 'review', {customer});
             INSERT INTO customer SELECT customer, no FROM feedback WHERE no = {no} AND customer IS NOT NULL;
             INSERT INTO content VALUES ({no}, '{json}', '{{}}');
             INSERT INTO older VALUES (x'0{no}', 0, {customer}, '{json}', '{{}}');"
        );
        connection.execute_batch(&rows).expect("inserts");
    }
    connection.execute("INSERT INTO unindexed VALUES (5, 1)", []).expect("inserts");
    connection.pragma_update(None, "application_id", 0x5359_534f).expect("is set");
    connection.pragma_update(None, "user_version", 5).expect("is set");
    drop(connection);
    drop(Store::open(&path).expect("opens"));
    let connection = open_to_read(&path).expect("is of the newest version");
    let names = |sql: &str| -> Vec<String> {
        let mut select = connection.prepare(sql).expect("is SQL");
        select.query_map([], |row| row.get(0)).expect("reads").map(|name| name.expect("is text")).collect()
    };
    for table in ["feedback", "older"] {
        let known = names(&format!("SELECT coalesce(customer, '') FROM {table} ORDER BY id"));
        assert_eq!(known, ["ann@example.org", "c1", "", "", "eve@example.org"], "{table}");
    }
    let indexed = names("SELECT no || ' ' || customer FROM customer ORDER BY no");
    assert_eq!(indexed, ["1 ann@example.org", "2 c1"], "the fifth is not in the index yet");
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let (_folder, path) = folder();
    drop(Store::open(&path).expect("opens"));
    let connection = Connection::open(&path).expect("opens");
    connection.pragma_update(None, "user_version", 99).expect("is set");
    drop(connection);
    let error = Store::open(&path).expect_err("is too new");
    assert!(matches!(error, OpenError::TooNew { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("run a newer sayso"), "{error}");
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "These are notes, and not a database, for more than a hundred bytes. ".repeat(2))
        .expect("is written");
    let other = folder.path().join("other.db");
    Connection::open(&other).and_then(|c| c.execute_batch("CREATE TABLE t (x)")).expect("is made");
    for path in [text, other] {
        let before = std::fs::read(&path).expect("is there");
        let error = Store::open(&path).expect_err("is no store");
        assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
        assert!(before == std::fs::read(&path).expect("is still there"), "{} was changed", path.display());
    }
}

#[tokio::test]
async fn what_was_written_is_there_when_the_store_is_opened_again() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    add_lane(&store, "intake").await.expect("writes");
    assert_eq!(store.read(Pool::Hot, count).await.expect("reads"), 1);
    drop(store);
    let store = Store::open(&path).expect("opens again");
    assert_eq!(store.read(Pool::Query, count).await.expect("reads"), 1);
}

/// A read that has no end.
fn endless(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        [],
        |row| row.get(0),
    )
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_any_more_leaves_its_connection_to_others() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    for _ in 0..3 * QUERY_READERS {
        let (started, has_started) = oneshot::channel();
        let read = store.read(Pool::Query, move |connection| {
            started.send(()).expect("somebody waits");
            endless(connection)
        });
        tokio::select! {
            outcome = read => panic!("it ended: {outcome:?}"),
            started = has_started => started.expect("is sent"),
        }
    }
    for _ in 0..QUERY_READERS {
        assert_eq!(store.read(Pool::Query, count).await.expect("reads"), 0, "nobody else is interrupted");
    }
}

#[tokio::test]
async fn what_was_submitted_is_written_before_the_store_closes() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    for number in 0..100 {
        store.submit(
            Haste::Later,
            move |connection| connection.execute("INSERT INTO lane (name) VALUES (?1)", [number.to_string()]),
            |outcome, _| assert_eq!(outcome, Ok(&1)),
        );
    }
    drop(store);
    let store = Store::open(&path).expect("opens again");
    assert_eq!(store.read(Pool::Hot, count).await.expect("reads"), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_fails_does_not_fail_the_others_of_its_group() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    // While the first one runs, the others gather to a group.
    let (go, wait) = channel::<()>();
    store.submit(Haste::Later, move |_| Ok(wait.recv().is_ok()), |_, _| {});
    let writes = ["a", "b", "a", "c"].map(|name| {
        let store = store.clone();
        tokio::spawn(async move { add_lane(&store, name).await })
    });
    tokio::task::yield_now().await;
    go.send(()).expect("the first one waits");
    // It may be in the group too, and then runs again: it must not wait a second time.
    drop(go);
    let mut outcomes = Vec::new();
    for write in writes {
        outcomes.push(write.await.expect("ends"));
    }
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3, "{outcomes:?}");
    let error = outcomes.iter().find_map(|outcome| outcome.clone().err()).expect("one of the same name fails");
    assert!(error.to_string().contains("UNIQUE"), "{error}");
    assert_eq!(store.failure(), None, "and the store goes on");
    assert_eq!(store.read(Pool::Hot, count).await.expect("reads"), 3);
}

#[tokio::test]
async fn an_operation_that_fails_halfway_leaves_nothing() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    let outcome = store
        .write(
            Haste::Later,
            |connection| {
                connection.execute("INSERT INTO lane (name) VALUES ('half')", [])?;
                connection.execute("INSERT INTO lane (name) VALUES ('half')", [])
            },
            |_, _| panic!("nothing follows from an operation that failed"),
        )
        .await;
    assert!(outcome.is_err());
    assert_eq!(store.read(Pool::Hot, count).await.expect("reads"), 0);
}

#[test]
fn nobody_outside_waits_for_the_work_of_stages_once_it_is_written() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    let ((tell_running, running), (go_on, held)) = (channel(), channel::<()>());
    let (settled, (tell, told)) = (Arc::new(AtomicBool::new(false)), channel());
    let run = move |_: &Connection| {
        tell_running.send(()).expect("is waited for");
        held.recv().expect("goes on");
        Ok(())
    };
    let is_settled = settled.clone();
    store.submit(Haste::Soon, run, move |_, _| is_settled.store(true, SeqCst));
    running.recv().expect("begins");
    // While it is being written, a stage comes, whose turn it is.
    let look = move |_: &Connection| Ok(settled.load(SeqCst));
    store.submit(Haste::Later, look, move |seen, _| tell.send(seen == Ok(&true)).expect("is waited for"));
    go_on.send(()).expect("is waited for");
    assert!(told.recv().expect("is told"), "the stage came first");
}

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

#[tokio::test]
async fn the_log_is_folded_before_it_grows_without_bound() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    for number in 0..1_000 {
        add_lane(&store, &format!("{number}-{}", "x".repeat(40_000))).await.expect("writes");
    }
    let log = path.with_file_name("sayso.db-wal");
    let pages = log.metadata().expect("is there").len() / 4096;
    assert!(pages < 2 * writer::MAX_WAL_PAGES.unsigned_abs(), "{pages} pages for 11,000 that were written");
    assert!(store.fold_wal().await.expect("folds"));
    assert_eq!(log.metadata().expect("is there").len(), 0);
}

/// The real thing: a limit of the system on the size of files makes writing fail in the middle, for a process of its
/// own, since limits are a process's.
#[test]
#[cfg(unix)]
fn a_store_whose_disk_fails_takes_no_more_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let test = std::env::current_exe().expect("this test's program");
    // 512 KiB, in the blocks of 512 bytes that POSIX names. The signal would end the process before SQLite sees the error.
    let script = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" --exact --ignored --nocapture sqlite::tests::writes_until_the_disk_fails";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(test)
        .env("SAYSO_TEST_STORE", folder.path().join("sayso.db"))
        .output()
        .expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    // What was answered before is there.
    let store = Store::open(&folder.path().join("sayso.db")).expect("opens again");
    let answered: i64 = text
        .split("answered ")
        .nth(1)
        .and_then(|rest| rest.split('.').next())
        .expect("a number")
        .parse()
        .expect("a number");
    assert!(answered > 0);
    assert!(store.write_blocking(count).expect("reads") >= answered);
}

#[tokio::test]
#[ignore = "fails its disk; the test above runs it in a process of its own"]
async fn writes_until_the_disk_fails() {
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
    assert!(matches!(error, StoreError::Failed(_)), "{error}");
    assert!(store.failure().is_some_and(|failure| failure.contains("I/O")), "{:?}", store.failure());
    let refused = add_lane(&store, "small").await.expect_err("takes no more writes, not even one that would fit");
    assert!(matches!(refused, StoreError::Failed(_)), "{refused}");
    assert_eq!(store.read(Pool::Hot, count).await.expect("still reads"), answered);
    println!("answered {answered}.");
}

#[test]
fn a_copy_beside_the_log_of_another_state_is_refused_and_neither_is_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sayso.db");
    drop(Store::open(&path).expect("a new store"));
    let copy = folder.path().join("copy.db");
    let connection = rusqlite::Connection::open(&path).expect("it is there");
    connection.execute("VACUUM INTO ?1", [copy.to_str().expect("is text")]).expect("copied");
    drop(connection);
    std::fs::copy(&copy, &path).expect("put back");
    let log = folder.path().join("sayso.db-wal");
    std::fs::write(&log, "the log of another state").expect("written");
    let (before, refused) = (std::fs::read(&path).expect("read"), Store::open(&path));
    assert!(refused.is_err_and(|error| error.to_string().contains("delete the log")));
    assert!(std::fs::read(&path).expect("read") == before && log.exists());
    std::fs::remove_file(&log).expect("removed");
    Store::open(&path).expect("the copy is whole");
}

#[test]
fn wherever_putting_a_copy_back_is_broken_off_both_states_are_whole() {
    let lanes = |path: &Path| Connection::open(path).and_then(|connection| count(&connection)).expect("reads");
    let (_folder, path) = folder();
    drop(Store::open(&path).expect("a new store"));
    let (copied, log) = (path.with_file_name("copy.db"), path.with_file_name("sayso.db-wal"));
    copy::backup(&path, &copied).expect("is copied");
    for is_in_log in [true, false] {
        // A store of one lane more than its copy, which may be in its log alone.
        let connection = Connection::open(&path).expect("opens");
        connection
            .execute_batch("PRAGMA wal_autocheckpoint = 0; INSERT INTO lane (name) VALUES ('new')")
            .expect("written");
        let (database, logged) = (std::fs::read(&path).expect("read"), std::fs::read(&log).expect("read"));
        if is_in_log {
            drop(connection);
            std::fs::write(&path, database).expect("written");
            std::fs::write(&log, logged).expect("written");
        } else {
            drop(connection);
            assert!(!log.exists(), "it is folded");
        }
        let kept = copy::restore(&copied, &path).expect("is put back").expect("there was one");
        assert!(!log.exists());
        assert_eq!((lanes(&path), lanes(&kept)), (0, 1), "in the log: {is_in_log}");
        // Broken off before the log was removed, and done once more.
        std::fs::write(&log, "of the one before").expect("written");
        let error = Store::open(&path).expect_err("is refused");
        assert!(error.to_string().contains("is a copy"), "{error}");
        copy::restore(&copied, &path).expect("goes to its end");
        drop(Store::open(&path).expect("is the copy"));
        assert_eq!((lanes(&path), lanes(&kept)), (0, 1), "the one before stays whole");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_copy_with_a_name_that_sqlite_cannot_write_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let (_folder, path) = folder();
    drop(Store::open(&path).expect("a new store"));
    let file = path.with_file_name(std::ffi::OsStr::from_bytes(b"copy-\xff.db"));
    let error = copy::backup(&path, &file).expect_err("is refused");
    assert!(error.to_string().contains("UTF-8"), "{error}");
    assert!(!file.exists());
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
