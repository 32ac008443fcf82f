//! The index: words, facets and customers.
//!
//! Putting one row into the index costs several times its share of a thousand rows at once, and the workers wait for
//! it. So `save` only marks its rows as not indexed and keeps in memory what they are found by. They are put into the
//! index when there are many of them, before anybody looks something up in it, and after a crash when the records are
//! opened.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use rusqlite::{Connection, params};

use super::{super::RecordsError, SqliteRecords, events, findable::Findable, rows};
use crate::sqlite::{Haste, Store, StoreError};

/// Rows that may wait for the index.
const MAX_ROWS: usize = 1_024;
/// Size of their words together.
const MAX_BYTES: usize = 2 << 20;

/// Rows that are indexed in one transaction at the start.
const PAGE: i64 = 4_096;
/// From so many rows on it is said that the index is made.
const LARGE: i64 = 100_000;

/// A row that is to be indexed.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) no: i64,
    /// As in the table `unindexed`.
    pub(super) mark: i64,
    pub(super) findable: Arc<Findable>,
}

/// What is not in the index yet.
#[derive(Default)]
pub(super) struct Unindexed {
    entries: Mutex<Entries>,
    last_mark: AtomicI64,
    /// Whether the writer has been asked to index.
    is_asked: AtomicBool,
}

#[derive(Default)]
struct Entries {
    by_row: BTreeMap<i64, Entry>,
    bytes: usize,
}

impl Entries {
    fn insert(&mut self, entry: Entry) {
        self.remove(entry.no);
        self.bytes += entry.findable.words.len();
        self.by_row.insert(entry.no, entry);
    }

    fn remove(&mut self, no: i64) {
        if let Some(removed) = self.by_row.remove(&no) {
            self.bytes -= removed.findable.words.len();
        }
    }
}

impl Unindexed {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A mark that no other row has.
    pub(super) fn next_mark(&self) -> i64 {
        self.last_mark.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn add(&self, saved: &[Entry]) {
        let mut entries = self.entries();
        saved.iter().for_each(|entry| entries.insert(entry.clone()));
    }

    /// Drops what was indexed, by row and mark: the row may have been saved anew meanwhile.
    fn done(&self, indexed: &[(i64, i64)]) {
        let mut entries = self.entries();
        for (no, mark) in indexed {
            if entries.by_row.get(no).is_some_and(|entry| entry.mark == *mark) {
                entries.remove(*no);
            }
        }
    }

    /// Drops rows that were erased, up to a mark: a later one is of another row with the same number.
    pub(super) fn erase(&self, rows: &[i64], up_to: i64) {
        let mut entries = self.entries();
        for no in rows {
            if entries.by_row.get(no).is_some_and(|entry| entry.mark <= up_to) {
                entries.remove(*no);
            }
        }
    }

    /// The last mark that was given out.
    pub(super) fn last_mark(&self) -> i64 {
        self.last_mark.load(Ordering::Relaxed)
    }

    fn all(&self) -> Vec<Entry> {
        self.entries().by_row.values().cloned().collect()
    }

    /// What waits of one customer.
    pub(super) fn of_customer(&self, customer: &str) -> Vec<Entry> {
        let entries = self.entries();
        let is_theirs = |entry: &&Entry| entry.findable.customer.as_deref() == Some(customer);
        entries.by_row.values().filter(is_theirs).cloned().collect()
    }
}

impl SqliteRecords {
    /// Has the writer put what is not in the index there, if it is much.
    pub(super) fn index_if_many(&self) {
        let is_much = {
            let entries = self.unindexed.entries();
            entries.by_row.len() >= MAX_ROWS || entries.bytes >= MAX_BYTES
        };
        if is_much && !self.unindexed.is_asked.swap(true, Ordering::AcqRel) {
            let (writing, written) = (self.unindexed.clone(), self.unindexed.clone());
            self.store.submit(
                Haste::Later,
                move |connection| index(connection, &writing),
                move |outcome, _| {
                    // What could not be indexed stays, and the next `save` tries again.
                    if let Ok(indexed) = outcome {
                        written.done(indexed);
                    }
                    written.is_asked.store(false, Ordering::Release);
                },
            );
        }
    }

