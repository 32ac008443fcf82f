//! Forgetting on the embedded store: what is left in its files, and what becomes of what is cut off.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{
    Eraser, Keeper,
    sweep::{Removed, Sweep},
};
use crate::{
    config::{self, Data},
    delivery::owed_message,
    feedback::{Analysis, Customer, DeliveryId, Feedback, FeedbackId},
    queue::{Identity, Lane, Lease, Message, Queue, sqlite::SqliteQueue},
    records::{Analyzed, Attempt, Attempted, DeliveryStatus, Filter, Records, Subject, sqlite::SqliteRecords},
    sqlite::{Store, open_to_read},
};

/// Longest wait for what has to happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// A word that stands in everything of the customer who is erased.
const SECRET: &str = "xyzzyplugh";

/// A store in a folder, and what is in it.
struct World {
    queue: Arc<dyn Queue>,
    records: Arc<dyn Records>,
    folder: Arc<TempDir>,
}

impl World {
    fn new() -> Self {
        Self::open(Arc::new(tempfile::tempdir().expect("a folder")))
    }

    fn open(folder: Arc<TempDir>) -> Self {
        let store = Store::open(&folder.path().join("sayso.db")).expect("opens");
        let queue = Arc::new(SqliteQueue::new(store.clone()).expect("opens"));
        Self { queue, records: Arc::new(SqliteRecords::new(store).expect("opens")), folder }
    }

    /// As after a crash: nothing is folded or ended.
    fn reopen(self) -> Self {
        let folder = self.folder.clone();
        drop(self);
        Self::open(folder)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("sayso.db")
    }

    fn eraser(&self) -> Eraser {
        Eraser::new(self.queue.clone(), self.records.clone())
    }

    /// How often the word stands in the files, of letters of either case.
    fn traces(&self) -> usize {
        let files = std::fs::read_dir(self.folder.path()).expect("a folder");
        let all = files.map(|file| std::fs::read(file.expect("a file").path()).expect("reads").to_ascii_lowercase());
        all.map(|bytes| memchr::memmem::find_iter(&bytes, SECRET).count()).sum()
    }

    /// Has a review accepted, named by its sender.
    async fn accept(&self, feedback: &Feedback) -> Lease {
        let name = format!("feedback:shop\u{1f}{}-{}", feedback.text, feedback.id);
        let message = Message {
            id: feedback.id.0,
            revision: 1,
            identity: Some(Identity { key: name, digest: [7; 32], expires: None }),
            series: None,
            era: self.records.era(),
            body: Bytes::from(serde_json::to_vec(feedback).expect("is JSON")),
        };
        self.queue.publish(&Lane::Intake, vec![message]).await.expect("publishes");
        self.queue.pull(&Lane::Intake, 1, PATIENCE).await.expect("pulls").remove(0)
    }

    /// Puts a review through the chain.
    async fn analyze(&self, feedback: &Feedback, webhooks: &[&str]) {
        let lease = self.accept(feedback).await;
        let webhooks: Vec<Arc<str>> = webhooks.iter().map(|name| Arc::from(*name)).collect();
        let owed = webhooks.iter().map(|webhook| owed_message(feedback.id, 1, webhook, None)).collect();
        let analyzed = Analyzed { feedback: feedback.clone(), analysis: Analysis::default(), webhooks, era: lease.era };
        self.records.save(vec![analyzed]).await.expect("saves");
        self.queue.publish_all(owed).await.expect("publishes");
        self.queue.ack(vec![lease]).await.expect("settles");
    }

    /// Parks the delivery that is due in the lane, with an answer that quotes.
    async fn park_delivery(&self, webhook: &str) -> DeliveryId {
        let lane = Lane::Delivery(webhook.into());
        let lease = self.queue.pull(&lane, 1, PATIENCE).await.expect("pulls").remove(0);
        let attempt = Attempt {
            number: 1,
            at: Timestamp::now(),
            address: None,
            status: Some(422),
            latency_ms: 1,
            response: Some(format!("{SECRET} is not known here")),
            error: None,
        };
        let delivery = DeliveryId(lease.id);
        let status = DeliveryStatus::Parked;
        let attempted = Attempted { delivery, attempt, status, next_attempt_at: None };
        self.records.record(vec![attempted]).await.expect("records");
        self.queue.park(lease, "no".into()).await.expect("parks");
        delivery
    }

