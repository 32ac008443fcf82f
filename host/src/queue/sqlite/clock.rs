use std::time::Instant;

use jiff::Timestamp;

use crate::sqlite::time::{after, nanos};

/// Where the queue takes the time from, in nanoseconds since 1970.
#[derive(Clone)]
pub(super) enum Clock {
    /// The system's.
    System {
        /// What the clock on the wall said when the process had come to `at`.
        wall: i64,
        /// A moment of the process.
        at: Instant,
    },
    /// One that a test sets.
    #[cfg(test)]
    Manual(std::sync::Arc<std::sync::atomic::AtomicI64>),
}

impl Clock {
    pub(super) fn system() -> Self {
        Self::System { wall: nanos(Timestamp::now()), at: Instant::now() }
    }

    /// What leases and due times are told by: goes on evenly, whatever is done to the clock on the wall meanwhile, so that
    /// one that was ahead for a moment makes nobody wait until it comes there again. See `load` for what a restart makes
    /// of due times.
    pub(super) fn steady(&self) -> i64 {
        match self {
            Self::System { wall, at } => after(*wall, at.elapsed()),
            #[cfg(test)]
            Self::Manual(now) => now.load(std::sync::atomic::Ordering::SeqCst),
        }
    }

    /// What people are told, and what outlasts the process.
    pub(super) fn wall(&self) -> i64 {
        match self {
            Self::System { .. } => nanos(Timestamp::now()),
            #[cfg(test)]
            Self::Manual(_) => self.steady(),
        }
    }
}
