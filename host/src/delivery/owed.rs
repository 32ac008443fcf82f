//! The message on a delivery lane.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    feedback::{DeliveryId, FeedbackId},
    queue::{Lane, Message},
};

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
            Self::Analysis { feedback, revision } => {
                format!(r#"{{"feedback":"{feedback}","revision":{revision}}}"#).into()
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

/// The message that makes a delivery due, and its lane. A repetition has the same id, so that the queue drops it.
pub fn owed_message(feedback: FeedbackId, revision: u32, webhook: &Arc<str>) -> (Lane, Message) {
    let id = DeliveryId::of(feedback, revision, webhook).0;
    let body = Owed::Analysis { feedback, revision }.encode();
    (Lane::Delivery(Arc::clone(webhook)), Message { id, revision, identity: None, series: None, era: 0, body })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_reads_back_and_repeats_with_the_same_id() {
        let feedback = FeedbackId::now();
        let (lane, message) = owed_message(feedback, 3, &"crm".into());
        assert_eq!(lane, Lane::Delivery("crm".into()));
        assert_eq!(Owed::decode(&message.body).unwrap(), Owed::Analysis { feedback, revision: 3 });
        assert_eq!(owed_message(feedback, 3, &"crm".into()).1, message);
        assert_ne!(owed_message(feedback, 4, &"crm".into()).1.id, message.id);
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
