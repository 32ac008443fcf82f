//! The records in the embedded store. See `sqlite/migrations/` for the tables.
//!
//! Every list is sorted by `no`, which holds the millisecond of the feedback's id: newest first, and within a
//! millisecond in the order of saving.

mod aggregate;
mod archive;
mod attempts;
mod damaged;
mod deliveries;
mod erase;
mod erasures;
mod events;
mod expire;
mod filter;
mod findable;
mod forgetting;
mod health;
mod history;
mod index;
mod list;
mod notified;
mod replay;
mod residue;
mod rows;
mod save;
mod segment;
mod select;
#[cfg(test)]
mod tests;
mod waiters;
mod webhooks;

pub use archive::{Archive, ArchivedHistory, Stored};
pub use webhooks::webhooks_beside;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    Analyzed, Attempted, Bucket, Delivery, DeliveryFilter, Facet, Filter, History, Notified, Page, Payload, Record,
    Records, RecordsError, StoredWebhook, Unsaved, WebhookHealth,
};
use crate::{
    feedback::{Analysis, DeliveryId, Feedback, FeedbackId},
    sqlite::{Haste, Pool, Store, StoreError},
};
use erasures::Erasures;
use index::Unindexed;
use waiters::Waiters;

/// Most rows of one page.
const MAX_PAGE: usize = 1_000;

/// The records in the embedded store.
pub struct SqliteRecords {
    store: Store,
    unindexed: Arc<Unindexed>,
    waiters: Arc<Waiters>,
    erasures: Arc<Erasures>,
}

impl SqliteRecords {
    /// Puts into the index what a crash left out of it, at most a few thousand rows, or all of them where a new version puts
    /// down words in another form; blocks meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn new(store: Store) -> Result<Self, RecordsError> {
        index::index_rest(&store)?;
        let erasures = Arc::new(store.write_blocking(Erasures::load)?);
        Ok(Self { store, unindexed: Arc::default(), waiters: Arc::default(), erasures })
    }
}

impl From<StoreError> for RecordsError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(why) => Self::Full(why),
            StoreError::Failed(why) => Self::Failed(why),
        }
    }
}

#[async_trait]
impl Records for SqliteRecords {
    async fn save(&self, analyzed: Vec<Analyzed>) -> Result<Unsaved, RecordsError> {
        self.save_all(analyzed).await
    }

    async fn owe(&self, notified: Vec<Notified>) -> Result<(), RecordsError> {
        self.owe_all(notified).await
    }

    async fn record(&self, attempts: Vec<Attempted>) -> Result<Vec<DeliveryId>, RecordsError> {
        self.record_all(attempts).await
    }

    async fn get(&self, id: FeedbackId) -> Result<Option<Record>, RecordsError> {
        let read = move |connection: &rusqlite::Connection| match rows::record(connection, id) {
            Err(error) if rows::is_unreadable(&error) => Ok(Err(error.to_string())),
            record => record.map(Ok),
        };
        self.store.read(Pool::Query, read).await?.map_err(|why| RecordsError::Damaged { id, why })
    }

    async fn payloads(&self, of: &[(FeedbackId, u32)]) -> Result<Vec<Option<Payload>>, RecordsError> {
        let of = of.to_vec();
        let read = move |connection: &rusqlite::Connection| {
            // One transaction: each alone would take the lock of the file anew.
            let transaction = connection.unchecked_transaction()?;
            of.iter().map(|(id, revision)| rows::revision(&transaction, *id, *revision)).collect()
        };
        Ok(self.store.read(Pool::Hot, read).await?)
    }

    async fn list(
        &self,
        filter: &Filter,
        after: Option<&str>,
        max: usize,
    ) -> Result<Page<(Feedback, Analysis)>, RecordsError> {
        self.list_page(filter, after, max).await
    }

    async fn aggregate(&self, filter: &Filter, by: Facet) -> Result<Vec<Bucket>, RecordsError> {
        self.count_by(filter, by).await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<&str>,
        max: usize,
    ) -> Result<Page<Delivery>, RecordsError> {
        self.list_deliveries(filter, after, max).await
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, RecordsError> {
        Ok(self.store.read(Pool::Query, move |connection| deliveries::one(connection, id)).await?)
    }

    async fn health(&self, webhook: &str) -> Result<WebhookHealth, RecordsError> {
        let webhook = webhook.to_owned();
        Ok(self.store.read(Pool::Hot, move |connection| health::read(connection, &webhook)).await?)
    }

    async fn set_health(&self, webhook: &str, health: WebhookHealth) -> Result<(), RecordsError> {
        let webhook = webhook.to_owned();
        let run = move |connection: &rusqlite::Connection| health::write(connection, &webhook, &health);
        Ok(self.store.write(Haste::Later, run, |(), _| {}).await?)
    }

    async fn history(&self, customer: &str, before: FeedbackId) -> Result<History, RecordsError> {
        self.summarize(customer, before).await
    }

    async fn put_webhook(&self, webhook: StoredWebhook) -> Result<(), RecordsError> {
        self.keep_webhook(webhook).await
    }

    async fn webhooks(&self) -> Result<Vec<StoredWebhook>, RecordsError> {
        Ok(self.store.read(Pool::Query, webhooks::all).await?)
    }

    async fn drop_webhook(&self, id: Uuid) -> Result<(), RecordsError> {
        self.forget_webhook(id).await
    }

    async fn wait(&self, of: &[(FeedbackId, u32)], time: Duration) -> Vec<bool> {
        self.wait_for(of, time).await
    }
}
