use jiff::Timestamp;

use super::*;

pub(crate) async fn a_message_is_pulled_as_it_was_published(backend: &impl Backend) {
    let queue = backend.open().await;
    let (before, message) = (Timestamp::now(), message("hello"));
    assert_eq!(publish(&queue, &[&message]).await, [true]);
    let lease = pull_one(&queue).await;
    assert_eq!((lease.id, lease.revision, lease.tries), (message.id, 1, 0));
    assert_eq!((lease.body, lease.lane), (message.body, Lane::Intake));
    assert!(before <= lease.published_at && lease.published_at <= Timestamp::now());
}

pub(crate) async fn first_tries_come_in_the_order_of_publication(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("a"), &message("b")]).await;
    publish(&queue, &[&message("c")]).await;
    assert_eq!(bodies(&pull(&queue).await), ["a", "b", "c"]);
}

pub(crate) async fn a_message_id_that_waits_is_dropped(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("once");
    assert_eq!(publish(&queue, &[&message]).await, [true]);
    assert_eq!(publish(&queue, &[&message]).await, [false]);
    assert_eq!(pull(&queue).await.len(), 1);
}

pub(crate) async fn a_message_id_that_is_leased_is_dropped(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("once");
    publish(&queue, &[&message]).await;
    let _lease = pull_one(&queue).await;
    assert_eq!(publish(&queue, &[&message]).await, [false]);
    assert!(pull(&queue).await.is_empty());
}

pub(crate) async fn a_message_id_that_is_parked_is_dropped(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("once");
    publish(&queue, &[&message]).await;
    queue.park(pull_one(&queue).await, "no".into()).await.expect("parks");
    assert_eq!(publish(&queue, &[&message]).await, [false]);
    assert!(pull(&queue).await.is_empty());
}

pub(crate) async fn a_message_id_that_was_settled_is_dropped(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("once");
    publish(&queue, &[&message]).await;
    queue.ack(pull(&queue).await).await.expect("settles");
    assert_eq!(publish(&queue, &[&message]).await, [false]);
    assert!(pull(&queue).await.is_empty());
}

pub(crate) async fn a_repetition_within_one_call_is_dropped(backend: &impl Backend) {
    let queue = backend.open().await;
    let (once, other) = (message("once"), message("other"));
    assert_eq!(publish(&queue, &[&once, &once, &other]).await, [true, false, true]);
    assert_eq!(bodies(&pull(&queue).await), ["once", "other"]);
}

pub(crate) async fn another_revision_of_a_message_id_is_taken(backend: &impl Backend) {
    let queue = backend.open().await;
    let first = message("first");
    let second = Message { revision: 2, ..message("second") };
    let second = Message { id: first.id, ..second };
    assert_eq!(publish(&queue, &[&first, &second]).await, [true, true]);
    let revisions: Vec<_> = pull(&queue).await.iter().map(|lease| lease.revision).collect();
    assert_eq!(revisions, [1, 2]);
}

pub(crate) async fn a_message_id_is_dropped_in_its_own_lane_only(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("twice");
    publish(&queue, &[&message]).await;
    let receipts = queue.publish(&delivery("crm"), vec![message]).await.expect("publishes");
    assert!(receipts[0].is_new);
}

pub(crate) async fn each_message_goes_to_its_own_lane(backend: &impl Backend) {
    let queue = backend.open().await;
    let messages = vec![
        (delivery("crm"), message("for crm")),
        (delivery("bi"), message("for bi")),
        (delivery("crm"), message("for crm too")),
    ];
    queue.publish_all(messages.clone()).await.expect("publishes");
    queue.publish_all(messages).await.expect("publishes again, which changes nothing");
    let crm = queue.pull(&delivery("crm"), 100, Duration::ZERO).await.expect("pulls");
    assert_eq!(bodies(&crm), ["for crm", "for crm too"]);
    assert!(crm.iter().all(|lease| lease.lane == delivery("crm")));
    let bi = queue.pull(&delivery("bi"), 100, Duration::ZERO).await.expect("pulls");
    assert_eq!(bodies(&bi), ["for bi"]);
}

pub(crate) async fn what_was_published_outlasts_a_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("a"), &message("b")]).await;
    queue.publish(&delivery("crm"), vec![message("c")]).await.expect("publishes");
    drop(queue);
    let queue = backend.open().await;
    assert_eq!(bodies(&pull(&queue).await), ["a", "b"]);
    assert_eq!(bodies(&queue.pull(&delivery("crm"), 100, Duration::ZERO).await.expect("pulls")), ["c"]);
}

pub(crate) async fn what_was_settled_is_known_after_a_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("once");
    publish(&queue, &[&message]).await;
    queue.ack(pull(&queue).await).await.expect("settles");
    drop(queue);
    let queue = backend.open().await;
    assert_eq!(publish(&queue, &[&message]).await, [false]);
    assert!(pull(&queue).await.is_empty());
}
