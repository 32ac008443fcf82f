use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{
    super::{Lane, Lease, Parked, QueueError, Whereabouts},
    PARKED, SqliteQueue,
    lane::{Claim, key, place},
};
use crate::sqlite::Haste;
use crate::sqlite::time::timestamp;

/// The place of a message that was taken back, when it was published, and its series.
type Back = (u64, i64, Option<i64>);

/// Most parked messages in one answer.
const MAX_PAGE: usize = 1_000;

impl SqliteQueue {
    /// Sets a message aside. A lease that has run out changes nothing: another worker has the message, or will.
    pub(super) async fn set_aside(&self, lease: Lease, reason: String) -> Result<(), QueueError> {
        let lane = self.lane(&lease.lane);
        let claim = Claim::of(lease.token);
        let Some(number) = lane.number().filter(|_| lane.inner().holds(claim)) else { return Ok(()) };
        let now = self.clock.wall();
        let run = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "UPDATE message SET state = 1, parked_at = ?2, reason = ?3 WHERE key = ?1 AND state = 0",
                )?
                .execute(params![key(number, claim.place), now, reason])
        };
        self.store
            .write(Haste::Later, run, move |changed, wakes| {
                if *changed == 1 {
                    let mut inner = lane.inner();
                    if inner.remove(claim.place) {
                        wakes.add(&lane.wake);
                    }
                    inner.parked += 1;
                }
            })
            .await?;
        Ok(())
    }

    pub(super) async fn list_parked(
        &self,
        lane: &Lane,
        after: Option<(Uuid, u32)>,
        max: usize,
    ) -> Result<Vec<Parked>, QueueError> {
        let Some(number) = self.known_lane(lane).and_then(|lane| lane.number()) else { return Ok(Vec::new()) };
        let limit = i64::try_from(max.min(MAX_PAGE)).unwrap_or(i64::MAX);
        let run = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, revision, parked_at, reason, body FROM message \
                 WHERE lane = ?1 AND state = 1 AND (?2 IS NULL OR (id, revision) > (?2, ?3)) \
                 ORDER BY id, revision LIMIT ?4",
            )?;
            let (id, revision) = after.unzip();
            statement.query_map(params![number, id.map(Uuid::into_bytes), revision, limit], parked)?.collect()
        };
        Ok(self.store.write(Haste::Later, run, |_, _| {}).await?)
    }

    /// Puts every parked revision of a message back.
    pub(super) async fn take_back(&self, lane: &Lane, id: Uuid) -> Result<bool, QueueError> {
        let Some(lane) = self.known_lane(lane) else { return Ok(false) };
        let Some(number) = lane.number() else { return Ok(false) };
        let run = move |connection: &Connection| -> rusqlite::Result<Vec<Back>> {
            let mut statement = connection.prepare_cached(
                "UPDATE message SET state = 0, tries = 0, due_at = 0, reason = NULL \
                 WHERE id = ?1 AND lane = ?2 AND state = 1 RETURNING key, published_at, series",
            )?;
            let back = |row: &rusqlite::Row<'_>| Ok((place(row.get(0)?), row.get(1)?, row.get(2)?));
            statement.query_map(params![id.as_bytes(), number], back)?.collect()
        };
        let back = self
            .store
            .write(Haste::Later, run, move |back, wakes| {
                let mut inner = lane.inner();
                inner.parked -= back.len() as u64;
                back.iter().for_each(|(place, published_at, series)| inner.add_fresh(*place, *published_at, *series));
                wakes.add(&lane.wake);
            })
            .await?;
        Ok(!back.is_empty())
    }

    /// Where a message is. Goes through the writer, behind the acknowledgements that are under way.
    pub(super) async fn locate(&self, lane: &Lane, id: Uuid) -> Result<Option<Whereabouts>, QueueError> {
        let Some(number) = self.known_lane(lane).and_then(|lane| lane.number()) else { return Ok(None) };
        let run = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "SELECT revision, state, body, reason FROM message \
                     WHERE id = ?1 AND lane = ?2 AND state < 2 ORDER BY revision DESC LIMIT 1",
                )?
                .query_row(params![id.as_bytes(), number], whereabouts)
                .optional()
        };
        Ok(self.store.write(Haste::Later, run, |_, _| {}).await?)
    }
}

fn parked(row: &rusqlite::Row<'_>) -> rusqlite::Result<Parked> {
    Ok(Parked {
        id: Uuid::from_bytes(row.get(0)?),
        revision: row.get(1)?,
        parked_at: timestamp(row.get(2)?),
        reason: row.get(3)?,
        body: row.get::<_, Vec<u8>>(4)?.into(),
    })
}

fn whereabouts(row: &rusqlite::Row<'_>) -> rusqlite::Result<Whereabouts> {
    let (revision, body) = (row.get(0)?, row.get::<_, Vec<u8>>(2)?.into());
    Ok(match row.get::<_, i64>(1)? {
        PARKED => Whereabouts::Parked { revision, body, reason: row.get(3)? },
        _ => Whereabouts::Waiting { revision, body },
    })
}
