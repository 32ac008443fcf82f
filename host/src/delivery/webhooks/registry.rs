//! Makes, changes and deletes webhooks, durably: what was answered is in the store, and in the live set.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, MutexGuard, watch};

use super::{
    Keys, Live, MAX_KEYS, RequestId, Set, Source, Webhook, WebhookId, orphans, patch, validate::Origin, written,
};
use crate::{
    config::{self, Signature},
    delivery::WebhookError,
    feedback::validate::FieldError,
    queue::{Lane, Queue},
    records::{DeliveryFilter, Records, RecordsError, StoredWebhook},
};

/// Most webhooks made over the API: each has a worker of its own.
const MAX_WEBHOOKS: usize = 1_000;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Fields have to be fixed.
    #[error("the webhook has faults")]
    Invalid(Vec<FieldError>),
    /// It is not as whoever asked for the change saw it.
    #[error("the webhook was changed meanwhile")]
    Changed,
    /// Another webhook has the name.
    #[error("there is a webhook `{0}` already")]
    NameTaken(Arc<str>),
    /// The name is that of a deleted webhook whose deliveries are being parked.
    #[error("deliveries of the deleted webhook `{0}` are still being parked")]
    NameInUse(Arc<str>),
    /// The name is that of a webhook that was taken out of the file, and what it is owed waits.
    #[error("deliveries wait for the webhook `{0}` that was taken out of the configuration file")]
    NameOwed(Arc<str>),
    /// There is no such webhook.
    #[error("there is no such webhook")]
    Missing,
    /// It stands in the file.
    #[error("the webhook `{0}` stands in the configuration file")]
    FromFile(Arc<str>),
    /// There are as many as may be.
    #[error("there are {MAX_WEBHOOKS} webhooks already")]
    TooMany,
    /// As many secrets are signed with as may be.
    #[error("{MAX_KEYS} secrets are in force already")]
    TooManyKeys,
    /// The store did not keep it.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// The webhooks of the file and of the API.
pub struct Registry {
    limits: config::Delivery,
    records: Arc<dyn Records>,
    queue: Arc<dyn Queue>,
    /// One change at a time.
    changing: Mutex<()>,
    /// One request with an `Idempotency-Key` at a time.
    repeating: Mutex<()>,
    /// What the store has of each of the API's, by id.
    stored: RwLock<Vec<StoredWebhook>>,
    live: watch::Sender<Arc<Set>>,
}

impl From<Vec<FieldError>> for Refused {
    fn from(faults: Vec<FieldError>) -> Self {
        Self::Invalid(faults)
    }
}

impl Registry {
    /// Reads the webhooks of the file and of the store.
    ///
    /// # Errors
    /// Where one of the file has a fault, where the store holds one of the same name, or where it cannot be read.
    pub async fn open(
        config: &config::Config,
        records: Arc<dyn Records>,
        queue: Arc<dyn Queue>,
    ) -> Result<Self, WebhookError> {
        let mut webhooks = of_file(&config.delivery, &config.webhooks)?;
        for webhook in &webhooks {
            for warning in &webhook.warnings {
                tracing::warn!(webhook = %webhook.name(), warning, "a webhook of the file may not be meant as it is written");
            }
        }
        let mut stored = records.webhooks().await?;
        let is_back = |name: &str| webhooks.iter().any(|webhook| **webhook.name() == *name);
        let is_over = |gone: &StoredWebhook| is_back(&gone.name) || !waits(&*queue, &gone.name);
        for gone in stored.extract_if(.., |stored| stored.deleted_at.is_some() && is_over(stored)) {
            records.drop_webhook(gone.id).await?;
        }
        for stored in stored.iter().filter(|stored| stored.deleted_at.is_none()) {
            if webhooks.iter().any(|webhook| *webhook.name() == stored.name) {
                return Err(WebhookError::TakenOverApi { name: stored.name.clone(), id: WebhookId(stored.id) });
            }
            let webhook = read(stored, &config.delivery)?;
            for fault in &webhook.faults {
                tracing::error!(
                    webhook = %webhook.name(), field = fault.field, fault = fault.message,
                    "a webhook is not called, since it does not fit the configuration any more; its deliveries wait"
                );
            }
            webhooks.push(Arc::new(webhook));
        }
        let set = Set { webhooks, retired: retired(&stored) };
        orphans::tell(&*queue, &set);
        Ok(Self {
            limits: config.delivery.clone(),
            records,
            queue,
            changing: Mutex::default(),
            repeating: Mutex::default(),
            stored: RwLock::new(stored),
            live: watch::Sender::new(Arc::new(set)),
        })
    }

