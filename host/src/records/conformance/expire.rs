use super::*;
use crate::{
    feedback::DeliveryId,
    records::{Attempt, Attempted, DeliveryStatus, Oldest, Piece},
};

/// An attempt of the delivery of feedback number n to `crm`, that began when feedback `at` was accepted.
fn attempted(number: u64, nth: u32, at: u64, status: DeliveryStatus) -> Attempted {
    let attempt = Attempt {
        number: nth,
        at: accepted(at),
        address: Some("203.0.113.7:443".into()),
        status: Some(500),
        latency_ms: 1,
        response: Some("no".into()),
        error: None,
    };
    Attempted { delivery: delivery(number), attempt, status, next_attempt_at: None }
}

fn delivery(number: u64) -> DeliveryId {
    DeliveryId::of(id(number), 1, "crm")
}

/// Saves feedback with these numbers, which `crm` is owed.
async fn owe(records: &impl Records, numbers: impl Iterator<Item = u64>) {
    let all: Vec<_> = numbers.map(|number| review(number, "good").for_webhooks(&["crm"])).collect();
    save(records, &all.iter().collect::<Vec<_>>()).await;
}

/// How many attempts of each of these deliveries are on record.
async fn attempts(records: &impl Records, numbers: &[u64]) -> Vec<usize> {
    let mut counts = Vec::new();
    for number in numbers {
        counts.push(records.delivery(delivery(*number)).await.expect("reads").expect("is there").attempts.len());
    }
    counts
}

/// Removes attempts to the end, in steps: how many went, and in how many steps.
async fn drop_attempts(records: &impl Records, before: Timestamp) -> (u64, usize) {
    let (mut removed, mut steps, mut after) = (0, 0, None::<String>);
    loop {
        let (dropped, next) = records.drop_attempts(before, after.as_deref()).await.expect("removes");
        removed += dropped;
        match next {
            Some(next) => after = Some(next),
            None => return (removed, steps),
        }
        steps += 1;
    }
}

/// Removes deliveries to the end, in steps: which went.
async fn drop_deliveries(records: &impl Records, before: Timestamp) -> Vec<DeliveryId> {
    let (mut removed, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = records.expired_deliveries(before, after.as_deref()).await.expect("reads");
        assert!(page.items.iter().all(|(_, webhook)| webhook == "crm"));
        let ids: Vec<_> = page.items.into_iter().map(|(id, _)| id).collect();
        let dropped = records.drop_deliveries(&ids, before).await.expect("removes");
        assert_eq!(dropped, ids.len() as u64);
        removed.extend(ids);
        match page.next {
            Some(next) => after = Some(next),
            None => return removed,
        }
    }
}

async fn expired_feedback(records: &impl Records, before: Timestamp) -> Vec<FeedbackId> {
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = records.expired_feedback(before, after.as_deref()).await.expect("reads");
        all.extend(page.items.into_iter().map(|piece| piece.id));
        match page.next {
            Some(next) => after = Some(next),
            None => {
                all.dedup();
                return all;
            }
        }
    }
}

pub(crate) async fn attempts_are_removed_by_their_own_age(backend: &impl Backend) {
    use DeliveryStatus::{Parked, Pending};
    let records = backend.open().await;
    owe(&records, 1..=3).await;
    let all = vec![
        attempted(1, 1, 1, Pending),
        attempted(1, 2, 20, Pending),
        attempted(2, 1, 2, Parked),
        attempted(3, 1, 19, Pending),
    ];
    records.record(all).await.expect("records");
    assert_eq!(drop_attempts(&records, accepted(19)).await.0, 2);
    assert_eq!(attempts(&records, &[1, 2, 3]).await, [1, 0, 1]);
    let left = records.delivery(delivery(1)).await.expect("reads").expect("is there");
    assert_eq!((left.attempts[0].number, left.status), (2, Pending), "what is left is as it was");
    assert_eq!(drop_attempts(&records, accepted(19)).await.0, 0);
}

