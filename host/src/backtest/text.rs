//! A report for a terminal.

use std::fmt;

use super::{
    report::{Line, Part, Report, ScoreLine},
    tally::{Example, Mover},
};

/// What to know of a plugin with the grant `http`.
pub(super) const UNREPEATABLE: &str = "asks other services: what it says may be otherwise another time";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {} pieces of feedback would come out otherwise.", self.changed, self.items)?;
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
        writeln!(f, "{:<10} ! {} failed on {} items, the first: {}", "", fault.plugin, fault.count, fault.reason)
    })
}

fn family(f: &mut fmt::Formatter<'_>, heading: &str, lines: &[Line]) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{heading:<32} {:>8} {:>8}", "gained", "lost")?;
    for line in lines {
        writeln!(f, "  {:<30} {:>8} {:>8}", line.name, line.gained, line.lost)?;
        examples(f, '+', &line.gained_examples)?;
        examples(f, '-', &line.lost_examples)?;
    }
    Ok(())
}

fn examples(f: &mut fmt::Formatter<'_>, sign: char, examples: &[Example]) -> fmt::Result {
    examples.iter().try_for_each(|example| writeln!(f, "    {sign} {}  {}", example.id, example.excerpt))
}

fn score(f: &mut fmt::Formatter<'_>, line: &ScoreLine) -> fmt::Result {
    writeln!(
        f,
        "  {:<20} {} of {} moved: mean {:+.4}, absolute mean {:.4}, p50 {:.4}, p95 {:.4}; gained {}, lost {}",
        line.name,
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
        writeln!(f, "    {before:+.4} > {after:+.4}  {}  {}", example.id, example.excerpt)
    };
    line.movers.iter().try_for_each(mover)
}
