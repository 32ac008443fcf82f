//! Webhooks that are disabled, and enabled again.

use std::time::Duration;

use tokio::sync::watch;

use super::{
    limits,
    receiver::{Receiver, status, status_behind},
    webhook,
    world::World,
};
use crate::{
    config,
    queue::Depth,
    records::{DisabledBy, WebhookHealth},
};

/// Many tries soon after one another, and disabled after this time.
fn disabled_after(time: Duration) -> config::Delivery {
    let mut schedule = vec![5; 500];
    schedule[0] = 0;
    config::Delivery { disable_after: time, ..limits(&schedule) }
}

#[tokio::test]
async fn gone_disables_a_webhook_over_a_restart_until_it_is_enabled() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(410));
    let webhooks = [webhook("crm", &receiver.url())];
    world.owe(&["crm"]).await;
    world.start(&limits(&[0, 5]), &webhooks);
    receiver.call().await;
    let disabled = world.disabled("crm").await;
    assert_eq!(disabled.cause, DisabledBy::Gone);
    assert!(disabled.reason.contains("410 Gone"), "{}", disabled.reason);
    world.stop().await;

    receiver.behave(|_, _| status(204));
    world.owe(&["crm"]).await;
    world.start(&limits(&[0, 5]), &webhooks);
    world.owe(&["crm"]).await;
    // What is on record is read before anything is sent.
    assert_eq!(world.disabled("crm").await, disabled);
    world.stop().await;
    assert!(receiver.calls_so_far().is_empty());
    assert_eq!((world.depth("crm").waiting, world.depth("crm").parked), (2, 1));

    world.start(&limits(&[0, 5]), &webhooks);
    assert!(world.enable("crm").await);
    for _ in 0..2 {
        receiver.call().await;
    }
    world.stop().await;
    assert_eq!(world.depth("crm").waiting, 0);
    assert_eq!(world.records.health("crm").await.unwrap(), WebhookHealth::default());
}

#[tokio::test]
async fn gone_parks_the_delivery_that_disabled_the_webhook_and_the_others_under_way_are_tried_when_it_is_enabled() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let gate = watch::Sender::new(false);
    receiver.behave({
        let gate = gate.clone();
        move |_, _| status_behind(410, &gate)
    });
    for _ in 0..5 {
        world.owe(&["crm"]).await;
    }
    let webhooks = [webhook("crm", &receiver.url())];
    world.start(&limits(&[0, 5]), &webhooks);
    for _ in 0..5 {
        receiver.call().await;
    }
    gate.send_replace(true);
    world.disabled("crm").await;
    world.stop().await;
    assert_eq!((world.depth("crm").waiting, world.depth("crm").parked), (4, 1));

    receiver.behave(|_, _| status(204));
    world.start(&limits(&[0, 5]), &webhooks);
    assert!(world.enable("crm").await);
    for _ in 0..4 {
        receiver.call().await;
    }
    world.stop().await;
    assert_eq!((world.depth("crm").waiting, world.depth("crm").parked), (0, 1));
}

#[tokio::test]
async fn a_410_that_was_under_way_when_the_webhook_was_enabled_does_not_disable_it_again() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let gate = watch::Sender::new(false);
    receiver.behave({
        let gate = gate.clone();
        move |_, before| if before == 0 { status_behind(410, &gate) } else { status(410) }
    });
    for _ in 0..2 {
        world.owe(&["crm"]).await;
    }
    world.start(&limits(&[0, 5]), &[webhook("crm", &receiver.url())]);
    for _ in 0..2 {
        receiver.call().await;
    }
    world.disabled("crm").await;
    receiver.behave(|_, _| status(204));
    assert!(world.enable("crm").await);
    gate.send_replace(true);
    receiver.call().await;
    world.stop().await;
    assert_eq!((world.depth("crm").waiting, world.depth("crm").parked), (0, 1));
    assert_eq!(world.records.health("crm").await.unwrap(), WebhookHealth::default());
}

#[tokio::test]
async fn a_webhook_with_another_url_is_not_the_one_that_was_disabled() {
    let (mut world, gone, mut new) = (World::new(), Receiver::start().await, Receiver::start().await);
    gone.behave(|_, _| status(410));
    world.owe(&["crm"]).await;
    world.start(&limits(&[0, 5]), &[webhook("crm", &gone.url())]);
    world.disabled("crm").await;
    world.stop().await;
    world.owe(&["crm"]).await;
    world.start(&limits(&[0, 5]), &[webhook("crm", &new.url())]);
    new.call().await;
    world.stop().await;
    assert_eq!(world.records.health("crm").await.unwrap(), WebhookHealth::default());
}

#[tokio::test]
async fn a_webhook_that_fails_for_long_is_disabled_and_what_waits_for_it_is_kept() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(500));
    let webhooks = [webhook("crm", &receiver.url())];
    let limits = disabled_after(Duration::from_millis(300));
    let id = world.owe(&["crm"]).await;
    let other = world.owe(&["crm"]).await;
    world.start(&limits, &webhooks);
    let disabled = world.disabled("crm").await;
    assert_eq!(disabled.cause, DisabledBy::Failing);
    assert!(disabled.reason.ends_with("the last one: status 500: the receiver failed; see its log"), "{disabled:?}");
    world.stop().await;
    let attempts = receiver.calls_so_far().len();
    let recorded = world.delivery(id).await.attempts.len() + world.delivery(other).await.attempts.len();
    assert!(attempts > 2 && attempts == recorded, "{attempts} attempts, {recorded} on record");
    assert_eq!((world.depth("crm").waiting, world.depth("crm").parked), (2, 0));

    receiver.behave(|_, _| status(204));
    world.start(&limits, &webhooks);
    assert!(world.enable("crm").await);
    for _ in 0..2 {
        receiver.call().await;
    }
    world.stop().await;
    assert_eq!(world.depth("crm"), Depth::default());
}

#[tokio::test]
async fn since_when_a_webhook_fails_is_known_after_a_restart() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(500));
    let webhooks = [webhook("crm", &receiver.url())];
    let limits = disabled_after(Duration::from_secs(3_600));
    world.owe(&["crm"]).await;
    world.start(&limits, &webhooks);
    receiver.call().await;
    world.stop().await;
    let before = world.records.health("crm").await.unwrap();
    assert!(before.failing_since.is_some());
    world.start(&limits, &webhooks);
    receiver.call().await;
    world.stop().await;
    assert_eq!(world.records.health("crm").await.unwrap().failing_since, before.failing_since);
    receiver.behave(|_, _| status(204));
    receiver.calls_so_far();
    world.start(&limits, &webhooks);
    receiver.call().await;
    world.stop().await;
    assert_eq!(world.records.health("crm").await.unwrap(), WebhookHealth::default());
}

#[tokio::test]
async fn disabling_is_counted_and_told_from_working() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (mut world, receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(410));
    world.owe(&["crm"]).await;
    world.start(&limits(&[0, 5]), &[webhook("crm", &receiver.url())]);
    world.disabled("crm").await;
    let gauge = |value: u8| format!("sayso_webhook_disabled{{webhook=\"crm\"}} {value}");
    assert!(recorder.handle().render().contains(&gauge(1)));
    assert!(world.enable("crm").await);
    assert!(!world.enable("crm").await, "it is not disabled any more");
    assert!(recorder.handle().render().contains(&gauge(0)));
    world.stop().await;
}