    async fn sweep(&self, data: &Data, now: Timestamp) -> Removed {
        let mut sweep = Sweep { queue: &*self.queue, records: &*self.records, now, removed: Removed::default() };
        sweep.run(data).await.expect("works");
        sweep.removed
    }
}

fn said_by(customer: &str, text: &str) -> Feedback {
    let feedback = json!({
        "id": FeedbackId::now(), "revision": 1, "received_at": Timestamp::now(), "kind": "review", "text": text,
        "customer": { "id": customer },
    });
    serde_json::from_value(feedback).expect("is feedback")
}

fn data(keep: &str) -> Data {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("sayso.toml");
    std::fs::write(&file, format!("[data]\n{keep}\n")).expect("written");
    config::load(Some(&file), []).expect("loads").data
}

fn in_hours(hours: i64) -> Timestamp {
    Timestamp::now() + jiff::SignedDuration::from_hours(hours)
}

#[tokio::test]
async fn a_customer_is_erased_wherever_the_feedback_is() {
    let world = World::new();
    let customer = format!("c-{SECRET}");
    let [analyzed, parked, leased, other] =
        ["analyzed", "parked", "leased", "other"].map(|text| said_by(&customer, &format!("{SECRET} {text}")));
    let other = Feedback { text: "good tea".into(), customer: said_by("c2", "").customer, ..other };
    world.analyze(&analyzed, &["crm"]).await;
    world.analyze(&other, &["crm"]).await;
    let delivery = world.park_delivery("crm").await;
    let lease = world.accept(&parked).await;
    world.queue.park(lease, format!("a plugin quotes {SECRET}")).await.expect("parks");
    let held = world.accept(&leased).await;
    assert!(world.traces() > 0);
    let erased = world.eraser().erase(&Subject::Customer(customer.clone())).await.expect("erases");
    assert_eq!((erased.feedback, erased.is_scrubbed), (3, true));
    assert_eq!(world.traces(), 0);
    assert!(world.records.delivery(delivery).await.expect("reads").is_none());
    assert!(world.queue.parked(&Lane::Delivery("crm".into()), None, 9).await.expect("lists").is_empty());
    // The worker that had it comes to an end, in every way that it may.
    let held_again = held.clone();
    let late = Analyzed {
        feedback: leased.clone(),
        analysis: Analysis::default(),
        webhooks: vec!["crm".into()],
        era: held.era,
    };
    assert_eq!(world.records.save(vec![late]).await.expect("works").erased.len(), 1);
    world.queue.park(held_again, format!("{SECRET} again")).await.expect("works");
    world.queue.ack(vec![held]).await.expect("works");
    assert!(world.queue.find(&Lane::Intake, leased.id.0).await.expect("looks").is_none());
    let left = world.records.list(&Filter::default(), None, 9).await.expect("lists").items;
    assert_eq!(left.iter().map(|(feedback, _)| feedback.id).collect::<Vec<_>>(), [other.id]);
    let world = world.reopen();
    assert_eq!(world.traces(), 0);
    assert!(world.queue.pull(&Lane::Intake, 9, Duration::ZERO).await.expect("pulls").is_empty());
}

#[tokio::test]
async fn a_clock_that_was_set_back_changes_nothing_of_what_an_erasure_covers() {
    let world = World::new();
    let [analyzed, waiting] = ["analyzed", "waiting"]
        .map(|text| Feedback { received_at: in_hours(5), ..said_by("c1", &format!("{SECRET} {text}")) });
    world.analyze(&analyzed, &[]).await;
    world.accept(&waiting).await;
    let erased = world.eraser().erase(&Subject::Customer("c1".into())).await.expect("erases");
    assert_eq!((erased.feedback, world.traces()), (2, 0));
    let afterwards = Feedback { received_at: in_hours(-5), ..said_by("c1", "said afterwards") };
    world.analyze(&afterwards, &[]).await;
    assert!(world.records.get(afterwards.id).await.expect("reads").is_some());
    let world = world.reopen();
    let again = Feedback { received_at: in_hours(-6), ..said_by("c1", "said after a restart") };
    world.analyze(&again, &[]).await;
    assert!(world.records.get(again.id).await.expect("reads").is_some());
}

