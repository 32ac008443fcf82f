//! Several deliveries in one request.
//!
//! The body is a list of what would have gone out one by one, each with its own id, type and time; around it is what the
//! format of the webhook says. The request's id is made of those ids: a retry of the same deliveries has the same one. A
//! retry may be put together anew, with others that are due, so that receivers drop repeats by the ids inside.
//!
//! Each delivery keeps its own record, number of attempts and schedule; the request's outcome is that of each.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Era, Fate, Finished, Job, Worker, insist, slots::Slot};
use crate::{
    config::Batch,
    delivery::{client::Tried, schedule::Luck},
    queue::Lease,
};

/// Largest body of a request with several deliveries, in bytes; a single delivery may be larger.
const MAX_BODY: usize = 4 << 20;

/// What goes out in one request.
#[derive(Default)]
struct Parcel {
    leases: Vec<Lease>,
    items: Vec<Bytes>,
    bytes: usize,
}

impl Worker {
    /// Waits for more to go out with what was taken, as long as the batch may wait; retries only where a slot for them
    /// was taken.
    pub(super) async fn gather(
        &self,
        mut leases: Vec<Lease>,
        batch: Batch,
        with_retries: bool,
        stop: &CancellationToken,
    ) -> Vec<Lease> {
        let until = Instant::now() + Duration::from_millis(batch.max_wait_ms);
        while leases.len() < batch.max_items {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let room = batch.max_items - leases.len();
            let most_retries = if with_retries { room } else { 0 };
            let pull = || self.queue.pull_sparing(&self.lane, room, most_retries, left);
            // At the end what is gathered goes out: given back, it would wait for its lease to run out.
            let more = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                more = insist(&self.events, stop, "take deliveries", pull) => more,
            };
            match more {
                Some(more) => leases.extend(more),
                None => break,
            }
        }
        leases
    }

    /// Starts the request for a batch; more than one where it is too large.
    pub(super) fn start_batch(
        self: &Arc<Self>,
        jobs: Vec<Job>,
        slot: Slot,
        era: Era,
        finished: &mpsc::Sender<Vec<Finished>>,
    ) {
        let (parcels, unfit) = self.pack(jobs);
        let slot = Arc::new(slot);
        let send_all = |all: Vec<Finished>, finished: mpsc::Sender<Vec<Finished>>| async move {
            // If the settler is gone, sayso is going down, and the leases come back.
            drop(finished.send(all).await);
        };
        tokio::spawn(send_all(unfit, finished.clone()));
        for parcel in parcels {
            let (worker, slot, finished) = (Arc::clone(self), Arc::clone(&slot), finished.clone());
            tokio::spawn(async move {
                let done = worker.deliver_parcel(parcel, era).await;
                drop(slot);
                send_all(done, finished).await;
            });
        }
    }

    /// Puts deliveries together; apart those of which nothing can be sent.
    fn pack(&self, jobs: Vec<Job>) -> (Vec<Parcel>, Vec<Finished>) {
        let (mut parcels, mut unfit) = (vec![Parcel::default()], Vec::new());
        for Job { lease, content } in jobs {
            let Some(event) = content.event(&lease) else {
                unfit.push(self.erased(lease));
                continue;
            };
            match self.target.format.item(&event) {
                Ok(item) => {
                    let is_full = |parcel: &Parcel| !parcel.items.is_empty() && parcel.bytes + item.len() > MAX_BODY;
                    if parcels.last().is_none_or(is_full) {
                        parcels.push(Parcel::default());
                    }
                    if let Some(parcel) = parcels.last_mut() {
                        parcel.bytes += item.len();
                        parcel.items.push(item);
                        parcel.leases.push(lease);
                    }
                }
                Err(why) => unfit.push(self.unfit(lease, &why)),
            }
        }
        parcels.retain(|parcel| !parcel.items.is_empty());
        (parcels, unfit)
    }

    async fn deliver_parcel(&self, Parcel { leases, items, .. }: Parcel, era: Era) -> Vec<Finished> {
        let due = leases.iter().map(|lease| lease.published_at).min().unwrap_or_default();
        let outgoing = self.target.format.batch(due, &items);
        drop(items);
        self.events.began();
        let number = leases.iter().map(|lease| lease.tries + 1).max().unwrap_or(1);
        let tried = tokio::select! {
            tried = self.target.client.attempt(id_of(&leases), number, outgoing) => tried,
            () = self.queue.forgotten(&leases) => {
                // The others go out in another request.
                self.events.broken_off();
                return leases.into_iter().map(|lease| Finished { lease, attempted: None, fate: Fate::Back }).collect();
            }
        };
        self.events.ended(&tried.attempt);
        let has_disabled = self.standing.observe(era, &tried);
        let luck = Luck::draw();
        let one = |lease: Lease| {
            let mut attempt = tried.attempt.clone();
            attempt.number = lease.tries + 1;
            self.decide(lease, Tried { attempt, verdict: tried.verdict }, has_disabled, luck)
        };
        leases.into_iter().map(one).collect()
    }
}

/// The id of the request with exactly these deliveries, in this order.
fn id_of(leases: &[Lease]) -> String {
    let mut hash = Sha256::new();
    leases.iter().for_each(|lease| hash.update(lease.id.as_bytes()));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    format!("bat_{}", Uuid::from_bytes(bytes).simple())
}
