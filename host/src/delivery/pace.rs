//! How fast a webhook may be called: a receiver that is overloaded or down is left alone for a while, as a whole.
//!
//! A pause doubles with every round that fails, and afterwards one delivery at a time probes the receiver until it
//! answers again. What waits meanwhile uses up none of its own attempts.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, futures::Notified},
    time::Instant,
};

use super::schedule::Schedule;

/// Longest pause of sayso's own choice.
const MAX_BACK_OFF: Duration = Duration::from_secs(300);

/// Longest pause that a receiver gets by asking; the delivery itself waits as long as it asked for.
const MAX_ASKED: Duration = Duration::from_secs(3_600);

/// What a webhook may do now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leave {
    /// Deliver with all slots.
    Full,
    /// Deliver one, and see.
    Probe,
    /// Nothing before this time.
    Wait(Instant),
    /// Nothing any more.
    Stopped,
}

/// The pace of one webhook.
pub(super) struct Pace {
    first: Duration,
    state: Mutex<State>,
    slowed: Notify,
}

#[derive(Default)]
struct State {
    /// Rounds that failed since the receiver answered last.
    rounds: u32,
    until: Option<Instant>,
    stopped: bool,
}

impl Pace {
    /// Full pace; the first pause is as long as the schedule's shortest step.
    pub(super) fn new(schedule: &Schedule) -> Self {
        let first = match schedule.shortest() {
            Duration::ZERO => Duration::from_secs(1),
            step => step.min(MAX_BACK_OFF),
        };
        Self { first, state: Mutex::default(), slowed: Notify::new() }
    }

    /// What may be done now.
    pub(super) fn leave(&self, now: Instant) -> Leave {
        let state = self.state();
        match (state.stopped, state.until) {
            (true, _) => Leave::Stopped,
            (false, Some(until)) if until > now => Leave::Wait(until),
            (false, _) if state.rounds > 0 => Leave::Probe,
            (false, _) => Leave::Full,
        }
    }

    /// The receiver is overloaded or down, and asked for that much time. Returns the pause that begins, unless one is
    /// under way, which is only lengthened.
    pub(super) fn slow(&self, now: Instant, asked: Option<Duration>) -> Option<Duration> {
        let mut state = self.state();
        let asked = asked.unwrap_or_default().min(MAX_ASKED);
        if let Some(until) = state.until.filter(|until| *until > now) {
            state.until = Some(until.max(now + asked));
            return None;
        }
        let back_off = self.first.saturating_mul(1_u32.checked_shl(state.rounds).unwrap_or(u32::MAX)).min(MAX_BACK_OFF);
        let pause = back_off.max(asked);
        state.rounds += 1;
        state.until = Some(now + pause);
        self.slowed.notify_waiters();
        Some(pause)
    }

    /// The receiver works: back to full pace, unless a pause is under way. Whether it was slowed down until now.
    pub(super) fn recover(&self, now: Instant) -> bool {
        let mut state = self.state();
        if state.rounds == 0 || state.until.is_some_and(|until| until > now) {
            return false;
        }
        state.rounds = 0;
        state.until = None;
        true
    }

    /// Nothing more goes out in this process. Whether it was going until now.
    ///
    /// This is where durable disabling joins in: it has to be kept in the records, and read again at start.
    pub(super) fn stop(&self) -> bool {
        let was_stopped = std::mem::replace(&mut self.state().stopped, true);
        self.slowed.notify_waiters();
        !was_stopped
    }

    /// Waits until a pause begins, or the webhook stops.
    pub(super) fn slowed(&self) -> Notified<'_> {
        self.slowed.notified()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    const S: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(&Schedule::new(&config::Delivery::default()).unwrap())
    }

    #[test]
    fn pauses_double_up_to_five_minutes_and_are_followed_by_a_probe() {
        let (pace, mut now) = (pace(), Instant::now());
        for expected in [5, 10, 20, 40, 80, 160, 300, 300] {
            assert_eq!(pace.slow(now, None), Some(expected * S));
            assert_eq!(pace.leave(now), Leave::Wait(now + expected * S));
            now += expected * S;
            assert_eq!(pace.leave(now), Leave::Probe);
        }
        assert!(pace.recover(now));
        assert_eq!(pace.leave(now), Leave::Full);
        assert_eq!(pace.slow(now, None), Some(5 * S), "from the beginning");
    }

    #[test]
    fn answers_of_one_round_count_once_and_a_late_success_does_not_end_the_pause() {
        let (pace, now) = (pace(), Instant::now());
        assert_eq!(pace.slow(now, None), Some(5 * S));
        assert_eq!(pace.slow(now + S, None), None);
        assert!(!pace.recover(now + S));
        assert_eq!(pace.leave(now + S), Leave::Wait(now + 5 * S));
        assert_eq!(pace.slow(now + 5 * S, None), Some(10 * S), "the second round");
    }

    #[test]
    fn a_receiver_gets_the_time_it_asks_for_within_an_hour() {
        let (pace, now) = (pace(), Instant::now());
        assert_eq!(pace.slow(now, Some(60 * S)), Some(60 * S));
        assert_eq!(pace.slow(now, Some(90 * S)), None);
        assert_eq!(pace.leave(now), Leave::Wait(now + 90 * S), "lengthened");
        assert_eq!(pace.slow(now + 90 * S, Some(86_400 * S)), Some(3_600 * S));
    }

    #[test]
    fn a_stopped_webhook_stays_stopped() {
        let (pace, now) = (pace(), Instant::now());
        assert!(pace.stop());
        assert!(!pace.stop(), "said once");
        pace.recover(now);
        assert_eq!(pace.leave(now), Leave::Stopped);
    }

    #[test]
    fn a_great_many_rounds_do_not_overflow() {
        let (pace, mut now) = (pace(), Instant::now());
        for _ in 0..70 {
            now += pace.slow(now, None).expect("the pause before is over");
        }
        assert_eq!(pace.slow(now, None), Some(300 * S));
    }
}