#[tokio::test]
async fn one_feedback_is_erased_wherever_it_is_and_the_rest_of_the_customer_stays() {
    let world = World::new();
    let [analyzed, parked, leased, other] =
        ["analyzed", "parked", "leased", "other"].map(|text| said_by("c1", &format!("{SECRET} {text}")));
    let other = Feedback { text: "good tea".into(), ..other };
    world.analyze(&analyzed, &["crm"]).await;
    world.analyze(&other, &["crm"]).await;
    let lease = world.accept(&parked).await;
    world.queue.park(lease, format!("a plugin quotes {SECRET}")).await.expect("parks");
    let held = world.accept(&leased).await;
    for one in [&analyzed, &parked, &leased] {
        let erased = world.eraser().erase(&Subject::Feedback(one.id)).await.expect("erases");
        assert_eq!((erased.feedback, erased.is_scrubbed), (1, true), "{}", one.text);
    }
    assert_eq!(world.traces(), 0);
    let again = world.eraser().erase(&Subject::Feedback(leased.id)).await.expect("erases");
    assert_eq!(again.feedback, 0, "it is not there any more");
    let late = Analyzed {
        feedback: leased.clone(),
        analysis: Analysis::default(),
        webhooks: vec!["crm".into()],
        era: held.era,
    };
    assert_eq!(world.records.save(vec![late]).await.expect("works").erased.len(), 1, "what a worker had is not kept");
    world.queue.ack(vec![held]).await.expect("works");
    let left = world.records.list(&Filter::default(), None, 9).await.expect("lists").items;
    assert_eq!(left.iter().map(|(feedback, _)| feedback.id).collect::<Vec<_>>(), [other.id]);
    let due = world.queue.pull(&Lane::Delivery("crm".into()), 9, PATIENCE).await.expect("pulls");
    assert_eq!(due.len(), 1, "nothing but the other's is owed");
    assert_eq!(world.reopen().traces(), 0);
}

#[tokio::test]
async fn what_waits_of_a_customer_known_by_the_e_mail_address_alone_is_erased() {
    let world = World::new();
    let mail = format!("{SECRET}@example.org");
    let customer =
        |id: Option<&str>| Some(Customer { id: id.map(Into::into), email: Some(mail.clone()), ..Customer::default() });
    let waiting = Feedback { customer: customer(None), ..said_by("", "waits") };
    let identified = Feedback { customer: customer(Some("c1")), ..said_by("", "waits as well") };
    for feedback in [&waiting, &identified] {
        world.accept(feedback).await;
    }
    let erased = world.eraser().erase(&Subject::Customer(mail.clone())).await.expect("erases");
    assert_eq!(erased.feedback, 1);
    assert!(world.queue.find(&Lane::Intake, waiting.id.0).await.expect("looks").is_none());
    assert!(world.queue.find(&Lane::Intake, identified.id.0).await.expect("looks").is_some());
}

#[tokio::test]
async fn an_erasure_that_a_crash_cut_off_ends_after_the_start() {
    let world = World::new();
    let customer = format!("c-{SECRET}");
    for number in 0..5 {
        world.analyze(&said_by(&customer, &format!("{SECRET} {number}")), &["crm"]).await;
    }
    let waiting = said_by(&customer, SECRET);
    drop(world.accept(&waiting).await);
    let erasure = world.records.begin_erasure(&Subject::Customer(customer.clone())).await.expect("begins");
    let pieces = world.records.pieces_of(&erasure, 2).await.expect("reads");
    world.records.erase(&pieces).await.expect("erases");
    let world = world.reopen();
    assert!(world.traces() > 0, "there is something left to do");
    let stop = CancellationToken::new();
    let keeper = Keeper::new(world.queue.clone(), world.records.clone(), data(""));
    let keeper = tokio::spawn(keeper.run(stop.clone()));
    let until = tokio::time::Instant::now() + PATIENCE;
    // The names of the two whose rows went first would have gone before these.
    let names: Vec<_> = pieces.iter().map(|piece| (piece.id.0, None)).collect();
    world.queue.forget(&names).await.expect("forgets");
    while !world.records.erasures().await.expect("reads").is_empty() || world.traces() > 0 {
        assert!(tokio::time::Instant::now() < until, "{} traces are left", world.traces());
        tokio::task::yield_now().await;
    }
    stop.cancel();
    keeper.await.expect("ends");
    assert!(world.queue.find(&Lane::Intake, waiting.id.0).await.expect("looks").is_none());
}

