//! Deliveries that are on record as due, and that no lane has: a crash came between the two, and the chain, when it ran
//! again, had other webhooks. At the start they are made due again.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    formats::standard::ANALYZED,
    owed::{OF_ANOTHER, owed_message},
    store::Failed,
    webhooks::Live,
};
use crate::{
    feedback::Feedback,
    queue::{Lane, Message, Queue},
    records::{Attempt, Attempted, Delivery, DeliveryFilter, DeliveryStatus, Records},
};

/// Deliveries that are looked at together.
const PAGE: usize = 500;
/// Pause between two pages.
const REST: Duration = Duration::from_millis(50);

/// What they are looked for in.
pub(super) struct Search<'a> {
    pub(super) live: &'a Live,
    pub(super) queue: &'a dyn Queue,
    pub(super) records: &'a dyn Records,
}

impl Search<'_> {
    /// Looks through what became due before `start`, until it is done or `shutdown`.
    pub(super) async fn run(&self, start: Timestamp, shutdown: &CancellationToken) {
        let found = tokio::select! {
            () = shutdown.cancelled() => return,
            found = self.all(start) => found,
        };
        match found {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "deliveries that a crash had left without a lane are due again"),
            Err(error) => {
                tracing::error!(%error, "whether a crash left deliveries without a lane is not known; it is looked again at the next start")
            }
        }
    }

    async fn all(&self, start: Timestamp) -> Result<usize, Failed> {
        let filter = DeliveryFilter {
            status: Some(DeliveryStatus::Pending),
            event: Some(ANALYZED.into()),
            until: Some(start),
            ..DeliveryFilter::default()
        };
        let (mut count, mut after) = (0, None::<String>);
        loop {
            let page = self.records.deliveries(&filter, after.as_deref(), PAGE).await?;
            let untried = || page.items.iter().filter(|delivery| delivery.attempts.is_empty());
            let absent = self.queue.absent(untried().map(|delivery| delivery.id.0).collect()).await?;
            for delivery in untried().filter(|delivery| absent.contains(&delivery.id.0)) {
                count += usize::from(self.make_due(delivery).await?);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
            // There may be very many, all of them in their lanes, and those are to go out.
            tokio::time::sleep(REST).await;
        }
    }

    /// Whether it was lost.
    async fn make_due(&self, delivery: &Delivery) -> Result<bool, Failed> {
        // Whoever makes it puts that down before the lane forgets it.
        let stands = self.records.delivery(delivery.id).await?.map(|delivery| delivery.status);
        let Some(feedback) = delivery.feedback_id.filter(|_| stands == Some(DeliveryStatus::Pending)) else {
            return Ok(false);
        };
        let payload = self.records.payloads(&[(feedback, delivery.revision)]).await?.pop().flatten();
        let said = payload.and_then(|payload| serde_json::from_str::<Feedback>(&payload.feedback).ok());
        let Some(said) = said else { return Ok(false) };
        let set = self.live.current();
        let (lane, message): (Lane, Message) = match set.by_name(&delivery.webhook) {
            Some(other) if other.created_at.is_some_and(|made| made > delivery.created_at) => {
                self.park(delivery).await?;
                return Ok(true);
            }
            Some(webhook) => webhook.owed(&said),
            None => owed_message(feedback, delivery.revision, &delivery.webhook.as_str().into(), None),
        };
        self.queue.publish_all(vec![(lane, message)]).await?;
        Ok(true)
    }

    async fn park(&self, delivery: &Delivery) -> Result<(), Failed> {
        let attempt = Attempt::not_sent(1, OF_ANOTHER.into());
        let parked =
            Attempted { delivery: delivery.id, attempt, status: DeliveryStatus::Parked, next_attempt_at: None };
        self.records.record(vec![parked]).await?;
        Ok(())
    }
}
