//! Deliveries that are taken before there are slots for them, so that a receiver that is quick is not kept waiting while
//! they are read: many at once cost little more than one, and the next are read while the last go out.
//!
//! They are first tries alone, and few enough to go out before long. When the breaker opens they go back.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio::{task::JoinHandle, time::Instant};

use super::{Content, Job};
use crate::queue::Lease;

/// Most that are taken ahead, for each slot.
const MOST_PER_SLOT: usize = 16;

/// How long they may have to wait for their slots. Far less than a lease lasts.
const MOST_WAIT: Duration = Duration::from_millis(200);

/// For how long first tries alone are taken before retries have their turn again, for which nothing is taken ahead.
const FIRST_TRIES_ALONE: Duration = Duration::from_millis(200);

/// About how much content may wait, in bytes.
const MOST_BYTES: usize = 512 << 10;

/// How long attempts take, roughly.
#[derive(Default)]
pub(super) struct Pace {
    /// A running mean in microseconds, of which the newest attempt makes up an eighth; 0 while nothing is known.
    mean: AtomicU32,
}

/// What was taken ahead.
#[derive(Default)]
pub(super) struct Ahead {
    jobs: VecDeque<Job>,
    /// Mean size of the content that was taken last, in bytes.
    mean_bytes: usize,
    /// Whether there were retries among what was taken last.
    with_retries: bool,
    /// More, that is being read.
    refill: Option<JoinHandle<Vec<Job>>>,
    /// When retries have their turn.
    turn_at: Option<Instant>,
}

impl Pace {
    /// Takes in an attempt.
    pub(super) fn observe(&self, time: Duration) {
        let time = u32::try_from(time.as_micros()).unwrap_or(u32::MAX).max(1);
        let mean = self.mean.load(Ordering::Relaxed);
        // One that is lost when two end together does not matter.
        self.mean.store(if mean == 0 { time } else { mean - mean / 8 + time / 8 }, Ordering::Relaxed);
    }

    fn mean(&self) -> Option<Duration> {
        let mean = self.mean.load(Ordering::Relaxed);
        (mean > 0).then(|| Duration::from_micros(mean.into()))
    }
}

impl Ahead {
    /// How many may be taken ahead of `slots`. None after retries came: they share with first tries alike, and would have
    /// to wait until what is taken ahead is gone.
    pub(super) fn room(&self, slots: usize, pace: &Pace) -> usize {
        let Some(mean) = pace.mean().filter(|_| !self.with_retries) else { return 0 };
        let in_time = usize::try_from(MOST_WAIT.as_micros() / mean.as_micros().max(1)).unwrap_or(usize::MAX);
        (slots * in_time.min(MOST_PER_SLOT)).min(MOST_BYTES / self.mean_bytes.max(1))
    }

    /// Keeps those of `jobs` that are more than `slots`, and returns the others: retries first, which are no more than
    /// the slots.
    pub(super) fn keep_beyond(&mut self, slots: usize, mut jobs: Vec<Job>) -> Vec<Job> {
        self.turn_at = Some(Instant::now() + FIRST_TRIES_ALONE);
        self.with_retries = jobs.iter().any(Job::is_retry);
        self.mean_bytes = jobs.iter().map(|job| job.content.bytes()).sum::<usize>() / jobs.len().max(1);
        jobs.sort_by_key(|job| !job.is_retry());
        self.jobs.extend(jobs.drain(slots.min(jobs.len())..));
        jobs
    }

    /// Has more taken, up to `room`, where half of that is gone, unless it is the turn of retries.
    pub(super) fn refill<F>(&mut self, room: usize, more: impl FnOnce() -> F)
    where
        F: Future<Output = Vec<Job>> + Send + 'static,
    {
        let is_low = self.refill.is_none() && self.jobs.len() < room / 2;
        if is_low && self.turn_at.is_some_and(|at| Instant::now() < at) {
            self.refill = Some(tokio::spawn(more()));
        }
    }

    /// Waits for what is being read. It may be given up, and is not lost then.
    async fn refilled(&mut self) {
        if let Some(refill) = &mut self.refill {
            // One that panicked loses its leases: they run out.
            let jobs = refill.await.unwrap_or_default();
            self.refill = None;
            if jobs.is_empty() {
                self.turn_at = None;
            }
            self.jobs.extend(jobs);
        }
    }

