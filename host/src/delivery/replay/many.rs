//! Replays of many deliveries, in the background.

use std::{collections::HashSet, time::Duration};

use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{LOOK, NotReplayed, Replayer, again, is_of_another, lane};
use crate::{
    config::Ordering,
    queue::{Lane, Replayed},
    records::{Attempt, Attempted, DeliveryStatus, Payload, RecordsError, Reopened, Replay, ReplayId, Step},
};

/// The next page is put back while fewer than so many deliveries that came back are due: enough that the webhook does not
/// wait for the replay.
const DUE: usize = 400;
/// Longest pause between two looks whether there is room.
const LONGEST_LOOK: Duration = Duration::from_millis(500);

impl Replayer {
    /// Carries out what is not finished, and what is started, each replay on a task of its own.
    pub(super) async fn carry_out_all(&self, shutdown: &CancellationToken) {
        let (mut tasks, mut under_way) = (JoinSet::new(), HashSet::<ReplayId>::new());
        let mut changed = self.changed.subscribe();
        loop {
            let read = || self.records.unfinished_replays();
            let Some(unfinished) = self.insist(shutdown, "read the replays", read).await else { break };
            for replay in unfinished {
                if under_way.insert(replay.id) {
                    let (this, shutdown) = (self.clone(), shutdown.clone());
                    tasks.spawn(async move {
                        let id = replay.id;
                        this.carry_out(replay, &shutdown).await;
                        id
                    });
                }
            }
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(ended) = tasks.join_next() => match ended {
                    Ok(id) => drop(under_way.remove(&id)),
                    // It stays under way: started again, it would fail again.
                    Err(error) => tracing::error!(%error, "a replay ended by a defect; it goes on at the next start"),
                },
                // Its sender is this replayer's own.
                _ = changed.changed() => {}
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn carry_out(&self, replay: Replay, shutdown: &CancellationToken) {
        let (id, webhook) = (replay.id, replay.webhook.as_str());
        let lane = lane(webhook);
        tracing::info!(replay = %id, %webhook, done = replay.done, "a replay puts deliveries back");
        let (mut is_put_back, mut changed) = (false, self.changed.subscribe());
        loop {
            if is_put_back && self.room(&lane, &mut changed, shutdown).await.is_none() {
                return;
            }
            let set = self.live.current();
            let begun = replay.filter.since.max(Some(replay.started_at)).unwrap_or_default();
            if set.by_name(webhook).is_none_or(|now| is_of_another(now, begun)) {
                let cancel =
                    || self.records.cancel_replay(id, Some(format!("there is no webhook `{webhook}` any more")));
                if self.insist(shutdown, "cancel a replay", cancel).await.is_none() {
                    return;
                }
            }
            let step = || self.records.step_replay(id, is_put_back);
            match self.insist(shutdown, "go on with a replay", step).await {
                Some(Step::PutBack(page)) => {
                    if self.put_back(&replay, &lane, page, shutdown).await.is_none() {
                        return;
                    }
                    is_put_back = true;
                }
                Some(Step::End) => break,
                None => return,
            }
        }
        tracing::info!(replay = %id, %webhook, "a replay has ended; what it put back is tried as its turn comes");
    }

    /// Waits until the webhook has tried most of what was put back, or a replay was cancelled. None at the end.
    async fn room(&self, lane: &Lane, changed: &mut watch::Receiver<()>, shutdown: &CancellationToken) -> Option<()> {
        let mut pause = LOOK / 4;
        while self.queue.due_again(lane, DUE) >= DUE {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return None,
                _ = changed.changed() => return Some(()),
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_LOOK),
            }
        }
        (!shutdown.is_cancelled()).then_some(())
    }

    /// Puts a page into the queue. What a worker is about to settle is put back when it has. None at the end.
    async fn put_back(
        &self,
        replay: &Replay,
        lane: &Lane,
        mut page: Vec<Reopened>,
        shutdown: &CancellationToken,
    ) -> Option<()> {
        let is_of_waiting = replay.filter.status == Some(DeliveryStatus::Pending);
        super::super::events::replayed(&replay.webhook, page.len() as u64);
        loop {
            let put = || self.put_back_once(lane, &page);
            let mut held = self.insist(shutdown, "put back what is to be replayed", put).await?;
            if held.is_empty() || is_of_waiting {
                return Some(());
            }
            std::mem::swap(&mut page, &mut held);
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return None,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// What could not be put back because a worker has it.
    async fn put_back_once(&self, lane: &Lane, page: &[Reopened]) -> Result<Vec<Reopened>, NotReplayed> {
        let payloads = self.payloads(page).await?;
        let set = self.live.current();
        let webhook = |name: &str| set.by_name(name).map(|webhook| &**webhook);
        let message =
            |(one, payload): (&Reopened, &Option<Payload>)| again(one, webhook(&one.webhook), payload.as_ref());
        let replayed = self.queue.replay(lane, page.iter().zip(&payloads).map(message).collect()).await?;
        let mut held = Vec::new();
        for (one, replayed) in page.iter().zip(replayed) {
            match replayed {
                Replayed::Leased => held.push(one.clone()),
                Replayed::Gone => self.park_without_content(one).await?,
                Replayed::Anew | Replayed::Sooner | Replayed::Waits => {}
            }
        }
        Ok(held)
    }

    /// What is delivered, where it is needed to keep an order.
    async fn payloads(&self, page: &[Reopened]) -> Result<Vec<Option<Payload>>, RecordsError> {
        let set = self.live.current();
        let is_ordered = |one: &Reopened| {
            set.by_name(&one.webhook).is_some_and(|webhook| webhook.settings.ordering == Ordering::Customer)
        };
        if !page.iter().any(is_ordered) {
            return Ok(vec![None; page.len()]);
        }
        // What is about no feedback has an id that no feedback has.
        let of = |one: &Reopened| (one.feedback.unwrap_or_default(), one.revision);
        self.records.payloads(&page.iter().map(of).collect::<Vec<_>>()).await
    }

    /// Parks a delivery of which the queue has nothing any more.
    pub(super) async fn park_without_content(&self, one: &Reopened) -> Result<(), RecordsError> {
        let why = format!("what the event `{}` told is not kept any more; nothing was sent", one.event);
        let attempt = Attempt::not_sent(1, why);
        let status = DeliveryStatus::Parked;
        self.records.record(vec![Attempted { delivery: one.id, attempt, status, next_attempt_at: None }]).await?;
        Ok(())
    }
}
