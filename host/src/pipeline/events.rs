//! What the pipeline tells operators: metrics and log lines.

use crate::{
    delivery::webhooks::notice::{NoticeError, in_short},
    feedback::FeedbackId,
    queue::QueueError,
    records::RecordsError,
    telemetry::Seldom,
};

/// A batch is on record, and its deliveries wait.
pub(super) fn analyzed(count: usize) {
    metrics::counter!("sayso_feedback_analyzed_total").increment(count as u64);
}

/// A feedback was set aside; the reason may quote it.
pub(super) fn parked(feedback: FeedbackId, reason: &str) {
    metrics::counter!("sayso_feedback_parked_total").increment(1);
    tracing::warn!(%feedback, reason = in_short(reason), "feedback is set aside");
}

/// The store has no room; told once a minute, however many wait for it.
pub(super) fn store_full(reason: &str) {
    static TOLD: Seldom = Seldom::new();
    if TOLD.is_due() {
        tracing::warn!(reason, "the store is full; analyses wait until there is room");
    }
}

/// The queue did not do as asked.
pub(super) fn queue_failed(error: &QueueError) {
    tracing::error!(%error, "the queue failed; what is unsettled comes back");
}

/// Nobody could be told that a feedback is set aside.
pub(super) fn notice_failed(error: &NoticeError) {
    tracing::error!(%error, "a notice could not be published; the feedback comes back, and is set aside then");
}

/// The records did not do as asked.
pub(super) fn records_failed(error: &RecordsError) {
    tracing::error!(%error, "the records failed; what is unsettled comes back");
}

/// The chain ended by a defect in sayso, in the middle of a batch.
pub(super) fn panicked() {
    tracing::error!("the chain ended by a defect in sayso; what it was at is analysed again, each by itself");
}
