//! What has been kept long enough.
//!
//! Feedback lies in the order of its acceptance, and deliveries and attempts in that of their feedback, whose time their
//! ids begin with. So what is old enough lies at the beginning, and no index is needed to find it. A delivery is never
//! older than its feedback, but may be much younger: what is passed over for that is looked at again the next time.

use std::fmt::Write as _;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{
    super::{Oldest, Page, Piece, RecordsError},
    SqliteRecords, deliveries,
    erase::push_revisions,
    residue,
};
use crate::{
    feedback::{DeliveryId, FeedbackId},
    sqlite::{
        Haste, Pool,
        time::{nanos, timestamp},
    },
};

/// Rows that one step looks at.
const LOOKED_AT: i64 = 2_048;
/// Most rows that one step names or removes.
const STEP: usize = 256;
/// Most feedback: each row is taken out of the index as well.
const STEP_OF_FEEDBACK: usize = 64;
/// Bits of a row's number below the millisecond.
const COUNTER_BITS: u32 = 15;

/// The id that lies before those of all deliveries of feedback accepted from then on.
fn first_id(at: Timestamp) -> [u8; 16] {
    let mut id = [0; 16];
    let millisecond = u64::try_from(at.as_millisecond()).unwrap_or(0).min((1 << 48) - 1);
    id[..6].copy_from_slice(&millisecond.to_be_bytes()[2..]);
    id
}

/// When the feedback of a delivery with this id was accepted.
fn time_of(id: [u8; 16]) -> Timestamp {
    let mut millisecond = [0; 8];
    millisecond[2..].copy_from_slice(&id[..6]);
    Timestamp::from_millisecond(i64::from_be_bytes(millisecond)).unwrap_or(Timestamp::MAX)
}

/// A cursor is the id of the last row that was looked at.
fn cursor_of(id: &[u8; 16]) -> String {
    id.iter().fold(String::with_capacity(32), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes it");
        text
    })
}

fn parse_cursor(cursor: Option<&str>) -> Result<[u8; 16], RecordsError> {
    let Some(cursor) = cursor else { return Ok([0; 16]) };
    let bad = |_| RecordsError::BadCursor(cursor.to_owned());
    u128::from_str_radix(cursor, 16).map(u128::to_be_bytes).map_err(bad)
}

impl SqliteRecords {
    pub(super) async fn old_feedback(
        &self,
        before: Timestamp,
        after: Option<&str>,
    ) -> Result<Page<Piece>, RecordsError> {
        let after = u128::from_be_bytes(parse_cursor(after)?);
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let read = move |connection: &Connection| old_feedback(connection, before, after);
        Ok(self.store.read(Pool::Query, read).await?)
    }

    pub(super) async fn old_deliveries(
        &self,
        before: Timestamp,
        after: Option<&str>,
    ) -> Result<Page<(DeliveryId, String)>, RecordsError> {
        let after = parse_cursor(after)?;
        let read = move |connection: &Connection| old_deliveries(connection, before, after);
        Ok(self.store.read(Pool::Query, read).await?)
    }

    pub(super) async fn remove_deliveries(&self, ids: &[DeliveryId], before: Timestamp) -> Result<u64, RecordsError> {
        let (ids, before) = (ids.to_vec(), nanos(before));
        let run = move |connection: &Connection| {
            let mut delete =
                connection.prepare_cached(&format!("DELETE FROM delivery AS d WHERE id = ?1 AND {ENDED}"))?;
            let mut attempts = connection.prepare_cached("DELETE FROM attempt WHERE delivery = ?1")?;
            let mut removed = 0;
            for id in &ids {
                if delete.execute(params![id.0.as_bytes(), before])? == 1 {
                    attempts.execute([id.0.as_bytes()])?;
                    removed += 1;
                }
            }
            residue::leave(connection)?;
            Ok(removed)
        };
        Ok(self.store.write(Haste::Later, run, |_, _| {}).await?)
    }

