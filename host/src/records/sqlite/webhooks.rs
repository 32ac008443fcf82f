use std::{path::Path, sync::Arc};

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::{
    super::{RecordsError, StoredWebhook},
    SqliteRecords,
};
use crate::sqlite::{
    Haste, OpenError, open_to_read,
    time::{nanos, timestamp},
};

impl SqliteRecords {
    pub(super) async fn keep_webhook(&self, webhook: StoredWebhook) -> Result<(), RecordsError> {
        let run = move |connection: &Connection| put(connection, &webhook);
        Ok(self.store.write(Haste::Soon, run, |(), _| {}).await?)
    }

    pub(super) async fn forget_webhook(&self, id: Uuid) -> Result<(), RecordsError> {
        let run = move |connection: &Connection| {
            connection.execute("DELETE FROM webhook WHERE id = ?1 AND deleted_at IS NOT NULL", [id.as_bytes()])
        };
        self.store.write(Haste::Later, run, |_, _| {}).await?;
        Ok(())
    }
}

/// The names and ids of the webhooks that were made over the API and are not deleted, read beside the process that owns the
/// store at `path`.
///
/// # Errors
/// See [`OpenError`].
pub fn webhooks_beside(path: &Path) -> Result<Vec<(Arc<str>, Uuid)>, OpenError> {
    let connection = open_to_read(path)?;
    let read = || -> rusqlite::Result<_> {
        let mut select = connection.prepare("SELECT name, id FROM webhook WHERE deleted_at IS NULL")?;
        let row = |row: &Row<'_>| Ok((row.get::<_, String>(0)?.into(), Uuid::from_bytes(row.get(1)?)));
        select.query_map([], row)?.collect()
    };
    read().map_err(|source| OpenError::sqlite(path, source))
}

fn put(connection: &Connection, webhook: &StoredWebhook) -> rusqlite::Result<()> {
    connection.execute(
        "DELETE FROM webhook WHERE name = ?1 AND id <> ?2 AND deleted_at IS NOT NULL",
        params![&*webhook.name, webhook.id.as_bytes()],
    )?;
    connection.execute(
        "INSERT INTO webhook (id, name, revision, created_at, updated_at, deleted_at, settings, secrets) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, updated_at = excluded.updated_at, \
         deleted_at = excluded.deleted_at, settings = excluded.settings, secrets = excluded.secrets",
        params![
            webhook.id.as_bytes(),
            &*webhook.name,
            webhook.revision,
            nanos(webhook.created_at),
            nanos(webhook.updated_at),
            webhook.deleted_at.map(nanos),
            webhook.settings,
            webhook.secrets,
        ],
    )?;
    Ok(())
}

/// Every webhook, in the order of their making.
pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<StoredWebhook>> {
    let mut statement = connection.prepare(
        "SELECT id, name, revision, created_at, updated_at, deleted_at, settings, secrets FROM webhook ORDER BY id",
    )?;
    statement.query_map([], webhook)?.collect()
}

fn webhook(row: &Row<'_>) -> rusqlite::Result<StoredWebhook> {
    Ok(StoredWebhook {
        id: Uuid::from_bytes(row.get(0)?),
        name: row.get::<_, String>(1)?.into(),
        revision: row.get(2)?,
        created_at: timestamp(row.get(3)?),
        updated_at: timestamp(row.get(4)?),
        deleted_at: row.get::<_, Option<i64>>(5)?.map(timestamp),
        settings: row.get(6)?,
        secrets: row.get(7)?,
    })
}
