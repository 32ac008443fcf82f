//! What webhooks are owed, and every attempt to deliver it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::feedback::{DeliveryId, FeedbackId, Kind};

/// What one webhook is owed: one event, mostly of one revision of one feedback.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Delivery {
    /// Goes out as `webhook-id`.
    pub id: DeliveryId,
    /// The type of the event.
    pub event: String,
    /// The feedback that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_id: Option<FeedbackId>,
    /// Its revision.
    pub revision: u32,
    /// The webhook.
    pub webhook: String,
    /// How it stands.
    pub status: DeliveryStatus,
    /// When it became due.
    pub created_at: Timestamp,
    /// When the next attempt is due, while it is pending and was tried before. A webhook that is paused, disabled or failing
    /// holds it back for longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// The attempts so far, oldest first: the newest 200, or 20 without what was answered where it is one of many.
    pub attempts: Vec<Attempt>,
}

/// How a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Not delivered yet.
    Pending,
    /// The receiver said 2xx.
    Delivered,
    /// The schedule is spent, or the receiver will never take it; an operator can replay it.
    Parked,
}

/// An event other than an analysis that one webhook is owed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notified {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The type of the event.
    pub event: &'static str,
    /// The feedback that it is about, if it is about one.
    pub feedback: Option<FeedbackId>,
    /// The feedback's revision; 1 where it is about none.
    pub revision: u32,
    /// The webhook's name.
    pub webhook: Arc<str>,
}

/// One HTTP try of a delivery.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// The address that was connected to, where it came so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The HTTP status, where it came so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// From the beginning to the end of the answer, in milliseconds.
    pub latency_ms: u32,
    /// The beginning of the answer: at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// Which step failed, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Attempt {
    /// An attempt now of which nothing was sent, for this reason.
    pub fn not_sent(number: u32, why: String) -> Self {
        let (address, status, response) = Default::default();
        Self { number, at: Timestamp::now(), address, status, latency_ms: 0, response, error: Some(why) }
    }
}

/// One attempt, and how the delivery stands after it.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// The delivery.
    pub delivery: DeliveryId,
    /// What happened.
    pub attempt: Attempt,
    /// How the delivery stands now.
    pub status: DeliveryStatus,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Timestamp>,
}

/// Which deliveries a list is about. Empty fields do not filter.
///
/// The time is `created_at` of a delivery: when it became due, because its analysis was saved. Feedback that waited
/// for the chain, or came in another revision, was accepted before that.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// The webhook's name; lists take its id as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// How it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DeliveryStatus>,
    /// The feedback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<FeedbackId>,
    /// A route of the analysis that is delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The kind of the feedback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The type of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Due at or after: an RFC 3339 time, or a date, which stands for its first moment in UTC.
    #[param(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Due before; as `since`.
    #[param(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}
