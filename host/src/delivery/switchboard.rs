//! How every webhook stands, whether it is delivered to now or not.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::{sync::watch, time::Instant};
use utoipa::ToSchema;

use super::{
    breaker::{Breaker, Leave},
    events::Events,
    health::Health,
    replay::Replayer,
    schedule::Schedule,
    standing::Standing,
    trial::{self, NotTested, Trial, UnderWay, Wanted},
    webhooks::{Live, Webhook},
};
use crate::{
    queue::Queue,
    records::{Records, RecordsError, WebhookHealth},
};

/// The webhooks, to see how they do, and to enable one that was disabled. Cheap to clone.
#[derive(Clone)]
pub struct Switchboard(Arc<Inner>);

/// What is known of a webhook at this moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glimpse {
    /// Whether the receiver is left alone.
    pub breaker: BreakerState,
    /// What the last attempt came to, if it failed.
    pub last_error: Option<String>,
}

/// Whether a receiver is left alone, since it is overloaded or down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookBreaker)]
pub enum BreakerState {
    /// It is not: deliveries go out.
    Closed,
    /// It is.
    Open,
    /// It was, and one delivery finds out how it does.
    Probing,
}

struct Inner {
    schedule: Arc<Schedule>,
    /// For how long a webhook may fail before it is disabled; zero for ever.
    disable_after: Duration,
    live: Live,
    queue: Arc<dyn Queue>,
    records: Arc<dyn Records>,
    standings: Mutex<HashMap<Arc<str>, Arc<Standing>>>,
    /// Which webhooks are being tested.
    tests: UnderWay,
    /// Told when a replay was started or cancelled.
    replays_changed: watch::Sender<()>,
}

impl Switchboard {
    pub(super) fn new(
        schedule: Arc<Schedule>,
        disable_after: Duration,
        live: Live,
        queue: Arc<dyn Queue>,
        records: Arc<dyn Records>,
    ) -> Self {
        let (standings, tests, replays_changed) = Default::default();
        Self(Arc::new(Inner { schedule, disable_after, live, queue, records, standings, tests, replays_changed }))
    }

    /// How the webhook does.
    ///
    /// # Errors
    /// Where the records cannot be read.
    pub async fn health(&self, webhook: &Webhook) -> Result<WebhookHealth, RecordsError> {
        self.standing(webhook).now().await
    }

    /// What is known of the webhook at this moment, and not over restarts.
    pub fn glimpse(&self, webhook: &Webhook) -> Glimpse {
        let standing = self.standing(webhook);
        let breaker = match standing.breaker.leave(Instant::now()) {
            Leave::Wait(_) => BreakerState::Open,
            Leave::Probe => BreakerState::Probing,
            Leave::Full | Leave::Stopped => BreakerState::Closed,
        };
        Glimpse { breaker, last_error: standing.health.last_error() }
    }

    /// Enables the webhook: what waits for it goes out. False if it was not disabled.
    ///
    /// # Errors
    /// Where the records cannot be read, or cannot keep it.
    pub async fn enable(&self, webhook: &Webhook) -> Result<bool, RecordsError> {
        self.standing(webhook).enable().await
    }

    /// Sends the webhook a test delivery, and tells what came of it; also where it is paused or disabled. That changes
    /// nothing of how it does, and nothing of it is kept. It ends within the time limit of an attempt.
    ///
    /// # Errors
    /// See [`NotTested`].
    pub async fn test(&self, webhook: &Webhook, wanted: &Wanted) -> Result<Trial, NotTested> {
        trial::run(webhook, wanted, &*self.0.records, &self.0.tests).await
    }

    /// Replays their deliveries.
    pub fn replayer(&self) -> Replayer {
        let inner = &*self.0;
        Replayer {
            switchboard: self.clone(),
            live: inner.live.clone(),
            queue: Arc::clone(&inner.queue),
            records: Arc::clone(&inner.records),
            changed: inner.replays_changed.clone(),
        }
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
