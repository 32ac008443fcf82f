//! What a worker takes before there is a slot for it is not lost, nor kept back, when it cannot go out.

use tokio::sync::watch;

use super::{
    limits,
    receiver::{Call, Receiver, status, status_behind},
    webhook,
    world::World,
};
use crate::{
    config::Webhook,
    feedback::DeliveryId,
    privacy::Eraser,
    queue::Depth,
    records::{DeliveryStatus, Subject},
};

/// More than a worker takes at once, and few enough to be taken ahead.
const OWED: usize = 60;
/// How many are delivered before something happens: by then the worker knows that the receiver is quick.
const FIRST: usize = 6;

async fn owe(world: &World) -> Vec<DeliveryId> {
    let mut ids = Vec::new();
    for _ in 0..OWED {
        ids.push(world.owe(&["crm"]).await);
    }
    ids
}

fn one_at_a_time(receiver: &Receiver) -> Webhook {
    Webhook { concurrency: Some(1), ..webhook("crm", &receiver.url()) }
}

fn ids(calls: &[Call]) -> Vec<String> {
    calls.iter().map(|call| call.header("webhook-id").to_owned()).collect()
}

async fn assert_delivered_once(world: &World, ids: &[DeliveryId]) {
    for id in ids {
        let delivery = world.delivery(*id).await;
        assert_eq!((delivery.status, delivery.attempts.len()), (DeliveryStatus::Delivered, 1));
    }
    assert_eq!(world.depth("crm"), Depth::default());
}

#[tokio::test]
async fn the_next_worker_delivers_it_at_once_and_in_its_order() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let (owed, webhook) = (owe(&world).await, one_at_a_time(&receiver));
    world.start(&limits(&[0]), std::slice::from_ref(&webhook));
    let mut calls = Vec::new();
    for _ in 0..FIRST {
        calls.push(receiver.call().await);
    }
    world.stop().await;
    calls.extend(receiver.calls_so_far());
    assert!(calls.len() < OWED, "it was stopped too late");
    // Leases last a minute: what had kept its own would not come in time.
    world.start(&limits(&[0]), &[webhook]);
    while calls.len() < OWED {
        calls.push(receiver.call().await);
    }
    world.stop().await;
    assert_eq!(ids(&calls), owed.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_delivered_once(&world, &owed).await;
}

#[tokio::test]
async fn it_does_not_go_out_once_it_was_erased() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let gate = watch::Sender::new(false);
    receiver.behave({
        let gate = gate.clone();
        move |_, before| if before < FIRST { status(204) } else { status_behind(200, &gate) }
    });
    owe(&world).await;
    world.start(&limits(&[0]), &[one_at_a_time(&receiver)]);
    for _ in 0..=FIRST {
        receiver.call().await;
    }
    // All of it is the same customer's. One request is under way, and others are read already.
    let eraser = Eraser::new(world.queue.clone(), world.records.clone());
    let erased = eraser.erase(&Subject::Customer("c1".into())).await.expect("erases");
    assert_eq!(erased.feedback, OWED);
    let later = world.owe(&["crm"]).await;
    gate.send_replace(true);
    assert_eq!(receiver.call().await.header("webhook-id"), later.to_string(), "what was erased went out");
    world.stop().await;
}

#[tokio::test]
async fn it_waits_in_the_lane_while_the_receiver_is_left_alone() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, before| status(if before == FIRST { 503 } else { 204 }));
    let (owed, webhook) = (owe(&world).await, one_at_a_time(&receiver));
    world.start(&limits(&[0, 3_600_000]), std::slice::from_ref(&webhook));
    let mut calls = Vec::new();
    for _ in 0..=FIRST {
        calls.push(receiver.call().await);
    }
    world.stop().await;
    assert!(receiver.calls_so_far().is_empty(), "the breaker is open");
    assert_eq!(world.depth("crm").waiting, (OWED - FIRST) as u64);
    world.start(&limits(&[0, 3_600_000]), &[webhook]);
    while calls.len() < OWED {
        calls.push(receiver.call().await);
    }
    world.stop().await;
    assert_eq!(ids(&calls), owed.iter().map(ToString::to_string).collect::<Vec<_>>());
    let (refused, taken): (Vec<_>, Vec<_>) = owed.iter().enumerate().partition(|(number, _)| *number == FIRST);
    assert_eq!(world.delivery(*refused[0].1).await.status, DeliveryStatus::Pending);
    for (_, id) in taken {
        assert_eq!(world.delivery(*id).await.status, DeliveryStatus::Delivered);
    }
}
