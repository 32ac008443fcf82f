//! Receivers on loopback, and what tests of delivery share.

mod addresses;
mod ahead;
mod disabling;
mod echoes;
mod failing;
mod notices;
mod rebinding;
pub(crate) mod receiver;
mod replays;
mod setup;
mod worker;
mod world;

use std::time::Duration;

use serde_json::json;

use super::signing;
use crate::config::{self, Webhook};

/// `[delivery]` with short times and no chance.
pub(crate) fn limits(schedule_ms: &[u64]) -> config::Delivery {
    config::Delivery {
        schedule: schedule_ms.iter().copied().map(Duration::from_millis).collect(),
        jitter: 0.0,
        ..config::Delivery::default()
    }
}

/// A webhook with a new secret that may lead to this machine.
pub(crate) fn webhook(name: &str, url: &str) -> Webhook {
    serde_json::from_value(json!({
        "name": name, "url": url, "secret": signing::new_secret().expose(), "allow_private": true,
    }))
    .unwrap()
}
