//! The pipeline: pulls accepted feedback from the queue, runs the chain over it, keeps the analyses, and puts what the
//! webhooks are owed into their lanes.
//!
//! The chain runs on threads of its own, since a plugin that spins would stall every timer of an async thread. There is
//! one a core, and beside these, where plugins wait for answers of others, as many as may wait at once ([`threads`]). Each
//! batch is settled in this order: save, publish the deliveries, acknowledge. A crash between two of these repeats the
//! batch, and every step is idempotent by id.

mod events;
mod history;
mod settle;
mod threads;
mod turns;
mod worker;

use std::sync::Arc;

use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    config,
    delivery::webhooks::Live,
    plugins::{LiveChain, Outcome},
    queue::{Lease, Queue},
    records::Records,
};
use turns::Turn;

/// Batches that wait to be settled before the workers pause.
const SETTLE_BACKLOG: usize = 4;

/// Batches that are settled at once: enough for the store to commit several in one go.
const SETTLE_AT_ONCE: usize = 8;

/// What the stage works with.
#[derive(Clone)]
pub struct Pipeline {
    /// Where the feedback waits, and where deliveries go.
    pub queue: Arc<dyn Queue>,
    /// Where analyses are kept.
    pub records: Arc<dyn Records>,
    /// The plugins; each worker takes up a new chain between two batches.
    pub chain: Arc<LiveChain>,
    /// Who may want the results.
    pub webhooks: Live,
    /// How many threads, and how large a batch.
    pub config: config::Pipeline,
}

/// A batch that went through the chain.
struct Done {
    turn: Turn,
    leases: Vec<Lease>,
    /// Extends the leases.
    kept: AbortOnDropHandle<()>,
    outcomes: Vec<Outcome>,
}

impl Pipeline {
    /// Runs until `shutdown`, then lets the batches at hand end.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub async fn run(self, shutdown: CancellationToken) -> std::io::Result<()> {
        let (sender, mut done) = mpsc::channel::<Done>(SETTLE_BACKLOG);
        let mut chains = self.chain.subscribe();
        let mut threads = threads::Threads::start(&self, sender, &shutdown)?;
        let slots = Arc::new(Semaphore::new(SETTLE_AT_ONCE));
        let mut settling = JoinSet::new();
        loop {
            let batch = tokio::select! {
                batch = done.recv() => batch,
                Ok(()) = chains.changed(), if !shutdown.is_cancelled() => {
                    if let Err(error) = threads.suit(&self) {
                        tracing::error!(%error, "no more threads can be started for the new chain");
                    }
                    continue;
                }
                () = shutdown.cancelled(), if threads.may_grow() => {
                    threads.close();
                    continue;
                }
            };
            let Some(batch) = batch else { break };
            let (pipeline, slots) = (self.clone(), slots.clone());
            settling.spawn(async move { settle::settle(&pipeline, batch, &slots).await });
            while settling.try_join_next().is_some() {}
        }
        settling.join_all().await;
        threads.join();
        Ok(())
    }
}
