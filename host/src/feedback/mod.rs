//! The domain: what customers say, and what sayso makes of it. No I/O.
//!
//! - [`Feedback`]: one survey response, review or note, in its canonical form.
//! - [`validate`]: turns a JSON value from outside into a [`Feedback`], or says what to fix.
//! - [`canonical()`]: its JSON as published, and the digest by which a repetition is recognised.
//! - [`csv`]: turns rows of a table into such JSON.
//! - [`Analysis`]: the merged effects of one run of the chain.
//! - [`id`]: the identifiers.
//! - `misfit`: why a value does not fit a type, in words.
//! - [`sample()`]: feedback that no customer gave.

mod analysis;
mod canonical;
pub mod csv;
pub mod id;
pub(crate) mod misfit;
mod sample;
mod types;
pub mod validate;
mod words;

pub use analysis::*;
pub use canonical::{Canonical, canonical};
pub use id::{DeliveryId, FeedbackId};
pub use sample::{SAMPLE, sample};
pub use types::*;
pub use words::*;
