use super::*;
use crate::{
    feedback::DeliveryId,
    records::{Attempt, Attempted, DeliveryFilter, DeliveryStatus, Facet},
};

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
    let mut erased = records.erase("c1").await.expect("erases");
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
    assert!(records.erase("c1").await.expect("erases").is_empty(), "there is no more to erase");
}

pub(crate) async fn others_are_left_alone(backend: &impl Backend) {
    let records = backend.open().await;
    let (theirs, nobodys) = (review(2, "good").by("c2").for_webhooks(&["crm"]), review(3, "good"));
    save(&records, &[&review(1, "good").by("c1").for_webhooks(&["crm"]), &theirs, &nobodys]).await;
    records.record(vec![attempted(DeliveryId::of(theirs.feedback.id, 1, "crm"))]).await.expect("records");
    assert_eq!(records.erase("c1").await.expect("erases").len(), 1);
    assert_eq!(found(&records, "good").await.len(), 2);
    assert_eq!(records.history("c2", id(9)).await.expect("reads").earlier, 1);
    let left = records.deliveries(&DeliveryFilter::default(), None, 10).await.expect("lists").items;
    assert_eq!((left.len(), left[0].feedback_id, left[0].attempts.len()), (1, Some(theirs.feedback.id), 1));
    assert!(records.erase("unknown").await.expect("erases").is_empty());
}

pub(crate) async fn an_older_revision_of_the_customer_is_erased(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "mine").by("c1").for_webhooks(&["crm"]);
    let second = first.clone().by("c2").revised(2, "no, mine");
    save(&records, &[&first, &second]).await;
    assert_eq!(records.erase("c1").await.expect("erases"), [], "the feedback itself is another's by now");
    let payloads = records.payloads(&[(first.feedback.id, 1), (first.feedback.id, 2)]).await.expect("reads");
    assert!(payloads[0].is_none() && payloads[1].is_some());
    let record = records.get(first.feedback.id).await.expect("reads").expect("is on record");
    assert_eq!(record.deliveries.iter().map(|delivery| delivery.revision).collect::<Vec<_>>(), [2]);
}
