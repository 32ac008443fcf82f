//! One pass over what may have been kept long enough, in short steps with pauses between them.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use super::{ForgetError, eraser::forget};
use crate::{
    config::{Data, Keep},
    feedback::{DeliveryId, FeedbackId},
    queue::{Lane, Queue},
    records::{Piece, Records},
};

/// After each step the store is left alone for so many times as long as the step took,
const REST: u32 = 4;
/// and at least this long.
const LEAST_REST: Duration = Duration::from_millis(2);
/// Parked feedback that is looked at in one step.
const PARKED_STEP: usize = 64;

/// What a pass removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Removed {
    pub(super) feedback: u64,
    /// Feedback that was set aside by the pipeline.
    pub(super) parked: u64,
    pub(super) deliveries: u64,
    pub(super) attempts: u64,
    pub(super) answers: u64,
}

impl Removed {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A pass.
pub(super) struct Sweep<'a> {
    pub(super) queue: &'a dyn Queue,
    pub(super) records: &'a dyn Records,
    pub(super) now: Timestamp,
    pub(super) removed: Removed,
}

impl Sweep<'_> {
    /// Removes attempts first, then deliveries, then feedback: each may go when what refers to it is gone.
    pub(super) async fn run(&mut self, data: &Data) -> Result<(), ForgetError> {
        self.answers().await?;
        if let Some(before) = self.before(data.keep_attempts()) {
            self.attempts(before).await?;
        }
        if let Some(before) = self.before(data.keep_deliveries()) {
            self.deliveries(before).await?;
        }
        if let Some(before) = self.before(data.keep_feedback) {
            self.feedback(before).await?;
            self.parked(before).await?;
        }
        Ok(())
    }

    /// What became so before then has been kept long enough.
    fn before(&self, keep: Keep) -> Option<Timestamp> {
        match keep {
            Keep::Forever => None,
            Keep::For(time) => self.now.checked_sub(time).ok(),
        }
    }

    async fn answers(&mut self) -> Result<(), ForgetError> {
        loop {
            let began = Instant::now();
            let dropped = self.queue.drop_expired_answers().await?;
            self.removed.answers += dropped;
            if dropped == 0 {
                return Ok(());
            }
            rest(began).await;
        }
    }

    async fn attempts(&mut self, before: Timestamp) -> Result<(), ForgetError> {
        let mut after = None;
        loop {
            let began = Instant::now();
            let (dropped, next) = self.records.drop_attempts(before, after.as_deref()).await?;
            self.removed.attempts += dropped;
            if next.is_none() {
                return Ok(());
            }
            after = next;
            rest(began).await;
        }
    }

    async fn deliveries(&mut self, before: Timestamp) -> Result<(), ForgetError> {
        let mut after = None;
        loop {
            let began = Instant::now();
            let page = self.records.expired_deliveries(before, after.as_deref()).await?;
            let ids = self.discard(page.items).await?;
            if !ids.is_empty() {
                self.removed.deliveries += self.records.drop_deliveries(&ids, before).await?;
            }
            if page.next.is_none() {
                return Ok(());
            }
            after = page.next;
            rest(began).await;
        }
    }

    /// Drops the messages of deliveries, which may be parked. Those that an operator has just had put back stay.
    async fn discard(&self, mut deliveries: Vec<(DeliveryId, String)>) -> Result<Vec<DeliveryId>, ForgetError> {
        deliveries.sort_by(|(_, a), (_, b)| a.cmp(b));
        let mut gone = Vec::with_capacity(deliveries.len());
        for of_webhook in deliveries.chunk_by(|(_, a), (_, b)| a == b) {
            let Some((_, webhook)) = of_webhook.first() else { continue };
            let lane = Lane::Delivery(webhook.as_str().into());
            let messages: Vec<_> = of_webhook.iter().map(|(id, _)| (id.0, None)).collect();
            gone.extend(self.queue.discard(&lane, &messages).await?.into_iter().map(|(id, _)| DeliveryId(id)));
        }
        Ok(gone)
    }

    async fn feedback(&mut self, before: Timestamp) -> Result<(), ForgetError> {
        let mut after = None;
        loop {
            let began = Instant::now();
            let page = self.records.expired_feedback(before, after.as_deref()).await?;
            if !page.items.is_empty() {
                forget(self.queue, self.records, &page.items).await?;
                self.removed.feedback += page.items.chunk_by(|one, next| one.id == next.id).count() as u64;
            }
            if page.next.is_none() {
                return Ok(());
            }
            after = page.next;
            rest(began).await;
        }
    }

    /// Feedback that was set aside: it is listed in the order of its acceptance, and was set aside later than that.
    async fn parked(&mut self, before: Timestamp) -> Result<(), ForgetError> {
        let end = u64::try_from(before.as_millisecond()).unwrap_or(0);
        let mut after = None;
        loop {
            let began = Instant::now();
            let page = self.queue.parked(&Lane::Intake, after, PARKED_STEP).await?;
            after = page.last().map(|last| (last.id, last.revision));
            let is_end = page.len() < PARKED_STEP || page.last().is_none_or(|last| millisecond(last.id) >= end);
            let old = page.iter().filter(|parked| parked.parked_at < before);
            let old: Vec<_> = old.map(|parked| (parked.id, Some(parked.revision))).collect();
            let gone = self.queue.discard(&Lane::Intake, &old).await?;
            let pieces: Vec<_> =
                gone.into_iter().map(|(id, revision)| Piece { id: FeedbackId(id), revision }).collect();
            if !pieces.is_empty() {
                let unrecorded = self.unrecorded(&pieces).await?;
                forget(self.queue, self.records, &unrecorded).await?;
                self.removed.parked += pieces.len() as u64;
            }
            if is_end {
                return Ok(());
            }
            rest(began).await;
        }
    }
}

impl Sweep<'_> {
    /// Those that are not on record: of what is, an earlier run of the chain may have deliveries that are still due.
    async fn unrecorded(&self, pieces: &[Piece]) -> Result<Vec<Piece>, ForgetError> {
        let keys: Vec<_> = pieces.iter().map(|piece| (piece.id, piece.revision.unwrap_or_default())).collect();
        let known = self.records.payloads(&keys).await?;
        Ok(pieces.iter().zip(known).filter(|(_, known)| known.is_none()).map(|(piece, _)| *piece).collect())
    }
}

/// The time that the id of feedback begins with.
fn millisecond(id: Uuid) -> u64 {
    u64::try_from(id.as_u128() >> 80).unwrap_or(u64::MAX)
}

/// Leaves the store to others.
async fn rest(began: Instant) {
    tokio::time::sleep((began.elapsed() * REST).max(LEAST_REST)).await;
}
