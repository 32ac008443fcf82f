//! The delivery stage on the embedded store, against real receivers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Semaphore,
    time::timeout,
};

use super::{
    limits,
    receiver::{PATIENCE, Receiver, raw, read_head, status, status_with},
    webhook,
    world::World,
};
use crate::{
    config::{self, Batch, Webhook},
    delivery::{owed_message, webhooks::WebhookId},
    privacy::Eraser,
    queue::{Depth, Lane, Message},
    records::{Attempt, Attempted, DeliveryStatus, Subject},
};

#[tokio::test]
async fn what_is_delivered_is_recorded_and_leaves_the_lane() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let id = world.owe(&["crm"]).await;
    world.start(&limits(&[0]), &[webhook("crm", &receiver.url())]);
    assert_eq!(receiver.call().await.header("webhook-id"), id.to_string());
    world.stop().await;

    let delivery = world.delivery(id).await;
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    assert_eq!(delivery.attempts.len(), 1);
    assert_eq!(delivery.attempts[0].status, Some(204));
    assert_eq!(delivery.attempts[0].address, Some(receiver.address.to_string()));
    assert_eq!(world.depth("crm"), Depth::default());
}

#[tokio::test]
async fn a_delivery_that_fails_until_the_schedule_is_spent_is_parked_with_its_attempts() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(500));
    let id = world.owe(&["crm"]).await;
    world.start(&limits(&[0, 5, 10]), &[webhook("crm", &receiver.url())]);
    for _ in 0..3 {
        receiver.call().await;
    }
    world.stop().await;

    let delivery = world.delivery(id).await;
    assert_eq!(delivery.status, DeliveryStatus::Parked);
    assert_eq!(delivery.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((world.depth("crm").waiting, world.depth("crm").parked), (0, 1));
    assert_eq!(
        world.parked_reason("crm").await,
        "the last of 3 attempts: status 500: the receiver failed; see its log"
    );
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn every_attempt_has_the_same_id_and_the_same_body() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, before| status(if before < 3 { 500 } else { 200 }));
    let id = world.owe(&["crm"]).await;
    let webhook = webhook("crm", &receiver.url());
    world.start(&limits(&[0, 5, 5, 5, 5]), std::slice::from_ref(&webhook));
    let first = receiver.call().await;
    for _ in 1..4 {
        let again = receiver.call().await;
        assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(again.body, first.body);
        standardwebhooks::Webhook::new(webhook.secret.as_ref().unwrap().expose())
            .unwrap()
            .verify(&again.body, &again.headers)
            .unwrap();
    }
    world.stop().await;
    let delivery = world.delivery(id).await;
    assert_eq!((delivery.status, delivery.attempts.len()), (DeliveryStatus::Delivered, 4));
    assert_eq!(world.depth("crm"), Depth::default());
}

#[tokio::test]
async fn a_delivery_that_failed_says_when_it_is_due_again() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(500));
    let id = world.owe(&["crm"]).await;
    world.start(&limits(&[0, 3_600_000]), &[webhook("crm", &receiver.url())]);
    receiver.call().await;
    world.stop().await;
    let delivery = world.delivery(id).await;
    assert_eq!(delivery.status, DeliveryStatus::Pending);
    let wait = delivery.next_attempt_at.expect("it is retried").duration_since(Timestamp::now());
    assert!((3_570..=3_600).contains(&wait.as_secs()), "{wait}");
    assert_eq!(world.depth("crm").waiting, 1);
}

