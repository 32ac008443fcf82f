//! How far a push or a pull is, on the screen; nothing where that is no terminal, since it takes seconds.

use std::{io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error, so that standard output can be piped on.
#[derive(Clone, Debug)]
pub(super) struct Transfer(ProgressBar);

impl Transfer {
    /// Begins what this word says.
    pub(super) fn start(verb: &'static str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(0).with_prefix(verb);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// So many bytes of so many are through.
    pub(super) fn advance(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
