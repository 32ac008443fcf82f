//! What is this queue's own.

use std::sync::mpsc;

use futures_util::{FutureExt, future::join_all};
use tokio::sync::oneshot;

use super::*;
use crate::queue::conformance::{bodies, message, publish, pull};
use crate::queue::{Again, Replayed};
use crate::sqlite::Haste;

fn clock() -> Arc<AtomicI64> {
    Arc::new(AtomicI64::new(1_700_000_000_000_000_000))
}

#[tokio::test]
async fn an_acknowledgement_counts_although_its_lease_has_run_out() {
    let (folder, now) = (Folder::new(), clock());
    let queue = folder.queue_at(&now);
    publish(&queue, &[&message("a")]).await;
    let late = pull(&queue).await;
    advance(&now, LEASE);
    assert_eq!(pull(&queue).await.len(), 1, "another worker has it");
    queue.ack(late).await.expect("settles");
    advance(&now, LEASE);
    assert!(pull(&queue).await.is_empty());
    assert_eq!(queue.depths()[0].1.waiting, 0);
}

#[tokio::test]
async fn a_lease_that_has_run_out_can_neither_put_back_nor_park() {
    let (folder, now) = (Folder::new(), clock());
    let queue = folder.queue_at(&now);
    publish(&queue, &[&message("a")]).await;
    let late = pull(&queue).await.remove(0);
    advance(&now, LEASE);
    let current = pull(&queue).await.remove(0);
    queue.retry(late.clone(), Duration::ZERO).await.expect("is passed over");
    queue.park(late, "too late".into()).await.expect("is passed over");
    assert!(pull(&queue).await.is_empty(), "the other worker still has it");
    queue.retry(current, Duration::ZERO).await.expect("puts back");
    assert_eq!(pull(&queue).await[0].tries, 1);
}

/// Has the writer stand still once it comes to this; returns what says that it does, and what lets it go on.
fn hold_writer(queue: &SqliteQueue) -> (oneshot::Receiver<()>, mpsc::Sender<()>) {
    let (stands, reached) = oneshot::channel();
    let (go_on, waits) = mpsc::channel();
    let mut stands = Some(stands);
    let hold = move |_: &rusqlite::Connection| {
        stands.take().into_iter().for_each(|stands| stands.send(()).expect("the test waits"));
        waits.recv().expect("the test goes on");
        Ok(())
    };
    queue.store.submit(Haste::Later, hold, |_, _| {});
    (reached, go_on)
}

#[tokio::test]
async fn what_is_acknowledged_while_it_is_replayed_is_not_said_to_wait() {
    let folder = Folder::new();
    let queue = folder.queue_at(&clock());
    let message = message("a");
    publish(&queue, &[&message]).await;
    let leases = pull(&queue).await;
    let again =
        Again { id: message.id, revision: 1, series: None, body: None, published_at: jiff::Timestamp::UNIX_EPOCH };
    let (stands, go_on) = hold_writer(&queue);
    stands.await.expect("it stands still");
    let mut replay = Box::pin(queue.replay(&Lane::Intake, vec![again.clone()]));
    assert!(replay.as_mut().now_or_never().is_none(), "it waits for the writer");
    let (has_looked, finish) = hold_writer(&queue);
    go_on.send(()).expect("it stands still");
    has_looked.await.expect("the replay has looked at the table");
    queue.ack(leases).await.expect("settles");
    finish.send(()).expect("it stands still");
    assert_eq!(replay.await.expect("looks"), [Replayed::Leased], "it is about to be settled");
    assert_eq!(
        queue.replay(&Lane::Intake, vec![again]).await.expect("looks"),
        [Replayed::Gone],
        "and has no body then"
    );
}

