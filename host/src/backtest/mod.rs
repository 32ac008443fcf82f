//! Runs stored feedback through a candidate chain and compares what it says with what the live chain says.
//!
//! Where the stored analysis was made by the live chain as it is configured now, that analysis is compared; elsewhere, and
//! for languages that are read by dictionaries, the live chain runs as well. Feedback is stored as redacted, so both chains
//! see it without what was taken out. One thread a core takes page after page from the [`Archive`]; nothing is written.

mod html;
mod report;
mod stand;
mod tally;
mod text;

pub use report::Report;

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};

use crate::{
    config::{self, OnFault},
    feedback::Feedback,
    plugins::{Chain, Outcome, Worker, grants::HistorySource},
    records::{
        RecordsError,
        sqlite::{Archive, Stored},
    },
};
use stand::{Key, Stand};
use tally::{Side, Tally};

/// Rows of one page, which the chains get as one batch.
const PAGE: usize = 256;

/// What is compared, and over what.
#[derive(Debug)]
pub struct Backtest {
    /// The chain as it is configured.
    pub live: Arc<Chain>,
    /// The chain that may take its place.
    pub candidate: Arc<Chain>,
    /// The feedback.
    pub archive: Archive,
}

/// The plugins of a configuration as a backtest runs them: without those in the shadow, which change nothing, and with
/// faults counted rather than set aside.
pub fn comparable(plugins: &[config::Plugin]) -> Vec<config::Plugin> {
    let plugins = plugins.iter().filter(|plugin| !plugin.shadow);
    plugins.map(|plugin| config::Plugin { on_fault: OnFault::Skip, ..plugin.clone() }).collect()
}

impl Backtest {
    /// Runs it on all cores. `history` tells what customers said before; `progress` hears how many items were compared.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn run(
        &self,
        history: &Arc<dyn HistorySource>,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Report, RecordsError> {
        let started = Instant::now();
        let workers = self.workers();
        let total = Mutex::new(Tally::default());
        thread::scope(|scope| {
            let work = || {
                let tally = self.work(history, progress)?;
                total.lock().unwrap_or_else(PoisonError::into_inner).add(tally);
                Ok(())
            };
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            let ended = |thread: thread::ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|_| Err(defect()));
            threads.into_iter().try_for_each(ended)
        })?;
        let total = total.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Report::of(total, &self.live, &self.candidate, workers, started.elapsed()))
    }

    /// One a core, and as many as may wait for answers of others, as far as each engine has instances for every plugin.
    fn workers(&self) -> usize {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let waiting = self.live.may_wait().max(self.candidate.may_wait());
        let room = |chain: &Chain| chain.room() / chain.plugins().len().max(1);
        (cores + waiting).min(room(&self.live)).min(room(&self.candidate)).max(1)
    }

    fn work(&self, history: &Arc<dyn HistorySource>, progress: &(dyn Fn(usize) + Sync)) -> Result<Tally, RecordsError> {
        let live_keys = stand::keys(&self.live);
        let mut live = Worker::new(self.live.clone(), history.clone());
        let mut candidate = Worker::new(self.candidate.clone(), history.clone());
        let mut tally = Tally::default();
        loop {
            let page = self.archive.next_page(PAGE)?;
            if page.is_empty() {
                return Ok(tally);
            }
            let count = page.len();
            compare(page, &live_keys, &mut live, &mut candidate, &mut tally);
            progress(count);
        }
    }
}

fn defect() -> RecordsError {
    RecordsError::Failed("a thread of the backtest ended by a defect in sayso".into())
}

fn compare(page: Vec<Stored>, live_keys: &[Key], live: &mut Worker, candidate: &mut Worker, tally: &mut Tally) {
    let (mut feedback, mut before) = (Vec::with_capacity(page.len()), Vec::with_capacity(page.len()));
    for stored in page {
        match (serde_json::from_str::<Feedback>(&stored.feedback), serde_json::from_str::<Stand>(&stored.analysis)) {
            (Ok(one), Ok(stand)) => {
                feedback.push(one);
                before.push(stand);
            }
            _ => tally.unreadable += 1,
        }
    }
    let outdated: Vec<usize> = (0..before.len()).filter(|place| !before[*place].is_of(live_keys)).collect();
    tally.live.stored += (before.len() - outdated.len()) as u64;
    let again = outdated.iter().map(|place| feedback[*place].clone()).collect();
    for (place, stand) in outdated.into_iter().zip(run(live, again, &mut tally.live)) {
        before[place] = stand;
    }
    let after = run(candidate, feedback.clone(), &mut tally.candidate);
    for ((feedback, before), after) in feedback.iter().zip(&before).zip(&after) {
        tally.compare(feedback, before, after);
    }
}

/// What a chain says of a batch.
fn run(worker: &mut Worker, batch: Vec<Feedback>, side: &mut Side) -> Vec<Stand> {
    let started = Instant::now();
    side.ran += batch.len() as u64;
    let outcomes = worker.run(batch);
    side.time += started.elapsed();
    let stand = |outcome| match outcome {
        Outcome::Analyzed { analysis, .. } => Stand::from(*analysis),
        // No plugin of a comparable chain parks.
        Outcome::Parked { .. } => Stand::default(),
    };
    outcomes.into_iter().map(stand).collect()
}
