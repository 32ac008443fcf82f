//! Counts what differs between the analyses of two chains. Each thread has a tally of its own; they are added up.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::Serialize;

use super::stand::{Family, Stand};
use crate::feedback::{Feedback, FeedbackId, PluginStatus};

/// Most examples of one change.
const EXAMPLES: usize = 5;
/// Longest excerpt of a text, in characters.
const EXCERPT: usize = 80;
/// By how much one bucket of absolute shifts is larger than the next: what a percentile is exact to.
const STEP: f64 = 1.01;

const FAMILIES: [Family; 4] = [Family::Route, Family::Tag, Family::Intent, Family::Label];

/// What differs.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) items: u64,
    /// Of which at least one thing differs.
    pub(super) changed: u64,
    /// That are on record in a form that cannot be read.
    pub(super) unreadable: u64,
    pub(super) names: BTreeMap<(Family, String), Change>,
    pub(super) scores: BTreeMap<String, Shift>,
    pub(super) live: Side,
    pub(super) candidate: Side,
}

/// What one of the chains did.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// Analyses that were on record, and not made anew.
    pub(super) stored: u64,
    pub(super) faults: BTreeMap<Arc<str>, Faults>,
    /// Items that it ran over, and how long it took.
    pub(super) ran: u64,
    pub(super) time: Duration,
}

/// What one plugin failed on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Faults {
    pub(super) count: u64,
    /// Of the first.
    pub(super) reason: String,
}

/// How often a name came and went.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    pub(super) gained: u64,
    pub(super) lost: u64,
    pub(super) gained_examples: Vec<Example>,
    pub(super) lost_examples: Vec<Example>,
}

/// A feedback that shows a change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Example {
    pub(super) id: FeedbackId,
    pub(super) excerpt: String,
}

/// How a score moved.
#[derive(Clone, Debug, Default)]
pub(super) struct Shift {
    /// Items that have it in both.
    pub(super) compared: u64,
    pub(super) changed: u64,
    pub(super) gained: u64,
    pub(super) lost: u64,
    sum: f64,
    sum_of_absolutes: f64,
    /// Counts of absolute shifts other than 0, by the power of [`STEP`] that they reach.
    buckets: BTreeMap<i32, u64>,
    pub(super) movers: Vec<Mover>,
}

/// A feedback whose score moved far.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Mover {
    #[serde(flatten)]
    pub(super) example: Example,
    pub(super) before: f64,
    pub(super) after: f64,
}

impl Tally {
    /// Takes in what the two chains said of one feedback.
    pub(super) fn compare(&mut self, feedback: &Feedback, live: &Stand, candidate: &Stand) {
        self.items += 1;
        self.live.note_faults(live);
        self.candidate.note_faults(candidate);
        let mut differs = false;
        for family in FAMILIES {
            let (before, after) = (live.names(family), candidate.names(family));
            for name in after.difference(&before) {
                differs = true;
                let change = self.names.entry((family, (*name).to_owned())).or_default();
                change.gained += 1;
                keep(&mut change.gained_examples, feedback);
            }
            for name in before.difference(&after) {
                differs = true;
                let change = self.names.entry((family, (*name).to_owned())).or_default();
                change.lost += 1;
                keep(&mut change.lost_examples, feedback);
            }
        }
        differs |= self.compare_scores(feedback, live, candidate);
        self.changed += u64::from(differs);
    }

    fn compare_scores(&mut self, feedback: &Feedback, live: &Stand, candidate: &Stand) -> bool {
        let mut differs = false;
        for (name, after) in &candidate.scores {
            let shift = match self.scores.get_mut(name) {
                Some(shift) => shift,
                None => self.scores.entry(name.clone()).or_default(),
            };
            match live.scores.get(name) {
                Some(before) => differs |= shift.add(feedback, *before, *after),
                None => {
                    differs = true;
                    shift.gained += 1;
                }
            }
        }
        for name in live.scores.keys().filter(|name| !candidate.scores.contains_key(*name)) {
            differs = true;
            self.scores.entry(name.clone()).or_default().lost += 1;
        }
        differs
    }

    /// Adds what another thread counted.
    pub(super) fn add(&mut self, other: Self) {
        self.items += other.items;
        self.changed += other.changed;
        self.unreadable += other.unreadable;
        for (name, change) in other.names {
            self.names.entry(name).or_default().merge(change);
        }
        for (name, shift) in other.scores {
            self.scores.entry(name).or_default().merge(shift);
        }
        self.live.merge(other.live);
        self.candidate.merge(other.candidate);
    }
}

