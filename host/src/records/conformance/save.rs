use super::*;
use crate::records::{DeliveryStatus, Piece, Unsaved};

pub(crate) async fn what_was_saved_is_read_back(backend: &impl Backend) {
    let records = backend.open().await;
    let saved = review(1, "good").by("c1").scored("positive", 0.5).tagged(&["price"]);
    save(&records, &[&saved]).await;
    let record = records.get(saved.feedback.id).await.expect("reads").expect("is on record");
    assert_eq!((record.feedback, record.analysis), (saved.feedback, saved.analysis));
    assert!(record.deliveries.is_empty());
    assert!(records.get(id(2)).await.expect("reads").is_none());
}

pub(crate) async fn what_was_saved_outlasts_a_restart(backend: &impl Backend) {
    let saved = review(1, "good").for_webhooks(&["crm"]);
    let records = backend.open().await;
    save(&records, &[&saved]).await;
    drop(records);
    let record = backend.open().await.get(saved.feedback.id).await.expect("reads").expect("is on record");
    assert_eq!((record.feedback, record.deliveries.len()), (saved.feedback, 1));
}

pub(crate) async fn a_repetition_changes_nothing(backend: &impl Backend) {
    let records = backend.open().await;
    let saved = review(1, "good").scored("positive", 0.5).for_webhooks(&["crm"]);
    save(&records, &[&saved]).await;
    save(&records, &[&saved.clone().scored("negative", -0.5), &saved]).await;
    let record = records.get(saved.feedback.id).await.expect("reads").expect("is on record");
    assert_eq!((record.analysis, record.deliveries.len()), (saved.analysis, 1));
    assert_eq!(texts(&records, &Filter::default()).await, ["good"]);
}

pub(crate) async fn a_repetition_owes_nothing_more_and_tells_what_is_owed(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "good").for_webhooks(&["crm", "desk"]);
    let second = first.clone().revised(2, "bad").for_webhooks(&["crm"]);
    save(&records, &[&second, &first]).await;
    // By another chain, as after a crash.
    let again = [&first, &second].map(|item| item.clone().for_webhooks(&["bi", "crm"]));
    let unsaved = records.save(again.to_vec()).await.expect("saves");
    let piece = |revision| Piece { id: first.feedback.id, revision: Some(revision) };
    let owed = vec!["crm".into()];
    assert_eq!(unsaved, Unsaved { erased: Vec::new(), known: vec![(piece(1), owed.clone()), (piece(2), owed)] });
    let record = records.get(first.feedback.id).await.expect("reads").expect("is on record");
    let mut owed: Vec<_> = record.deliveries.iter().map(|one| (one.revision, one.webhook.as_str())).collect();
    owed.sort_unstable();
    assert_eq!(owed, [(1, "crm"), (1, "desk"), (2, "crm")]);
    assert!(record.deliveries.iter().all(|delivery| delivery.status == DeliveryStatus::Pending));
}

pub(crate) async fn a_newer_revision_takes_the_place_of_the_older(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "good").for_webhooks(&["crm"]);
    let second = first.clone().revised(2, "bad");
    save(&records, &[&first]).await;
    save(&records, &[&second]).await;
    let record = records.get(first.feedback.id).await.expect("reads").expect("is on record");
    assert_eq!(record.feedback, second.feedback);
    let owed: Vec<_> = record.deliveries.iter().map(|delivery| delivery.revision).collect();
    assert_eq!(owed, [2, 1], "every revision, newest first");
    assert_eq!(texts(&records, &Filter::default()).await, ["bad"]);
    let payloads = records.payloads(&[(first.feedback.id, 1), (first.feedback.id, 2)]).await.expect("reads");
    let payloads: Vec<_> =
        payloads.into_iter().map(|payload| payload.expect("is on record").read().expect("reads").0).collect();
    assert_eq!(payloads, [first.feedback, second.feedback], "a delivery of the older one may still be due");
}

pub(crate) async fn an_older_revision_that_comes_late_takes_no_place(backend: &impl Backend) {
    let records = backend.open().await;
    let first = review(1, "good").for_webhooks(&["crm"]);
    let second = first.clone().revised(2, "bad");
    save(&records, &[&second, &first]).await;
    let record = records.get(first.feedback.id).await.expect("reads").expect("is on record");
    assert_eq!((record.feedback, record.deliveries.len()), (second.feedback, 2));
    assert_eq!(found(&records, "good").await, [""; 0]);
    let payloads = records.payloads(&[(first.feedback.id, 1)]).await.expect("reads");
    assert_eq!(
        payloads[0].as_ref().map(|payload| payload.read().expect("reads").0).as_ref(),
        Some(&first.feedback),
        "but it is delivered"
    );
}

pub(crate) async fn payloads_come_in_the_order_asked_for(backend: &impl Backend) {
    let records = backend.open().await;
    let (one, two) = (review(1, "one"), review(2, "two"));
    save(&records, &[&one, &two]).await;
    let asked = [(two.feedback.id, 1), (id(3), 1), (one.feedback.id, 1), (one.feedback.id, 2)];
    let payloads = records.payloads(&asked).await.expect("reads");
    let found: Vec<_> =
        payloads.iter().map(|found| found.as_ref().map(|found| found.read().expect("reads").0.text)).collect();
    assert_eq!(found, [Some("two".into()), None, Some("one".into()), None]);
}
