use uuid::Uuid;

use super::*;
use crate::records::StoredWebhook;

fn webhook(number: u64, name: &str) -> StoredWebhook {
    StoredWebhook {
        id: id(number).0,
        name: name.into(),
        revision: 1,
        created_at: accepted(number),
        updated_at: accepted(number),
        deleted_at: None,
        settings: "{}".into(),
        secrets: "[]".into(),
    }
}

async fn ids(records: &impl Records) -> Vec<Uuid> {
    records.webhooks().await.expect("reads").into_iter().map(|webhook| webhook.id).collect()
}

pub(crate) async fn a_webhook_outlasts_a_restart_as_it_was_changed_last(backend: &impl Backend) {
    let records = backend.open().await;
    let first = webhook(1, "crm");
    records.put_webhook(first.clone()).await.expect("is kept");
    let changed = StoredWebhook { revision: 2, updated_at: accepted(9), settings: "{\"a\":1}".into(), ..first };
    records.put_webhook(changed.clone()).await.expect("is kept");
    records.put_webhook(webhook(0, "bi")).await.expect("is kept");
    drop(records);
    let webhooks = backend.open().await.webhooks().await.expect("reads");
    assert_eq!(webhooks, [webhook(0, "bi"), changed], "in the order of their making");
}

pub(crate) async fn a_deleted_webhook_leaves_its_name_until_it_is_dropped_or_taken_over(backend: &impl Backend) {
    let records = backend.open().await;
    let deleted = StoredWebhook { deleted_at: Some(accepted(5)), ..webhook(1, "crm") };
    records.put_webhook(deleted.clone()).await.expect("is kept");
    assert_eq!(records.webhooks().await.expect("reads"), [deleted]);
    records.put_webhook(webhook(2, "crm")).await.expect("takes the name over");
    assert_eq!(ids(&records).await, [id(2).0]);
    records.drop_webhook(id(2).0).await.expect("works");
    assert_eq!(ids(&records).await, [id(2).0], "what is not deleted is not dropped");
    records.put_webhook(StoredWebhook { deleted_at: Some(accepted(6)), ..webhook(2, "crm") }).await.expect("is kept");
    records.drop_webhook(id(2).0).await.expect("works");
    assert!(ids(&records).await.is_empty());
}