#[tokio::test]
async fn while_another_program_reads_the_store_an_erasure_says_that_traces_are_left() {
    let world = World::new();
    world.analyze(&said_by("c1", SECRET), &[]).await;
    let reader = open_to_read(&world.path()).expect("opens");
    reader.execute_batch("BEGIN; SELECT count(*) FROM feedback;").expect("reads");
    let eraser = Eraser { patience: Duration::ZERO, ..world.eraser() };
    let erased = eraser.erase(&Subject::Customer("c1".into())).await.expect("erases");
    assert_eq!((erased.feedback, erased.is_scrubbed), (1, false));
    drop(reader);
    assert!(world.records.scrub(PATIENCE).await.expect("scrubs"));
}

#[tokio::test]
async fn traces_that_were_left_are_overwritten_soon_after_the_reader_has_gone() {
    let world = World::new();
    world.analyze(&said_by("c1", SECRET), &[]).await;
    let stop = CancellationToken::new();
    let keeper = Keeper::new(world.queue.clone(), world.records.clone(), data(""));
    let keeper = tokio::spawn(keeper.run(stop.clone()));
    let reader = open_to_read(&world.path()).expect("opens");
    reader.execute_batch("BEGIN; SELECT count(*) FROM feedback;").expect("reads");
    let eraser = Eraser { patience: Duration::ZERO, ..world.eraser() };
    let erased = eraser.erase(&Subject::Customer("c1".into())).await.expect("erases");
    assert!(!erased.is_scrubbed && world.traces() > 0);
    drop(reader);
    let until = tokio::time::Instant::now() + PATIENCE;
    while world.traces() > 0 {
        assert!(tokio::time::Instant::now() < until, "{} traces are left", world.traces());
        tokio::task::yield_now().await;
    }
    stop.cancel();
    keeper.await.expect("ends");
}

#[tokio::test]
async fn a_later_revision_that_waits_goes_neither_with_an_old_one_nor_with_another_customers() {
    let world = World::new();
    let later = async |first: &Feedback, customer: &str| {
        let mut later = said_by(customer, "a correction");
        (later.id, later.revision) = (first.id, 2);
        let body = Bytes::from(serde_json::to_vec(&later).expect("is JSON"));
        let message =
            Message { id: later.id.0, revision: 2, identity: None, series: None, era: world.records.era(), body };
        world.queue.publish(&Lane::Intake, vec![message]).await.expect("publishes");
        let lease = world.queue.pull(&Lane::Intake, 1, PATIENCE).await.expect("pulls").remove(0);
        world.queue.park(lease, "why".into()).await.expect("parks");
    };
    let is_parked = async |id: FeedbackId| {
        let parked = world.queue.parked(&Lane::Intake, None, 9).await.expect("lists");
        parked.iter().any(|parked| (parked.id, parked.revision) == (id.0, 2))
    };
    let [old, theirs] = ["old", "theirs"].map(|text| said_by("alice", text));
    for (feedback, customer) in [(&old, "alice"), (&theirs, "bob")] {
        world.analyze(feedback, &[]).await;
        later(feedback, customer).await;
    }
    let sweep = world.records.expired_feedback(in_hours(1), None).await.expect("reads").items;
    assert_eq!(sweep.len(), 2);
    super::eraser::forget(&*world.queue, &*world.records, &sweep[..1]).await.expect("removes");
    assert!(world.records.get(old.id).await.expect("reads").is_none() && is_parked(old.id).await);
    let erased = world.eraser().erase(&Subject::Customer("alice".into())).await.expect("erases");
    assert_eq!(erased.feedback, 2, "what waits of her, and the other on record");
    assert!(!is_parked(old.id).await && is_parked(theirs.id).await, "bob's is bob's");
}

