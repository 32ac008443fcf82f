//! What forgetting tells the operator: metrics and log lines.

use std::time::Duration;

use metrics::{counter, gauge};

use super::{ForgetError, sweep::Removed};
use crate::records::{Oldest, Subject};

/// Says what each metric means; call it once, after the recorder is installed.
pub fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge};
    describe_counter!(
        "sayso_retention_removed_total",
        "What was kept for as long as `[data]` says and removed then, by kind"
    );
    describe_gauge!(
        "sayso_retention_oldest_seconds",
        Unit::Seconds,
        "Unix time of the oldest on record, by kind; of deliveries and attempts, that of their feedback; 0 if there is none"
    );
    describe_counter!("sayso_customers_erased_total", "Customers who were forgotten because that was asked for");
    describe_counter!(
        "sayso_feedback_erased_total",
        "Feedback that was forgotten by its id because that was asked for"
    );
}

/// Somebody's wish that something be forgotten is fulfilled.
pub(super) fn erased(subject: &Subject, feedback: usize) {
    match subject {
        Subject::Customer(_) => {
            counter!("sayso_customers_erased_total").increment(1);
            tracing::info!(feedback, "a customer was forgotten");
        }
        Subject::Feedback(id) => {
            counter!("sayso_feedback_erased_total").increment(1);
            tracing::info!(%id, "a feedback was forgotten");
        }
    }
}

/// Erasures that a stop had cut off have ended now.
pub(super) fn resumed(erasures: usize) {
    tracing::warn!(erasures, "erasures had been cut off, and have ended now");
}

/// Somebody reads the store, so that traces cannot be overwritten.
pub(super) fn not_scrubbed() {
    tracing::warn!("another program reads the store: traces of what was erased are overwritten when that has ended");
}

/// What was kept long enough is removed.
pub(super) fn swept(removed: &Removed, time: Duration) {
    let kinds = [
        ("feedback", removed.feedback),
        ("parked", removed.parked),
        ("deliveries", removed.deliveries),
        ("attempts", removed.attempts),
        ("answers", removed.answers),
    ];
    for (kind, count) in kinds {
        counter!("sayso_retention_removed_total", "kind" => kind).increment(count);
    }
    if removed.is_nothing() {
        return;
    }
    let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let Removed { feedback, parked, deliveries, attempts, answers } = removed;
    tracing::info!(feedback, parked, deliveries, attempts, answers, ms, "what was kept long enough is removed");
}

/// How far back the records go.
pub(super) fn oldest(oldest: &Oldest) {
    let kinds = [("feedback", oldest.feedback), ("deliveries", oldest.delivery), ("attempts", oldest.attempt)];
    for (kind, at) in kinds {
        let seconds = at.map_or(0.0, |at| at.as_second() as f64);
        gauge!("sayso_retention_oldest_seconds", "kind" => kind).set(seconds);
    }
}

/// It could not be removed.
pub(super) fn failed(error: &ForgetError) {
    tracing::error!(%error, "what was kept long enough could not be removed; it is tried again");
}
