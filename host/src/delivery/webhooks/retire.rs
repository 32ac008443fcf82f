//! Parks what is owed to a webhook that was deleted.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    delivery::store::Failed,
    feedback::DeliveryId,
    queue::{Lane, Lease, Queue},
    records::{Attempt, Attempted, DeliveryStatus, Records, WebhookHealth},
};

/// How long one look into the lane waits.
const PULL_WAIT: Duration = Duration::from_secs(1);
/// Pause after the store failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Most deliveries that are parked at once.
const AT_ONCE: usize = 256;
/// Why they are parked.
const REASON: &str = "the webhook was deleted; nothing was sent";

/// Parks what is, and what comes, in the lane of the webhook of this name, until `stop`.
pub(in crate::delivery) async fn retire(
    name: Arc<str>,
    queue: Arc<dyn Queue>,
    records: Arc<dyn Records>,
    stop: CancellationToken,
) {
    let lane = Lane::Delivery(name.clone());
    let work = async {
        // Of no use any more, even where there will be a webhook of that name again.
        if let Err(error) = records.set_health(&name, WebhookHealth::default()).await {
            tracing::warn!(webhook = %name, %error, "how a deleted webhook did stays on record");
        }
        loop {
            if let Err(error) = park_some(&lane, &*queue, &*records).await {
                tracing::error!(webhook = %name, %error, "deliveries of a deleted webhook could not be parked yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}

async fn park_some(lane: &Lane, queue: &dyn Queue, records: &dyn Records) -> Result<(), Failed> {
    // What waits for a retry, too, also what the last attempts put back: the name is another's only when nothing waits.
    queue.hasten(lane);
    let leases = queue.pull(lane, AT_ONCE, PULL_WAIT).await?;
    if leases.is_empty() {
        return Ok(());
    }
    tracing::debug!(%lane, count = leases.len(), "deliveries of a deleted webhook are parked");
    let (mut owed, mut done) = (Vec::new(), Vec::new());
    for lease in leases {
        // Of what was erased nothing is on record, and what was delivered may be here yet, after a crash.
        match records.delivery(DeliveryId(lease.id)).await? {
            Some(delivery) if delivery.status != DeliveryStatus::Delivered => owed.push(lease),
            _ => done.push(lease),
        }
    }
    let delivered = records.record(owed.iter().map(attempted).collect()).await?;
    for lease in owed {
        if delivered.contains(&DeliveryId(lease.id)) {
            done.push(lease);
        } else {
            queue.park(lease, REASON.into()).await?;
        }
    }
    Ok(queue.ack(done).await?)
}

fn attempted(lease: &Lease) -> Attempted {
    let attempt = Attempt::not_sent(lease.tries + 1, REASON.into());
    Attempted { delivery: DeliveryId(lease.id), attempt, status: DeliveryStatus::Parked, next_attempt_at: None }
}
