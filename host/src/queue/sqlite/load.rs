//! What waits, as the store has it when it is opened.

use std::collections::HashMap;

use rusqlite::Connection;

use super::{
    super::Lane,
    PARKED, SETTLED,
    lane::{Inner, LaneState, place},
};

struct Loaded {
    name: Lane,
    last_place: u64,
    inner: Inner,
}

/// Every lane of the store.
pub(super) fn lanes(connection: &Connection) -> rusqlite::Result<Vec<LaneState>> {
    let mut lanes = HashMap::new();
    let mut statement = connection.prepare("SELECT number, name FROM lane")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        match Lane::parse(&name) {
            Some(name) => drop(lanes.insert(row.get(0)?, Loaded { name, last_place: 0, inner: Inner::default() })),
            None => {
                tracing::warn!(lane = %name, "the store has a lane that this sayso does not know; it is left alone")
            }
        }
    }
    let mut statement =
        connection.prepare("SELECT lane, key, state, due_at, published_at, series FROM message ORDER BY key")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Some(lane) = lanes.get_mut(&row.get::<_, i64>(0)?) else { continue };
        let place = place(row.get(1)?);
        lane.last_place = place;
        match row.get(2)? {
            PARKED => lane.inner.parked += 1,
            SETTLED => lane.inner.settled += 1,
            // Only what came back, or was replayed, has a time at which it is due.
            _ if row.get::<_, i64>(3)? == 0 => lane.inner.add_fresh(place, row.get(4)?, row.get(5)?),
            _ => lane.inner.put_back(place, row.get(4)?, row.get(3)?, row.get(5)?),
        }
    }
    let load = |(number, lane): (i64, Loaded)| LaneState::load(lane.name, number, lane.last_place, 0, lane.inner);
    Ok(lanes.into_iter().map(load).collect())
}
