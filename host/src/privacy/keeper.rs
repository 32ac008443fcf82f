//! Removes what has been kept long enough, and ends erasures that were cut off: regularly, and the latter at the start.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{
    Eraser, ForgetError, events,
    steady::Steady,
    sweep::{Removed, Sweep},
};
use crate::{config::Data, queue::Queue, records::Records};

/// How often is looked, where everything is kept for long.
const SELDOM: Duration = Duration::from_secs(3_600);
/// How often at most.
const OFTEN: Duration = Duration::from_secs(1);
/// How soon after something failed, or was in the way.
const AGAIN: Duration = Duration::from_secs(60);
/// How often is looked meanwhile whether there are traces left to overwrite, which takes no time where there are none.
const LOOK: Duration = Duration::from_secs(5);
/// How long to wait for whoever reads an older state of the store.
const PATIENCE: Duration = Duration::from_secs(10);
/// For how long a digest of an erased customer's identifier is kept: far longer than any worker has a batch in its hands.
const ERASURES_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The task that forgets by itself.
pub struct Keeper {
    queue: Arc<dyn Queue>,
    records: Arc<dyn Records>,
    eraser: Eraser,
    data: Data,
}

impl Keeper {
    /// A keeper that removes what `data` says.
    pub fn new(queue: Arc<dyn Queue>, records: Arc<dyn Records>, data: Data) -> Self {
        let eraser = Eraser::new(queue.clone(), records.clone());
        Self { queue, records, eraser, data }
    }

    /// Runs until `shutdown`. What is cut off then goes on at the next start.
    pub async fn run(self, shutdown: CancellationToken) {
        let keep = async {
            let mut clock = Steady::new(self.interval(), (Instant::now(), Timestamp::now()));
            loop {
                let wait = clock.wait((Instant::now(), Timestamp::now()));
                let pause = match self.pass(wait.is_none()).await {
                    Ok(true) => wait.unwrap_or_else(|| self.interval()),
                    Ok(false) => {
                        events::not_scrubbed();
                        AGAIN.min(self.interval())
                    }
                    Err(error) => {
                        events::failed(&error);
                        AGAIN.min(self.interval())
                    }
                };
                self.rest(pause).await;
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = keep => {}
        }
    }

    /// Waits for the next pass. Traces that an erasure had to leave, since somebody read an older state, are overwritten
    /// meanwhile: whoever erased was told that it goes on.
    async fn rest(&self, pause: Duration) {
        let end = Instant::now() + pause;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            tokio::time::sleep(left.min(LOOK)).await;
            if left <= LOOK {
                return;
            }
            if let Err(error) = self.records.scrub(PATIENCE).await {
                events::failed(&error.into());
            }
        }
    }

    /// A tenth of the shortest time that anything is kept.
    fn interval(&self) -> Duration {
        self.data.shortest_keep().map_or(SELDOM, |time| (time / 10).clamp(OFTEN, SELDOM))
    }

    /// True if no traces are left. What is old enough is removed only where the clock is believed.
    async fn pass(&self, is_clock_steady: bool) -> Result<bool, ForgetError> {
        // An erasure that fails, because of one damaged row for example, must not keep everything else for ever.
        let resumed = self.eraser.resume().await;
        if let Some(resumed) = resumed.as_ref().ok().filter(|resumed| **resumed > 0) {
            events::resumed(*resumed);
        }
        let outcome = if is_clock_steady { self.sweep(Timestamp::now()).await } else { Ok(()) };
        outcome.and(resumed.map(drop))?;
        events::oldest(&self.records.oldest().await?);
        Ok(self.records.scrub(PATIENCE).await?)
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), ForgetError> {
        let began = Instant::now();
        let mut sweep = Sweep { queue: &*self.queue, records: &*self.records, now, removed: Removed::default() };
        let outcome = sweep.run(&self.data).await;
        events::swept(&sweep.removed, began.elapsed());
        if let Ok(before) = now.checked_sub(ERASURES_KEPT) {
            self.records.drop_erasures(before).await?;
        }
        outcome
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("data", &self.data).finish_non_exhaustive()
    }
}
