//! Identifiers of webhooks.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

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
}
