//! What is remembered and queried: feedback with its analysis, what each webhook is owed, and every attempt.
//!
//! `save` is idempotent by feedback id and revision, `record` by delivery id and attempt number, so that a stage that
//! runs twice after a crash changes nothing.

#[cfg(test)]
pub mod conformance;
mod forgetting;
mod owed;
mod replay;
pub mod sqlite;

pub use forgetting::{Erasure, Forgetting, Oldest, Piece, Subject};
pub use owed::{Attempt, Attempted, Delivery, DeliveryFilter, DeliveryStatus, Notified};
pub use replay::{Begun, Outcomes, Reopened, Replay, ReplayId, ReplayState, Replays, Step, Stood};

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::feedback::{Analysis, DeliveryId, Feedback, FeedbackId, Kind};

/// One feedback with its analysis, and the deliveries that it makes due.
#[derive(Clone, Debug)]
pub struct Analyzed {
    /// The feedback, as redacted.
    pub feedback: Feedback,
    /// What the chain said of it.
    pub analysis: Analysis,
    /// The names of the webhooks that want it.
    pub webhooks: Vec<Arc<str>>,
    /// The [era](Forgetting::era) in which it was accepted.
    pub era: i64,
}

/// What [`Records::save`] did not keep.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unsaved {
    /// What was erased since: whatever else there is of it has to go too.
    pub erased: Vec<Piece>,
    /// What is on record already, with those of its webhooks that are owed it.
    pub known: Vec<(Piece, Vec<Arc<str>>)>,
}

/// Everything on record about one feedback.
#[derive(Clone, Debug)]
pub struct Record {
    /// The newest revision.
    pub feedback: Feedback,
    /// Its analysis.
    pub analysis: Analysis,
    /// What the webhooks are owed for every revision, newest first.
    pub deliveries: Vec<Delivery>,
}

/// What a webhook receives, as JSON: it was made when it was saved, and is not taken apart to be sent, nor gone through
/// to see whether it is JSON.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The feedback.
    pub feedback: Box<str>,
    /// Its analysis.
    pub analysis: Box<str>,
}

impl Payload {
    /// What a webhook would receive of these.
    ///
    /// # Errors
    /// Where they cannot be written as JSON.
    pub fn new(feedback: &Feedback, analysis: &Analysis) -> serde_json::Result<Self> {
        Ok(Self {
            feedback: serde_json::to_string(feedback)?.into(),
            analysis: serde_json::to_string(analysis)?.into(),
        })
    }

    /// Takes it apart.
    ///
    /// # Errors
    /// Where the store holds what this sayso did not write.
    pub fn read(&self) -> Result<(Feedback, Analysis), RecordsError> {
        let failed = |error: serde_json::Error| RecordsError::Failed(format!("a record cannot be read: {error}"));
        let feedback = serde_json::from_str(&self.feedback).map_err(failed)?;
        Ok((feedback, serde_json::from_str(&self.analysis).map_err(failed)?))
    }
}

/// A webhook that was made over the API, as it is kept. Of a deleted one the name is left, for as long as something
/// may wait for it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredWebhook {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: Arc<str>,
    /// 1 for the first version, one more for every change.
    pub revision: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// How it was written, as JSON; may hold secrets.
    pub settings: String,
    /// What it signs with, as JSON.
    pub secrets: String,
}

impl std::fmt::Debug for StoredWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredWebhook")
            .field("name", &self.name)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

/// Which feedback a list, search or aggregate is about. Empty fields do not filter.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Words that all stand in text or title.
    pub q: Option<String>,
    /// The kind.
    pub kind: Option<Kind>,
    /// A tag; `delivery/*` for all below `delivery`.
    pub tag: Option<String>,
    /// An intent.
    pub intent: Option<String>,
    /// A route.
    pub route: Option<String>,
    /// A sentiment label.
    pub label: Option<String>,
    /// A language code.
    pub language: Option<String>,
    /// The sender's identifier of the customer; for feedback without one, the e-mail address.
    pub customer: Option<String>,
    /// Accepted at or after: an RFC 3339 time, or a date, which stands for its first moment in UTC.
    #[param(value_type = Option<String>)]
    pub since: Option<Timestamp>,
    /// Accepted before; as `since`.
    #[param(value_type = Option<String>)]
    pub until: Option<Timestamp>,
}

/// Reads a time stamp, or a date, which stands for its first moment in UTC. A time without its offset is neither: taken as
/// its date it would stand for another moment.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let is_date = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_date {
        return text.parse().ok();
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    // Of the last day there is, the first moment is beyond the last time there is.
    Some(format!("{date}T00:00:00Z").parse().unwrap_or(Timestamp::MAX))
}

/// A page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Give this back as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// What an aggregate counts by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// Kind.
    Kind,
    /// Sentiment label.
    Label,
    /// Language.
    Language,
    /// Tag.
    Tag,
    /// Intent.
    Intent,
    /// Route.
    Route,
}

/// One line of an aggregate.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct Bucket {
    /// The facet's value.
    pub value: String,
    /// How many pieces of feedback have it.
    pub count: u64,
    /// Mean sentiment score of those that have one.
    #[schema(required = true)]
    pub sentiment: Option<f64>,
}

/// What a customer said before, in summary.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct History {
    /// How many earlier pieces of feedback are on record; of very many, the newest 1,000 are looked at.
    pub earlier: u32,
    /// When the first of them was accepted.
    pub first_seen: Option<Timestamp>,
    /// When the last of them was accepted.
    pub last_seen: Option<Timestamp>,
    /// Mean of their sentiment.
    pub sentiment_mean: Option<f64>,
    /// Mean of the newer half less the mean of the older half; none below two scored ones.
    pub sentiment_trend: Option<f64>,
}

