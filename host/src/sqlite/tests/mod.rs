mod copies;
mod full;

use std::{
    path::PathBuf,
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
    connection.execute_batch(include_str!("../migrations/0001.sql")).expect("makes the tables of version 1");
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
        include_str!("../migrations/0001.sql"),
        include_str!("../migrations/0002.sql"),
        include_str!("../migrations/0003.sql"),
        include_str!("../migrations/0004.sql"),
        include_str!("../migrations/0005.sql"),
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
async fn what_was_deleted_is_not_in_the_files_any_more_when_nothing_is_written_for_a_while() {
    let (_folder, path) = folder();
    let store = Store::open(&path).expect("opens");
    add_lane(&store, "delivery/what-nobody-may-keep").await.expect("works");
    let delete = |connection: &Connection| connection.execute("DELETE FROM lane", []);
    store.write(Haste::Soon, delete, |_, _| {}).await.expect("works");
    let is_kept = || {
        ["sayso.db", "sayso.db-wal"].iter().any(|name| {
            let bytes = std::fs::read(path.with_file_name(name)).expect("is there");
            memchr::memmem::find(&bytes, b"what-nobody-may-keep").is_some()
        })
    };
    assert!(is_kept(), "in the log");
    let gone = async {
        while is_kept() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the log is dropped");
    add_lane(&store, "another").await.expect("works on");
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
