use super::{super::Receipt, *};

async fn publish_one(queue: &impl Queue, message: &Message) -> Receipt {
    queue.publish(&Lane::Intake, vec![message.clone()]).await.expect("publishes").remove(0)
}

pub(crate) async fn an_unknown_identity_keeps_the_id_of_its_message(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = identified("shop/1", "good");
    let receipt = publish_one(&queue, &message).await;
    assert_eq!(receipt, Receipt { id: message.id, revision: 1, is_new: true });
}

pub(crate) async fn a_known_identity_with_the_same_content_is_dropped(backend: &impl Backend) {
    let queue = backend.open().await;
    let first = identified("shop/1", "good");
    publish_one(&queue, &first).await;
    let again = publish_one(&queue, &identified("shop/1", "good")).await;
    assert_eq!(again, Receipt { id: first.id, revision: 1, is_new: false });
    assert_eq!(pull_one(&queue).await.id, first.id);
}

pub(crate) async fn a_known_identity_with_other_content_is_the_next_revision(backend: &impl Backend) {
    let queue = backend.open().await;
    let first = identified("shop/1", "good");
    publish_one(&queue, &first).await;
    let second = publish_one(&queue, &identified("shop/1", "bad")).await;
    assert_eq!(second, Receipt { id: first.id, revision: 2, is_new: true });
    let back = publish_one(&queue, &identified("shop/1", "good")).await;
    assert_eq!(back, Receipt { id: first.id, revision: 3, is_new: true });
    let leases = pull(&queue).await;
    assert_eq!(bodies(&leases), ["good", "bad", "good"]);
    assert!(leases.iter().zip(1..).all(|(lease, revision)| (lease.id, lease.revision) == (first.id, revision)));
}

pub(crate) async fn an_identity_is_known_within_one_call(backend: &impl Backend) {
    let queue = backend.open().await;
    let first = identified("shop/1", "good");
    let call = [&first, &identified("shop/1", "good"), &identified("shop/1", "bad"), &identified("shop/2", "good")];
    let receipts = queue.publish(&Lane::Intake, call.map(Clone::clone).to_vec()).await.expect("publishes");
    let expected = [(first.id, 1, true), (first.id, 1, false), (first.id, 2, true), (call[3].id, 1, true)];
    assert_eq!(receipts, expected.map(|(id, revision, is_new)| Receipt { id, revision, is_new }));
    assert_eq!(bodies(&pull(&queue).await), ["good", "bad", "good"]);
}

pub(crate) async fn an_identity_outlasts_settlement_and_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    let first = identified("shop/1", "good");
    publish_one(&queue, &first).await;
    queue.ack(pull(&queue).await).await.expect("settles");
    drop(queue);
    let queue = backend.open().await;
    let again = publish_one(&queue, &identified("shop/1", "good")).await;
    assert_eq!(again, Receipt { id: first.id, revision: 1, is_new: false });
    let changed = publish_one(&queue, &identified("shop/1", "bad")).await;
    assert_eq!(changed, Receipt { id: first.id, revision: 2, is_new: true });
}

pub(crate) async fn a_forgotten_identity_begins_anew(backend: &impl Backend) {
    let queue = backend.open().await;
    let (forgotten, kept) = (identified("shop/1", "good"), identified("shop/2", "good"));
    publish(&queue, &[&forgotten, &kept]).await;
    queue.ack(pull(&queue).await).await.expect("settles");
    queue.forget(&[(forgotten.id, None)]).await.expect("forgets");
    let anew = identified("shop/1", "good");
    assert_eq!(publish_one(&queue, &anew).await, Receipt { id: anew.id, revision: 1, is_new: true });
    assert!(!publish_one(&queue, &identified("shop/2", "good")).await.is_new);
}

pub(crate) async fn forgotten_messages_are_gone(backend: &impl Backend) {
    let queue = backend.open().await;
    let (waiting, parked, kept) = (message("waiting"), message("parked"), message("kept"));
    publish(&queue, &[&parked]).await;
    queue.park(pull_one(&queue).await, "no".into()).await.expect("parks");
    publish(&queue, &[&waiting, &kept]).await;
    queue.forget(&[(waiting.id, None), (parked.id, None)]).await.expect("forgets");
    assert_eq!(bodies(&pull(&queue).await), ["kept"]);
    assert!(queue.parked(&Lane::Intake, None, 10).await.expect("lists").is_empty());
    assert_eq!(queue.find(&Lane::Intake, waiting.id).await.expect("looks"), None);
    drop(queue);
    let queue = backend.open().await;
    assert_eq!(bodies(&pull(&queue).await), ["kept"], "and they stay gone");
}

pub(crate) async fn a_name_that_has_expired_means_another_message(backend: &impl Backend) {
    let queue = backend.open().await;
    let expiring = |body, expires| {
        let mut message = identified("a", body);
        message.identity.as_mut().expect("has one").expires = Some(expires);
        message
    };
    let first = expiring("one", Duration::from_secs(3_600));
    assert_eq!(publish(&queue, &[&first]).await, [true]);
    assert_eq!(publish(&queue, &[&expiring("one", Duration::from_secs(3_600))]).await, [false], "it is known");
    let second = expiring("two", Duration::ZERO);
    let receipt = queue.publish(&Lane::Intake, vec![second.clone()]).await.expect("publishes").remove(0);
    assert_eq!((receipt.id, receipt.revision, receipt.is_new), (second.id, 1, true));
    assert_eq!(bodies(&pull(&queue).await), ["one", "two"]);
}
