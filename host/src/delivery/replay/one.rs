//! The replay of a single delivery.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    super::{formats::standard::ANALYZED, webhooks::Webhook},
    LOOK, NotReplayed, Replayer, again, is_of_another, lane,
};
use crate::{
    feedback::DeliveryId,
    queue::Replayed,
    records::{Delivery, DeliveryStatus, Payload, RecordsError, Reopened},
};

/// How long a request waits until the delivery is in the queue; it goes there without it, too.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many of what a crash left are read at once.
const PAGE: usize = 200;

/// A delivery that is made again.
#[derive(Clone, Debug)]
pub struct One {
    /// As it stood.
    pub before: Delivery,
    /// Why it waits nevertheless, and for what.
    pub note: Option<String>,
}

impl Replayer {
    /// Has a delivery made again at once, with the same id: a new series of attempts for one that was parked or delivered,
    /// the next attempt of one that waits for its time. Every call leads to another attempt, or says why not.
    ///
    /// # Errors
    /// See [`NotReplayed`].
    pub async fn one(&self, id: DeliveryId) -> Result<One, NotReplayed> {
        let before = self.records.delivery(id).await?.ok_or(NotReplayed::Missing)?;
        let set = self.live.current();
        let webhook =
            set.by_name(&before.webhook).ok_or_else(|| NotReplayed::NoWebhook(before.webhook.clone()))?.clone();
        if is_of_another(&webhook, before.created_at) {
            let why = format!(
                "it was owed to an earlier webhook `{}`, which was deleted; the one of this name was made later",
                webhook.name()
            );
            return Err(NotReplayed::NoContent(why));
        }
        self.refuse_disabled(&webhook).await?;
        let payload = self.content(&before).await?;
        let this = self.clone();
        let note = self.waits_because(&webhook);
        // On a task of its own: whoever asked may go away, and what was begun has to be carried through.
        let task = tokio::spawn(async move { this.make_again(id, &webhook, payload).await });
        match tokio::time::timeout(PATIENCE, task).await {
            Ok(Ok(done)) => done?,
            Ok(Err(panicked)) => {
                return Err(RecordsError::Failed(format!("a replay ended by a defect: {panicked}")).into());
            }
            // It is on record, and goes into the queue as soon as that works.
            Err(_) => {}
        }
        Ok(One { before, note })
    }

    /// What the delivery delivers, where it is an analysis.
    async fn content(&self, delivery: &Delivery) -> Result<Option<Payload>, NotReplayed> {
        let gone = |what: &str| NotReplayed::NoContent(what.to_owned());
        match delivery.feedback_id.filter(|_| delivery.event == ANALYZED) {
            Some(feedback) => {
                let payload = self.records.payloads(&[(feedback, delivery.revision)]).await?.pop().flatten();
                let payload = payload.ok_or_else(|| {
                    gone("its feedback is no longer on record: it was erased, or kept for as long as it may be")
                })?;
                Ok(Some(payload))
            }
            None if self.queue.find(&lane(&delivery.webhook), delivery.id.0).await?.is_some() => Ok(None),
            None => {
                Err(gone(&format!("what an event of the type `{}` tells is not kept once it is told", delivery.event)))
            }
        }
    }

    async fn make_again(&self, id: DeliveryId, webhook: &Webhook, payload: Option<Payload>) -> Result<(), NotReplayed> {
        // The records first: an attempt that followed before them would be overwritten.
        let (stood, reopened) = self.records.reopen(id).await?.ok_or(NotReplayed::Missing)?;
        // A worker that has it then is about to settle what is on record; otherwise it is making the next attempt.
        let is_being_settled = match stood.status {
            DeliveryStatus::Pending => stood.next_attempt_at.is_some_and(|at| at > Timestamp::now()),
            DeliveryStatus::Delivered | DeliveryStatus::Parked => true,
        };
        let lane = lane(&reopened.webhook);
        loop {
            let message = again(&reopened, Some(webhook), payload.as_ref());
            let replayed = self.queue.replay(&lane, vec![message]).await?.pop();
            match replayed {
                Some(Replayed::Anew | Replayed::Sooner) => {
                    super::super::events::replayed(&reopened.webhook, 1);
                    return Ok(self.records.settle_reopened(id).await?);
                }
                Some(Replayed::Leased) if is_being_settled => tokio::time::sleep(LOOK).await,
                Some(Replayed::Waits | Replayed::Leased) => {
                    self.records.settle_reopened(id).await?;
                    return Err(NotReplayed::Waits);
                }
                Some(Replayed::Gone) | None => {
                    self.park_without_content(&reopened).await?;
                    self.records.settle_reopened(id).await?;
                    return Err(NotReplayed::NoContent("the queue does not have its content any more".into()));
                }
            }
        }
    }

    /// Carries through the replays of single deliveries that a crash broke off.
    pub(super) async fn put_back_what_was_left(&self, shutdown: &CancellationToken) {
        loop {
            let read = || self.records.left_reopened(PAGE);
            let Some(left) = self.insist(shutdown, "read what was to be replayed", read).await else { return };
            for reopened in &left {
                let put = || self.put_back_left(reopened);
                if self.insist(shutdown, "put back what was to be replayed", put).await.is_none() {
                    return;
                }
            }
            if left.len() < PAGE {
                return;
            }
        }
    }

    async fn put_back_left(&self, reopened: &Reopened) -> Result<(), NotReplayed> {
        let payload = match reopened.feedback {
            Some(feedback) => self.records.payloads(&[(feedback, reopened.revision)]).await?.pop().flatten(),
            None => None,
        };
        let set = self.live.current();
        let webhook = set.by_name(&reopened.webhook).map(|webhook| &**webhook);
        let message = again(reopened, webhook, payload.as_ref());
        if self.queue.replay(&lane(&reopened.webhook), vec![message]).await? == [Replayed::Gone] {
            self.park_without_content(reopened).await?;
        }
        Ok(self.records.settle_reopened(reopened.id).await?)
    }
}
