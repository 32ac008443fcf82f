//! The domain: what customers say, and what sayso makes of it. No I/O.
//!
//! - [`Feedback`]: one survey response, review or note, in its canonical form.
//! - [`validate`]: turns a JSON value from outside into a [`Feedback`], or says what to fix.
//! - [`Analysis`]: the merged effects of one run of the chain.
//! - [`id`]: the identifiers.

mod analysis;
pub mod id;
mod types;
pub mod validate;

pub use analysis::*;
pub use id::{DeliveryId, FeedbackId};
pub use types::*;
