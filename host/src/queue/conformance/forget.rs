use std::sync::Arc;

use super::{super::Fits, *};

/// Whether a body begins with this.
fn begins(with: &'static str) -> Fits {
    Arc::new(move |body| body.starts_with(with.as_bytes()))
}

fn of_era_2(body: &'static str) -> Message {
    Message { era: 2, ..message(body) }
}

async fn search(queue: &impl Queue, before_era: i64) -> Vec<(Uuid, u32)> {
    let mut found = queue.search(&Lane::Intake, before_era, begins("c1")).await.expect("looks");
    found.sort_unstable();
    found
}

pub(crate) async fn messages_are_found_by_their_bodies_wherever_they_are(backend: &impl Backend) {
    let queue = backend.open().await;
    let [parked, leased, settled] = ["c1 parked", "c1 leased", "c1 settled"].map(of_era_2);
    let (waiting, other) = (of_era_2("c1 waits"), of_era_2("c2 waits"));
    assert!(search(&queue, 3).await.is_empty());
    publish(&queue, &[&parked, &leased, &settled]).await;
    let mut leases = pull(&queue).await;
    queue.park(leases.remove(0), "why".into()).await.expect("parks");
    queue.ack(vec![leases.remove(1)]).await.expect("settles");
    publish(&queue, &[&waiting, &other]).await;
    queue.publish(&delivery("crm"), vec![message("c1 elsewhere")]).await.expect("publishes");
    // The settlement is durable once something after it is.
    queue.find(&Lane::Intake, settled.id).await.expect("looks");
    let mut expected = [&parked, &leased, &waiting].map(|message| (message.id, 1));
    expected.sort_unstable();
    assert_eq!(search(&queue, 3).await, expected);
    assert!(search(&queue, 2).await.is_empty(), "they were accepted later");
}

pub(crate) async fn one_revision_is_forgotten_without_the_others(backend: &impl Backend) {
    let queue = backend.open().await;
    let first = identified("shop/1", "good");
    publish(&queue, &[&first, &identified("shop/1", "bad")]).await;
    queue.forget(&[(first.id, Some(1))]).await.expect("forgets");
    assert_eq!(bodies(&pull(&queue).await), ["bad"]);
    assert_eq!(publish(&queue, &[&identified("shop/1", "bad")]).await, [false], "the name is that of the other one");
    queue.forget(&[(first.id, Some(2))]).await.expect("forgets");
    let anew = identified("shop/1", "bad");
    publish(&queue, &[&anew]).await;
    assert_eq!(pull_one(&queue).await.id, anew.id, "the name went with its newest revision");
}

pub(crate) async fn what_is_discarded_neither_waits_nor_is_with_a_worker(backend: &impl Backend) {
    let queue = backend.open().await;
    let [waiting, leased, parked] = ["waiting", "leased", "parked"].map(message);
    let unknown = message("unknown");
    publish(&queue, &[&leased, &parked]).await;
    let mut leases = pull(&queue).await;
    queue.park(leases.remove(1), "why".into()).await.expect("parks");
    publish(&queue, &[&waiting]).await;
    let all = [&waiting, &leased, &parked, &unknown].map(|message| (message.id, None));
    let gone = queue.discard(&Lane::Intake, &all).await.expect("works");
    assert_eq!(gone, [(parked.id, None), (unknown.id, None)]);
    assert!(queue.parked(&Lane::Intake, None, 10).await.expect("lists").is_empty());
    assert_eq!((queue.depths()[0].1.waiting, queue.depths()[0].1.parked), (2, 0));
    assert_eq!(bodies(&pull(&queue).await), ["waiting"]);
    drop(queue);
    assert_eq!(bodies(&pull(&backend.open().await).await), ["leased", "waiting"]);
}
