//! Forgetting: a customer or one feedback at once, where that is asked for, and everything when it has been kept long enough.
//!
//! # What holds what customers said, and how it goes
//! Everything is in the folder of the data. Of its files, the cache of compiled plugins and the dictionaries hold nothing
//! of customers; the index of the log (`-shm`) holds numbers of pages. In the store:
//!
//! | table | holds | goes with |
//! | --- | --- | --- |
//! | `message` of `intake` | feedback as it was accepted, and why it was parked | [`Queue::forget`], found by [`Queue::search`] |
//! | `message` of a delivery lane | ids, and for ordering a digest of the customer's; of notices that feedback was parked its kind as well, no words of it | [`Queue::forget`] |
//! | `identity` | the sender's name for feedback, and a digest of its content | [`Queue::forget`] |
//! | `answer` | ids, and in `details` explanations that quote refused items | [`Queue::forget_details`]; after 24 h |
//! | `feedback`, `content`, `older`, `unindexed` | feedback as redacted, its analysis, older revisions | [`Forgetting::erase`] |
//! | `facet`, `customer`, `words` | what it is found by | [`Forgetting::erase`] |
//! | `delivery` | ids | [`Forgetting::erase`] |
//! | `attempt` | what receivers answered, which may quote what they got, and their addresses | [`Forgetting::erase`]; answers to a request for several deliveries go from all of these |
//! | `erasure` | the identifier of the customer or feedback until nothing else is left; then a digest of it for a day | [`Forgetting::end_erasure`] |
//! | `era` | how many erasures have begun: what feedback is told by that was accepted before one | |
//! | `webhook`, `webhook_health`, `lane` | what operators wrote, and errors in sayso's own words | |
//!
//! Rows that are deleted are overwritten, in the table, in its free pages and in the index of words. What that leaves in the
//! write-ahead log, and in pages that rows were moved from, goes with [`Forgetting::scrub`]. In memory, what is not in the index yet
//! goes with its rows; a worker that has such feedback in its hands finds that the records keep none of it
//! ([`Records::save`](crate::records::Records::save)), an attempt under way that its delivery is no longer on record, and
//! no further one is made.
//!
//! # Invariants
//! - An erasure that was begun ends, whatever crashes: it is put down first, names are dropped last, every step between
//!   may be repeated, and [`Keeper`] goes on with what did not end.
//! - No clock tells what an erasure covers ([`Forgetting::era`](crate::records::Forgetting::era)).
//! - Where a message and a row tell of the same, the message goes first: what is left by a crash is found by its row.
//! - Nothing is removed for its age before the clock has gone on evenly for some minutes.
//! - Pending deliveries, and feedback that still waits for the chain, are never removed for their age; feedback is not
//!   while a delivery of it is on record.
//!
//! What went out to webhooks, into logs of plugins or into copies of the store is beyond reach.
//!
//! [`Queue::forget`]: crate::queue::Queue::forget
//! [`Queue::search`]: crate::queue::Queue::search
//! [`Queue::forget_details`]: crate::queue::Queue::forget_details
//! [`Forgetting::erase`]: crate::records::Forgetting::erase
//! [`Forgetting::end_erasure`]: crate::records::Forgetting::end_erasure
//! [`Forgetting::scrub`]: crate::records::Forgetting::scrub

mod eraser;
mod events;
mod keeper;
mod steady;
mod sweep;
#[cfg(test)]
mod tests;

pub use eraser::{Erased, Eraser};
pub use events::describe;
pub use keeper::Keeper;

use crate::{queue::QueueError, records::RecordsError};

/// Why something could not be forgotten yet. To begin again is safe.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The records failed.
    #[error(transparent)]
    Records(#[from] RecordsError),
}
