//! Reading feedback back.

use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    super::{Payload, Record},
    deliveries,
};
use crate::feedback::{Analysis, Feedback, FeedbackId};

/// Bits of `no` below the millisecond.
const COUNTER_BITS: u32 = 15;

/// The range of `no` for feedback whose id carries the same millisecond (RFC 9562, section 5.7).
pub(super) fn numbers(id: FeedbackId) -> (i64, i64) {
    let millisecond = i64::try_from(id.0.as_u128() >> 80).expect("48 bits are left");
    let first = millisecond << COUNTER_BITS;
    (first, first | ((1 << COUNTER_BITS) - 1))
}

/// Reads a column of JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Reads the id of a feedback.
pub(super) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<FeedbackId> {
    Ok(FeedbackId(Uuid::from_bytes(row.get(column)?)))
}

/// How long a column of text is, in bytes.
pub(super) fn len(row: &Row<'_>, column: usize) -> rusqlite::Result<usize> {
    Ok(row.get_ref(column)?.as_bytes()?.len())
}

/// Whether a row is there and holds what cannot be read: its page was damaged, or another program wrote it.
pub(super) fn is_unreadable(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::Utf8Error(..))
}

/// Reads feedback and analysis from the first two columns.
pub(super) fn pair(row: &Row<'_>) -> rusqlite::Result<(Feedback, Analysis)> {
    Ok((json(row, 0)?, json(row, 1)?))
}

fn payload(row: &Row<'_>) -> rusqlite::Result<Payload> {
    // What is not text, in a damaged row, must not hold up what is asked for along with it.
    let text = |column| {
        let bytes = row.get_ref(column)?.as_bytes()?;
        Ok::<_, rusqlite::Error>(String::from_utf8_lossy(bytes).into())
    };
    Ok(Payload { feedback: text(0)?, analysis: text(1)? })
}

/// Feedback and analysis of exactly this revision, as they are written.
pub(super) fn revision(connection: &Connection, id: FeedbackId, revision: u32) -> rusqlite::Result<Option<Payload>> {
    let key = params![id.0.as_bytes(), revision];
    let newest = connection
        .prepare_cached(
            "SELECT c.feedback, c.analysis FROM feedback f CROSS JOIN content c ON c.no = f.no \
             WHERE f.id = ?1 AND f.revision = ?2",
        )?
        .query_row(key, payload)
        .optional()?;
    if newest.is_some() {
        return Ok(newest);
    }
    connection
        .prepare_cached("SELECT feedback, analysis FROM older WHERE id = ?1 AND revision = ?2")?
        .query_row(key, payload)
        .optional()
}

/// Everything about one feedback.
pub(super) fn record(connection: &Connection, id: FeedbackId) -> rusqlite::Result<Option<Record>> {
    // One transaction, so that feedback and deliveries are of one state.
    let transaction = connection.unchecked_transaction()?;
    let newest = transaction
        .prepare_cached(
            "SELECT c.feedback, c.analysis FROM feedback f CROSS JOIN content c ON c.no = f.no WHERE f.id = ?1",
        )?
        .query_row([id.0.as_bytes()], pair)
        .optional()?;
    let Some((feedback, analysis)) = newest else { return Ok(None) };
    let deliveries = deliveries::of_feedback(&transaction, id)?;
    Ok(Some(Record { feedback, analysis, deliveries }))
}

/// The revision on record, if there is one.
pub(super) fn newest_revision(connection: &Connection, id: FeedbackId) -> rusqlite::Result<Option<u32>> {
    connection
        .prepare_cached("SELECT revision FROM feedback WHERE id = ?1")?
        .query_row([id.0.as_bytes()], |row| row.get(0))
        .optional()
}
