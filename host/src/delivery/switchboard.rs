//! How every webhook stands, whether it is delivered to now or not.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest, Sha256};

use super::{
    breaker::Breaker,
    events::Events,
    health::Health,
    schedule::Schedule,
    standing::Standing,
    webhooks::{Live, Webhook},
};
use crate::{
    queue::Queue,
    records::{Records, RecordsError, WebhookHealth},
};

/// The webhooks, to see how they do, and to enable one that was disabled. Cheap to clone.
#[derive(Clone)]
pub struct Switchboard(Arc<Inner>);

struct Inner {
    schedule: Arc<Schedule>,
    /// For how long a webhook may fail before it is disabled; zero for ever.
    disable_after: Duration,
    live: Live,
    queue: Arc<dyn Queue>,
    records: Arc<dyn Records>,
    standings: Mutex<HashMap<Arc<str>, Arc<Standing>>>,
}

impl Switchboard {
    pub(super) fn new(
        schedule: Arc<Schedule>,
        disable_after: Duration,
        live: Live,
        queue: Arc<dyn Queue>,
        records: Arc<dyn Records>,
    ) -> Self {
        Self(Arc::new(Inner { schedule, disable_after, live, queue, records, standings: Mutex::default() }))
    }

    /// How the webhook does.
    ///
    /// # Errors
    /// Where the records cannot be read.
    pub async fn health(&self, webhook: &Webhook) -> Result<WebhookHealth, RecordsError> {
        self.standing(webhook).now().await
    }

    /// Enables the webhook: what waits for it goes out. False if it was not disabled.
    ///
    /// # Errors
    /// Where the records cannot be read, or cannot keep it.
    pub async fn enable(&self, webhook: &Webhook) -> Result<bool, RecordsError> {
        self.standing(webhook).enable().await
    }

    /// How the webhook stands: as before it was changed, unless it leads elsewhere now.
    pub(super) fn standing(&self, webhook: &Webhook) -> Arc<Standing> {
        let inner = &*self.0;
        let endpoint = endpoint(webhook);
        let mut standings = inner.standings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = standings.get(webhook.name()).filter(|known| known.health.endpoint() == endpoint) {
            return Arc::clone(known);
        }
        let set = inner.live.current();
        standings.retain(|name, _| set.by_name(name).is_some());
        let standing = Arc::new(Standing {
            webhook: Arc::clone(webhook.name()),
            breaker: Breaker::new(&inner.schedule),
            health: Health::new(endpoint, inner.disable_after, &inner.schedule),
            events: Arc::new(Events::new(Arc::clone(webhook.name()))),
            live: inner.live.clone(),
            queue: Arc::clone(&inner.queue),
            records: Arc::clone(&inner.records),
            is_loaded: Default::default(),
        });
        standings.insert(Arc::clone(webhook.name()), Arc::clone(&standing));
        standing
    }
}

/// Tells where a webhook leads, without saying it: URLs may hold credentials. Another webhook of the same name and URL
/// leads elsewhere.
fn endpoint(webhook: &Webhook) -> String {
    let digest = Sha256::new().chain_update(webhook.id.0).chain_update(&webhook.settings.url).finalize();
    digest.iter().take(16).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
