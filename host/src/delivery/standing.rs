//! How a webhook stands: its breaker, its health, and what is kept and said of both.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::{sync::OnceCell, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    breaker::{Breaker, Change, Era, Sign},
    client::{Tried, Verdict},
    events::Events,
    health::Health,
    store::insist,
    webhooks::{
        Live,
        notice::{Notice, NoticeError},
    },
};
use crate::{
    queue::Queue,
    records::{Disabled, Records, RecordsError, WebhookHealth},
};

/// How one webhook stands.
pub(super) struct Standing {
    pub(super) webhook: Arc<str>,
    pub(super) breaker: Breaker,
    pub(super) health: Health,
    pub(super) events: Arc<Events>,
    pub(super) live: Live,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) records: Arc<dyn Records>,
    /// Set once what is on record was taken in.
    pub(super) is_loaded: OnceCell<()>,
}

impl Standing {
    /// Goes on with what is on record. None if sayso shuts down before that could be read.
    pub(super) async fn load(&self, shutdown: &CancellationToken) -> Option<()> {
        insist(&self.events, shutdown, "read how the webhook does", || self.load_now()).await?;
        self.keep(shutdown).await
    }

    /// Goes on with what is on record, unless that was done before.
    async fn load_now(&self) -> Result<(), RecordsError> {
        let read = async || {
            if let Some(disabled) = self.health.load(self.records.health(&self.webhook).await?) {
                self.breaker.stop();
                self.events.is_disabled(&disabled);
            }
            self.events.begin(&self.health.now());
            Ok(())
        };
        self.is_loaded.get_or_try_init(read).await.copied()
    }

    /// How it does now.
    ///
    /// # Errors
    /// Where the records cannot be read.
    pub(super) async fn now(&self) -> Result<WebhookHealth, RecordsError> {
        self.load_now().await?;
        Ok(self.health.now())
    }

    /// Takes in how an attempt of a delivery that was taken in `era` went. True if it is the one whose 410 disabled the
    /// webhook.
    pub(super) fn observe(&self, era: Era, tried: &Tried) -> bool {
        let sign = match tried.verdict {
            Verdict::Gone => {
                // What was under way when the webhook was enabled says what the operator knows already.
                let disables = self.breaker.is_current(era) && self.health.gone(Timestamp::now());
                if disables {
                    self.breaker.stop();
                }
                return disables;
            }
            Verdict::Delivered => Sign::Works,
            Verdict::Failed { slows: true, retry_after, .. } => Sign::Overloaded(retry_after),
            Verdict::Failed { answered: true, .. } => Sign::Refuses,
            Verdict::Failed { .. } => Sign::Silent,
        };
        match self.breaker.observe(Instant::now(), era, sign) {
            Some(Change::Opened(pause)) => self.events.opened(pause),
            Some(Change::Closed) => self.events.closed(),
            None => {}
        }
        if sign == Sign::Works {
            self.health.succeeded();
        } else if self.health.failed(Timestamp::now(), tried.attempt.error.as_deref().unwrap_or_default()) {
            self.breaker.stop();
        }
        false
    }

    /// Keeps in the records what is not there yet, and says that the webhook is disabled where that was not said. None
    /// if it failed while sayso shuts down.
    pub(super) async fn keep(&self, shutdown: &CancellationToken) -> Option<()> {
        loop {
            while let Some(unsaved) = self.health.unsaved() {
                self.events.health(&unsaved);
                let write = || self.records.set_health(&self.webhook, unsaved.clone());
                insist(&self.events, shutdown, "record how the webhook does", write).await?;
                self.health.saved(unsaved);
            }
            let Some((since, why)) = self.health.unannounced() else { return Some(()) };
            let say = || self.say_disabled(since, &why);
            insist(&self.events, shutdown, "say that the webhook is disabled", say).await?;
            self.health.announced();
        }
    }

    /// Lets deliveries out again, from the first step on. False if it was not disabled.
    ///
    /// # Errors
    /// Where the records cannot keep it; then it holds until the next start.
    pub(super) async fn enable(&self) -> Result<bool, RecordsError> {
        self.load_now().await?;
        // First, so that nothing that was under way before disables it again.
        self.breaker.reset();
        let was_disabled = self.health.enable();
        while let Some(unsaved) = self.health.unsaved() {
            self.records.set_health(&self.webhook, unsaved.clone()).await?;
            self.health.saved(unsaved);
        }
        if was_disabled {
            self.events.enabled();
        }
        Ok(was_disabled)
    }

    /// Tells the webhooks that want to know, and the operator, that this one was disabled. It is called once that is on
    /// record, and again after a restart if it did not succeed before: the webhooks are told once each time that this one
    /// is disabled, the operator at least once.
    async fn say_disabled(&self, since: Timestamp, why: &Disabled) -> Result<(), NoticeError> {
        let set = self.live.current();
        // One that was deleted meanwhile is nobody's concern.
        let Some(webhook) = set.by_name(&self.webhook) else { return Ok(()) };
        Notice::disabled((webhook.id, webhook.name()), since, &why.reason)
            .publish(&self.live, &*self.queue, &*self.records)
            .await?;
        tracing::error!(
            webhook = %self.webhook,
            reason = why.reason,
            "the webhook was disabled; what waits for it is kept. When its receiver works again: \
             POST /v1/webhooks/{}/enable",
            self.webhook
        );
        Ok(())
    }
}