#[tokio::test]
async fn gone_parks_the_delivery_and_stops_this_webhook_alone() {
    let (mut world, mut gone, mut other) = (World::new(), Receiver::start().await, Receiver::start().await);
    gone.behave(|_, _| status(410));
    let id = world.owe(&["gone", "other"]).await;
    let mut first = webhook("gone", &gone.url());
    first.concurrency = Some(1);
    world.start(&limits(&[0, 5, 5]), &[first, webhook("other", &other.url())]);
    gone.call().await;
    other.call().await;
    for _ in 0..5 {
        world.owe(&["gone", "other"]).await;
        other.call().await;
    }
    world.stop().await;

    assert!(gone.calls_so_far().is_empty(), "nothing more goes to it");
    assert_eq!(world.delivery(id).await.status, DeliveryStatus::Parked);
    assert!(world.parked_reason("gone").await.starts_with("attempt 1: status 410"));
    assert_eq!(world.depth("gone").waiting, 5);
    assert_eq!(world.depth("other"), Depth::default());
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_no_other() {
    let (mut world, mut quick) = (World::new(), Receiver::start().await);
    let hanging = raw(|mut stream| async move {
        read_head(&mut stream).await;
        std::future::pending().await
    })
    .await;
    for _ in 0..40 {
        world.owe(&["hanging", "quick"]).await;
    }
    let limits = config::Delivery { timeout: Duration::from_secs(1), ..limits(&[0, 3_600_000]) };
    let mut slow = webhook("hanging", &format!("http://{hanging}/"));
    slow.concurrency = Some(4);
    world.start(&limits, &[slow, webhook("quick", &quick.url())]);
    for _ in 0..40 {
        quick.call().await;
    }
    world.stop().await;
    assert_eq!(world.depth("quick"), Depth::default());
    assert_eq!(world.depth("hanging").waiting, 40);
}

#[tokio::test]
async fn an_overloaded_receiver_is_left_alone_as_a_whole_and_then_probed() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, before| status(if before < 2 { 503 } else { 204 }));
    world.owe(&["crm"]).await;
    world.start(&limits(&[0, 100, 100, 100, 100]), &[webhook("crm", &receiver.url())]);
    let first = receiver.call().await;
    for _ in 0..10 {
        world.owe(&["crm"]).await;
    }
    let probe = receiver.call().await;
    assert!(probe.at - first.at >= Duration::from_millis(100), "the pause is kept");
    // It fails, and it was sent alone: the next one comes after a pause that is twice as long.
    let second_probe = receiver.call().await;
    assert!(second_probe.at - probe.at >= Duration::from_millis(200), "{:?}", second_probe.at - probe.at);
    // All others go through, and the two that failed again.
    for _ in 0..10 {
        receiver.call().await;
    }
    world.stop().await;
    assert_eq!(world.depth("crm"), Depth::default());
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, before| if before == 0 { status_with(429, "retry-after", "1") } else { status(200) });
    world.owe(&["crm"]).await;
    world.start(&limits(&[0, 5, 2_000]), &[webhook("crm", &receiver.url())]);
    let first = receiver.call().await;
    world.owe(&["crm"]).await;
    let second = receiver.call().await;
    assert!(second.at - first.at >= Duration::from_secs(1), "{:?}", second.at - first.at);
    receiver.call().await;
    world.stop().await;
    assert_eq!(world.depth("crm"), Depth::default());
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_the_concurrency_allows() {
    let (mut world, now, most) = (World::new(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (gate, began) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let address = {
        let (now, most, gate, began) = (now, Arc::clone(&most), Arc::clone(&gate), Arc::clone(&began));
        raw(move |mut stream| {
            let (now, most, gate, began) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&gate), Arc::clone(&began));
            async move {
                read_head(&mut stream).await;
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                began.add_permits(1);
                gate.acquire().await.unwrap().forget();
                now.fetch_sub(1, Ordering::SeqCst);
                stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                // The client reads first, so that the answer is not lost in a reset.
                while stream.read(&mut [0; 4_096]).await.is_ok_and(|read| read > 0) {}
            }
        })
        .await
    };
    for _ in 0..12 {
        world.owe(&["crm"]).await;
    }
    let mut webhook = webhook("crm", &format!("http://{address}/"));
    webhook.concurrency = Some(3);
    world.start(&limits(&[0]), &[webhook]);
    for _ in 0..4 {
        timeout(PATIENCE, began.acquire_many(3)).await.expect("three begin").unwrap().forget();
        assert_eq!(began.available_permits(), 0, "and no fourth");
        gate.add_permits(3);
    }
    world.stop().await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(world.depth("crm"), Depth::default());
}