pub(crate) async fn deliveries_that_ended_are_removed_and_pending_ones_never(backend: &impl Backend) {
    let records = backend.open().await;
    owe(&records, 1..=3).await;
    let ended = [attempted(1, 1, 1, DeliveryStatus::Delivered), attempted(2, 1, 2, DeliveryStatus::Parked)];
    records.record(ended.to_vec()).await.expect("records");
    assert!(
        drop_deliveries(&records, accepted(9)).await.is_empty(),
        "they became due a moment ago, whatever their ids"
    );
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    assert_eq!(drop_deliveries(&records, later).await, [delivery(1), delivery(2)]);
    assert!(records.delivery(delivery(1)).await.expect("reads").is_none());
    assert_eq!(attempts(&records, &[3]).await, [0], "the pending one stays");
    assert_eq!(records.drop_deliveries(&[delivery(3)], later).await.expect("looks"), 0, "even where it is named");
    records.record(vec![attempted(1, 2, 3, DeliveryStatus::Delivered)]).await.expect("an attempt that came late");
    assert!(records.delivery(delivery(1)).await.expect("reads").is_none());
}

pub(crate) async fn a_delivery_that_was_tried_again_is_young(backend: &impl Backend) {
    let records = backend.open().await;
    owe(&records, 1..=2).await;
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    let mut again = attempted(1, 2, 1, DeliveryStatus::Parked);
    again.attempt.at = later;
    let first = [1, 2].map(|number| attempted(number, 1, 1, DeliveryStatus::Parked));
    records.record([first.to_vec(), vec![again]].concat()).await.expect("records");
    assert_eq!(drop_deliveries(&records, later).await, [delivery(2)]);
    assert_eq!(attempts(&records, &[1]).await, [2]);
    drop_attempts(&records, later + SignedDuration::from_secs(1)).await;
    assert_eq!(attempts(&records, &[1]).await, [0]);
    assert!(drop_deliveries(&records, later).await.is_empty(), "when it ended is known without its attempts");
    assert_eq!(drop_deliveries(&records, later + SignedDuration::from_secs(1)).await, [delivery(1)]);
}

pub(crate) async fn feedback_stays_while_a_delivery_is_on_record(backend: &impl Backend) {
    let records = backend.open().await;
    owe(&records, 1..=2).await;
    save(&records, &[&review(3, "nobody's"), &review(9, "young")]).await;
    records.record(vec![attempted(1, 1, 1, DeliveryStatus::Delivered)]).await.expect("records");
    assert_eq!(expired_feedback(&records, accepted(9)).await, [id(3)]);
    drop_deliveries(&records, Timestamp::now() + SignedDuration::from_hours(1)).await;
    assert_eq!(expired_feedback(&records, accepted(9)).await, [id(1), id(3)]);
    let pieces = [1, 3].map(|number| Piece { id: id(number), revision: None });
    records.erase(&pieces).await.expect("erases");
    assert!(expired_feedback(&records, accepted(9)).await.is_empty());
    assert_eq!(texts(&records, &Filter::default()).await, ["young", "good"]);
}

pub(crate) async fn what_is_old_is_removed_step_by_step(backend: &impl Backend) {
    const MANY: u64 = 3_000;
    let records = backend.open().await;
    owe(&records, 0..MANY).await;
    let ended: Vec<_> = (0..MANY).map(|number| attempted(number, 1, 0, DeliveryStatus::Delivered)).collect();
    records.record(ended).await.expect("records");
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    let (removed, steps) = drop_attempts(&records, later).await;
    assert!(removed == MANY && steps > 5, "{removed} in {steps} steps");
    assert_eq!(drop_deliveries(&records, later).await.len() as u64, MANY);
    assert_eq!(expired_feedback(&records, later).await.len() as u64, MANY);
}

pub(crate) async fn how_far_the_records_go_back_is_known(backend: &impl Backend) {
    let records = backend.open().await;
    assert_eq!(records.oldest().await.expect("reads"), Oldest::default());
    save(&records, &[&review(1, "nobody's")]).await;
    owe(&records, 2..=3).await;
    records.record(vec![attempted(3, 1, 7, DeliveryStatus::Parked)]).await.expect("records");
    let oldest = Oldest { feedback: Some(accepted(1)), delivery: Some(accepted(2)), attempt: Some(accepted(3)) };
    assert_eq!(records.oldest().await.expect("reads"), oldest);
}
