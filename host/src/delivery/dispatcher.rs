//! Has one worker for each webhook, and follows the set of webhooks as it changes.
//!
//! A webhook that was changed gets a new worker when the one before has finished what it had under way, so that its
//! limits and its order hold throughout. Nothing is lost meanwhile: what is not taken waits in the lane.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    Switchboard, WebhookError,
    events::Events,
    lost::Search,
    schedule::Schedule,
    schedule_of,
    webhooks::{Live, Set, Webhook, WebhookId, retire},
    worker::{Target, Worker},
};
use crate::{
    config,
    queue::Queue,
    records::{Records, WebhookHealth},
};

/// How long after a worker ended by a defect the next one begins: what ends every one of them must not keep a processor busy.
const AFTER_A_DEFECT: Duration = Duration::from_secs(10);

/// The delivery stage.
pub struct Dispatcher {
    schedule: Arc<Schedule>,
    switchboard: Switchboard,
    live: Live,
    queue: Arc<dyn Queue>,
    records: Arc<dyn Records>,
}

/// What is done about a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Duty {
    /// Deliver, to this revision of the webhook.
    Deliver(WebhookId, u32),
    /// Park: the webhook was deleted.
    Retire,
}

/// A lane that is served.
struct Served {
    duty: Duty,
    stop: CancellationToken,
    /// Whether the worker ended by itself, and by no defect: it is not started again for the same duty.
    has_ended: bool,
}

/// The lanes that are served, by the webhook's name.
#[derive(Default)]
struct Lanes {
    served: HashMap<Arc<str>, Served>,
    /// The tasks; each returns its name, and whether it panicked.
    running: JoinSet<(Arc<str>, bool)>,
}

impl Dispatcher {
    /// Checks the configuration of delivery.
    ///
    /// # Errors
    /// Where `[delivery]` makes no sense.
    pub fn new(
        limits: &config::Delivery,
        live: Live,
        queue: Arc<dyn Queue>,
        records: Arc<dyn Records>,
    ) -> Result<Self, WebhookError> {
        let schedule = schedule_of(limits)?;
        let switchboard =
            Switchboard::new(schedule.clone(), limits.disable_after, live.clone(), queue.clone(), records.clone());
        Ok(Self { schedule, switchboard, live, queue, records })
    }

    /// Its webhooks, to see how they do, and to enable one that was disabled.
    pub fn switchboard(&self) -> Switchboard {
        self.switchboard.clone()
    }

    /// Delivers, and carries out replays, until `shutdown`; then takes nothing more, and returns when what is in flight is settled. The caller
    /// bounds that time; what is cut off comes back after the restart.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let replays = tokio::spawn(self.switchboard.replayer().run(shutdown.clone()));
        let lost = tokio::spawn({
            let (live, queue, records) = (self.live.clone(), self.queue.clone(), self.records.clone());
            let (start, shutdown) = (Timestamp::now(), shutdown.clone());
            async move { Search { live: &live, queue: &*queue, records: &*records }.run(start, &shutdown).await }
        });
        let mut lanes = Lanes::default();
        let mut set = self.live.take_up();
        loop {
            self.follow(&set, &mut lanes, &shutdown);
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = self.live.changed() => set = self.live.take_up(),
                Some(ended) = lanes.running.join_next() => lanes.ended(ended.ok()),
            }
        }
        while lanes.running.join_next().await.is_some() {}
        if let Err(error) = lost.await {
            tracing::error!(%error, "looking for deliveries without a lane ended by a defect");
        }
        if let Err(error) = replays.await {
            tracing::error!(%error, "the replays ended by a defect; they go on at the next start");
        }
    }

    /// Starts what is not there, and has end what is there no more.
    fn follow(&self, set: &Set, lanes: &mut Lanes, shutdown: &CancellationToken) {
        let deliver = |webhook: &Arc<Webhook>| {
            (webhook.name().clone(), (Duty::Deliver(webhook.id, webhook.revision), Some(webhook.clone())))
        };
        let gone = set.retired.iter().filter(|name| set.by_name(name).is_none());
        let retired = gone.map(|name| (name.clone(), (Duty::Retire, None)));
        let wanted: HashMap<_, _> =
            retired.chain(set.webhooks.iter().filter(|webhook| webhook.is_active()).map(deliver)).collect();
        lanes.served.retain(|name, served| {
            let is_same = wanted.get(name).is_some_and(|(duty, _)| *duty == served.duty);
            let is_wanted = is_same && !served.stop.is_cancelled();
            if !is_wanted {
                served.stop.cancel();
            }
            // One that runs is kept until it has ended.
            is_wanted || !served.has_ended
        });
        for (name, (duty, webhook)) in wanted {
            if lanes.served.contains_key(&name) {
                continue;
            }
            let stop = shutdown.child_token();
            self.start(name.clone(), webhook, stop.clone(), &mut lanes.running);
            lanes.served.insert(name, Served { duty, stop, has_ended: false });
        }
    }

    fn start(
        &self,
        name: Arc<str>,
        webhook: Option<Arc<Webhook>>,
        stop: CancellationToken,
        running: &mut JoinSet<(Arc<str>, bool)>,
    ) {
        let (queue, records) = (Arc::clone(&self.queue), Arc::clone(&self.records));
        let callable = webhook.as_deref().and_then(|webhook| Some((webhook, Target::of(webhook)?)));
        let task = match callable {
            Some((webhook, target)) => {
                let standing = self.switchboard.standing(webhook);
                Worker::new(target, standing, Arc::clone(&self.schedule), queue, records).run(stop.clone()).boxed()
            }
            None => {
                // Alerts on a webhook that is gone would never end.
                Events::new(name.clone()).begin(&WebhookHealth::default());
                retire(name.clone(), queue, records, stop.clone()).boxed()
            }
        };
        running.spawn(guarded(name, stop, AFTER_A_DEFECT, task));
    }
}

/// Runs the worker of a webhook; its name, and whether it panicked: then `pause` later, so that another may begin.
async fn guarded(
    name: Arc<str>,
    stop: CancellationToken,
    pause: Duration,
    task: impl Future<Output = ()>,
) -> (Arc<str>, bool) {
    let panicked = AssertUnwindSafe(task).catch_unwind().await.is_err();
    if panicked {
        tracing::error!(
            webhook = %name,
            "the worker of a webhook ended by a defect; another begins in {} s, and what it had taken comes back",
            pause.as_secs()
        );
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    (name, panicked)
}

impl Lanes {
    fn ended(&mut self, ended: Option<(Arc<str>, bool)>) {
        match ended {
            Some((name, true)) => drop(self.served.remove(&name)),
            Some((name, false)) => {
                if let Some(served) = self.served.get_mut(&name) {
                    served.has_ended = true;
                }
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_ended_by_a_defect_makes_room_for_another() {
        let (name, stop) = (Arc::<str>::from("desk"), CancellationToken::new());
        let mut lanes = Lanes::default();
        lanes.served.insert(name.clone(), Served { duty: Duty::Retire, stop: stop.clone(), has_ended: false });
        lanes.running.spawn(guarded(name, stop, Duration::ZERO, async { panic!("a defect") }));
        let ended = lanes.running.join_next().await.and_then(|ended| ended.ok());
        lanes.ended(ended);
        assert!(lanes.served.is_empty());
    }

    #[tokio::test]
    async fn whoever_stops_a_worker_that_ended_by_a_defect_need_not_wait() {
        let stop = CancellationToken::new();
        stop.cancel();
        assert!(guarded("desk".into(), stop, Duration::MAX, async { panic!("a defect") }).await.1);
    }
}
