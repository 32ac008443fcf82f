//! The worker of one webhook: takes what is due from its lane, attempts it, and hands it over to be settled.

use std::{pin::pin, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    body,
    client::{Client, Tried, Verdict},
    events::Events,
    owed::Owed,
    pace::{Leave, Pace},
    schedule::Schedule,
    settle::{Fate, Finished, Settler},
    store::insist,
};
use crate::{
    feedback::DeliveryId,
    queue::{Lane, Lease, Queue},
    records::{Attempt, Attempted, DeliveryStatus, Payload, Records},
};

/// How long one `pull` waits for work.
const PULL_WAIT: Duration = Duration::from_secs(30);

/// How many finished deliveries may wait to be settled, in slots.
const UNSETTLED: usize = 64;

/// What one webhook is called with.
pub(super) struct Target {
    pub(super) name: Arc<str>,
    pub(super) client: Client,
    pub(super) concurrency: u32,
}

/// The worker of one webhook.
pub(super) struct Worker {
    target: Target,
    schedule: Arc<Schedule>,
    queue: Arc<dyn Queue>,
    records: Arc<dyn Records>,
    lane: Lane,
    slots: Arc<Semaphore>,
    pace: Pace,
    events: Arc<Events>,
}

/// A delivery with its content.
struct Job {
    lease: Lease,
    content: Option<Payload>,
}

impl Worker {
    pub(super) fn new(
        target: Target,
        schedule: Arc<Schedule>,
        queue: Arc<dyn Queue>,
        records: Arc<dyn Records>,
    ) -> Arc<Self> {
        Arc::new(Self {
            lane: Lane::Delivery(Arc::clone(&target.name)),
            slots: Arc::new(Semaphore::new(target.concurrency as usize)),
            pace: Pace::new(&schedule),
            events: Arc::new(Events::new(Arc::clone(&target.name))),
            target,
            schedule,
            queue,
            records,
        })
    }

