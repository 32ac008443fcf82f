//! Rows that are not what was written.

use super::{own::check_index, *};
use crate::{
    records::{
        Filter, Forgetting as _, Records, RecordsError, Subject,
        conformance::{With, erase::erase, found, id, review, save, texts},
    },
    sqlite::Haste,
};

const SECRET: &str = "xyzzyplugh";

/// Puts something in the place of the text of a feedback.
async fn damage(records: &SqliteRecords, text: &str, content: &'static str) {
    let sql = format!(
        "UPDATE content SET feedback = {content} WHERE no IN (SELECT no FROM content WHERE instr(feedback, '{text}'))"
    );
    let run = move |connection: &rusqlite::Connection| connection.execute(&sql, []);
    assert_eq!(records.store.write(Haste::Later, run, |_, _| {}).await.expect("writes"), 1);
}

/// No JSON, JSON of something else, and no text at all.
const CONTENTS: [&str; 3] = ["'{\"id\":'", "'[]'", "CAST(x'ff7b22' AS TEXT)"];

#[tokio::test]
async fn a_list_leaves_a_damaged_row_out_and_the_row_alone_is_a_failure_that_names_it() {
    for content in CONTENTS {
        let folder = Folder::new();
        let records = folder.records();
        save(&records, &[&review(1, "good"), &review(2, "bad"), &review(3, "better")]).await;
        damage(&records, "bad", content).await;
        let page = records.list(&Filter::default(), None, 2).await.expect("lists");
        assert_eq!(page.items.iter().map(|(feedback, _)| &*feedback.text).collect::<Vec<_>>(), ["better", "good"]);
        let error = records.get(id(2)).await.expect_err("cannot be read");
        assert!(matches!(error, RecordsError::Damaged { id: damaged, .. } if damaged == id(2)), "{error}");
        let payloads = records.payloads(&[(id(1), 1), (id(2), 1)]).await.expect("reads");
        assert!(payloads[0].as_ref().is_some_and(|payload| payload.read().is_ok()));
        assert!(payloads[1].as_ref().is_some_and(|payload| payload.read().is_err()));
    }
}

#[tokio::test]
async fn damaged_rows_are_erased_with_their_words() {
    for content in CONTENTS {
        let folder = Folder::new();
        let records = folder.records();
        let theirs = review(1, &format!("{SECRET}one {SECRET}two {SECRET}one")).by("c1").tagged(&[SECRET]);
        save(&records, &[&theirs, &review(2, "whole").by("c1"), &review(3, "another's").by("c2")]).await;
        assert_eq!(found(&records, "xyzzyplughtwo").await.len(), 1, "it is in the index");
        damage(&records, SECRET, content).await;
        assert_eq!(erase(&records, "c1").await.len(), 2);
        assert_eq!(texts(&records, &Filter::default()).await, ["another's"]);
        check_index(&records).await;
        assert!(!folder.bytes().windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "{content}");
    }
}

#[tokio::test]
async fn a_damaged_row_that_a_crash_left_out_of_the_index_stops_no_start() {
    let folder = Folder::new();
    let records = folder.records();
    save(&records, &[&review(1, "battery").by("c1"), &review(2, "damaged battery").by("c1")]).await;
    damage(&records, "damaged", CONTENTS[0]).await;
    drop(records);
    let records = folder.records();
    assert_eq!(found(&records, "battery").await, ["battery"]);
    let erasure = records.begin_erasure(&Subject::Customer("c1".into())).await.expect("begins");
    assert_eq!(records.pieces_of(&erasure, 9).await.expect("reads").len(), 2);
    assert_eq!(erase(&records, "c1").await.len(), 2);
    check_index(&records).await;
}
