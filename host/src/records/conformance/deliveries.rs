use super::*;
use crate::{
    feedback::DeliveryId,
    records::{Attempt, Attempted, Delivery, DeliveryFilter, DeliveryStatus, Notified, RecordsError},
};

fn attempt(number: u32, status: u16) -> Attempt {
    Attempt {
        number,
        at: accepted(1_000 + u64::from(number)),
        address: Some("203.0.113.7:443".into()),
        status: Some(status),
        latency_ms: 12,
        response: (status != 200).then(|| "try later".into()),
        error: (status != 200).then(|| "the receiver answered 503".into()),
    }
}

fn failed(delivery: DeliveryId, number: u32) -> Attempted {
    let next_attempt_at = Some(accepted(2_000));
    Attempted { delivery, attempt: attempt(number, 503), status: DeliveryStatus::Pending, next_attempt_at }
}

pub(super) fn parked(delivery: DeliveryId, number: u32) -> Attempted {
    Attempted { status: DeliveryStatus::Parked, next_attempt_at: None, ..failed(delivery, number) }
}

pub(super) fn delivered(delivery: DeliveryId, number: u32) -> Attempted {
    Attempted { delivery, attempt: attempt(number, 200), status: DeliveryStatus::Delivered, next_attempt_at: None }
}

/// An attempt that succeeded, at another time than those above.
pub(super) fn attempted(delivery: DeliveryId, number: u32, at: u64) -> Attempted {
    let mut attempted = delivered(delivery, number);
    attempted.attempt.at = accepted(at);
    attempted
}

/// Saves one review that the webhook `crm` is owed.
async fn owe(records: &impl Records) -> DeliveryId {
    let saved = review(1, "good").for_webhooks(&["crm"]);
    save(records, &[&saved]).await;
    DeliveryId::of(saved.feedback.id, 1, "crm")
}

pub(super) async fn get(records: &impl Records, id: DeliveryId) -> Delivery {
    records.delivery(id).await.expect("reads").expect("is on record")
}

fn numbers(delivery: &Delivery) -> Vec<u32> {
    delivery.attempts.iter().map(|attempt| attempt.number).collect()
}

pub(crate) async fn a_pending_delivery_is_owed_to_each_webhook(backend: &impl Backend) {
    let records = backend.open().await;
    let before = Timestamp::now();
    let saved = review(1, "good").for_webhooks(&["crm", "bi"]);
    save(&records, &[&saved]).await;
    for webhook in ["crm", "bi"] {
        let delivery = get(&records, DeliveryId::of(saved.feedback.id, 1, webhook)).await;
        assert_eq!((delivery.feedback_id, delivery.revision), (Some(saved.feedback.id), 1));
        assert_eq!(delivery.event, "feedback.analyzed");
        assert_eq!((delivery.webhook.as_str(), delivery.status), (webhook, DeliveryStatus::Pending));
        assert!(before <= delivery.created_at && delivery.created_at <= Timestamp::now());
        assert!(delivery.attempts.is_empty() && delivery.next_attempt_at.is_none());
    }
    assert!(records.delivery(DeliveryId::of(saved.feedback.id, 2, "crm")).await.expect("reads").is_none());
}

pub(crate) async fn an_attempt_is_kept_with_how_the_delivery_stands(backend: &impl Backend) {
    let records = backend.open().await;
    let id = owe(&records).await;
    records.record(vec![failed(id, 1)]).await.expect("records");
    let delivery = get(&records, id).await;
    assert_eq!((delivery.status, delivery.next_attempt_at), (DeliveryStatus::Pending, Some(accepted(2_000))));
    assert_eq!(delivery.attempts, [attempt(1, 503)]);
    records.record(vec![parked(id, 2)]).await.expect("records");
    assert_eq!(get(&records, id).await.status, DeliveryStatus::Parked);
    records.record(vec![delivered(id, 3)]).await.expect("records");
    let delivery = get(&records, id).await;
    assert_eq!((delivery.status, delivery.next_attempt_at), (DeliveryStatus::Delivered, None));
    assert_eq!(delivery.attempts, [attempt(1, 503), attempt(2, 503), attempt(3, 200)]);
}

