use futures_util::FutureExt;
use tokio::time::Instant;

use super::*;

const SOON: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(3_600);

pub(crate) async fn a_leased_message_is_with_one_worker(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("a"), &message("b")]).await;
    let first = queue.pull(&Lane::Intake, 1, Duration::ZERO).await.expect("pulls");
    let second = pull(&queue).await;
    assert_eq!((bodies(&first), bodies(&second)), (vec!["a"], vec!["b"]));
    assert!(pull(&queue).await.is_empty());
}

pub(crate) async fn an_acknowledged_message_does_not_come_back(backend: &impl Backend) {
    let queue = backend.open_with_lease(SOON).await;
    publish(&queue, &[&message("a"), &message("b")]).await;
    let mut leases = pull(&queue).await;
    let kept = leases.pop().expect("two leases");
    queue.ack(leases).await.expect("settles");
    // The other one runs out, and with it would have the first.
    assert_eq!(pull_one(&queue).await.id, kept.id);
    drop(queue);
    assert_eq!(pull_one(&backend.open().await).await.id, kept.id);
}

pub(crate) async fn a_lease_that_is_not_settled_in_time_comes_back(backend: &impl Backend) {
    let queue = backend.open_with_lease(SOON).await;
    publish(&queue, &[&message("a")]).await;
    let first = pull_one(&queue).await;
    let leased = Instant::now();
    let second = pull_one(&queue).await;
    assert!(leased.elapsed() >= SOON / 2, "not before the time is over");
    assert_eq!((first.id, first.revision), (second.id, second.revision));
    queue.ack(vec![second]).await.expect("settles");
    assert!(queue.pull(&Lane::Intake, 1, SOON * 2).await.expect("pulls").is_empty(), "and only until it is settled");
}

pub(crate) async fn a_lease_that_is_extended_comes_back_later(backend: &impl Backend) {
    let queue = backend.open_with_lease(SOON * 4).await;
    publish(&queue, &[&message("a")]).await;
    let first = pull_one(&queue).await;
    assert!(queue.pull(&Lane::Intake, 1, SOON * 2).await.expect("pulls").is_empty());
    queue.extend(std::slice::from_ref(&first)).await.expect("extends");
    let extended = Instant::now();
    let second = pull_one(&queue).await;
    assert!(extended.elapsed() >= SOON * 3, "the time began anew, and it came after {:?}", extended.elapsed());
    assert_eq!(first.id, second.id);
    queue.ack(vec![second]).await.expect("settles");
    assert!(queue.pull(&Lane::Intake, 1, SOON * 5).await.expect("pulls").is_empty());
}

pub(crate) async fn a_lease_that_has_run_out_cannot_be_extended(backend: &impl Backend) {
    let queue = backend.open_with_lease(SOON).await;
    publish(&queue, &[&message("a")]).await;
    let first = pull_one(&queue).await;
    let second = pull_one(&queue).await;
    queue.extend(std::slice::from_ref(&first)).await.expect("is harmless");
    queue.ack(vec![second]).await.expect("settles");
    queue.extend(std::slice::from_ref(&first)).await.expect("is harmless");
    assert!(queue.pull(&Lane::Intake, 1, SOON * 2).await.expect("pulls").is_empty(), "it is done with");
}

pub(crate) async fn what_is_released_comes_again_as_if_it_had_not_been_pulled(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("a"), &message("b"), &message("c"), &message("d")]).await;
    let first = queue.pull(&Lane::Intake, 1, Duration::ZERO).await.expect("pulls");
    let others = queue.pull(&Lane::Intake, 2, Duration::ZERO).await.expect("pulls");
    queue.release(others).await.expect("releases");
    // A worker that wants no retries gets them, before what came later.
    let again = queue.pull_sparing(&Lane::Intake, 4, 0, Duration::ZERO).await.expect("pulls");
    assert_eq!(bodies(&again), ["b", "c", "d"]);
    assert!(again.iter().all(|lease| lease.tries == 0));
    queue.ack([first, again].concat()).await.expect("settles");
    assert!(queue.pull(&Lane::Intake, 1, SOON).await.expect("pulls").is_empty());
}

pub(crate) async fn a_lease_that_has_run_out_cannot_be_released(backend: &impl Backend) {
    let queue = backend.open_with_lease(SOON).await;
    publish(&queue, &[&message("a")]).await;
    let first = pull_one(&queue).await;
    let second = pull_one(&queue).await;
    queue.release(vec![first]).await.expect("is harmless");
    assert!(queue.pull(&Lane::Intake, 1, Duration::ZERO).await.expect("pulls").is_empty(), "another worker has it");
    queue.ack(vec![second]).await.expect("settles");
}

