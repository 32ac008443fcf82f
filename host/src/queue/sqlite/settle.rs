use std::{sync::Arc, time::Duration};

use rusqlite::{Connection, params};

use super::{
    super::{Lease, QueueError},
    PRUNE, SqliteQueue,
    lane::{Claim, LaneState, key, keys_from, place},
};
use crate::sqlite::Haste;
use crate::sqlite::time::{after, nanos};

impl SqliteQueue {
    /// Settles messages as done. The work was done even where the lease has run out meanwhile, so that counts too. In
    /// memory it counts at once; what could not be written comes back.
    pub(super) fn settle_done(&self, leases: Vec<Lease>) -> Result<(), QueueError> {
        if let Some(failure) = self.failure_now() {
            return Err(failure);
        }
        let now = self.clock.steady();
        for batch in leases.chunk_by(|a, b| a.lane == b.lane) {
            let Some(lane) = batch.first().map(|lease| self.lane(&lease.lane)) else { continue };
            let done: Arc<[(u64, i64)]> =
                batch.iter().map(|lease| (Claim::of(lease.token).place, nanos(lease.published_at))).collect();
            let mut inner = lane.inner();
            let freed = done.iter().filter(|(place, _)| inner.remove(*place)).count();
            drop(inner);
            if freed > 0 {
                lane.wake.notify_waiters();
            }
            self.write_done(&lane, done, now);
            self.prune(&lane);
        }
        Ok(())
    }

    fn write_done(&self, lane: &Arc<LaneState>, done: Arc<[(u64, i64)]>, now: i64) {
        let (writing, written) = (lane.clone(), lane.clone());
        let places = done.clone();
        self.store.submit(
            Haste::Later,
            move |connection| mark_settled(connection, &writing, &places),
            move |outcome, wakes| match outcome {
                Ok(kept) => written.inner().settled += kept,
                Err(_) => {
                    let mut inner = written.inner();
                    done.iter().for_each(|(place, published_at)| inner.put_back(*place, *published_at, now, None));
                    wakes.add(&written.wake);
                }
            },
        );
    }

    /// Drops the oldest settled messages where there are more than are kept.
    fn prune(&self, lane: &Arc<LaneState>) {
        let Some(number) = lane.number() else { return };
        {
            let mut inner = lane.inner();
            if inner.settled < self.settled_kept + PRUNE {
                return;
            }
            // Counted off at once, so that the next one to look does not prune again.
            inner.settled -= PRUNE;
        }
        let (writing, written) = (lane.clone(), lane.clone());
        let mut from = None;
        self.store.submit(
            Haste::Later,
            move |connection| {
                // The same rows if it runs again; and what is settled next has to find the new horizon.
                let from = *from.get_or_insert_with(|| writing.horizon());
                writing.set_horizon(drop_settled(connection, number, from)?);
                Ok(())
            },
            move |outcome, _| {
                if outcome.is_err() {
                    written.inner().settled += PRUNE;
                }
            },
        );
    }

    /// Puts a message back. A lease that has run out changes nothing: another worker has the message, or will.
    pub(super) async fn put_back(&self, lease: Lease, delay: Duration) -> Result<(), QueueError> {
        let lane = self.lane(&lease.lane);
        let claim = Claim::of(lease.token);
        let Some(number) = lane.number().filter(|_| lane.inner().holds(claim)) else { return Ok(()) };
        let (tries, now) = (lease.tries.saturating_add(1), self.clock.steady());
        let due = after(now, delay);
        let published_at = nanos(lease.published_at);
        let run = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "UPDATE message SET tries = ?2, due_at = ?3, put_back_at = ?4 WHERE key = ?1 AND state = 0",
                )?
                .execute(params![key(number, claim.place), tries, due, now])
        };
        self.store
            .write(Haste::Later, run, move |changed, wakes| {
                let mut inner = lane.inner();
                if *changed == 1 && inner.holds(claim) {
                    inner.put_back(claim.place, published_at, due, None);
                    wakes.add(&lane.wake);
                }
            })
            .await?;
        Ok(())
    }

    pub(super) fn failure_now(&self) -> Option<QueueError> {
        self.store.failure().map(QueueError::Failed)
    }
}

/// Marks messages as settled; returns how many of them the table keeps.
fn mark_settled(connection: &Connection, lane: &LaneState, done: &[(u64, i64)]) -> rusqlite::Result<u64> {
    let Some(number) = lane.number() else { return Ok(0) };
    let horizon = lane.horizon();
    let mut update =
        connection.prepare_cached("UPDATE message SET state = 2, body = NULL WHERE key = ?1 AND state = 0")?;
    let mut delete = connection.prepare_cached("DELETE FROM message WHERE key = ?1 AND state = 0")?;
    let mut kept = 0;
    for (place, _) in done {
        if *place < horizon {
            delete.execute([key(number, *place)])?;
        } else {
            kept += update.execute([key(number, *place)])? as u64;
        }
    }
    Ok(kept)
}

/// Drops the [`PRUNE`] oldest settled messages from `horizon` on, and returns the place behind them.
fn drop_settled(connection: &Connection, number: i64, horizon: u64) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM message WHERE key IN \
         (SELECT key FROM message WHERE key BETWEEN ?1 AND ?2 AND state = 2 ORDER BY key LIMIT ?3) RETURNING key",
    )?;
    let limit = i64::try_from(PRUNE).unwrap_or(i64::MAX);
    let (first, last) = keys_from(number, horizon);
    let mut rows = statement.query([first, last, limit])?;
    let mut behind = horizon;
    while let Some(row) = rows.next()? {
        behind = behind.max(place(row.get(0)?) + 1);
    }
    Ok(behind)
}
