//! `Prefer: wait=N`: waits until the chain is through with every item of a request.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::outcome::{Accepted, Outcome};
use crate::api::State;
use crate::api::problem::Problem;
use crate::feedback::{Analysis, FeedbackId};
use crate::queue::{Lane, Whereabouts};

/// Items of the largest request that is waited for: their analyses are held in memory.
const MAX_ITEMS: u64 = 1_000;
/// How long to wait before looking whether something was parked, which the records do not tell.
const ROUND: Duration = Duration::from_millis(500);

/// Why items were parked, by their position in the request.
pub(super) type Parked = BTreeMap<u32, String>;

/// What became of one item.
#[derive(Clone, Debug)]
pub(super) enum Awaited {
    /// The chain is through with it.
    Analysed(Box<Analysis>),
    /// It was set aside, for this reason.
    Parked(String),
    /// It was erased in between.
    Erased,
}

/// What the wait came to.
pub(super) enum Waited {
    /// Every accepted item, in order.
    All(Vec<Awaited>),
    /// The time was over first, or there is nothing but what was parked.
    NotAll(Parked),
}

/// Waits up to `time` for the analyses of every accepted item.
pub(super) async fn analyses(state: &State, outcome: &Outcome, time: Duration) -> Result<Waited, Problem> {
    if outcome.accepted() == 0 || outcome.len() as u64 > MAX_ITEMS {
        return Ok(Waited::NotAll(Parked::new()));
    }
    let items: Vec<Accepted> = outcome.accepted_items().collect();
    let deadline = Instant::now() + time;
    let (mut open, mut parked) = (items.clone(), Parked::new());
    loop {
        let round = ROUND.min(deadline.saturating_duration_since(Instant::now()));
        let of: Vec<_> = open.iter().map(revision_of).collect();
        let mut done = state.records.wait(&of, round).await.into_iter();
        open.retain(|_| !done.next().unwrap_or(false));
        move_parked(state, &mut open, &mut parked, deadline).await?;
        if open.is_empty() && parked.len() < items.len() {
            return results(state, &items, &mut parked).await.map(Waited::All);
        }
        if open.is_empty() || Instant::now() >= deadline {
            return Ok(Waited::NotAll(parked));
        }
    }
}

const fn revision_of(item: &Accepted) -> (FeedbackId, u32) {
    (FeedbackId(item.id), item.revision)
}

/// Looks which of those that are open were parked, for as long as there is time.
async fn move_parked(
    state: &State,
    open: &mut Vec<Accepted>,
    parked: &mut Parked,
    deadline: Instant,
) -> Result<(), Problem> {
    let mut still_open = Vec::new();
    for item in open.drain(..) {
        if Instant::now() >= deadline {
            still_open.push(item);
            continue;
        }
        match state.queue.find(&Lane::Intake, item.id).await? {
            Some(Whereabouts::Parked { reason, .. }) => {
                parked.insert(item.index, reason);
            }
            Some(Whereabouts::Waiting { .. }) | None => still_open.push(item),
        }
    }
    *open = still_open;
    Ok(())
}

async fn results(state: &State, items: &[Accepted], parked: &mut Parked) -> Result<Vec<Awaited>, Problem> {
    let of: Vec<_> = items.iter().map(revision_of).collect();
    let payloads = state.records.payloads(&of).await?;
    let mut results = Vec::with_capacity(items.len());
    for (item, payload) in items.iter().zip(payloads) {
        results.push(match (parked.remove(&item.index), payload) {
            (Some(reason), _) => Awaited::Parked(reason),
            (None, Some(payload)) => Awaited::Analysed(Box::new(payload.read()?.1)),
            // A newer revision may have taken its place.
            (None, None) => match state.records.get(FeedbackId(item.id)).await? {
                Some(record) => Awaited::Analysed(Box::new(record.analysis)),
                None => Awaited::Erased,
            },
        });
    }
    Ok(results)
}
