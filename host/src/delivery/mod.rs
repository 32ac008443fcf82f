//! Delivery: calls the webhooks, by [Standard Webhooks](https://www.standardwebhooks.com).
//!
//! Each webhook has a lane of its own in the queue and a worker of its own, so that one that is slow or dead holds up
//! no other. A worker leases what is due, at most as much as it has free slots; reads the content from the records;
//! makes one attempt each; and settles: the attempt goes into the records, then the message is acknowledged, put back
//! for the next step of the schedule, or parked.
//!
//! - A delivery has the same `webhook-id` and the same body on every attempt, so that a receiver can drop repeats.
//! - 2xx within the time limit is success, and nothing else. Redirects are not followed.
//! - Every connection goes to an address that was vetted ([`address`]), with no second look-up.
//! - 429, 502, 503 and 504 slow the webhook down as a whole; 410 stops it.
//!
//! What is in flight when sayso stops or crashes comes back: delivery is at least once.

pub mod address;
pub mod body;
pub mod client;
pub mod endpoint;
mod events;
pub(crate) mod failure;
mod owed;
mod pace;
pub(crate) mod resolver;
mod retry_after;
pub mod schedule;
mod settle;
pub mod signing;
mod store;
mod subscription;
#[cfg(test)]
mod tests;
mod worker;

pub use events::describe;
pub use owed::{Owed, owed_message};
pub use subscription::wants;

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::{
    client::Client,
    endpoint::{Endpoint, EndpointError},
    schedule::{Schedule, ScheduleError},
    signing::{SecretError, Signer},
    worker::{Target, Worker},
};
use crate::{config, queue::Queue, records::Records};

/// Most requests under way at once to one webhook.
const MAX_CONCURRENCY: usize = 1_024;

/// Longest time limit of an attempt. A lease lasts 60 s: one that ran out in the middle of an attempt would have the
/// delivery sent twice.
const MAX_TIMEOUT: Duration = Duration::from_secs(45);

/// Longest name of a webhook, in bytes.
const MAX_NAME: usize = 64;

/// What is wrong with the configuration of delivery.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// `[delivery]` makes no schedule.
    #[error("[delivery]: {0}")]
    Schedule(#[from] ScheduleError),
    /// The time limit of an attempt is out of range.
    #[error("[delivery]: `timeout` is {0:?}; it has to be more than nothing and at most 45s")]
    Timeout(Duration),
    /// The name cannot be that of a lane.
    #[error("webhook `{0}`: `name` has to be 1 to 64 letters, digits, `-`, `_` or `.`")]
    Name(Arc<str>),
    /// Two have the same name.
    #[error("webhook `{0}`: `name` is that of another webhook; deliveries are counted by it, so it has to be unique")]
    Duplicate(Arc<str>),
    /// The URL may not be called.
    #[error("webhook `{webhook}`: `url`: {error}")]
    Url {
        /// The webhook.
        webhook: Arc<str>,
        /// What is wrong.
        #[source]
        error: EndpointError,
    },
    /// The secret cannot be signed with.
    #[error("webhook `{webhook}`: `secret`: {error}")]
    Secret {
        /// The webhook.
        webhook: Arc<str>,
        /// What is wrong; it does not show the secret.
        #[source]
        error: SecretError,
    },
    /// The concurrency is out of range.
    #[error("webhook `{webhook}`: `concurrency` is {given}; it has to be 1 to 1024")]
    Concurrency {
        /// The webhook.
        webhook: Arc<str>,
        /// Its concurrency, or that of `[delivery]`.
        given: usize,
    },
    /// There is no HTTP client.
    #[error(
        "webhook `{webhook}`: cannot set up TLS: {error}; install the system's certificate authorities (`ca-certificates`)"
    )]
    Client {
        /// The webhook.
        webhook: Arc<str>,
        /// What is wrong.
        #[source]
        error: reqwest::Error,
    },
}

/// The delivery stage.
pub struct Dispatcher {
    workers: Vec<Arc<Worker>>,
}

impl Dispatcher {
    /// Checks the configuration, and sets up a worker for each webhook.
    ///
    /// # Errors
    /// [`WebhookError`] names the webhook and the field.
    pub fn new(
        limits: &config::Delivery,
        webhooks: &[config::Webhook],
        queue: Arc<dyn Queue>,
        records: Arc<dyn Records>,
    ) -> Result<Self, WebhookError> {
        let (schedule, targets) = set_up(limits, webhooks)?;
        let worker = |target| Worker::new(target, Arc::clone(&schedule), Arc::clone(&queue), Arc::clone(&records));
        Ok(Self { workers: targets.into_iter().map(worker).collect() })
    }

    /// Delivers until `shutdown`; then takes nothing more, and returns when what is in flight is settled. The caller
    /// bounds that time; what is cut off comes back after the restart.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut running = JoinSet::new();
        for worker in self.workers {
            running.spawn(worker.run(shutdown.clone()));
        }
        while let Some(ended) = running.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the worker of a webhook ended; its deliveries wait until sayso is restarted");
            }
        }
        shutdown.cancelled().await;
    }
}

/// Checks the configuration of delivery without delivering.
///
/// # Errors
/// [`WebhookError`] names the webhook and the field.
pub fn check(limits: &config::Delivery, webhooks: &[config::Webhook]) -> Result<(), WebhookError> {
    set_up(limits, webhooks).map(drop)
}

fn set_up(
    limits: &config::Delivery,
    webhooks: &[config::Webhook],
) -> Result<(Arc<Schedule>, Vec<Target>), WebhookError> {
    let schedule = Arc::new(Schedule::new(limits)?);
    if limits.timeout.is_zero() || limits.timeout > MAX_TIMEOUT {
        return Err(WebhookError::Timeout(limits.timeout));
    }
    let mut names = HashSet::new();
    if let Some(twice) = webhooks.iter().find(|webhook| !names.insert(&*webhook.name)) {
        return Err(WebhookError::Duplicate(Arc::clone(&twice.name)));
    }
    let targets = webhooks.iter().map(|webhook| target(webhook, limits)).collect::<Result<_, _>>()?;
    Ok((schedule, targets))
}

fn target(webhook: &config::Webhook, limits: &config::Delivery) -> Result<Target, WebhookError> {
    let name = || Arc::clone(&webhook.name);
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=MAX_NAME).contains(&webhook.name.len()) || !webhook.name.bytes().all(is_fit) {
        return Err(WebhookError::Name(name()));
    }
    let endpoint = Endpoint::parse(&webhook.url, webhook.allow_private)
        .map_err(|error| WebhookError::Url { webhook: name(), error })?;
    let signer = Signer::new([&webhook.secret]).map_err(|error| WebhookError::Secret { webhook: name(), error })?;
    let given = webhook.concurrency.unwrap_or(limits.concurrency);
    let concurrency = u32::try_from(given)
        .ok()
        .filter(|_| (1..=MAX_CONCURRENCY).contains(&given))
        .ok_or_else(|| WebhookError::Concurrency { webhook: name(), given })?;
    let client = Client::new(endpoint, signer, given, limits)
        .map_err(|error| WebhookError::Client { webhook: name(), error })?;
    Ok(Target { name: name(), client, concurrency })
}