#[tokio::test]
async fn due_times_outlast_a_restart_to_the_moment() {
    let (folder, now) = (Folder::new(), clock());
    let queue = folder.queue_at(&now);
    publish(&queue, &[&message("a")]).await;
    queue.retry(pull(&queue).await.remove(0), Duration::from_secs(3_600)).await.expect("puts back");
    drop(queue);
    advance(&now, Duration::from_millis(3_599_999));
    let queue = folder.queue_at(&now);
    assert!(pull(&queue).await.is_empty());
    advance(&now, Duration::from_millis(1));
    assert_eq!(bodies(&pull(&queue).await), ["a"]);
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_put_back_waits_no_longer_than_it_was_to_wait() {
    let (folder, ahead) = (Folder::new(), clock());
    ahead.store(i64::MAX / 2, Ordering::SeqCst);
    let queue = folder.queue_at(&ahead);
    let (soon, later) = (message("soon"), message("later"));
    publish(&queue, &[&soon, &later]).await;
    let mut leases = pull(&queue).await;
    queue.retry(leases.pop().expect("two"), Duration::from_secs(3_600)).await.expect("puts back");
    queue.retry(leases.remove(0), Duration::from_millis(1)).await.expect("puts back");
    drop(queue);
    let queue = SqliteQueue::new(folder.store()).expect("loads");
    let due = queue.pull(&Lane::Intake, 9, Duration::from_secs(30)).await.expect("pulls");
    assert_eq!(bodies(&due), ["soon"]);
    // The table has it as the memory has.
    let again =
        Again { id: later.id, revision: 1, series: None, body: None, published_at: jiff::Timestamp::UNIX_EPOCH };
    assert_eq!(queue.replay(&Lane::Intake, vec![again]).await.expect("hastens"), [Replayed::Sooner]);
    assert_eq!(bodies(&pull(&queue).await), ["later"]);
}

#[tokio::test]
async fn the_oldest_message_tells_the_age() {
    let (folder, now) = (Folder::new(), clock());
    let queue = folder.queue_at(&now);
    publish(&queue, &[&message("a")]).await;
    advance(&now, Duration::from_secs(5));
    publish(&queue, &[&message("b")]).await;
    advance(&now, Duration::from_secs(1));
    assert_eq!(queue.depths()[0].1.oldest, Some(Duration::from_secs(6)));
    queue.ack(queue.pull(&Lane::Intake, 1, Duration::ZERO).await.expect("pulls")).await.expect("settles");
    assert_eq!(queue.depths()[0].1.oldest, Some(Duration::from_secs(1)));
}

#[tokio::test]
async fn a_pull_that_is_given_up_gives_back_what_it_claimed() {
    let folder = Folder::new();
    let queue = folder.queue_at(&clock());
    publish(&queue, &[&message("a")]).await;
    let mut given_up = Box::pin(queue.pull(&Lane::Intake, 1, Duration::ZERO));
    // The first poll claims the message and begins to read it.
    assert!((&mut given_up).now_or_never().is_none());
    drop(given_up);
    assert_eq!(bodies(&pull(&queue).await), ["a"]);
}

#[tokio::test]
async fn only_the_newest_settled_messages_are_kept() {
    let folder = Folder::new();
    let queue = SqliteQueue { settled_kept: 1_000, ..folder.queue_at(&clock()) };
    let stuck = message("stuck");
    publish(&queue, &[&stuck]).await;
    let stuck_lease = pull(&queue).await;
    let messages: Vec<_> = (0..4_000).map(|_| message("quick")).collect();
    for batch in messages.chunks(100) {
        publish(&queue, &batch.iter().collect::<Vec<_>>()).await;
        queue.ack(pull(&queue).await).await.expect("settles");
    }
    let is_new = publish(&queue, &[&messages[0], &messages[3_000], &messages[3_999], &stuck]).await;
    assert_eq!(is_new, [true, false, false, false], "what is not settled is known, however old");
    let kept = rows(&queue).await;
    assert!((1_000..=3_100).contains(&kept), "{kept}");
    queue.ack(stuck_lease).await.expect("settles");
    // What is published overtakes what is settled; another read does not. How many rows there are tells nothing, since
    // older ones may have been dropped meanwhile.
    rows(&queue).await;
    assert_eq!(publish(&queue, &[&stuck]).await, [true], "what is settled so late is not kept");
}

async fn rows(queue: &SqliteQueue) -> i64 {
    let count =
        |connection: &rusqlite::Connection| connection.query_row("SELECT count(*) FROM message", [], |row| row.get(0));
    queue.store.write(Haste::Later, count, |_, _| {}).await.expect("reads")
}

#[tokio::test]
async fn workers_share_a_lane_without_repeats_or_losses() {
    let folder = Folder::new();
    let queue = folder.queue_at(&clock());
    let messages: Vec<_> = (0..500).map(|_| message("once")).collect();
    let work = async || {
        let mut done = Vec::new();
        loop {
            let leases = queue.pull(&Lane::Intake, 7, Duration::ZERO).await.expect("pulls");
            if leases.is_empty() {
                return done;
            }
            done.extend(leases.iter().map(|lease| lease.id));
            queue.ack(leases).await.expect("settles");
        }
    };
    publish(&queue, &messages.iter().collect::<Vec<_>>()).await;
    let mut done: Vec<_> = join_all((0..8).map(|_| work())).await.concat();
    done.sort();
    let mut published: Vec<_> = messages.iter().map(|message| message.id).collect();
    published.sort();
    assert_eq!(done, published);
}

#[tokio::test]
async fn a_queue_whose_store_is_full_says_so_and_goes_on() {
    let folder = Folder::new();
    let queue = folder.queue_at(&clock());
    let pages = |pages: i64| {
        move |connection: &rusqlite::Connection| {
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        }
    };
    queue.store.write(Haste::Later, pages(50), |(), _| {}).await.expect("is set");
    let big = Message { body: vec![b'x'; 1 << 20].into(), ..message("") };
    let error = queue.publish(&Lane::Intake, vec![message("small"), big.clone()]).await.expect_err("does not fit");
    assert!(matches!(error, QueueError::Full(_)), "{error}");
    assert!(pull(&queue).await.is_empty(), "all of a call or none");
    publish(&queue, &[&message("fits")]).await;
    queue.ack(pull(&queue).await).await.expect("settles");
    queue.store.write(Haste::Later, pages(5_000), |(), _| {}).await.expect("is set");
    assert_eq!(publish(&queue, &[&big]).await, [true]);
}
