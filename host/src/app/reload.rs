//! The configuration read again while sayso runs: the keys are taken from it, and the chain where it can run. What else
//! changed counts from the next start, which is told.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{
    AppError,
    chain::{engine, load_chain_into, prune, shortcomings},
};
use crate::{
    api::{Readiness, auth::Auth},
    config::{Config, Source},
    plugins::{Chain, Engine, LiveChain},
};

/// What a reload starts from.
struct Reload {
    engine: Engine,
    /// As it was at the start.
    running: Arc<Config>,
    source: Source,
    auth: Arc<Auth>,
    readiness: Arc<Readiness>,
    names_plugins: AtomicBool,
}

/// Loads the chain of the configuration, and at every reload the chain and the keys that `source` says then.
pub(super) fn live_chain(
    config: &Arc<Config>,
    source: Source,
    auth: Arc<Auth>,
    readiness: Arc<Readiness>,
) -> Result<Arc<LiveChain>, AppError> {
    let engine = engine(config)?;
    let chain = load_chain_into(&engine, config, &source.base())?;
    readiness.notes(shortcomings(&chain));
    prune(config);
    readiness.chain_loaded();
    let names_plugins = AtomicBool::new(!config.is_default_chain);
    let reload = Reload { engine, running: config.clone(), source, auth, readiness, names_plugins };
    Ok(Arc::new(LiveChain::new(chain, move || reload.run().map_err(|error| error.to_string()))))
}

impl Reload {
    fn run(&self) -> Result<Chain, AppError> {
        let read = self.source.read().inspect_err(|_| self.take_keys_alone())?;
        let auth = Auth::new(&read.keys).inspect_err(|_| self.take_keys_alone())?;
        if auth.is_open() && !self.auth.is_open() {
            return Err(AppError::NamesNoKeys);
        }
        // Whether the chain can run or not: a key that was taken out may have leaked.
        self.take_keys(auth);
        if read.is_default_chain && self.names_plugins.load(Ordering::Relaxed) {
            return Err(AppError::NamesNoPlugins);
        }
        // Without a file there is the environment alone, which stays as it is.
        let waiting = self.source.file.as_ref().map_or_else(Vec::new, |_| self.running.sections_unlike(&read));
        self.readiness.waiting(waiting.into_iter().map(waits_for_a_start).collect());
        let config = Config { plugins: read.plugins, ..Config::clone(&self.running) };
        let chain = load_chain_into(&self.engine, &config, &self.source.base())?;
        self.names_plugins.store(!read.is_default_chain, Ordering::Relaxed);
        self.readiness.notes(shortcomings(&chain));
        prune(&config);
        Ok(chain)
    }

    /// Takes the keys of a configuration in which something else is wrong, and be it another key.
    fn take_keys_alone(&self) {
        let keys = self.source.read_keys().ok().flatten();
        match keys.map(|keys| Auth::of_sound(&keys)) {
            Some(auth) => self.take_keys(auth),
            None => tracing::warn!("the keys could not be read either, and are as before"),
        }
    }

    fn take_keys(&self, auth: Auth) {
        let change = self.auth.replace(auth);
        if !change.is_empty() {
            let (added, removed, changed) =
                (change.added.join(" "), change.removed.join(" "), change.changed.join(" "));
            tracing::info!(added, removed, changed, "the keys are taken from the configuration anew");
        }
    }
}

/// What an operator should know of a section that a reload does not take.
fn waits_for_a_start(section: &str) -> String {
    let note = format!(
        "{section} of the configuration is another than at the start, and counts from the next one; `sayso check` tells whether it is sound"
    );
    tracing::warn!(section, "{note}");
    note
}
