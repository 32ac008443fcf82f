//! What a backtest found, as it is written out.

use std::time::Duration;

use serde::Serialize;

use super::{
    stand::Family,
    tally::{Change, Example, Mover, Shift, Side, Tally},
};
use crate::plugins::Chain;

/// What a backtest found. Serialises to what `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Pieces of feedback that were compared.
    pub items: u64,
    /// Of which at least one thing differs.
    pub changed: u64,
    /// That are on record in a form that cannot be read.
    pub unreadable: u64,
    pub(super) live: Part,
    pub(super) candidate: Part,
    pub(super) routes: Vec<Line>,
    pub(super) tags: Vec<Line>,
    pub(super) intents: Vec<Line>,
    pub(super) labels: Vec<Line>,
    pub(super) scores: Vec<ScoreLine>,
    pub(super) workers: usize,
    pub(super) seconds: f64,
    pub(super) items_per_second: f64,
}

/// One of the chains.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Part {
    pub(super) plugins: Vec<PluginLine>,
    /// Analyses that were on record, and not made anew.
    pub(super) stored: u64,
    /// Time for one item that it ran over, on one core; none where it ran over none.
    pub(super) us_per_item: Option<f64>,
    pub(super) faults: Vec<FaultLine>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct PluginLine {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) digest: String,
    pub(super) config: String,
    /// Whether the other chain has it, configured alike.
    pub(super) in_both: bool,
    /// Whether it would say the same again: not where it asks others.
    pub(super) repeatable: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct FaultLine {
    pub(super) plugin: String,
    pub(super) count: u64,
    pub(super) reason: String,
}

/// A route, tag, intent or label that came or went.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) gained: u64,
    pub(super) lost: u64,
    pub(super) gained_examples: Vec<Example>,
    pub(super) lost_examples: Vec<Example>,
}

/// A score.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ScoreLine {
    pub(super) name: String,
    /// Items that have it in both.
    pub(super) compared: u64,
    pub(super) changed: u64,
    /// Items that have it in the candidate alone.
    pub(super) gained: u64,
    /// Items that have it in the live chain alone.
    pub(super) lost: u64,
    pub(super) mean: f64,
    pub(super) mean_absolute: f64,
    pub(super) p50_absolute: f64,
    pub(super) p95_absolute: f64,
    pub(super) movers: Vec<Mover>,
}

impl Report {
    pub(super) fn of(tally: Tally, live: &Chain, candidate: &Chain, workers: usize, time: Duration) -> Self {
        let lines = |family| {
            let of_family = tally.names.iter().filter(|((own, _), _)| *own == family);
            let mut lines: Vec<_> = of_family.map(|((_, name), change)| line(name, change)).collect();
            lines.sort_by_key(|line| std::cmp::Reverse(line.gained + line.lost));
            lines
        };
        let seconds = time.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let items_per_second = tally.items as f64 / seconds.max(1e-9);
        Self {
            items: tally.items,
            changed: tally.changed,
            unreadable: tally.unreadable,
            live: part(live, candidate, &tally.live),
            candidate: part(candidate, live, &tally.candidate),
            routes: lines(Family::Route),
            tags: lines(Family::Tag),
            intents: lines(Family::Intent),
            labels: lines(Family::Label),
            scores: tally.scores.iter().map(|(name, shift)| score_line(name, shift)).collect(),
            workers,
            seconds,
            items_per_second,
        }
    }

    /// The families with their headings.
    pub(super) fn families(&self) -> [(&'static str, &[Line]); 4] {
        [("Routes", &self.routes), ("Tags", &self.tags), ("Intents", &self.intents), ("Labels", &self.labels)]
    }
}

fn part(chain: &Chain, other: &Chain, side: &Side) -> Part {
    let plugins = chain.plugins().iter().map(|plugin| PluginLine {
        name: plugin.name.to_string(),
        version: plugin.version.to_string(),
        digest: plugin.digest.to_string(),
        config: plugin.config_digest.to_string(),
        in_both: other.plugins().iter().any(|twin| {
            twin.name == plugin.name && twin.digest == plugin.digest && twin.config_digest == plugin.config_digest
        }),
        repeatable: !chain.unrepeatable().contains(&&*plugin.name),
    });
    let faults = side.faults.iter().map(|(plugin, faults)| FaultLine {
        plugin: plugin.to_string(),
        count: faults.count,
        reason: faults.reason.clone(),
    });
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let us_per_item = (side.ran > 0).then(|| side.time.as_secs_f64() * 1e6 / side.ran as f64);
    Part { plugins: plugins.collect(), stored: side.stored, us_per_item, faults: faults.collect() }
}

fn line(name: &str, change: &Change) -> Line {
    let Change { gained, lost, gained_examples, lost_examples } = change.clone();
    Line { name: name.to_owned(), gained, lost, gained_examples, lost_examples }
}

fn score_line(name: &str, shift: &Shift) -> ScoreLine {
    let (mean, mean_absolute) = shift.means();
    ScoreLine {
        name: name.to_owned(),
        compared: shift.compared,
        changed: shift.changed,
        gained: shift.gained,
        lost: shift.lost,
        mean,
        mean_absolute,
        p50_absolute: shift.percentile(0.5),
        p95_absolute: shift.percentile(0.95),
        movers: shift.movers.clone(),
    }
}
