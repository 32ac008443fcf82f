//! What is the own of these records.

use super::*;
use crate::records::{
    Filter, Records,
    conformance::{With, erase::erase, found, id, review, save, texts},
};
use crate::sqlite::Haste;

#[tokio::test]
async fn the_index_is_brought_up_to_date_when_much_waits() {
    let folder = Folder::new();
    let records = folder.records();
    let many: Vec<_> = (0..1_100).map(|number| review(number, "battery")).collect();
    save(&records, &many.iter().collect::<Vec<_>>()).await;
    // This goes through the writer behind the index.
    save(&records, &[&review(2_000, "battery")]).await;
    let unindexed = |connection: &rusqlite::Connection| {
        connection.query_row("SELECT count(*) FROM unindexed", [], |row| row.get::<_, i64>(0))
    };
    assert!(records.store.write(Haste::Later, unindexed, |_, _| {}).await.expect("reads") <= 1);
}

#[tokio::test]
async fn what_a_crash_left_out_of_the_index_is_found_after_it() {
    let folder = Folder::new();
    let records = folder.records();
    save(&records, &[&review(1, "battery").by("c1").tagged(&["price"])]).await;
    drop(records);
    let records = folder.records();
    assert_eq!(found(&records, "battery").await, ["battery"]);
    let tagged = Filter { tag: Some("price".into()), customer: Some("c1".into()), ..Filter::default() };
    assert_eq!(texts(&records, &tagged).await, ["battery"]);
    assert_eq!(records.history("c1", id(2)).await.expect("reads").earlier, 1);
}

#[tokio::test]
async fn a_store_whose_words_are_in_the_form_of_before_gets_a_new_index() {
    let folder = Folder::new();
    let records = folder.records();
    save(&records, &[&review(1, "Всё отлично").by("c1").tagged(&["price"]), &review(2, "soon revised")]).await;
    assert_eq!(found(&records, "все").await.len(), 1);
    save(&records, &[&review(3, "not in the index yet").by("c1")]).await;
    drop(records);
    // As version 7 left it.
    let connection = rusqlite::Connection::open(folder.path()).expect("opens");
    let before = "ALTER TABLE older DROP COLUMN era;
         ALTER TABLE delivery DROP COLUMN ended_at;
         DROP TABLE words;
         CREATE VIRTUAL TABLE words USING fts5(text, content = '', columnsize = 0, tokenize = 'unicode61');
         INSERT INTO words (rowid, text) SELECT no, 'Всё отлично' FROM feedback LIMIT 2;
         PRAGMA user_version = 7;";
    connection.execute_batch(before).expect("is done");
    drop(connection);
    let records = folder.records();
    assert_eq!(found(&records, "все").await, ["Всё отлично"]);
    assert_eq!(found(&records, "soon").await, ["soon revised"]);
    let tagged = Filter { tag: Some("price".into()), customer: Some("c1".into()), ..Filter::default() };
    assert_eq!(texts(&records, &tagged).await, ["Всё отлично"]);
    assert_eq!(records.history("c1", id(9)).await.expect("reads").earlier, 2);
    save(&records, &[&review(2, "soon revised").revised(2, "was revised")]).await;
    assert!(found(&records, "soon").await.is_empty());
    assert_eq!(erase(&records, "c1").await.len(), 2);
    assert!(found(&records, "отлично").await.is_empty());
    check_index(&records).await;
}

#[tokio::test]
async fn the_index_that_is_kept_and_those_that_are_made_for_a_moment_part_words_alike() {
    let folder = Folder::new();
    let records = folder.records();
    let sql = |connection: &rusqlite::Connection| {
        connection.query_row("SELECT sql FROM sqlite_schema WHERE name = 'words'", [], |row| row.get::<_, String>(0))
    };
    let sql = records.store.write(Haste::Later, sql, |_, _| {}).await.expect("reads");
    assert!(sql.contains(&format!("\"{}\"", super::super::segment::TOKENIZE)), "{sql}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_saved_while_others_search_are_found_by_their_own_words_alone() {
    let folder = Folder::new();
    let records = folder.records();
    let first = review(1, "word0");
    let saving = async {
        for revision in 1..=40 {
            save(&records, &[&first.clone().revised(revision, &format!("word{revision}"))]).await;
        }
    };
    let searching = async {
        for _ in 0..40 {
            assert!(found(&records, "battery").await.is_empty());
        }
    };
    tokio::join!(saving, searching);
    for revision in 1..40 {
        assert!(found(&records, &format!("word{revision}")).await.is_empty(), "{revision}");
    }
    assert_eq!(found(&records, "word40").await, ["word40"]);
    check_index(&records).await;
}

/// SQLite's own check of the index of words.
pub(super) async fn check_index(records: &SqliteRecords) {
    let check = |connection: &rusqlite::Connection| {
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')", [])
    };
    records.store.write(Haste::Later, check, |_, _| {}).await.expect("the index is whole");
}

#[tokio::test]
async fn of_what_was_erased_nothing_is_left_in_the_files() {
    let folder = Folder::new();
    let records = folder.records();
    let secret = "xyzzyplugh";
    for number in 0..50 {
        let mut theirs =
            review(number, &format!("{secret}text{number} {}", "blah ".repeat(2_000))).by("customer-xyzzyplugh");
        theirs.feedback.title = Some(format!("{secret}title"));
        save(&records, &[&theirs, &review(100 + number, "somebody else's").by("c2")]).await;
        save(&records, &[&theirs.clone().revised(2, &format!("{secret}revised"))]).await;
    }
    assert_eq!(found(&records, "xyzzyplughrevised").await.len(), 50);
    save(&records, &[&review(99, "xyzzyplughunindexed").by("customer-xyzzyplugh")]).await;
    let is_there = || folder.bytes().windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(is_there());
    assert_eq!(erase(&records, "customer-xyzzyplugh").await.len(), 51);
    assert!(!is_there());
    assert_eq!(found(&records, "somebody").await.len(), 50);
    check_index(&records).await;
}

#[tokio::test]
async fn feedback_without_a_time_in_its_id_is_kept_too() {
    let folder = Folder::new();
    let records = folder.records();
    let mut last = review(1, "last");
    last.feedback.id.0 = uuid::Uuid::max();
    let mut nil = review(1, "nil");
    nil.feedback.id.0 = uuid::Uuid::nil();
    save(&records, &[&nil, &last]).await;
    assert_eq!(texts(&records, &Filter::default()).await, ["last", "nil"]);
}
