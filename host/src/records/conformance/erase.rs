use std::time::Duration;

use super::*;
use crate::{
    feedback::{Customer, DeliveryId},
    records::{Attempt, Attempted, DeliveryFilter, DeliveryStatus, Facet, Piece, Subject},
};

/// Forgets a customer, as far as records do: which feedback that was.
pub(crate) async fn erase(records: &impl Records, customer: &str) -> Vec<FeedbackId> {
    erase_subject(records, &Subject::Customer(customer.into())).await
}

async fn erase_subject(records: &impl Records, subject: &Subject) -> Vec<FeedbackId> {
    let erasure = records.begin_erasure(subject).await.expect("begins");
    let mut erased = Vec::new();
    loop {
        let pieces = records.pieces_of(&erasure, 16).await.expect("reads");
        if pieces.is_empty() {
            break;
        }
        assert!(pieces.len() <= 16, "no more than asked for");
        records.erase(&pieces).await.expect("erases");
        erased.extend(pieces.iter().map(|piece| piece.id));
    }
    records.end_erasure(&erasure).await.expect("ends");
    assert!(records.scrub(Duration::ZERO).await.expect("scrubs"), "nobody is in the way");
    // Each once, whichever of its revisions there were.
    let mut seen = std::collections::HashSet::new();
    erased.retain(|id| seen.insert(*id));
    erased
}

fn attempted(delivery: DeliveryId) -> Attempted {
    let attempt = Attempt {
        number: 1,
        at: accepted(10),
        address: None,
        status: Some(400),
        latency_ms: 1,
        response: Some("Mallory is not known here".into()),
        error: None,
    };
    Attempted { delivery, attempt, status: DeliveryStatus::Parked, next_attempt_at: None }
}

pub(crate) async fn everything_of_a_customer_is_erased(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "Mallory is cross").by("c1").tagged(&["price"]).for_webhooks(&["crm"]);
    let second = first.clone().revised(2, "Mallory is very cross");
    let other = review(2, "Mallory again").by("c1");
    save(&records, &[&first, &second]).await;
    assert_eq!(found(&records, "Mallory").await.len(), 1);
    // This one is not in any index yet when it is erased.
    save(&records, &[&other]).await;
    let deliveries = [1, 2].map(|revision| DeliveryId::of(first.feedback.id, revision, "crm"));
    records.record(deliveries.map(attempted).to_vec()).await.expect("records");
    let mut erased = erase(&records, "c1").await;
    erased.sort();
    assert_eq!(erased, [first.feedback.id, other.feedback.id]);
    for id in erased {
        assert!(records.get(id).await.expect("reads").is_none());
    }
    let payloads = records.payloads(&[(first.feedback.id, 1), (first.feedback.id, 2)]).await.expect("reads");
    assert!(payloads.iter().all(Option::is_none));
    for delivery in deliveries {
        assert!(records.delivery(delivery).await.expect("reads").is_none());
    }
    assert!(records.deliveries(&DeliveryFilter::default(), None, 10).await.expect("lists").items.is_empty());
    assert!(texts(&records, &Filter::default()).await.is_empty());
    assert!(found(&records, "Mallory").await.is_empty());
    assert!(records.aggregate(&Filter::default(), Facet::Tag).await.expect("counts").is_empty());
    assert_eq!(records.history("c1", id(9)).await.expect("reads").earlier, 0);
    assert!(erase(&records, "c1").await.is_empty(), "there is no more to erase");
}

pub(crate) async fn others_are_left_alone(backend: &impl Backend) {
    let records = backend.open().await;
    let (theirs, nobodys) = (review(2, "good").by("c2").for_webhooks(&["crm"]), review(3, "good"));
    save(&records, &[&review(1, "good").by("c1").for_webhooks(&["crm"]), &theirs, &nobodys]).await;
    records.record(vec![attempted(DeliveryId::of(theirs.feedback.id, 1, "crm"))]).await.expect("records");
    assert_eq!(erase(&records, "c1").await.len(), 1);
    assert_eq!(found(&records, "good").await.len(), 2);
    assert_eq!(records.history("c2", id(9)).await.expect("reads").earlier, 1);
    let left = records.deliveries(&DeliveryFilter::default(), None, 10).await.expect("lists").items;
    assert_eq!((left.len(), left[0].feedback_id, left[0].attempts.len()), (1, Some(theirs.feedback.id), 1));
    assert!(erase(&records, "unknown").await.is_empty());
}

