//! What answers show of a webhook: everything but what is secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::super::State;
use super::super::super::openapi::examples;
use super::super::super::problem::Problem;
use super::health::Health;
use crate::config::{self, Batch, Format, Header, Ordering, Signature};
use crate::delivery::shown::without_secrets;
use crate::delivery::webhooks::{Source, Webhook, WebhookId};
use crate::feedback::Kind;
use crate::feedback::validate::FieldError;
use crate::queue::{Depth, Lane};

/// One webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(in crate::api) struct View {
    id: WebhookId,
    name: String,
    source: Source,
    revision: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
    /// Whether deliveries go out to it now.
    active: bool,
    health: Health,
    /// How many deliveries wait for it, those that are under way among them.
    waiting: u64,
    /// How many were set aside.
    parked: u64,
    description: String,
    /// Without what may be a credential: of the path its first segment is shown, where that is a plain word, and `…` stands
    /// for the rest, `?…` for a query.
    url: String,
    events: Vec<String>,
    routes: Vec<String>,
    kinds: Vec<Kind>,
    tags: Vec<String>,
    languages: Vec<String>,
    min_priority: u8,
    #[schema(required = true)]
    condition: Option<String>,
    headers: BTreeMap<String, HeaderView>,
    #[schema(required = true)]
    rate: Option<f64>,
    #[schema(required = true)]
    concurrency: Option<usize>,
    format: Format,
    #[schema(required = true)]
    template: Option<String>,
    #[schema(required = true)]
    content_type: Option<String>,
    ordering: Ordering,
    #[schema(required = true)]
    batch: Option<Batch>,
    paused: bool,
    #[schema(required = true)]
    client_certificate: Option<String>,
    #[schema(required = true)]
    ca: Option<String>,
    /// Whether the URL may lead to a private address: as the file says, for one of the API in `[delivery]`.
    allow_private: bool,
    signature: Signature,
    /// The new secret: in the answer that made it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// What it is signed with, the newest first.
    keys: Vec<KeyView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    /// Why it is not called, though it is not paused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FieldError>,
}

/// What is shown of a webhook besides its settings.
struct Head {
    id: WebhookId,
    source: Source,
    revision: u32,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    active: bool,
    health: Health,
    depth: Depth,
    warnings: Vec<String>,
    faults: Vec<FieldError>,
}

/// A header, without its value where that is secret.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ShownHeader)]
enum HeaderView {
    Shown(String),
    Hidden { secret: bool },
}

/// One secret, by its end or its public half.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookKey)]
struct KeyView {
    signature: Signature,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

impl View {
    /// As the API's description shows it: what [`super::examples::settings`] makes.
    pub(super) fn example() -> Self {
        let written = super::examples::settings();
        let settings: config::Webhook = serde_json::from_value(written).expect("a test makes this webhook");
        let key = KeyView {
            signature: settings.signature,
            hint: Some("…d1k=".into()),
            public_key: None,
            created_at: Some(examples::at()),
            expires_at: None,
        };
        Self::new(
            Head {
                id: examples::webhook_id(),
                source: Source::Api,
                revision: 1,
                created_at: Some(examples::at()),
                updated_at: Some(examples::at()),
                active: true,
                health: Health::example(),
                depth: Depth { waiting: 3, ..Depth::default() },
                warnings: Vec::new(),
                faults: Vec::new(),
            },
            settings,
            vec![key],
        )
    }

    /// Likewise, in the answer that shows the secret.
    pub(super) fn example_with_secret() -> Self {
        Self { secret: Some(examples::SECRET.into()), ..Self::example() }
    }

    /// How the webhook is set up, without anything that changes by itself.
    pub(super) fn settings_of(webhook: &Webhook) -> Self {
        let head = Head {
            id: webhook.id,
            source: webhook.source,
            revision: webhook.revision,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            active: webhook.is_active(),
            health: Health::example(),
            depth: Depth::default(),
            warnings: webhook.warnings.clone(),
            faults: webhook.faults.clone(),
        };
        Self::new(head, effective(webhook), Vec::new())
    }

    /// As JSON, apart from any answer.
    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a view has texts as names")
    }

