//! Answers kept for an `Idempotency-Key`.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{QueueError, StoredAnswer},
    SqliteQueue,
};
use crate::sqlite::Haste;
use crate::sqlite::{Pool, time::after};

/// Every answer that is kept drops up to this many that have expired.
const PRUNE_ANSWERS: i64 = 16;

impl SqliteQueue {
    /// The first answer stays until it expires: a repetition that raced with it is not to change what others were told.
    pub(super) async fn keep_answer(&self, key: &str, answer: StoredAnswer, keep: Duration) -> Result<(), QueueError> {
        let (key, now) = (key.to_owned(), self.clock.now());
        let run = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "DELETE FROM answer WHERE rowid IN \
                     (SELECT rowid FROM answer WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
                )?
                .execute([now, PRUNE_ANSWERS])?;
            connection
                .prepare_cached(
                    "INSERT INTO answer (key, digest, answer, expires_at) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (key) DO UPDATE SET \
                     digest = excluded.digest, answer = excluded.answer, expires_at = excluded.expires_at \
                     WHERE expires_at <= ?5",
                )?
                .execute(params![key, answer.digest, &answer.answer[..], after(now, keep), now])
        };
        Ok(self.store.write(Haste::Soon, run, |_, _| {}).await.map(drop)?)
    }

    pub(super) async fn kept_answer(&self, key: &str) -> Result<Option<StoredAnswer>, QueueError> {
        let (key, now) = (key.to_owned(), self.clock.now());
        let read = move |connection: &Connection| {
            connection
                .prepare_cached("SELECT digest, answer FROM answer WHERE key = ?1 AND expires_at > ?2")?
                .query_row(params![key, now], |row| {
                    Ok(StoredAnswer { digest: row.get(0)?, answer: row.get::<_, Vec<u8>>(1)?.into() })
                })
                .optional()
        };
        Ok(self.store.read(Pool::Hot, read).await?)
    }
}
