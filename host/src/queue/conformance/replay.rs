use jiff::Timestamp;

use super::{
    super::{Again, Replayed, Whereabouts},
    *,
};

/// The message, to be worked on again, of which the caller knows all.
fn again(message: &Message) -> Again {
    Again {
        id: message.id,
        revision: message.revision,
        series: message.series,
        body: Some(message.body.clone()),
        published_at: Timestamp::UNIX_EPOCH,
    }
}

async fn replay(queue: &impl Queue, message: &Message) -> Replayed {
    let replayed = queue.replay(&Lane::Intake, vec![again(message)]).await.expect("replays");
    assert_eq!(replayed.len(), 1);
    replayed[0]
}

pub(crate) async fn what_was_parked_or_settled_is_worked_on_again_and_again(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = Message { era: 3, ..message("a") };
    publish(&queue, &[&message]).await;
    let first = pull_one(&queue).await;
    assert!(first.is_first);
    let published_at = first.published_at;
    queue.retry(first, Duration::ZERO).await.expect("puts back");
    queue.park(pull_one(&queue).await, "no".into()).await.expect("parks");
    for _ in 0..3 {
        assert_eq!(replay(&queue, &message).await, Replayed::Anew);
        let lease = pull_one(&queue).await;
        assert_eq!((lease.id, lease.revision, lease.era, &lease.body), (message.id, 1, 3, &message.body));
        assert_eq!((lease.tries, lease.is_first, lease.published_at), (0, false, published_at));
        queue.ack(vec![lease]).await.expect("settles");
        assert!(pull(&queue).await.is_empty());
    }
    let depth = queue.depths()[0].1;
    assert_eq!((depth.waiting, depth.parked), (0, 0));
}

pub(crate) async fn what_the_lane_has_forgotten_is_worked_on_if_its_body_is_given(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("a");
    let without_body = Again { body: None, ..again(&message) };
    assert_eq!(queue.replay(&Lane::Intake, vec![without_body.clone()]).await.expect("looks"), [Replayed::Gone]);
    assert_eq!(replay(&queue, &message).await, Replayed::Anew);
    let lease = pull_one(&queue).await;
    assert_eq!((lease.id, lease.published_at, &lease.body), (message.id, Timestamp::UNIX_EPOCH, &message.body));
    queue.park(lease, "no".into()).await.expect("parks");
    assert_eq!(queue.replay(&Lane::Intake, vec![without_body]).await.expect("replays"), [Replayed::Anew]);
    assert_eq!(bodies(&[pull_one(&queue).await]), ["a"], "the lane has the body of what is parked");
}

pub(crate) async fn a_replay_of_what_waits_makes_it_due_and_changes_nothing_else(backend: &impl Backend) {
    let queue = backend.open().await;
    let message = message("a");
    publish(&queue, &[&message]).await;
    assert_eq!(replay(&queue, &message).await, Replayed::Waits);
    let lease = pull_one(&queue).await;
    assert!(lease.is_first);
    assert_eq!(replay(&queue, &message).await, Replayed::Leased);
    queue.retry(lease, PATIENCE * 100).await.expect("puts back");
    assert!(pull(&queue).await.is_empty());
    assert_eq!(queue.due_again(&Lane::Intake, 10), 0);
    assert_eq!(replay(&queue, &message).await, Replayed::Sooner);
    assert_eq!(replay(&queue, &message).await, Replayed::Waits);
    assert_eq!(queue.due_again(&Lane::Intake, 10), 1);
    let lease = pull_one(&queue).await;
    assert_eq!((lease.tries, queue.due_again(&Lane::Intake, 10)), (1, 0));
    queue.ack(vec![lease]).await.expect("settles");
    assert!(pull(&queue).await.is_empty(), "once");
}

pub(crate) async fn what_is_replayed_outlasts_a_restart(backend: &impl Backend) {
    let queue = backend.open().await;
    let (parked, later) = (message("parked"), message("later"));
    publish(&queue, &[&parked, &later]).await;
    let mut leases = pull(&queue).await;
    queue.retry(leases.remove(1), PATIENCE * 100).await.expect("puts back");
    queue.park(leases.remove(0), "no".into()).await.expect("parks");
    assert_eq!(replay(&queue, &parked).await, Replayed::Anew);
    assert_eq!(replay(&queue, &later).await, Replayed::Sooner);
    drop(queue);
    let queue = backend.open().await;
    assert_eq!(queue.due_again(&Lane::Intake, 1), 1, "counted up to the most asked for");
    assert_eq!(queue.due_again(&Lane::Intake, 10), 2);
    let mut leases = pull(&queue).await;
    leases.sort_by_key(|lease| lease.tries);
    assert_eq!(bodies(&leases), ["parked", "later"]);
    assert!(leases.iter().all(|lease| !lease.is_first));
    assert_eq!(queue.find(&Lane::Intake, parked.id).await.expect("looks"), Some(waiting("parked")));
}

fn waiting(body: &'static str) -> Whereabouts {
    Whereabouts::Waiting { revision: 1, body: Bytes::from_static(body.as_bytes()) }
}

pub(crate) async fn what_is_replayed_does_not_starve_first_tries(backend: &impl Backend) {
    let queue = backend.open().await;
    let old: Vec<_> = (0..50).map(|_| message("old")).collect();
    let replayed = queue.replay(&Lane::Intake, old.iter().map(again).collect()).await.expect("replays");
    assert!(replayed.iter().all(|one| *one == Replayed::Anew) && replayed.len() == 50);
    publish(&queue, &[&message("new"), &message("new")]).await;
    let leases = queue.pull(&Lane::Intake, 4, Duration::ZERO).await.expect("pulls");
    assert_eq!(bodies(&leases).iter().filter(|body| **body == "new").count(), 2);
    let none = queue.pull_sparing(&Lane::Intake, 4, 0, Duration::ZERO).await.expect("pulls");
    assert!(none.is_empty(), "a worker that keeps its slots for first tries gets none of them");
}

pub(crate) async fn what_is_replayed_goes_behind_in_its_series(backend: &impl Backend) {
    let queue = backend.open().await;
    let of = |body| Message { series: Some(1), ..message(body) };
    let (first, second) = (of("first"), of("second"));
    publish(&queue, &[&first, &second]).await;
    queue.park(pull_one(&queue).await, "no".into()).await.expect("parks");
    let held = pull_one(&queue).await;
    // The caller does not know the series; the lane does.
    let unknown = Again { series: None, ..again(&first) };
    assert_eq!(queue.replay(&Lane::Intake, vec![unknown]).await.expect("replays"), [Replayed::Anew]);
    assert!(pull(&queue).await.is_empty(), "it waits for what is under way");
    queue.ack(vec![held]).await.expect("settles");
    assert_eq!(bodies(&[pull_one(&queue).await]), ["first"]);
}
