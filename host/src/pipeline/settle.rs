//! Settles a batch: save, publish the deliveries, acknowledge or set aside.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Done, Pipeline, events};
use crate::{
    delivery::webhooks::{Candidate, notice::Notice},
    feedback::{Feedback, FeedbackId, Kind},
    plugins::Outcome,
    queue::{Lane, Lease, Message, QueueError},
    records::{Analyzed, Piece, RecordsError},
};

/// Pause while the store is full.
const PAUSE: Duration = Duration::from_secs(1);

/// What a batch comes to.
#[derive(Default)]
struct Sorted {
    analyzed: Vec<Analyzed>,
    /// With the feedback and revision that it is of.
    owed: Vec<(Piece, (Lane, Message))>,
    finished: Vec<Lease>,
    parked: Vec<(Lease, String)>,
}

/// Settles a batch. On failure the leases are left to come back.
pub(super) async fn settle(pipeline: &Pipeline, done: Done, slots: &Semaphore) {
    let Done { turn, leases, kept: _kept, outcomes } = done;
    let sorted = sort(pipeline, leases, outcomes);
    if sorted.owed.iter().any(|(_, (_, message))| message.series.is_some()) {
        turn.come().await;
    }
    // After the turn has come: those that wait for it hold up nobody.
    let Ok(_slot) = slots.acquire().await else { return };
    let count = sorted.analyzed.len();
    if count > 0 {
        let erased = match save(pipeline, sorted.analyzed).await {
            Ok(erased) => erased,
            Err(error) => return events::records_failed(&error),
        };
        // Nothing is owed for these, since they are not on record.
        let messages: Vec<_> = erased.iter().map(|piece| (piece.id.0, piece.revision)).collect();
        if !messages.is_empty()
            && let Err(error) = pipeline.queue.forget(&messages).await
        {
            return events::queue_failed(&error);
        }
        let owed = sorted.owed.into_iter().filter(|(piece, _)| !erased.contains(piece)).map(|(_, owed)| owed);
        if let Err(error) = publish(pipeline, owed.collect()).await {
            return events::queue_failed(&error);
        }
        if let Err(error) = pipeline.queue.ack(sorted.finished).await {
            return events::queue_failed(&error);
        }
        events::analyzed(count);
    }
    for (lease, reason) in sorted.parked {
        park(pipeline, lease, reason).await;
    }
}

/// Sets a feedback aside, and tells the webhooks that want to know: first those, so that a crash in between tells them
/// again rather than never.
pub(super) async fn park(pipeline: &Pipeline, lease: Lease, reason: String) {
    // Of what was erased meanwhile nobody is told, and what another has by now is the other's to set aside.
    if pipeline.queue.remaining(&lease).is_none() {
        return;
    }
    events::parked(FeedbackId(lease.id), &reason);
    let notice = Notice::parked(FeedbackId(lease.id), lease.revision, kind_of(&lease), &reason).after(lease.parked_at);
    if let Err(error) = notice.publish(&pipeline.webhooks, &*pipeline.queue, &*pipeline.records).await {
        return events::notice_failed(&error);
    }
    if let Err(error) = pipeline.queue.park(lease, reason).await {
        events::queue_failed(&error);
    }
}

fn kind_of(lease: &Lease) -> Option<Kind> {
    serde_json::from_slice::<Feedback>(&lease.body).ok().map(|feedback| feedback.kind)
}

fn sort(pipeline: &Pipeline, leases: Vec<Lease>, outcomes: Vec<Outcome>) -> Sorted {
    let mut sorted = Sorted::default();
    let webhooks = pipeline.webhooks.current();
    for (lease, outcome) in leases.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Parked { reason } => sorted.parked.push((lease, reason)),
            Outcome::Analyzed { feedback, analysis } => {
                let wanting = webhooks.wanting(&Candidate::new(&feedback, &analysis));
                let piece = Piece { id: feedback.id, revision: Some(feedback.revision) };
                sorted.owed.extend(wanting.iter().map(|webhook| (piece, webhook.owed(&feedback))));
                let webhooks = wanting.into_iter().map(|webhook| webhook.name().clone()).collect();
                let era = lease.era;
                sorted.analyzed.push(Analyzed { feedback: *feedback, analysis: *analysis, webhooks, era });
                sorted.finished.push(lease);
            }
        }
    }
    sorted
}

/// Saves, and waits while the store is full: what was accepted must not be given up.
async fn save(pipeline: &Pipeline, analyzed: Vec<Analyzed>) -> Result<Vec<Piece>, RecordsError> {
    loop {
        match pipeline.records.save(analyzed.clone()).await {
            Err(RecordsError::Full(reason)) => {
                events::store_full(&reason);
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}

async fn publish(pipeline: &Pipeline, owed: Vec<(Lane, Message)>) -> Result<(), QueueError> {
    loop {
        match pipeline.queue.publish_all(owed.clone()).await {
            Err(QueueError::Full(reason)) => {
                events::store_full(&reason);
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}
