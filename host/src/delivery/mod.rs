//! Delivery: calls the webhooks, by [Standard Webhooks](https://www.standardwebhooks.com).
//!
//! Each webhook has a lane of its own in the queue and a worker of its own, so that one that is slow or dead holds up
//! no other. The set of webhooks ([`webhooks`]) changes while sayso runs; the [`Dispatcher`] has the workers follow it.
//! A worker leases what is due, at most as much as it has free slots; reads the content from the records; writes it in
//! the webhook's format ([`formats`]); makes one attempt each; and settles: the attempt goes into the records, then the
//! message is acknowledged, put back for the next step of the schedule, or parked.
//!
//! - A delivery has the same `webhook-id` and the same body on every attempt, so that a receiver can drop repeats.
//! - 2xx within the time limit is success, and nothing else. Redirects are not followed.
//! - Every connection goes to an address that was vetted ([`address`]), with no second look-up.
//! - 429, 502, 503, 504 and repeated failure open the [`breaker`] of the webhook as a whole, and one delivery probes it.
//! - 410, and days of failure without one success, disable it ([`health`]) until an operator enables it or changes its
//!   URL; what waits for it is kept. What the request was about whose 410 disabled it is parked; the rest waits.
//! - First tries have slots that retries and replays cannot take ([`slots`]).
//! - What was parked or delivered can be replayed, one or many ([`replay`]).
//!
//! What is in flight when sayso stops or crashes comes back: delivery is at least once.

pub mod address;
mod breaker;
pub mod client;
mod dispatcher;
pub mod endpoint;
mod events;
pub(crate) mod failure;
pub mod formats;
mod health;
mod lost;
mod owed;
mod rate;
pub mod replay;
pub(crate) mod resolver;
mod retry_after;
pub mod schedule;
mod settle;
pub mod shown;
pub mod signing;
mod slots;
mod standing;
mod store;
mod switchboard;
#[cfg(test)]
mod tests;
pub mod trial;
mod veil;
pub mod webhooks;
mod worker;

pub use dispatcher::Dispatcher;
pub use events::describe;
pub use owed::{Owed, owed_message};
pub use switchboard::{BreakerState, Glimpse, Switchboard};

use std::{sync::Arc, time::Duration};

use self::{
    schedule::{Schedule, ScheduleError},
    webhooks::WebhookId,
};
use crate::{config, records::RecordsError};

/// Longest time limit of an attempt. A lease lasts 60 s: one that ran out in the middle of an attempt would have the
/// delivery sent twice.
const MAX_TIMEOUT: Duration = Duration::from_secs(45);

/// What is wrong with the configuration of delivery.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// `[delivery]` makes no schedule.
    #[error("[delivery]: {0}")]
    Schedule(#[from] ScheduleError),
    /// The time limit of an attempt is out of range.
    #[error("[delivery]: `timeout` is {0:?}; it has to be more than nothing and at most 45s")]
    Timeout(Duration),
    /// Two have the same name.
    #[error("webhook `{0}`: `name` is that of another webhook; deliveries are counted by it, so it has to be unique")]
    Duplicate(Arc<str>),
    /// One of the API has the same name.
    #[error(
        "webhook `{name}`: `name` is that of {id}, which was made over the API and is in the store; rename the [[webhook]], \
         or take it out, start sayso, `sayso webhook delete {name}`, and put it back"
    )]
    TakenOverApi {
        /// The name.
        name: Arc<str>,
        /// The other one.
        id: WebhookId,
    },
    /// A field has to be fixed.
    #[error("webhook `{webhook}`: `{field}`: {message}")]
    Field {
        /// The webhook.
        webhook: Arc<str>,
        /// The field.
        field: String,
        /// What is wrong, and what is allowed; it does not show secrets.
        message: String,
    },
    /// The store holds what this sayso did not write.
    #[error("webhook `{name}`: what the store has of it cannot be read: {error}")]
    Stored {
        /// The webhook.
        name: Arc<str>,
        /// What is wrong.
        #[source]
        error: serde_json::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// Checks the configuration of delivery without delivering: what is taken as it is written, and may not be meant so.
///
/// # Errors
/// [`WebhookError`] names the webhook and the field.
pub fn check(limits: &config::Delivery, webhooks: &[config::Webhook]) -> Result<Vec<String>, WebhookError> {
    schedule_of(limits)?;
    let webhooks = webhooks::of_file(limits, webhooks)?;
    let named = |webhook: &Arc<webhooks::Webhook>| {
        let name = webhook.name().clone();
        webhook.warnings.clone().into_iter().map(move |warning| format!("webhook `{name}`: {warning}"))
    };
    Ok(webhooks.iter().flat_map(named).collect())
}

/// The schedule of `[delivery]`, whose limits are checked too.
fn schedule_of(limits: &config::Delivery) -> Result<Arc<Schedule>, WebhookError> {
    let schedule = Arc::new(Schedule::new(limits)?);
    if limits.timeout.is_zero() || limits.timeout > MAX_TIMEOUT {
        return Err(WebhookError::Timeout(limits.timeout));
    }
    Ok(schedule)
}
