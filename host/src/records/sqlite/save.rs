use std::{collections::VecDeque, sync::Arc};

use futures_util::future::try_join_all;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Analyzed, Piece, RecordsError},
    SqliteRecords, damaged,
    findable::Findable,
    index::{self, Entry},
    rows,
};
use crate::sqlite::{Haste, Wakes};
use crate::{
    feedback::{DeliveryId, FeedbackId},
    sqlite::time::nanos,
};

/// Rows in one operation of the writer: few, so that an operation that is wanted soon does not wait long behind it.
const SLICE: usize = 8;

/// What is written of one [`Analyzed`], made ready before the writer's thread sees it.
struct Prepared {
    id: FeedbackId,
    revision: u32,
    kind: &'static str,
    language: Option<String>,
    label: Option<String>,
    webhooks: Vec<Arc<str>>,
    feedback: String,
    analysis: String,
    findable: Arc<Findable>,
    era: i64,
}

impl SqliteRecords {
    pub(super) async fn save_all(&self, analyzed: Vec<Analyzed>) -> Result<Vec<Piece>, RecordsError> {
        let mut prepared = analyzed.into_iter().map(prepare).collect::<Result<VecDeque<_>, _>>()?;
        let mut slices = Vec::with_capacity(prepared.len().div_ceil(SLICE));
        while !prepared.is_empty() {
            let slice = prepared.drain(..SLICE.min(prepared.len())).collect();
            slices.push(self.save_slice(slice));
        }
        let erased = try_join_all(slices).await?;
        self.index_if_many();
        Ok(erased.concat())
    }

    async fn save_slice(&self, prepared: Vec<Prepared>) -> Result<Vec<Piece>, RecordsError> {
        let on_record: Vec<_> = prepared.iter().map(|item| (item.id, item.revision)).collect();
        let now = nanos(Timestamp::now());
        let (unindexed, waiters) = (self.unindexed.clone(), self.waiters.clone());
        let (marks, erasures) = (unindexed.clone(), self.erasures.clone());
        let run = move |connection: &Connection| {
            let (mut saved, mut erased) = (Vec::with_capacity(prepared.len()), Vec::new());
            // One after the other, so that a list by time has them in this order.
            for (item, due) in prepared.iter().zip(now..) {
                if erasures.cover(item.id, item.findable.customer.as_deref(), item.era) {
                    erased.push(Piece { id: item.id, revision: Some(item.revision) });
                    continue;
                }
                if let Some(no) = save(connection, item)? {
                    let entry = Entry { no, mark: marks.next_mark(), findable: item.findable.clone() };
                    index::mark(connection, &entry)?;
                    saved.push(entry);
                }
                owe(connection, item, due)?;
            }
            // Before the commit: whoever sees the rows finds them. What is not committed after all has no mark.
            unindexed.add(&saved);
            Ok(erased)
        };
        // Whoever waits for what was erased finds that out now.
        let done = move |_: &Vec<Piece>, _: &mut Wakes| waiters.wake(&on_record);
        Ok(self.store.write(Haste::Later, run, done).await?)
    }
}

fn prepare(Analyzed { feedback, analysis, webhooks, era }: Analyzed) -> Result<Prepared, RecordsError> {
    let unfit = |error: serde_json::Error| RecordsError::Failed(format!("feedback cannot be put as JSON: {error}"));
    Ok(Prepared {
        id: feedback.id,
        revision: feedback.revision,
        kind: feedback.kind.as_str(),
        webhooks,
        era,
        feedback: serde_json::to_string(&feedback).map_err(unfit)?,
        analysis: serde_json::to_string(&analysis).map_err(unfit)?,
        findable: Findable::of(&feedback, &analysis).into(),
        language: analysis.language.map(|language| language.code),
        label: analysis.sentiment.map(|sentiment| sentiment.label),
    })
}

