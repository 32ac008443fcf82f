//! The delivery stage on a store of its own.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use super::receiver::PATIENCE;
use crate::{
    config::{self, Webhook},
    delivery::{
        Dispatcher, Switchboard, owed_message,
        replay::Replayer,
        trial::{Trial, Wanted},
        webhooks::Live,
    },
    feedback::{Analysis, DeliveryId, Feedback, FeedbackId},
    queue::{Depth, Lane, Queue, sqlite::SqliteQueue},
    records::{Analyzed, Attempt, Attempted, Delivery, DeliveryStatus, Disabled, Records, sqlite::SqliteRecords},
    sqlite::Store,
};

/// A store, and what of delivery runs on it.
pub(super) struct World {
    pub(super) queue: Arc<dyn Queue>,
    pub(super) records: Arc<dyn Records>,
    pub(super) shutdown: CancellationToken,
    webhooks: Option<(Live, Switchboard)>,
    running: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("sayso.db")).unwrap();
        Self {
            queue: Arc::new(SqliteQueue::new(store.clone()).unwrap()),
            records: Arc::new(SqliteRecords::new(store).unwrap()),
            shutdown: CancellationToken::new(),
            webhooks: None,
            running: None,
            _folder: folder,
        }
    }

    /// Makes a delivery due to each of the webhooks; its id for the first.
    pub(super) async fn owe(&self, webhooks: &[&str]) -> DeliveryId {
        let feedback: Feedback = serde_json::from_value(json!({
            "id": FeedbackId::now(), "revision": 1, "kind": "review", "text": "late again", "customer": { "id": "c1" },
            "received_at": Timestamp::now(),
        }))
        .unwrap();
        let id = feedback.id;
        let webhooks: Vec<Arc<str>> = webhooks.iter().map(|name| Arc::from(*name)).collect();
        let owed = webhooks.iter().map(|webhook| owed_message(id, 1, webhook, None)).collect();
        let first = DeliveryId::of(id, 1, &webhooks[0]);
        let era = self.records.era();
        self.records.save(vec![Analyzed { feedback, analysis: Analysis::default(), webhooks, era }]).await.unwrap();
        self.queue.publish_all(owed).await.unwrap();
        first
    }

    /// Parks so many deliveries to the webhook, as the worker of a webhook whose schedule is spent does.
    pub(super) async fn park(&self, webhook: &str, count: usize) -> Vec<DeliveryId> {
        let before = self.depth(webhook).parked;
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.owe(&[webhook]).await);
        }
        let leases = self.queue.pull(&Lane::Delivery(webhook.into()), count, PATIENCE).await.unwrap();
        let attempt = Attempt {
            number: 1,
            at: Timestamp::now(),
            address: None,
            status: Some(500),
            latency_ms: 1,
            response: None,
            error: Some("status 500".into()),
        };
        let status = DeliveryStatus::Parked;
        let attempted =
            |id: &DeliveryId| Attempted { delivery: *id, attempt: attempt.clone(), status, next_attempt_at: None };
        self.records.record(ids.iter().map(attempted).collect()).await.unwrap();
        join_all(leases.into_iter().map(|lease| self.queue.park(lease, "status 500".into()))).await;
        assert_eq!((self.depth(webhook).waiting, self.depth(webhook).parked), (0, before + count as u64));
        ids
    }

    /// Starts delivery, perhaps again.
    pub(super) fn start(&mut self, limits: &config::Delivery, webhooks: &[Webhook]) {
        self.start_live(limits, Live::fixed(limits, webhooks).unwrap());
    }

    /// Starts delivery to a set of webhooks that may change.
    pub(super) fn start_live(&mut self, limits: &config::Delivery, live: Live) {
        let (queue, records) = (Arc::clone(&self.queue), Arc::clone(&self.records));
        let dispatcher = Dispatcher::new(limits, live.clone(), queue, records).unwrap();
        self.shutdown = CancellationToken::new();
        self.webhooks = Some((live, dispatcher.switchboard()));
        self.running = Some(tokio::spawn(dispatcher.run(self.shutdown.clone())));
    }

    /// Stops delivery, and waits until what was in flight is settled.
    pub(super) async fn stop(&mut self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.running.take().expect("it was started")).await.expect("it ends").unwrap();
    }

    /// Enables the webhook of this name. Whether it was disabled.
    pub(super) async fn enable(&self, webhook: &str) -> bool {
        let (live, switchboard) = self.webhooks.as_ref().expect("it was started");
        switchboard.enable(live.current().by_name(webhook).expect("it is there")).await.unwrap()
    }

    /// Begins a test delivery of the newest that is on record.
    pub(super) fn test(&self, webhook: &str) -> JoinHandle<Trial> {
        let (live, switchboard) = self.webhooks.as_ref().expect("it was started");
        let webhook = live.current().by_name(webhook).expect("it is there").clone();
        let switchboard = switchboard.clone();
        tokio::spawn(async move { switchboard.test(&webhook, &Wanted::default()).await.expect("it is tested") })
    }

    /// What replays deliveries.
    pub(super) fn replayer(&self) -> Replayer {
        self.webhooks.as_ref().expect("it was started").1.replayer()
    }

    /// Waits until the delivery has this status, and the queue nothing of it but what is parked.
    pub(super) async fn settled(&self, id: DeliveryId, status: DeliveryStatus) -> Delivery {
        let settled = async {
            loop {
                let delivery = self.delivery(id).await;
                if delivery.status == status && self.depth(&delivery.webhook).waiting == 0 {
                    return delivery;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, settled).await.expect("it is settled")
    }

    /// Waits until the webhook is disabled: why.
    pub(super) async fn disabled(&self, webhook: &str) -> Disabled {
        let is_disabled = async {
            loop {
                // On record, too.
                match self.records.health(webhook).await.unwrap().disabled.filter(|why| why.is_announced) {
                    Some(why) => return why,
                    None => tokio::task::yield_now().await,
                }
            }
        };
        timeout(PATIENCE, is_disabled).await.expect("it is disabled")
    }

    pub(super) async fn delivery(&self, id: DeliveryId) -> Delivery {
        self.records.delivery(id).await.unwrap().expect("it is on record")
    }

    pub(super) fn depth(&self, webhook: &str) -> Depth {
        let lane = Lane::Delivery(webhook.into());
        self.queue.depths().into_iter().find(|(name, _)| *name == lane).map(|(_, depth)| depth).unwrap_or_default()
    }

    pub(super) async fn parked_reason(&self, webhook: &str) -> String {
        let parked = self.queue.parked(&Lane::Delivery(webhook.into()), None, 10).await.unwrap();
        assert_eq!(parked.len(), 1);
        parked[0].reason.clone()
    }
}
