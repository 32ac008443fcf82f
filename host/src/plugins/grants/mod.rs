//! What plugins may import, one file each. [`link`] is the one place where they are offered.

mod history;
pub(super) mod http;
pub(super) mod log;
pub mod text;
mod wasi;

pub use history::{HistorySource, NoHistory};

use std::{sync::Arc, time::Instant};

use wasmtime::component::{Component, Linker};

use super::{bindings::sayso::plugin as wit, meter::Meter};
use crate::config::Grant;

/// What the store of one instance holds for its grants.
pub(super) struct State {
    /// Caps memory, tables and instances.
    pub(super) limits: Meter,
    /// The plugin's name in the chain.
    pub(super) plugin: Arc<str>,
    /// When its time for the call at hand is over, what it waits not counted.
    pub(super) ends: Instant,
    /// For `log`.
    pub(super) log: log::Lines,
    /// For `history`.
    pub(super) history: history::Scope,
    /// For `text`.
    pub(super) dictionaries: Arc<text::Dictionaries>,
    /// For `http`.
    pub(super) http: http::Scope,
    /// For components of languages that import WASI.
    wasi: wasi::Wasi,
}

impl State {
    pub(super) fn new(
        plugin: Arc<str>,
        limits: Meter,
        log_budget: Arc<log::Budget>,
        history: Arc<dyn HistorySource>,
        dictionaries: Arc<text::Dictionaries>,
        http: Option<Arc<http::Source>>,
    ) -> Self {
        Self {
            limits,
            plugin,
            ends: Instant::now(),
            log: log::Lines::new(log_budget),
            history: history::Scope::new(history),
            dictionaries,
            http: http::Scope::new(http),
            wasi: wasi::Wasi::default(),
        }
    }
}

impl wit::types::Host for State {}

/// The grant that an imported interface needs; none if sayso does not offer the interface. Interfaces of types alone
/// need no grant, and neither does the empty WASI.
pub(super) fn of_import(import: &str) -> Option<Option<Grant>> {
    if wasi::is_offered(import) {
        return Some(None);
    }
    let name = import.strip_prefix("sayso:plugin/")?;
    match name.split_once('@').map_or(name, |(name, _)| name) {
        "types" => Some(None),
        "log" => Some(Some(Grant::Log)),
        "text" => Some(Some(Grant::Text)),
        "history" => Some(Some(Grant::History)),
        "http" => Some(Some(Grant::Http)),
        _ => None,
    }
}

/// Offers the granted interfaces and the empty WASI, and no others.
pub(super) fn link(linker: &mut Linker<State>, grants: &[Grant], component: &Component) -> wasmtime::Result<()> {
    wasi::link(linker, component)?;
    wit::types::add_to_linker::<_, wasmtime::component::HasSelf<_>>(linker, |state| state)?;
    wit::log::add_to_linker::<_, wasmtime::component::HasSelf<_>>(linker, |state| state)?;
    if grants.contains(&Grant::Text) {
        wit::text::add_to_linker::<_, wasmtime::component::HasSelf<_>>(linker, |state| state)?;
    }
    if grants.contains(&Grant::History) {
        wit::history::add_to_linker::<_, wasmtime::component::HasSelf<_>>(linker, |state| state)?;
    }
    if grants.contains(&Grant::Http) {
        wit::http::add_to_linker::<_, wasmtime::component::HasSelf<_>>(linker, |state| state)?;
    }
    Ok(())
}
