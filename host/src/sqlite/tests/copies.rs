use std::path::Path;

use rusqlite::Connection;

use super::{super::*, count, folder};

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

#[test]
fn what_is_left_of_a_copy_that_was_broken_off_goes_with_the_next_start_and_the_next_copy() {
    let (_folder, path) = folder();
    drop(Store::open(&path).expect("a new store"));
    let copied = path.with_file_name("copy.db");
    let left = |target: &Path| {
        let parts = [".sayso-part", ".sayso-part-journal"].map(|end| open::beside(target, end));
        parts.iter().for_each(|part| std::fs::write(part, "words of a customer").expect("written"));
        parts
    };
    let of_restore = left(&path);
    drop(Store::open(&path).expect("opens"));
    assert!(of_restore.iter().all(|part| !part.exists()));
    let of_backup = left(&copied);
    copy::backup(&path, &copied).expect("is copied");
    assert!(of_backup.iter().all(|part| !part.exists()) && copied.exists());
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