/// Writes the feedback unless this revision or a newer one is there. Returns its row if it was written.
fn save(connection: &Connection, item: &Prepared) -> rusqlite::Result<Option<i64>> {
    let known: Option<(i64, u32)> = connection
        .prepare_cached("SELECT no, revision FROM feedback WHERE id = ?1")?
        .query_row([item.id.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let no = match known {
        None => free_number(connection, item.id)?,
        Some((_, revision)) if revision == item.revision => return Ok(None),
        Some((_, revision)) if revision > item.revision => {
            keep_as_older(connection, item)?;
            return Ok(None);
        }
        Some((no, _)) => {
            retire(connection, no)?;
            no
        }
    };
    insert(connection, no, item)?;
    Ok(Some(no))
}

/// The first free `no` of the id's millisecond, or of a later one if there is none.
fn free_number(connection: &Connection, id: FeedbackId) -> rusqlite::Result<i64> {
    let (mut first, mut last) = rows::numbers(id);
    let mut newest = connection.prepare_cached("SELECT max(no) FROM feedback WHERE no BETWEEN ?1 AND ?2")?;
    loop {
        match newest.query_row([first, last], |row| row.get::<_, Option<i64>>(0))? {
            None => return Ok(first),
            Some(newest) if newest < last => return Ok(newest + 1),
            Some(_) => (first, last) = (last + 1, last + (last - first) + 1),
        }
    }
}

fn insert(connection: &Connection, no: i64, item: &Prepared) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO feedback (no, id, revision, received_at, kind, customer, language, label, score, era) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            no,
            item.id.0.as_bytes(),
            item.revision,
            item.findable.received_at,
            item.kind,
            item.findable.customer,
            item.language,
            item.label,
            item.findable.score,
            item.era,
        ])?;
    connection.prepare_cached("INSERT INTO content (no, feedback, analysis) VALUES (?1, ?2, ?3)")?.execute(params![
        no,
        item.feedback,
        item.analysis
    ])?;
    Ok(())
}

/// Keeps a revision that came after a newer one, since deliveries of it may be due.
fn keep_as_older(connection: &Connection, item: &Prepared) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO older (id, revision, customer, feedback, analysis, era) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            item.id.0.as_bytes(),
            item.revision,
            item.findable.customer,
            item.feedback,
            item.analysis,
            item.era
        ])?;
    Ok(())
}

/// Makes the newest revision an older one.
fn retire(connection: &Connection, no: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO older (id, revision, customer, feedback, analysis, era) \
             SELECT f.id, f.revision, f.customer, c.feedback, c.analysis, f.era \
             FROM feedback f CROSS JOIN content c ON c.no = f.no WHERE f.no = ?1",
        )?
        .execute([no])?;
    remove(connection, no)
}

/// Takes the newest revision out of every table but `older`.
pub(super) fn remove(connection: &Connection, no: i64) -> rusqlite::Result<()> {
    let content =
        connection.prepare_cached("SELECT feedback, analysis FROM content WHERE no = ?1")?.query_row([no], rows::pair);
    match content {
        Ok((feedback, analysis)) => index::remove(connection, no, &Findable::of(&feedback, &analysis))?,
        Err(error) if rows::is_unreadable(&error) => damaged::remove(connection, no)?,
        Err(error) => return Err(error),
    }
    connection.prepare_cached("DELETE FROM content WHERE no = ?1")?.execute([no])?;
    connection.prepare_cached("DELETE FROM feedback WHERE no = ?1")?.execute([no])?;
    Ok(())
}

/// Puts down what the webhooks are owed.
fn owe(connection: &Connection, item: &Prepared, now: i64) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO delivery (id, feedback, revision, webhook, status, created_at) \
         VALUES (?1, ?2, ?3, ?4, 0, ?5)",
    )?;
    for webhook in &item.webhooks {
        let id = DeliveryId::of(item.id, item.revision, webhook);
        insert.execute(params![id.0.as_bytes(), item.id.0.as_bytes(), item.revision, &**webhook, now])?;
    }
    Ok(())
}
