//! The queue in the embedded store.
//!
//! What waits is in the table `message`; which of it is fresh, put back or leased is in memory ([`lane`]), since one
//! process owns the file. A restart makes that anew from the table: whatever was not settled waits again, at the time
//! that it was put back for. See `sqlite/migrations/` for the tables.

mod absent;
mod answers;
mod clock;
mod forget;
mod lane;
mod load;
mod park;
mod publish;
mod pull;
mod replay;
mod search;
mod series;
mod settle;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    Again, Depth, Fits, Lane, Lease, Message, Parked, Queue, QueueError, Receipt, Replayed, StoredAnswer, Whereabouts,
};
use crate::sqlite::{Haste, Store, StoreError, time::after};
use clock::Clock;
use lane::{Claim, LaneState, Share};

/// How long a worker has for a message before it goes to another one.
const LEASE: Duration = Duration::from_secs(60);
/// Messages of a lane that it knows to be repeated although they are settled: the newest that were published.
const SETTLED_KEPT: u64 = 100_000;
/// How many settled messages are dropped at once.
const PRUNE: u64 = 1_024;

/// States of a message in the table; 0 is one that waits or is with a worker.
const PARKED: i64 = 1;
const SETTLED: i64 = 2;

/// The queue in the embedded store.
pub struct SqliteQueue {
    store: Store,
    clock: Clock,
    lease: Duration,
    settled_kept: u64,
    lanes: RwLock<HashMap<Lane, Arc<LaneState>>>,
    /// The lane `intake`, which every post needs.
    intake: Arc<LaneState>,
}

impl SqliteQueue {
    /// Finds out what waits in the store, which takes about a second for a million messages, and blocks meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn new(store: Store) -> Result<Self, QueueError> {
        let clock = Clock::system();
        let now = clock.wall();
        let lanes = store.write_blocking(move |connection| load::lanes(connection, now))?;
        let mut lanes: HashMap<_, _> = lanes.into_iter().map(|lane| (lane.name.clone(), Arc::new(lane))).collect();
        let intake = lanes.entry(Lane::Intake).or_insert_with(|| Arc::new(LaneState::new(Lane::Intake))).clone();
        let lanes = RwLock::new(lanes);
        Ok(Self { store, clock, lease: LEASE, settled_kept: SETTLED_KEPT, lanes, intake })
    }

    /// The same queue with another time for leases; 60 s without this.
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// A lane that was used before.
    fn known_lane(&self, name: &Lane) -> Option<Arc<LaneState>> {
        if *name == Lane::Intake {
            return Some(self.intake.clone());
        }
        self.lanes.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// A lane, which is known from now on: for names that a webhook has, and none that somebody asks for.
    fn lane(&self, name: &Lane) -> Arc<LaneState> {
        if let Some(lane) = self.known_lane(name) {
            return lane;
        }
        let mut lanes = self.lanes.write().unwrap_or_else(PoisonError::into_inner);
        lanes.entry(name.clone()).or_insert_with(|| Arc::new(LaneState::new(name.clone()))).clone()
    }
}

