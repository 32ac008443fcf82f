use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{
    super::{Notified, RecordsError},
    SqliteRecords,
};
use crate::sqlite::{Haste, time::nanos};

impl SqliteRecords {
    pub(super) async fn owe_all(&self, notified: Vec<Notified>) -> Result<(), RecordsError> {
        let now = nanos(Timestamp::now());
        let run = move |connection: &Connection| notified.iter().try_for_each(|one| owe(connection, one, now));
        Ok(self.store.write(Haste::Later, run, |(), _| {}).await?)
    }
}

fn owe(connection: &Connection, notified: &Notified, now: i64) -> rusqlite::Result<()> {
    // Where it is about no feedback, the delivery itself takes the place, so that no erasure meets it.
    let subject = notified.feedback.map_or(notified.delivery.0, |id| id.0);
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO delivery (id, feedback, revision, webhook, status, created_at, event, is_of_feedback) \
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7)",
        )?
        .execute(params![
            notified.delivery.0.as_bytes(),
            subject.as_bytes(),
            notified.revision,
            &*notified.webhook,
            now,
            notified.event,
            notified.feedback.is_some(),
        ])?;
    Ok(())
}
