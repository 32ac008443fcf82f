//! Which message of a series is next: the others wait behind it.

use std::collections::{HashMap, VecDeque};

/// The series of one lane.
#[derive(Default)]
pub(super) struct Series {
    /// The places of each series that wait or are leased, in order; the first alone may be leased.
    lines: HashMap<i64, VecDeque<u64>>,
    /// The series of each of these places.
    of: HashMap<u64, i64>,
}

impl Series {
    /// Puts a place at the end of its series, unless it is in it. Whether it is the first.
    pub(super) fn join(&mut self, place: u64, series: i64) -> bool {
        let line = self.lines.entry(series).or_default();
        if self.of.insert(place, series).is_none() {
            line.push_back(place);
        }
        line.front() == Some(&place)
    }

    /// Takes a place out. The one that is first now, if it was not before.
    pub(super) fn leave(&mut self, place: u64) -> Option<u64> {
        let series = self.of.remove(&place)?;
        let line = self.lines.get_mut(&series)?;
        let was_first = line.front() == Some(&place);
        line.retain(|other| *other != place);
        let first = line.front().copied();
        if first.is_none() {
            self.lines.remove(&series);
        }
        first.filter(|_| was_first)
    }

    /// Whether nothing of its series is before it.
    pub(super) fn is_next(&self, place: u64) -> bool {
        let Some(series) = self.of.get(&place) else { return true };
        self.lines.get(series).is_none_or(|line| line.front() == Some(&place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_series_holds_back_the_others_until_it_leaves() {
        let mut series = Series::default();
        assert!(series.join(1, 7));
        assert!(!series.join(2, 7));
        assert!(series.join(3, 8), "another series");
        assert!(series.is_next(1) && !series.is_next(2) && series.is_next(9));
        assert_eq!(series.leave(1), Some(2));
        assert_eq!(series.leave(3), None);
        assert_eq!(series.leave(2), None);
        assert!(series.lines.is_empty() && series.of.is_empty());
    }

    #[test]
    fn one_that_leaves_from_the_middle_lets_nobody_by() {
        let mut series = Series::default();
        for place in 1..=3 {
            series.join(place, 7);
        }
        assert_eq!(series.leave(2), None);
        assert_eq!(series.leave(1), Some(3));
    }
}
