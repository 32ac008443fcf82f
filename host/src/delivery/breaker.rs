//! The breaker of a webhook: a receiver that is overloaded or down is left alone for a while, as a whole.
//!
//! It opens at once where the receiver says that it is overloaded (429, 502, 503, 504), after a few attempts in a row
//! that got no answer, and after many in a row that were answered, but not with success: one delivery that the receiver
//! minds holds up no other. Then one delivery at a time probes the receiver: if that succeeds the breaker closes, else
//! it opens again for twice as long. What waits meanwhile uses up none of its own attempts.

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

/// How much failure in a row, without a success in between, opens the breaker: 20 answers or 5 times no answer.
const LIMIT: u32 = 20;
const WEIGHT_OF_NO_ANSWER: u32 = 4;

/// What a webhook may do now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leave {
    /// Deliver with all slots.
    Full,
    /// Deliver one, and see.
    Probe,
    /// Nothing before this time.
    Wait(Instant),
    /// Nothing until it is enabled.
    Stopped,
}

/// What an attempt says of the receiver as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sign {
    /// It took the delivery.
    Works,
    /// It answered, and did not take it.
    Refuses,
    /// It gave no answer.
    Silent,
    /// It is overloaded or down, and asks for so much time.
    Overloaded(Option<Duration>),
}

/// What an attempt changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Change {
    /// Nothing goes out for so long.
    Opened(Duration),
    /// Everything goes out again.
    Closed,
}

/// The breaker of one webhook.
pub(super) struct Breaker {
    first: Duration,
    most_asked: Duration,
    state: Mutex<State>,
    changed: Notify,
}

/// How often the breaker had opened when a delivery was taken: what was taken before it opened last says nothing new.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Era(u64);

#[derive(Default)]
struct State {
    era: Era,
    /// How often it opened since the receiver worked last; 0 while it is closed.
    rounds: u32,
    /// Failure in a row while it is closed.
    failure: u32,
    until: Option<Instant>,
    is_stopped: bool,
}

impl Breaker {
    /// A closed one; its first pause is as long as the schedule's shortest step.
    pub(super) fn new(schedule: &Schedule) -> Self {
        let first = match schedule.shortest() {
            Duration::ZERO => Duration::from_secs(1),
            step => step.min(MAX_BACK_OFF),
        };
        let most_asked = schedule.longest().min(MAX_ASKED);
        Self { first, most_asked, state: Mutex::default(), changed: Notify::new() }
    }

    /// What may be done now.
    pub(super) fn leave(&self, now: Instant) -> Leave {
        let state = self.state();
        match (state.is_stopped, state.until) {
            (true, _) => Leave::Stopped,
            (false, Some(until)) if until > now => Leave::Wait(until),
            (false, _) if state.rounds > 0 => Leave::Probe,
            (false, _) => Leave::Full,
        }
    }

    /// To be noted when deliveries are taken.
    pub(super) fn era(&self) -> Era {
        self.state().era
    }

    /// Whether it neither opened nor was reset since `era`.
    pub(super) fn is_current(&self, era: Era) -> bool {
        self.era() == era
    }

    /// Takes in what an attempt of a delivery that was taken in `era` says. Several that were under way when the breaker
    /// opened count once: of them a wait that the receiver asks for can lengthen the pause, and nothing else.
    pub(super) fn observe(&self, now: Instant, era: Era, sign: Sign) -> Option<Change> {
        let mut state = self.state();
        if era != state.era {
            if let (Sign::Overloaded(Some(asked)), Some(until)) = (sign, state.until.filter(|until| *until > now)) {
                state.until = Some(until.max(now + asked.min(self.most_asked)));
            }
            return None;
        }
        let (failure, asked) = match sign {
            Sign::Works => {
                state.failure = 0;
                state.until = None;
                return (std::mem::take(&mut state.rounds) > 0).then_some(Change::Closed);
            }
            Sign::Refuses => (1, None),
            Sign::Silent => (WEIGHT_OF_NO_ANSWER, None),
            Sign::Overloaded(asked) => (LIMIT, asked),
        };
        state.failure = state.failure.saturating_add(failure);
        // A probe needs no more than one failure.
        if state.rounds == 0 && state.failure < LIMIT {
            return None;
        }
        let pause = self.back_off(state.rounds).max(asked.unwrap_or_default().min(self.most_asked));
        state.rounds = state.rounds.saturating_add(1);
        state.failure = 0;
        state.era.0 += 1;
        state.until = Some(now + pause);
        self.changed.notify_waiters();
        Some(Change::Opened(pause))
    }

    /// Nothing more goes out.
    pub(super) fn stop(&self) {
        self.state().is_stopped = true;
        self.changed.notify_waiters();
    }

    /// Closes it, whatever it was.
    pub(super) fn reset(&self) {
        let mut state = self.state();
        *state = State { era: Era(state.era.0 + 1), ..State::default() };
        drop(state);
        self.changed.notify_waiters();
    }

    /// Waits until it opens, stops or is reset.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    fn back_off(&self, rounds: u32) -> Duration {
        self.first.saturating_mul(1_u32.checked_shl(rounds).unwrap_or(u32::MAX)).min(MAX_BACK_OFF)
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
    const OVERLOADED: Sign = Sign::Overloaded(None);

