//! The order in which batches were pulled, for webhooks that want a customer's deliveries in order: threads of the
//! chain finish in any order, and what they made due must not.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Numbers batches in the order of their pulling.
pub(super) struct Turns {
    /// One pulls at a time, so that the numbers are in the order of the queue.
    pulling: tokio::sync::Mutex<u64>,
    /// Bounds how many batches are anywhere between queue and settlement. Each has its leave before its number, so the
    /// lowest number never waits for one.
    leave: Arc<Semaphore>,
    open: Mutex<BTreeSet<u64>>,
    closed: Notify,
}

/// The place of one batch, until it is dropped.
pub(super) struct Turn {
    number: u64,
    turns: Arc<Turns>,
    _leave: OwnedSemaphorePermit,
}

impl Turns {
    /// Turns for at most so many batches at once.
    pub(super) fn new(batches: usize) -> Arc<Self> {
        let leave = Arc::new(Semaphore::new(batches));
        Arc::new(Self { pulling: Default::default(), leave, open: Mutex::default(), closed: Notify::new() })
    }

    /// Lets so many more be on their way at once.
    pub(super) fn allow(&self, batches: usize) {
        self.leave.add_permits(batches);
    }

    /// Pulls a batch, and gives it the next turn; none with an empty one.
    pub(super) async fn pull<T, E>(
        self: &Arc<Self>,
        pull: impl Future<Output = Result<Vec<T>, E>>,
    ) -> Result<Option<(Vec<T>, Turn)>, E> {
        let mut next = self.pulling.lock().await;
        let leave = Arc::clone(&self.leave).acquire_owned().await.expect("it is never closed");
        let batch = pull.await?;
        if batch.is_empty() {
            return Ok(None);
        }
        let number = *next;
        *next += 1;
        self.open().insert(number);
        Ok(Some((batch, Turn { number, turns: Arc::clone(self), _leave: leave })))
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Waits until every batch that was pulled before is settled, or given up.
    pub(super) async fn come(&self) {
        loop {
            let mut closed = std::pin::pin!(self.turns.closed.notified());
            closed.as_mut().enable();
            if self.turns.open().first() == Some(&self.number) {
                return;
            }
            closed.await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.open().remove(&self.number);
        self.turns.closed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::FutureExt as _;

    use super::*;

    async fn turn(turns: &Arc<Turns>) -> Turn {
        let pulled: Result<_, Infallible> = turns.pull(async { Ok(vec![()]) }).await;
        pulled.expect("cannot fail").expect("is not empty").1
    }

    #[tokio::test]
    async fn a_batch_waits_for_those_that_were_pulled_before() {
        let turns = Turns::new(4);
        let (first, second, third) = (turn(&turns).await, turn(&turns).await, turn(&turns).await);
        first.come().await;
        assert!(second.come().now_or_never().is_none());
        drop(first);
        second.come().await;
        drop(second);
        third.come().await;
    }

    #[tokio::test]
    async fn no_more_batches_are_pulled_than_may_be_on_their_way() {
        let turns = Turns::new(1);
        let first = turn(&turns).await;
        assert!(turn(&turns).now_or_never().is_none());
        drop(first);
        turn(&turns).await.come().await;
    }

    #[tokio::test]
    async fn one_more_is_pulled_where_one_more_may_be_on_its_way() {
        let turns = Turns::new(1);
        let (first, mut second) = (turn(&turns).await, Box::pin(turn(&turns)));
        assert!((&mut second).now_or_never().is_none());
        turns.allow(1);
        let second = second.await;
        drop(first);
        second.come().await;
    }

    #[tokio::test]
    async fn an_empty_batch_has_no_turn() {
        let turns = Turns::new(1);
        let pulled: Result<Option<(Vec<()>, _)>, Infallible> = turns.pull(async { Ok(Vec::new()) }).await;
        assert!(pulled.expect("cannot fail").is_none());
        turn(&turns).await.come().await;
    }
}
