//! Deliveries that are made again, one or many.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    limits,
    receiver::{PATIENCE, Receiver, status},
    webhook,
    world::World,
};
use crate::{
    config,
    delivery::{
        replay::NotReplayed,
        webhooks::{Live, Registry, Webhook},
    },
    feedback::DeliveryId,
    privacy::Eraser,
    records::{Begun, Delivery, DeliveryFilter, DeliveryStatus, Outcomes, Replay, ReplayState, Subject},
};

fn numbers(delivery: &Delivery) -> Vec<u32> {
    delivery.attempts.iter().map(|attempt| attempt.number).collect()
}

#[tokio::test]
async fn what_was_parked_or_delivered_is_made_again_as_often_as_is_asked_with_one_id_and_body() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, before| status(if before < 3 { 500 } else { 200 }));
    let id = world.owe(&["crm"]).await;
    world.start(&limits(&[0, 5]), &[webhook("crm", &receiver.url())]);
    let first = receiver.call().await;
    receiver.call().await;
    world.settled(id, DeliveryStatus::Parked).await;
    let replayer = world.replayer();
    // The new series has the whole schedule: its first attempt fails, its second does not.
    for (replay, attempts) in [(0, 4), (1, 5), (2, 6)] {
        replayer.one(id).await.expect("is made again");
        for _ in 0..if replay == 0 { 2 } else { 1 } {
            let again = receiver.call().await;
            assert_eq!((again.header("webhook-id"), &again.body), (first.header("webhook-id"), &first.body));
        }
        let delivery = world.settled(id, DeliveryStatus::Delivered).await;
        assert_eq!(numbers(&delivery), (1..=attempts).collect::<Vec<_>>());
    }
    world.stop().await;
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn what_waits_for_its_next_attempt_is_tried_at_once_and_what_is_due_is_left_alone() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, before| status(if before == 0 { 500 } else { 200 }));
    let id = world.owe(&["crm"]).await;
    world.start(&limits(&[0, 3_600_000]), &[webhook("crm", &receiver.url())]);
    receiver.call().await;
    let failed = async {
        while world.delivery(id).await.next_attempt_at.is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, failed).await.expect("it failed");
    world.replayer().one(id).await.expect("it is tried at once, though it is put back a moment after it was recorded");
    receiver.call().await;
    assert_eq!(numbers(&world.settled(id, DeliveryStatus::Delivered).await), [1, 2]);
    world.stop().await;
    let paused = config::Webhook { paused: true, ..webhook("crm", &receiver.url()) };
    world.start(&limits(&[0]), &[paused]);
    let next = world.owe(&["crm"]).await;
    let refused = world.replayer().one(next).await.expect_err("it waits already");
    assert!(matches!(refused, NotReplayed::Waits), "{refused}");
    let replayed = world.replayer().one(id).await.expect("is put back");
    assert!(replayed.note.is_some_and(|note| note.contains("`crm` is paused")));
    let refused = world.replayer().one(id).await.expect_err("it waits by now");
    assert!(matches!(refused, NotReplayed::Waits), "{refused}");
    world.stop().await;
}

#[tokio::test]
async fn what_cannot_be_made_again_is_refused_with_the_reason_and_left_as_it_is() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(410));
    let (gone, other) = (world.owe(&["crm"]).await, world.owe(&["old"]).await);
    let unknown = DeliveryId(uuid::Uuid::from_u128(7));
    world.start(&limits(&[0]), &[webhook("crm", &receiver.url())]);
    receiver.call().await;
    world.disabled("crm").await;
    world.settled(gone, DeliveryStatus::Parked).await;
    let replayer = world.replayer();
    assert!(matches!(replayer.one(unknown).await, Err(NotReplayed::Missing)));
    assert!(matches!(replayer.one(other).await, Err(NotReplayed::NoWebhook(name)) if name == "old"));
    assert!(matches!(replayer.one(gone).await, Err(NotReplayed::Disabled { reason, .. }) if reason.contains("410")));
    assert_eq!(world.delivery(gone).await.status, DeliveryStatus::Parked);
    world.enable("crm").await;
    receiver.behave(|_, _| status(204));
    replayer.one(gone).await.expect("is made again");
    world.settled(gone, DeliveryStatus::Delivered).await;
    Eraser::new(Arc::clone(&world.queue), Arc::clone(&world.records))
        .erase(&Subject::Customer("c1".into()))
        .await
        .unwrap();
    assert!(matches!(replayer.one(gone).await, Err(NotReplayed::Missing)), "its delivery is erased with it");
    world.stop().await;
}

