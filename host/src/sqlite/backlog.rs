//! What the writer was asked to do and has not done, and what it does next.

use std::{
    collections::VecDeque,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use super::writer::{Fold, Job, Operation};

/// Most operations in one transaction.
pub(super) const MAX_GROUP: usize = 512;
/// Most operations of stages in one transaction. Each is of several rows, and whoever comes meanwhile waits for all.
const MAX_STAGE_GROUP: usize = 32;
/// The least part of the writer's time that stages keep, however many wait outside: one in so many, and one.
const LEAST_SHARE: u32 = 64;
/// After how long without an operation that is wanted soon nobody outside counts as waiting any more.
const QUIET: Duration = Duration::from_millis(20);
/// Groups of so many operations that are wanted soon are a crowd,
const CROWD: usize = 8;
/// and begin at least so far apart: a transaction and its sync cost much the same for one as for all who come meanwhile.
const PACE: Duration = Duration::from_micros(300);

/// How soon an operation is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Haste {
    /// Somebody outside waits for it: it goes into the next transaction.
    Soon,
    /// A stage waits for it. While n others are wanted soon, all of these together get the n + 1st part of the
    /// writer's time, as if they were one more who waits, but at least the [`LEAST_SHARE`] + 1st. Stages settle their
    /// work through the writer, so this also holds them back and leaves the processors to whoever posts: what is
    /// accepted is safe and can wait, what is refused may be lost.
    Later,
}

/// What is done in one transaction, and what follows it.
pub(super) struct Group {
    pub(super) operations: Vec<Box<dyn Operation>>,
    /// Whoever wants the log folded after it.
    pub(super) fold: Option<Fold>,
    /// Whether it is one of stages, and how many wait outside meanwhile.
    company: Option<u32>,
}

/// What there is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Filled {
    /// Something.
    Work,
    /// Nothing, and there was nothing for as long as was waited.
    Quiet,
    /// Nothing, and nobody comes any more.
    Ended,
}

/// What was taken from the inbox and is not done yet.
#[derive(Default)]
pub(super) struct Backlog {
    soon: Vec<Box<dyn Operation>>,
    later: VecDeque<Job>,
    /// How many operations that were wanted soon were done since stages had their turn.
    company: u32,
    /// When whoever waits outside was last served, or could have been.
    served_at: Option<Instant>,
    /// When the next turn of the stages is.
    turn_at: Option<Instant>,
    /// While there is a crowd, when the next group of what is wanted soon begins.
    crowd_at: Option<Instant>,
}

