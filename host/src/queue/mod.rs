//! Where work waits durably.
//!
//! A [`Queue`] has lanes: `intake`, and one delivery lane per webhook, so that one that is stuck holds up no other.
//! A message is published once, leased to a worker, and settled: acknowledged, put back for later, or parked where
//! an operator sees it. A lease that is not settled in time comes back, and so does every lease after a restart:
//! delivery to a worker is at least once, and workers are idempotent by message id.
//!
//! Invariants that every backend keeps, and `conformance` checks:
//! - `publish` returns when the messages are on stable storage, all of one call or none.
//! - A message id that a lane has seen, waiting, parked or settled not long ago, is dropped.
//! - A message with an [`Identity`] that is known keeps the id given first; with other content it is a revision.
//! - First tries are not starved by retries that are due, nor by what is replayed.
//! - Of a series no message is leased before those that were published earlier are settled or parked.

#[cfg(test)]
pub mod conformance;
pub mod sqlite;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

/// A line of waiting messages.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// Feedback that waits for the chain.
    Intake,
    /// Deliveries that wait for the webhook of this name.
    Delivery(Arc<str>),
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intake => f.write_str("intake"),
            Self::Delivery(webhook) => write!(f, "delivery/{webhook}"),
        }
    }
}

impl Lane {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('/') {
            None if text == "intake" => Some(Self::Intake),
            Some(("delivery", webhook)) if !webhook.is_empty() => Some(Self::Delivery(webhook.into())),
            _ => None,
        }
    }
}

/// What makes a repetition recognisable over requests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The name, for feedback made from `source.type` and `external_id`.
    pub key: String,
    /// SHA-256 of the content, without what the server adds.
    pub digest: [u8; 32],
    /// How long after its first message the name may mean another; none for as long as the records are kept.
    pub expires: Option<Duration>,
}

/// A message to be published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Unique in the lane together with `revision`.
    pub id: Uuid,
    /// The revision, for a message without identity; with one the queue counts it.
    pub revision: u32,
    /// Recognises repetitions.
    pub identity: Option<Identity>,
    /// Messages of one lane and one series are leased one after the other: the next when the one before is settled or
    /// parked. Those without are leased whenever a worker is free.
    pub series: Option<i64>,
    /// For feedback: the [era](crate::records::Forgetting::era) in which it was accepted; otherwise 0.
    pub era: i64,
    /// What the worker needs.
    pub body: Bytes,
}

/// What became of one message of a `publish`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The message's id: the one given first, where its identity was known.
    pub id: Uuid,
    /// Its revision.
    pub revision: u32,
    /// Whether the message waits now, or was dropped as a repetition.
    pub is_new: bool,
}

/// For how long a request with an `Idempotency-Key` is recognised when it is sent again.
pub const ANSWERS_KEPT: Duration = Duration::from_secs(24 * 3_600);

/// The answer to a request that carried an `Idempotency-Key`, kept so that a repetition gets the same answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredAnswer {
    /// SHA-256 of the request.
    pub digest: [u8; 32],
    /// The answer, in the form that intake chose.
    pub answer: Bytes,
    /// What of the answer may quote the request; gone once anybody was erased.
    pub details: Option<Bytes>,
}

/// Whether a message's body is one that is looked for.
pub type Fits = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// A message in the hands of a worker until it is settled.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The lane it came from.
    pub lane: Lane,
    /// The backend's handle.
    pub token: u64,
    /// The message's id.
    pub id: Uuid,
    /// Its revision.
    pub revision: u32,
    /// How often `retry` put it back since it was published, taken back or replayed: 0 for the first try.
    pub tries: u32,
    /// Whether nobody has had it yet, and it was not replayed either.
    pub is_first: bool,
    /// When it was published.
    pub published_at: Timestamp,
    /// When it was set aside last, where it was and has been taken back.
    pub parked_at: Option<Timestamp>,
    /// As it was published.
    pub era: i64,
    /// What the worker needs.
    pub body: Bytes,
}

/// A message that was set aside.
#[derive(Clone, Debug)]
pub struct Parked {
    /// The message's id.
    pub id: Uuid,
    /// Its revision.
    pub revision: u32,
    /// When it was set aside.
    pub parked_at: Timestamp,
    /// Why, for people to read.
    pub reason: String,
    /// The message's body.
    pub body: Bytes,
}

/// Where a message is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whereabouts {
    /// Waits, or is with a worker.
    Waiting {
        /// Its revision.
        revision: u32,
        /// Its body.
        body: Bytes,
    },
    /// Set aside.
    Parked {
        /// Its revision.
        revision: u32,
        /// Its body.
        body: Bytes,
        /// Why.
        reason: String,
    },
}

/// A message that is to be worked on again, whatever became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Again {
    /// Its id.
    pub id: Uuid,
    /// Its revision.
    pub revision: u32,
    /// As in [`Message`]; what the lane has of it counts more.
    pub series: Option<i64>,
    /// What the worker needs, if it is known; what the lane has of it counts more.
    pub body: Option<Bytes>,
    /// When it was published, where the lane does not know it any more.
    pub published_at: Timestamp,
}

/// What became of a message that was replayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replayed {
    /// It was settled, parked or forgotten, and is due now.
    Anew,
    /// It waited for its time, and is due now.
    Sooner,
    /// It waits already, and is due or next in its series.
    Waits,
    /// A worker has it, who settles it one way or the other, or is just doing so; nothing was changed.
    Leased,
    /// The lane has nothing of it any more, and its body was not given; nothing was changed.
    Gone,
}

/// How much waits in a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Depth {
    /// Messages that wait or are with a worker.
    pub waiting: u64,
    /// Messages that were set aside.
    pub parked: u64,
    /// Age of the oldest waiting message.
    pub oldest: Option<Duration>,
}

