//! Webhooks as a resource: those of the file, which the operator alone changes, and those made over the API.
//!
//! - [`Webhook`]: one webhook, checked and ready to be called: what it wants ([`Filter`]), whom it calls
//!   ([`Client`]), and what it signs with ([`Keys`]).
//! - [`Registry`]: makes, changes and deletes those of the API, durably.
//! - [`Live`]: the set as it is now, and word of every change. The pipeline asks it who wants an analysis, the
//!   dispatcher whom to deliver to. A change holds from the next attempt on.
//! - [`notice`]: events that are no analyses, to the webhooks that want them.
//!
//! # What becomes of deliveries
//! They stay with the webhook's name. While it is paused they wait. Where it is deleted, what waits is parked, with the
//! reason, also what is owed to it a moment later by a batch that was analysed before. A webhook of the API that is made
//! under that name later gets none of it, also by no replay: it may be somebody else's. A webhook that was taken out of the file is taken for one that comes
//! back: its deliveries wait, until somebody deletes it by its name.

pub mod condition;
mod filter;
mod headers;
mod id;
mod keys;
mod live;
pub mod notice;
mod orphans;
mod patch;
mod registry;
mod retire;
mod tls;
mod validate;
pub mod written;

pub use filter::{Candidate, Filter, KNOWN_EVENTS};
pub use id::{RequestId, WebhookId};
pub use keys::{Key, Keys, MAX_KEYS, MAX_OVERLAP, OVERLAP};
pub use live::{Live, Set};
pub(super) use registry::of_file;
pub use registry::{Refused, Registry};
pub(super) use retire::retire;
pub use tls::Tls;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{client::Client, formats::Format, owed_message};
use crate::{
    config::{self, Ordering},
    feedback::{Feedback, validate::FieldError},
    queue::{Lane, Message},
};

/// Where a webhook comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookSource)]
pub enum Source {
    /// `[[webhook]]`; the operator changes it there.
    File,
    /// `/v1/webhooks`.
    Api,
}

/// One webhook, checked and ready to be called.
pub struct Webhook {
    /// What it is called by, for good.
    pub id: WebhookId,
    /// Where it comes from.
    pub source: Source,
    /// 1 for the first version, one more for every change.
    pub revision: u32,
    /// When it was made; none for one from the file.
    pub created_at: Option<Timestamp>,
    /// When it was changed last; none for one from the file.
    pub updated_at: Option<Timestamp>,
    /// How it was written.
    pub settings: config::Webhook,
    /// What it signs with.
    pub keys: Keys,
    /// Whether it may lead to private addresses: for one of the API, what `[delivery]` says.
    pub allows_private: bool,
    /// What it wants.
    pub filter: Filter,
    /// What is worth a look, though it is allowed.
    pub warnings: Vec<String>,
    /// What it is called with; none where something is wrong with it, which `faults` says.
    pub(super) client: Option<Arc<Client>>,
    /// What it gets them in; the standard one where something is wrong with it.
    pub(super) format: Format,
    /// Most requests under way at once.
    pub(super) concurrency: u32,
    /// What is wrong with it: of one that was in order when it was made, but is no longer by the configuration of now.
    pub faults: Vec<FieldError>,
}

impl Webhook {
    /// The webhook's name.
    pub const fn name(&self) -> &Arc<str> {
        &self.settings.name
    }

    /// The message that makes the delivery of an analysis of this feedback due, and its lane.
    pub fn owed(&self, feedback: &Feedback) -> (Lane, Message) {
        let (lane, message) = owed_message(feedback.id, feedback.revision, self.name(), self.only());
        let is_ordered = self.settings.ordering == Ordering::Customer;
        let series = feedback.known_by().filter(|_| is_ordered).map(series_of);
        (lane, Message { series, ..message })
    }

    /// What tells it from others of its name: one of the API may be deleted, and another be made.
    fn only(&self) -> Option<WebhookId> {
        (self.source == Source::Api).then_some(self.id)
    }

    /// Whether deliveries go out to it now.
    pub const fn is_active(&self) -> bool {
        !self.settings.paused && self.client.is_some()
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("name", &self.settings.name)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

/// The series of a customer's deliveries. That two customers meet in one is harmless: they wait for each other.
fn series_of(customer: &str) -> i64 {
    let hash = Sha256::digest(customer);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(bytes)
}
