//! One file a resource.

pub(super) mod aggregate;
pub(super) mod chain;
pub(super) mod deliveries;
pub(super) mod erasure;
pub(super) mod feedback;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod openapi;
pub(super) mod parked;
pub(super) mod replays;
pub(super) mod webhooks;
