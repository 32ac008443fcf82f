use std::{collections::VecDeque, sync::Arc};

use futures_util::future::try_join_all;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Analyzed, Piece, RecordsError, Unsaved},
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
    pub(super) async fn save_all(&self, analyzed: Vec<Analyzed>) -> Result<Unsaved, RecordsError> {
        let mut prepared = analyzed.into_iter().map(prepare).collect::<Result<VecDeque<_>, _>>()?;
        let mut slices = Vec::with_capacity(prepared.len().div_ceil(SLICE));
        while !prepared.is_empty() {
            let slice = prepared.drain(..SLICE.min(prepared.len())).collect();
            slices.push(self.save_slice(slice));
        }
        let mut unsaved = Unsaved::default();
        for slice in try_join_all(slices).await? {
            unsaved.erased.extend(slice.erased);
            unsaved.known.extend(slice.known);
        }
        self.index_if_many();
        Ok(unsaved)
    }

    async fn save_slice(&self, prepared: Vec<Prepared>) -> Result<Unsaved, RecordsError> {
        let on_record: Vec<_> = prepared.iter().map(|item| (item.id, item.revision)).collect();
        let now = nanos(Timestamp::now());
        let (unindexed, waiters) = (self.unindexed.clone(), self.waiters.clone());
        let (marks, erasures) = (unindexed.clone(), self.erasures.clone());
        let run = move |connection: &Connection| {
            let (mut saved, mut unsaved) = (Vec::with_capacity(prepared.len()), Unsaved::default());
            // One after the other, so that a list by time has them in this order.
            for (item, due) in prepared.iter().zip(now..) {
                let piece = Piece { id: item.id, revision: Some(item.revision) };
                if erasures.cover(item.id, item.findable.customer.as_deref(), item.era) {
                    unsaved.erased.push(piece);
                    continue;
                }
                match save(connection, item)? {
                    Place::Newest(no) => {
                        let entry = Entry { no, mark: marks.next_mark(), findable: item.findable.clone() };
                        index::mark(connection, &entry)?;
                        saved.push(entry);
                    }
                    Place::Older => {}
                    Place::Known => {
                        unsaved.known.push((piece, owed(connection, item)?));
                        continue;
                    }
                }
                owe(connection, item, due)?;
            }
            // Before the commit: whoever sees the rows finds them. What is not committed after all has no mark.
            unindexed.add(&saved);
            Ok(unsaved)
        };
        // Whoever waits for what was erased finds that out now.
        let done = move |_: &Unsaved, _: &mut Wakes| waiters.wake(&on_record);
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

/// Where a revision came to stand.
enum Place {
    /// As the newest, in this row.
    Newest(i64),
    /// Behind a newer one.
    Older,
    /// It was there already.
    Known,
}

/// Writes the feedback, unless this revision is there.
fn save(connection: &Connection, item: &Prepared) -> rusqlite::Result<Place> {
    let known: Option<(i64, u32)> = connection
        .prepare_cached("SELECT no, revision FROM feedback WHERE id = ?1")?
        .query_row([item.id.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let no = match known {
        None => free_number(connection, item.id)?,
        Some((_, revision)) if revision == item.revision => return Ok(Place::Known),
        Some((_, revision)) if revision > item.revision => return keep_as_older(connection, item),
        Some((no, _)) => {
            retire(connection, no)?;
            no
        }
    };
    insert(connection, no, item)?;
    Ok(Place::Newest(no))
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
fn keep_as_older(connection: &Connection, item: &Prepared) -> rusqlite::Result<Place> {
    let kept = connection
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
    Ok(if kept == 0 { Place::Known } else { Place::Older })
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

/// Those of the webhooks that are owed it.
fn owed(connection: &Connection, item: &Prepared) -> rusqlite::Result<Vec<Arc<str>>> {
    let mut select = connection.prepare_cached("SELECT 1 FROM delivery WHERE id = ?1")?;
    let mut owed = Vec::new();
    for webhook in &item.webhooks {
        if select.exists([DeliveryId::of(item.id, item.revision, webhook).0.as_bytes()])? {
            owed.push(webhook.clone());
        }
    }
    Ok(owed)
}