/// Rows of many sizes, whose pages are split and merged over and over.
#[tokio::test]
async fn of_small_rows_among_others_nothing_is_left_in_the_pages() {
    let world = World::new();
    let mut random = SmallRng::seed_from_u64(7);
    let mut analyzed = Vec::new();
    for number in 0..1_500 {
        let is_theirs = number % 7 == 3;
        let (customer, word) = if is_theirs { (SECRET, SECRET) } else { ("c2", "somebody") };
        let text = format!("{word} {} {number}", "blah ".repeat(random.random_range(0..60)));
        let webhooks = vec!["crm".into()];
        let feedback = said_by(customer, &text);
        analyzed.push(Analyzed { feedback, analysis: Analysis::default(), webhooks, era: 0 });
    }
    for batch in analyzed.chunks(50) {
        world.records.save(batch.to_vec()).await.expect("saves");
        let attempt = |one: &Analyzed| {
            let delivery = DeliveryId::of(one.feedback.id, 1, "crm");
            let attempt = Attempt {
                number: 1,
                at: Timestamp::now(),
                address: None,
                status: Some(500),
                latency_ms: 1,
                response: Some(one.feedback.text.repeat(3)),
                error: None,
            };
            Attempted { delivery, attempt, status: DeliveryStatus::Pending, next_attempt_at: None }
        };
        world.records.record(batch.iter().map(attempt).collect()).await.expect("records");
        // Has the index written in between.
        let by_word = Filter { q: Some("somebody".into()), ..Filter::default() };
        world.records.list(&by_word, None, 1).await.expect("lists");
    }
    // A second revision of some, so that rows move.
    for one in analyzed.iter().step_by(5) {
        let mut again = one.clone();
        (again.feedback.revision, again.feedback.text) = (2, one.feedback.text.repeat(2));
        world.records.save(vec![again]).await.expect("saves");
    }
    assert!(world.traces() > 0);
    world.eraser().erase(&Subject::Customer(SECRET.into())).await.expect("erases");
    assert_eq!(world.traces(), 0);
    let check = open_to_read(&world.path()).expect("opens");
    let outcome: String = check.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("checks");
    assert_eq!(outcome, "ok");
    let left = world.records.aggregate(&Filter::default(), crate::records::Facet::Kind).await.expect("counts");
    assert_eq!(left[0].count, 1_286);
}

#[tokio::test]
async fn what_was_kept_long_enough_goes_and_the_rest_stays() {
    let world = World::new();
    let [parked, pending, aside] =
        ["parked", "pending", "aside"].map(|text| said_by("c1", &format!("{SECRET} {text}")));
    world.analyze(&parked, &["crm"]).await;
    let delivery = world.park_delivery("crm").await;
    world.analyze(&pending, &["crm"]).await;
    let lease = world.accept(&aside).await;
    world.queue.park(lease, "why".into()).await.expect("parks");
    let data = data("keep_feedback = \"3h\"\nkeep_deliveries = \"2h\"\nkeep_attempts = \"1h\"");
    assert_eq!(world.sweep(&data, Timestamp::now()).await, Removed::default());
    assert_eq!(world.sweep(&data, in_hours(1)).await, Removed { attempts: 1, ..Removed::default() });
    let left = world.records.delivery(delivery).await.expect("reads").expect("is there");
    assert_eq!((left.status, left.attempts.len()), (DeliveryStatus::Parked, 0));
    assert_eq!(world.sweep(&data, in_hours(2)).await, Removed { deliveries: 1, ..Removed::default() });
    let lane = Lane::Delivery("crm".into());
    assert!(world.queue.parked(&lane, None, 9).await.expect("lists").is_empty(), "its message went with it");
    assert_eq!(world.sweep(&data, in_hours(3)).await, Removed { feedback: 1, parked: 1, ..Removed::default() });
    assert_eq!(world.sweep(&data, in_hours(1_000)).await, Removed::default());
    let left = world.records.list(&Filter::default(), None, 9).await.expect("lists").items;
    assert_eq!(
        left.iter().map(|(feedback, _)| feedback.id).collect::<Vec<_>>(),
        [pending.id],
        "something is due for it"
    );
    assert_eq!(world.queue.pull(&lane, 9, PATIENCE).await.expect("pulls").len(), 1);
}

#[tokio::test]
async fn a_parked_delivery_that_was_put_back_stays() {
    let world = World::new();
    world.analyze(&said_by("c1", "late"), &["crm"]).await;
    let delivery = world.park_delivery("crm").await;
    let lane = Lane::Delivery("crm".into());
    assert!(world.queue.unpark(&lane, delivery.0).await.expect("works"));
    let data = data("keep_deliveries = \"1h\"");
    assert_eq!(world.sweep(&data, in_hours(2)).await, Removed { attempts: 1, ..Removed::default() });
    assert_eq!(world.queue.pull(&lane, 9, PATIENCE).await.expect("pulls").len(), 1);
    assert!(world.records.delivery(delivery).await.expect("reads").is_some());
}
