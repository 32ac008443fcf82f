//! What handlers work with.

use std::ops::Deref;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

use super::Readiness;
use super::auth::Auth;
use super::openapi::Document;
use super::traffic::Traffic;
use crate::config::Config;
use crate::delivery::{Switchboard, webhooks::Registry};
use crate::intake::Shared;
use crate::plugins::LiveChain;
use crate::queue::Queue;
use crate::records::Records;

/// What handlers work with; cheap to clone.
#[derive(Clone)]
pub struct State(Arc<Inner>);

/// The parts of a [`State`].
pub struct Inner {
    /// Where work waits.
    pub queue: Arc<dyn Queue>,
    /// What is remembered.
    pub records: Arc<dyn Records>,
    /// The plugins.
    pub chain: Arc<LiveChain>,
    /// The webhooks.
    pub webhooks: Registry,
    /// How the webhooks do.
    pub switchboard: Switchboard,
    /// The configuration.
    pub config: Arc<Config>,
    /// The keys.
    pub auth: Arc<Auth>,
    /// Whether the service is ready.
    pub readiness: Arc<Readiness>,
    /// Writes the metrics out.
    pub metrics: PrometheusHandle,
    /// What is counted of every request.
    pub traffic: Traffic,
    /// The description of the API.
    pub openapi: Document,
    /// What intake remembers over requests.
    pub intake: Shared,
}

impl State {
    /// The state of one service.
    pub fn new(
        config: Arc<Config>,
        auth: Arc<Auth>,
        (queue, records): (Arc<dyn Queue>, Arc<dyn Records>),
        chain: Arc<LiveChain>,
        (webhooks, switchboard): (Registry, Switchboard),
        readiness: Arc<Readiness>,
        metrics: PrometheusHandle,
    ) -> Self {
        let (traffic, openapi, intake) = (Traffic::default(), Document::default(), Shared::default());
        Self(Arc::new(Inner {
            queue,
            records,
            chain,
            webhooks,
            switchboard,
            config,
            auth,
            readiness,
            metrics,
            traffic,
            openapi,
            intake,
        }))
    }
}

impl Deref for State {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