pub(crate) async fn a_repeated_attempt_changes_nothing(backend: &impl Backend) {
    let records = backend.open().await;
    let id = owe(&records).await;
    records.record(vec![failed(id, 1), parked(id, 2)]).await.expect("records");
    records.record(vec![failed(id, 1)]).await.expect("records");
    let delivery = get(&records, id).await;
    assert_eq!((delivery.status, numbers(&delivery)), (DeliveryStatus::Parked, vec![1, 2]));
}

pub(crate) async fn what_was_delivered_stays_delivered(backend: &impl Backend) {
    let records = backend.open().await;
    let id = owe(&records).await;
    assert_eq!(records.record(vec![failed(id, 1), delivered(id, 2)]).await.expect("records"), []);
    assert_eq!(records.record(vec![failed(id, 3)]).await.expect("records"), [id], "nothing more is due");
    assert_eq!(records.record(vec![parked(id, 4)]).await.expect("records"), [id]);
    let delivery = get(&records, id).await;
    assert_eq!((delivery.status, numbers(&delivery)), (DeliveryStatus::Delivered, vec![1, 2, 3, 4]));
    assert_eq!(delivery.next_attempt_at, None);
}

pub(crate) async fn an_attempt_whose_number_is_taken_gets_the_next(backend: &impl Backend) {
    let records = backend.open().await;
    let id = owe(&records).await;
    records.record(vec![failed(id, 1), parked(id, 2)]).await.expect("records");
    // An operator has it start anew, so that it counts from one again.
    let mut anew = delivered(id, 1);
    anew.attempt.at = accepted(5_000);
    records.record(vec![anew.clone()]).await.expect("records");
    records.record(vec![anew]).await.expect("records");
    let delivery = get(&records, id).await;
    assert_eq!((delivery.status, numbers(&delivery)), (DeliveryStatus::Delivered, vec![1, 2, 3]));
}

pub(crate) async fn an_attempt_of_no_delivery_is_dropped(backend: &impl Backend) {
    let records = backend.open().await;
    let nobodys = DeliveryId::of(id(1), 1, "crm");
    records.record(vec![delivered(nobodys, 1)]).await.expect("records");
    assert!(records.delivery(nobodys).await.expect("reads").is_none());
    assert!(get(&records, owe(&records).await).await.attempts.is_empty());
}

pub(crate) async fn deliveries_are_listed_by_what_the_filter_says(backend: &impl Backend) {
    let records = backend.open().await;
    let (one, two) = (review(1, "one").for_webhooks(&["crm", "bi"]), review(2, "two").for_webhooks(&["crm"]));
    save(&records, &[&one, &two]).await;
    let done = DeliveryId::of(one.feedback.id, 1, "crm");
    let spent = DeliveryId::of(two.feedback.id, 1, "crm");
    records.record(vec![delivered(done, 1), parked(spent, 1)]).await.expect("records");
    let count = async |filter: DeliveryFilter| {
        let page = records.deliveries(&filter, None, 10).await.expect("lists");
        page.items.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>()
    };
    assert_eq!(count(DeliveryFilter::default()).await.len(), 3);
    let of = |status| DeliveryFilter { status: Some(status), ..DeliveryFilter::default() };
    assert_eq!(count(of(DeliveryStatus::Delivered)).await, [done]);
    assert_eq!(count(of(DeliveryStatus::Parked)).await, [spent]);
    assert_eq!(count(of(DeliveryStatus::Pending)).await, [DeliveryId::of(one.feedback.id, 1, "bi")]);
    assert_eq!(count(DeliveryFilter { webhook: Some("crm".into()), ..DeliveryFilter::default() }).await, [spent, done]);
    assert_eq!(count(DeliveryFilter { feedback: Some(one.feedback.id), ..DeliveryFilter::default() }).await.len(), 2);
    let both = DeliveryFilter { webhook: Some("bi".into()), ..of(DeliveryStatus::Parked) };
    assert!(count(both).await.is_empty());
    let all = DeliveryFilter {
        feedback: Some(one.feedback.id),
        webhook: Some("crm".into()),
        ..of(DeliveryStatus::Delivered)
    };
    assert_eq!(count(all).await, [done]);
}

