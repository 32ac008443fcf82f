use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{
    super::{Erasure, Piece, RecordsError, Subject},
    SqliteRecords, deliveries, residue, save,
};
use crate::{
    feedback::{DeliveryId, FeedbackId},
    sqlite::{Haste, Pool},
};

impl SqliteRecords {
    pub(super) async fn to_erase(&self, erasure: &Erasure, max: usize) -> Result<Vec<Piece>, RecordsError> {
        match &erasure.subject {
            Subject::Customer(customer) => self.said_by(customer.clone(), erasure.era, max).await,
            Subject::Feedback(id) => self.revisions_of(*id).await,
        }
    }

    /// Feedback that was accepted in an earlier era, in the index or not in it yet, in the revisions that are on record, and
    /// older revisions. One that waits may be somebody else's, or of a later era.
    async fn said_by(&self, customer: String, before_era: i64, max: usize) -> Result<Vec<Piece>, RecordsError> {
        let read = move |connection: &Connection| {
            let mut select = connection.prepare_cached(
                "SELECT f.id, f.revision FROM customer k CROSS JOIN feedback f ON f.no = k.no \
                 WHERE k.customer = ?1 AND f.era < ?2 UNION ALL \
                 SELECT f.id, f.revision FROM unindexed u CROSS JOIN feedback f ON f.no = u.no \
                 WHERE f.customer = ?1 AND f.era < ?2 UNION ALL \
                 SELECT id, revision FROM older WHERE customer = ?1 AND era < ?2 LIMIT ?3",
            )?;
            let newest = |row: &rusqlite::Row<'_>| Ok((FeedbackId(Uuid::from_bytes(row.get(0)?)), row.get(1)?));
            let (most, max) = (max, i64::try_from(max).unwrap_or(i64::MAX));
            let mut pieces = Vec::new();
            for row in select.query_map(params![customer, before_era, max], newest)? {
                let (id, revision) = row?;
                push_revisions(connection, id, revision, &mut pieces)?;
                if pieces.len() >= most {
                    // The newest come last, so that the rest is found again.
                    pieces.truncate(most);
                    break;
                }
            }
            Ok(pieces)
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }

    /// All of a feedback as one piece, if anything is left of it.
    async fn revisions_of(&self, id: FeedbackId) -> Result<Vec<Piece>, RecordsError> {
        let read = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "SELECT 1 FROM feedback WHERE id = ?1 UNION ALL SELECT 1 FROM older WHERE id = ?1 LIMIT 1",
                )?
                .exists([id.0.as_bytes()])
        };
        let is_left = self.store.read(Pool::Query, read).await?;
        Ok(is_left.then_some(Piece { id, revision: None }).into_iter().collect())
    }

    pub(super) async fn owed_for(&self, pieces: &[Piece]) -> Result<Vec<DeliveryId>, RecordsError> {
        let pieces = pieces.to_vec();
        let read = move |connection: &Connection| {
            let mut select = connection.prepare_cached(
                "SELECT id FROM delivery WHERE id BETWEEN ?1 AND ?2 AND feedback = ?3 AND (?4 IS NULL OR revision = ?4)",
            )?;
            let mut ids = Vec::new();
            for Piece { id, revision } in pieces {
                let (first, last) = deliveries::range(id);
                let mut found = select.query(params![first, last, id.0.as_bytes(), revision])?;
                while let Some(row) = found.next()? {
                    ids.push(DeliveryId(Uuid::from_bytes(row.get(0)?)));
                }
            }
            Ok(ids)
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }

    pub(super) async fn erase_pieces(&self, pieces: &[Piece]) -> Result<(), RecordsError> {
        let (pieces, unindexed, marks) = (pieces.to_vec(), self.unindexed.clone(), self.unindexed.clone());
        let run = move |connection: &Connection| {
            residue::leave(connection)?;
            let rows = pieces.iter().map(|piece| erase(connection, *piece));
            let rows: Vec<_> = rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect();
            Ok((rows, marks.last_mark()))
        };
        self.store
            .write(Haste::Later, run, move |(rows, up_to): &(Vec<i64>, i64), _| unindexed.erase(rows, *up_to))
            .await?;
        Ok(())
    }
}

/// Adds a revision that is on record, and the older ones of the feedback, which it took the place of.
pub(super) fn push_revisions(
    connection: &Connection,
    id: FeedbackId,
    revision: u32,
    pieces: &mut Vec<Piece>,
) -> rusqlite::Result<()> {
    let mut older = connection.prepare_cached("SELECT revision FROM older WHERE id = ?1 AND revision < ?2")?;
    for older in older.query_map(params![id.0.as_bytes(), revision], |row| row.get(0))? {
        pieces.push(Piece { id, revision: Some(older?) });
    }
    pieces.push(Piece { id, revision: Some(revision) });
    Ok(())
}

/// Erases a piece; returns the row of its feedback, if that is erased as a whole.
fn erase(connection: &Connection, Piece { id, revision }: Piece) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("DELETE FROM older WHERE id = ?1 AND (?2 IS NULL OR revision = ?2)")?
        .execute(params![id.0.as_bytes(), revision])?;
    let row: Option<i64> = connection
        .prepare_cached("SELECT no FROM feedback WHERE id = ?1 AND (?2 IS NULL OR revision = ?2)")?
        .query_row(params![id.0.as_bytes(), revision], |row| row.get(0))
        .optional()?;
    if let Some(no) = row {
        save::remove(connection, no)?;
    }
    let mut deliveries = connection.prepare_cached(
        "DELETE FROM delivery WHERE id BETWEEN ?1 AND ?2 AND feedback = ?3 AND (?4 IS NULL OR revision = ?4) RETURNING id",
    )?;
    let (first, last) = deliveries::range(id);
    let mut removed = deliveries.query(params![first, last, id.0.as_bytes(), revision])?;
    while let Some(row) = removed.next()? {
        erase_attempts(connection, row.get(0)?)?;
    }
    Ok(row)
}

/// Erases the attempts of a delivery, and the answers that others got in the same requests: a receiver may quote in its
/// answer whatever was in the request.
fn erase_attempts(connection: &Connection, delivery: [u8; 16]) -> rusqlite::Result<()> {
    let mut attempts =
        connection.prepare_cached("DELETE FROM attempt WHERE delivery = ?1 RETURNING at, response IS NOT NULL")?;
    let mut removed = attempts.query([delivery])?;
    while let Some(row) = removed.next()? {
        if row.get(1)? {
            drop_answers(connection, row.get(0)?)?;
        }
    }
    Ok(())
}

/// Drops the answers of the attempts that began at this moment: those of one request, which began together.
pub(super) fn drop_answers(connection: &Connection, at: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE attempt SET response = NULL WHERE at = ?1 AND response IS NOT NULL")?
        .execute([at])
        .map(drop)
}