/// Starts a replay of all that is parked.
async fn start(world: &World, webhooks: &[config::Webhook]) -> Replay {
    let set = Live::fixed(&limits(&[0]), webhooks).unwrap().current();
    let begun = world.replayer().start(set.by_name("crm").expect("it is there"), DeliveryFilter::default()).await;
    match begun.expect("it starts") {
        Begun::New(replay) => *replay,
        Begun::Running(other) => panic!("{other} runs"),
    }
}

async fn until(world: &World, replay: &Replay, enough: impl Fn(&Replay, &Outcomes) -> bool) -> (Replay, Outcomes) {
    let look = async {
        loop {
            let (replay, outcomes) = world.records.replay(replay.id).await.unwrap().expect("is on record");
            if enough(&replay, &outcomes) {
                return (replay, outcomes);
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, look).await.expect("it comes so far")
}

#[tokio::test]
async fn all_that_is_parked_is_made_again_and_counted() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let ids = world.park("crm", 12).await;
    world.start(&limits(&[0]), &[webhook("crm", &receiver.url())]);
    let refused = ids[3].to_string();
    receiver.behave(move |call, _| status(if call.header("webhook-id") == refused { 400 } else { 200 }));
    let replay = start(&world, &[webhook("crm", &receiver.url())]).await;
    let (replay, outcomes) =
        until(&world, &replay, |replay, outcomes| replay.state == ReplayState::Finished && outcomes.waiting == 0).await;
    assert_eq!((replay.total, replay.done), (Some(12), 12));
    assert_eq!(outcomes, Outcomes { delivered: 11, parked: 1, ..Outcomes::default() });
    let calls: HashSet<String> =
        receiver.calls_so_far().iter().map(|call| call.header("webhook-id").to_owned()).collect();
    assert_eq!(calls, ids.iter().map(ToString::to_string).collect::<HashSet<_>>());
    assert_eq!(numbers(&world.delivery(ids[3]).await), [1, 2]);
    world.stop().await;
}

#[tokio::test]
async fn a_replay_waits_with_its_webhook_goes_on_after_a_restart_and_can_be_cancelled() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let ids = world.park("crm", 1_000).await;
    let paused = config::Webhook { paused: true, ..webhook("crm", &receiver.url()) };
    world.start(&limits(&[0]), std::slice::from_ref(&paused));
    let replay = start(&world, std::slice::from_ref(&paused)).await;
    until(&world, &replay, |replay, _| replay.done >= 200).await;
    world.stop().await;
    let (halfway, _) = world.records.replay(replay.id).await.unwrap().expect("is on record");
    assert!((200..800).contains(&halfway.done), "not all of it is in the queue: {}", halfway.done);
    assert_eq!((halfway.state, halfway.total), (ReplayState::Running, Some(1_000)));
    receiver.behave(|_, _| status(200));
    world.start(&limits(&[0]), &[webhook("crm", &receiver.url())]);
    let (whole, outcomes) = until(&world, &replay, |_, outcomes| outcomes.delivered == 1_000).await;
    assert_eq!(outcomes, Outcomes { delivered: 1_000, ..Outcomes::default() });
    assert!(whole.done <= 1_000);
    let calls = receiver.calls_so_far();
    assert_eq!(calls.len(), 1_000, "each once: nothing was broken off");
    let seen: HashSet<_> = calls.iter().map(|call| call.header("webhook-id").to_owned()).collect();
    assert_eq!(seen, ids.iter().map(ToString::to_string).collect::<HashSet<_>>());
    until(&world, &replay, |replay, _| replay.state == ReplayState::Finished).await;
    world.stop().await;

    world.start(&limits(&[0]), std::slice::from_ref(&paused));
    let filter = DeliveryFilter { status: Some(DeliveryStatus::Delivered), ..DeliveryFilter::default() };
    let set = Live::fixed(&limits(&[0]), &[paused]).unwrap().current();
    let begun = world.replayer().start(set.by_name("crm").expect("it is there"), filter).await;
    let Ok(Begun::New(second)) = begun else { panic!("it starts") };
    until(&world, &second, |replay, _| replay.done >= 200).await;
    assert!(world.replayer().cancel(second.id).await.unwrap());
    // What it had begun to put back is counted when it is.
    until(&world, &second, |replay, outcomes| replay.done == outcomes.waiting).await;
    world.stop().await;
    let (cancelled, outcomes) = world.records.replay(second.id).await.unwrap().expect("is on record");
    assert_eq!(cancelled.state, ReplayState::Cancelled);
    assert!(cancelled.done < 1_000 && outcomes.waiting == cancelled.done, "{cancelled:?} {outcomes:?}");
    assert_eq!(world.depth("crm").waiting, cancelled.done);
    assert!(world.records.unfinished_replays().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_crash_left_between_the_records_and_the_queue_is_made_again() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let ids = world.park("crm", 2).await;
    // As if sayso had been killed right behind the first of its two writes.
    world.records.reopen(ids[1]).await.unwrap().expect("it is on record");
    world.start(&limits(&[0]), &[webhook("crm", &receiver.url())]);
    assert_eq!(receiver.call().await.header("webhook-id"), ids[1].to_string());
    world.settled(ids[1], DeliveryStatus::Delivered).await;
    world.stop().await;
    assert_eq!(world.delivery(ids[0]).await.status, DeliveryStatus::Parked);
    assert!(world.records.left_reopened(10).await.unwrap().is_empty());
}

/// The webhooks of the API on the world's store, which may lead to this machine.
async fn registry(world: &World) -> (Registry, config::Delivery) {
    let delivery = config::Delivery { allow_private: true, ..limits(&[0]) };
    let config = config::Config { delivery: delivery.clone(), ..config::Config::default() };
    let (records, queue) = (Arc::clone(&world.records), Arc::clone(&world.queue));
    (Registry::open(&config, records, queue).await.unwrap(), delivery)
}

async fn make(registry: &Registry, receiver: &Receiver) -> Arc<Webhook> {
    let Value::Object(written) = json!({ "name": "crm", "url": receiver.url() }) else { unreachable!("an object") };
    registry.create(written, None).await.unwrap()
}

#[tokio::test]
async fn what_was_owed_to_a_deleted_webhook_does_not_go_to_the_next_of_its_name() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let (registry, limits) = registry(&world).await;
    let first = make(&registry, &receiver).await;
    let theirs = world.park("crm", 2).await;
    registry.delete(first.id, None).await.unwrap();
    let second = make(&registry, &receiver).await;
    let own = world.park("crm", 1).await;
    world.start_live(&limits, registry.live());
    let replayer = world.replayer();
    let refused = replayer.one(theirs[0]).await.expect_err("it is somebody else's");
    assert!(refused.to_string().contains("earlier webhook `crm`"), "{refused}");
    // Asked for from the beginning, too.
    let filter = DeliveryFilter { since: Some("2000-01-01T00:00:00Z".parse().unwrap()), ..DeliveryFilter::default() };
    for filter in [DeliveryFilter::default(), filter] {
        let Begun::New(replay) = replayer.start(&second, filter).await.unwrap() else { panic!("none runs") };
        until(&world, &replay, |replay, outcomes| replay.state == ReplayState::Finished && outcomes.waiting == 0).await;
    }
    world.settled(own[0], DeliveryStatus::Delivered).await;
    world.stop().await;
    let calls = receiver.calls_so_far();
    assert!(calls.iter().all(|call| call.header("webhook-id") == own[0].to_string()) && !calls.is_empty(), "{calls:?}");
    assert_eq!(world.delivery(theirs[1]).await.status, DeliveryStatus::Parked);
}

