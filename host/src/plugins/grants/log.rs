//! Grant `log`: lines for the operator, always given, cut in length and number.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{State, wit};
use crate::plugins::line::clean;

/// Most lines of one plugin in [`WINDOW`], however many instances it has, one behind the other or at once.
const MAX_LINES: u32 = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// How much a plugin may still write.
#[derive(Default, Debug)]
pub(in crate::plugins) struct Budget(Mutex<Window>);

#[derive(Default, Debug)]
struct Window {
    since: Option<Instant>,
    lines: u32,
}

/// The lines of one instance. While it goes over feedback they are kept: they may quote it.
pub(in crate::plugins) struct Lines {
    budget: Arc<Budget>,
    is_over_feedback: bool,
    kept: Vec<(wit::log::Level, String)>,
}

impl Lines {
    /// None yet.
    pub(super) const fn new(budget: Arc<Budget>) -> Self {
        Self { budget, is_over_feedback: false, kept: Vec::new() }
    }

    /// From here on lines may quote feedback.
    pub(in crate::plugins) const fn open(&mut self) {
        self.is_over_feedback = true;
    }

    /// Writes what was kept, each line as `clear` leaves it. No further line quotes this feedback.
    pub(in crate::plugins) fn close(&mut self, plugin: &str, clear: impl Fn(String) -> String) {
        self.is_over_feedback = false;
        for (level, line) in self.kept.drain(..) {
            put(plugin, level, &clear(line));
        }
    }
}

impl Budget {
    /// Whether one more line may be written; `Some(true)` for the last one of the window.
    fn take(&self) -> Option<bool> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.since.is_none_or(|since| since.elapsed() > WINDOW) {
            *window = Window { since: Some(Instant::now()), lines: 0 };
        }
        window.lines = window.lines.saturating_add(1);
        (window.lines <= MAX_LINES).then_some(window.lines == MAX_LINES)
    }
}

impl wit::log::Host for State {
    fn write(&mut self, level: wit::log::Level, message: String) {
        if !is_on(level) {
            return;
        }
        let Some(is_last) = self.log.budget.take() else { return };
        let line = clean(&message);
        let plugin = &*self.plugin;
        match self.log.is_over_feedback {
            true => self.log.kept.push((level, line)),
            false => put(plugin, level, &line),
        }
        if is_last {
            tracing::warn!(plugin, "the plugin writes too many lines; more of the next seconds are dropped");
        }
    }
}

/// Whether anybody sees lines of this level: what nobody sees uses up nothing.
fn is_on(level: wit::log::Level) -> bool {
    match level {
        wit::log::Level::Trace => tracing::enabled!(tracing::Level::TRACE),
        wit::log::Level::Debug => tracing::enabled!(tracing::Level::DEBUG),
        wit::log::Level::Info => tracing::enabled!(tracing::Level::INFO),
        wit::log::Level::Warn => tracing::enabled!(tracing::Level::WARN),
        wit::log::Level::Error => tracing::enabled!(tracing::Level::ERROR),
    }
}

fn put(plugin: &str, level: wit::log::Level, line: &str) {
    match level {
        wit::log::Level::Trace => tracing::trace!(plugin, "{line}"),
        wit::log::Level::Debug => tracing::debug!(plugin, "{line}"),
        wit::log::Level::Info => tracing::info!(plugin, "{line}"),
        wit::log::Level::Warn => tracing::warn!(plugin, "{line}"),
        wit::log::Level::Error => tracing::error!(plugin, "{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_lines_pass_in_a_window() {
        let budget = Budget::default();
        let passed = (0..100).filter(|_| budget.take().is_some()).count();
        assert_eq!(passed, MAX_LINES as usize);
    }
}
