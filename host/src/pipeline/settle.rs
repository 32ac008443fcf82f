//! Settles a batch: save, publish the deliveries, acknowledge or set aside.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{Done, Pipeline, events};
use crate::{
    delivery::webhooks::{Candidate, notice::Notice},
    feedback::{Feedback, FeedbackId, Kind},
    plugins::Outcome,
    queue::{Lane, Lease, Message, QueueError},
    records::{Analyzed, Piece, RecordsError, Unsaved},
};

/// Pause while the store is full.
const PAUSE: Duration = Duration::from_secs(1);

/// What a batch comes to.
#[derive(Default)]
struct Sorted {
    analyzed: Vec<Analyzed>,
    /// With the feedback and revision that it is of.
    owed: Vec<(Piece, (Lane, Message))>,
    finished: Vec<Lease>,
    parked: Vec<(Lease, String)>,
}

/// Settles a batch. On failure the leases are left to come back.
pub(super) async fn settle(pipeline: &Pipeline, done: Done, slots: &Semaphore) {
    let Done { turn, leases, kept: _kept, outcomes } = done;
    let sorted = sort(pipeline, leases, outcomes);
    if sorted.owed.iter().any(|(_, (_, message))| message.series.is_some()) {
        turn.come().await;
    }
    // After the turn has come: those that wait for it hold up nobody.
    let Ok(_slot) = slots.acquire().await else { return };
    let count = sorted.analyzed.len();
    if count > 0 {
        let Unsaved { erased, known } = match save(pipeline, sorted.analyzed).await {
            Ok(unsaved) => unsaved,
            Err(error) => return events::records_failed(&error),
        };
        // What is on record is delivered to whom it was owed then; what is lost of that is found at the next start.
        let known: HashMap<Piece, Vec<Arc<str>>> = known.into_iter().collect();
        let is_owed = |piece: &Piece, lane: &Lane| {
            let was_owed = |owed: &Vec<Arc<str>>| matches!(lane, Lane::Delivery(webhook) if owed.contains(webhook));
            !erased.contains(piece) && known.get(piece).is_none_or(was_owed)
        };
        // Nothing is owed for these, since they are not on record.
        let messages: Vec<_> = erased.iter().map(|piece| (piece.id.0, piece.revision)).collect();
        if !messages.is_empty()
            && let Err(error) = pipeline.queue.forget(&messages).await
        {
            return events::queue_failed(&error);
        }
        let owed = sorted.owed.into_iter().filter(|(piece, (lane, _))| is_owed(piece, lane)).map(|(_, owed)| owed);
        if let Err(error) = publish(pipeline, owed.collect()).await {
            return events::queue_failed(&error);
        }
        if let Err(error) = pipeline.queue.ack(sorted.finished).await {
            return events::queue_failed(&error);
        }
        events::analyzed(count);
    }
    set_aside(pipeline, sorted.parked).await;
}

/// Sets aside what is not on record: what another chain analysed before a crash is done.
async fn set_aside(pipeline: &Pipeline, parked: Vec<(Lease, String)>) {
    if parked.is_empty() {
        return;
    }
    let pieces: Vec<_> = parked.iter().map(|(lease, _)| (FeedbackId(lease.id), lease.revision)).collect();
    let on_record = match pipeline.records.payloads(&pieces).await {
        Ok(on_record) => on_record,
        Err(error) => return events::records_failed(&error),
    };
    let mut finished = Vec::new();
    for ((lease, reason), payload) in parked.into_iter().zip(on_record) {
        match payload {
            Some(_) => finished.push(lease),
            None => park(pipeline, lease, reason).await,
        }
    }
    if !finished.is_empty()
        && let Err(error) = pipeline.queue.ack(finished).await
    {
        events::queue_failed(&error);
    }
}

/// Sets a feedback aside, and tells the webhooks that want to know: first those, so that a crash in between tells them
/// again rather than never.
pub(super) async fn park(pipeline: &Pipeline, lease: Lease, reason: String) {
    // Of what was erased meanwhile nobody is told, and what another has by now is the other's to set aside.
    if pipeline.queue.remaining(&lease).is_none() {
        return;
    }
    events::parked(FeedbackId(lease.id), &reason);
    let notice = Notice::parked(FeedbackId(lease.id), lease.revision, kind_of(&lease), &reason).after(lease.parked_at);
    if let Err(error) = notice.publish(&pipeline.webhooks, &*pipeline.queue, &*pipeline.records).await {
        return events::notice_failed(&error);
    }
    if let Err(error) = pipeline.queue.park(lease, reason).await {
        events::queue_failed(&error);
    }
}

fn kind_of(lease: &Lease) -> Option<Kind> {
    serde_json::from_slice::<Feedback>(&lease.body).ok().map(|feedback| feedback.kind)
}

