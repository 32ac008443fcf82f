use std::time::Duration;

use super::Folder;
use crate::queue::{conformance, sqlite::SqliteQueue};

impl conformance::Backend for Folder {
    type Queue = SqliteQueue;

    async fn open_with_lease(&self, lease: Duration) -> SqliteQueue {
        SqliteQueue::new(self.store()).expect("loads").with_lease(lease)
    }
}

conformance::queue_conformance!(Folder::new());
