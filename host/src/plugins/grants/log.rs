//! Grant `log`: lines for the operator, always given, cut in length and number.

use std::time::{Duration, Instant};

use super::{State, wit};
use crate::plugins::line::clean;

/// Most lines of one instance in [`WINDOW`].
const MAX_LINES: u32 = 20;
const WINDOW: Duration = Duration::from_secs(10);

/// How much an instance may still write.
#[derive(Default)]
pub(in crate::plugins) struct Budget {
    since: Option<Instant>,
    lines: u32,
}

impl Budget {
    /// Whether one more line may be written; `Some(true)` for the last one of the window.
    fn take(&mut self) -> Option<bool> {
        if self.since.is_none_or(|since| since.elapsed() > WINDOW) {
            *self = Self { since: Some(Instant::now()), lines: 0 };
        }
        self.lines = self.lines.saturating_add(1);
        (self.lines <= MAX_LINES).then_some(self.lines == MAX_LINES)
    }
}

impl wit::log::Host for State {
    fn write(&mut self, level: wit::log::Level, message: String) {
        let Some(is_last) = self.log.take() else { return };
        let line = clean(&message);
        let plugin = &*self.plugin;
        match level {
            wit::log::Level::Trace => tracing::trace!(plugin, "{line}"),
            wit::log::Level::Debug => tracing::debug!(plugin, "{line}"),
            wit::log::Level::Info => tracing::info!(plugin, "{line}"),
            wit::log::Level::Warn => tracing::warn!(plugin, "{line}"),
            wit::log::Level::Error => tracing::error!(plugin, "{line}"),
        }
        if is_last {
            tracing::warn!(plugin, "the plugin writes too many lines; more of the next seconds are dropped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_lines_pass_in_a_window() {
        let mut budget = Budget::default();
        let passed = (0..100).filter(|_| budget.take().is_some()).count();
        assert_eq!(passed, MAX_LINES as usize);
    }
}