    fn breaker() -> Breaker {
        Breaker::new(&Schedule::new(&config::Delivery::default()).unwrap())
    }

    /// An attempt that begins and ends now.
    fn observe(breaker: &Breaker, now: Instant, sign: Sign) -> Option<Change> {
        breaker.observe(now, breaker.era(), sign)
    }

    #[test]
    fn an_overloaded_receiver_opens_it_for_twice_as_long_each_time_up_to_five_minutes() {
        let (breaker, mut now) = (breaker(), Instant::now());
        for expected in [5, 10, 20, 40, 80, 160, 300, 300] {
            assert_eq!(observe(&breaker, now, OVERLOADED), Some(Change::Opened(expected * S)));
            assert_eq!(breaker.leave(now), Leave::Wait(now + expected * S));
            now += expected * S;
            assert_eq!(breaker.leave(now), Leave::Probe);
        }
        assert_eq!(observe(&breaker, now, Sign::Works), Some(Change::Closed));
        assert_eq!(breaker.leave(now), Leave::Full);
        assert_eq!(observe(&breaker, now, OVERLOADED), Some(Change::Opened(5 * S)), "from the beginning");
    }

    #[test]
    fn it_opens_after_five_attempts_in_a_row_without_an_answer() {
        let (breaker, now) = (breaker(), Instant::now());
        for _ in 0..4 {
            assert_eq!(observe(&breaker, now, Sign::Silent), None);
        }
        assert_eq!(observe(&breaker, now, Sign::Works), None, "which makes them no row");
        for _ in 0..4 {
            assert_eq!(observe(&breaker, now, Sign::Silent), None);
        }
        assert_eq!(observe(&breaker, now, Sign::Silent), Some(Change::Opened(5 * S)));
    }

    #[test]
    fn it_opens_after_twenty_answers_in_a_row_that_were_no_success() {
        let (breaker, now) = (breaker(), Instant::now());
        for _ in 0..19 {
            assert_eq!(observe(&breaker, now, Sign::Refuses), None);
        }
        assert_eq!(observe(&breaker, now, Sign::Refuses), Some(Change::Opened(5 * S)));
    }

    #[test]
    fn a_probe_that_fails_in_any_way_opens_it_again() {
        for sign in [Sign::Refuses, Sign::Silent, OVERLOADED] {
            let (breaker, now) = (breaker(), Instant::now());
            observe(&breaker, now, OVERLOADED);
            assert_eq!(observe(&breaker, now + 5 * S, sign), Some(Change::Opened(10 * S)), "{sign:?}");
        }
    }

    #[test]
    fn attempts_that_were_under_way_when_it_opened_count_once() {
        let (breaker, now) = (breaker(), Instant::now());
        let era = breaker.era();
        assert_eq!(breaker.observe(now, era, OVERLOADED), Some(Change::Opened(5 * S)));
        assert_eq!(breaker.observe(now + S, era, OVERLOADED), None);
        assert_eq!(breaker.observe(now + S, era, Sign::Works), None, "a late success does not end the pause");
        assert_eq!(breaker.leave(now + S), Leave::Wait(now + 5 * S));
        assert_eq!(breaker.observe(now + 6 * S, era, Sign::Silent), None, "not even one that is later than the pause");
        assert_eq!(breaker.leave(now + 6 * S), Leave::Probe);
    }

    #[test]
    fn a_receiver_gets_the_time_it_asks_for_within_an_hour_and_the_longest_step() {
        let (breaker, now) = (breaker(), Instant::now());
        let era = breaker.era();
        let asks = |seconds: u32| Sign::Overloaded(Some(seconds * S));
        assert_eq!(breaker.observe(now, era, asks(60)), Some(Change::Opened(60 * S)));
        assert_eq!(breaker.observe(now, era, asks(90)), None);
        assert_eq!(breaker.leave(now), Leave::Wait(now + 90 * S), "lengthened");
        assert_eq!(observe(&breaker, now + 90 * S, asks(86_400)), Some(Change::Opened(3_600 * S)));
        let schedule = config::Delivery { schedule: vec![Duration::ZERO, S, 7 * S], ..config::Delivery::default() };
        let short = Breaker::new(&Schedule::new(&schedule).unwrap());
        assert_eq!(observe(&short, now, asks(86_400)), Some(Change::Opened(7 * S)));
    }

    #[test]
    fn one_that_is_stopped_stays_so_until_it_is_reset() {
        let (breaker, now) = (breaker(), Instant::now());
        observe(&breaker, now, OVERLOADED);
        breaker.stop();
        observe(&breaker, now, Sign::Works);
        assert_eq!(breaker.leave(now), Leave::Stopped);
        let era = breaker.era();
        breaker.reset();
        assert_eq!(breaker.leave(now), Leave::Full);
        assert_eq!(breaker.observe(now, era, OVERLOADED), None, "what was under way says nothing new");
    }

    #[test]
    fn a_great_many_rounds_do_not_overflow() {
        let (breaker, mut now) = (breaker(), Instant::now());
        for _ in 0..70 {
            observe(&breaker, now, OVERLOADED);
            now += 300 * S;
        }
        assert_eq!(observe(&breaker, now, OVERLOADED), Some(Change::Opened(300 * S)));
    }
}
