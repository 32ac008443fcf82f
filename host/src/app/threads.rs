//! The threads that connections are served on: as many as processors, each with a loop of its own.
//!
//! A connection stays on its thread, and so does all of its requests: what is read, handled and answered there wakes no
//! other thread, and is in the caches of one processor. Handlers wait for the store and the stages, which have threads of
//! their own; what else they do is bounded by the limits on bodies.

use std::{
    io,
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The threads. When dropped, what still runs on them is given up.
pub(super) struct Threads {
    threads: Vec<Thread>,
    stop: CancellationToken,
}

struct Thread {
    handle: Handle,
    connections: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

/// A place on a thread, for as long as it is kept.
pub(super) struct Place {
    pub(super) handle: Handle,
    connections: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Threads {
    /// One for every processor that this process may use.
    ///
    /// # Errors
    /// Where the system has no more threads or descriptors.
    pub(super) fn start() -> io::Result<Self> {
        let count = std::thread::available_parallelism().map_or(1, NonZero::get);
        let stop = CancellationToken::new();
        let threads = (0..count).map(|number| Thread::start(number, stop.clone())).collect::<io::Result<_>>()?;
        Ok(Self { threads, stop })
    }

    /// A place where the fewest connections are.
    pub(super) fn place(&self) -> Place {
        let least = self.threads.iter().min_by_key(|thread| thread.connections.load(Ordering::Relaxed));
        let Thread { handle, connections, .. } = least.expect("there is one processor at least");
        connections.fetch_add(1, Ordering::Relaxed);
        Place { handle: handle.clone(), connections: connections.clone() }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop.cancel();
        for thread in &mut self.threads {
            if thread.thread.take().is_some_and(|thread| thread.join().is_err()) {
                tracing::error!("a thread that serves connections panicked");
            }
        }
    }
}

impl Thread {
    fn start(number: usize, stop: CancellationToken) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let thread = std::thread::Builder::new().name(format!("sayso-http-{number}")).spawn(move || {
            runtime.block_on(stop.cancelled_owned());
            // Without waiting for blocking work, such as plugins that are being compiled.
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, connections: Arc::default(), thread: Some(thread) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_has_its_share_of_the_connections_that_are_open() {
        let threads = Threads::start().expect("start");
        let count = threads.threads.len();
        let connections = || -> Vec<usize> {
            threads.threads.iter().map(|thread| thread.connections.load(Ordering::Relaxed)).collect()
        };
        let mut places: Vec<_> = (0..count * 3).map(|_| threads.place()).collect();
        assert_eq!(connections(), vec![3; count]);
        // All those of one thread end; the next ones go there.
        let first = places[0].handle.id();
        places.retain(|place| place.handle.id() != first);
        places.extend((0..3).map(|_| threads.place()));
        assert_eq!(connections(), vec![3; count]);
    }

    #[test]
    fn what_runs_on_the_threads_is_given_up_when_they_end() {
        let threads = Threads::start().expect("start");
        let (kept, dropped) = std::sync::mpsc::channel::<()>();
        threads.place().handle.spawn(async move {
            std::future::pending::<()>().await;
            drop(kept);
        });
        drop(threads);
        assert!(dropped.recv().is_err());
    }
}
