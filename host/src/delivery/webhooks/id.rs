//! Identifiers of webhooks.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::queue::ANSWERS_KEPT;

/// Tells a request to make a webhook from others: a digest of who sent it, its `Idempotency-Key`, and what it asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestId(pub [u8; 32]);

/// Identifies a webhook for good: `wh_` and 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, ToSchema)]
#[schema(value_type = String, pattern = "^wh_[0-9a-f]{32}$", examples("wh_0198c0de00007000800000000000000a"))]
pub struct WebhookId(pub Uuid);

impl WebhookId {
    /// The id of a webhook that is made now.
    pub fn now() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id of the webhook of this name in the file: the same after every start.
    pub fn of_file(name: &str) -> Self {
        let hash = Sha256::new().chain_update(b"file\0").chain_update(name.as_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The id of the webhook that is made for a request at this time.
    pub fn of_request(request: &RequestId, at: Timestamp) -> Self {
        Self::at_millisecond(request, u64::try_from(at.as_millisecond()).unwrap_or_default())
    }

    /// Whether the webhook was made for this request, and not so long ago that another may have been made like it.
    pub fn is_of_request(self, request: &RequestId, now: Timestamp) -> bool {
        // A UUID of version 7 begins with 48 bits of it (RFC 9562, section 5.7).
        let millisecond = self.0.as_u64_pair().0 >> 16;
        let age = u64::try_from(now.as_millisecond()).unwrap_or_default().saturating_sub(millisecond);
        Self::at_millisecond(request, millisecond) == self && Duration::from_millis(age) < ANSWERS_KEPT
    }

    fn at_millisecond(request: &RequestId, millisecond: u64) -> Self {
        let mut random = [0; 10];
        random.copy_from_slice(&request.0[..10]);
        Self(uuid::Builder::from_unix_timestamp_millis(millisecond, &random).into_uuid())
    }

    /// Reads an id. Paths take an id or a name, so no name may look like this.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("wh_")?.parse().ok().map(Self)
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wh_{}", self.0.simple())
    }
}

impl Serialize for WebhookId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_that_of_a_name_stays() {
        let id = WebhookId::now();
        assert_eq!(WebhookId::parse(&id.to_string()), Some(id));
        assert_eq!(WebhookId::of_file("crm"), WebhookId::of_file("crm"));
        assert_ne!(WebhookId::of_file("crm"), WebhookId::of_file("bi"));
        assert_eq!(WebhookId::parse("wh_7"), None);
        assert_eq!(WebhookId::parse(id.to_string().trim_start_matches("wh_")), None);
    }

    #[test]
    fn a_webhook_is_known_by_the_request_that_it_was_made_for_for_a_day() {
        let (request, other) = (RequestId([7; 32]), RequestId([8; 32]));
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        let id = WebhookId::of_request(&request, at(0));
        assert!(id.is_of_request(&request, at(60)) && !id.is_of_request(&other, at(60)));
        assert!(!id.is_of_request(&request, at(86_400)), "its answer may have been given, and be forgotten");
        assert!(!WebhookId::now().is_of_request(&request, Timestamp::now()));
        assert_ne!(WebhookId::of_request(&request, at(1)), id, "a webhook made later is another one");
    }
}
