//! The worker of one webhook: takes what is due from its lane, attempts it, and hands it over to be settled.

mod ahead;
mod batch;
mod take;

use std::{fmt::Display, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::ahead::{Ahead, Pace};
use super::{
    breaker::Era,
    client::{Client, Tried, Verdict},
    events::Events,
    formats::{self, Event, Format, Outgoing, Unfit, standard},
    owed::{OF_ANOTHER, Owed},
    rate::Rate,
    schedule::{Luck, Schedule},
    settle::{Fate, Finished, Settler},
    slots::{self, Slots},
    standing::Standing,
    store::insist,
    webhooks::Webhook,
};
use crate::{
    config::Batch,
    feedback::{DeliveryId, FeedbackId},
    queue::{Lane, Lease, Queue},
    records::{Attempt, Attempted, DeliveryStatus, Payload, Records},
};

/// How many finished deliveries may wait to be settled, in slots.
const UNSETTLED: usize = 64;

/// What one webhook is called with.
pub(super) struct Target {
    pub(super) name: Arc<str>,
    id: Uuid,
    pub(super) client: Arc<Client>,
    pub(super) concurrency: u32,
    format: Format,
    rate: Option<Rate>,
    batch: Option<Batch>,
}

impl Target {
    /// What a webhook is called with; none if it cannot be called.
    pub(super) fn of(webhook: &Webhook) -> Option<Self> {
        let client = Arc::clone(webhook.client.as_ref()?);
        Some(Self {
            name: Arc::clone(webhook.name()),
            id: webhook.id.0,
            client,
            concurrency: webhook.concurrency,
            format: webhook.format.clone(),
            rate: webhook.settings.rate.map(Rate::new),
            batch: webhook.settings.batch,
        })
    }
}

/// The worker of one webhook.
pub(super) struct Worker {
    target: Target,
    schedule: Arc<Schedule>,
    queue: Arc<dyn Queue>,
    records: Arc<dyn Records>,
    lane: Lane,
    slots: Slots,
    standing: Arc<Standing>,
    events: Arc<Events>,
    pace: Pace,
}

/// Deliveries that were taken, and slots for them.
struct Taken {
    work: Work,
    slots: slots::Taken,
    era: Era,
}

/// What there is to do.
enum Work {
    /// Just taken from the lane.
    Leases(Vec<Lease>),
    /// Taken ahead.
    Jobs(Vec<Job>),
}

/// A delivery with its content.
struct Job {
    lease: Lease,
    content: Content,
}

/// What a delivery tells.
enum Content {
    Analysis {
        feedback: FeedbackId,
        payload: Payload,
    },
    Notice {
        event: String,
        data: Value,
    },
    /// The feedback was erased.
    Erased,
}

impl Content {
    /// The event to tell; none of what was erased.
    fn event(&self, lease: &Lease) -> Option<Event<'_>> {
        let (kind, data) = match self {
            Self::Analysis { feedback, payload } => {
                (standard::ANALYZED, formats::Data::Analysis { feedback: *feedback, payload })
            }
            Self::Notice { event, data } => (event.as_str(), formats::Data::Notice(data)),
            Self::Erased => return None,
        };
        Some(Event::new(DeliveryId(lease.id), kind, lease.published_at, data))
    }
}

impl Worker {
    /// A worker for `target`, of whose webhook `standing` is.
    pub(super) fn new(
        target: Target,
        standing: Arc<Standing>,
        schedule: Arc<Schedule>,
        queue: Arc<dyn Queue>,
        records: Arc<dyn Records>,
    ) -> Arc<Self> {
        Arc::new(Self {
            lane: Lane::Delivery(Arc::clone(&target.name)),
            slots: Slots::new(target.concurrency),
            events: Arc::clone(&standing.events),
            standing,
            target,
            schedule,
            queue,
            records,
            pace: Pace::default(),
        })
    }

