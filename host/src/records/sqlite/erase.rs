use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{super::RecordsError, SqliteRecords, deliveries, save};
use crate::feedback::FeedbackId;
use crate::sqlite::Haste;

/// What was erased.
struct Erased {
    ids: Vec<FeedbackId>,
    rows: Vec<i64>,
}

impl SqliteRecords {
    /// Erases in one transaction, and then drops the write-ahead log, where older images of the pages would remain.
    ///
    /// Feedback of which only an older revision was the customer's stays, without that revision and its deliveries,
    /// and is not in the answer.
    pub(super) async fn erase_customer(&self, customer: &str) -> Result<Vec<FeedbackId>, RecordsError> {
        let (customer, unindexed) = (customer.to_owned(), self.unindexed.clone());
        let run = move |connection: &Connection| erase(connection, &customer);
        let erased = self.store.write(Haste::Later, run, move |erased, _| unindexed.erase(&erased.rows)).await?;
        self.store.fold_wal().await?;
        Ok(erased.ids)
    }
}

fn erase(connection: &Connection, customer: &str) -> rusqlite::Result<Erased> {
    let mut erased = Erased { ids: Vec::new(), rows: Vec::new() };
    let mut select = connection.prepare_cached(
        "SELECT f.no, f.id FROM customer k CROSS JOIN feedback f ON f.no = k.no WHERE k.customer = ?1 UNION ALL \
         SELECT f.no, f.id FROM unindexed u CROSS JOIN feedback f ON f.no = u.no WHERE f.customer = ?1",
    )?;
    let mut found = select.query([customer])?;
    while let Some(row) = found.next()? {
        erased.rows.push(row.get(0)?);
        erased.ids.push(FeedbackId(Uuid::from_bytes(row.get(1)?)));
    }
    for (no, id) in erased.rows.iter().zip(&erased.ids) {
        save::remove(connection, *no)?;
        connection.prepare_cached("DELETE FROM older WHERE id = ?1")?.execute([id.0.as_bytes()])?;
        remove_deliveries(connection, *id, None)?;
    }
    for (id, revision) in older_of(connection, customer)? {
        connection
            .prepare_cached("DELETE FROM older WHERE id = ?1 AND revision = ?2")?
            .execute(params![id.0.as_bytes(), revision])?;
        remove_deliveries(connection, id, Some(revision))?;
    }
    Ok(erased)
}

fn older_of(connection: &Connection, customer: &str) -> rusqlite::Result<Vec<(FeedbackId, u32)>> {
    let mut statement = connection.prepare_cached("SELECT id, revision FROM older WHERE customer = ?1")?;
    statement.query_map([customer], |row| Ok((FeedbackId(Uuid::from_bytes(row.get(0)?)), row.get(1)?)))?.collect()
}

/// Removes the deliveries of one revision, or of all, and their attempts.
fn remove_deliveries(connection: &Connection, id: FeedbackId, revision: Option<u32>) -> rusqlite::Result<()> {
    let mut deliveries = connection.prepare_cached(
        "DELETE FROM delivery WHERE id BETWEEN ?1 AND ?2 AND feedback = ?3 AND (?4 IS NULL OR revision = ?4) RETURNING id",
    )?;
    let mut attempts = connection.prepare_cached("DELETE FROM attempt WHERE delivery = ?1")?;
    let (first, last) = deliveries::range(id);
    let mut removed = deliveries.query(params![first, last, id.0.as_bytes(), revision])?;
    while let Some(row) = removed.next()? {
        attempts.execute([row.get::<_, [u8; 16]>(0)?])?;
    }
    Ok(())
}