#[tokio::test]
async fn on_shutdown_what_is_in_flight_is_finished_and_nothing_more_begins() {
    let (mut world, began, gate) = (World::new(), Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let address = {
        let (began, gate) = (Arc::clone(&began), Arc::clone(&gate));
        raw(move |mut stream| {
            let (began, gate) = (Arc::clone(&began), Arc::clone(&gate));
            async move {
                read_head(&mut stream).await;
                began.add_permits(1);
                gate.acquire().await.unwrap().forget();
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
                while stream.read(&mut [0; 4_096]).await.is_ok_and(|read| read > 0) {}
            }
        })
        .await
    };
    let first = world.owe(&["crm"]).await;
    let second = world.owe(&["crm"]).await;
    let mut webhook = webhook("crm", &format!("http://{address}/"));
    webhook.concurrency = Some(1);
    world.start(&limits(&[0, 5]), &[webhook]);
    timeout(PATIENCE, began.acquire()).await.expect("the first begins").unwrap().forget();
    world.shutdown.cancel();
    gate.add_permits(2);
    world.stop().await;

    assert_eq!(world.delivery(first).await.status, DeliveryStatus::Delivered);
    let second = world.delivery(second).await;
    assert_eq!((second.status, second.attempts.len()), (DeliveryStatus::Pending, 0));
    assert_eq!(world.depth("crm").waiting, 1);
}

#[tokio::test]
async fn of_an_erased_customer_nothing_is_sent() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    world.owe(&["crm"]).await;
    Eraser::new(world.queue.clone(), world.records.clone()).erase(&Subject::Customer("c1".into())).await.unwrap();
    let kept = world.owe(&["crm"]).await;
    world.start(&limits(&[0]), &[webhook("crm", &receiver.url())]);
    assert_eq!(receiver.call().await.header("webhook-id"), kept.to_string());
    world.stop().await;
    assert!(receiver.calls_so_far().is_empty());
    assert_eq!(world.depth("crm"), Depth::default());
}

#[tokio::test]
async fn an_attempt_under_way_is_broken_off_when_its_customer_is_erased() {
    let mut world = World::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    for batch in [None, Some(Batch { max_items: 2, max_wait_ms: 1 })] {
        world.owe(&["crm"]).await;
        let webhook = Webhook { batch, ..webhook("crm", &url) };
        // It is never answered, and would not end by itself as soon as the test wants.
        let limits = config::Delivery { timeout: Duration::from_secs(25), ..limits(&[0]) };
        world.start(&limits, &[webhook]);
        let (mut stream, _) = timeout(PATIENCE, listener.accept()).await.expect("it is called").unwrap();
        Eraser::new(world.queue.clone(), world.records.clone()).erase(&Subject::Customer("c1".into())).await.unwrap();
        let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut Vec::new())).await;
        read.expect("the connection is closed, long before the time is over").ok();
        world.stop().await;
        assert_eq!(world.depth("crm"), Depth::default());
    }
}

#[tokio::test]
async fn a_test_of_what_a_customer_said_is_broken_off_when_something_is_erased() {
    let mut world = World::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    // Of the test alone: what is owed goes elsewhere.
    world.owe(&["bi"]).await;
    let limits = config::Delivery { timeout: Duration::from_secs(25), ..limits(&[0]) };
    world.start(&limits, &[webhook("crm", &format!("http://{}/", listener.local_addr().unwrap()))]);
    let test = world.test("crm");
    let (mut stream, _) = timeout(PATIENCE, listener.accept()).await.expect("it is called").unwrap();
    Eraser::new(world.queue.clone(), world.records.clone()).erase(&Subject::Customer("c1".into())).await.unwrap();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut Vec::new())).await;
    read.expect("the connection is closed, long before the time is over").ok();
    let trial = test.await.unwrap();
    assert!(!trial.is_delivered && trial.attempt.error.is_some_and(|error| error.contains("erased")));
    world.stop().await;
}