    /// The set as it is whenever it is asked.
    pub fn live(&self) -> Live {
        Live::new(self.live.subscribe())
    }

    /// The turn of one of the requests that may be repetitions of another.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.repeating.lock().await
    }

    /// Makes a webhook as a client wrote it. For a `request` that can be told from others, it is the one that was made
    /// for it already, where its answer cannot have been given.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn create(
        &self,
        written: Map<String, Value>,
        request: Option<&RequestId>,
    ) -> Result<Arc<Webhook>, Refused> {
        let _one = self.changing.lock().await;
        let settings = written::settings(&written)?;
        let set = self.live.borrow().clone();
        if let Some(namesake) = set.by_name(&settings.name) {
            let is_made_for = request.is_some_and(|request| namesake.id.is_of_request(request, Timestamp::now()));
            return if is_made_for { Ok(namesake.clone()) } else { Err(Refused::NameTaken(settings.name)) };
        }
        if waits(&*self.queue, &settings.name) {
            let is_deleted = set.retired.contains(&settings.name);
            return Err(if is_deleted { Refused::NameInUse } else { Refused::NameOwed }(settings.name));
        }
        if set.webhooks.iter().filter(|webhook| webhook.source == Source::Api).count() >= MAX_WEBHOOKS {
            return Err(Refused::TooMany);
        }
        let now = self.after_namesakes(&settings.name).await?;
        let keys = Keys::generate(settings.signature, Timestamp::now());
        let stored = StoredWebhook {
            id: request.map_or_else(WebhookId::now, |request| WebhookId::of_request(request, Timestamp::now())).0,
            name: settings.name.clone(),
            revision: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            settings: text_of(&written),
            secrets: keys.to_store(),
        };
        let webhook = Webhook::new(origin(&stored), settings, keys, &self.limits).sound()?;
        self.keep(stored, webhook).await
    }

    /// Changes a webhook: a JSON Merge Patch (RFC 7396) over how it was written. Only that `revision` of it, if one is
    /// given.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn change(
        &self,
        id: WebhookId,
        revision: Option<u32>,
        patch: Map<String, Value>,
    ) -> Result<Arc<Webhook>, Refused> {
        let _one = self.changing.lock().await;
        let (current, stored) = self.own(id, revision)?;
        let mut written: Map<String, Value> = serde_json::from_str(&stored.settings).map_err(broken)?;
        let patch = patch::without_what_is_shown(patch, &current.settings);
        let unknown = written::unknown(&patch);
        if !unknown.is_empty() {
            return Err(Refused::Invalid(unknown));
        }
        patch::merge(&mut written, patch.clone());
        let settings = written::settings(&written)?;
        if settings.name != current.settings.name {
            let message = "a webhook keeps its name, which its deliveries carry; make another one instead";
            return Err(Refused::Invalid(vec![FieldError::new("name", message)]));
        }
        if settings.signature != current.settings.signature {
            let message = "POST /v1/webhooks/{id}/rotate with { \"signature\": \"…\" } changes it, with an overlap";
            return Err(Refused::Invalid(vec![FieldError::new("signature", message)]));
        }
        let given_away = patch::given_away(&patch, &current.settings, &settings);
        if !given_away.is_empty() {
            return Err(Refused::Invalid(given_away));
        }
        let stored = StoredWebhook { settings: text_of(&written), ..next(&stored) };
        let webhook = Webhook::new(origin(&stored), settings, current.keys.clone(), &self.limits);
        self.keep(stored, webhook.sound()?).await
    }

    /// Makes a new secret, of another scheme where one is named; the old one is signed with for `overlap` more.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn rotate(
        &self,
        id: WebhookId,
        signature: Option<Signature>,
        overlap: Duration,
    ) -> Result<Arc<Webhook>, Refused> {
        let _one = self.changing.lock().await;
        let (current, stored) = self.own(id, None)?;
        let signature = signature.unwrap_or(current.settings.signature);
        let keys = current.keys.rotated(signature, overlap, Timestamp::now()).ok_or(Refused::TooManyKeys)?;
        let mut written: Map<String, Value> = serde_json::from_str(&stored.settings).map_err(broken)?;
        written.insert("signature".into(), serde_json::to_value(signature).unwrap_or_default());
        let stored = StoredWebhook { settings: text_of(&written), secrets: keys.to_store(), ..next(&stored) };
        let settings = config::Webhook { signature, ..current.settings.clone() };
        let webhook = Webhook::new(origin(&stored), settings, keys, &self.limits);
        self.keep(stored, webhook).await
    }

    /// Deletes a webhook. What waits for it is parked. Only that `revision` of it, if one is given.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn delete(&self, id: WebhookId, revision: Option<u32>) -> Result<(), Refused> {
        let _one = self.changing.lock().await;
        let (_, stored) = self.own(id, revision)?;
        let gone = StoredWebhook {
            deleted_at: Some(Timestamp::now()),
            settings: String::new(),
            secrets: String::new(),
            ..next(&stored)
        };
        self.records.put_webhook(gone.clone()).await?;
        self.publish(gone, None);
        Ok(())
    }

    /// Takes a webhook that was taken out of the file for one that is gone for good: what waits for it is parked.
    ///
    /// # Errors
    /// [`Refused::Missing`] where nothing waits for a webhook of that name, or there is one; and see [`Refused`].
    pub async fn delete_absent(&self, name: &str) -> Result<(), Refused> {
        let _one = self.changing.lock().await;
        let set = self.live.borrow().clone();
        let orphan = orphans::of(&*self.queue, &set).into_iter().find(|(orphan, _)| **orphan == *name);
        let (name, _) = orphan.ok_or(Refused::Missing)?;
        let now = Timestamp::now();
        let gone = StoredWebhook {
            id: WebhookId::now().0,
            name,
            revision: 1,
            created_at: now,
            updated_at: now,
            deleted_at: Some(now),
            settings: String::new(),
            secrets: String::new(),
        };
        self.records.put_webhook(gone.clone()).await?;
        self.publish(gone, None);
        Ok(())
    }

    /// A time, now if the clock was not set back, that is later than all that was ever owed to this name: what was, is of
    /// others who had it.
    async fn after_namesakes(&self, name: &str) -> Result<Timestamp, RecordsError> {
        let of_name = DeliveryFilter { webhook: Some(name.to_owned()), ..DeliveryFilter::default() };
        let newest = self.records.deliveries(&of_name, None, 1).await?.items.pop();
        let after = newest.and_then(|last| last.created_at.checked_add(SignedDuration::from_nanos(1)).ok());
        Ok(Timestamp::now().max(after.unwrap_or(Timestamp::MIN)))
    }

    /// A webhook of the API, and what the store has of it. That `revision` of it, if one is given.
    fn own(&self, id: WebhookId, revision: Option<u32>) -> Result<(Arc<Webhook>, StoredWebhook), Refused> {
        let webhook = self.live.borrow().by_id(id).cloned().ok_or(Refused::Missing)?;
        if webhook.source == Source::File {
            return Err(Refused::FromFile(webhook.name().clone()));
        }
        if revision.is_some_and(|revision| revision != webhook.revision) {
            return Err(Refused::Changed);
        }
        let stored = self.stored.read().unwrap_or_else(PoisonError::into_inner);
        let stored = stored.iter().find(|stored| stored.id == id.0).cloned().ok_or(Refused::Missing)?;
        Ok((webhook, stored))
    }

    async fn keep(&self, stored: StoredWebhook, webhook: Webhook) -> Result<Arc<Webhook>, Refused> {
        let webhook = Arc::new(webhook);
        self.records.put_webhook(stored.clone()).await?;
        self.publish(stored, Some(webhook.clone()));
        Ok(webhook)
    }

    /// Puts what is in the store now into the live set.
    fn publish(&self, changed: StoredWebhook, webhook: Option<Arc<Webhook>>) {
        let mut stored = self.stored.write().unwrap_or_else(PoisonError::into_inner);
        // A new webhook takes the name over from a deleted one, and with it what is owed to the name.
        stored.retain(|other| other.id != changed.id && other.name != changed.name);
        stored.push(changed.clone());
        let retired = retired(&stored);
        drop(stored);
        self.live.send_modify(|set| {
            let mut webhooks = set.webhooks.clone();
            let at = webhooks.iter().position(|known| known.id.0 == changed.id);
            match (at, webhook) {
                (Some(at), Some(webhook)) => webhooks[at] = webhook,
                (Some(at), None) => drop(webhooks.remove(at)),
                (None, Some(webhook)) => webhooks.push(webhook),
                (None, None) => {}
            }
            *set = Arc::new(Set { webhooks, retired });
        });
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("live", &*self.live.borrow()).finish_non_exhaustive()
    }
}

