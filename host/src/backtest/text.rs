//! A report for a terminal. Names, reasons and excerpts are the words of plugins and customers: none may command it.

use std::fmt;

use super::{
    report::{Line, Part, Report, ScoreLine},
    tally::{Example, Mover},
};
use crate::plugins::line::clean;

/// What a comparison does not do.
pub(super) const FAULTS: &str =
    "Faults are counted alone here; where the plugin has `on_fault = \"park\"`, such feedback is set aside.";

/// What to know of a plugin with the grant `http`.
pub(super) const UNREPEATABLE: &str = "asks other services: what it says may be otherwise another time";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} of {} pieces of feedback would get other routes, tags, intents, labels or scores.",
            self.changed, self.items
        )?;
        if self.unreadable > 0 {
            writeln!(f, "{} more are on record in a form that cannot be read.", self.unreadable)?;
        }
        writeln!(f)?;
        part(f, "live", &self.live)?;
        part(f, "candidate", &self.candidate)?;
        for (heading, lines) in self.families() {
            family(f, heading, lines)?;
        }
        if self.scores.iter().any(ScoreLine::is_changed) {
            writeln!(f, "\nScores")?;
        }
        self.scores.iter().filter(|score| score.is_changed()).try_for_each(|line| score(f, line))?;
        writeln!(
            f,
            "\n{} items in {:.1} s on {} threads: {:.0} items/s",
            self.items, self.seconds, self.workers, self.items_per_second
        )
    }
}

impl ScoreLine {
    /// Whether the candidate gives it otherwise anywhere.
    pub(super) const fn is_changed(&self) -> bool {
        self.changed + self.gained + self.lost > 0
    }
}

fn part(f: &mut fmt::Formatter<'_>, name: &str, part: &Part) -> fmt::Result {
    let plugins = part.plugins.iter().map(|plugin| match plugin.in_both {
        true => plugin.name.clone(),
        false => format!("{}*", plugin.name),
    });
    let plugins: Vec<_> = plugins.collect();
    let time = part.us_per_item.map_or_else(|| "not run".into(), |us| format!("{us:.1} µs an item"));
    writeln!(f, "{name:<10} {}  ({time}; {} analyses from the records)", plugins.join(" > "), part.stored)?;
    for plugin in part.plugins.iter().filter(|plugin| !plugin.repeatable) {
        writeln!(f, "{:<10} ! {} {UNREPEATABLE}", "", plugin.name)?;
    }
    part.faults.iter().try_for_each(|fault| {
        writeln!(
            f,
            "{:<10} ! {} failed on {} items, the first: {}",
            "",
            fault.plugin,
            fault.count,
            clean(&fault.reason)
        )
    })?;
    if part.faults.is_empty() {
        return Ok(());
    }
    writeln!(f, "{:<10}   {FAULTS}", "")
}

fn family(f: &mut fmt::Formatter<'_>, heading: &str, lines: &[Line]) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{heading:<32} {:>8} {:>8}", "gained", "lost")?;
    for line in lines {
        writeln!(f, "  {:<30} {:>8} {:>8}", clean(&line.name), line.gained, line.lost)?;
        examples(f, '+', &line.gained_examples)?;
        examples(f, '-', &line.lost_examples)?;
    }
    Ok(())
}

fn examples(f: &mut fmt::Formatter<'_>, sign: char, examples: &[Example]) -> fmt::Result {
    examples.iter().try_for_each(|example| writeln!(f, "    {sign} {}  {}", example.id, clean(&example.excerpt)))
}

fn score(f: &mut fmt::Formatter<'_>, line: &ScoreLine) -> fmt::Result {
    writeln!(
        f,
        "  {:<20} {} of {} moved: mean {:+.4}, absolute mean {:.4}, p50 {:.4}, p95 {:.4}; gained {}, lost {}",
        clean(&line.name),
        line.changed,
        line.compared,
        line.mean,
        line.mean_absolute,
        line.p50_absolute,
        line.p95_absolute,
        line.gained,
        line.lost
    )?;
    let mover = |Mover { example, before, after }: &Mover| {
        writeln!(f, "    {before:+.4} > {after:+.4}  {}  {}", example.id, clean(&example.excerpt))
    };
    line.movers.iter().try_for_each(mover)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        backtest::{stand::Stand, tally::Tally},
        plugins::Chain,
    };

    fn stand(analysis: Value) -> Stand {
        serde_json::from_value(analysis).expect("is an analysis")
    }

    #[test]
    fn nothing_that_customers_or_plugins_say_commands_the_terminal() {
        let text = "\u{1b}]0;owned\u{7}\u{1b}[2Jgood \u{9b}31mtea";
        let feedback = json!({"id": uuid::Uuid::now_v7(), "kind": "review", "text": text});
        let feedback = serde_json::from_value(feedback).expect("is feedback");
        let before = stand(json!({"scores": {"sentiment": 0.5}}));
        let after = stand(json!({
            "sentiment": {"label": "\u{1b}[31mred"}, "scores": {"sentiment": -0.5},
            "provenance": [{"plugin": "p", "version": "1", "digest": "d", "config": "c", "status": "skipped",
                "reason": "cannot read \u{1b}[2J", "us": 1}],
        }));
        let mut tally = Tally::default();
        tally.compare(&feedback, &before, &after);
        let chain = Chain::default();
        let told = Report::of(tally, &chain, &chain, 1, Duration::from_secs(1)).to_string();
        assert!(told.lines().all(|line| !line.chars().any(char::is_control)), "{told:?}");
        assert!(told.contains("[2Jgood") && told.contains("cannot read  [2J") && told.contains("[31mred"), "{told:?}");
    }
}