    /// Puts everything that is on record into the index.
    pub(super) async fn index_all(&self) -> Result<(), RecordsError> {
        if self.unindexed.entries().by_row.is_empty() {
            return Ok(());
        }
        let (writing, written) = (self.unindexed.clone(), self.unindexed.clone());
        let run = move |connection: &Connection| index(connection, &writing);
        self.store.write(Haste::Soon, run, move |indexed, _| written.done(indexed)).await?;
        Ok(())
    }
}

/// Puts down that a row is not in the index.
pub(super) fn mark(connection: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached("INSERT INTO unindexed (no, mark) VALUES (?1, ?2)")?;
    insert.execute([entry.no, entry.mark]).map(drop)
}

/// Takes a row out of the index, if it is there.
pub(super) fn remove(connection: &Connection, no: i64, findable: &Findable) -> rusqlite::Result<()> {
    if connection.prepare_cached("DELETE FROM unindexed WHERE no = ?1")?.execute([no])? == 1 {
        return Ok(());
    }
    let mut facet = connection.prepare_cached("DELETE FROM facet WHERE facet = ?1 AND value = ?2 AND no = ?3")?;
    for (kind, value) in &findable.facets {
        facet.execute(params![kind, value, no])?;
    }
    if let Some(customer) = &findable.customer {
        connection
            .prepare_cached("DELETE FROM customer WHERE customer = ?1 AND no = ?2")?
            .execute(params![customer, no])?;
    }
    connection
        .prepare_cached("INSERT INTO words (words, rowid, text) VALUES ('delete', ?1, ?2)")?
        .execute(params![no, findable.words])
        .map(drop)
}

/// Indexes what is marked but in nobody's memory: after a crash, and after the index was dropped because words are put
/// down in another form. Blocks meanwhile.
pub(super) fn index_rest(store: &Store) -> Result<(), StoreError> {
    let count = |c: &Connection| c.query_row("SELECT count(*) FROM unindexed", [], |row| row.get::<_, i64>(0));
    let rows = store.write_blocking(count)?;
    if rows > LARGE {
        tracing::info!(rows, "the index of the records is made anew; this takes some time, once");
    }
    let mut last = Some(i64::MIN);
    while let Some(behind) = last {
        last = store.write_blocking(move |connection| index_page(connection, behind))?;
    }
    if rows > LARGE {
        tracing::info!(rows, "the index of the records is made");
    }
    // Of rows that are gone.
    store.write_blocking(|connection| connection.execute("DELETE FROM unindexed", []).map(drop))
}

/// Indexes the next rows behind one; the last of them, if there were any.
fn index_page(connection: &Connection, behind: i64) -> rusqlite::Result<Option<i64>> {
    let mut select = connection.prepare_cached(
        "SELECT c.feedback, c.analysis, u.no, f.id, f.customer FROM unindexed u \
             CROSS JOIN content c ON c.no = u.no CROSS JOIN feedback f ON f.no = u.no \
             WHERE u.no > ?1 ORDER BY u.no LIMIT ?2",
    )?;
    let mut found = select.query([behind, PAGE])?;
    let mut last = None;
    while let Some(row) = found.next()? {
        let no = row.get(2)?;
        last = Some(no);
        match rows::pair(row) {
            Ok((feedback, analysis)) => insert(connection, no, &Findable::of(&feedback, &analysis))?,
            Err(error) if rows::is_unreadable(&error) => {
                events::left_out(rows::id(row, 3)?, &error);
                insert_customer(connection, no, row.get_ref(4)?.as_str_or_null()?)?;
            }
            Err(error) => return Err(error),
        }
    }
    let mut unmark = connection.prepare_cached("DELETE FROM unindexed WHERE no > ?1 AND no <= ?2")?;
    last.map(|last| unmark.execute([behind, last])).transpose()?;
    Ok(last)
}

/// Puts what waits into the index; returns rows and marks.
fn index(connection: &Connection, unindexed: &Unindexed) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut unmark = connection.prepare_cached("DELETE FROM unindexed WHERE no = ?1 AND mark = ?2")?;
    let mut indexed = Vec::new();
    for Entry { no, mark, findable } in unindexed.all() {
        // Without the mark, an operation of the same group has removed the row or put another one in its place.
        if unmark.execute([no, mark])? == 1 {
            insert(connection, no, &findable)?;
        }
        indexed.push((no, mark));
    }
    Ok(indexed)
}

fn insert(connection: &Connection, no: i64, findable: &Findable) -> rusqlite::Result<()> {
    let mut facet = connection
        .prepare_cached("INSERT INTO facet (facet, value, no, score) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?;
    for (kind, value) in &findable.facets {
        facet.execute(params![kind, value, no, findable.score])?;
    }
    insert_customer(connection, no, findable.customer.as_deref())?;
    connection
        .prepare_cached("INSERT INTO words (rowid, text) VALUES (?1, ?2)")?
        .execute(params![no, findable.words])
        .map(drop)
}

fn insert_customer(connection: &Connection, no: i64, customer: Option<&str>) -> rusqlite::Result<()> {
    let Some(customer) = customer else { return Ok(()) };
    connection
        .prepare_cached("INSERT INTO customer (customer, no) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![customer, no])
        .map(drop)
}
