//! Replays: deliveries that are to be made again, one or many.
//!
//! The records keep what is to be put back before the queue gets it, and know it until the queue has it. So a replay that
//! a crash broke off goes on: nothing is left out, and what was tried meanwhile is not put back twice.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{DeliveryFilter, DeliveryStatus, Page, RecordsError};
use crate::feedback::{DeliveryId, FeedbackId};

/// Identifies a replay: `rpl_` and 32 hexadecimal digits, which sort by the time of its start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, ToSchema)]
#[schema(value_type = String, pattern = "^rpl_[0-9a-f]{32}$", examples("rpl_0198c0de00007000800000000000000c"))]
pub struct ReplayId(pub Uuid);

impl ReplayId {
    /// The id of a replay that is started now.
    pub fn now() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for ReplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rpl_{}", self.0.simple())
    }
}

impl FromStr for ReplayId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("rpl_").unwrap_or(text).parse().map(Self)
    }
}

impl Serialize for ReplayId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How far a replay is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayState {
    /// It puts deliveries back, or waits for those that it has put back to be tried.
    Running,
    /// It has put back every delivery that fits; they are tried as their turn comes.
    Finished,
    /// It was ended before; what it had put back is tried.
    Cancelled,
}

/// A replay of deliveries of one webhook.
#[derive(Clone, PartialEq, Debug)]
pub struct Replay {
    /// Its id.
    pub id: ReplayId,
    /// The webhook's name.
    pub webhook: String,
    /// Which of its deliveries; always with a status, and an end of the time.
    pub filter: DeliveryFilter,
    /// How far it is.
    pub state: ReplayState,
    /// Why it was cancelled, where nobody asked for that.
    pub reason: Option<String>,
    /// How many deliveries fitted when it began; none until they are counted.
    pub total: Option<u64>,
    /// How many were put back.
    pub done: u64,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it was finished or cancelled.
    pub finished_at: Option<Timestamp>,
}

/// How the deliveries stand that a replay has put back, but for those that were replayed again since.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcomes {
    /// Not tried since.
    pub waiting: u64,
    /// Tried without success, and to be tried again.
    pub retrying: u64,
    /// Delivered.
    pub delivered: u64,
    /// Parked again.
    pub parked: u64,
}

/// A delivery that is to be made again: pending on record, and not yet in the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reopened {
    /// The delivery.
    pub id: DeliveryId,
    /// The webhook's name.
    pub webhook: String,
    /// The type of the event.
    pub event: String,
    /// The feedback that it is about, if it is about one.
    pub feedback: Option<FeedbackId>,
    /// Its revision.
    pub revision: u32,
    /// When it became due.
    pub created_at: Timestamp,
}

/// How a delivery stood until it was reopened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stood {
    /// What was known of it.
    pub status: DeliveryStatus,
    /// When it was to be tried next, if it had failed and was not given up.
    pub next_attempt_at: Option<Timestamp>,
}

/// What became of the wish to start a replay.
#[derive(Clone, PartialEq, Debug)]
pub enum Begun {
    /// It runs.
    New(Box<Replay>),
    /// Another one of the same webhook runs.
    Running(ReplayId),
}

/// What a replay does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Put these into the queue, and say so with the next step.
    PutBack(Vec<Reopened>),
    /// Nothing more.
    End,
}

/// What is kept of replays; part of [`super::Records`].
#[async_trait]
pub trait Replays: Send + Sync + 'static {
    /// Has a delivery be pending again, to be put into the queue by the caller, who says so with [`Self::settle_reopened`].
    /// How it stood is of that very moment: no attempt is recorded in between. None if there is no such delivery. Returns
    /// when durable.
    async fn reopen(&self, id: DeliveryId) -> Result<Option<(Stood, Reopened)>, RecordsError>;

    /// A delivery that was reopened is in the queue.
    async fn settle_reopened(&self, id: DeliveryId) -> Result<(), RecordsError>;

    /// Deliveries that were reopened, and are pending without a word that the queue has them; at most `max`.
    async fn left_reopened(&self, max: usize) -> Result<Vec<Reopened>, RecordsError>;

    /// Starts a replay of the webhook of this name, unless one runs. Without a status in the filter it is of what is
    /// parked; deliveries that become due later are left out. Returns when durable.
    async fn begin_replay(&self, webhook: &str, filter: DeliveryFilter) -> Result<Begun, RecordsError>;

    /// Goes on with a replay: deliveries that fit are made pending, oldest first, for the caller to put into the queue.
    /// `is_put_back` says that it has done so with those of the step before. Without it, what the step before gave is
    /// given again, as far as it was not tried meanwhile. Returns when durable.
    async fn step_replay(&self, id: ReplayId, is_put_back: bool) -> Result<Step, RecordsError>;

    /// Cancels a replay that runs, for this reason if nobody asked for it. False if it does not run.
    async fn cancel_replay(&self, id: ReplayId, reason: Option<String>) -> Result<bool, RecordsError>;

    /// A replay, and how what it has put back stands.
    async fn replay(&self, id: ReplayId) -> Result<Option<(Replay, Outcomes)>, RecordsError>;

    /// Replays, of one webhook if it is named, newest first; the newest thousand are kept.
    async fn replays(
        &self,
        webhook: Option<&str>,
        after: Option<ReplayId>,
        max: usize,
    ) -> Result<Page<Replay>, RecordsError>;

    /// Replays that have something left to do.
    async fn unfinished_replays(&self) -> Result<Vec<Replay>, RecordsError>;
}