#[tokio::test]
async fn what_a_crash_left_without_a_lane_is_due_again_at_the_start() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let lost = world.owe(&["crm"]).await;
    world.queue.forget(&[(lost.0, None)]).await.unwrap();
    assert_eq!(world.depth("crm"), Depth::default());
    let other = world.owe(&["crm"]).await;
    world.start(&limits(&[0]), &[webhook("crm", &receiver.url())]);
    let mut ids = [receiver.call().await, receiver.call().await].map(|call| call.header("webhook-id").to_owned());
    ids.sort();
    let mut expected = [lost.to_string(), other.to_string()];
    expected.sort();
    assert_eq!(ids, expected);
    world.stop().await;
    assert!(receiver.calls_so_far().is_empty(), "each once");
}

#[tokio::test]
async fn what_was_delivered_before_a_crash_is_neither_retried_nor_parked_where_it_fails_after() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(500));
    for waits in [&[0, 1][..], &[0]] {
        let id = world.owe(&["crm"]).await;
        // The crash came between the record and the queue.
        let attempt = Attempt::not_sent(1, String::new());
        let status = DeliveryStatus::Delivered;
        world.records.record(vec![Attempted { delivery: id, attempt, status, next_attempt_at: None }]).await.unwrap();
        world.start(&limits(waits), &[webhook("crm", &receiver.url())]);
        receiver.call().await;
        world.stop().await;
        assert_eq!(world.delivery(id).await.status, DeliveryStatus::Delivered);
        assert_eq!(world.depth("crm"), Depth::default());
    }
}

#[tokio::test]
async fn what_was_owed_to_a_deleted_webhook_goes_to_no_other_of_its_name() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let theirs = world.owe(&["crm"]).await;
    world.queue.forget(&[(theirs.0, None)]).await.unwrap();
    let of = world.delivery(theirs).await;
    let (feedback, deleted) = (of.feedback_id.unwrap(), WebhookId::now());
    let message = owed_message(feedback, 1, &"crm".into(), Some(deleted));
    world.queue.publish_all(vec![message]).await.unwrap();
    let own = world.owe(&["crm"]).await;
    world.start(&limits(&[0]), &[webhook("crm", &receiver.url())]);
    assert_eq!(receiver.call().await.header("webhook-id"), own.to_string());
    world.stop().await;
    assert!(receiver.calls_so_far().is_empty());
    assert!(world.parked_reason("crm").await.contains("was deleted"));
    assert_eq!(world.delivery(theirs).await.status, DeliveryStatus::Parked);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_parked() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let lane = Lane::Delivery("crm".into());
    let message =
        Message { id: uuid::Uuid::now_v7(), revision: 1, identity: None, series: None, era: 0, body: "?".into() };
    world.queue.publish(&lane, vec![message]).await.unwrap();
    world.owe(&["crm"]).await;
    world.start(&limits(&[0]), &[webhook("crm", &receiver.url())]);
    receiver.call().await;
    world.stop().await;
    assert!(world.parked_reason("crm").await.starts_with("the message does not say what is owed"));
}

#[tokio::test]
async fn outcomes_are_counted() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, before| status(if before == 0 { 500 } else { 200 }));
    world.owe(&["crm"]).await;
    world.start(&limits(&[0, 5]), &[webhook("crm", &receiver.url())]);
    for _ in 0..2 {
        receiver.call().await;
    }
    world.stop().await;
    let metrics = recorder.handle().render();
    for line in [
        r#"sayso_deliveries_total{webhook="crm",outcome="retried"} 1"#,
        r#"sayso_deliveries_total{webhook="crm",outcome="delivered"} 1"#,
        r#"sayso_delivery_seconds_count{webhook="crm"} 2"#,
        r#"sayso_deliveries_in_flight{webhook="crm"} 0"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in:\n{metrics}");
    }
}
