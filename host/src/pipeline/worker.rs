//! One thread of the chain: pulls a batch, runs the plugins, hands the outcome on.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    Done, Pipeline, events,
    history::RecordsHistory,
    settle, threads,
    turns::{Turn, Turns},
};
use crate::{
    feedback::{Feedback, FeedbackId},
    plugins::{Outcome, Worker, grants::HistorySource},
    queue::{Lane, Lease},
};

/// How long one look into the queue waits for work.
const PULL_WAIT: Duration = Duration::from_secs(5);

/// After what time leases are extended; they last 60 s.
const EXTEND: Duration = Duration::from_secs(20);

/// Why what the chain ends on by itself is set aside.
const DEFECT: &str = "to analyse it ended by a defect in sayso, of which the log says the place; please report it";

/// Pause after the queue failed to answer.
const PAUSE: Duration = Duration::from_secs(1);

/// How nice the threads of the chain are: the scheduler gives them about a tenth of what it gives a thread of intake
/// while both have work, and everything otherwise.
const NICENESS: i32 = 10;

/// A burst is taken in first and analysed after: what is accepted is safe on disk, what is refused may be lost.
fn yield_to_intake() {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::debug!(%error, "the chain runs at the same priority as intake");
    }
}

pub(super) struct ChainThread {
    /// Its place among the threads, from 0.
    number: usize,
    pipeline: Pipeline,
    turns: Arc<Turns>,
    history: Arc<dyn HistorySource>,
    worker: Worker,
    done: mpsc::Sender<Done>,
    shutdown: CancellationToken,
    runtime: Handle,
}

impl ChainThread {
    pub(super) fn new(
        number: usize,
        pipeline: &Pipeline,
        turns: Arc<Turns>,
        done: mpsc::Sender<Done>,
        shutdown: CancellationToken,
        runtime: Handle,
    ) -> Self {
        let history: Arc<dyn HistorySource> = Arc::new(RecordsHistory::new(pipeline.records.clone(), runtime.clone()));
        Self {
            number,
            pipeline: pipeline.clone(),
            turns,
            worker: Worker::new(pipeline.chain.current(), history.clone()),
            history,
            done,
            shutdown,
            runtime,
        }
    }

    /// Runs until shutdown, or until nobody settles any more.
    pub(super) fn run(mut self) {
        yield_to_intake();
        loop {
            if !self.is_wanted() {
                self.sleep();
            }
            let Some(pulled) = self.next_batch() else { return };
            self.take_up_chain();
            let Some((leases, turn)) = pulled else { continue };
            let (leases, feedback) = self.read(leases);
            let kept = self.keep(&leases);
            let outcomes = self.analyze(&leases, feedback);
            if self.done.blocking_send(Done { turn, leases, kept, outcomes }).is_err() {
                return;
            }
        }
    }

    /// Runs the chain. Where it ends by a defect, each item is run by itself, so that the one at fault costs no other.
    fn analyze(&mut self, leases: &[Lease], feedback: Vec<Feedback>) -> Vec<Outcome> {
        if let Some(outcomes) = self.try_to(feedback) {
            return outcomes;
        }
        let alone = |lease: &Lease| {
            let outcome = feedback_of(lease).ok().and_then(|feedback| self.try_to(vec![feedback])?.pop());
            outcome.unwrap_or_else(|| Outcome::Parked { reason: DEFECT.into() })
        };
        leases.iter().map(alone).collect()
    }

    /// Runs the chain; none where it ended by a defect, which costs its instances.
    fn try_to(&mut self, feedback: Vec<Feedback>) -> Option<Vec<Outcome>> {
        let outcomes = catch_unwind(AssertUnwindSafe(|| self.worker.run(feedback))).ok();
        if outcomes.is_none() {
            events::panicked();
            self.worker = Worker::new(self.worker.chain().clone(), self.history.clone());
        }
        outcomes
    }

    /// Whether the chain that is live needs so many threads.
    fn is_wanted(&self) -> bool {
        self.number < threads::count(self.pipeline.config.workers, &self.pipeline.chain.current())
    }

    /// Lets go of the instances, and waits until the thread is wanted again, or until shutdown.
    fn sleep(&mut self) {
        let mut chains = self.pipeline.chain.subscribe();
        self.worker = Worker::new(Arc::default(), self.history.clone());
        self.runtime.block_on(async {
            while !self.is_wanted() {
                tokio::select! {
                    () = self.shutdown.cancelled() => return,
                    // It never errs while the chain is there.
                    _ = chains.changed() => {}
                }
            }
        });
    }

    /// Extends the leases until it is dropped, which is when the batch is settled: while plugins take their time, and while
    /// the batch waits for its turn, nobody else begins with the same.
    fn keep(&self, leases: &[Lease]) -> AbortOnDropHandle<()> {
        let (queue, leases) = (self.pipeline.queue.clone(), leases.to_vec());
        let keep = async move {
            loop {
                tokio::time::sleep(EXTEND).await;
                if let Err(error) = queue.extend(&leases).await {
                    events::queue_failed(&error);
                }
            }
        };
        AbortOnDropHandle::new(self.runtime.spawn(keep))
    }

    /// Takes up the chain that is live now, and lets go of the instances of the one before.
    fn take_up_chain(&mut self) {
        let chain = self.pipeline.chain.current();
        if !Arc::ptr_eq(self.worker.chain(), &chain) {
            self.worker = Worker::new(chain, self.history.clone());
        }
    }

    /// The next leases, if there are some now; none at shutdown.
    fn next_batch(&self) -> Option<Option<(Vec<Lease>, Turn)>> {
        let mut chains = self.pipeline.chain.subscribe();
        let config = &self.pipeline.config;
        let threads = threads::count(config.workers, &self.pipeline.chain.current());
        let batch = threads::batch(config.batch, config.workers, threads);
        self.runtime.block_on(async {
            let pulled = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return None,
                pulled = self.turns.pull(self.pipeline.queue.pull(&Lane::Intake, batch, PULL_WAIT)) => pulled,
                // Another chain may want other batches, and other threads for them.
                Ok(()) = chains.changed() => return Some(None),
            };
            match pulled {
                Ok(pulled) => Some(pulled),
                Err(error) => {
                    events::queue_failed(&error);
                    tokio::select! {
                        () = self.shutdown.cancelled() => None,
                        () = tokio::time::sleep(PAUSE) => Some(None),
                    }
                }
            }
        })
    }

    /// The feedback of the leases. A body that cannot be read is set aside: it would fail again and again.
    fn read(&self, leases: Vec<Lease>) -> (Vec<Lease>, Vec<Feedback>) {
        let mut readable = Vec::with_capacity(leases.len());
        let mut all = Vec::with_capacity(leases.len());
        for lease in leases {
            match feedback_of(&lease) {
                Ok(feedback) => {
                    all.push(feedback);
                    readable.push(lease);
                }
                Err(error) => {
                    let reason = format!("the queued feedback cannot be read: {error}");
                    self.runtime.block_on(settle::park(&self.pipeline, lease, reason));
                }
            }
        }
        (readable, all)
    }
}

/// The feedback that a lease is of. Which one it is, is written beside it in the queue.
fn feedback_of(lease: &Lease) -> Result<Feedback, serde_json::Error> {
    let feedback: Feedback = serde_json::from_slice(&lease.body)?;
    Ok(Feedback { id: FeedbackId(lease.id), revision: lease.revision, ..feedback })
}