    /// Runs until shutdown; then finishes what is in flight.
    pub(super) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        if self.standing.load(&shutdown).await.is_none() {
            return;
        }
        let (finished, to_settle) = mpsc::channel(self.target.concurrency as usize * UNSETTLED);
        let settler = Settler {
            queue: Arc::clone(&self.queue),
            records: Arc::clone(&self.records),
            standing: Arc::clone(&self.standing),
            shutdown: shutdown.clone(),
        };
        let deliver = async {
            let mut ahead = Ahead::default();
            while let Some(taken) = self.take(&mut ahead, &finished, &shutdown).await {
                self.start(taken, &mut ahead, &finished, &shutdown).await;
            }
            self.give_back(&mut ahead).await;
            // The settler ends when the last attempt under way has handed over.
            drop(finished);
        };
        tokio::join!(deliver, settler.run(to_settle));
    }

    /// Starts an attempt for each delivery, one a slot; or one for all of them.
    async fn start(
        self: &Arc<Self>,
        Taken { work, mut slots, era }: Taken,
        ahead: &mut Ahead,
        finished: &mpsc::Sender<Vec<Finished>>,
        shutdown: &CancellationToken,
    ) {
        let jobs = match (work, self.target.batch) {
            (Work::Jobs(jobs), _) => jobs,
            (Work::Leases(leases), None) => {
                ahead.keep_beyond(slots.count(), self.jobs(leases, finished, shutdown).await)
            }
            (Work::Leases(leases), Some(batch)) => {
                let with_retries = slots.most_retries() > 0;
                let leases = self.gather(leases, batch, with_retries, shutdown).await;
                let jobs = self.jobs(leases, finished, shutdown).await;
                let slot = slots.give(jobs.iter().any(|job| !job.lease.is_first));
                return self.start_batch(jobs, slot, era, finished);
            }
        };
        for job in jobs {
            let slot = slots.give(!job.lease.is_first);
            let (worker, finished) = (Arc::clone(self), finished.clone());
            tokio::spawn(async move {
                let job = worker.deliver(job, era).await;
                // If the settler is gone, sayso is going down, and the lease comes back.
                drop(finished.send(vec![job]).await);
                drop(slot);
            });
        }
    }

    /// Fetches the content of deliveries. A message that cannot be read is parked.
    async fn jobs(
        &self,
        leases: Vec<Lease>,
        finished: &mpsc::Sender<Vec<Finished>>,
        shutdown: &CancellationToken,
    ) -> Vec<Job> {
        let (mut jobs, mut readable, mut keys) = (Vec::with_capacity(leases.len()), Vec::new(), Vec::new());
        for lease in leases {
            match Owed::decode(&lease.body) {
                Ok(Owed::Analysis { webhook: Some(only), .. }) if only != self.target.id => {
                    drop(finished.send(vec![self.of_another(lease)]).await);
                }
                Ok(Owed::Analysis { feedback, revision, .. }) => {
                    keys.push((feedback, revision));
                    readable.push(lease);
                }
                Ok(Owed::Notice { event, data }) => {
                    jobs.push(Job { lease, content: Content::Notice { event, data } });
                }
                Err(error) => {
                    let reason = format!("the message does not say what is owed: {error}");
                    self.events.unreadable(&reason);
                    let unread = Finished { lease, attempted: None, fate: Fate::Aside(reason) };
                    drop(finished.send(vec![unread]).await);
                }
            }
        }
        if readable.is_empty() {
            return jobs;
        }
        let fetch = || self.records.payloads(&keys);
        if let Some(contents) = insist(&self.events, shutdown, "read what is to be delivered", fetch).await {
            let content = |feedback, payload: Option<Payload>| {
                payload.map_or(Content::Erased, |payload| Content::Analysis { feedback, payload })
            };
            let analyses = readable.into_iter().zip(keys.into_iter().zip(contents));
            let job = |(lease, ((feedback, _), payload))| Job { lease, content: content(feedback, payload) };
            jobs.extend(analyses.map(job));
        }
        jobs
    }

    async fn deliver(&self, job: Job, era: Era) -> Finished {
        let Job { lease, content } = job;
        let (delivery, number) = (DeliveryId(lease.id), lease.tries + 1);
        let Some(event) = content.event(&lease) else {
            return self.erased(lease);
        };
        let outgoing = match self.target.format.write(&event).await {
            Ok(outgoing) => outgoing,
            Err(late @ Unfit::Late(_)) => {
                let attempt = Attempt::not_sent(number, late.to_string());
                let verdict = Verdict::Failed { retry_after: None, slows: false, answered: false };
                return self.decide(lease, Tried { attempt, verdict }, false, Luck::draw());
            }
            Err(unfit) => return self.unfit(lease, &unfit),
        };
        drop(content);
        match self.attempt(delivery, number, outgoing, std::slice::from_ref(&lease), era).await {
            Some((tried, has_disabled)) => self.decide(lease, tried, has_disabled, Luck::draw()),
            None => Finished { lease, attempted: None, fate: Fate::Back },
        }
    }

    /// Attempts a request, and whether that disabled the webhook; none where one of the leases counts no more, since what
    /// it is of was erased: then the request is broken off.
    async fn attempt(
        &self,
        id: impl Display,
        number: u32,
        outgoing: Outgoing,
        leases: &[Lease],
        era: Era,
    ) -> Option<(Tried, bool)> {
        self.events.began();
        let tried = tokio::select! {
            biased;
            () = self.queue.forgotten(leases) => {
                self.events.broken_off();
                return None;
            }
            tried = self.target.client.attempt(id, number, outgoing) => tried,
        };
        self.pace.observe(Duration::from_millis(tried.attempt.latency_ms.into()));
        self.events.ended(&tried.attempt);
        let has_disabled = self.standing.observe(era, &tried);
        Some((tried, has_disabled))
    }

    fn decide(&self, lease: Lease, tried: Tried, has_disabled: bool, luck: Luck) -> Finished {
        let delivery = DeliveryId(lease.id);
        let Tried { attempt, verdict } = tried;
        let error = attempt.error.as_deref().unwrap_or_default();
        let by_schedule = |retry_after| match self.schedule.after(attempt.number, retry_after, luck) {
            Some(delay) => (DeliveryStatus::Pending, Fate::Again(delay)),
            None => (DeliveryStatus::Parked, Fate::Aside(format!("the last of {} attempts: {error}", attempt.number))),
        };
        let (status, fate) = match verdict {
            Verdict::Delivered => (DeliveryStatus::Delivered, Fate::Done),
            Verdict::Gone if has_disabled => {
                (DeliveryStatus::Parked, Fate::Aside(format!("attempt {}: {error}", attempt.number)))
            }
            // The others that were under way wait with what the disabled webhook is owed besides.
            Verdict::Gone => by_schedule(None),
            Verdict::Failed { retry_after, .. } => by_schedule(retry_after),
        };
        match &fate {
            Fate::Done => self.events.delivered(delivery),
            Fate::Again(delay) => self.events.retried(delivery, &attempt, *delay),
            Fate::Aside(reason) => self.events.parked(delivery, reason),
            Fate::Back => {}
        }
        let next_attempt_at = match &fate {
            Fate::Again(delay) => {
                SignedDuration::try_from(*delay).ok().and_then(|delay| Timestamp::now().checked_add(delay).ok())
            }
            _ => None,
        };
        Finished { lease, attempted: Some(Attempted { delivery, attempt, status, next_attempt_at }), fate }
    }

    fn erased(&self, lease: Lease) -> Finished {
        self.events.erased(DeliveryId(lease.id));
        let error = "the feedback is no longer on record, because it was erased; nothing was sent";
        Finished { attempted: Some(not_sent(&lease, error.into())), lease, fate: Fate::Done }
    }

    /// Parks what was owed to a webhook that was deleted while the chain was at it, and that this one has the name of.
    fn of_another(&self, lease: Lease) -> Finished {
        self.aside(lease, OF_ANOTHER.to_owned())
    }

    /// Parks what cannot be put into the webhook's format: another try would end alike.
    fn unfit(&self, lease: Lease, unfit: &Unfit) -> Finished {
        self.aside(lease, unfit.to_string())
    }

    /// Parks a delivery of which nothing was sent.
    fn aside(&self, lease: Lease, reason: String) -> Finished {
        self.events.parked(DeliveryId(lease.id), &reason);
        Finished { attempted: Some(not_sent(&lease, reason.clone())), lease, fate: Fate::Aside(reason) }
    }
}

/// The attempt of a delivery of which nothing was sent, for the records.
fn not_sent(lease: &Lease, error: String) -> Attempted {
    let attempt = Attempt::not_sent(lease.tries + 1, error);
    Attempted { delivery: DeliveryId(lease.id), attempt, status: DeliveryStatus::Parked, next_attempt_at: None }
}
