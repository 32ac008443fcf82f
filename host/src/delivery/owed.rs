//! The message on a delivery lane.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::webhooks::WebhookId;
use crate::{
    feedback::{DeliveryId, FeedbackId},
    queue::{Lane, Message},
};

/// Why a delivery is parked that was owed to a webhook whose name another has by now.
pub(super) const OF_ANOTHER: &str = "it was owed to a webhook of this name that was deleted; nothing was sent";

/// What a webhook is owed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Owed {
    /// An analysis; the content is in the records.
    Analysis {
        /// The feedback.
        feedback: FeedbackId,
        /// Its revision.
        revision: u32,
        /// The webhook, where it was made over the API: another may have its name since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        webhook: Option<Uuid>,
    },
    /// Another event, with its content.
    Notice {
        /// Its type.
        event: String,
        /// Its content.
        data: Value,
    },
}

impl Owed {
    /// The message's body.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Analysis { feedback, revision, webhook: None } => {
                format!(r#"{{"feedback":"{feedback}","revision":{revision}}}"#).into()
            }
            Self::Analysis { feedback, revision, webhook: Some(webhook) } => {
                format!(r#"{{"feedback":"{feedback}","revision":{revision},"webhook":"{webhook}"}}"#).into()
            }
            Self::Notice { .. } => serde_json::to_vec(self).expect("texts as names make JSON").into(),
        }
    }

    /// Reads a message's body.
    ///
    /// # Errors
    /// If it is not what [`Owed::encode`] writes.
    pub fn decode(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }
}

/// The message that makes a delivery due to the webhook of this name, and its lane. A repetition has the same id, so that
/// the queue drops it. With `only`, to that one alone, and to no other that is made under the name later.
pub fn owed_message(
    feedback: FeedbackId,
    revision: u32,
    webhook: &Arc<str>,
    only: Option<WebhookId>,
) -> (Lane, Message) {
    let id = DeliveryId::of(feedback, revision, webhook).0;
    let body = Owed::Analysis { feedback, revision, webhook: only.map(|only| only.0) }.encode();
    (Lane::Delivery(Arc::clone(webhook)), Message { id, revision, identity: None, series: None, era: 0, body })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_reads_back_and_repeats_with_the_same_id() {
        let feedback = FeedbackId::now();
        let (lane, message) = owed_message(feedback, 3, &"crm".into(), None);
        assert_eq!(lane, Lane::Delivery("crm".into()));
        assert_eq!(Owed::decode(&message.body).unwrap(), Owed::Analysis { feedback, revision: 3, webhook: None });
        assert_eq!(owed_message(feedback, 3, &"crm".into(), None).1, message);
        assert_ne!(owed_message(feedback, 4, &"crm".into(), None).1.id, message.id);
        let only = WebhookId::now();
        let (_, message) = owed_message(feedback, 3, &"crm".into(), Some(only));
        assert_eq!(
            Owed::decode(&message.body).unwrap(),
            Owed::Analysis { feedback, revision: 3, webhook: Some(only.0) }
        );
    }

    #[test]
    fn a_notice_reads_back() {
        let notice = Owed::Notice { event: "feedback.parked".into(), data: json!({ "reason": "x" }) };
        assert_eq!(Owed::decode(&notice.encode()).unwrap(), notice);
    }

    #[test]
    fn a_body_of_another_form_is_an_error() {
        assert!(Owed::decode(b"{}").is_err());
        assert!(Owed::decode(b"\xff").is_err());
    }
}
