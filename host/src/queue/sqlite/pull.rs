use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use rusqlite::{Connection, params};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    super::{Lease, QueueError},
    SqliteQueue,
    clock::Clock,
    lane::{Claim, LaneState, Share, key, place},
};
use crate::sqlite::{
    Pool,
    time::{after, timestamp},
};

impl SqliteQueue {
    pub(super) async fn pull_or_wait(
        &self,
        lane: &Arc<LaneState>,
        share: Share,
        wait: Duration,
    ) -> Result<Vec<Lease>, QueueError> {
        let until = Instant::now() + wait;
        loop {
            // Registered before looking, so that what comes in between wakes it.
            let woken = lane.wake.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            // What cannot be settled is not to be worked on again and again.
            if let Some(failure) = self.failure_now() {
                return Err(failure);
            }
            let leases = self.pull_now(lane, share).await?;
            if !leases.is_empty() || Instant::now() >= until || share.max == 0 {
                return Ok(leases);
            }
            let next = lane.inner().next_event(share).map(|at| Instant::now() + self.time_until(at));
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(next.map_or(until, |next| next.min(until))) => {}
            }
        }
    }

    pub(super) fn time_until(&self, at: i64) -> Duration {
        Duration::from_nanos(at.saturating_sub(self.clock.steady()).max(0).unsigned_abs())
    }

    async fn pull_now(&self, lane: &Arc<LaneState>, share: Share) -> Result<Vec<Lease>, QueueError> {
        let now = self.clock.steady();
        let claims = lane.inner().claim(share, now, after(now, self.lease));
        let Some(number) = lane.number().filter(|_| !claims.is_empty()) else { return Ok(Vec::new()) };
        let mut claimed = Claimed { lane: lane.clone(), clock: self.clock.clone(), claims };
        let claims = claimed.claims.clone();
        let rows = self.store.read(Pool::Hot, move |connection| read(connection, number, &claims)).await?;
        let claims = std::mem::take(&mut claimed.claims);
        Ok(leases(lane, &claims, rows))
    }
}

/// Messages that were claimed but have not reached a worker: they go back when the pull fails or is given up.
struct Claimed {
    lane: Arc<LaneState>,
    clock: Clock,
    claims: Vec<Claim>,
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        self.lane.release(&self.claims, self.clock.steady());
    }
}

/// A message as the table has it.
struct Row {
    place: u64,
    id: Uuid,
    revision: u32,
    tries: u32,
    published_at: i64,
    parked_at: Option<i64>,
    era: i64,
    body: Bytes,
}

fn read(connection: &Connection, lane_number: i64, claims: &[Claim]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, id, revision, tries, published_at, parked_at, era, body FROM message \
         WHERE key BETWEEN ?1 AND ?2 AND state = 0",
    )?;
    let mut rows = Vec::with_capacity(claims.len());
    // Neighbours are read together.
    for run in claims.chunk_by(|a, b| a.place + 1 == b.place) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let range = params![key(lane_number, first.place), key(lane_number, last.place)];
        for row in statement.query_map(range, |row| {
            Ok(Row {
                place: place(row.get(0)?),
                id: Uuid::from_bytes(row.get(1)?),
                revision: row.get(2)?,
                tries: row.get(3)?,
                published_at: row.get(4)?,
                parked_at: row.get(5)?,
                era: row.get(6)?,
                body: Bytes::copy_from_slice(row.get_ref(7)?.as_blob()?),
            })
        })? {
            rows.push(row?);
        }
    }
    Ok(rows)
}

/// Pairs claims with their rows, which come in the same order. A claim without a row was forgotten meanwhile.
fn leases(lane: &LaneState, claims: &[Claim], rows: Vec<Row>) -> Vec<Lease> {
    let firsts: Vec<bool> = {
        let inner = lane.inner();
        claims.iter().map(|claim| inner.is_first(*claim)).collect()
    };
    let mut claims = claims.iter().zip(firsts);
    let mut leases = Vec::with_capacity(rows.len());
    for row in rows {
        for (claim, is_first) in claims.by_ref() {
            if claim.place == row.place {
                leases.push(Lease {
                    lane: lane.name.clone(),
                    token: claim.token(),
                    id: row.id,
                    revision: row.revision,
                    tries: row.tries,
                    is_first,
                    published_at: timestamp(row.published_at),
                    parked_at: row.parked_at.map(timestamp),
                    era: row.era,
                    body: row.body,
                });
                break;
            }
            lane.inner().remove(claim.place);
        }
    }
    for (claim, _) in claims {
        lane.inner().remove(claim.place);
    }
    leases
}
