use super::*;

fn of(series: i64, body: &'static str) -> Message {
    Message { series: Some(series), ..message(body) }
}

/// Publishes two messages of series 1, one of series 2 and one of none.
async fn publish_some(queue: &impl Queue) {
    publish(queue, &[&of(1, "first"), &of(1, "second"), &of(2, "other"), &message("free")]).await;
}

pub(crate) async fn messages_of_a_series_come_one_after_the_other(backend: &impl Backend) {
    let queue = backend.open().await;
    publish_some(&queue).await;
    let mut leases = pull(&queue).await;
    assert_eq!(bodies(&leases), ["first", "other", "free"]);
    assert!(pull(&queue).await.is_empty(), "the second waits for the first");
    let first = leases.remove(0);
    let (next, ()) = tokio::join!(pull_one(&queue), async { queue.ack(vec![first]).await.expect("is settled") });
    assert_eq!(bodies(&[next]), ["second"], "a worker that waits is woken");
}

pub(crate) async fn a_series_waits_for_a_retry_and_no_other_does(backend: &impl Backend) {
    let queue = backend.open().await;
    publish_some(&queue).await;
    let mut leases = pull(&queue).await;
    let first = leases.remove(0);
    queue.ack(leases).await.expect("are settled");
    queue.retry(first, Duration::from_millis(200)).await.expect("is put back");
    publish(&queue, &[&message("late")]).await;
    assert_eq!(bodies(&pull(&queue).await), ["late"]);
    let first = pull_one(&queue).await;
    assert_eq!((bodies(std::slice::from_ref(&first)), first.tries), (vec!["first"], 1));
    queue.ack(vec![first]).await.expect("is settled");
    assert_eq!(bodies(&[pull_one(&queue).await]), ["second"]);
}

pub(crate) async fn a_parked_message_lets_its_series_go_on(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&of(1, "first"), &of(1, "second")]).await;
    let first = pull_one(&queue).await;
    let id = first.id;
    queue.park(first, "gone".into()).await.expect("is parked");
    let second = pull_one(&queue).await;
    assert!(queue.unpark(&Lane::Intake, id).await.expect("works"));
    assert!(pull(&queue).await.is_empty(), "one that was taken back goes behind");
    queue.ack(vec![second]).await.expect("is settled");
    assert_eq!(bodies(&[pull_one(&queue).await]), ["first"]);
}

pub(crate) async fn a_series_keeps_its_order_over_a_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&of(1, "first"), &of(1, "second"), &of(1, "third")]).await;
    let first = pull_one(&queue).await;
    queue.retry(first, Duration::from_millis(100)).await.expect("is put back");
    drop(queue);
    let queue = backend.open().await;
    for body in ["first", "second", "third"] {
        let lease = pull_one(&queue).await;
        assert_eq!(bodies(std::slice::from_ref(&lease)), [body]);
        queue.ack(vec![lease]).await.expect("is settled");
    }
}

pub(crate) async fn a_forgotten_message_lets_its_series_go_on(backend: &impl Backend) {
    let queue = backend.open().await;
    let first = of(1, "first");
    publish(&queue, &[&first, &of(1, "second")]).await;
    queue.forget(&[(first.id, None)]).await.expect("is forgotten");
    assert_eq!(bodies(&[pull_one(&queue).await]), ["second"]);
}
