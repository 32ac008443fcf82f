//! What a worker takes: slots, as the breaker and the rate allow, and deliveries for them.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    super::{MAX_TIMEOUT, breaker::Leave},
    Finished, Job, Taken, Work, Worker,
    ahead::Ahead,
    insist, slots,
};

/// How long one `pull` waits for work.
const PULL_WAIT: Duration = Duration::from_secs(30);

impl Worker {
    /// Waits for free slots, and for deliveries. None at the end.
    pub(super) async fn take(
        self: &Arc<Self>,
        ahead: &mut Ahead,
        finished: &mpsc::Sender<Vec<Finished>>,
        shutdown: &CancellationToken,
    ) -> Option<Taken> {
        loop {
            // Listened for from here on, so that a pause that begins while slots are taken is not missed.
            let mut changed = pin!(self.standing.breaker.changed());
            changed.as_mut().enable();
            if self.standing.breaker.leave(Instant::now()) != Leave::Full {
                self.give_back(ahead).await;
            }
            // A `pull` that is dropped loses nothing: what it leased comes back.
            let taken = tokio::select! {
                biased;
                () = shutdown.cancelled() => None,
                () = changed => continue,
                taken = self.take_now(ahead, finished, shutdown) => taken,
            };
            match taken {
                Some(Taken { work: Work::Leases(leases), .. }) if leases.is_empty() => {}
                taken => return taken,
            }
        }
    }

    /// Takes slots, and deliveries for them, if there are some before long. None at the end.
    async fn take_now(
        self: &Arc<Self>,
        ahead: &mut Ahead,
        finished: &mpsc::Sender<Vec<Finished>>,
        shutdown: &CancellationToken,
    ) -> Option<Taken> {
        let mut slots = self.free_slots().await?;
        slots.keep(self.allowed(slots.count()).await);
        let era = self.standing.breaker.era();
        let mut jobs = Vec::new();
        // Until there is nothing ahead: what is being read there is in no lane, and would wait for what comes into it.
        while jobs.is_empty() {
            let taken = ahead.take(slots.count()).await;
            if taken.is_empty() {
                break;
            }
            jobs = self.still_good(taken).await;
        }
        if !jobs.is_empty() {
            let room = self.room_ahead(ahead);
            ahead.refill(room, || {
                let (worker, finished, shutdown) = (Arc::clone(self), finished.clone(), shutdown.clone());
                async move { worker.more(room, &finished, &shutdown).await }
            });
            return Some(Taken { work: Work::Jobs(jobs), slots, era });
        }
        let count = self.target.batch.map_or(slots.count() + self.room_ahead(ahead), |batch| batch.max_items);
        let most_retries = match slots.most_retries() {
            // A batch takes one slot, whatever is in it.
            1.. if self.target.batch.is_some() => count,
            retries => retries,
        };
        let pull = || self.queue.pull_sparing(&self.lane, count, most_retries, PULL_WAIT);
        let leases = tokio::select! {
            biased;
            leases = insist(&self.events, shutdown, "take deliveries", pull) => leases?,
            () = self.slots.free_for_a_retry(), if most_retries == 0 => Vec::new(),
        };
        self.settle_rate(slots.count(), leases.len());
        Some(Taken { work: Work::Leases(leases), slots, era })
    }

    /// What was taken ahead and may go out now. What was forgotten meanwhile must not; and what waited for so long that its
    /// lease might run out during the attempt, since the receiver is slower than it was, goes back, or it would go out twice.
    async fn still_good(&self, jobs: Vec<Job>) -> Vec<Job> {
        let (good, late): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| self.queue.remaining(&job.lease).is_some_and(|left| left >= MAX_TIMEOUT));
        if !late.is_empty() {
            drop(self.queue.release(late.into_iter().map(|job| job.lease).collect()).await);
        }
        good
    }

    /// Gives back what was taken ahead, so that it waits in the lane.
    pub(super) async fn give_back(&self, ahead: &mut Ahead) {
        let leases = ahead.leases().await;
        if !leases.is_empty() {
            // Where that fails the leases run out, and it comes back later.
            drop(self.queue.release(leases).await);
        }
    }

    /// First tries that are there now, with their content.
    async fn more(
        &self,
        most: usize,
        finished: &mpsc::Sender<Vec<Finished>>,
        shutdown: &CancellationToken,
    ) -> Vec<Job> {
        match self.queue.pull_sparing(&self.lane, most, 0, Duration::ZERO).await {
            Ok(leases) => self.jobs(leases, finished, shutdown).await,
            // Whoever waits for deliveries next comes by it again, and says so.
            Err(_) => Vec::new(),
        }
    }

    /// How many deliveries to take beyond the slots that are free: none where something else than slots says how fast
    /// they go out.
    fn room_ahead(&self, ahead: &Ahead) -> usize {
        if self.target.rate.is_some()
            || self.target.batch.is_some()
            || self.standing.breaker.leave(Instant::now()) != Leave::Full
        {
            return 0;
        }
        ahead.room(self.target.concurrency as usize, &self.pace)
    }

    /// All slots that are free, at least one; one alone while the receiver is probed.
    async fn free_slots(&self) -> Option<slots::Taken> {
        loop {
            let leave = self.standing.breaker.leave(Instant::now());
            let slots = match leave {
                // Until the breaker says that something changed.
                Leave::Stopped => std::future::pending().await,
                Leave::Wait(until) => {
                    tokio::time::sleep_until(until).await;
                    continue;
                }
                Leave::Full => self.slots.all_free().await?,
                Leave::Probe => self.slots.one_alone().await?,
            };
            if self.standing.breaker.leave(Instant::now()) == leave {
                if leave == Leave::Probe {
                    self.events.probing();
                }
                return Some(slots);
            }
        }
    }

    /// How many of `slots` the rate allows requests now, at least one; one where deliveries go out in batches.
    async fn allowed(&self, slots: usize) -> usize {
        let most = if self.target.batch.is_some() { 1 } else { slots };
        match &self.target.rate {
            Some(rate) => rate.take(most).await,
            None => most,
        }
    }

    /// Gives back to the rate what was taken for requests that there is nothing for.
    fn settle_rate(&self, taken: usize, leases: usize) {
        let used = if self.target.batch.is_some() { leases.min(1) } else { leases };
        if let Some(rate) = &self.target.rate {
            rate.settle(taken, used);
        }
    }
}