impl Side {
    fn note_faults(&mut self, stand: &Stand) {
        for ran in stand.provenance.iter().filter(|ran| ran.status == PluginStatus::Skipped) {
            let faults = self.faults.entry(ran.plugin.clone()).or_default();
            if faults.count == 0 {
                faults.reason = ran.reason.clone().unwrap_or_default();
            }
            faults.count += 1;
        }
    }

    fn merge(&mut self, other: Self) {
        self.stored += other.stored;
        self.ran += other.ran;
        self.time += other.time;
        for (plugin, faults) in other.faults {
            let own = self.faults.entry(plugin).or_default();
            own.count += faults.count;
            if own.reason.is_empty() {
                own.reason = faults.reason;
            }
        }
    }
}

impl Change {
    fn merge(&mut self, other: Self) {
        self.gained += other.gained;
        self.lost += other.lost;
        for (own, others) in
            [(&mut self.gained_examples, other.gained_examples), (&mut self.lost_examples, other.lost_examples)]
        {
            own.extend(others);
            own.sort_by_key(|example| std::cmp::Reverse(example.id));
            own.truncate(EXAMPLES);
        }
    }
}

impl Shift {
    /// Takes in one item that has the score in both. Returns whether it moved.
    fn add(&mut self, feedback: &Feedback, before: f64, after: f64) -> bool {
        self.compared += 1;
        let distance = (after - before).abs();
        if distance == 0.0 {
            return false;
        }
        self.changed += 1;
        self.sum += after - before;
        self.sum_of_absolutes += distance;
        *self.buckets.entry(bucket(distance)).or_default() += 1;
        let is_far = self.movers.last().is_none_or(|last| distance > last.distance());
        if is_far || self.movers.len() < EXAMPLES {
            self.movers.push(Mover { example: Example::of(feedback), before, after });
            self.rank();
        }
        true
    }

    fn rank(&mut self) {
        self.movers.sort_by(|one, other| other.distance().total_cmp(&one.distance()));
        self.movers.truncate(EXAMPLES);
    }

    fn merge(&mut self, other: Self) {
        self.compared += other.compared;
        self.changed += other.changed;
        self.gained += other.gained;
        self.lost += other.lost;
        self.sum += other.sum;
        self.sum_of_absolutes += other.sum_of_absolutes;
        for (bucket, count) in other.buckets {
            *self.buckets.entry(bucket).or_default() += count;
        }
        self.movers.extend(other.movers);
        self.rank();
    }

    /// Mean of the shift, and of its absolute value, over all compared.
    pub(super) fn means(&self) -> (f64, f64) {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let count = self.compared.max(1) as f64;
        (self.sum / count, self.sum_of_absolutes / count)
    }

    /// The absolute shift that `share` of all compared do not exceed, to 1 %.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub(super) fn percentile(&self, share: f64) -> f64 {
        let mut below = (self.compared - self.changed) as f64;
        let wanted = share * self.compared as f64;
        if below >= wanted {
            return 0.0;
        }
        for (bucket, count) in &self.buckets {
            below += *count as f64;
            if below >= wanted {
                return STEP.powi(*bucket);
            }
        }
        0.0
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the logarithm of a finite number is small")]
fn bucket(distance: f64) -> i32 {
    (distance.ln() / STEP.ln()).round() as i32
}

impl Mover {
    fn distance(&self) -> f64 {
        (self.after - self.before).abs()
    }
}

impl Example {
    fn of(feedback: &Feedback) -> Self {
        let text =
            if feedback.text.is_empty() { feedback.title.as_deref().unwrap_or_default() } else { &feedback.text };
        let mut characters = text.split_whitespace().flat_map(|word| word.chars().chain([' ']));
        let mut excerpt: String = characters.by_ref().take(EXCERPT).collect();
        excerpt.truncate(excerpt.trim_end().len());
        if characters.next().is_some() {
            excerpt.push('…');
        }
        Self { id: feedback.id, excerpt }
    }
}

fn keep(examples: &mut Vec<Example>, feedback: &Feedback) {
    if examples.len() < EXAMPLES {
        examples.push(Example::of(feedback));
    }
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