fn sort(pipeline: &Pipeline, leases: Vec<Lease>, outcomes: Vec<Outcome>) -> Sorted {
    let mut sorted = Sorted::default();
    let webhooks = pipeline.webhooks.current();
    for (lease, outcome) in leases.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Parked { reason } => sorted.parked.push((lease, reason)),
            Outcome::Analyzed { feedback, analysis } => {
                let wanting = webhooks.wanting(&Candidate::new(&feedback, &analysis));
                let piece = Piece { id: feedback.id, revision: Some(feedback.revision) };
                sorted.owed.extend(wanting.iter().map(|webhook| (piece, webhook.owed(&feedback))));
                let webhooks = wanting.into_iter().map(|webhook| webhook.name().clone()).collect();
                let era = lease.era;
                sorted.analyzed.push(Analyzed { feedback: *feedback, analysis: *analysis, webhooks, era });
                sorted.finished.push(lease);
            }
        }
    }
    sorted
}

/// Saves, and waits while the store is full: what was accepted must not be given up.
async fn save(pipeline: &Pipeline, analyzed: Vec<Analyzed>) -> Result<Unsaved, RecordsError> {
    loop {
        match pipeline.records.save(analyzed.clone()).await {
            Err(RecordsError::Full(reason)) => {
                events::store_full(&reason);
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}

async fn publish(pipeline: &Pipeline, owed: Vec<(Lane, Message)>) -> Result<(), QueueError> {
    loop {
        match pipeline.queue.publish_all(owed.clone()).await {
            Err(QueueError::Full(reason)) => {
                events::store_full(&reason);
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio_util::task::AbortOnDropHandle;

    use super::{super::turns::Turns, *};
    use crate::{
        config,
        delivery::webhooks::Live,
        feedback::{Analysis, Route},
        plugins::{Chain, LiveChain},
        queue::sqlite::SqliteQueue,
        records::sqlite::SqliteRecords,
        sqlite::Store,
    };

    /// Whose webhooks want the routes of their names.
    fn pipeline(folder: &tempfile::TempDir, webhooks: &[&str]) -> Pipeline {
        let webhook = |name: &&str| {
            let secret = crate::delivery::signing::new_secret();
            let of = json!({"name": name, "url": "https://example.com", "secret": secret.expose(), "routes": [name]});
            serde_json::from_value::<config::Webhook>(of).expect("is a webhook")
        };
        let webhooks: Vec<_> = webhooks.iter().map(webhook).collect();
        let store = Store::open(&folder.path().join("sayso.db")).expect("opens");
        Pipeline {
            queue: Arc::new(SqliteQueue::new(store.clone()).expect("loads")),
            records: Arc::new(SqliteRecords::new(store).expect("loads")),
            chain: Arc::new(LiveChain::new(Chain::default(), || Err("there is no other".into()))),
            webhooks: Live::fixed(&config::Delivery::default(), &webhooks).expect("a set"),
            config: config::Pipeline::default(),
        }
    }

    fn routed(feedback: &Feedback, route: &str) -> Outcome {
        let route = Route { name: route.into(), rule: "r".into(), priority: 1 };
        let analysis = Analysis { routes: vec![route], ..Analysis::default() };
        Outcome::Analyzed { feedback: feedback.clone().into(), analysis: analysis.into() }
    }

    #[tokio::test]
    async fn what_is_on_record_is_neither_delivered_nor_parked_as_another_chain_says_after_a_crash() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipeline = pipeline(&folder, &["one", "two"]);
        let (id, body) = (FeedbackId::now(), r#"{"kind":"review","text":"late"}"#);
        let message = Message { id: id.0, revision: 1, identity: None, series: None, era: 0, body: body.into() };
        pipeline.queue.publish(&Lane::Intake, vec![message]).await.expect("works");
        let feedback = Feedback { id, revision: 1, ..serde_json::from_str(body).expect("is feedback") };
        let turns = Turns::new(9);
        let leases = pipeline.queue.pull(&Lane::Intake, 1, Duration::from_secs(1)).await.expect("works");
        let parked = Outcome::Parked { reason: "failed".into() };
        // Of a crash the leases know nothing: the same work is done again, with the outcome of another chain.
        for outcome in [routed(&feedback, "one"), routed(&feedback, "two"), parked] {
            let pulled = turns.pull(async { Ok::<_, QueueError>(leases.clone()) }).await.expect("works");
            let (leases, turn) = pulled.expect("some");
            let kept = AbortOnDropHandle::new(tokio::spawn(async {}));
            settle(&pipeline, Done { turn, leases, kept, outcomes: vec![outcome] }, &Semaphore::new(1)).await;
        }
        let record = pipeline.records.get(id).await.expect("reads").expect("is on record");
        let owed: Vec<_> = record.deliveries.iter().map(|delivery| delivery.webhook.as_str()).collect();
        assert_eq!((record.analysis.routes[0].name.as_str(), owed), ("one", vec!["one"]));
        let depths = pipeline.queue.depths();
        let waiting: Vec<_> =
            depths.iter().filter(|(_, depth)| depth.waiting > 0).map(|(lane, _)| lane.to_string()).collect();
        assert_eq!(waiting, ["delivery/one"]);
        assert!(depths.iter().all(|(_, depth)| depth.parked == 0), "{depths:?}");
    }
}