pub(crate) async fn deliveries_are_listed_by_route_kind_event_and_time(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "one").routed("care").for_webhooks(&["crm", "bi"]);
    let note = review(2, "two").of_kind(Kind::CsrNote).routed("retention").for_webhooks(&["crm"]);
    save(&records, &[&first]).await;
    save(&records, &[&note]).await;
    records.owe(vec![notified("feedback.parked", 1, true)]).await.expect("is kept");
    save(&records, &[&first.clone().revised(2, "one, changed").routed("advocacy")]).await;
    let id_of = |of: &Analyzed, webhook| DeliveryId::of(of.feedback.id, of.feedback.revision, webhook);
    let revised = id_of(&first.clone().revised(2, ""), "crm");
    let list = async |filter: DeliveryFilter| {
        let page = records.deliveries(&filter, None, 10).await.expect("lists");
        page.items.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>()
    };
    let by_route = |route: &str| DeliveryFilter { route: Some(route.into()), ..DeliveryFilter::default() };
    let some = |webhook: &str, filter| DeliveryFilter { webhook: Some(webhook.into()), ..filter };
    assert_eq!(list(by_route("retention")).await, [id_of(&note, "crm")]);
    // What is delivered is the analysis of its own revision.
    assert_eq!(list(some("crm", by_route("care"))).await, [revised, id_of(&first, "crm")]);
    assert_eq!(list(some("crm", by_route("advocacy"))).await, [revised]);
    assert!(list(by_route("care/*")).await.is_empty());
    let kind = |kind| DeliveryFilter { kind: Some(kind), ..DeliveryFilter::default() };
    assert_eq!(list(kind(Kind::CsrNote)).await, [id_of(&note, "crm")]);
    let event = |event: &str| DeliveryFilter { event: Some(event.into()), ..DeliveryFilter::default() };
    assert_eq!(list(event("feedback.parked")).await, [notified("feedback.parked", 1, true).delivery]);
    assert_eq!(list(event("feedback.analyzed")).await.len(), 5);
    let due = get(&records, id_of(&note, "crm")).await.created_at;
    let since = DeliveryFilter { since: Some(due), ..event("feedback.analyzed") };
    assert_eq!(list(some("crm", since)).await, [revised, id_of(&note, "crm")], "a revision is due when it is analysed");
    let until = DeliveryFilter { until: Some(due), ..DeliveryFilter::default() };
    let mut before = list(until).await;
    before.sort();
    let mut expected = [id_of(&first, "bi"), id_of(&first, "crm")];
    expected.sort();
    assert_eq!(before, expected);
}

