use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{
    super::{Fits, Lane, QueueError},
    SqliteQueue,
    lane::keys_from,
};
use crate::sqlite::Pool;

/// Rows that are read in one transaction: the log cannot be folded beyond what a reader sees.
const STRETCH: usize = 4_096;

/// What fits of a stretch of a lane, and the last key of it, if there was one.
type Found = (Vec<(Uuid, u32)>, Option<i64>);

impl SqliteQueue {
    /// Looks through the lane from its beginning; there is no index of what bodies hold.
    pub(super) async fn search_lane(
        &self,
        lane: &Lane,
        before_era: i64,
        fits: Fits,
    ) -> Result<Vec<(Uuid, u32)>, QueueError> {
        let Some(number) = self.known_lane(lane).and_then(|lane| lane.number()) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let (mut from, last) = keys_from(number, 0);
        loop {
            let fits = fits.clone();
            let read = move |connection: &Connection| stretch(connection, (from, last), before_era, &fits);
            let (fitting, end) = self.store.read(Pool::Query, read).await?;
            found.extend(fitting);
            match end {
                Some(end) => from = end + 1,
                None => return Ok(found),
            }
        }
    }
}

fn stretch(connection: &Connection, (from, last): (i64, i64), before_era: i64, fits: &Fits) -> rusqlite::Result<Found> {
    let mut select = connection.prepare_cached(
        "SELECT key, id, revision, state < 2 AND era < ?3, body FROM message \
         WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT ?4",
    )?;
    let limit = i64::try_from(STRETCH).unwrap_or(i64::MAX);
    let mut rows = select.query(params![from, last, before_era, limit])?;
    let (mut found, mut end) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        end = Some(row.get(0)?);
        if row.get(3)? && fits(row.get_ref(4)?.as_blob()?) {
            found.push((Uuid::from_bytes(row.get(1)?), row.get(2)?));
        }
    }
    Ok((found, end))
}
