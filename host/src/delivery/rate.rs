//! How many requests a second a webhook gets: a bucket of tokens that fills steadily.
//!
//! Of its own, since tokens have to be taken before it is known how many deliveries wait, and given back for those that
//! do not.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Share of a second's requests that can go out at once after a rest, but at least one.
const BURST: f64 = 0.1;

/// The rate of one webhook.
pub(super) struct Rate {
    per_second: f64,
    burst: f64,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Rate {
    /// So many requests a second.
    pub(super) fn new(per_second: f64) -> Self {
        let burst = (per_second * BURST).max(1.0);
        Self { per_second, burst, bucket: Mutex::new(Bucket { tokens: burst, filled: Instant::now() }) }
    }

    /// Takes up to `most` tokens, at least one, and waits for that one.
    pub(super) async fn take(&self, most: usize) -> usize {
        loop {
            match self.try_take(most, Instant::now()) {
                Ok(taken) => return taken,
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// Of the tokens that were taken, so many are used now; the others are given back.
    pub(super) fn settle(&self, taken: usize, used: usize) {
        self.settle_at(taken, used, Instant::now());
    }

    fn settle_at(&self, taken: usize, used: usize, now: Instant) {
        let mut bucket = self.bucket();
        self.fill(&mut bucket, now);
        // They may have been kept through a rest: with what came in meanwhile they are no more than one rest brings.
        let most = (self.burst - as_float(used)).max(0.0);
        bucket.tokens = (bucket.tokens + as_float(taken.saturating_sub(used))).min(most);
    }

    fn try_take(&self, most: usize, now: Instant) -> Result<usize, Duration> {
        let mut bucket = self.bucket();
        self.fill(&mut bucket, now);
        if bucket.tokens < 1.0 {
            // A little more, so that rounding does not have it wait twice.
            return Err(Duration::from_secs_f64((1.0 - bucket.tokens) / self.per_second + 0.0005));
        }
        let most = as_float(most);
        let taken = bucket.tokens.floor().min(most).max(1.0);
        bucket.tokens -= taken;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to `most`")]
        Ok(taken as usize)
    }

    fn fill(&self, bucket: &mut Bucket, now: Instant) {
        let since = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + since * self.per_second).min(self.burst);
        bucket.filled = now;
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn as_float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many tokens somebody gets who takes one whenever there is one, in so many seconds.
    fn taken_in(rate: &Rate, seconds: f64) -> usize {
        let began = Instant::now();
        let (mut now, mut taken) = (began, 0);
        while now.duration_since(began).as_secs_f64() < seconds {
            match rate.try_take(1, now) {
                Ok(one) => taken += one,
                Err(wait) => now += wait,
            }
        }
        taken
    }

    #[test]
    fn over_time_no_more_is_given_than_the_rate_says() {
        for (rate, seconds, expected) in [(2.0, 10.0, 19..=21), (100.0, 10.0, 950..=1_010), (0.5, 20.0, 9..=11)] {
            let taken = taken_in(&Rate::new(rate), seconds);
            assert!(expected.contains(&taken), "{rate} a second: {taken} in {seconds} s");
        }
    }

    #[test]
    fn after_a_rest_a_tenth_of_a_second_s_worth_goes_out_at_once() {
        let (rate, now) = (Rate::new(100.0), Instant::now());
        assert_eq!(rate.try_take(50, now), Ok(10));
        assert!(rate.try_take(50, now).is_err());
        assert_eq!(rate.try_take(50, now + Duration::from_secs(60)), Ok(10));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (rate, now) = (Rate::new(100.0), Instant::now());
        assert_eq!(rate.try_take(10, now), Ok(10));
        rate.settle_at(10, 3, now);
        assert_eq!(rate.try_take(10, now), Ok(7));
    }

    #[test]
    fn what_was_kept_through_a_rest_adds_nothing_to_what_goes_out_at_once_after_it() {
        let (rate, now) = (Rate::new(100.0), Instant::now());
        assert_eq!(rate.try_take(50, now), Ok(10));
        let later = now + Duration::from_secs(60);
        rate.settle_at(10, 8, later);
        assert_eq!(rate.try_take(50, later), Ok(2));
        assert!(rate.try_take(50, later).is_err());
    }
}
