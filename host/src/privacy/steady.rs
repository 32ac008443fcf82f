//! Whether the clock can be believed. What is removed for its age is gone: a machine that begins with a clock that is years
//! ahead, until the network sets it, would lose everything within its first minute.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// How long the clock has to go on evenly before anything is removed, at most.
const SETTLES: Duration = Duration::from_secs(600);
/// By how much it may leave an even course: more than any clock that is kept right.
const JUMP: SignedDuration = SignedDuration::from_mins(1);

/// What is known of the clock.
pub(super) struct Steady {
    settles: Duration,
    since: Instant,
    last: (Instant, Timestamp),
}

impl Steady {
    /// Begins at a start. `often` is how often something is removed: who keeps nothing for long need not wait for longer.
    pub(super) fn new(often: Duration, at: (Instant, Timestamp)) -> Self {
        Self { settles: often.min(SETTLES), since: at.0, last: at }
    }

    /// How long to wait until the clock is believed; none where it is.
    pub(super) fn wait(&mut self, at: (Instant, Timestamp)) -> Option<Duration> {
        let even = SignedDuration::try_from(at.0.duration_since(self.last.0)).unwrap_or(SignedDuration::MAX);
        let jump = at.1.duration_since(self.last.1).saturating_sub(even);
        if jump.abs() > JUMP {
            self.since = at.0;
            tracing::warn!(
                seconds = jump.as_secs(),
                "the clock jumped; nothing is removed for its age until it goes on evenly"
            );
        }
        self.last = at;
        self.settles.checked_sub(at.0.duration_since(self.since)).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_believed_once_it_has_gone_on_evenly() {
        let (begin, clock) = (Instant::now(), Timestamp::now());
        let at = |seconds: u64, ahead: i64| {
            let clock = clock + SignedDuration::from_secs(i64::try_from(seconds).expect("is small") + ahead);
            (begin + Duration::from_secs(seconds), clock)
        };
        let mut steady = Steady::new(Duration::from_secs(3_600), at(0, 0));
        assert_eq!(steady.wait(at(0, 0)), Some(SETTLES));
        assert_eq!(steady.wait(at(599, 2)), Some(Duration::from_secs(1)), "a second more or less is no jump");
        assert_eq!(steady.wait(at(600, 2)), None);
        const YEAR: i64 = 365 * 86_400;
        assert_eq!(steady.wait(at(700, YEAR)), Some(SETTLES), "the clock is a year ahead");
        assert_eq!(steady.wait(at(800, 0)), Some(SETTLES), "it is put right");
        assert_eq!(steady.wait(at(1_400, 0)), None);
    }

    #[test]
    fn who_keeps_nothing_for_long_waits_for_no_longer_than_between_two_looks() {
        let at = (Instant::now(), Timestamp::now());
        let mut steady = Steady::new(Duration::from_secs(1), at);
        assert_eq!(steady.wait(at), Some(Duration::from_secs(1)));
        let later = (at.0 + Duration::from_secs(1), at.1 + SignedDuration::from_secs(1));
        assert_eq!(steady.wait(later), None);
    }
}
