use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Attempt, Attempted, DeliveryStatus, RecordsError},
    SqliteRecords,
    deliveries::code,
    erase,
};
use crate::sqlite::Haste;
use crate::{
    feedback::DeliveryId,
    sqlite::time::{nanos, timestamp},
};

impl SqliteRecords {
    pub(super) async fn record_all(&self, attempts: Vec<Attempted>) -> Result<Vec<DeliveryId>, RecordsError> {
        let run = move |connection: &Connection| record_together(connection, &attempts);
        Ok(self.store.write(Haste::Later, run, |_, _| {}).await?)
    }
}

fn record_together(connection: &Connection, attempts: &[Attempted]) -> rusqlite::Result<Vec<DeliveryId>> {
    let mut delivered = Vec::new();
    for attempted in attempts {
        record(connection, attempted)?;
        if attempted.status != DeliveryStatus::Delivered && is_delivered(connection, attempted.delivery)? {
            delivered.push(attempted.delivery);
        }
    }
    // A request may have carried the delivery of what was erased while it was under way.
    for attempted in attempts.iter().filter(|attempted| attempted.attempt.response.is_some()) {
        if !is_on_record(connection, attempted.delivery)? {
            erase::drop_answers(connection, nanos(attempted.attempt.at))?;
        }
    }
    Ok(delivered)
}

fn is_on_record(connection: &Connection, id: DeliveryId) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM delivery WHERE id = ?1")?.exists([id.0.as_bytes()])
}

fn is_delivered(connection: &Connection, id: DeliveryId) -> rusqlite::Result<bool> {
    let mut delivered = connection.prepare_cached("SELECT 1 FROM delivery WHERE id = ?1 AND status = ?2")?;
    delivered.exists(params![id.0.as_bytes(), code(DeliveryStatus::Delivered)])
}

fn record(connection: &Connection, attempted: &Attempted) -> rusqlite::Result<()> {
    let is_new = insert(connection, attempted)?;
    // What was delivered stays so; and a repetition can tell nothing new but that.
    if is_new || attempted.status == DeliveryStatus::Delivered {
        connection
            .prepare_cached(
                "UPDATE delivery SET status = ?2, next_attempt_at = ?3, ended_at = ?4 WHERE id = ?1 AND status <> 1",
            )?
            .execute(params![
                attempted.delivery.0.as_bytes(),
                code(attempted.status),
                attempted.next_attempt_at.map(nanos),
                (attempted.status != DeliveryStatus::Pending).then(|| nanos(attempted.attempt.at))
            ])?;
    }
    Ok(())
}

/// Keeps the attempt; false if it was on record.
///
/// Its number may be taken by another attempt, which began at another time: an operator had a parked delivery start
/// anew, or two workers had the delivery since a lease ran out. Then it gets the next free number.
fn insert(connection: &Connection, attempted: &Attempted) -> rusqlite::Result<bool> {
    let attempt = &attempted.attempt;
    let (id, at) = (attempted.delivery.0.as_bytes(), nanos(attempt.at));
    let put = |number: u32| {
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO attempt (delivery, number, at, address, status, latency_ms, response, error) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM delivery WHERE id = ?1)",
            )?
            .execute(params![
                id,
                number,
                at,
                attempt.address,
                attempt.status,
                attempt.latency_ms,
                attempt.response,
                attempt.error
            ])
    };
    if put(attempt.number)? == 1 {
        return Ok(true);
    }
    let mut other = connection
        .prepare_cached("SELECT max(number), max(at = ?2) FROM attempt WHERE delivery = ?1 HAVING count(*) > 0")?;
    let taken: Option<(u32, bool)> =
        other.query_row(params![id, at], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match taken {
        Some((last, false)) => Ok(put(last.saturating_add(1))? == 1),
        // On record; or the delivery is not, because its feedback was erased.
        Some((_, true)) | None => Ok(false),
    }
}

/// How much of the attempts of a delivery is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Detail {
    /// The newest [`BRIEF`], without what was answered: a list is of hundreds of deliveries.
    Brief,
    /// The newest [`WHOLE`], with what was answered.
    Whole,
}

/// More than a schedule has steps.
const BRIEF: usize = 20;
/// Each with an answer of up to 64 KiB.
const WHOLE: usize = 200;

/// The attempts of a delivery, oldest first.
pub(super) fn of_delivery(connection: &Connection, id: DeliveryId, detail: Detail) -> rusqlite::Result<Vec<Attempt>> {
    let (response, max) = match detail {
        Detail::Brief => ("NULL", BRIEF),
        Detail::Whole => ("response", WHOLE),
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT number, at, address, status, latency_ms, {response}, error FROM attempt \
         WHERE delivery = ?1 ORDER BY number DESC LIMIT {max}"
    ))?;
    let attempt = |row: &rusqlite::Row<'_>| {
        Ok(Attempt {
            number: row.get(0)?,
            at: timestamp(row.get(1)?),
            address: row.get(2)?,
            status: row.get(3)?,
            latency_ms: row.get(4)?,
            response: row.get(5)?,
            error: row.get(6)?,
        })
    };
    let mut attempts = statement.query_map([id.0.as_bytes()], attempt)?.collect::<rusqlite::Result<Vec<_>>>()?;
    attempts.reverse();
    Ok(attempts)
}