/// What can go wrong with a queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The store has no space left; nothing of the call was kept, and later calls may succeed.
    #[error("the store is full: {0}")]
    Full(String),
    /// The store failed in a way that leaves its state unknown; it takes no more writes until it is restarted.
    #[error("the store failed and takes no more writes until sayso is restarted: {0}")]
    Failed(String),
}

/// Where work waits durably; see the module's documentation.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Puts messages into a lane. Returns when they are on stable storage, one receipt a message in their order.
    async fn publish(&self, lane: &Lane, messages: Vec<Message>) -> Result<Vec<Receipt>, QueueError>;

    /// Like `publish` to several lanes, each message on its own lane, all or none.
    async fn publish_all(&self, messages: Vec<(Lane, Message)>) -> Result<(), QueueError>;

    /// Keeps the answer to the request with this `Idempotency-Key` for `keep`.
    async fn remember(&self, key: &str, answer: StoredAnswer, keep: Duration) -> Result<(), QueueError>;

    /// The answer kept for this `Idempotency-Key`, unless it has expired.
    async fn recall(&self, key: &str) -> Result<Option<StoredAnswer>, QueueError>;

    /// Leases up to `max` messages that are due; waits up to `wait` for the first.
    async fn pull(&self, lane: &Lane, max: usize, wait: Duration) -> Result<Vec<Lease>, QueueError> {
        self.pull_sparing(lane, max, max, wait).await
    }

    /// Like `pull`, with at most `most_retries` messages that came back among them: a worker whose retries take long
    /// keeps slots for first tries so. With 0 of them, one that comes back ends no wait.
    async fn pull_sparing(
        &self,
        lane: &Lane,
        max: usize,
        most_retries: usize,
        wait: Duration,
    ) -> Result<Vec<Lease>, QueueError>;

    /// Lets the time of leases begin anew, for work that takes longer. One that has run out already stays so.
    async fn extend(&self, leases: &[Lease]) -> Result<(), QueueError>;

    /// For how long a lease still counts; none where it has run out, or where the message was settled or forgotten.
    fn remaining(&self, lease: &Lease) -> Option<Duration>;

    /// Those of the ids that no lane has a message of, whether it waits, is with a worker, is parked or was settled lately.
    async fn absent(&self, ids: Vec<Uuid>) -> Result<Vec<Uuid>, QueueError>;

    /// Waits until one of these leases, of one lane, no longer counts because its message was forgotten: what is being done
    /// about it should not go on.
    async fn forgotten(&self, leases: &[Lease]);

    /// Gives messages back that were not worked on, as if they had not been pulled. A lease that has run out already
    /// changes nothing.
    async fn release(&self, leases: Vec<Lease>) -> Result<(), QueueError>;

    /// Settles messages as done. May return before that is durable: a crash then repeats them.
    async fn ack(&self, leases: Vec<Lease>) -> Result<(), QueueError>;

    /// Puts a message back, to be due after `delay`, however often the process is restarted in between.
    async fn retry(&self, lease: Lease, delay: Duration) -> Result<(), QueueError>;

    /// Sets a message aside, with the reason. Returns when durable.
    async fn park(&self, lease: Lease, reason: String) -> Result<(), QueueError>;

    /// Messages set aside in a lane, oldest first, after the message with this id and revision.
    async fn parked(&self, lane: &Lane, after: Option<(Uuid, u32)>, max: usize) -> Result<Vec<Parked>, QueueError>;

    /// Puts a parked message back as if it were new. False if it is not parked there.
    async fn unpark(&self, lane: &Lane, id: Uuid) -> Result<bool, QueueError>;

    /// Has messages be worked on again, whether they were settled, parked or forgotten; those that wait are due at once.
    /// What was done with is due as a message that came back, so that first tries are not starved, and begins to count
    /// its tries anew. Returns when durable, with what became of each. A repetition finds those waiting.
    async fn replay(&self, lane: &Lane, messages: Vec<Again>) -> Result<Vec<Replayed>, QueueError>;

    /// Has every message of a lane that waits for its time be due now, until the next start.
    fn hasten(&self, lane: &Lane);

    /// How many messages that came back, or were replayed, are due and with no worker; counted up to `most`.
    fn due_again(&self, lane: &Lane, most: usize) -> usize;

    /// Where the newest revision of a message is; none if it is settled or was never there.
    async fn find(&self, lane: &Lane, id: Uuid) -> Result<Option<Whereabouts>, QueueError>;

    /// The messages of a lane that are of an earlier era than this one, are not settled, and fit.
    async fn search(&self, lane: &Lane, before_era: i64, fits: Fits) -> Result<Vec<(Uuid, u32)>, QueueError>;

    /// Drops the messages with these ids, in whichever lane and state, and the identities that point to them; where a
    /// revision is given, only what is of that one. Hand over some hundreds: one call is one transaction.
    async fn forget(&self, messages: &[(Uuid, Option<u32>)]) -> Result<(), QueueError>;

    /// Drops the details of every kept answer.
    async fn forget_details(&self) -> Result<(), QueueError>;

    /// Like `forget` of messages of one lane, except those that wait or are with a worker. Returns all others, those among
    /// them that were not there.
    async fn discard(
        &self,
        lane: &Lane,
        messages: &[(Uuid, Option<u32>)],
    ) -> Result<Vec<(Uuid, Option<u32>)>, QueueError>;

    /// Drops answers that have expired, a number of them at once; how many.
    async fn drop_expired_answers(&self) -> Result<u64, QueueError>;

    /// How much waits in every lane that has ever had a message.
    fn depths(&self) -> Vec<(Lane, Depth)>;

    /// Why the queue takes no more writes, if it does not.
    fn failure(&self) -> Option<String>;
}
