use std::sync::{Arc, PoisonError};

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{
    super::{Lane, QueueError},
    PARKED, SETTLED, SqliteQueue,
    lane::{LaneState, place},
};
use crate::sqlite::{Haste, Wakes};

/// A message by its id, and its revision if only that one is meant.
type Named = (Uuid, Option<u32>);

/// A message that was dropped.
struct Dropped {
    lane_number: i64,
    place: u64,
    state: i64,
}

impl SqliteQueue {
    pub(super) async fn forget_all(&self, messages: &[Named]) -> Result<(), QueueError> {
        let messages = messages.to_vec();
        let lanes: Vec<Arc<_>> = self.lanes.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let then = move |dropped: &Vec<Dropped>, wakes: &mut Wakes| {
            for dropped in dropped {
                if let Some(lane) = lanes.iter().find(|lane| lane.number() == Some(dropped.lane_number)) {
                    take_out(lane, dropped, wakes);
                }
            }
        };
        self.store.write(Haste::Later, move |connection| delete(connection, &messages), then).await?;
        Ok(())
    }

    pub(super) async fn discard_idle(&self, lane: &Lane, messages: &[Named]) -> Result<Vec<Named>, QueueError> {
        let Some(lane) = self.known_lane(lane) else { return Ok(messages.to_vec()) };
        let Some(number) = lane.number() else { return Ok(messages.to_vec()) };
        let messages = messages.to_vec();
        let run = move |connection: &Connection| discard(connection, number, &messages);
        let then = move |(_, dropped): &(Vec<Named>, Vec<Dropped>), wakes: &mut Wakes| {
            dropped.iter().for_each(|dropped| take_out(&lane, dropped, wakes));
        };
        let (gone, _) = self.store.write(Haste::Later, run, then).await?;
        Ok(gone)
    }
}

/// Takes a message that was dropped out of the lane in memory.
fn take_out(lane: &LaneState, Dropped { place, state, .. }: &Dropped, wakes: &mut Wakes) {
    let mut inner = lane.inner();
    match *state {
        PARKED => inner.parked -= 1,
        SETTLED => inner.settled = inner.settled.saturating_sub(1),
        _ => {
            if inner.remove(*place) {
                wakes.add(&lane.wake);
            }
            wakes.add(&lane.forgot);
        }
    }
}

fn dropped(row: &rusqlite::Row<'_>) -> rusqlite::Result<Dropped> {
    Ok(Dropped { lane_number: row.get(0)?, place: place(row.get(1)?), state: row.get(2)? })
}

fn delete(connection: &Connection, messages: &[Named]) -> rusqlite::Result<Vec<Dropped>> {
    let mut all = Vec::new();
    for (id, revision) in messages {
        forget_identity(connection, *id, *revision)?;
        let mut delete = connection.prepare_cached(
            "DELETE FROM message WHERE id = ?1 AND (?2 IS NULL OR revision = ?2) RETURNING lane, key, state",
        )?;
        for row in delete.query_map(params![id.as_bytes(), revision], dropped)? {
            all.push(row?);
        }
    }
    Ok(all)
}

fn forget_identity(connection: &Connection, id: Uuid, revision: Option<u32>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM identity WHERE id = ?1 AND (?2 IS NULL OR revision = ?2)")?
        .execute(params![id.as_bytes(), revision])
        .map(drop)
}

/// Drops what neither waits nor is with a worker; returns what the lane does not know any more, and what was dropped.
fn discard(connection: &Connection, lane: i64, messages: &[Named]) -> rusqlite::Result<(Vec<Named>, Vec<Dropped>)> {
    const OF: &str = "id = ?1 AND lane = ?2 AND (?3 IS NULL OR revision = ?3)";
    let mut busy = connection.prepare_cached(&format!("SELECT 1 FROM message WHERE {OF} AND state = 0"))?;
    let mut delete =
        connection.prepare_cached(&format!("DELETE FROM message WHERE {OF} RETURNING lane, key, state"))?;
    let (mut gone, mut all) = (Vec::new(), Vec::new());
    for (id, revision) in messages {
        let of = params![id.as_bytes(), lane, revision];
        if busy.exists(of)? {
            continue;
        }
        gone.push((*id, *revision));
        forget_identity(connection, *id, *revision)?;
        for row in delete.query_map(of, dropped)? {
            all.push(row?);
        }
    }
    Ok((gone, all))
}