impl From<StoreError> for QueueError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(why) => Self::Full(why),
            StoreError::Failed(why) => Self::Failed(why),
        }
    }
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn publish(&self, lane: &Lane, messages: Vec<Message>) -> Result<Vec<Receipt>, QueueError> {
        // Whoever posts feedback waits for this; a stage that publishes deliveries has other work meanwhile.
        let haste = if *lane == Lane::Intake { Haste::Soon } else { Haste::Later };
        let lane = self.lane(lane);
        self.publish_entries(haste, messages.into_iter().map(|message| (lane.clone(), message)).collect()).await
    }

    async fn publish_all(&self, messages: Vec<(Lane, Message)>) -> Result<(), QueueError> {
        let entries = messages.into_iter().map(|(lane, message)| (self.lane(&lane), message)).collect();
        self.publish_entries(Haste::Later, entries).await.map(drop)
    }

    async fn remember(&self, key: &str, answer: StoredAnswer, keep: Duration) -> Result<(), QueueError> {
        self.keep_answer(key, answer, keep).await
    }

    async fn recall(&self, key: &str) -> Result<Option<StoredAnswer>, QueueError> {
        self.kept_answer(key).await
    }

    async fn pull_sparing(
        &self,
        lane: &Lane,
        max: usize,
        most_retries: usize,
        wait: Duration,
    ) -> Result<Vec<Lease>, QueueError> {
        self.pull_or_wait(&self.lane(lane), Share { max, most_retries }, wait).await
    }

    async fn extend(&self, leases: &[Lease]) -> Result<(), QueueError> {
        let now = self.clock.steady();
        for batch in leases.chunk_by(|a, b| a.lane == b.lane) {
            let Some(lane) = batch.first().map(|lease| self.lane(&lease.lane)) else { continue };
            let mut inner = lane.inner();
            batch.iter().for_each(|lease| inner.extend(Claim::of(lease.token), after(now, self.lease)));
        }
        Ok(())
    }

    async fn release(&self, leases: Vec<Lease>) -> Result<(), QueueError> {
        let now = self.clock.steady();
        for batch in leases.chunk_by(|a, b| a.lane == b.lane) {
            let Some(lane) = batch.first().map(|lease| self.lane(&lease.lane)) else { continue };
            let claims: Vec<_> = batch.iter().map(|lease| Claim::of(lease.token)).collect();
            lane.release(&claims, now);
        }
        Ok(())
    }

    async fn ack(&self, leases: Vec<Lease>) -> Result<(), QueueError> {
        self.settle_done(leases)
    }

    async fn retry(&self, lease: Lease, delay: Duration) -> Result<(), QueueError> {
        self.put_back(lease, delay).await
    }

    fn hasten(&self, lane: &Lane) {
        if let Some(lane) = self.known_lane(lane) {
            lane.inner().hasten_all(self.clock.steady());
            lane.wake.notify_waiters();
        }
    }

    async fn park(&self, lease: Lease, reason: String) -> Result<(), QueueError> {
        self.set_aside(lease, reason).await
    }

    async fn parked(&self, lane: &Lane, after: Option<(Uuid, u32)>, max: usize) -> Result<Vec<Parked>, QueueError> {
        self.list_parked(lane, after, max).await
    }

    async fn unpark(&self, lane: &Lane, id: Uuid) -> Result<bool, QueueError> {
        self.take_back(lane, id).await
    }

    async fn replay(&self, lane: &Lane, messages: Vec<Again>) -> Result<Vec<Replayed>, QueueError> {
        self.replay_all(lane, messages).await
    }

    fn remaining(&self, lease: &Lease) -> Option<Duration> {
        let expiry = self.known_lane(&lease.lane)?.inner().expiry(Claim::of(lease.token))?;
        Some(self.time_until(expiry)).filter(|left| !left.is_zero())
    }

    async fn absent(&self, ids: Vec<Uuid>) -> Result<Vec<Uuid>, QueueError> {
        self.unknown(ids).await
    }

    async fn forgotten(&self, leases: &[Lease]) {
        let Some(lane) = leases.first().and_then(|lease| self.known_lane(&lease.lane)) else {
            return std::future::pending().await;
        };
        loop {
            let forgot = lane.forgot.notified();
            if leases.iter().any(|lease| lane.inner().expiry(Claim::of(lease.token)).is_none()) {
                return;
            }
            forgot.await;
        }
    }

    fn due_again(&self, lane: &Lane, most: usize) -> usize {
        self.known_lane(lane).map_or(0, |lane| lane.inner().due_again(self.clock.steady(), most))
    }

    async fn find(&self, lane: &Lane, id: Uuid) -> Result<Option<Whereabouts>, QueueError> {
        self.locate(lane, id).await
    }

    async fn search(&self, lane: &Lane, before_era: i64, fits: Fits) -> Result<Vec<(Uuid, u32)>, QueueError> {
        self.search_lane(lane, before_era, fits).await
    }

    async fn forget(&self, messages: &[(Uuid, Option<u32>)]) -> Result<(), QueueError> {
        self.forget_all(messages).await
    }

    async fn forget_details(&self) -> Result<(), QueueError> {
        self.drop_details().await
    }

    async fn discard(
        &self,
        lane: &Lane,
        messages: &[(Uuid, Option<u32>)],
    ) -> Result<Vec<(Uuid, Option<u32>)>, QueueError> {
        self.discard_idle(lane, messages).await
    }

    async fn drop_expired_answers(&self) -> Result<u64, QueueError> {
        self.drop_old_answers().await
    }

    fn depths(&self) -> Vec<(Lane, Depth)> {
        let now = self.clock.wall();
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        let mut depths: Vec<_> =
            lanes.values().filter_map(|lane| Some((lane.name.clone(), lane.depth(now)?))).collect();
        depths.sort_by(|(a, _), (b, _)| a.cmp(b));
        depths
    }

    fn failure(&self) -> Option<String> {
        self.store.failure()
    }
}
