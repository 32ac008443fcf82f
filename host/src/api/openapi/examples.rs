//! Values that several examples have.

use jiff::Timestamp;
use uuid::Uuid;

use crate::delivery::formats::standard::ANALYZED;
use crate::delivery::webhooks::WebhookId;
use crate::feedback::{DeliveryId, Kind, sample};
use crate::records::{Attempt, Delivery, DeliveryFilter, DeliveryStatus, Replay, ReplayId, ReplayState};

/// The secret of the examples: that of the vector of Standard Webhooks.
pub(in crate::api) const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// The time of the examples.
pub(in crate::api) fn at() -> Timestamp {
    Timestamp::from_second(1_767_323_045).unwrap_or_default()
}

/// The webhook of the examples.
pub(in crate::api) const fn webhook_id() -> WebhookId {
    WebhookId(Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_000a))
}

/// An attempt that was answered with this status.
pub(in crate::api) fn attempt(status: u16) -> Attempt {
    let is_success = (200..300).contains(&status);
    let error =
        format!("status {status}: the receiver refuses sayso; check that it verifies with the secret of this webhook");
    Attempt {
        number: 1,
        at: at(),
        address: Some("203.0.113.7:443".into()),
        status: Some(status),
        latency_ms: 84,
        response: (!is_success).then(|| "who are you?".into()),
        error: (!is_success).then_some(error),
    }
}

/// A delivery that arrived at the second attempt.
pub(in crate::api) fn delivery() -> Delivery {
    let (feedback, _) = sample(Kind::Review);
    Delivery {
        id: DeliveryId::of(feedback.id, feedback.revision, "crm"),
        event: ANALYZED.into(),
        feedback_id: Some(feedback.id),
        revision: feedback.revision,
        webhook: "crm".into(),
        status: DeliveryStatus::Delivered,
        created_at: at(),
        next_attempt_at: None,
        attempts: vec![attempt(401), Attempt { number: 2, ..attempt(200) }],
    }
}

/// A replay of what was parked, which runs.
pub(in crate::api) fn replay() -> Replay {
    Replay {
        id: ReplayId(Uuid::from_u128(0x0198_c0de_0000_7000_8000_0000_0000_000c)),
        webhook: "crm".into(),
        filter: DeliveryFilter { status: Some(DeliveryStatus::Parked), until: Some(at()), ..DeliveryFilter::default() },
        state: ReplayState::Running,
        reason: None,
        total: Some(100_000),
        done: 1_400,
        started_at: at(),
        finished_at: None,
    }
}