impl Backlog {
    /// Takes in what waits, and waits where there is nothing to do yet; where there is nothing at all, no longer than
    /// `quiet`.
    pub(super) fn fill(&mut self, jobs: &Receiver<Job>, quiet: Duration) -> Filled {
        loop {
            let first = match self.pause(Instant::now()) {
                None => jobs.recv_timeout(quiet),
                Some(Duration::ZERO) => Err(RecvTimeoutError::Timeout),
                Some(pause) if !self.soon.is_empty() => {
                    gather(pause);
                    Err(RecvTimeoutError::Timeout)
                }
                Some(pause) => jobs.recv_timeout(pause),
            };
            match first {
                Ok(job) => self.take(job),
                Err(RecvTimeoutError::Timeout) => {
                    self.take_all(jobs);
                    return if self.is_empty() { Filled::Quiet } else { Filled::Work };
                }
                Err(RecvTimeoutError::Disconnected) => {
                    // Nobody comes any more: what is left is done at once.
                    (self.turn_at, self.crowd_at) = (None, None);
                    return if self.is_empty() { Filled::Ended } else { Filled::Work };
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.soon.is_empty() && self.later.is_empty()
    }

    /// Takes in what waits; whether any of it is to be done at once.
    pub(super) fn has_more(&mut self, jobs: &Receiver<Job>) -> bool {
        self.take_all(jobs);
        self.pause(Instant::now()).is_some_and(|pause| pause.is_zero())
    }

    /// How long there is nothing to do for; none while there is nothing at all.
    fn pause(&self, now: Instant) -> Option<Duration> {
        let is_full = self.soon.len() >= MAX_GROUP;
        let soon = (!self.soon.is_empty()).then(|| if is_full { Duration::ZERO } else { until(self.crowd_at, now) });
        let later = (!self.later.is_empty()).then(|| self.time_until_turn(now));
        soon.into_iter().chain(later).min()
    }

    fn take_all(&mut self, jobs: &Receiver<Job>) {
        while self.soon.len() < MAX_GROUP
            && let Ok(job) = jobs.try_recv()
        {
            self.take(job);
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Operation(Haste::Soon, operation) => self.soon.push(operation),
            job => self.later.push_back(job),
        }
    }

    /// What to do now: what is wanted soon, unless it is the turn of the stages.
    pub(super) fn next_group(&mut self) -> Group {
        let now = Instant::now();
        if !self.later.is_empty() && self.time_until_turn(now).is_zero() {
            return self.stage_group(now);
        }
        let operations = std::mem::take(&mut self.soon);
        if !operations.is_empty() {
            self.company = self.company.saturating_add(u32::try_from(operations.len()).unwrap_or(u32::MAX));
            self.served_at = Some(now);
            self.crowd_at = (operations.len() >= CROWD).then(|| now + PACE);
        }
        Group { operations, fold: None, company: None }
    }

    /// What stages wait for, in the order of arrival, up to the first fold.
    fn stage_group(&mut self, now: Instant) -> Group {
        let is_quiet = self.soon.is_empty() && self.served_at.is_none_or(|at| now.duration_since(at) >= QUIET);
        let waiting = u32::try_from(self.soon.len()).unwrap_or(u32::MAX);
        let company = if is_quiet { 0 } else { self.company.max(waiting).min(LEAST_SHARE) };
        let mut group = Group { operations: Vec::new(), fold: None, company: Some(company) };
        while group.operations.len() < MAX_STAGE_GROUP {
            match self.later.pop_front() {
                Some(Job::Operation(_, operation)) => group.operations.push(operation),
                Some(Job::Fold(fold)) => {
                    group.fold = Some(fold);
                    break;
                }
                None => break,
            }
        }
        group
    }

    /// A group has been done, which began at `began`. `company` is its own.
    pub(super) fn done(&mut self, company: Option<u32>, began: Instant) {
        let Some(company) = company else { return };
        let now = Instant::now();
        self.turn_at = (company > 0).then(|| now + now.duration_since(began) * company);
        self.company = 0;
        if company > 0 {
            // Nobody outside could be served meanwhile, so it was no quiet time.
            self.served_at = Some(now);
        }
    }

    /// How long what stages wait for has to wait for its turn, or until it is quiet outside.
    fn time_until_turn(&self, now: Instant) -> Duration {
        until(self.turn_at, now).min(until(self.served_at.map(|at| at + QUIET), now))
    }
}

/// Lets a crowd gather: to be woken by each of them costs more than they do, them as well as this thread.
#[expect(clippy::disallowed_methods, reason = "a thread of its own, for less than a millisecond")]
fn gather(pause: Duration) {
    std::thread::sleep(pause);
}

fn until(at: Option<Instant>, now: Instant) -> Duration {
    at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now))
}

impl Group {
    /// For [`Backlog::done`].
    pub(super) const fn company(&self) -> Option<u32> {
        self.company
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use rusqlite::Connection;

    use super::*;
    use crate::sqlite::{StoreError, Wakes, writer::Call};

    fn job(haste: Haste) -> Job {
        Job::Operation(
            haste,
            Box::new(Call::new(|_: &Connection| Ok(()), |_: Result<&(), &StoreError>, _: &mut Wakes| {}, drop)),
        )
    }

    fn send(inbox: &Sender<Job>, soon: usize, later: usize) {
        (0..soon).for_each(|_| inbox.send(job(Haste::Soon)).expect("is open"));
        (0..later).for_each(|_| inbox.send(job(Haste::Later)).expect("is open"));
    }

    /// Does the next group, which is said to have taken so long: how many operations, and whether they are of stages.
    fn step(backlog: &mut Backlog, jobs: &Receiver<Job>, took: Duration) -> (usize, bool) {
        assert_eq!(backlog.fill(jobs, Duration::MAX), Filled::Work);
        let group = backlog.next_group();
        backlog.done(group.company(), Instant::now().checked_sub(took).expect("the clock has run so long"));
        (group.operations.len(), group.company().is_some())
    }

    #[test]
    fn what_is_wanted_soon_goes_together_and_first_while_it_is_not_the_turn_of_the_stages() {
        let (inbox, jobs) = channel();
        let mut backlog = Backlog::default();
        send(&inbox, 40, 0);
        assert_eq!(step(&mut backlog, &jobs, Duration::ZERO), (40, false));
        send(&inbox, 0, 1);
        let long = Duration::from_secs(60);
        assert_eq!(step(&mut backlog, &jobs, long), (1, true), "the first turn is at once");
        send(&inbox, 40, 100);
        for _ in 0..3 {
            send(&inbox, 40, 0);
            assert!(matches!(step(&mut backlog, &jobs, Duration::ZERO), (40 | 80, false)));
        }
    }

    #[test]
    fn stages_get_their_turn_after_their_share_of_the_time_and_in_small_groups() {
        let (inbox, jobs) = channel();
        let mut backlog = Backlog::default();
        send(&inbox, 3, 100);
        // With so many outside, a turn of 4 ms is followed by 12 ms for those.
        let took = Duration::from_millis(4);
        assert_eq!(step(&mut backlog, &jobs, took), (MAX_STAGE_GROUP, true));
        assert_eq!(step(&mut backlog, &jobs, took), (3, false));
        let began = Instant::now();
        assert_eq!(step(&mut backlog, &jobs, took), (MAX_STAGE_GROUP, true));
        assert!(began.elapsed() > took, "they wait for their turn");
        assert!(began.elapsed() < Duration::from_secs(5), "and get it");
    }

    #[test]
    fn stages_do_not_wait_for_long_when_nobody_comes_any_more() {
        let (inbox, jobs) = channel();
        let mut backlog = Backlog::default();
        send(&inbox, 64, 0);
        step(&mut backlog, &jobs, Duration::ZERO);
        send(&inbox, 0, 1);
        assert_eq!(step(&mut backlog, &jobs, Duration::from_secs(60)), (1, true));
        send(&inbox, 0, 500);
        let began = Instant::now();
        let mut steps = 0;
        while step(&mut backlog, &jobs, Duration::ZERO) != (MAX_STAGE_GROUP, true) {
            steps += 1;
            assert!(steps < 100, "the backlog spins instead of waiting");
        }
        assert!(began.elapsed() < Duration::from_secs(5), "it is quiet after some milliseconds");
    }

    #[test]
    fn what_comes_behind_few_is_to_be_done_at_once_and_what_comes_behind_a_crowd_is_not() {
        let (inbox, jobs) = channel();
        let mut backlog = Backlog::default();
        assert!(!backlog.has_more(&jobs), "there is nothing");
        send(&inbox, CROWD - 1, 0);
        step(&mut backlog, &jobs, Duration::ZERO);
        assert!(!backlog.has_more(&jobs), "all of it is done");
        send(&inbox, CROWD, 0);
        assert!(backlog.has_more(&jobs));
        step(&mut backlog, &jobs, Duration::ZERO);
        // So far ahead that the test may be as slow as it likes.
        assert!(backlog.crowd_at.is_some());
        backlog.crowd_at = Some(Instant::now() + Duration::from_secs(60));
        send(&inbox, CROWD, 0);
        assert!(!backlog.has_more(&jobs), "more of them gather");
    }

    #[test]
    fn at_the_end_everything_is_done_without_waiting() {
        let (inbox, jobs) = channel();
        let mut backlog = Backlog::default();
        send(&inbox, 64, 0);
        step(&mut backlog, &jobs, Duration::ZERO);
        send(&inbox, 0, 1);
        step(&mut backlog, &jobs, Duration::from_secs(60));
        send(&inbox, 5, 5);
        drop(inbox);
        let mut left = 10;
        while backlog.fill(&jobs, Duration::MAX) == Filled::Work {
            let group = backlog.next_group();
            left -= group.operations.len();
            backlog.done(group.company(), Instant::now());
        }
        assert_eq!(left, 0);
    }
}