pub(crate) async fn what_was_not_settled_comes_back_after_a_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("a"), &message("b")]).await;
    let mut leases = pull(&queue).await;
    queue.ack(vec![leases.remove(0)]).await.expect("settles");
    drop(queue);
    let queue = backend.open().await;
    assert_eq!(bodies(&pull(&queue).await), ["b"]);
}

pub(crate) async fn a_message_that_was_put_back_comes_when_it_is_due(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("a")]).await;
    let first = pull_one(&queue).await;
    let put_back = Instant::now();
    queue.retry(first.clone(), SOON).await.expect("puts back");
    let second = pull_one(&queue).await;
    assert!(put_back.elapsed() >= SOON, "not before it is due");
    assert_eq!((second.id, second.tries, second.published_at), (first.id, 1, first.published_at));
    queue.retry(second, Duration::ZERO).await.expect("puts back");
    assert_eq!(pull_one(&queue).await.tries, 2);
}

pub(crate) async fn a_due_time_outlasts_a_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("soon"), &message("later")]).await;
    let mut leases = pull(&queue).await;
    queue.retry(leases.remove(0), SOON).await.expect("puts back");
    queue.retry(leases.remove(0), LATER).await.expect("puts back");
    drop(queue);
    let queue = backend.open().await;
    let lease = pull_one(&queue).await;
    assert_eq!((&lease.body[..], lease.tries), (&b"soon"[..], 1));
    assert!(pull(&queue).await.is_empty(), "the other one is not due");
    assert_eq!(queue.depths()[0].1.waiting, 2, "but it waits");
}

/// Publishes messages and puts them back, due at once; then publishes as many new ones.
async fn put_back_and_publish(queue: &impl Queue) {
    let messages: Vec<_> = (0..10).map(|_| message("retry")).collect();
    publish(queue, &messages.iter().collect::<Vec<_>>()).await;
    for lease in pull(queue).await {
        queue.retry(lease, Duration::ZERO).await.expect("puts back");
    }
    let messages: Vec<_> = (0..10).map(|_| message("first try")).collect();
    publish(queue, &messages.iter().collect::<Vec<_>>()).await;
}

pub(crate) async fn first_tries_are_not_starved_by_retries(backend: &impl Backend) {
    let queue = backend.open().await;
    put_back_and_publish(&queue).await;
    let leases = queue.pull(&Lane::Intake, 4, Duration::ZERO).await.expect("pulls");
    assert_eq!(leases.len(), 4);
    assert!(bodies(&leases).iter().filter(|body| **body == "first try").count() >= 2, "{:?}", bodies(&leases));
    let mut singles = Vec::new();
    for _ in 0..4 {
        singles.extend(queue.pull(&Lane::Intake, 1, Duration::ZERO).await.expect("pulls"));
    }
    assert!(bodies(&singles).contains(&"first try"), "not even one at a time");
}

pub(crate) async fn retries_are_not_starved_by_first_tries(backend: &impl Backend) {
    let queue = backend.open().await;
    put_back_and_publish(&queue).await;
    let leases = queue.pull(&Lane::Intake, 4, Duration::ZERO).await.expect("pulls");
    assert!(bodies(&leases).contains(&"retry"), "{:?}", bodies(&leases));
    let mut singles = Vec::new();
    for _ in 0..4 {
        singles.extend(queue.pull(&Lane::Intake, 1, Duration::ZERO).await.expect("pulls"));
    }
    assert!(bodies(&singles).contains(&"retry"), "not even one at a time");
    assert_eq!(pull(&queue).await.len(), 12, "and where one kind runs out, the other fills up");
}

pub(crate) async fn a_worker_gets_no_more_retries_than_it_asked_for(backend: &impl Backend) {
    let queue = backend.open().await;
    put_back_and_publish(&queue).await;
    let count = |leases: &[Lease]| bodies(leases).iter().filter(|body| **body == "retry").count();
    let leases = queue.pull_sparing(&Lane::Intake, 8, 1, Duration::ZERO).await.expect("pulls");
    assert_eq!((leases.len(), count(&leases)), (8, 1));
    let leases = queue.pull_sparing(&Lane::Intake, 8, 3, Duration::ZERO).await.expect("pulls");
    assert_eq!((leases.len(), count(&leases)), (6, 3), "though slots are left over");
}