pub(crate) async fn deliveries_of_several_webhooks_are_in_one_order_over_pages(backend: &impl Backend) {
    let records = backend.open().await;
    for number in 1..=4 {
        save(&records, &[&review(number, "x").for_webhooks(&["a", "b", "c"])]).await;
    }
    let all = records.deliveries(&DeliveryFilter::default(), None, 100).await.expect("lists").items;
    let place = |delivery: &Delivery| (delivery.created_at, delivery.id);
    assert!(all.len() == 12 && all.windows(2).all(|pair| place(&pair[0]) > place(&pair[1])));
    let (mut paged, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = records.deliveries(&DeliveryFilter::default(), after.as_deref(), 5).await.expect("lists");
        paged.extend(page.items.iter().map(|delivery| delivery.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(paged, all.iter().map(|delivery| delivery.id).collect::<Vec<_>>());
}

pub(crate) async fn a_list_shows_attempts_in_brief_and_one_delivery_in_full(backend: &impl Backend) {
    let records = backend.open().await;
    let id = owe(&records).await;
    records.record((1..=30).map(|number| failed(id, number)).collect()).await.expect("records");
    let listed = records.deliveries(&DeliveryFilter::default(), None, 10).await.expect("lists").items.remove(0);
    assert_eq!(numbers(&listed), (11..=30).collect::<Vec<_>>(), "the newest");
    let expected = Attempt { response: None, ..attempt(30, 503) };
    assert_eq!(listed.attempts.last(), Some(&expected));
    let whole = get(&records, id).await;
    assert_eq!((whole.attempts.len(), &whole.attempts[29]), (30, &attempt(30, 503)));
    records.record((31..=250).map(|number| failed(id, number)).collect()).await.expect("records");
    assert_eq!(numbers(&get(&records, id).await), (51..=250).collect::<Vec<_>>());
}

pub(crate) async fn deliveries_are_listed_in_pages_newest_first(backend: &impl Backend) {
    let records = backend.open().await;
    for number in 1..=5 {
        save(&records, &[&review(number, "x").for_webhooks(&["crm"])]).await;
    }
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = records.deliveries(&DeliveryFilter::default(), after.as_deref(), 2).await.expect("lists");
        seen.extend(page.items.iter().filter_map(|delivery| delivery.feedback_id));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
        assert_eq!(page.items.len(), 2);
    }
    let newest_first = texts_of(&records).await;
    assert_eq!(seen, newest_first);
    let error = records.deliveries(&DeliveryFilter::default(), Some("nonsense"), 2).await.expect_err("is no cursor");
    assert!(matches!(&error, RecordsError::BadCursor(cursor) if cursor == "nonsense"), "{error}");
}

async fn texts_of(records: &impl Records) -> Vec<FeedbackId> {
    let page = records.list(&Filter::default(), None, 100).await.expect("lists");
    page.items.into_iter().map(|(feedback, _)| feedback.id).collect()
}

pub(crate) async fn attempts_outlast_a_restart(backend: &impl Backend) {
    let records = backend.open().await;
    let id = owe(&records).await;
    records.record(vec![failed(id, 1)]).await.expect("records");
    drop(records);
    let delivery = get(&backend.open().await, id).await;
    assert_eq!(delivery.attempts, [attempt(1, 503)]);
}

fn notified(event: &'static str, number: u64, of_feedback: bool) -> Notified {
    let delivery = DeliveryId::of(id(number), 1, event);
    Notified { delivery, event, feedback: of_feedback.then_some(id(number)), revision: 1, webhook: "crm".into() }
}

pub(crate) async fn other_events_are_owed_as_analyses_are(backend: &impl Backend) {
    let records = backend.open().await;
    let (parked, disabled) = (notified("feedback.parked", 1, true), notified("webhook.disabled", 2, false));
    records.owe(vec![parked.clone(), disabled.clone()]).await.expect("is kept");
    records.record(vec![delivered(disabled.delivery, 1)]).await.expect("is kept");
    records.owe(vec![parked.clone(), disabled.clone()]).await.expect("a repetition changes nothing");
    drop(records);
    let records = backend.open().await;
    let of_feedback = get(&records, parked.delivery).await;
    assert_eq!((of_feedback.event.as_str(), of_feedback.feedback_id), ("feedback.parked", Some(id(1))));
    assert_eq!(of_feedback.status, DeliveryStatus::Pending);
    let of_webhook = get(&records, disabled.delivery).await;
    assert_eq!((of_webhook.event.as_str(), of_webhook.feedback_id), ("webhook.disabled", None));
    assert_eq!(of_webhook.status, DeliveryStatus::Delivered);
    let filter = DeliveryFilter { feedback: Some(id(2)), ..DeliveryFilter::default() };
    assert!(records.deliveries(&filter, None, 10).await.expect("reads").items.is_empty());
}
