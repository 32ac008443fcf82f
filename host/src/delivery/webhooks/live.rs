//! The set of webhooks as it is now.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Candidate, Webhook, WebhookId};
use crate::{config, delivery::WebhookError};

/// Every webhook, those of the file first.
#[derive(Debug, Default)]
pub struct Set {
    /// Those that are there, paused ones among them.
    pub webhooks: Vec<Arc<Webhook>>,
    /// Names of deleted ones, whose lanes may still get a delivery, or hold some.
    pub retired: Vec<Arc<str>>,
}

impl Set {
    /// The webhook with this id.
    pub fn by_id(&self, id: WebhookId) -> Option<&Arc<Webhook>> {
        self.webhooks.iter().find(|webhook| webhook.id == id)
    }

    /// The webhook of this name.
    pub fn by_name(&self, name: &str) -> Option<&Arc<Webhook>> {
        self.webhooks.iter().find(|webhook| **webhook.name() == *name)
    }

    /// Those that want an analysis.
    pub fn wanting(&self, candidate: &Candidate<'_>) -> Vec<&Arc<Webhook>> {
        self.webhooks.iter().filter(|webhook| webhook.filter.wants(candidate)).collect()
    }
}

/// The set of webhooks, as it is whenever it is asked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Live(watch::Receiver<Arc<Set>>);

impl Live {
    /// A set that changes whenever the sender sends another.
    pub(super) const fn new(receiver: watch::Receiver<Arc<Set>>) -> Self {
        Self(receiver)
    }

    /// A set that never changes: the webhooks of a file alone.
    ///
    /// # Errors
    /// Where one of them has a fault.
    pub fn fixed(limits: &config::Delivery, webhooks: &[config::Webhook]) -> Result<Self, WebhookError> {
        let webhooks = super::of_file(limits, webhooks)?;
        Ok(Self(watch::channel(Arc::new(Set { webhooks, retired: Vec::new() })).1))
    }

    /// The set as it is now.
    pub fn current(&self) -> Arc<Set> {
        self.0.borrow().clone()
    }

    /// The set as it is now; [`Self::changed`] waits for another than this one.
    pub(in crate::delivery) fn take_up(&mut self) -> Arc<Set> {
        self.0.borrow_and_update().clone()
    }

    /// Waits for another set than the one taken up last; for ever where nobody can change it any more.
    pub(in crate::delivery) async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending().await
        }
    }
}
