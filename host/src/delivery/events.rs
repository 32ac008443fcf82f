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

use crate::{
    feedback::DeliveryId,
    records::{Attempt, Disabled, WebhookHealth},
};

/// States of the breaker in the metrics.
const CLOSED: f64 = 0.0;
const OPEN: f64 = 1.0;
const PROBING: f64 = 2.0;

/// Says what each metric means; call it once, after the recorder is installed.
pub fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!(
        "sayso_deliveries_total",
        "What came of deliveries, by webhook and outcome: delivered, retried, parked, erased; parked without a try, as those of a deleted webhook are, only sayso_queue_parked counts"
    );
    describe_histogram!(
        "sayso_delivery_seconds",
        Unit::Seconds,
        "Duration of an attempt, from its beginning to the end of the answer"
    );
    describe_counter!("sayso_deliveries_replayed_total", "Deliveries that were put back to be made again, by webhook");
    describe_gauge!("sayso_deliveries_in_flight", "Attempts under way");
    describe_gauge!(
        "sayso_webhook_breaker",
        "0 closed: deliveries go out; 1 open: the receiver is overloaded or down and left alone; 2 one delivery probes it"
    );
    describe_counter!("sayso_webhook_breaker_opened_total", "How often the breaker opened, failed probes among them");
    describe_gauge!(
        "sayso_webhook_failing_since_seconds",
        Unit::Seconds,
        "Unix time since which every attempt has failed; 0 while the webhook works"
    );
    describe_gauge!(
        "sayso_webhook_disabled",
        "1 while nothing is sent to the webhook, after 410 Gone or days of failure"
    );
}

/// So many deliveries of the webhook of this name are made again.
pub(super) fn replayed(webhook: &str, count: u64) {
    counter!("sayso_deliveries_replayed_total", "webhook" => webhook.to_owned()).increment(count);
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
    breaker: Gauge,
    openings: Counter,
    failing_since: Gauge,
    is_disabled: Gauge,
    is_open: AtomicBool,
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
            breaker: gauge!("sayso_webhook_breaker", "webhook" => name()),
            openings: counter!("sayso_webhook_breaker_opened_total", "webhook" => name()),
            failing_since: gauge!("sayso_webhook_failing_since_seconds", "webhook" => name()),
            is_disabled: gauge!("sayso_webhook_disabled", "webhook" => name()),
            is_open: AtomicBool::new(false),
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

    /// An attempt was given up, because what it was of was erased.
    pub(super) fn broken_off(&self) {
        self.in_flight.decrement(1.0);
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

    pub(super) fn was_delivered(&self, delivery: DeliveryId) {
        info!(webhook = %self.webhook, %delivery, "a delivery that failed now had been delivered before; no more attempts are made");
    }

    pub(super) fn unreadable(&self, reason: &str) {
        self.parked.increment(1);
        error!(webhook = %self.webhook, reason, "a message on the delivery lane was parked");
    }

    pub(super) fn erased(&self, delivery: DeliveryId) {
        self.erased.increment(1);
        info!(webhook = %self.webhook, %delivery, "a delivery was dropped, since its feedback was erased");
    }

    pub(super) fn opened(&self, pause: Duration) {
        self.openings.increment(1);
        self.breaker.set(OPEN);
        if self.is_open.swap(true, Ordering::Relaxed) {
            info!(webhook = %self.webhook, ?pause, "the probe failed; the webhook is left alone for longer");
        } else {
            warn!(webhook = %self.webhook, ?pause, "the breaker opened: the receiver is overloaded or down, and left alone");
        }
    }

    pub(super) fn probing(&self) {
        self.breaker.set(PROBING);
        debug!(webhook = %self.webhook, "one delivery probes whether the receiver is back");
    }

    pub(super) fn closed(&self) {
        self.breaker.set(CLOSED);
        self.is_open.store(false, Ordering::Relaxed);
        info!(webhook = %self.webhook, "the breaker closed: the receiver is back, and the webhook goes on at full pace");
    }

    /// What is on record, at the beginning.
    pub(super) fn begin(&self, health: &WebhookHealth) {
        self.breaker.set(CLOSED);
        self.health(health);
    }

    /// What is kept of how it does.
    pub(super) fn health(&self, health: &WebhookHealth) {
        self.failing_since.set(health.failing_since.map_or(0.0, |since| since.as_second() as f64));
        self.is_disabled.set(if health.disabled.is_some() { 1.0 } else { 0.0 });
    }

    pub(super) fn is_disabled(&self, why: &Disabled) {
        warn!(
            webhook = %self.webhook,
            since = %why.at,
            reason = why.reason,
            "the webhook is still disabled: POST /v1/webhooks/{}/enable, change its `url`, or take it out",
            self.webhook
        );
    }

    pub(super) fn enabled(&self) {
        self.health(&WebhookHealth::default());
        self.breaker.set(CLOSED);
        self.is_open.store(false, Ordering::Relaxed);
        info!(webhook = %self.webhook, "the webhook was enabled; what waits for it goes out");
    }

    pub(super) fn store_fails(&self, what: &str, error: &dyn std::fmt::Display) {
        error!(webhook = %self.webhook, %error, "could not {what}; deliveries wait until it works");
    }

    pub(super) fn store_works(&self, what: &str) {
        info!(webhook = %self.webhook, "can {what} again");
    }
}
