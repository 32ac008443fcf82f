//! How a webhook does, as answers show it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::openapi::examples;
use crate::delivery::{BreakerState, Glimpse};
use crate::records::WebhookHealth;

/// How a webhook does.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookHealth)]
pub(super) struct Health {
    state: HealthState,
    /// Since when every attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Timestamp>,
    /// When an attempt failed last, to within minutes after a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<Timestamp>,
    /// What the last failed attempt came to, as far as there was one since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// Whether the receiver is left alone for a while; absent while it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    breaker: Option<BreakerState>,
    /// Why it is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookHealthState)]
enum HealthState {
    /// Its last attempt succeeded, or there was none.
    Works,
    /// Every attempt failed since `failing_since`.
    Failing,
    /// It does not fit the configuration any more, as `faults` says, and is not called.
    Faulty,
    /// Nothing is sent to it until it is enabled, or leads elsewhere.
    Disabled,
}

impl Health {
    /// As the API's description shows it: of a receiver that was down for a moment.
    pub(super) fn example() -> Self {
        let health = WebhookHealth { last_failure: Some(examples::at()), ..WebhookHealth::default() };
        Self::new(health, Glimpse { breaker: BreakerState::Closed, last_error: None }, false)
    }

    pub(super) fn new(health: WebhookHealth, Glimpse { breaker, last_error }: Glimpse, is_faulty: bool) -> Self {
        let WebhookHealth { failing_since, last_failure, disabled, .. } = health;
        let state = match (&disabled, failing_since) {
            (Some(_), _) => HealthState::Disabled,
            (None, _) if is_faulty => HealthState::Faulty,
            (None, Some(_)) => HealthState::Failing,
            (None, None) => HealthState::Works,
        };
        let (disabled_at, reason) = disabled.map(|disabled| (disabled.at, disabled.reason)).unzip();
        let breaker = Some(breaker).filter(|breaker| *breaker != BreakerState::Closed);
        Self { state, failing_since, disabled_at, last_failure, last_error, breaker, reason }
    }
}
