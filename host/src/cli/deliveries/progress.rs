//! How far a replay is: a bar in a terminal, lines elsewhere, on standard error.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(2);

pub(super) struct Progress {
    bar: Option<ProgressBar>,
    /// The last line, and when it was said.
    said: (String, Option<Instant>),
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} {msg} {eta}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar, said: (String::new(), None) }
    }

    /// A line for the user.
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| anstream::eprintln!("{line}")),
            None => anstream::eprintln!("{line}"),
        }
    }

    /// The replay stands so.
    pub(super) fn show(&mut self, replay: &Value) {
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let outcomes = &replay["outcomes"];
        let (done, tried) = (count(&replay["done"]), in_words(outcomes));
        if let Some(bar) = &self.bar {
            bar.set_length(count(&replay["total"]));
            // What is put back and waits for its turn is not behind us yet.
            bar.set_position(done.saturating_sub(count(&outcomes["waiting"])));
            bar.set_message(tried);
            return;
        }
        let total = replay["total"].as_u64().map_or_else(|| "?".to_owned(), |total| total.to_string());
        let line = format!("{done} of {total} put back: {tried}");
        let is_time = self.said.1.is_none_or(|at| at.elapsed() >= LINE_EVERY);
        if is_time && line != self.said.0 {
            self.say(&line);
            self.said = (line, Some(Instant::now()));
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// What became of what was put back.
pub(super) fn in_words(outcomes: &Value) -> String {
    let count = |name: &str| outcomes[name].as_u64().unwrap_or_default();
    let mut text = format!("{} delivered", count("delivered"));
    for (name, words) in [("retrying", "to be tried again"), ("parked", "parked again"), ("waiting", "not tried yet")] {
        if count(name) > 0 {
            text += &format!(", {} {words}", count(name));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_there_is_is_said() {
        let outcomes = |retrying: u64| json!({ "delivered": 7, "retrying": retrying, "parked": 0, "waiting": 2 });
        assert_eq!(in_words(&outcomes(0)), "7 delivered, 2 not tried yet");
        assert_eq!(in_words(&outcomes(1)), "7 delivered, 1 to be tried again, 2 not tried yet");
    }
}