#[tokio::test]
async fn a_replay_that_was_begun_for_a_deleted_webhook_does_not_go_on_for_the_next_of_its_name() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    let (registry, limits) = registry(&world).await;
    let first = make(&registry, &receiver).await;
    let theirs = world.park("crm", 2).await;
    let begun = world.records.begin_replay("crm", DeliveryFilter::default()).await.unwrap();
    let Begun::New(replay) = begun else { panic!("none runs") };
    registry.delete(first.id, None).await.unwrap();
    make(&registry, &receiver).await;
    world.start_live(&limits, registry.live());
    until(&world, &replay, |replay, _| replay.state == ReplayState::Cancelled).await;
    world.stop().await;
    assert_eq!(world.delivery(theirs[0]).await.status, DeliveryStatus::Parked);
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn a_replay_to_a_receiver_that_is_left_alone_says_so() {
    let (mut world, mut receiver) = (World::new(), Receiver::start().await);
    receiver.behave(|_, _| status(503));
    let id = world.owe(&["crm"]).await;
    world.start(&limits(&[0, 3_600_000]), &[webhook("crm", &receiver.url())]);
    receiver.call().await;
    let failed = async {
        while world.delivery(id).await.next_attempt_at.is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, failed).await.expect("it fails");
    let replayed = world.replayer().one(id).await.expect("it is tried as soon as the receiver is back");
    assert!(replayed.note.is_some_and(|note| note.contains("overloaded or down")));
    world.stop().await;
}