/// The webhooks of the file, each checked.
pub(in crate::delivery) fn of_file(
    limits: &config::Delivery,
    webhooks: &[config::Webhook],
) -> Result<Vec<Arc<Webhook>>, WebhookError> {
    let mut names = HashSet::new();
    if let Some(twice) = webhooks.iter().find(|webhook| !names.insert(&*webhook.name)) {
        return Err(WebhookError::Duplicate(twice.name.clone()));
    }
    let check = |settings: &config::Webhook| {
        let id = WebhookId::of_file(&settings.name);
        let origin = Origin { id, source: Source::File, revision: 1, created_at: None, updated_at: None };
        let webhook = Webhook::new(origin, settings.clone(), Keys::of_file(settings), limits);
        let fault = |faults: Vec<FieldError>| match faults.into_iter().next() {
            Some(FieldError { field, message }) => {
                WebhookError::Field { webhook: settings.name.clone(), field, message }
            }
            None => WebhookError::Duplicate(settings.name.clone()),
        };
        webhook.sound().map(Arc::new).map_err(fault)
    };
    webhooks.iter().map(check).collect()
}

fn read(stored: &StoredWebhook, limits: &config::Delivery) -> Result<Webhook, WebhookError> {
    let unfit = |error: serde_json::Error| WebhookError::Stored { name: stored.name.clone(), error };
    let settings = serde_json::from_str(&stored.settings).map_err(unfit)?;
    let keys = Keys::from_store(&stored.secrets).map_err(unfit)?;
    Ok(Webhook::new(origin(stored), settings, keys, limits))
}

fn origin(stored: &StoredWebhook) -> Origin {
    Origin {
        id: WebhookId(stored.id),
        source: Source::Api,
        revision: stored.revision,
        created_at: Some(stored.created_at),
        updated_at: Some(stored.updated_at),
    }
}

fn next(stored: &StoredWebhook) -> StoredWebhook {
    StoredWebhook { revision: stored.revision.saturating_add(1), updated_at: Timestamp::now(), ..stored.clone() }
}

fn retired(stored: &[StoredWebhook]) -> Vec<Arc<str>> {
    stored.iter().filter(|stored| stored.deleted_at.is_some()).map(|stored| stored.name.clone()).collect()
}

fn waits(queue: &dyn Queue, name: &Arc<str>) -> bool {
    let lane = Lane::Delivery(name.clone());
    queue.depths().iter().any(|(name, depth)| *name == lane && depth.waiting > 0)
}

fn text_of(written: &Map<String, Value>) -> String {
    serde_json::to_string(written).expect("an object with texts as names is JSON")
}

fn broken(error: serde_json::Error) -> Refused {
    Refused::Records(RecordsError::Failed(format!("a webhook in the store cannot be read: {error}")))
}
