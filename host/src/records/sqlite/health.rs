use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{Disabled, DisabledBy, WebhookHealth};
use crate::sqlite::time::{nanos, timestamp};

/// How the webhook of this name does; well, if there is nothing on record.
pub(super) fn read(connection: &Connection, webhook: &str) -> rusqlite::Result<WebhookHealth> {
    let mut select = connection.prepare_cached(
        "SELECT endpoint, failing_since, last_failure, disabled_at, cause, reason, announced FROM webhook_health \
         WHERE webhook = ?1",
    )?;
    Ok(select.query_row([webhook], health).optional()?.unwrap_or_default())
}

/// Keeps how it does. Of one that does well there is no row.
pub(super) fn write(connection: &Connection, webhook: &str, health: &WebhookHealth) -> rusqlite::Result<()> {
    if health.failing_since.is_none() && health.disabled.is_none() {
        connection.prepare_cached("DELETE FROM webhook_health WHERE webhook = ?1")?.execute([webhook])?;
        return Ok(());
    }
    let disabled = health.disabled.as_ref();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO webhook_health \
             (webhook, endpoint, failing_since, last_failure, disabled_at, cause, reason, announced) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            webhook,
            health.endpoint,
            health.failing_since.map(nanos),
            health.last_failure.map(nanos),
            disabled.map(|disabled| nanos(disabled.at)),
            disabled.map(|disabled| code(disabled.cause)),
            disabled.map(|disabled| disabled.reason.as_str()),
            disabled.is_some_and(|disabled| disabled.is_announced),
        ])?;
    Ok(())
}

fn health(row: &Row<'_>) -> rusqlite::Result<WebhookHealth> {
    let time = |at: Option<i64>| at.map(timestamp);
    let disabled = match time(row.get(3)?) {
        None => None,
        Some(at) => Some(Disabled {
            at,
            cause: match row.get(4)? {
                0 => DisabledBy::Gone,
                1 => DisabledBy::Failing,
                other => return Err(rusqlite::Error::IntegralValueOutOfRange(4, other)),
            },
            reason: row.get(5)?,
            is_announced: row.get(6)?,
        }),
    };
    Ok(WebhookHealth {
        endpoint: row.get(0)?,
        failing_since: time(row.get(1)?),
        last_failure: time(row.get(2)?),
        disabled,
    })
}

const fn code(cause: DisabledBy) -> i64 {
    match cause {
        DisabledBy::Gone => 0,
        DisabledBy::Failing => 1,
    }
}
