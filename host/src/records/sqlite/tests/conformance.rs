use super::Folder;
use crate::records::{conformance, sqlite::SqliteRecords};

impl conformance::Backend for Folder {
    type Records = SqliteRecords;

    async fn open(&self) -> SqliteRecords {
        self.records()
    }
}

conformance::records_conformance!(Folder::new());
