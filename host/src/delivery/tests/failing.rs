//! Receivers that fail as a whole, and come back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    limits,
    receiver::{PATIENCE, Receiver, raw, read_head, status},
    webhook,
    world::World,
};
use crate::{
    config,
    delivery::webhooks::retire,
    queue::Depth,
    records::{Attempt, Attempted, DeliveryStatus},
};

/// Waits until the metrics have this line.
async fn wait_for(metrics: &PrometheusHandle, line: &str) {
    let has_line = async {
        while !metrics.render().lines().any(|found| found == line) {
            tokio::task::yield_now().await;
        }
    };
    assert!(timeout(PATIENCE, has_line).await.is_ok(), "{line} is not in:\n{}", metrics.render());
}

const OPEN: &str = r#"sayso_webhook_breaker{webhook="crm"} 1"#;
const CLOSED: &str = r#"sayso_webhook_breaker{webhook="crm"} 0"#;

/// 100 steps of so many milliseconds.
fn every(milliseconds: u64) -> config::Delivery {
    let mut schedule = vec![milliseconds; 101];
    schedule[0] = 0;
    limits(&schedule)
}

#[tokio::test]
async fn a_receiver_that_refuses_connections_is_left_alone_and_served_when_it_is_back() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let mut world = World::new();
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(world.owe(&["crm"]).await);
    }
    world.start(&every(50), &[webhook("crm", &format!("http://{address}/"))]);
    wait_for(&recorder.handle(), OPEN).await;
    let mut receiver = Receiver::start_on(TcpListener::bind(address).await.unwrap());
    for _ in 0..30 {
        receiver.call().await;
    }
    wait_for(&recorder.handle(), CLOSED).await;
    world.stop().await;
    assert_eq!(world.depth("crm"), Depth::default());
    let mut untried = 0;
    for id in ids {
        untried += usize::from(world.delivery(id).await.attempts.len() == 1);
    }
    // 16 were under way when it opened, and one a pause probed.
    assert!(untried > 0, "what waits while it is open uses up no attempts");
}

#[tokio::test]
async fn a_receiver_that_hangs_is_left_alone_and_probed_by_one_delivery_at_a_time() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let mut world = World::new();
    let hanging = raw(|mut stream| async move {
        read_head(&mut stream).await;
        std::future::pending().await
    })
    .await;
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(world.owe(&["crm"]).await);
    }
    let limits = config::Delivery { timeout: Duration::from_millis(300), ..every(20) };
    let mut webhook = webhook("crm", &format!("http://{hanging}/"));
    webhook.concurrency = Some(8);
    world.start(&limits, &[webhook]);
    wait_for(&recorder.handle(), OPEN).await;
    wait_for(&recorder.handle(), r#"sayso_webhook_breaker_opened_total{webhook="crm"} 4"#).await;
    world.stop().await;
    let mut attempts = 0;
    for id in ids {
        attempts += world.delivery(id).await.attempts.len();
    }
    // A round of 8 opened it, of which some were over, and their slots taken, before it did; then one probe each opened
    // it again, and perhaps one more was under way.
    assert!((11..=16).contains(&attempts), "{attempts} attempts");
}

#[tokio::test]
async fn a_receiver_that_answers_500_to_all_is_left_alone_too() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (mut world, receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(500));
    for _ in 0..30 {
        world.owe(&["crm"]).await;
    }
    world.start(&every(20), &[webhook("crm", &receiver.url())]);
    wait_for(&recorder.handle(), OPEN).await;
    receiver.behave(|_, _| status(204));
    wait_for(&recorder.handle(), CLOSED).await;
    let all_gone = async {
        while world.depth("crm").waiting > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, all_gone).await.expect("all are delivered");
    world.stop().await;
}

#[tokio::test]
async fn one_delivery_that_the_receiver_minds_holds_up_no_other() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let minded = world.owe(&["crm"]).await.to_string();
    receiver.behave(move |call, _| status(if call.header("webhook-id") == minded { 400 } else { 204 }));
    world.start(&every(5), &[webhook("crm", &receiver.url())]);
    for _ in 0..100 {
        let id = world.owe(&["crm"]).await.to_string();
        while receiver.call().await.header("webhook-id") != id {}
    }
    world.stop().await;
    let metrics = recorder.handle().render();
    assert!(!metrics.contains("sayso_webhook_breaker_opened_total{webhook=\"crm\"} 1"), "{metrics}");
}

/// An answer whose end never comes.
fn endless() -> Response {
    Response::new(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()))
}

#[tokio::test]
async fn retries_that_take_long_do_not_take_the_slots_of_first_tries() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let seen: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let mut slow = Vec::new();
    for _ in 0..10 {
        slow.push(world.owe(&["crm"]).await.to_string());
    }
    let slow_ones = slow.clone();
    // The first try of the slow ones fails at once, each retry hangs.
    receiver.behave(move |call, _| {
        let id = call.header("webhook-id").to_owned();
        let is_slow = slow_ones.contains(&id);
        let mut seen = seen.lock().unwrap();
        let tries = seen.entry(id).or_default();
        *tries += 1;
        match (is_slow, *tries) {
            (false, _) => status(204),
            (true, 1) => status(500),
            (true, _) => endless(),
        }
    });
    let mut webhook = webhook("crm", &receiver.url());
    webhook.concurrency = Some(4);
    let limits = config::Delivery { timeout: Duration::from_secs(30), ..every(5) };
    world.start(&limits, &[webhook]);
    let mut calls = Vec::new();
    // Ten first tries, and three retries that hang.
    while calls.len() < 13 {
        calls.push(receiver.call().await.header("webhook-id").to_owned());
    }
    for _ in 0..50 {
        let id = world.owe(&["crm"]).await.to_string();
        assert_eq!(receiver.call().await.header("webhook-id"), id, "a first try, at once");
    }
    world.shutdown.cancel();
}

#[tokio::test]
async fn what_waits_for_a_retry_is_parked_at_once_when_its_webhook_is_deleted() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(500));
    let id = world.owe(&["crm"]).await;
    world.start(&limits(&[0, 86_400_000]), &[webhook("crm", &receiver.url())]);
    receiver.call().await;
    world.stop().await;
    assert_eq!(world.delivery(id).await.status, DeliveryStatus::Pending);
    let stop = CancellationToken::new();
    let retired = tokio::spawn(retire("crm".into(), world.queue.clone(), world.records.clone(), stop.clone()));
    world.settled(id, DeliveryStatus::Parked).await;
    stop.cancel();
    retired.await.unwrap();
    assert!(world.parked_reason("crm").await.contains("was deleted"));
}

#[tokio::test]
async fn what_was_delivered_before_a_crash_is_not_parked_when_its_webhook_is_deleted() {
    let world = World::new();
    let id = world.owe(&["crm"]).await;
    let attempt = Attempt {
        number: 1,
        at: Timestamp::now(),
        address: None,
        status: Some(200),
        latency_ms: 1,
        response: None,
        error: None,
    };
    let status = DeliveryStatus::Delivered;
    world.records.record(vec![Attempted { delivery: id, attempt, status, next_attempt_at: None }]).await.unwrap();
    let stop = CancellationToken::new();
    let retired = tokio::spawn(retire("crm".into(), world.queue.clone(), world.records.clone(), stop.clone()));
    let done = async {
        while world.depth("crm").waiting > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, done).await.unwrap();
    stop.cancel();
    retired.await.unwrap();
    let delivery = world.delivery(id).await;
    assert_eq!((delivery.status, delivery.attempts.len()), (DeliveryStatus::Delivered, 1));
    assert_eq!(world.depth("crm").parked, 0);
}