    /// Reads whether there is something to remove among the next attempts, and has the writer remove it if so.
    pub(super) async fn remove_attempts(
        &self,
        before: Timestamp,
        after: Option<&str>,
    ) -> Result<(u64, Option<String>), RecordsError> {
        let (after, end) = (parse_cursor(after)?, first_id(before));
        let before = nanos(before);
        let look = move |connection: &Connection| -> rusqlite::Result<Option<([u8; 16], bool)>> {
            let last = connection
                .prepare_cached(
                    "SELECT max(delivery) FROM (SELECT delivery FROM attempt WHERE delivery > ?1 AND delivery < ?2 \
                     ORDER BY delivery LIMIT ?3)",
                )?
                .query_row(params![after, end, i64::try_from(STEP).unwrap_or(i64::MAX)], |row| {
                    row.get::<_, Option<[u8; 16]>>(0)
                })?;
            let Some(last) = last else { return Ok(None) };
            let has_old = connection
                .prepare_cached("SELECT 1 FROM attempt WHERE delivery > ?1 AND delivery <= ?2 AND at < ?3 LIMIT 1")?
                .exists(params![after, last, before])?;
            Ok(Some((last, has_old)))
        };
        let Some((last, has_old)) = self.store.read(Pool::Query, look).await? else { return Ok((0, None)) };
        let next = Some(cursor_of(&last));
        if !has_old {
            return Ok((0, next));
        }
        let run = move |connection: &Connection| {
            residue::leave(connection)?;
            connection
                .prepare_cached("DELETE FROM attempt WHERE delivery > ?1 AND delivery <= ?2 AND at < ?3")?
                .execute(params![after, last, before])
        };
        let removed = self.store.write(Haste::Later, run, |_, _| {}).await?;
        Ok((removed as u64, next))
    }

    pub(super) async fn how_far_back(&self) -> Result<Oldest, RecordsError> {
        let read = |connection: &Connection| {
            let feedback = "SELECT received_at FROM feedback ORDER BY no LIMIT 1";
            let first = |sql: &str| connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional();
            Ok(Oldest {
                feedback: connection
                    .prepare_cached(feedback)?
                    .query_row([], |row| row.get(0))
                    .optional()?
                    .map(timestamp),
                delivery: first("SELECT id FROM delivery ORDER BY id LIMIT 1")?.map(time_of),
                attempt: first("SELECT delivery FROM attempt ORDER BY delivery LIMIT 1")?.map(time_of),
            })
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }
}

/// Of the delivery `d`, with the time before which it ended as `?2`: pending ones never are, and one that was replayed
/// since is young.
const ENDED: &str = "d.status <> 0 AND d.created_at < ?2 AND (d.ended_at IS NULL OR d.ended_at < ?2) \
                     AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.delivery = d.id AND a.at >= ?2)";

fn old_deliveries(
    connection: &Connection,
    before: Timestamp,
    after: [u8; 16],
) -> rusqlite::Result<Page<(DeliveryId, String)>> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT d.id, d.webhook, {ENDED} FROM delivery d WHERE d.id > ?1 AND d.id < ?3 ORDER BY d.id LIMIT ?4"
    ))?;
    let mut rows = select.query(params![after, nanos(before), first_id(before), LOOKED_AT])?;
    let (mut items, mut next) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let id: [u8; 16] = row.get(0)?;
        next = Some(cursor_of(&id));
        if row.get(2)? {
            items.push((DeliveryId(Uuid::from_bytes(id)), row.get(1)?));
        }
        if items.len() == STEP {
            break;
        }
    }
    Ok(Page { items, next })
}

fn old_feedback(connection: &Connection, before: Timestamp, after: i64) -> rusqlite::Result<Page<Piece>> {
    let mut select = connection.prepare_cached(
        "SELECT no, id, received_at < ?2, revision FROM feedback WHERE no > ?1 AND no < ?3 ORDER BY no LIMIT ?4",
    )?;
    let mut owed = connection.prepare_cached("SELECT 1 FROM delivery WHERE id BETWEEN ?1 AND ?2 AND feedback = ?3")?;
    let end = before.as_millisecond().max(0) << COUNTER_BITS;
    let mut rows = select.query(params![after, nanos(before), end, LOOKED_AT])?;
    let (mut items, mut next) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let (no, id): (i64, _) = (row.get(0)?, FeedbackId(Uuid::from_bytes(row.get(1)?)));
        next = Some(cursor_of(&u128::from(no.unsigned_abs()).to_be_bytes()));
        let (first, last) = deliveries::range(id);
        if row.get(2)? && !owed.exists(params![first, last, id.0.as_bytes()])? {
            push_revisions(connection, id, row.get(3)?, &mut items)?;
        }
        if items.len() >= STEP_OF_FEEDBACK {
            break;
        }
    }
    Ok(Page { items, next })
}
