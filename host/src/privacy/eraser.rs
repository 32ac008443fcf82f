//! Forgets a customer, or one feedback.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde::Deserialize;

use super::{ForgetError, events};
use crate::{
    feedback::{Customer, FeedbackId},
    queue::{Fits, Lane, Queue},
    records::{Erasure, Piece, Records, RecordsError, Subject},
};

/// Pieces that are erased in one transaction.
const STEP: usize = 64;
/// How long whoever asked waits until the last traces are overwritten: for readers that hold on to older states of the
/// store, and, in a large one, for the time that it takes to look through it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an erasure came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Erased {
    /// How many pieces of feedback.
    pub feedback: usize,
    /// Whether the last traces are overwritten too, in logs and between rows. Otherwise the store is large, or another
    /// program reads it at this moment; then it is done in the background.
    pub is_scrubbed: bool,
}

/// Forgets customers and feedback. Cheap to clone.
#[derive(Clone)]
pub struct Eraser {
    pub(super) queue: Arc<dyn Queue>,
    pub(super) records: Arc<dyn Records>,
    pub(super) patience: Duration,
}

/// The part of feedback that tells whose it is.
#[derive(Deserialize)]
struct Owned {
    customer: Option<Customer>,
}

impl Eraser {
    /// An eraser of what is in these.
    pub fn new(queue: Arc<dyn Queue>, records: Arc<dyn Records>) -> Self {
        Self { queue, records, patience: PATIENCE }
    }

    /// Forgets a feedback, or everything that was accepted of a customer until now. Returns when that is durable.
    ///
    /// # Errors
    /// Where the store fails. What was begun goes on by itself later.
    pub async fn erase(&self, subject: &Subject) -> Result<Erased, ForgetError> {
        let erasure = self.records.begin_erasure(subject).await?;
        let feedback = self.carry_out(&erasure).await?;
        Ok(Erased { feedback, is_scrubbed: self.scrub().await? })
    }

    /// Goes on with what was begun and did not end; how many erasures that were.
    ///
    /// # Errors
    /// Where the store fails: of several failures the first, and whatever can be erased is.
    pub async fn resume(&self) -> Result<usize, ForgetError> {
        let open = self.records.erasures().await?;
        let mut outcome = Ok(open.len());
        for erasure in &open {
            let carried_out = self.carry_out(erasure).await;
            outcome = outcome.and_then(|count| carried_out.map(|_| count));
        }
        outcome
    }

    /// Overwrites the last traces, as far as there is time for it; the keeper goes on with the rest.
    async fn scrub(&self) -> Result<bool, RecordsError> {
        match tokio::time::timeout(PATIENCE, self.records.scrub(self.patience)).await {
            Ok(outcome) => outcome,
            Err(_) => Ok(false),
        }
    }

    async fn carry_out(&self, erasure: &Erasure) -> Result<usize, ForgetError> {
        let mut erased = BTreeSet::new();
        self.queue.forget_details().await?;
        for step in self.waiting(erasure).await?.chunks(STEP) {
            self.erase_pieces(step, &mut erased).await?;
        }
        loop {
            let pieces = self.records.pieces_of(erasure, STEP).await?;
            if pieces.is_empty() {
                break;
            }
            self.erase_pieces(&pieces, &mut erased).await?;
        }
        self.records.end_erasure(erasure).await?;
        events::erased(&erasure.subject, erased.len());
        Ok(erased.len())
    }

    /// What the chain is not through with.
    async fn waiting(&self, erasure: &Erasure) -> Result<Vec<Piece>, ForgetError> {
        match &erasure.subject {
            Subject::Customer(customer) => {
                let found = self.queue.search(&Lane::Intake, erasure.era, is_of(customer)).await?;
                let piece = |(id, revision)| Piece { id: FeedbackId(id), revision: Some(revision) };
                Ok(found.into_iter().map(piece).collect())
            }
            Subject::Feedback(id) => {
                let is_there = self.queue.find(&Lane::Intake, id.0).await?.is_some();
                Ok(is_there.then_some(Piece { id: *id, revision: None }).into_iter().collect())
            }
        }
    }

    async fn erase_pieces(&self, pieces: &[Piece], erased: &mut BTreeSet<FeedbackId>) -> Result<(), ForgetError> {
        forget(&*self.queue, &*self.records, pieces).await?;
        erased.extend(pieces.iter().map(|piece| piece.id));
        Ok(())
    }
}

/// Drops pieces, and what is owed for them, from the queue and then from the records.
pub(super) async fn forget(queue: &dyn Queue, records: &dyn Records, pieces: &[Piece]) -> Result<(), ForgetError> {
    let deliveries = records.deliveries_of(pieces).await?;
    let of_deliveries = deliveries.into_iter().map(|delivery| (delivery.0, None));
    let messages: Vec<_> = pieces.iter().map(|piece| (piece.id.0, piece.revision)).chain(of_deliveries).collect();
    queue.forget(&messages).await?;
    records.erase(pieces).await?;
    Ok(())
}

/// Whether a message on the lane of intake is of this customer.
fn is_of(customer: &str) -> Fits {
    let customer = customer.to_owned();
    Arc::new(move |body| {
        let owned: Option<Owned> = serde_json::from_slice(body).ok();
        owned.and_then(|owned| owned.customer).is_some_and(|owner| owner.known_by() == Some(&customer))
    })
}

impl std::fmt::Debug for Eraser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Eraser").finish_non_exhaustive()
    }
}
