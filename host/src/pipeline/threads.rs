//! How many threads run the chain, and starting them.
//!
//! A thread whose plugin waits for an answer does nothing else. So that the cores have work meanwhile, there are as many
//! threads beside those of `pipeline.workers` as requests may be under way. Each holds an instance of every plugin, of
//! which an engine has so many; hence there is an upper bound. A chain that is loaded anew may wait more or less: threads
//! are added when it is taken up, and such as are too many let go of their instances and sleep.

use std::{io, sync::Arc, thread};

use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::CancellationToken;

use super::{Done, Pipeline, SETTLE_AT_ONCE, SETTLE_BACKLOG, turns::Turns, worker::ChainThread};
use crate::plugins::Chain;

/// The threads that run the chain.
pub(super) struct Threads {
    running: Vec<thread::JoinHandle<()>>,
    turns: Arc<Turns>,
    /// Given to every thread; none when no more are to come.
    sender: Option<mpsc::Sender<Done>>,
    shutdown: CancellationToken,
}

impl Threads {
    /// Starts as many as suit the chain that is live.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub(super) fn start(
        pipeline: &Pipeline,
        sender: mpsc::Sender<Done>,
        shutdown: &CancellationToken,
    ) -> io::Result<Self> {
        let turns = Turns::new(SETTLE_BACKLOG + SETTLE_AT_ONCE);
        let mut threads = Self { running: Vec::new(), turns, sender: Some(sender), shutdown: shutdown.clone() };
        threads.suit(pipeline)?;
        Ok(threads)
    }

    /// Starts what the chain that is live needs more.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub(super) fn suit(&mut self, pipeline: &Pipeline) -> io::Result<()> {
        let Some(sender) = &self.sender else { return Ok(()) };
        let wanted = count(pipeline.config.workers, &pipeline.chain.current());
        for number in self.running.len()..wanted {
            let (turns, shutdown) = (self.turns.clone(), self.shutdown.clone());
            let worker = ChainThread::new(number, pipeline, turns, sender.clone(), shutdown, Handle::current());
            self.running.push(thread::Builder::new().name(format!("chain-{number}")).spawn(move || worker.run())?);
            self.turns.allow(1);
        }
        Ok(())
    }

    /// Whether more may be started.
    pub(super) const fn may_grow(&self) -> bool {
        self.sender.is_some()
    }

    /// Starts no more: what they send ends with the last of them.
    pub(super) fn close(&mut self) {
        self.sender = None;
    }

    /// Waits until they have ended.
    pub(super) fn join(self) {
        for thread in self.running {
            if thread.join().is_err() {
                tracing::error!("a thread of the chain panicked; what it held comes back when its leases end");
            }
        }
    }
}

/// How many threads run a chain. While it takes the place of another one, both have their instances.
pub(super) fn count(workers: usize, chain: &Chain) -> usize {
    let room = chain.room() / 2 / chain.plugins().len().max(1);
    (workers + chain.may_wait()).min(room.max(workers))
}

/// How many items such a thread takes at once: as many threads share what fewer would take, so that none is left without
/// while another one waits for each of its own.
pub(super) fn batch(batch: usize, workers: usize, threads: usize) -> usize {
    (batch * workers).div_ceil(threads.max(1)).clamp(1, batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_that_does_not_wait_has_one_thread_a_worker_and_whole_batches() {
        assert_eq!(count(2, &Chain::default()), 2);
        assert_eq!(batch(64, 2, 2), 64);
    }

    #[test]
    fn threads_that_may_wait_share_what_there_is() {
        assert_eq!(batch(64, 2, 10), 13);
        assert_eq!(batch(1, 2, 10), 1);
        assert_eq!(batch(64, 1, 1000), 1);
    }
}
