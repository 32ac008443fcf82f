use std::sync::{Arc, PoisonError};

use rusqlite::Connection;
use uuid::Uuid;

use super::{super::QueueError, PARKED, SETTLED, SqliteQueue, lane::place};
use crate::sqlite::Haste;

/// A message that was dropped.
struct Dropped {
    lane_number: i64,
    place: u64,
    state: i64,
}

impl SqliteQueue {
    pub(super) async fn forget_all(&self, ids: &[Uuid]) -> Result<(), QueueError> {
        let ids = ids.to_vec();
        let lanes: Vec<Arc<_>> = self.lanes.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        self.store
            .write(
                Haste::Later,
                move |connection| delete(connection, &ids),
                move |dropped, wakes| {
                    for Dropped { lane_number, place, state } in dropped {
                        let Some(lane) = lanes.iter().find(|lane| lane.number() == Some(*lane_number)) else {
                            continue;
                        };
                        let mut inner = lane.inner();
                        match *state {
                            PARKED => inner.parked -= 1,
                            SETTLED => inner.settled = inner.settled.saturating_sub(1),
                            _ if inner.remove(*place) => wakes.add(&lane.wake),
                            _ => {}
                        }
                    }
                },
            )
            .await?;
        Ok(())
    }
}

fn delete(connection: &Connection, ids: &[Uuid]) -> rusqlite::Result<Vec<Dropped>> {
    let mut identities = connection.prepare_cached("DELETE FROM identity WHERE id = ?1")?;
    let mut messages = connection.prepare_cached("DELETE FROM message WHERE id = ?1 RETURNING lane, key, state")?;
    let mut dropped = Vec::new();
    for id in ids {
        identities.execute([id.as_bytes()])?;
        let mut rows = messages.query([id.as_bytes()])?;
        while let Some(row) = rows.next()? {
            dropped.push(Dropped { lane_number: row.get(0)?, place: place(row.get(1)?), state: row.get(2)? });
        }
    }
    Ok(dropped)
}
