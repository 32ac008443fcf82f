use super::*;
use crate::records::{Disabled, DisabledBy, WebhookHealth};

fn failing() -> WebhookHealth {
    WebhookHealth {
        endpoint: "a".into(),
        failing_since: Some(accepted(1)),
        last_failure: Some(accepted(2)),
        disabled: None,
    }
}

fn disabled(cause: DisabledBy, is_announced: bool) -> WebhookHealth {
    let disabled = Disabled { at: accepted(3), cause, reason: "it failed for 5 days".into(), is_announced };
    WebhookHealth { disabled: Some(disabled), ..failing() }
}

pub(crate) async fn a_webhook_of_which_nothing_is_on_record_does_well(backend: &impl Backend) {
    assert_eq!(backend.open().await.health("crm").await.expect("reads"), WebhookHealth::default());
}

pub(crate) async fn how_a_webhook_does_outlasts_a_restart(backend: &impl Backend) {
    let records = backend.open().await;
    let gone = WebhookHealth { failing_since: None, last_failure: None, ..disabled(DisabledBy::Gone, true) };
    for (webhook, health) in [("crm", failing()), ("bi", disabled(DisabledBy::Failing, false)), ("old", gone.clone())] {
        records.set_health(webhook, health).await.expect("keeps");
    }
    drop(records);
    let records = backend.open().await;
    assert_eq!(records.health("crm").await.expect("reads"), failing());
    assert_eq!(records.health("bi").await.expect("reads"), disabled(DisabledBy::Failing, false));
    assert_eq!(records.health("old").await.expect("reads"), gone);
}

pub(crate) async fn a_webhook_that_does_well_again_leaves_nothing(backend: &impl Backend) {
    let records = backend.open().await;
    records.set_health("crm", disabled(DisabledBy::Failing, false)).await.expect("keeps");
    records.set_health("crm", disabled(DisabledBy::Failing, true)).await.expect("keeps");
    let well = WebhookHealth { endpoint: "a".into(), ..WebhookHealth::default() };
    records.set_health("crm", well).await.expect("keeps");
    assert_eq!(records.health("crm").await.expect("reads"), WebhookHealth::default());
}
