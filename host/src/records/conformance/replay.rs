use super::{
    deliveries::{attempted, delivered, get, parked},
    *,
};
use crate::{
    feedback::DeliveryId,
    records::{
        Attempted, Begun, DeliveryFilter, DeliveryStatus, Notified, Outcomes, Reopened, Replay, ReplayId, ReplayState,
        Replays as _, Step, Stood,
    },
};

fn delivery(number: u64) -> DeliveryId {
    DeliveryId::of(id(number), 1, "crm")
}

/// Saves reviews with these numbers, which `crm` is owed, and parks their deliveries.
async fn park(records: &impl Records, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers.clone() {
        save(records, &[&review(number, "x").for_webhooks(&["crm"])]).await;
    }
    records.record(numbers.map(|number| parked(delivery(number), 1)).collect()).await.expect("records");
}

async fn begin(records: &impl Records, filter: DeliveryFilter) -> Replay {
    match records.begin_replay("crm", filter).await.expect("begins") {
        Begun::New(replay) => *replay,
        Begun::Running(other) => panic!("{other} runs"),
    }
}

/// Takes every step of a replay: what it put back.
async fn carry_out(records: &impl Records, replay: &Replay) -> Vec<Reopened> {
    let (mut all, mut is_put_back) = (Vec::new(), false);
    while let Step::PutBack(page) = records.step_replay(replay.id, is_put_back).await.expect("steps") {
        assert!(!page.is_empty());
        all.extend(page);
        is_put_back = true;
    }
    all
}

fn ids(reopened: &[Reopened]) -> Vec<DeliveryId> {
    reopened.iter().map(|one| one.id).collect()
}

async fn read(records: &impl Records, id: ReplayId) -> (Replay, Outcomes) {
    records.replay(id).await.expect("reads").expect("is on record")
}

pub(crate) async fn a_delivery_that_is_reopened_is_pending_and_delivered_anew(backend: &impl Backend) {
    let records = backend.open().await;
    park(&records, 1..=1).await;
    let (stood, reopened) = records.reopen(delivery(1)).await.expect("works").expect("is there");
    assert_eq!(stood, Stood { status: DeliveryStatus::Parked, next_attempt_at: None });
    assert_eq!((reopened.id, reopened.webhook.as_str(), reopened.revision), (delivery(1), "crm", 1));
    assert_eq!((reopened.feedback, reopened.event.as_str()), (Some(id(1)), "feedback.analyzed"));
    let pending = get(&records, delivery(1)).await;
    assert_eq!((pending.status, pending.next_attempt_at), (DeliveryStatus::Pending, None));
    assert_eq!(pending.created_at, reopened.created_at);
    for number in 2..4 {
        // The queue counts from one again.
        records.record(vec![attempted(delivery(1), 1, 5_000 + number)]).await.expect("records");
        let now = get(&records, delivery(1)).await;
        assert_eq!((now.status, now.attempts.len()), (DeliveryStatus::Delivered, number as usize));
        assert_eq!(now.attempts.last().map(|attempt| u64::from(attempt.number)), Some(number));
        let again = records.reopen(delivery(1)).await.expect("works");
        assert_eq!(again.map(|(stood, _)| stood.status), Some(DeliveryStatus::Delivered), "and again");
        assert_eq!(get(&records, delivery(1)).await.status, DeliveryStatus::Pending);
    }
    let failed =
        Attempted { status: DeliveryStatus::Pending, next_attempt_at: Some(accepted(7_000)), ..parked(delivery(1), 5) };
    records.record(vec![failed]).await.expect("records");
    let (stood, _) = records.reopen(delivery(1)).await.expect("works").expect("is there");
    assert_eq!(stood, Stood { status: DeliveryStatus::Pending, next_attempt_at: Some(accepted(7_000)) });
    assert_eq!(records.reopen(delivery(7)).await.expect("works"), None);
}

pub(crate) async fn what_is_reopened_is_known_until_the_queue_has_it(backend: &impl Backend) {
    let records = backend.open().await;
    park(&records, 1..=3).await;
    let mut reopened = Vec::new();
    for number in 1..=3 {
        reopened.extend(records.reopen(delivery(number)).await.expect("works").map(|(_, reopened)| reopened));
    }
    records.settle_reopened(delivery(1)).await.expect("works");
    records.record(vec![attempted(delivery(2), 1, 5_000)]).await.expect("records");
    drop(records);
    let records = backend.open().await;
    assert_eq!(records.left_reopened(10).await.expect("reads"), reopened[2..], "the second was tried meanwhile");
    records.settle_reopened(delivery(3)).await.expect("works");
    assert!(records.left_reopened(10).await.expect("reads").is_empty());
}

