//! Identifiers of feedback and deliveries.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

/// Identifies one feedback over all its revisions: a UUIDv7, so that ids sort by the time of acceptance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct FeedbackId(pub Uuid);

impl FeedbackId {
    /// A new id for feedback that is accepted now.
    pub fn now() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for FeedbackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for FeedbackId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Identifies what one webhook is owed for one revision of one feedback. It is a function of the three, so that
/// a repeated run of the pipeline owes the same delivery, not another one; it goes out as `webhook-id`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, ToSchema)]
#[schema(value_type = String, pattern = "^dlv_[0-9a-f]{32}$", examples("dlv_0198c0de0000b7a34f6ac5c1d0fd9ee1"))]
pub struct DeliveryId(pub Uuid);

impl DeliveryId {
    /// The id of the delivery of `revision` of `feedback` to `webhook`. The first 48 bits are the feedback's time
    /// stamp, which keeps neighbours together in an index; the rest is taken from a SHA-256.
    pub fn of(feedback: FeedbackId, revision: u32, webhook: &str) -> Self {
        let hash = Sha256::new()
            .chain_update(feedback.0.as_bytes())
            .chain_update(revision.to_be_bytes())
            .chain_update(webhook.as_bytes())
            .finalize();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&feedback.0.as_bytes()[..6]);
        bytes[6..].copy_from_slice(&hash[..10]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dlv_{}", self.0.simple())
    }
}

impl FromStr for DeliveryId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("dlv_").unwrap_or(text).parse().map(Self)
    }
}

impl Serialize for DeliveryId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeliveryId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_id_depends_on_feedback_revision_and_webhook() {
        let feedback = FeedbackId::now();
        let id = DeliveryId::of(feedback, 1, "crm");
        assert_eq!(id, DeliveryId::of(feedback, 1, "crm"));
        assert_ne!(id, DeliveryId::of(feedback, 2, "crm"));
        assert_ne!(id, DeliveryId::of(feedback, 1, "bi"));
        assert_ne!(id, DeliveryId::of(FeedbackId::now(), 1, "crm"));
    }

    #[test]
    fn a_delivery_id_reads_back_and_has_no_dot() {
        let id = DeliveryId::of(FeedbackId::now(), 1, "crm");
        let text = id.to_string();
        assert_eq!(text.parse::<DeliveryId>().expect("parses"), id);
        assert!(!text.contains('.'), "a dot would end the id in the signed content");
    }
}