    /// After its order was changed: says that what waits keeps the one that it had.
    pub(super) fn with_warning_of_order(mut self) -> Self {
        if self.waiting > 0 {
            let (waiting, verb) = (self.waiting, if self.waiting == 1 { "waits" } else { "wait" });
            self.warnings.push(format!(
                "`ordering` counts for what becomes due from now on; the order of the {waiting} that {verb} already is as it was"
            ));
        }
        self
    }

    /// The webhook without anything secret.
    ///
    /// # Errors
    /// Where the records do not tell how it does.
    pub(super) async fn of(state: &State, webhook: &Webhook) -> Result<Self, Problem> {
        Self::with_depths(state, webhook, &state.queue.depths()).await
    }

    /// Likewise, of which that much waits in the lanes, which are in order.
    ///
    /// # Errors
    /// As [`View::of`].
    pub(super) async fn with_depths(
        state: &State,
        webhook: &Webhook,
        depths: &[(Lane, Depth)],
    ) -> Result<Self, Problem> {
        let health = state.switchboard.health(webhook).await?;
        let lane = Lane::Delivery(webhook.name().clone());
        let depth = depths.binary_search_by(|(other, _)| other.cmp(&lane)).map(|at| depths[at].1).unwrap_or_default();
        let settings = effective(webhook);
        let keys = webhook.keys.in_force(Timestamp::now()).map(|key| {
            let public_key = key.public_key();
            let hint = public_key.is_none().then(|| key.hint());
            let (created_at, expires_at) = (key.created_at, key.expires_at);
            KeyView { signature: key.signature(), hint, public_key, created_at, expires_at }
        });
        let head = Head {
            id: webhook.id,
            source: webhook.source,
            revision: webhook.revision,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            active: webhook.is_active() && health.disabled.is_none(),
            warnings: webhook.warnings.clone(),
            faults: webhook.faults.clone(),
            health: Health::new(health, state.switchboard.glimpse(webhook), !webhook.faults.is_empty()),
            depth,
        };
        Ok(Self::new(head, settings, keys.collect()))
    }

    fn new(head: Head, settings: config::Webhook, keys: Vec<KeyView>) -> Self {
        let Head { id, source, revision, created_at, updated_at, active, health, depth, warnings, faults } = head;
        Self {
            id,
            name: settings.name.to_string(),
            source,
            revision,
            created_at,
            updated_at,
            active,
            health,
            waiting: depth.waiting,
            parked: depth.parked,
            description: settings.description,
            url: without_secrets(&settings.url),
            events: settings.events,
            routes: settings.routes,
            kinds: settings.kinds,
            tags: settings.tags,
            languages: settings.languages,
            min_priority: settings.min_priority,
            condition: settings.condition,
            headers: settings.headers.into_iter().map(|(name, header)| (name, header_view(header))).collect(),
            rate: settings.rate,
            concurrency: settings.concurrency,
            format: settings.format,
            template: settings.template,
            content_type: settings.content_type,
            ordering: settings.ordering,
            batch: settings.batch,
            paused: settings.paused,
            client_certificate: settings.client_certificate,
            ca: settings.ca,
            allow_private: settings.allow_private,
            signature: settings.signature,
            secret: None,
            keys,
            warnings,
            faults,
        }
    }

    /// With the secret that was just made, where the receiver needs it: one with a public key needs only that.
    ///
    /// # Errors
    /// As [`View::of`].
    pub(super) async fn with_new_secret(state: &State, webhook: &Webhook) -> Result<Self, Problem> {
        let newest = webhook.keys.newest().filter(|key| key.signature() == Signature::Hmac);
        let secret = newest.map(|key| key.secret.expose().to_owned());
        Ok(Self { secret, ..Self::of(state, webhook).await? })
    }
}

/// The settings of a webhook, with what holds for it where they do not say so themselves.
fn effective(webhook: &Webhook) -> config::Webhook {
    config::Webhook { allow_private: webhook.allows_private, ..webhook.settings.clone() }
}

fn header_view(header: Header) -> HeaderView {
    match header.value {
        Some(value) if !header.is_secret => HeaderView::Shown(value.expose().to_owned()),
        _ => HeaderView::Hidden { secret: true },
    }
}