/// How a webhook does, as far as that has to outlast a restart. The default is one that does well.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WebhookHealth {
    /// What it led to when this was noted: a webhook that leads elsewhere now begins anew.
    pub endpoint: String,
    /// When it began to fail; none while it works.
    pub failing_since: Option<Timestamp>,
    /// When it failed last, to within minutes.
    pub last_failure: Option<Timestamp>,
    /// Whether nothing more is sent to it, and why.
    pub disabled: Option<Disabled>,
}

/// Why nothing is sent to a webhook any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disabled {
    /// Since when.
    pub at: Timestamp,
    /// What it did.
    pub cause: DisabledBy,
    /// In words.
    pub reason: String,
    /// Whether everybody who wants to know was told.
    pub is_announced: bool,
}

/// What disables a webhook.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DisabledBy {
    /// It answered 410 Gone.
    Gone,
    /// It failed for days on end.
    Failing,
}

/// What can go wrong with records.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The store has no space left; nothing of the call was kept, and later calls may succeed.
    #[error("the store is full: {0}")]
    Full(String),
    /// The store failed.
    #[error("the store failed: {0}")]
    Failed(String),
    /// What is on record of one feedback is not what was written.
    #[error("the row of the feedback {id} is damaged: {why}")]
    Damaged {
        /// The feedback.
        id: FeedbackId,
        /// What cannot be read of it.
        why: String,
    },
    /// `after` is not a cursor of this list.
    #[error("the cursor `{0}` is not one that this list gave")]
    BadCursor(String),
}

/// What is remembered and queried; see the module's documentation.
#[async_trait]
pub trait Records: Forgetting + Replays + Send + Sync + 'static {
    /// Keeps analyses, and a pending delivery for each of their webhooks. Returns when durable. A revision that is on
    /// record changes nothing, and owes nothing more: another chain may have come between (as after a crash between the
    /// record and the queue), and what is delivered is what is on record. What was erased since is not kept.
    async fn save(&self, analyzed: Vec<Analyzed>) -> Result<Unsaved, RecordsError>;

    /// Keeps a pending delivery for each of these events. Returns when durable; one that is there already stays as it is.
    async fn owe(&self, notified: Vec<Notified>) -> Result<(), RecordsError>;

    /// Keeps attempts, and how their deliveries stand. Returns when durable. Hand over together what began together: where a
    /// delivery is no longer on record, because it was erased, the answer to the others is not kept either.
    ///
    /// What was delivered stays so: returned are those that failed now, and were delivered before (as after a crash between
    /// the record and the queue). Nothing more is due for them.
    async fn record(&self, attempts: Vec<Attempted>) -> Result<Vec<DeliveryId>, RecordsError>;

    /// Everything about one feedback.
    async fn get(&self, id: FeedbackId) -> Result<Option<Record>, RecordsError>;

    /// Feedback and analysis of exactly these revisions, in the order asked; none for one that is not on record
    /// (because it was erased).
    async fn payloads(&self, of: &[(FeedbackId, u32)]) -> Result<Vec<Option<Payload>>, RecordsError>;

    /// Feedback with its analysis, newest first, without deliveries. At most `max`; fewer where they are large.
    async fn list(
        &self,
        filter: &Filter,
        after: Option<&str>,
        max: usize,
    ) -> Result<Page<(Feedback, Analysis)>, RecordsError>;

    /// Counts by facet, largest first.
    async fn aggregate(&self, filter: &Filter, by: Facet) -> Result<Vec<Bucket>, RecordsError>;

    /// Deliveries with their attempts in brief, those that became due last first.
    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<&str>,
        max: usize,
    ) -> Result<Page<Delivery>, RecordsError>;

    /// One delivery with its attempts.
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, RecordsError>;

    /// How the webhook of this name does.
    async fn health(&self, webhook: &str) -> Result<WebhookHealth, RecordsError>;

    /// Keeps how the webhook of this name does. Returns when durable.
    async fn set_health(&self, webhook: &str, health: WebhookHealth) -> Result<(), RecordsError>;

    /// What the customer with the sender's identifier said before `before`, in summary.
    async fn history(&self, customer: &str, before: FeedbackId) -> Result<History, RecordsError>;

    /// Keeps a webhook that was made over the API, in the place of what was there under its id, and of a deleted one of
    /// its name. Returns when durable.
    async fn put_webhook(&self, webhook: StoredWebhook) -> Result<(), RecordsError>;

    /// Every webhook that was made over the API, and of the deleted ones what is left, in the order of their making.
    async fn webhooks(&self) -> Result<Vec<StoredWebhook>, RecordsError>;

    /// Forgets what is left of a deleted webhook.
    async fn drop_webhook(&self, id: Uuid) -> Result<(), RecordsError>;

    /// Waits until every one of these is on record in at least this revision, or the time is over: which are.
    async fn wait(&self, of: &[(FeedbackId, u32)], time: Duration) -> Vec<bool>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_its_offset_is_not_taken_for_its_date() {
        for refused in [
            "2026-11-28T23:00:00",
            "2026-11-28T23:00",
            "2026-11-28 23:00:00",
            "20261128T230000",
            "2026-11-28[junk=1]",
            "20261128",
        ] {
            assert_eq!(parse_time(refused), None, "{refused}");
        }
        let read = |text: &str| parse_time(text).map(|time| time.to_string());
        assert_eq!(read("2026-11-28").as_deref(), Some("2026-11-28T00:00:00Z"));
        assert_eq!(read("2026-11-28T23:00:00+02:00").as_deref(), Some("2026-11-28T21:00:00Z"));
        assert_eq!(parse_time("9999-12-31"), Some(Timestamp::MAX));
    }
}