pub(crate) async fn a_replay_puts_back_everything_that_is_parked_oldest_first_and_nothing_twice(
    backend: &impl Backend,
) {
    let records = backend.open().await;
    park(&records, 1..=450).await;
    save(&records, &[&review(900, "pending").for_webhooks(&["crm"]), &review(901, "other").for_webhooks(&["bi"])])
        .await;
    records.record(vec![parked(DeliveryId::of(id(901), 1, "bi"), 1)]).await.expect("records");
    let replay = begin(&records, DeliveryFilter::default()).await;
    assert_eq!((replay.state, replay.total, replay.done), (ReplayState::Running, None, 0));
    assert_eq!(replay.filter.status, Some(DeliveryStatus::Parked));
    assert!(replay.filter.until.is_some_and(|until| until == replay.started_at));
    let all = carry_out(&records, &replay).await;
    let expected: Vec<_> = (1..=450).map(delivery).collect();
    assert_eq!(ids(&all), expected);
    let (now, outcomes) = read(&records, replay.id).await;
    assert_eq!((now.state, now.total, now.done), (ReplayState::Finished, Some(450), 450));
    assert!(now.finished_at.is_some());
    assert_eq!(outcomes, Outcomes { waiting: 450, ..Outcomes::default() });
    assert_eq!(records.step_replay(replay.id, true).await.expect("steps"), Step::End);
    assert!(records.unfinished_replays().await.expect("reads").is_empty());
}

pub(crate) async fn what_was_saved_together_is_put_back_in_the_order_of_its_acceptance(backend: &impl Backend) {
    let records = backend.open().await;
    let reviews: Vec<_> = (1..=30).map(|number| review(number, "x").for_webhooks(&["crm"])).collect();
    save(&records, &reviews.iter().collect::<Vec<_>>()).await;
    let all: Vec<_> = (1..=30).map(delivery).collect();
    records.record(all.iter().map(|id| parked(*id, 1)).collect()).await.expect("records");
    let replay = begin(&records, DeliveryFilter::default()).await;
    assert_eq!(ids(&carry_out(&records, &replay).await), all);
}

pub(crate) async fn a_replay_tells_what_became_of_what_it_put_back(backend: &impl Backend) {
    let records = backend.open().await;
    park(&records, 1..=5).await;
    let replay = begin(&records, DeliveryFilter::default()).await;
    carry_out(&records, &replay).await;
    let mut spent = parked(delivery(3), 2);
    spent.attempt.at = accepted(6_000);
    let mut failed = spent.clone();
    (failed.delivery, failed.status) = (delivery(2), DeliveryStatus::Pending);
    failed.next_attempt_at = Some(accepted(7_000));
    records.record(vec![attempted(delivery(1), 1, 6_000), failed, spent]).await.expect("records");
    records.reopen(delivery(4)).await.expect("works").expect("is there");
    let (now, outcomes) = read(&records, replay.id).await;
    assert_eq!(now.done, 5);
    assert_eq!(outcomes, Outcomes { waiting: 1, retrying: 1, delivered: 1, parked: 1 }, "one was replayed since");
}

pub(crate) async fn a_replay_that_a_crash_broke_off_goes_on_with_what_was_not_tried(backend: &impl Backend) {
    let records = backend.open().await;
    park(&records, 1..=300).await;
    let replay = begin(&records, DeliveryFilter::default()).await;
    let Step::PutBack(page) = records.step_replay(replay.id, false).await.expect("steps") else {
        panic!("nothing fits")
    };
    let (tried, rest) = page.split_at(50);
    records.record(tried.iter().map(|one| attempted(one.id, 1, 5_000)).collect()).await.expect("records");
    drop(records);
    let records = backend.open().await;
    let unfinished = records.unfinished_replays().await.expect("reads");
    assert_eq!(unfinished.iter().map(|replay| replay.id).collect::<Vec<_>>(), [replay.id]);
    let again = carry_out(&records, &replay).await;
    assert_eq!(again[..rest.len()], *rest, "what was not tried is given again, before all else");
    assert_eq!(again.len() + tried.len(), 300);
    let (now, outcomes) = read(&records, replay.id).await;
    assert_eq!((now.state, now.total, now.done), (ReplayState::Finished, Some(300), 300));
    assert_eq!(outcomes, Outcomes { waiting: 250, delivered: 50, ..Outcomes::default() });
}

