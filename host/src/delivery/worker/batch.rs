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

/// What became of the deliveries of a batch.
#[derive(Default)]
struct Packed {
    parcel: Parcel,
    /// Those that it has no room for.
    rest: Vec<Lease>,
    /// Those of which nothing can be sent.
    unfit: Vec<Finished>,
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

    /// Starts the request for a batch. What is too much for one goes back, and out with the next.
    pub(super) fn start_batch(
        self: &Arc<Self>,
        jobs: Vec<Job>,
        slot: Slot,
        era: Era,
        finished: &mpsc::Sender<Vec<Finished>>,
    ) {
        let Packed { parcel, rest, unfit } = self.pack(jobs);
        let (worker, finished) = (Arc::clone(self), finished.clone());
        tokio::spawn(async move {
            if !rest.is_empty() {
                // Where that fails the leases run out, and it comes back later.
                drop(worker.queue.release(rest).await);
            }
            // If the settler is gone, sayso is going down, and the leases come back.
            drop(finished.send(unfit).await);
            if !parcel.items.is_empty() {
                let done = worker.deliver_parcel(parcel, era).await;
                drop(slot);
                drop(finished.send(done).await);
            }
        });
    }

    /// Puts deliveries together, as many as one request takes.
    fn pack(&self, jobs: Vec<Job>) -> Packed {
        let mut packed = Packed::default();
        for Job { lease, content } in jobs {
            let Some(event) = content.event(&lease) else {
                packed.unfit.push(self.erased(lease));
                continue;
            };
            let item = match self.target.format.item(&event) {
                Ok(item) => item,
                Err(why) => {
                    packed.unfit.push(self.unfit(lease, &why));
                    continue;
                }
            };
            let parcel = &mut packed.parcel;
            if !packed.rest.is_empty() || (!parcel.items.is_empty() && parcel.bytes + item.len() > MAX_BODY) {
                packed.rest.push(lease);
                continue;
            }
            parcel.bytes += item.len();
            parcel.items.push(item);
            parcel.leases.push(lease);
        }
        packed
    }

    async fn deliver_parcel(&self, Parcel { leases, items, .. }: Parcel, era: Era) -> Vec<Finished> {
        let due = leases.iter().map(|lease| lease.published_at).min().unwrap_or_default();
        let outgoing = self.target.format.batch(due, &items);
        drop(items);
        let number = leases.iter().map(|lease| lease.tries + 1).max().unwrap_or(1);
        let Some((tried, has_disabled)) = self.attempt(id_of(&leases), number, outgoing, &leases, era).await else {
            // The others go out in another request.
            return leases.into_iter().map(|lease| Finished { lease, attempted: None, fate: Fate::Back }).collect();
        };
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
