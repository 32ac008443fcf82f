//! Answers kept for an `Idempotency-Key`.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{QueueError, StoredAnswer},
    SqliteQueue,
};
use crate::sqlite::{Haste, Pool, time::after};

/// Every answer that is kept drops up to this many that have expired.
const PRUNE_ANSWERS: i64 = 16;
/// How many are dropped at once where nothing else is done.
const DROP_ANSWERS: i64 = 256;

impl SqliteQueue {
    /// The first answer stays until it expires: a repetition that raced with it is not to change what others were told.
    pub(super) async fn keep_answer(&self, key: &str, answer: StoredAnswer, keep: Duration) -> Result<(), QueueError> {
        let (key, now) = (key.to_owned(), self.clock.wall());
        let run = move |connection: &Connection| {
            drop_expired(connection, now, PRUNE_ANSWERS)?;
            connection
                .prepare_cached(
                    "INSERT INTO answer (key, digest, answer, expires_at, details) VALUES (?1, ?2, ?3, ?4, ?6) \
                     ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, answer = excluded.answer, \
                     expires_at = excluded.expires_at, details = excluded.details WHERE expires_at <= ?5",
                )?
                .execute(params![
                    key,
                    answer.digest,
                    &answer.answer[..],
                    after(now, keep),
                    now,
                    answer.details.as_deref()
                ])
        };
        Ok(self.store.write(Haste::Soon, run, |_, _| {}).await.map(drop)?)
    }

    pub(super) async fn kept_answer(&self, key: &str) -> Result<Option<StoredAnswer>, QueueError> {
        let (key, now) = (key.to_owned(), self.clock.wall());
        let read = move |connection: &Connection| {
            connection
                .prepare_cached("SELECT digest, answer, details FROM answer WHERE key = ?1 AND expires_at > ?2")?
                .query_row(params![key, now], |row| {
                    let details = row.get::<_, Option<Vec<u8>>>(2)?.map(Into::into);
                    Ok(StoredAnswer { digest: row.get(0)?, answer: row.get::<_, Vec<u8>>(1)?.into(), details })
                })
                .optional()
        };
        Ok(self.store.read(Pool::Hot, read).await?)
    }

    pub(super) async fn drop_details(&self) -> Result<(), QueueError> {
        let run = |connection: &Connection| {
            connection.execute("UPDATE answer SET details = NULL WHERE details IS NOT NULL", [])
        };
        Ok(self.store.write(Haste::Later, run, |_, _| {}).await.map(drop)?)
    }

    pub(super) async fn drop_old_answers(&self) -> Result<u64, QueueError> {
        let now = self.clock.wall();
        let run = move |connection: &Connection| drop_expired(connection, now, DROP_ANSWERS);
        Ok(self.store.write(Haste::Later, run, |_, _| {}).await? as u64)
    }
}

fn drop_expired(connection: &Connection, now: i64, most: i64) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "DELETE FROM answer WHERE rowid IN \
             (SELECT rowid FROM answer WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute([now, most])
}
