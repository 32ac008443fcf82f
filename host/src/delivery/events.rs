//! What the delivery stage tells the operator: metrics, and log lines at the changes that matter. Every attempt is in
//! the records, so the log has a line when a webhook begins to fail and when it works again, not one an attempt.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use tracing::{debug, error, info, warn};

use crate::{feedback::DeliveryId, records::Attempt};

/// Says what each metric means; call it once, after the recorder is installed.
pub fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("sayso_deliveries_total", "Attempts by webhook and outcome: delivered, retried, parked, erased");
    describe_histogram!(
        "sayso_delivery_seconds",
        Unit::Seconds,
        "Duration of an attempt, from its beginning to the end of the answer"
    );
    describe_gauge!("sayso_deliveries_in_flight", "Attempts under way");
    describe_counter!("sayso_webhook_pauses_total", "Pauses because the receiver answered 429, 502, 503 or 504");
    describe_gauge!("sayso_webhook_stopped", "1 after the receiver answered 410 Gone");
}

/// The events of one webhook.
pub(super) struct Events {
    webhook: Arc<str>,
    delivered: Counter,
    retried: Counter,
    parked: Counter,
    erased: Counter,
    seconds: Histogram,
    in_flight: Gauge,
    pauses: Counter,
    stopped: Gauge,
    failing: AtomicBool,
}

impl Events {
    pub(super) fn new(webhook: Arc<str>) -> Self {
        let name = || Arc::clone(&webhook);
        let outcome =
            |outcome: &'static str| counter!("sayso_deliveries_total", "webhook" => name(), "outcome" => outcome);
        Self {
            delivered: outcome("delivered"),
            retried: outcome("retried"),
            parked: outcome("parked"),
            erased: outcome("erased"),
            seconds: histogram!("sayso_delivery_seconds", "webhook" => name()),
            in_flight: gauge!("sayso_deliveries_in_flight", "webhook" => name()),
            pauses: counter!("sayso_webhook_pauses_total", "webhook" => name()),
            stopped: gauge!("sayso_webhook_stopped", "webhook" => name()),
            failing: AtomicBool::new(false),
            webhook,
        }
    }

    pub(super) fn began(&self) {
        self.in_flight.increment(1.0);
    }

    pub(super) fn ended(&self, attempt: &Attempt) {
        self.in_flight.decrement(1.0);
        self.seconds.record(f64::from(attempt.latency_ms) / 1_000.0);
    }

    pub(super) fn delivered(&self, delivery: DeliveryId) {
        self.delivered.increment(1);
        if self.failing.swap(false, Ordering::Relaxed) {
            info!(webhook = %self.webhook, %delivery, "the webhook takes deliveries again");
        }
    }

    pub(super) fn retried(&self, delivery: DeliveryId, attempt: &Attempt, delay: Duration) {
        self.retried.increment(1);
        let (webhook, number, error) = (&self.webhook, attempt.number, attempt.error.as_deref());
        if self.failing.swap(true, Ordering::Relaxed) {
            debug!(%webhook, %delivery, attempt = number, ?delay, error, "an attempt failed");
        } else {
            warn!(%webhook, %delivery, attempt = number, ?delay, error, "the webhook began to fail; its deliveries are retried");
        }
    }

    pub(super) fn parked(&self, delivery: DeliveryId, reason: &str) {
        self.parked.increment(1);
        warn!(webhook = %self.webhook, %delivery, reason, "a delivery was parked");
    }

    pub(super) fn unreadable(&self, reason: &str) {
        self.parked.increment(1);
        error!(webhook = %self.webhook, reason, "a message on the delivery lane was parked");
    }

    pub(super) fn erased(&self, delivery: DeliveryId) {
        self.erased.increment(1);
        info!(webhook = %self.webhook, %delivery, "a delivery was dropped, since its feedback was erased");
    }

    pub(super) fn paused(&self, pause: Duration) {
        self.pauses.increment(1);
        warn!(webhook = %self.webhook, ?pause, "the receiver is overloaded or down; the webhook pauses");
    }

    pub(super) fn resumed(&self) {
        info!(webhook = %self.webhook, "the receiver answers again; the webhook goes on at full pace");
    }

    pub(super) fn stopped(&self) {
        self.stopped.set(1.0);
        error!(
            webhook = %self.webhook,
            "the receiver answered 410 Gone; the webhook is stopped until sayso is restarted: take it out of the \
             configuration, or correct its `url`"
        );
    }

    pub(super) fn store_fails(&self, what: &str, error: &dyn std::fmt::Display) {
        error!(webhook = %self.webhook, %error, "could not {what}; deliveries wait until it works");
    }

    pub(super) fn store_works(&self, what: &str) {
        info!(webhook = %self.webhook, "can {what} again");
    }
}
