//! Settles deliveries that were attempted: first the records, with how the webhook does now, then the queue. Those that
//! wait together are settled together, and none of them holds a slot meanwhile.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{standing::Standing, store::insist};
use crate::{
    feedback::DeliveryId,
    queue::{Lease, Queue},
    records::{Attempted, Records},
};

/// So many deliveries are settled at once, and the rest of the request that the last of them is of.
const BATCH: usize = 512;

/// How long to wait for more to settle together with what there is. Nobody waits for it: at a crash so much more is
/// delivered twice.
const GATHER: Duration = Duration::from_millis(3);

/// What becomes of a delivery's message.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Fate {
    /// It is done.
    Done,
    /// It is due again after this time.
    Again(Duration),
    /// It is set aside, with the reason.
    Aside(String),
    /// It is due as it was: nothing is known of it.
    Back,
}

/// A delivery that was attempted.
pub(super) struct Finished {
    pub(super) lease: Lease,
    /// For the records; none where the message could not be read.
    pub(super) attempted: Option<Attempted>,
    pub(super) fate: Fate,
}

/// Settles what one webhook finished.
pub(super) struct Settler {
    pub(super) queue: Arc<dyn Queue>,
    pub(super) records: Arc<dyn Records>,
    pub(super) standing: Arc<Standing>,
    pub(super) shutdown: CancellationToken,
}

impl Settler {
    /// Runs until nobody can send any more, and everything sent is settled. What came of one request is recorded together,
    /// so that its answer goes from all of it where one was erased meanwhile.
    pub(super) async fn run(self, mut finished: mpsc::Receiver<Vec<Finished>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(first) = finished.recv().await {
            batch.extend(first);
            tokio::time::sleep(GATHER).await;
            while batch.len() < BATCH
                && let Ok(more) = finished.try_recv()
            {
                batch.extend(more);
            }
            self.settle(batch.drain(..)).await;
        }
    }

    async fn settle(&self, batch: impl Iterator<Item = Finished>) {
        let (mut attempts, mut done, mut other) = (Vec::new(), Vec::new(), Vec::new());
        for Finished { lease, attempted, fate } in batch {
            attempts.extend(attempted);
            match fate {
                Fate::Done => done.push(lease),
                fate => other.push((lease, fate)),
            }
        }
        if !attempts.is_empty() {
            let Some(delivered) = self.insist("record attempts", || self.records.record(attempts.clone())).await else {
                // Not recorded, so not settled either: the leases come back.
                return;
            };
            for (lease, _) in other.extract_if(.., |(lease, _)| delivered.contains(&DeliveryId(lease.id))) {
                self.standing.events.was_delivered(DeliveryId(lease.id));
                done.push(lease);
            }
        }
        if self.standing.keep(&self.shutdown).await.is_none() {
            return;
        }
        tokio::join!(self.acknowledge(done), join_all(other.into_iter().map(|(lease, fate)| self.put(lease, fate))));
    }

    async fn acknowledge(&self, leases: Vec<Lease>) {
        if !leases.is_empty() {
            self.insist("acknowledge deliveries", || self.queue.ack(leases.clone())).await;
        }
    }

    async fn put(&self, lease: Lease, fate: Fate) {
        match fate {
            Fate::Done => self.acknowledge(vec![lease]).await,
            Fate::Again(delay) => {
                self.insist("put deliveries back", || self.queue.retry(lease.clone(), delay)).await;
            }
            Fate::Aside(reason) => {
                self.insist("park deliveries", || self.queue.park(lease.clone(), reason.clone())).await;
            }
            Fate::Back => {
                self.insist("give deliveries back", || self.queue.release(vec![lease.clone()])).await;
            }
        }
    }

    async fn insist<T, E: std::fmt::Display, F: Future<Output = Result<T, E>>>(
        &self,
        what: &str,
        step: impl FnMut() -> F,
    ) -> Option<T> {
        insist(&self.standing.events, &self.shutdown, what, step).await
    }
}