pub(crate) async fn a_webhook_has_one_replay_at_a_time(backend: &impl Backend) {
    let records = backend.open().await;
    park(&records, 1..=1).await;
    let replay = begin(&records, DeliveryFilter::default()).await;
    let begun = records.begin_replay("crm", DeliveryFilter::default()).await.expect("works");
    assert_eq!(begun, Begun::Running(replay.id));
    assert!(matches!(records.begin_replay("bi", DeliveryFilter::default()).await, Ok(Begun::New(_))));
    carry_out(&records, &replay).await;
    let second = begin(&records, DeliveryFilter::default()).await;
    let list = records.replays(None, None, 2).await.expect("lists");
    assert_eq!(list.items[0].id, second.id, "newest first");
    let rest = records.replays(None, list.next.as_deref().and_then(|next| next.parse().ok()), 2).await.expect("lists");
    assert_eq!((rest.items.len(), rest.items[0].id, rest.next), (1, replay.id, None));
    assert_eq!(records.replays(Some("bi"), None, 10).await.expect("lists").items.len(), 1);
}

pub(crate) async fn a_cancelled_replay_puts_nothing_more_back_but_what_it_had_begun(backend: &impl Backend) {
    let records = backend.open().await;
    park(&records, 1..=300).await;
    let replay = begin(&records, DeliveryFilter::default()).await;
    let Step::PutBack(page) = records.step_replay(replay.id, false).await.expect("steps") else {
        panic!("nothing fits")
    };
    assert!(records.cancel_replay(replay.id, Some("why".into())).await.expect("works"));
    assert!(!records.cancel_replay(replay.id, None).await.expect("works"), "once");
    assert_eq!(records.unfinished_replays().await.expect("reads").len(), 1, "a page is on its way");
    assert_eq!(carry_out(&records, &replay).await, page);
    assert!(records.unfinished_replays().await.expect("reads").is_empty());
    let (now, _) = read(&records, replay.id).await;
    assert_eq!((now.state, now.reason.as_deref()), (ReplayState::Cancelled, Some("why")));
    assert_eq!(now.done, page.len() as u64);
    assert_eq!(get(&records, delivery(300)).await.status, DeliveryStatus::Parked);
}

pub(crate) async fn a_replay_is_of_what_the_filter_says(backend: &impl Backend) {
    let records = backend.open().await;
    for number in 1..=6 {
        let route = if number % 2 == 0 { "care" } else { "retention" };
        save(&records, &[&review(number, "x").routed(route).for_webhooks(&["crm"])]).await;
    }
    let since = get(&records, delivery(3)).await.created_at;
    let until = get(&records, delivery(5)).await.created_at;
    records.record((1..=3).map(|number| delivered(delivery(number), 1)).collect()).await.expect("records");
    records.record((4..=5).map(|number| parked(delivery(number), 1)).collect()).await.expect("records");
    let notice = DeliveryId::of(id(1), 1, "notice");
    let notified = Notified {
        delivery: notice,
        event: "feedback.parked",
        feedback: Some(id(1)),
        revision: 1,
        webhook: "crm".into(),
    };
    records.owe(vec![notified]).await.expect("is kept");
    records.record(vec![delivered(notice, 1)]).await.expect("records");
    let of = async |filter| {
        let replay = begin(&records, filter).await;
        ids(&carry_out(&records, &replay).await)
    };
    let with = |status| DeliveryFilter { status: Some(status), ..DeliveryFilter::default() };
    let care = DeliveryFilter { route: Some("care".into()), ..DeliveryFilter::default() };
    assert_eq!(of(care).await, [delivery(4)]);
    let range = DeliveryFilter { since: Some(since), until: Some(until), ..with(DeliveryStatus::Delivered) };
    assert_eq!(of(range).await, [delivery(3)]);
    assert_eq!(
        of(with(DeliveryStatus::Delivered)).await,
        [delivery(1), delivery(2)],
        "of an event that was told nothing is left"
    );
    assert_eq!(of(with(DeliveryStatus::Pending)).await, [1, 2, 3, 4, 6].map(delivery));
}
