//! The slots of a webhook: how many requests to it are under way at once.
//!
//! Retries may take long, since what failed by a time-out is likely to do so again: if they filled all slots, first tries
//! would wait for a slot as long as that. So a quarter of the slots, at least one, is for first tries alone. What is
//! replayed counts as a retry. (That first tries do not starve retries, the queue sees to.)

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots of one webhook.
pub(super) struct Slots {
    count: u32,
    all: Arc<Semaphore>,
    for_retries: Arc<Semaphore>,
}

/// Slots that were taken.
pub(super) struct Taken {
    all: OwnedSemaphorePermit,
    for_retries: Option<OwnedSemaphorePermit>,
}

/// The slot of one request, which is free again when this is dropped.
#[expect(dead_code, reason = "held for their drop")]
pub(super) struct Slot(Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>);

impl Slots {
    /// `count` free ones. Where there is but one, retries may have it.
    pub(super) fn new(count: u32) -> Self {
        let kept = if count == 1 { 0 } else { (count / 4).max(1) };
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        Self { count, all: semaphore(count), for_retries: semaphore(count - kept) }
    }

    /// Takes one when no other is taken. Waits for that.
    pub(super) async fn one_alone(&self) -> Option<Taken> {
        let mut all = Arc::clone(&self.all).acquire_many_owned(self.count).await.ok()?;
        let all = all.split(1)?;
        Some(Taken { all, for_retries: self.free_for_retries(1) })
    }

    /// Takes all that are free. Waits for the first.
    pub(super) async fn all_free(&self) -> Option<Taken> {
        let mut all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        if let Some(more) = free(&self.all, usize::MAX) {
            all.merge(more);
        }
        let for_retries = self.free_for_retries(all.num_permits());
        Some(Taken { all, for_retries })
    }

    /// Waits until a retry may begin.
    pub(super) async fn free_for_a_retry(&self) {
        drop(self.for_retries.acquire().await);
    }

    fn free_for_retries(&self, most: usize) -> Option<OwnedSemaphorePermit> {
        free(&self.for_retries, most)
    }
}

/// What is free now, up to `most`.
fn free(semaphore: &Arc<Semaphore>, most: usize) -> Option<OwnedSemaphorePermit> {
    let count = u32::try_from(semaphore.available_permits().min(most)).unwrap_or(u32::MAX);
    if count == 0 { None } else { Arc::clone(semaphore).try_acquire_many_owned(count).ok() }
}

impl Taken {
    /// How many.
    pub(super) fn count(&self) -> usize {
        self.all.num_permits()
    }

    /// How many of them retries may have.
    pub(super) fn most_retries(&self) -> usize {
        self.for_retries.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// Keeps at most so many; the others are free again.
    pub(super) fn keep(&mut self, most: usize) {
        let over = |permit: &OwnedSemaphorePermit| permit.num_permits().saturating_sub(most);
        drop(self.all.split(over(&self.all)));
        if let Some(permit) = &mut self.for_retries {
            drop(permit.split(over(permit)));
        }
    }

    /// Gives one of them to a request.
    pub(super) fn give(&mut self, is_retry: bool) -> Slot {
        let for_retry = if is_retry { self.for_retries.as_mut().and_then(|permit| permit.split(1)) } else { None };
        Slot(self.all.split(1), for_retry)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// What can be taken now.
    fn take(slots: &Slots) -> Option<Taken> {
        slots.all_free().now_or_never()?
    }

    #[test]
    fn a_quarter_is_kept_for_first_tries() {
        for (count, for_retries) in [(1, 1), (2, 1), (3, 2), (4, 3), (16, 12)] {
            let taken = take(&Slots::new(count)).expect("they are free");
            assert_eq!((taken.count(), taken.most_retries()), (count as usize, for_retries));
        }
    }

    #[test]
    fn when_retries_have_what_they_may_the_rest_is_for_first_tries() {
        let slots = Slots::new(4);
        let mut taken = take(&slots).expect("they are free");
        let retries: Vec<_> = (0..3).map(|_| taken.give(true)).collect();
        drop(taken);
        let mut taken = take(&slots).expect("one is kept");
        assert_eq!((taken.count(), taken.most_retries()), (1, 0));
        let first = taken.give(false);
        drop(taken);
        assert!(take(&slots).is_none());
        assert!(slots.free_for_a_retry().now_or_never().is_none());
        drop((retries, first));
        assert!(slots.free_for_a_retry().now_or_never().is_some());
        assert_eq!(take(&slots).map(|taken| (taken.count(), taken.most_retries())), Some((4, 3)));
    }

    #[test]
    fn what_is_not_kept_is_free_again() {
        let slots = Slots::new(4);
        let mut taken = take(&slots).expect("they are free");
        taken.keep(1);
        assert_eq!((taken.count(), taken.most_retries()), (1, 1));
        assert_eq!(take(&slots).map(|taken| (taken.count(), taken.most_retries())), Some((3, 2)));
        taken.keep(4);
        assert_eq!(taken.count(), 1);
    }

    #[test]
    fn one_alone_waits_until_all_are_free() {
        let slots = Slots::new(4);
        let first = take(&slots).expect("they are free").give(false);
        assert!(slots.one_alone().now_or_never().is_none());
        drop(first);
        let alone = slots.one_alone().now_or_never().flatten().expect("all are free");
        assert_eq!((alone.count(), alone.most_retries()), (1, 1));
    }
}
