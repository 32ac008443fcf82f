//! The plugin host: loads components, keeps each within its limits and grants, and runs the chain over batches.
//!
//! - [`engine`]: one wasmtime engine, its pool, its epoch ticker.
//! - [`aot`]: compiled components, cached on disk.
//! - [`source`]: where components come from: built in, files, registries ([`oci`]), each as pinned and signed
//!   ([`signature`]).
//! - [`contract`]: which version of the contract a component is built for.
//! - [`loader`]: from a `[[plugin]]` to a [`Plugin`] that has been described, checked and configured once.
//! - [`instance`]: one running instance; dies with its first fault.
//! - [`chain`]: the plugins in order, over a batch, splitting it to find an item at fault.
//! - [`item`] and [`effects`]: feedback, and what was said of it so far, as plugins see it; [`check`]: what plugins may answer; [`redact`] (with [`texts`]) and
//!   [`merge`]: from effects to the analysis.
//! - [`grants`]: what plugins may import, one file each.
//!
//! Invariants: a component that imports what it was not granted is refused at load. An instance that trapped is never
//! entered again. A fault costs the item that caused it, and no other.

mod aot;
mod bindings;
mod builtins;
pub mod chain;
mod check;
mod contract;
mod effects;
pub mod engine;
mod events;
pub mod grants;
mod instance;
mod item;
pub mod loader;
mod merge;
pub mod oci;
mod redact;
pub mod signature;
pub mod source;
mod texts;

pub use chain::{Chain, Outcome, Worker};
pub use engine::Engine;
pub use grants::text::Dictionaries;
pub use loader::{LoadError, Loader, Plugin};

#[cfg(test)]
mod tests;
