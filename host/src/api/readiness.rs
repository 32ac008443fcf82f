//! Whether the service is ready, and what an operator should know.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether the service is ready; the application sets it, `/readyz` shows it.
#[derive(Debug, Default)]
pub struct Readiness {
    inner: Mutex<View>,
}

/// How it stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// Whether the chain of plugins is loaded.
    pub chain_loaded: bool,
    /// Whether the service is about to stop.
    pub draining: bool,
    /// What an operator should know, such as a dictionary that is missing.
    pub notes: Vec<String>,
    /// What of the configuration counts from the next start.
    pub waiting: Vec<String>,
}

impl Readiness {
    /// The chain of plugins is loaded.
    pub fn chain_loaded(&self) {
        self.lock().chain_loaded = true;
    }

    /// The service is about to stop: load balancers should send no more.
    pub fn draining(&self) {
        self.lock().draining = true;
    }

    /// What an operator should know, though it keeps nothing from working.
    pub fn notes(&self, notes: Vec<String>) {
        self.lock().notes = notes;
    }

    /// What of the configuration counts from the next start.
    pub fn waiting(&self, waiting: Vec<String>) {
        self.lock().waiting = waiting;
    }

    /// How it stands now.
    pub fn view(&self) -> View {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, View> {
        // Every change is one assignment, so that what a panic left behind is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
