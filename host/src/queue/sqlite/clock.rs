use jiff::Timestamp;

use crate::sqlite::time::nanos;

/// Where the queue takes the time from: due times have to outlast a restart, so it is the wall clock. A clock that is
/// set forward lets leases run out early and makes messages due early, which repeats work; one that is set back delays.
#[derive(Clone)]
pub(super) enum Clock {
    /// The system's.
    System,
    /// One that a test sets.
    #[cfg(test)]
    Manual(std::sync::Arc<std::sync::atomic::AtomicI64>),
}

impl Clock {
    /// Now, in nanoseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        match self {
            Self::System => nanos(Timestamp::now()),
            #[cfg(test)]
            Self::Manual(now) => now.load(std::sync::atomic::Ordering::SeqCst),
        }
    }
}