pub(crate) async fn an_erasure_that_goes_on_leaves_what_was_accepted_after_it_began(backend: &impl Backend) {
    let records = backend.open().await;
    let erasure = records.begin_erasure(&Subject::Customer("c1".into())).await.expect("begins");
    let mut first = review(1, "after it").by("c1");
    first.era = records.era();
    let second = first.clone().revised(2, "after it, too");
    save(&records, &[&first]).await;
    save(&records, &[&second]).await;
    assert_eq!(records.pieces_of(&erasure, 16).await.expect("reads"), []);
}

pub(crate) async fn an_older_revision_of_the_customer_is_erased(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "mine").by("c1").for_webhooks(&["crm"]);
    let second = first.clone().by("c2").revised(2, "no, mine");
    save(&records, &[&first, &second]).await;
    erase(&records, "c1").await;
    assert!(records.get(first.feedback.id).await.expect("reads").is_some(), "the feedback itself is another's by now");
    let payloads = records.payloads(&[(first.feedback.id, 1), (first.feedback.id, 2)]).await.expect("reads");
    assert!(payloads[0].is_none() && payloads[1].is_some());
    let record = records.get(first.feedback.id).await.expect("reads").expect("is on record");
    assert_eq!(record.deliveries.iter().map(|delivery| delivery.revision).collect::<Vec<_>>(), [2]);
}

pub(crate) async fn what_a_worker_had_in_its_hands_is_not_saved_after_the_erasure(backend: &impl Backend) {
    let records = backend.open().await;
    let held = review(1, "in its hands").by("c1").for_webhooks(&["crm"]);
    let mut later = review(2, "said afterwards").by("c1");
    // The clock was set back in between.
    later.feedback.received_at = accepted(1) - SignedDuration::from_hours(1);
    let others = review(3, "another's").by("c2");
    erase(&records, "c1").await;
    later.era = records.era();
    let save_all = async |records: &_| {
        let refused = Records::save(records, vec![held.clone(), later.clone(), others.clone()]).await.expect("works");
        assert_eq!(refused.erased, [Piece { id: held.feedback.id, revision: Some(1) }]);
    };
    save_all(&records).await;
    let delivery = DeliveryId::of(held.feedback.id, 1, "crm");
    assert!(records.get(held.feedback.id).await.expect("reads").is_none());
    assert!(records.delivery(delivery).await.expect("reads").is_none(), "and nothing is owed for it");
    assert_eq!(texts(&records, &Filter::default()).await, ["another's", "said afterwards"]);
    drop(records);
    save_all(&backend.open().await).await;
}

pub(crate) async fn one_feedback_is_erased_in_all_its_revisions_and_the_customers_other_is_not(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "Mallory is cross").by("c1").for_webhooks(&["crm"]);
    let second = first.clone().by("c2").revised(2, "no, I am");
    let other = review(2, "another").by("c1");
    save(&records, &[&first, &second, &other]).await;
    let subject = Subject::Feedback(first.feedback.id);
    assert_eq!(erase_subject(&records, &subject).await, [first.feedback.id]);
    let payloads = records.payloads(&[(first.feedback.id, 1), (first.feedback.id, 2)]).await.expect("reads");
    assert!(payloads.iter().all(Option::is_none));
    assert!(records.deliveries(&DeliveryFilter::default(), None, 10).await.expect("lists").items.is_empty());
    assert_eq!(texts(&records, &Filter::default()).await, ["another"]);
    // A worker had a later revision in its hands.
    let held = first.clone().revised(3, "and furthermore");
    let refused = Records::save(&records, vec![held.clone()]).await.expect("works");
    assert_eq!(refused.erased, [Piece { id: held.feedback.id, revision: Some(3) }]);
    assert!(erase_subject(&records, &subject).await.is_empty(), "there is no more to erase");
    let unknown = Subject::Feedback(review(9, "").feedback.id);
    assert!(erase_subject(&records, &unknown).await.is_empty());
}

