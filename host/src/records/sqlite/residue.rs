//! Whether traces may be left of what was erased: over restarts, since to look for them takes time.

use std::time::Duration;

use rusqlite::Connection;

use super::{super::RecordsError, SqliteRecords};
use crate::sqlite::{Haste, Pool};

/// To be called in every transaction that erases something.
pub(super) fn leave(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE residue SET erased = erased + 1")?.execute([]).map(drop)
}

impl SqliteRecords {
    pub(super) async fn remove_residue(&self, patience: Duration) -> Result<bool, RecordsError> {
        let count = |connection: &Connection| {
            connection.query_row("SELECT erased, scrubbed FROM residue", [], |row| Ok((row.get(0)?, row.get(1)?)))
        };
        let (erased, scrubbed): (i64, i64) = self.store.read(Pool::Query, count).await?;
        if erased == scrubbed {
            return Ok(true);
        }
        if !self.store.scrub(patience).await? {
            return Ok(false);
        }
        let done = move |connection: &Connection| connection.execute("UPDATE residue SET scrubbed = ?1", [erased]);
        self.store.write(Haste::Later, done, |_, _| {}).await?;
        Ok(true)
    }
}