    /// Runs until shutdown, or until the receiver is gone; then finishes what is in flight.
    pub(super) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let (finished, to_settle) = mpsc::channel(self.target.concurrency as usize * UNSETTLED);
        let settler = Settler {
            queue: Arc::clone(&self.queue),
            records: Arc::clone(&self.records),
            events: Arc::clone(&self.events),
            shutdown: shutdown.clone(),
        };
        let deliver = async {
            while let Some((leases, slots)) = self.take(&shutdown).await {
                self.start(leases, slots, &finished, &shutdown).await;
            }
            // The settler ends when the last attempt under way has handed over.
            drop(finished);
        };
        tokio::join!(deliver, settler.run(to_settle));
    }

    /// Waits for free slots, and for as many deliveries. None at the end.
    async fn take(&self, shutdown: &CancellationToken) -> Option<(Vec<Lease>, OwnedSemaphorePermit)> {
        loop {
            // Listened for from here on, so that a pause that begins while slots are taken is not missed.
            let mut slowed = pin!(self.pace.slowed());
            slowed.as_mut().enable();
            let taking = async {
                let slots = self.free_slots().await?;
                let pull = || self.queue.pull(&self.lane, slots.num_permits(), PULL_WAIT);
                Some((insist(&self.events, shutdown, "take deliveries", pull).await?, slots))
            };
            // A `pull` that is dropped loses nothing: what it leased comes back.
            let taken = tokio::select! {
                biased;
                () = shutdown.cancelled() => None,
                () = slowed => continue,
                taken = taking => taken,
            };
            match taken {
                Some((leases, _)) if leases.is_empty() => {}
                taken => return taken,
            }
        }
    }

    /// All slots that are free, at least one; at most one while the receiver is probed. None if it is gone.
    async fn free_slots(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            let leave = self.pace.leave(Instant::now());
            let least = match leave {
                Leave::Stopped => return None,
                Leave::Wait(until) => {
                    tokio::time::sleep_until(until).await;
                    continue;
                }
                Leave::Full => 1,
                // A probe begins when nothing else is under way.
                Leave::Probe => self.target.concurrency,
            };
            let mut slots = Arc::clone(&self.slots).acquire_many_owned(least).await.ok()?;
            if self.pace.leave(Instant::now()) != leave {
                continue;
            }
            if leave == Leave::Probe {
                return slots.split(1);
            }
            let more = u32::try_from(self.slots.available_permits()).unwrap_or(0);
            if let Ok(more) = Arc::clone(&self.slots).try_acquire_many_owned(more) {
                slots.merge(more);
            }
            return Some(slots);
        }
    }

    /// Starts an attempt for each delivery, one a slot.
    async fn start(
        self: &Arc<Self>,
        leases: Vec<Lease>,
        mut slots: OwnedSemaphorePermit,
        finished: &mpsc::Sender<Finished>,
        shutdown: &CancellationToken,
    ) {
        if self.pace.leave(Instant::now()) == Leave::Stopped {
            return;
        }
        for job in self.jobs(leases, finished, shutdown).await {
            let slot = slots.split(1);
            let (worker, finished) = (Arc::clone(self), finished.clone());
            tokio::spawn(async move {
                let job = worker.deliver(job).await;
                // If the settler is gone, sayso is going down, and the lease comes back.
                drop(finished.send(job).await);
                drop(slot);
            });
        }
    }

    /// Fetches the content of deliveries. A message that cannot be read is parked.
    async fn jobs(
        &self,
        leases: Vec<Lease>,
        finished: &mpsc::Sender<Finished>,
        shutdown: &CancellationToken,
    ) -> Vec<Job> {
        let (mut readable, mut keys) = (Vec::with_capacity(leases.len()), Vec::with_capacity(leases.len()));
        for lease in leases {
            match Owed::decode(&lease.body) {
                Ok(owed) => {
                    keys.push((owed.feedback, owed.revision));
                    readable.push(lease);
                }
                Err(error) => {
                    let reason = format!("the message does not say what is owed: {error}");
                    self.events.unreadable(&reason);
                    drop(finished.send(Finished { lease, attempted: None, fate: Fate::Aside(reason) }).await);
                }
            }
        }
        if readable.is_empty() {
            return Vec::new();
        }
        let fetch = || self.records.payloads(&keys);
        match insist(&self.events, shutdown, "read what is to be delivered", fetch).await {
            Some(contents) => {
                readable.into_iter().zip(contents).map(|(lease, content)| Job { lease, content }).collect()
            }
            None => Vec::new(),
        }
    }

    async fn deliver(&self, job: Job) -> Finished {
        let Job { lease, content } = job;
        let delivery = DeliveryId(lease.id);
        let number = lease.tries + 1;
        let Some(payload) = content else {
            self.events.erased(delivery);
            return self.erased(lease, delivery, number);
        };
        let body = match body::event(lease.published_at, &payload) {
            Ok(body) => body,
            Err(error) => {
                let reason = format!("the content cannot be written as JSON: {error}");
                self.events.unreadable(&reason);
                return Finished { lease, attempted: None, fate: Fate::Aside(reason) };
            }
        };
        drop(payload);
        self.events.began();
        let tried = self.target.client.attempt(delivery, number, body).await;
        self.events.ended(&tried.attempt);
        self.adjust_pace(&tried.verdict);
        self.decide(lease, delivery, tried)
    }

    fn adjust_pace(&self, verdict: &Verdict) {
        let now = Instant::now();
        match verdict {
            Verdict::Gone => {
                if self.pace.stop() {
                    self.events.stopped();
                }
            }
            Verdict::Failed { slows: true, retry_after, .. } => {
                if let Some(pause) = self.pace.slow(now, *retry_after) {
                    self.events.paused(pause);
                }
            }
            // No answer says nothing about whether the receiver is back.
            Verdict::Failed { answered: false, .. } => {}
            Verdict::Delivered | Verdict::Failed { .. } => {
                if self.pace.recover(now) {
                    self.events.resumed();
                }
            }
        }
    }

    fn decide(&self, lease: Lease, delivery: DeliveryId, tried: Tried) -> Finished {
        let Tried { attempt, verdict } = tried;
        let error = attempt.error.as_deref().unwrap_or_default();
        let (status, fate) = match verdict {
            Verdict::Delivered => (DeliveryStatus::Delivered, Fate::Done),
            Verdict::Gone => (DeliveryStatus::Parked, Fate::Aside(format!("attempt {}: {error}", attempt.number))),
            Verdict::Failed { retry_after, .. } => match self.schedule.after(attempt.number, retry_after) {
                Some(delay) => (DeliveryStatus::Pending, Fate::Again(delay)),
                None => {
                    (DeliveryStatus::Parked, Fate::Aside(format!("the last of {} attempts: {error}", attempt.number)))
                }
            },
        };
        match &fate {
            Fate::Done => self.events.delivered(delivery),
            Fate::Again(delay) => self.events.retried(delivery, &attempt, *delay),
            Fate::Aside(reason) => self.events.parked(delivery, reason),
        }
        let next_attempt_at = match &fate {
            Fate::Again(delay) => {
                SignedDuration::try_from(*delay).ok().and_then(|delay| Timestamp::now().checked_add(delay).ok())
            }
            _ => None,
        };
        Finished { lease, attempted: Some(Attempted { delivery, attempt, status, next_attempt_at }), fate }
    }

    fn erased(&self, lease: Lease, delivery: DeliveryId, number: u32) -> Finished {
        let attempt = Attempt {
            number,
            at: Timestamp::now(),
            address: None,
            status: None,
            latency_ms: 0,
            response: None,
            error: Some(
                "the feedback is no longer on record, because its customer was erased; nothing was sent".into(),
            ),
        };
        let attempted = Attempted { delivery, attempt, status: DeliveryStatus::Parked, next_attempt_at: None };
        Finished { lease, attempted: Some(attempted), fate: Fate::Done }
    }
}