pub(crate) async fn a_customer_without_an_identifier_is_known_by_the_e_mail_address(backend: &impl Backend) {
    let records = backend.open().await;
    let mut theirs = review(1, "mine").by("c1");
    let mail = Some("ann@example.org".to_owned());
    theirs.feedback.customer = Some(Customer { email: mail.clone(), ..Customer::default() });
    let mut identified = review(2, "with an identifier").by("c1");
    identified.feedback.customer.as_mut().expect("by c1").email = mail.clone();
    save(&records, &[&theirs, &identified]).await;
    let of = |name: Option<String>| Filter { customer: name, ..Filter::default() };
    assert_eq!(texts(&records, &of(mail)).await, ["mine"]);
    assert_eq!(records.history("ann@example.org", id(9)).await.expect("reads").earlier, 1);
    assert_eq!(erase(&records, "ann@example.org").await, [theirs.feedback.id]);
    assert_eq!(texts(&records, &Filter::default()).await, ["with an identifier"]);
}

pub(crate) async fn an_erasure_that_was_cut_off_is_known_after_a_restart(backend: &impl Backend) {
    let records = backend.open().await;
    save(&records, &[&review(1, "mine").by("c1")]).await;
    let erasure = records.begin_erasure(&Subject::Customer("c1".into())).await.expect("begins");
    let of_feedback = records.begin_erasure(&Subject::Feedback(id(7))).await.expect("begins");
    drop(records);
    let records = backend.open().await;
    let known = records.erasures().await.expect("reads");
    assert_eq!(known.len(), 2);
    assert!(known.contains(&erasure) && known.contains(&of_feedback), "{known:?}");
    assert_eq!(erase(&records, "c1").await.len(), 1, "asked for again, it goes on");
    records.end_erasure(&of_feedback).await.expect("ends");
    assert!(records.erasures().await.expect("reads").is_empty());
}

pub(crate) async fn a_digest_is_left_until_it_is_dropped(backend: &impl Backend) {
    let records = backend.open().await;
    let held = review(1, "in its hands").by("c1");
    erase(&records, "c1").await;
    records.drop_erasures(accepted(1)).await.expect("drops");
    assert_eq!(records.save(vec![held.clone()]).await.expect("works").erased.len(), 1, "it is younger than that");
    records.drop_erasures(Timestamp::now()).await.expect("drops");
    assert!(records.save(vec![held]).await.expect("works").erased.is_empty());
}

/// An attempt of a request that carried several deliveries, which quotes one of them.
fn of_request(delivery: DeliveryId) -> Attempted {
    Attempted { status: DeliveryStatus::Pending, ..attempted(delivery) }
}

pub(crate) async fn an_answer_to_several_deliveries_goes_from_all_of_them(backend: &impl Backend) {
    let records = backend.open().await;
    let (theirs, other) = (review(1, "a").by("c1").for_webhooks(&["crm"]), review(2, "b").for_webhooks(&["crm"]));
    save(&records, &[&theirs, &other]).await;
    let [first, second] = [&theirs, &other].map(|one| DeliveryId::of(one.feedback.id, 1, "crm"));
    let mut unrelated = of_request(second);
    (unrelated.attempt.number, unrelated.attempt.at) = (2, accepted(11));
    records.record(vec![of_request(first), of_request(second), unrelated]).await.expect("records");
    erase(&records, "c1").await;
    let attempts = records.delivery(second).await.expect("reads").expect("is on record").attempts;
    let answers: Vec<_> = attempts.iter().map(|attempt| (attempt.status, attempt.response.is_some())).collect();
    assert_eq!(
        answers,
        [(Some(400), false), (Some(400), true)],
        "the attempt stays, and the answers of other requests"
    );
}

pub(crate) async fn an_answer_that_comes_after_the_erasure_is_not_kept(backend: &impl Backend) {
    let records = backend.open().await;
    let (theirs, other) = (review(1, "a").by("c1").for_webhooks(&["crm"]), review(2, "b").for_webhooks(&["crm"]));
    save(&records, &[&theirs, &other]).await;
    let [first, second] = [&theirs, &other].map(|one| DeliveryId::of(one.feedback.id, 1, "crm"));
    erase(&records, "c1").await;
    records.record(vec![of_request(second), of_request(first)]).await.expect("records");
    let attempts = records.delivery(second).await.expect("reads").expect("is on record").attempts;
    assert_eq!((attempts.len(), &attempts[0].response), (1, &None));
    assert!(records.delivery(first).await.expect("reads").is_none());
}