pub(crate) async fn a_worker_that_wants_no_retries_waits_for_a_first_try(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("retry")]).await;
    queue.retry(pull_one(&queue).await, Duration::ZERO).await.expect("puts back");
    let (first, start) = (message("first try"), Instant::now());
    let call = [&first];
    let (leases, _) = tokio::join!(queue.pull_sparing(&Lane::Intake, 4, 0, PATIENCE), publish(&queue, &call));
    assert_eq!(bodies(&leases.expect("pulls")), ["first try"]);
    assert!(start.elapsed() < PATIENCE);
    assert!(queue.pull_sparing(&Lane::Intake, 4, 0, SOON).await.expect("pulls").is_empty());
    assert_eq!(bodies(&pull(&queue).await), ["retry"]);
}

pub(crate) async fn what_a_pull_that_was_given_up_had_claimed_is_still_a_first_try(backend: &impl Backend) {
    let queue = backend.open().await;
    let messages: Vec<_> = ["a", "b", "c"].map(message).into();
    publish(&queue, &messages.iter().collect::<Vec<_>>()).await;
    let mut given_up = Box::pin(queue.pull(&Lane::Intake, 3, Duration::ZERO));
    // Polled once, so that it has begun. On a busy machine it may be done by then.
    if let Some(leases) = (&mut given_up).now_or_never() {
        queue.release(leases.expect("pulls")).await.expect("releases");
    }
    drop(given_up);
    let leases = queue.pull_sparing(&Lane::Intake, 3, 0, PATIENCE).await.expect("pulls");
    assert_eq!(bodies(&leases), ["a", "b", "c"]);
}

pub(crate) async fn a_lane_that_is_stuck_holds_up_no_other(backend: &impl Backend) {
    let queue = backend.open().await;
    queue.publish(&delivery("stuck"), vec![message("a"), message("b")]).await.expect("publishes");
    queue.publish(&delivery("quick"), vec![message("c")]).await.expect("publishes");
    let stuck = queue.pull(&delivery("stuck"), 1, Duration::ZERO).await.expect("pulls");
    assert_eq!(stuck.len(), 1);
    let quick = queue.pull(&delivery("quick"), 10, Duration::ZERO).await.expect("pulls");
    assert_eq!(bodies(&quick), ["c"]);
}

pub(crate) async fn a_worker_that_waits_is_woken(backend: &impl Backend) {
    let queue = backend.open().await;
    let (first, second) = (message("first"), message("second"));
    let start = Instant::now();
    for message in [&first, &second] {
        let call = [message];
        let (lease, published) = tokio::join!(pull_one(&queue), publish(&queue, &call));
        assert_eq!((lease.id, published), (message.id, vec![true]));
    }
    assert!(start.elapsed() < PATIENCE, "by the message, and not by the end of its patience");
}

pub(crate) async fn a_worker_waits_no_longer_than_it_said(backend: &impl Backend) {
    let queue = backend.open().await;
    let start = Instant::now();
    assert!(queue.pull(&Lane::Intake, 1, SOON).await.expect("pulls").is_empty());
    assert!(start.elapsed() >= SOON && start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

pub(crate) async fn a_worker_gets_no_more_than_it_asked_for(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("a"), &message("b"), &message("c")]).await;
    assert_eq!(queue.pull(&Lane::Intake, 2, Duration::ZERO).await.expect("pulls").len(), 2);
}

pub(crate) async fn a_lease_counts_until_it_runs_out_or_the_message_is_settled_or_forgotten(backend: &impl Backend) {
    let queue = backend.open_with_lease(LATER).await;
    publish(&queue, &[&message("a"), &message("b"), &message("c")]).await;
    let leases = pull(&queue).await;
    for lease in &leases {
        let left = queue.remaining(lease).expect("it counts");
        assert!(left > LATER / 2 && left <= LATER, "{left:?}");
    }
    queue.ack(vec![leases[0].clone()]).await.expect("settles");
    queue.forget(&[(leases[1].id, None)]).await.expect("forgets");
    let counts: Vec<_> = leases.iter().map(|lease| queue.remaining(lease).is_some()).collect();
    assert_eq!(counts, [false, false, true]);
    drop(queue);
    let queue = backend.open_with_lease(SOON).await;
    let first = pull_one(&queue).await;
    let second = pull_one(&queue).await;
    assert_eq!((first.id, second.id), (leases[2].id, leases[2].id));
    assert!(queue.remaining(&first).is_none());
}

pub(crate) async fn what_waits_for_its_time_can_be_had_at_once(backend: &impl Backend) {
    let queue = backend.open().await;
    publish(&queue, &[&message("a"), &message("b")]).await;
    for lease in pull(&queue).await {
        queue.retry(lease, LATER).await.expect("puts back");
    }
    assert!(pull(&queue).await.is_empty());
    queue.hasten(&Lane::Intake);
    assert_eq!(pull(&queue).await.len(), 2);
    queue.hasten(&delivery("nobody"));
}
