mod conformance;
mod model;
mod own;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tempfile::TempDir;

use super::{clock::Clock, *};
use crate::sqlite::Store;

/// A store in a folder of its own.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(super) fn store(&self) -> Store {
        Store::open(&self.0.path().join("sayso.db")).expect("opens")
    }

    /// A queue whose clock stands still until it is set.
    pub(super) fn queue_at(&self, now: &Arc<AtomicI64>) -> SqliteQueue {
        let queue = SqliteQueue::new(self.store()).expect("loads");
        SqliteQueue { clock: Clock::Manual(now.clone()), ..queue }
    }
}

pub(super) fn advance(now: &AtomicI64, by: Duration) {
    now.fetch_add(i64::try_from(by.as_nanos()).expect("a short time"), Ordering::SeqCst);
}
