//! How far a backtest is: a bar in a terminal, lines elsewhere, on standard error.

use std::{
    io::IsTerminal,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

/// Items between two lines where there is no terminal.
const LINE_EVERY: usize = 100_000;

pub(super) struct Progress {
    bar: Option<ProgressBar>,
    total: usize,
    done: AtomicUsize,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} {per_sec} {eta}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar, total, done: AtomicUsize::new(0) }
    }

    /// So many more items are compared.
    pub(super) fn advance(&self, items: usize) {
        let before = self.done.fetch_add(items, Ordering::Relaxed);
        let now = before + items;
        match &self.bar {
            Some(bar) => bar.set_position(now as u64),
            None if now / LINE_EVERY > before / LINE_EVERY => {
                anstream::eprintln!("{now} of {} items so far", self.total);
            }
            None => {}
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
