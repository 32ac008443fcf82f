use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::{
    super::{Delivery, DeliveryFilter, DeliveryStatus, Page, RecordsError},
    MAX_PAGE, SqliteRecords,
    attempts::{self, Detail},
    select::{self, Place},
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
        if filter.route.is_some() {
            self.index_all().await?;
        }
        let (filter, max) = (filter.clone(), max.clamp(1, MAX_PAGE));
        let read = move |connection: &Connection| page(connection, &filter, after, max);
        Ok(self.store.read(Pool::Query, read).await?)
    }
}

/// A cursor is the place of the last delivery of the page before.
fn cursor(place: Place) -> String {
    format!("{}.{:x}", DeliveryId(Uuid::from_bytes(place.id)), place.due)
}

fn parse_cursor(cursor: &str) -> Result<Place, RecordsError> {
    let read = || {
        let (id, due) = cursor.strip_prefix("dlv_")?.split_once('.')?;
        Some(Place { due: i64::from_str_radix(due, 16).ok()?, id: id.parse::<Uuid>().ok()?.into_bytes() })
    };
    read().ok_or_else(|| RecordsError::BadCursor(cursor.to_owned()))
}

fn page(
    connection: &Connection,
    filter: &DeliveryFilter,
    after: Option<Place>,
    max: usize,
) -> rusqlite::Result<Page<Delivery>> {
    let transaction = connection.unchecked_transaction()?;
    let mut places = select::newest(&transaction, filter, after, max + 1)?;
    let has_more = places.len() > max;
    places.truncate(max);
    let next = places.last().filter(|_| has_more).map(|last| cursor(*last));
    let mut one = transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM delivery WHERE id = ?1"))?;
    let mut items =
        places.iter().map(|place| one.query_row([place.id], delivery)).collect::<rusqlite::Result<Vec<_>>>()?;
    add_attempts(&transaction, &mut items, Detail::Brief)?;
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
    add_attempts(&transaction, &mut found, Detail::Whole)?;
    Ok(found.pop())
}

/// What the webhooks are owed for every revision of one feedback, newest first, with attempts
/// in brief.
pub(super) fn of_feedback(connection: &Connection, id: FeedbackId) -> rusqlite::Result<Vec<Delivery>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM delivery WHERE id BETWEEN ?1 AND ?2 AND feedback = ?3 \
         ORDER BY revision DESC, created_at DESC, webhook"
    ))?;
    let (first, last) = range(id);
    let mut found =
        statement.query_map(params![first, last, id.0.as_bytes()], delivery)?.collect::<rusqlite::Result<Vec<_>>>()?;
    add_attempts(connection, &mut found, Detail::Brief)?;
    Ok(found)
}

/// The ids of deliveries of feedback with the same millisecond.
pub(super) fn range(id: FeedbackId) -> ([u8; 16], [u8; 16]) {
    let (mut first, mut last) = ([0; 16], [0xff; 16]);
    first[..6].copy_from_slice(&id.0.as_bytes()[..6]);
    last[..6].copy_from_slice(&id.0.as_bytes()[..6]);
    (first, last)
}

fn add_attempts(connection: &Connection, deliveries: &mut [Delivery], detail: Detail) -> rusqlite::Result<()> {
    for delivery in deliveries {
        delivery.attempts = attempts::of_delivery(connection, delivery.id, detail)?;
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
        status: status(row, 4)?,
        created_at: timestamp(row.get(5)?),
        next_attempt_at: row.get::<_, Option<i64>>(6)?.map(timestamp),
        attempts: Vec::new(),
    })
}

/// The status in this column.
pub(super) fn status(row: &Row<'_>, column: usize) -> rusqlite::Result<DeliveryStatus> {
    Ok(match row.get(column)? {
        0 => DeliveryStatus::Pending,
        1 => DeliveryStatus::Delivered,
        2 => DeliveryStatus::Parked,
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(column, other)),
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
