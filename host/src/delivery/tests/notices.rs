//! Events that are no analyses reach the webhooks that want them, and those alone.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    limits,
    receiver::{PATIENCE, Receiver},
    webhook,
};
use crate::{
    config::Webhook,
    delivery::{
        Dispatcher,
        webhooks::{Live, notice::Notice},
    },
    queue::{Lane, Queue, sqlite::SqliteQueue},
    records::{DeliveryFilter, DeliveryStatus, Records, sqlite::SqliteRecords},
    sqlite::Store,
};

#[tokio::test]
async fn a_disabled_webhook_is_told_to_the_others_that_want_to_know_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("sayso.db")).unwrap();
    let queue: Arc<dyn Queue> = Arc::new(SqliteQueue::new(store.clone()).unwrap());
    let records: Arc<dyn Records> = Arc::new(SqliteRecords::new(store).unwrap());
    let mut receiver = Receiver::start().await;
    let wanting = |name: &str, events: &[&str]| Webhook {
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        ..webhook(name, &receiver.url())
    };
    let webhooks =
        [wanting("dead", &["*"]), wanting("ops", &["webhook.disabled"]), wanting("crm", &["feedback.analyzed"])];
    let live = Live::fixed(&limits(&[0]), &webhooks).unwrap();
    let dead = live.current().by_name("dead").unwrap().clone();
    let since: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let notice = Notice::disabled((dead.id, dead.name()), since, "it failed for 5 days");
    assert_eq!(notice.publish(&live, &*queue, &*records).await.unwrap(), 1);
    let again = Notice::disabled((dead.id, dead.name()), since, "it failed for 5 days");
    again.publish(&live, &*queue, &*records).await.unwrap();

    let shutdown = CancellationToken::new();
    let dispatcher = Dispatcher::new(&limits(&[0]), live, Arc::clone(&queue), Arc::clone(&records)).unwrap();
    let running = tokio::spawn(dispatcher.run(shutdown.clone()));
    let call = receiver.call().await;
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, running).await.expect("it ends").unwrap();
    let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body["type"], "webhook.disabled");
    assert_eq!(body["data"]["webhook"]["name"], "dead");
    assert_eq!(body["data"]["failing_since"], "2026-01-02T03:04:05Z");
    assert!(receiver.calls_so_far().is_empty(), "the repetition changed nothing");
    let deliveries = records.deliveries(&DeliveryFilter::default(), None, 10).await.unwrap().items;
    assert_eq!(deliveries.len(), 1);
    assert_eq!((deliveries[0].webhook.as_str(), deliveries[0].event.as_str()), ("ops", "webhook.disabled"));
    assert_eq!((deliveries[0].status, deliveries[0].feedback_id), (DeliveryStatus::Delivered, None));
    assert_eq!(call.header("webhook-id"), deliveries[0].id.to_string());
    let waiting = queue.depths().into_iter().find(|(lane, _)| *lane == Lane::Delivery("ops".into())).unwrap().1.waiting;
    assert_eq!(waiting, 0);
}
