use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::{
    super::{Delivery, DeliveryFilter, DeliveryStatus, Page, RecordsError},
    MAX_PAGE, SqliteRecords, attempts,
};
use crate::{
    feedback::{DeliveryId, FeedbackId},
    sqlite::{Pool, time::timestamp},
};

const COLUMNS: &str = "id, feedback, revision, webhook, status, created_at, next_attempt_at, event, is_of_feedback";

impl SqliteRecords {
    pub(super) async fn list_deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<&str>,
        max: usize,
    ) -> Result<Page<Delivery>, RecordsError> {
        let after = after.map(parse_cursor).transpose()?;
        let (filter, max) = (filter.clone(), max.clamp(1, MAX_PAGE));
        let read = move |connection: &Connection| page(connection, &filter, after, max);
        Ok(self.store.read(Pool::Query, read).await?)
    }
}

/// A cursor is the id of the last delivery of the page before.
fn parse_cursor(cursor: &str) -> Result<DeliveryId, RecordsError> {
    let bad = || RecordsError::BadCursor(cursor.to_owned());
    if !cursor.starts_with("dlv_") {
        return Err(bad());
    }
    cursor.parse().map_err(|_| bad())
}

fn page(
    connection: &Connection,
    filter: &DeliveryFilter,
    after: Option<DeliveryId>,
    max: usize,
) -> rusqlite::Result<Page<Delivery>> {
    // A delivery's id begins with the six bytes of time of its feedback's id.
    let (first, last) = match filter.feedback {
        Some(id) => range(id),
        None => ([0; 16], [0xff; 16]),
    };
    // Only with the condition spelt out does SQLite use the index of what is parked.
    let parked = if filter.status == Some(DeliveryStatus::Parked) { "AND status = 2" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM delivery WHERE id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR id < ?3) \
         AND (?4 IS NULL OR feedback = ?4) AND (?5 IS NULL OR webhook = ?5) AND (?6 IS NULL OR status = ?6) {parked} \
         ORDER BY id DESC LIMIT ?7"
    );
    let transaction = connection.unchecked_transaction()?;
    let mut statement = transaction.prepare_cached(&sql)?;
    let values = params![
        first,
        last,
        after.map(|id| id.0.into_bytes()),
        filter.feedback.map(|id| id.0.into_bytes()),
        filter.webhook,
        filter.status.map(code),
        i64::try_from(max + 1).unwrap_or(i64::MAX),
    ];
    let mut items = statement.query_map(values, delivery)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let has_more = items.len() > max;
    items.truncate(max);
    let next = items.last().filter(|_| has_more).map(|delivery| delivery.id.to_string());
    add_attempts(&transaction, &mut items)?;
    Ok(Page { items, next })
}

/// One delivery with its attempts.
pub(super) fn one(connection: &Connection, id: DeliveryId) -> rusqlite::Result<Option<Delivery>> {
    let transaction = connection.unchecked_transaction()?;
    let found = transaction
        .prepare_cached(&format!("SELECT {COLUMNS} FROM delivery WHERE id = ?1"))?
        .query_row([id.0.as_bytes()], delivery)
        .optional()?;
    let mut found: Vec<_> = found.into_iter().collect();
    add_attempts(&transaction, &mut found)?;
    Ok(found.pop())
}

/// What the webhooks are owed for every revision of one feedback, newest first, with attempts.
pub(super) fn of_feedback(connection: &Connection, id: FeedbackId) -> rusqlite::Result<Vec<Delivery>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM delivery WHERE id BETWEEN ?1 AND ?2 AND feedback = ?3 \
         ORDER BY revision DESC, created_at DESC, webhook"
    ))?;
    let (first, last) = range(id);
    let mut found =
        statement.query_map(params![first, last, id.0.as_bytes()], delivery)?.collect::<rusqlite::Result<Vec<_>>>()?;
    add_attempts(connection, &mut found)?;
    Ok(found)
}

/// The ids of deliveries of feedback with the same millisecond.
pub(super) fn range(id: FeedbackId) -> ([u8; 16], [u8; 16]) {
    let (mut first, mut last) = ([0; 16], [0xff; 16]);
    first[..6].copy_from_slice(&id.0.as_bytes()[..6]);
    last[..6].copy_from_slice(&id.0.as_bytes()[..6]);
    (first, last)
}

fn add_attempts(connection: &Connection, deliveries: &mut [Delivery]) -> rusqlite::Result<()> {
    for delivery in deliveries {
        delivery.attempts = attempts::of_delivery(connection, delivery.id)?;
    }
    Ok(())
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId(Uuid::from_bytes(row.get(0)?)),
        event: row.get(7)?,
        feedback_id: row.get::<_, bool>(8)?.then_some(FeedbackId(Uuid::from_bytes(row.get(1)?))),
        revision: row.get(2)?,
        webhook: row.get(3)?,
        status: match row.get::<_, i64>(4)? {
            0 => DeliveryStatus::Pending,
            1 => DeliveryStatus::Delivered,
            2 => DeliveryStatus::Parked,
            other => return Err(rusqlite::Error::IntegralValueOutOfRange(4, other)),
        },
        created_at: timestamp(row.get(5)?),
        next_attempt_at: row.get::<_, Option<i64>>(6)?.map(timestamp),
        attempts: Vec::new(),
    })
}

/// The status in the table.
pub(super) const fn code(status: DeliveryStatus) -> i64 {
    match status {
        DeliveryStatus::Pending => 0,
        DeliveryStatus::Delivered => 1,
        DeliveryStatus::Parked => 2,
    }
}
