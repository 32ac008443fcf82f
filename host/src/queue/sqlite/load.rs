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
pub(super) fn lanes(connection: &Connection, now: i64) -> rusqlite::Result<Vec<LaneState>> {
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
    let mut statement = connection
        .prepare("SELECT lane, key, state, due_at, published_at, series, put_back_at FROM message ORDER BY key")?;
    let mut rows = statement.query([])?;
    let mut ahead = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(lane) = lanes.get_mut(&row.get::<_, i64>(0)?) else { continue };
        let place = place(row.get(1)?);
        lane.last_place = place;
        let mut due: i64 = row.get(3)?;
        match row.get(2)? {
            PARKED => lane.inner.parked += 1,
            SETTLED => lane.inner.settled += 1,
            // Only what came back, or was replayed, has a time at which it is due.
            _ if due == 0 => lane.inner.add_fresh(place, row.get(4)?, row.get(5)?),
            _ => {
                let put_back_at: i64 = row.get(6)?;
                // By a clock that was ahead of this one: it waits as long as it was to wait, from now on.
                if put_back_at > now {
                    due = now.saturating_add(due.saturating_sub(put_back_at));
                    ahead.push((row.get::<_, i64>(1)?, due));
                }
                lane.inner.put_back(place, row.get(4)?, due, row.get(5)?);
            }
        }
    }
    let mut update = connection.prepare("UPDATE message SET due_at = ?2, put_back_at = ?3 WHERE key = ?1")?;
    for (key, due) in ahead {
        update.execute([key, due, now])?;
    }
    let load = |(number, lane): (i64, Loaded)| LaneState::load(lane.name, number, lane.last_place, 0, lane.inner);
    Ok(lanes.into_iter().map(load).collect())
}