    /// Takes out up to `most`; none if there is nothing.
    pub(super) async fn take(&mut self, most: usize) -> Vec<Job> {
        if self.jobs.is_empty() {
            self.refilled().await;
        }
        let count = most.min(self.jobs.len());
        self.jobs.drain(..count).collect()
    }

    /// Takes out all, to be given back.
    pub(super) async fn leases(&mut self) -> Vec<Lease> {
        self.refilled().await;
        self.jobs.drain(..).map(|job| job.lease).collect()
    }
}

impl Job {
    fn is_retry(&self) -> bool {
        !self.lease.is_first
    }
}

impl Content {
    fn bytes(&self) -> usize {
        match self {
            Self::Analysis { payload, .. } => payload.feedback.len() + payload.analysis.len(),
            Self::Notice { .. } | Self::Erased => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Lane;

    fn pace(times: &[u64]) -> Pace {
        let pace = Pace::default();
        times.iter().for_each(|time| pace.observe(Duration::from_millis(*time)));
        pace
    }

    fn job() -> Job {
        let lease = Lease {
            lane: Lane::Delivery("crm".into()),
            token: 1,
            id: uuid::Uuid::nil(),
            revision: 1,
            tries: 0,
            is_first: true,
            era: 0,
            published_at: jiff::Timestamp::UNIX_EPOCH,
            parked_at: None,
            body: bytes::Bytes::new(),
        };
        Job { lease, content: Content::Erased }
    }

    #[test]
    fn nothing_is_taken_ahead_before_it_is_known_how_quick_the_receiver_is() {
        assert_eq!(Ahead::default().room(16, &Pace::default()), 0);
    }

    #[test]
    fn the_quicker_the_receiver_the_more_is_taken_ahead() {
        let room = |time| Ahead::default().room(16, &pace(&[time]));
        assert_eq!([room(0), room(20), room(60), room(150), room(250), room(15_000)], [256, 160, 48, 16, 0, 0]);
    }

    #[test]
    fn a_receiver_that_becomes_slow_is_noticed_within_a_few_attempts() {
        let mut times = vec![1; 50];
        assert!(Ahead::default().room(16, &pace(&times)) > 0);
        times.extend([2_000; 2]);
        assert_eq!(Ahead::default().room(16, &pace(&times)), 0);
    }

    #[tokio::test]
    async fn first_tries_are_taken_alone_for_a_while_and_then_it_is_the_turn_of_retries() {
        let mut ahead = Ahead::default();
        ahead.refill(8, || async { vec![job()] });
        assert!(ahead.refill.is_none(), "retries come first");
        ahead.keep_beyond(0, Vec::new());
        assert!(ahead.turn_at.is_some_and(|at| at <= Instant::now() + FIRST_TRIES_ALONE), "before long");
        // So far ahead that the test may be as slow as it likes.
        ahead.turn_at = Some(Instant::now() + Duration::from_secs(60));
        for _ in 0..9 {
            ahead.refill(8, || async { vec![job()] });
            assert_eq!(ahead.take(8).await.len(), 1);
        }
        ahead.turn_at = Some(Instant::now());
        ahead.refill(8, || async { vec![job()] });
        assert!(ahead.refill.is_none(), "it is their turn");
    }

    #[tokio::test]
    async fn where_no_more_first_tries_were_found_retries_have_their_turn_at_once() {
        let mut ahead = Ahead::default();
        ahead.keep_beyond(0, Vec::new());
        ahead.refill(8, || async { Vec::new() });
        assert!(ahead.take(8).await.is_empty());
        ahead.refill(8, || async { vec![job()] });
        assert!(ahead.refill.is_none(), "it is their turn");
    }

    #[test]
    fn large_content_is_taken_ahead_a_few_at_a_time() {
        let ahead = Ahead { mean_bytes: 100 << 10, ..Ahead::default() };
        assert_eq!(ahead.room(16, &pace(&[1])), 5);
        let ahead = Ahead { mean_bytes: 1 << 20, ..Ahead::default() };
        assert_eq!(ahead.room(16, &pace(&[1])), 0);
    }

    #[test]
    fn nothing_is_taken_ahead_while_there_are_retries() {
        let ahead = Ahead { with_retries: true, ..Ahead::default() };
        assert_eq!(ahead.room(16, &pace(&[1])), 0);
    }
}
