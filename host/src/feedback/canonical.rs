//! The canonical JSON of feedback, as it waits in the queue, and the digest by which a repetition is recognised.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::Feedback;

/// The first field that is not given by the server; everything from here on is the sender's.
const FIRST_OF_SENDER: &[u8] = b"\"kind\":";

/// Feedback as it is published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Canonical {
    /// The JSON, with `received_at` as set.
    pub body: Bytes,
}

impl Canonical {
    /// SHA-256 of the JSON without what the server gives.
    pub fn digest(&self) -> [u8; 32] {
        // The server's fields come first, and none of them can hold this.
        let start = memchr::memmem::find(&self.body, FIRST_OF_SENDER).expect("`kind` is always written");
        Sha256::digest(&self.body[start..]).into()
    }
}

/// Writes feedback in canonical form: fields in the order of [`Feedback`], maps by name, no absent ones.
pub fn canonical(feedback: &Feedback) -> Canonical {
    let mut body = Vec::with_capacity(512 + feedback.text.len());
    serde_json::to_writer(&mut body, feedback).expect("feedback has no map whose names are not text");
    Canonical { body: body.into() }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::feedback::FeedbackId;

    fn feedback(json: &str) -> Feedback {
        serde_json::from_str(json).expect("is feedback")
    }

    #[test]
    fn the_digest_does_not_depend_on_what_the_server_gives() {
        let mut one = feedback(r#"{"kind":"review","text":"\"kind\": yes"}"#);
        let before = canonical(&one).digest();
        one.id = FeedbackId::now();
        one.revision = 7;
        one.received_at = Timestamp::UNIX_EPOCH + jiff::Span::new().seconds(5);
        assert_eq!(canonical(&one).digest(), before);
    }

    #[test]
    fn the_digest_depends_on_every_word_of_the_sender_but_not_on_their_order() {
        let digest = |json| canonical(&feedback(json)).digest();
        let one = digest(r#"{"kind":"review","text":"good","metadata":{"a":1,"b":2}}"#);
        assert_eq!(one, digest(r#"{"metadata":{"b":2,"a":1}, "text":"good","kind":"review","title":null}"#));
        assert_ne!(one, digest(r#"{"kind":"review","text":"good","metadata":{"a":1,"b":3}}"#));
        assert_ne!(one, digest(r#"{"kind":"csr_note","text":"good","metadata":{"a":1,"b":2}}"#));
    }

    #[test]
    fn the_body_reads_back_as_the_same_feedback() {
        let one = feedback(r#"{"kind":"review","text":"ok","metadata":{"f":0.30000000000000004,"n":-0.0}}"#);
        let back: Feedback = serde_json::from_slice(&canonical(&one).body).expect("is feedback");
        assert_eq!(one, back);
    }
}
