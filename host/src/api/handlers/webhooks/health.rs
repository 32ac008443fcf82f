//! How a webhook does, as answers show it.

use jiff::Timestamp;
use serde::Serialize;

use crate::records::WebhookHealth;

/// How a webhook does.
#[derive(Serialize)]
pub(super) struct Health {
    state: HealthState,
    /// Since when every attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Timestamp>,
    /// Why it is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum HealthState {
    /// Its last attempt succeeded, or there was none.
    Works,
    /// Every attempt failed since `failing_since`.
    Failing,
    /// Nothing is sent to it until it is enabled, or leads elsewhere.
    Disabled,
}

impl From<WebhookHealth> for Health {
    fn from(WebhookHealth { failing_since, disabled, .. }: WebhookHealth) -> Self {
        let state = match (&disabled, failing_since) {
            (Some(_), _) => HealthState::Disabled,
            (None, Some(_)) => HealthState::Failing,
            (None, None) => HealthState::Works,
        };
        let (disabled_at, reason) = disabled.map(|disabled| (disabled.at, disabled.reason)).unzip();
        Self { state, failing_since, disabled_at, reason }
    }
}
