use super::{super::Whereabouts, *};

/// Publishes messages and parks them, each with its body for a reason.
async fn park_all(queue: &impl Queue, messages: &[&Message]) {
    publish(queue, messages).await;
    for lease in pull(queue).await {
        let reason = bodies(std::slice::from_ref(&lease))[0].to_owned();
        queue.park(lease, reason).await.expect("parks");
    }
}

async fn reasons(queue: &impl Queue, after: Option<(Uuid, u32)>, max: usize) -> Vec<String> {
    let parked = queue.parked(&Lane::Intake, after, max).await.expect("lists");
    parked.into_iter().map(|parked| parked.reason).collect()
}

pub(crate) async fn a_parked_message_is_listed_and_not_pulled(backend: &impl Backend) {
    let queue = backend.open_with_lease(Duration::from_millis(50)).await;
    let message = message("not for this chain");
    park_all(&queue, &[&message]).await;
    let parked = queue.parked(&Lane::Intake, None, 10).await.expect("lists").remove(0);
    assert_eq!((parked.id, parked.revision, parked.body), (message.id, 1, message.body));
    assert_eq!(parked.reason, "not for this chain");
    assert!(queue.pull(&Lane::Intake, 1, Duration::from_millis(100)).await.expect("pulls").is_empty());
    assert!(queue.parked(&delivery("crm"), None, 10).await.expect("lists").is_empty());
}

pub(crate) async fn parked_messages_outlast_a_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    park_all(&queue, &[&message("a")]).await;
    drop(queue);
    let queue = backend.open().await;
    assert_eq!(reasons(&queue, None, 10).await, ["a"]);
    assert!(pull(&queue).await.is_empty());
}

pub(crate) async fn parked_messages_are_listed_in_pages(backend: &impl Backend) {
    let queue = backend.open().await;
    let messages = ["a", "b", "c"].map(message);
    park_all(&queue, &messages.each_ref()).await;
    assert_eq!(reasons(&queue, None, 2).await, ["a", "b"]);
    assert_eq!(reasons(&queue, Some((messages[1].id, 1)), 2).await, ["c"]);
    assert!(queue.unpark(&Lane::Intake, messages[1].id).await.expect("takes back"));
    assert_eq!(reasons(&queue, Some((messages[1].id, 1)), 2).await, ["c"], "also when the last of a page is gone");
}

pub(crate) async fn a_message_that_is_taken_back_is_as_new(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("a");
    publish(&queue, &[&message]).await;
    queue.retry(pull_one(&queue).await, Duration::ZERO).await.expect("puts back");
    queue.park(pull_one(&queue).await, "no".into()).await.expect("parks");
    assert!(queue.unpark(&Lane::Intake, message.id).await.expect("takes back"));
    let lease = pull_one(&queue).await;
    assert_eq!((lease.id, lease.tries, lease.body), (message.id, 0, message.body));
    assert!(reasons(&queue, None, 10).await.is_empty());
    drop(queue);
    assert_eq!(pull_one(&backend.open().await).await.tries, 0);
}

pub(crate) async fn what_is_not_parked_cannot_be_taken_back(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("a");
    assert!(!queue.unpark(&Lane::Intake, message.id).await.expect("looks"));
    publish(&queue, &[&message]).await;
    assert!(!queue.unpark(&Lane::Intake, message.id).await.expect("looks"));
    queue.park(pull_one(&queue).await, "no".into()).await.expect("parks");
    assert!(!queue.unpark(&delivery("crm"), message.id).await.expect("looks"));
}

pub(crate) async fn a_message_is_found_where_it_is(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("a");
    let find = async || queue.find(&Lane::Intake, message.id).await.expect("looks");
    assert_eq!(find().await, None);
    publish(&queue, &[&message]).await;
    let waiting = Some(Whereabouts::Waiting { revision: 1, body: message.body.clone() });
    assert_eq!(find().await, waiting);
    let lease = pull_one(&queue).await;
    assert_eq!(find().await, waiting);
    queue.park(lease, "no".into()).await.expect("parks");
    let parked = Whereabouts::Parked { revision: 1, body: message.body.clone(), reason: "no".into() };
    assert_eq!(find().await, Some(parked));
    queue.unpark(&Lane::Intake, message.id).await.expect("takes back");
    queue.ack(pull(&queue).await).await.expect("settles");
    assert_eq!(find().await, None);
}

pub(crate) async fn the_newest_revision_is_found(backend: &impl Backend) {
    let queue = backend.open().await;
    let first = identified("shop/1", "good");
    publish(&queue, &[&first, &identified("shop/1", "bad")]).await;
    let found = queue.find(&Lane::Intake, first.id).await.expect("looks");
    assert_eq!(found, Some(Whereabouts::Waiting { revision: 2, body: "bad".into() }));
}

pub(crate) async fn depths_tell_what_waits_and_what_is_parked(backend: &impl Backend) {
    let queue = backend.open().await;
    assert!(queue.depths().is_empty());
    park_all(&queue, &[&message("parked")]).await;
    publish(&queue, &[&message("a"), &message("b"), &message("c")]).await;
    let mut leases = pull(&queue).await;
    queue.ack(vec![leases.remove(0)]).await.expect("settles");
    queue.retry(leases.remove(0), PATIENCE).await.expect("puts back");
    let depths = queue.depths();
    assert_eq!(depths.len(), 1);
    assert_eq!((&depths[0].0, depths[0].1.waiting, depths[0].1.parked), (&Lane::Intake, 2, 1));
    assert!(depths[0].1.oldest.is_some_and(|age| age < PATIENCE));
    queue.ack(leases).await.expect("settles");
    assert_eq!(queue.depths()[0].1.waiting, 1);
}

pub(crate) async fn depths_are_the_same_after_a_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    park_all(&queue, &[&message("parked")]).await;
    publish(&queue, &[&message("a"), &message("b")]).await;
    queue.ack(queue.pull(&Lane::Intake, 1, Duration::ZERO).await.expect("pulls")).await.expect("settles");
    queue.publish(&delivery("crm"), vec![message("c")]).await.expect("publishes");
    drop(queue);
    let depths = backend.open().await.depths();
    let counts: Vec<_> = depths.iter().map(|(lane, depth)| (lane.to_string(), depth.waiting, depth.parked)).collect();
    assert_eq!(counts, [("intake".to_owned(), 1, 1), ("delivery/crm".to_owned(), 1, 0)]);
}
