//! What plugins may import, one file each. [`link`] is the one place where they are offered.

mod history;
mod log;
pub mod text;

pub use history::{HistorySource, NoHistory};

use std::sync::Arc;

use wasmtime::{StoreLimits, component::Linker};

use super::{bindings::sayso::plugin as wit, meter::Meter};
use crate::config::Grant;

/// What the store of one instance holds for its grants.
pub(super) struct State {
    /// Caps memory, tables and instances.
    pub(super) limits: Meter,
    /// The plugin's name in the chain.
    pub(super) plugin: Arc<str>,
    /// For `log`.
    pub(super) log: log::Budget,
    /// For `history`.
    pub(super) history: history::Scope,
    /// For `text`.
    pub(super) dictionaries: Arc<text::Dictionaries>,
}

impl State {
    pub(super) fn new(
        plugin: Arc<str>,
        limits: StoreLimits,
        history: Arc<dyn HistorySource>,
        dictionaries: Arc<text::Dictionaries>,
    ) -> Self {
        let limits = Meter::new(limits);
        Self { limits, plugin, log: log::Budget::default(), history: history::Scope::new(history), dictionaries }
    }
}

impl wit::types::Host for State {}

/// The grant that an imported interface needs; none if sayso does not offer the interface. Interfaces of types alone
/// need no grant.
pub(super) fn of_import(import: &str) -> Option<Option<Grant>> {
    let name = import.strip_prefix("sayso:plugin/")?;
    match name.split_once('@').map_or(name, |(name, _)| name) {
        "types" => Some(None),
        "log" => Some(Some(Grant::Log)),
        "text" => Some(Some(Grant::Text)),
        "history" => Some(Some(Grant::History)),
        _ => None,
    }
}

/// Offers the granted interfaces, and no others.
pub(super) fn link(linker: &mut Linker<State>, grants: &[Grant]) -> wasmtime::Result<()> {
    wit::types::add_to_linker::<_, wasmtime::component::HasSelf<_>>(linker, |state| state)?;
    wit::log::add_to_linker::<_, wasmtime::component::HasSelf<_>>(linker, |state| state)?;
    if grants.contains(&Grant::Text) {
        wit::text::add_to_linker::<_, wasmtime::component::HasSelf<_>>(linker, |state| state)?;
    }
    if grants.contains(&Grant::History) {
        wit::history::add_to_linker::<_, wasmtime::component::HasSelf<_>>(linker, |state| state)?;
    }
    Ok(())
}
