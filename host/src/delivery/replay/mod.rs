//! Replays: deliveries that are made again, with the id that they have, their attempts numbered on, and a whole schedule
//! before them.
//!
//! - [`one`]: a single delivery, whether it was parked or delivered, or waits for its next attempt.
//! - [`many`]: the deliveries of a webhook that fit a filter, in the background, a page after the other.
//!
//! What is replayed shares the webhook with what comes back by the schedule, and takes no slot that is kept for first
//! tries. The next page goes into the queue when most of the one before has been tried: however many there are, little of
//! them is in memory, and where the webhook takes nothing the replay waits with it.
//!
//! A webhook that was made over the API gets nothing again that was owed before it was made: that was for a deleted one of
//! its name, and perhaps for somebody else. One of the file is known by its name alone, which only the operator gives.

mod many;
mod one;

pub use one::One;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    BreakerState, Switchboard, owed_message,
    webhooks::{Live, Webhook},
};
use crate::{
    config::Ordering,
    feedback::Feedback,
    queue::{Again, Lane, Queue, QueueError},
    records::{Begun, DeliveryFilter, Payload, Records, RecordsError, Reopened, ReplayId},
};

/// Pause between two looks for something that no event tells of.
const LOOK: Duration = Duration::from_millis(20);
/// First and longest pause after the store failed.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Why a delivery is not replayed.
#[derive(Debug, thiserror::Error)]
pub enum NotReplayed {
    /// There is no such delivery.
    #[error("there is no such delivery")]
    Missing,
    /// There is no webhook of its name.
    #[error("there is no webhook `{0}` any more")]
    NoWebhook(String),
    /// Nothing is sent to its webhook.
    #[error("the webhook `{webhook}` is disabled: {reason}")]
    Disabled {
        /// The webhook.
        webhook: Arc<str>,
        /// Why.
        reason: String,
    },
    /// What was delivered is not there any more.
    #[error("{0}")]
    NoContent(String),
    /// It is due already, or under way.
    #[error("it waits already, and is tried as soon as its turn comes")]
    Waits,
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The records failed.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// Replays deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Replayer {
    pub(super) switchboard: Switchboard,
    pub(super) live: Live,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) records: Arc<dyn Records>,
    /// Told when a replay was started or cancelled.
    pub(super) changed: watch::Sender<()>,
}

impl Replayer {
    /// Starts a replay of the webhook's deliveries that fit the filter, unless one runs; it goes on in the background, and
    /// over restarts.
    ///
    /// # Errors
    /// Where the webhook is disabled, or the records fail.
    pub async fn start(&self, webhook: &Webhook, filter: DeliveryFilter) -> Result<Begun, NotReplayed> {
        self.refuse_disabled(webhook).await?;
        let filter = DeliveryFilter { since: filter.since.max(webhook.created_at), ..filter };
        let begun = self.records.begin_replay(webhook.name(), filter).await?;
        self.changed.send_replace(());
        Ok(begun)
    }

    /// Cancels a replay; what it has put back is tried. False if it does not run.
    ///
    /// # Errors
    /// Where the records fail.
    pub async fn cancel(&self, id: ReplayId) -> Result<bool, RecordsError> {
        let is_cancelled = self.records.cancel_replay(id, None).await?;
        self.changed.send_replace(());
        Ok(is_cancelled)
    }

    /// Carries on what was begun, until `shutdown`.
    pub(super) async fn run(self, shutdown: CancellationToken) {
        self.put_back_what_was_left(&shutdown).await;
        self.carry_out_all(&shutdown).await;
    }

    /// Why nothing is sent to the webhook now, though it is not disabled, and when it will be.
    pub fn waits_because(&self, webhook: &Webhook) -> Option<String> {
        let is_left_alone = || match self.switchboard.glimpse(webhook).breaker {
            // While it is probed, what is replayed may be the probe.
            BreakerState::Closed | BreakerState::Probing => None,
            BreakerState::Open => Some(format!(
                "The receiver of the webhook `{}` is overloaded or down, and left alone for a while: deliveries wait until \
                 it is back.",
                webhook.name()
            )),
        };
        waits_because(webhook).or_else(is_left_alone)
    }

    async fn refuse_disabled(&self, webhook: &Webhook) -> Result<(), NotReplayed> {
        match self.switchboard.health(webhook).await?.disabled {
            Some(why) => Err(NotReplayed::Disabled { webhook: webhook.name().clone(), reason: why.reason }),
            None => Ok(()),
        }
    }

    /// Repeats a step until it works. None if it failed while sayso shuts down.
    async fn insist<T, E: std::fmt::Display, F: Future<Output = Result<T, E>>>(
        &self,
        shutdown: &CancellationToken,
        what: &str,
        mut step: impl FnMut() -> F,
    ) -> Option<T> {
        let (mut pause, longest) = PAUSES;
        loop {
            match step().await {
                Ok(value) => return Some(value),
                Err(error) => tracing::error!(%error, "could not {what}; the replay waits until it works"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(longest),
            }
        }
    }
}

/// Whether something that was due at this time was owed to a deleted webhook whose name this one has.
fn is_of_another(webhook: &Webhook, due: Timestamp) -> bool {
    webhook.created_at.is_some_and(|made| due < made)
}

/// Why nothing is sent to the webhook now by its own settings, and when it will be.
pub fn waits_because(webhook: &Webhook) -> Option<String> {
    let name = webhook.name();
    if webhook.settings.paused {
        return Some(format!("The webhook `{name}` is paused: deliveries wait until it is resumed."));
    }
    let is_faulty = !webhook.is_active();
    is_faulty
        .then(|| format!("The webhook `{name}` has faults, and is not called: deliveries wait until it is changed."))
}

/// The message of a delivery that is made again. `payload` is needed only where the webhook keeps an order: the queue may
/// have forgotten whose delivery it was.
fn again(reopened: &Reopened, webhook: Option<&Webhook>, payload: Option<&Payload>) -> Again {
    let series = || {
        let webhook = webhook.filter(|webhook| webhook.settings.ordering == Ordering::Customer)?;
        let feedback: Feedback = serde_json::from_str(&payload?.feedback).ok()?;
        webhook.owed(&feedback).1.series
    };
    let body = reopened.feedback.filter(|_| reopened.event == super::formats::standard::ANALYZED).map(|feedback| {
        let (_, message) = owed_message(feedback, reopened.revision, &reopened.webhook.as_str().into(), None);
        message.body
    });
    Again { id: reopened.id.0, revision: reopened.revision, series: series(), body, published_at: reopened.created_at }
}

fn lane(webhook: &str) -> Lane {
    Lane::Delivery(webhook.into())
}
