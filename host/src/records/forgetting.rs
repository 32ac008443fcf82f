//! What records do to forget: a customer or one feedback at once, and everything when it has been kept long enough.
//!
//! Every step is short, so that it does not hold up intake and delivery, and may be repeated. Who takes the steps in
//! which order, and what the queue has to do with it, is said in [`crate::privacy`].

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Page, RecordsError};
use crate::feedback::{DeliveryId, FeedbackId};

/// One feedback, or one revision of it alone: the feedback may be another customer's by now.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Piece {
    /// The feedback.
    pub id: FeedbackId,
    /// The revision; none for all of them.
    pub revision: Option<u32>,
}

/// What somebody asks to be forgotten.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// A customer, by what the customer is [known by](crate::feedback::Customer::known_by).
    Customer(String),
    /// One feedback, in all its revisions.
    Feedback(FeedbackId),
}

/// Something that is being forgotten.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    /// What.
    pub subject: Subject,
    /// The era that it began. Of a customer, what was accepted in an earlier one is forgotten; under the id of a feedback
    /// nothing is accepted any more, because the sender's name for it goes with it.
    pub era: i64,
}

/// When the oldest of what is on record became so; none where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Oldest {
    /// Feedback: when it was accepted.
    pub feedback: Option<Timestamp>,
    /// Deliveries: when their feedback was accepted.
    pub delivery: Option<Timestamp>,
    /// Attempts: when the feedback of their delivery was accepted.
    pub attempt: Option<Timestamp>,
}

/// Records that forget; see the module's documentation.
#[async_trait]
pub trait Forgetting {
    /// The era that feedback is accepted in now: every erasure begins another one. A clock would not do, since one that is
    /// set back would have what was accepted before an erasure seem younger than it, and what comes after it older.
    fn era(&self) -> i64;

    /// Returns once there is an era after this one, because somebody asked for an erasure.
    async fn era_after(&self, era: i64);

    /// Puts down that something is to be forgotten: from here on `save` keeps nothing of it that was accepted until now.
    /// Returns when durable. One that is under way goes on, until now.
    async fn begin_erasure(&self, subject: &Subject) -> Result<Erasure, RecordsError>;

    /// The erasures that were begun and have not ended.
    async fn erasures(&self) -> Result<Vec<Erasure>, RecordsError>;

    /// Some of what is on record of its subject, at most `max`; nothing if nothing is left.
    async fn pieces_of(&self, erasure: &Erasure, max: usize) -> Result<Vec<Piece>, RecordsError>;

    /// Every delivery that is about one of these.
    async fn deliveries_of(&self, pieces: &[Piece]) -> Result<Vec<DeliveryId>, RecordsError>;

    /// Erases these, with their deliveries and attempts, and the answers that attempts of others have in common with
    /// those. Returns when durable. One call is one transaction: hand over some dozens.
    async fn erase(&self, pieces: &[Piece]) -> Result<(), RecordsError>;

    /// Ends an erasure, and drops the identifier of its subject; a digest of it stays until `drop_erasures`, for what a
    /// worker may have had in its hands.
    async fn end_erasure(&self, erasure: &Erasure) -> Result<(), RecordsError>;

    /// Drops what is left of erasures that ended, and began before this.
    async fn drop_erasures(&self, before: Timestamp) -> Result<(), RecordsError>;

    /// Overwrites whatever traces of erased rows are left anywhere. False where something was in the way for so long: then it
    /// is to be called again.
    async fn scrub(&self, patience: Duration) -> Result<bool, RecordsError>;

    /// Some feedback that was accepted before this, oldest first, and that no delivery is on record for.
    async fn expired_feedback(&self, before: Timestamp, after: Option<&str>) -> Result<Page<Piece>, RecordsError>;

    /// Some deliveries that became due before this, are not pending, and were not attempted since, with their webhooks;
    /// in the order of their feedback.
    async fn expired_deliveries(
        &self,
        before: Timestamp,
        after: Option<&str>,
    ) -> Result<Page<(DeliveryId, String)>, RecordsError>;

    /// Removes those of these deliveries that [`Self::expired_deliveries`] would still name, with their attempts; how
    /// many.
    async fn drop_deliveries(&self, ids: &[DeliveryId], before: Timestamp) -> Result<u64, RecordsError>;

    /// Removes attempts that began before this, of some deliveries behind `after`; how many, and where to go on.
    async fn drop_attempts(
        &self,
        before: Timestamp,
        after: Option<&str>,
    ) -> Result<(u64, Option<String>), RecordsError>;

    /// How far back the records go.
    async fn oldest(&self) -> Result<Oldest, RecordsError>;
}
