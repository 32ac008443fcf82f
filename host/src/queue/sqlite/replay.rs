//! Puts messages back that were done with, or were to come later.
//!
//! What was settled or parked goes to a new place at the end of its lane: an acknowledgement that comes late is for the old
//! place, and does not settle it again.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Again, Lane, QueueError, Replayed},
    PARKED, SETTLED, SqliteQueue,
    lane::{LaneState, key, place},
    publish::number,
};
use crate::sqlite::{Haste, time::nanos};

/// What was done in the table with one message.
enum Done {
    /// It has a new row; `was` is the state of the one before.
    Anew { place: u64, published_at: i64, series: Option<i64>, was: Option<i64> },
    /// It waits or is with a worker; until now to be due at `due`.
    Waiting { place: u64, due: i64 },
    /// There is nothing of it.
    Gone,
}

/// What the table has of a message.
struct Row {
    key: i64,
    state: i64,
    due: i64,
    published_at: i64,
    series: Option<i64>,
    era: i64,
    body: Option<Vec<u8>>,
}

/// What is kept of a message that gets a new row.
struct Content<'a> {
    published_at: i64,
    series: Option<i64>,
    era: i64,
    body: &'a [u8],
}

impl SqliteQueue {
    pub(super) async fn replay_all(&self, lane: &Lane, messages: Vec<Again>) -> Result<Vec<Replayed>, QueueError> {
        let (lane, now) = (self.lane(lane), self.clock.steady());
        let outcomes: Arc<Mutex<Vec<Replayed>>> = Arc::default();
        let (writing, told) = (lane.clone(), outcomes.clone());
        let run = move |connection: &Connection| {
            let number = number(connection, &writing)?;
            let done = messages.iter().map(|message| put(connection, &writing, number, message, now));
            Ok((number, done.collect::<rusqlite::Result<Vec<_>>>()?))
        };
        self.store
            .write(Haste::Later, run, move |(number, done), wakes| {
                lane.set_number(*number);
                let mut outcomes = told.lock().unwrap_or_else(PoisonError::into_inner);
                outcomes.extend(done.iter().map(|done| take_in(&lane, done, now)));
                wakes.add(&lane.wake);
            })
            .await?;
        Ok(std::mem::take(&mut *outcomes.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn take_in(lane: &LaneState, done: &Done, now: i64) -> Replayed {
    let mut inner = lane.inner();
    match *done {
        Done::Anew { place, published_at, series, was } => {
            match was {
                Some(PARKED) => inner.parked -= 1,
                Some(SETTLED) => inner.settled = inner.settled.saturating_sub(1),
                _ => {}
            }
            inner.put_back(place, published_at, now, series);
            Replayed::Anew
        }
        Done::Waiting { place, due } => inner.hasten(place, due, now),
        Done::Gone => Replayed::Gone,
    }
}

fn put(connection: &Connection, lane: &LaneState, number: i64, message: &Again, now: i64) -> rusqlite::Result<Done> {
    let row = connection
        .prepare_cached(
            "SELECT key, state, due_at, published_at, series, era, body FROM message \
             WHERE id = ?1 AND lane = ?2 AND revision = ?3",
        )?
        .query_row(params![message.id.as_bytes(), number, message.revision], |row| {
            Ok(Row {
                key: row.get(0)?,
                state: row.get(1)?,
                due: row.get(2)?,
                published_at: row.get(3)?,
                series: row.get(4)?,
                era: row.get(5)?,
                body: row.get(6)?,
            })
        })
        .optional()?;
    let Some(row) = row else {
        let (Some(body), published_at) = (&message.body, nanos(message.published_at)) else { return Ok(Done::Gone) };
        let content = Content { published_at, series: message.series, era: 0, body };
        return insert(connection, lane, number, message, content, now, None);
    };
    if row.state != PARKED && row.state != SETTLED {
        connection
            .prepare_cached("UPDATE message SET due_at = ?2, put_back_at = ?2 WHERE key = ?1 AND due_at > ?2")?
            .execute(params![row.key, now])?;
        return Ok(Done::Waiting { place: place(row.key), due: row.due });
    }
    let Some(body) = row.body.as_deref().or(message.body.as_deref()) else { return Ok(Done::Gone) };
    connection.prepare_cached("DELETE FROM message WHERE key = ?1")?.execute([row.key])?;
    let (published_at, series) = (row.published_at, row.series.or(message.series));
    let content = Content { published_at, series, era: row.era, body };
    insert(connection, lane, number, message, content, now, Some(row.state))
}

/// Puts a message at the end of its lane.
fn insert(
    connection: &Connection,
    lane: &LaneState,
    number: i64,
    message: &Again,
    content: Content<'_>,
    now: i64,
    was: Option<i64>,
) -> rusqlite::Result<Done> {
    let (place, Content { published_at, series, era, body }) = (lane.next_place(), content);
    connection
        .prepare_cached(
            "INSERT INTO message (key, lane, id, revision, state, due_at, put_back_at, published_at, body, series, era) \
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            key(number, place),
            number,
            message.id.as_bytes(),
            message.revision,
            now,
            published_at,
            body,
            series,
            era
        ])?;
    Ok(Done::Anew { place, published_at, series, was })
}
