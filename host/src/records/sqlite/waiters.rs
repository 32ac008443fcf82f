use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, time::Instant};

use super::{SqliteRecords, rows};
use crate::{feedback::FeedbackId, sqlite::Pool};

/// Requests that wait for feedback to be on record.
#[derive(Default)]
pub(super) struct Waiters(Mutex<HashMap<FeedbackId, Vec<Waiter>>>);

struct Waiter {
    sender: mpsc::UnboundedSender<(FeedbackId, u32)>,
}

impl Waiters {
    fn all(&self) -> MutexGuard<'_, HashMap<FeedbackId, Vec<Waiter>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whoever waits for one of these that it is on record.
    pub(super) fn wake(&self, saved: &[(FeedbackId, u32)]) {
        let waiters = self.all();
        if waiters.is_empty() {
            return;
        }
        for (id, revision) in saved {
            for waiter in waiters.get(id).into_iter().flatten() {
                // One that is going away needs no word.
                waiter.sender.send((*id, *revision)).ok();
            }
        }
    }
}

/// An entry in [`Waiters`] for each feedback, taken out when dropped.
struct Registration {
    waiters: Arc<Waiters>,
    ids: Vec<FeedbackId>,
    sender: mpsc::UnboundedSender<(FeedbackId, u32)>,
}

impl Registration {
    fn new(waiters: &Arc<Waiters>, of: &[(FeedbackId, u32)]) -> (Self, mpsc::UnboundedReceiver<(FeedbackId, u32)>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let ids: Vec<_> = of.iter().map(|(id, _)| *id).collect();
        let mut all = waiters.all();
        for id in &ids {
            all.entry(*id).or_default().push(Waiter { sender: sender.clone() });
        }
        drop(all);
        (Self { waiters: waiters.clone(), ids, sender }, receiver)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut all = self.waiters.all();
        for id in &self.ids {
            if let Some(waiters) = all.get_mut(id) {
                waiters.retain(|waiter| !waiter.sender.same_channel(&self.sender));
                if waiters.is_empty() {
                    all.remove(id);
                }
            }
        }
    }
}

impl SqliteRecords {
    pub(super) async fn wait_for(&self, of: &[(FeedbackId, u32)], time: Duration) -> Vec<bool> {
        let until = Instant::now() + time;
        // Registered before looking, so that what is saved in between is not missed.
        let (_registration, mut saved) = Registration::new(&self.waiters, of);
        let mut is_there = self.on_record(of).await;
        while is_there.contains(&false) {
            let Ok(Some((id, revision))) = tokio::time::timeout_at(until, saved.recv()).await else { break };
            for ((wanted, least), is_there) in of.iter().zip(&mut is_there) {
                *is_there |= *wanted == id && revision >= *least;
            }
        }
        is_there
    }

    /// Which of these are on record. Where the store cannot be read, what it saves can still be waited for.
    async fn on_record(&self, of: &[(FeedbackId, u32)]) -> Vec<bool> {
        let wanted = of.to_vec();
        let read = move |connection: &rusqlite::Connection| {
            wanted
                .iter()
                .map(|(id, least)| Ok(rows::newest_revision(connection, *id)?.is_some_and(|newest| newest >= *least)))
                .collect()
        };
        self.store.read(Pool::Hot, read).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot look up which feedback is on record");
            vec![false; of.len()]
        })
    }
}
