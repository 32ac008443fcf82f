//! The message on a delivery lane.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    feedback::{DeliveryId, FeedbackId},
    queue::{Lane, Message},
};

/// What a webhook is owed; the content is in the records.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Owed {
    /// The feedback.
    pub feedback: FeedbackId,
    /// Its revision.
    pub revision: u32,
}

impl Owed {
    /// The message's body.
    pub fn encode(self) -> Bytes {
        format!(r#"{{"feedback":"{}","revision":{}}}"#, self.feedback, self.revision).into()
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
    let body = Owed { feedback, revision }.encode();
    (Lane::Delivery(Arc::clone(webhook)), Message { id, revision, identity: None, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_and_repeats_with_the_same_id() {
        let feedback = FeedbackId::now();
        let (lane, message) = owed_message(feedback, 3, &"crm".into());
        assert_eq!(lane, Lane::Delivery("crm".into()));
        assert_eq!(Owed::decode(&message.body).unwrap(), Owed { feedback, revision: 3 });
        assert_eq!(owed_message(feedback, 3, &"crm".into()).1, message);
        assert_ne!(owed_message(feedback, 4, &"crm".into()).1.id, message.id);
    }

    #[test]
    fn a_body_of_another_form_is_an_error() {
        assert!(Owed::decode(b"{}").is_err());
        assert!(Owed::decode(b"\xff").is_err());
    }
}
