//! When a delivery is tried again.

use std::time::Duration;

use crate::config;

/// Why `[delivery]` makes no schedule.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ScheduleError {
    /// Nothing would ever be tried.
    #[error("`schedule` is empty; the first step is \"0s\", each further step is one more attempt")]
    Empty,
    /// The first attempt would not be at once.
    #[error("`schedule` begins with {0:?}; the first attempt is made at once, so write \"0s\" there")]
    First(Duration),
    /// A step is longer than a retry may wait.
    #[error("step {number} of `schedule` is longer than 30 days")]
    TooLong {
        /// Which step, from 1.
        number: usize,
    },
    /// The jitter is no share.
    #[error("`jitter` is {0}; it has to be between 0 and 1")]
    Jitter(f64),
}

/// Longest step.
const MAX_STEP: Duration = Duration::from_secs(30 * 86_400);

/// The share of the jitter that a wait gets, -1 to 1. What went out in one request has the same, so that it comes back in
/// one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Luck(f64);

impl Luck {
    /// A share by chance.
    pub fn draw() -> Self {
        Self(rand::random_range(-1.0..=1.0))
    }
}

/// When a delivery is tried again, from `[delivery]`.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    steps: Vec<Duration>,
    jitter: f64,
}

impl Schedule {
    /// The schedule of the configuration.
    ///
    /// # Errors
    /// [`ScheduleError`] names the key.
    pub fn new(config: &config::Delivery) -> Result<Self, ScheduleError> {
        let first = *config.schedule.first().ok_or(ScheduleError::Empty)?;
        if !first.is_zero() {
            return Err(ScheduleError::First(first));
        }
        if let Some(at) = config.schedule.iter().position(|step| *step > MAX_STEP) {
            return Err(ScheduleError::TooLong { number: at + 1 });
        }
        if !(0.0..=1.0).contains(&config.jitter) {
            return Err(ScheduleError::Jitter(config.jitter));
        }
        Ok(Self { steps: config.schedule.clone(), jitter: config.jitter })
    }

    /// How many attempts there are.
    pub fn attempts(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    /// The wait after attempt `number` (from 1) failed, lengthened or shortened by that share of the jitter, but no less
    /// than the receiver asked for, of which no more than the longest step is granted. None if that was the last.
    pub fn after(&self, number: u32, asked: Option<Duration>, luck: Luck) -> Option<Duration> {
        let step = *self.steps.get(usize::try_from(number).ok()?)?;
        Some(step.mul_f64(self.jitter.mul_add(luck.0, 1.0)).max(self.grant(asked)))
    }

    /// What is granted of the wait that a receiver asked for.
    fn grant(&self, asked: Option<Duration>) -> Duration {
        asked.unwrap_or_default().min(self.longest())
    }

    /// The shortest step after a failure; zero if nothing is tried twice.
    pub fn shortest(&self) -> Duration {
        self.steps.iter().skip(1).min().copied().unwrap_or_default()
    }

    /// The longest step.
    pub fn longest(&self) -> Duration {
        self.steps.iter().max().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(steps: &[u64], jitter: f64) -> Result<Schedule, ScheduleError> {
        let schedule = steps.iter().copied().map(Duration::from_secs).collect();
        Schedule::new(&config::Delivery { schedule, jitter, ..config::Delivery::default() })
    }

    #[test]
    fn without_jitter_the_steps_are_those_of_the_configuration() {
        let schedule = schedule(&[0, 5, 300], 0.0).unwrap();
        assert_eq!(schedule.after(1, None, Luck::draw()), Some(Duration::from_secs(5)));
        assert_eq!(schedule.after(2, None, Luck::draw()), Some(Duration::from_secs(300)));
        assert_eq!(schedule.after(3, None, Luck::draw()), None, "the schedule is spent");
        assert_eq!(schedule.after(u32::MAX, None, Luck::draw()), None);
    }

    #[test]
    fn the_default_takes_ten_attempts_over_75_6_hours() {
        let schedule = Schedule::new(&config::Delivery { jitter: 0.0, ..config::Delivery::default() }).unwrap();
        let total: Duration =
            (1..schedule.attempts()).map(|number| schedule.after(number, None, Luck::draw()).unwrap()).sum();
        assert_eq!(schedule.attempts(), 10);
        assert_eq!(total, Duration::from_secs(272_105));
    }

    #[test]
    fn a_receiver_can_ask_for_more_time_but_for_no_more_than_the_longest_step() {
        let schedule = schedule(&[0, 5, 300], 0.0).unwrap();
        let asked = |seconds| schedule.after(1, Some(Duration::from_secs(seconds)), Luck::draw());
        assert_eq!(asked(2), Some(Duration::from_secs(5)), "not earlier than the step");
        assert_eq!(asked(60), Some(Duration::from_secs(60)));
        assert_eq!(asked(86_400 * 365), Some(Duration::from_secs(300)));
    }

    #[test]
    fn a_schedule_that_makes_no_sense_is_refused() {
        assert_eq!(schedule(&[], 0.2), Err(ScheduleError::Empty));
        assert_eq!(schedule(&[5, 10], 0.2), Err(ScheduleError::First(Duration::from_secs(5))));
        assert_eq!(schedule(&[0, 5, u64::MAX], 0.2), Err(ScheduleError::TooLong { number: 3 }));
        assert_eq!(schedule(&[0, 5], 1.5), Err(ScheduleError::Jitter(1.5)));
        assert!(schedule(&[0], f64::NAN).is_err());
    }

    proptest! {
        #[test]
        fn jitter_stays_within_its_share(step in 1_u64..=86_400, jitter in 0.0_f64..=1.0) {
            let wait = schedule(&[0, step], jitter).unwrap().after(1, None, Luck::draw()).unwrap().as_secs_f64();
            let step = step as f64;
            prop_assert!(wait >= step * (1.0 - jitter) - 1e-6 && wait <= step * (1.0 + jitter) + 1e-6);
        }
    }
}
