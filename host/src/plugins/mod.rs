//! The plugin host: loads components, keeps each within its limits and grants, and runs the chain over batches.
//!
//! - [`engine`]: one wasmtime engine, its pool, its epoch ticker.
//! - [`aot`]: compiled components, cached on disk.
//! - [`source`]: where components come from: built in, files, registries ([`oci`]), each as pinned and as signed
//!   ([`signature`]); [`contract`]: which version of the contract they are built for.
//! - [`loader`]: from a `[[plugin]]` to a [`Plugin`] that has been described, checked and configured once, as the
//!   [`schema`] of its configuration says; [`description`]: what a plugin may say of itself.
//! - [`instance`]: one running instance; dies with its first fault.
//! - [`chain`]: the plugins in order, over a batch, splitting it to find an item at fault; [`shadow`]: what is kept of
//!   those that run beside it.
//! - [`live`]: the chain that runs now, and how another takes its place; [`cases`]: what a plugin has to say of known
//!   input before it may.
//! - [`trial`]: one plugin by itself, as those who write it try it; [`inspect`]: what can be told of a component;
//!   [`written`]: effects in JSON.
//! - [`item`] and [`effects`]: feedback, and what was said of it so far, as plugins see it; [`check`]: what plugins may answer; [`redact`] (with [`texts`]) and
//!   [`merge`]: from effects to the analysis.
//! - [`grants`]: what plugins may import, one file each.
//!
//! Invariants: a component that imports what it was not granted is refused at load. An instance that trapped is never
//! entered again. A fault costs the item that caused it, and no other.

mod aot;
mod bindings;
mod builtins;
pub mod card;
pub mod cases;
pub mod chain;
mod check;
mod contract;
mod customer_words;
mod description;
mod effects;
pub mod engine;
mod events;
pub mod grants;
pub mod inspect;
mod instance;
mod item;
pub(crate) mod line;
pub mod live;
pub mod loader;
mod merge;
mod meter;
pub mod oci;
mod quotes;
mod redact;
mod schema;
mod shadow;
pub mod signature;
pub mod source;
mod texts;
pub mod trial;
mod work;
pub mod written;

pub use chain::{Chain, Outcome, Worker};
pub use engine::Engine;
pub use grants::text::Dictionaries;
pub use live::LiveChain;
pub use loader::{LoadError, Loader, Plugin};

/// The contract between sayso and a plugin, as text.
pub const WIT: &str = include_str!("../../../wit/plugin.wit");

#[cfg(test)]
mod tests;
