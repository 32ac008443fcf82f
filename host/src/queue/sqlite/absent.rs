use rusqlite::Connection;
use uuid::Uuid;

use super::{super::QueueError, SqliteQueue};
use crate::sqlite::Pool;

impl SqliteQueue {
    /// Those of the ids that no lane has a message of.
    pub(super) async fn unknown(&self, ids: Vec<Uuid>) -> Result<Vec<Uuid>, QueueError> {
        let read = move |connection: &Connection| {
            let mut known = connection.prepare_cached("SELECT 1 FROM message WHERE id = ?1")?;
            let mut absent = Vec::new();
            for id in ids {
                if !known.exists([id.as_bytes()])? {
                    absent.push(id);
                }
            }
            Ok(absent)
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }
}
