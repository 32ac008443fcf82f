//! Settles a batch: save, publish the deliveries, acknowledge or set aside.

use std::time::Duration;

use super::{Done, Pipeline, events};
use crate::{
    delivery,
    feedback::FeedbackId,
    plugins::Outcome,
    queue::{Lane, Lease, Message, QueueError},
    records::{Analyzed, RecordsError},
};

/// Pause while the store is full.
const PAUSE: Duration = Duration::from_secs(1);

/// What a batch comes to.
#[derive(Default)]
struct Sorted {
    analyzed: Vec<Analyzed>,
    owed: Vec<(Lane, Message)>,
    finished: Vec<Lease>,
    parked: Vec<(Lease, String)>,
}

/// Settles a batch. On failure the leases are left to come back.
pub(super) async fn settle(pipeline: &Pipeline, done: Done) {
    let sorted = sort(pipeline, done);
    let count = sorted.analyzed.len();
    if count > 0 {
        if let Err(error) = save(pipeline, sorted.analyzed).await {
            return events::records_failed(&error);
        }
        if let Err(error) = publish(pipeline, sorted.owed).await {
            return events::queue_failed(&error);
        }
        if let Err(error) = pipeline.queue.ack(sorted.finished).await {
            return events::queue_failed(&error);
        }
        events::analyzed(count);
    }
    for (lease, reason) in sorted.parked {
        events::parked(FeedbackId(lease.id), &reason);
        if let Err(error) = pipeline.queue.park(lease, reason).await {
            events::queue_failed(&error);
        }
    }
}

fn sort(pipeline: &Pipeline, done: Done) -> Sorted {
    let mut sorted = Sorted::default();
    for (lease, outcome) in done.leases.into_iter().zip(done.outcomes) {
        match outcome {
            Outcome::Parked { reason } => sorted.parked.push((lease, reason)),
            Outcome::Analyzed { feedback, analysis } => {
                let wanting = pipeline.webhooks.iter().filter(|webhook| delivery::wants(webhook, &feedback, &analysis));
                let webhooks: Vec<_> = wanting.map(|webhook| webhook.name.clone()).collect();
                let owed = |webhook| delivery::owed_message(feedback.id, feedback.revision, webhook);
                sorted.owed.extend(webhooks.iter().map(owed));
                sorted.analyzed.push(Analyzed { feedback: *feedback, analysis: *analysis, webhooks });
                sorted.finished.push(lease);
            }
        }
    }
    sorted
}

/// Saves, and waits while the store is full: what was accepted must not be given up.
async fn save(pipeline: &Pipeline, analyzed: Vec<Analyzed>) -> Result<(), RecordsError> {
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
