//! sayso takes in what customers say, runs it through a chain of sandboxed WebAssembly plugins, and delivers the
//! results to webhooks.
//!
//! # The cast
//! - **feedback**: one survey response, review or CSR note, as accepted ([`feedback::Feedback`]).
//! - **plugin**: a WebAssembly component that implements `sayso:plugin` (`wit/`); it turns feedback into effects.
//! - **effect**: what a plugin says of one feedback: a score, a tag, a route, a redaction.
//! - **chain**: the configured plugins in order; a later plugin sees the effects of earlier ones.
//! - **analysis**: the merged effects of one run of the chain over one feedback, with provenance
//!   ([`feedback::Analysis`]).
//! - **route**: a named destination class that a plugin assigns.
//! - **webhook**: a subscriber: URL, secret, and which routes, kinds and tags it wants.
//! - **delivery**: one analysis owed to one webhook; **attempt**: one HTTP try of it.
//! - **queue**: where work waits durably; **records**: what is remembered and queried.
//!
//! # The flow
//! ```text
//! intake ─▶ queue:intake ─▶ pipeline (plugin chain) ─▶ records + queue:delivery ─▶ delivery ─▶ webhooks
//!                                ▲ grants: text, history, http, log           └▶ records (attempts)
//!                                                  console, api ─▶ records
//! ```
//!
//! # Invariants
//! 1. Stages never call each other: each reads from and writes to the queue and the records alone.
//! 2. 202 is sent only after the feedback is on stable storage. What was answered 202 is analysed and delivered, or
//!    parked where an operator sees it, whatever crashes.
//! 3. Delivery is at least once; every step is idempotent by id, so a repeat changes nothing. `webhook-id` is stable
//!    over retries, so that receivers can drop repeats.
//! 4. A plugin can do nothing that its component type and its grants do not show. No plugin can stop, slow without
//!    bound, or corrupt the host or another plugin.
//! 5. The chain is deterministic: plugins get no clock and no randomness, so any feedback can be re-run later, with
//!    another chain, and compared. Where a plugin asks others, by the grant `http`, the provenance says that it is not.
//! 6. Nothing goes out to an address that the operator did not allow.

pub mod api;
pub mod app;
pub mod backtest;
pub mod cli;
pub mod config;
pub mod console;
pub mod delivery;
pub mod dictionary;
pub mod feedback;
mod http_client;
pub mod intake;
pub mod pipeline;
pub mod plugins;
pub mod privacy;
pub mod queue;
pub mod records;
pub mod sqlite;
pub mod telemetry;
