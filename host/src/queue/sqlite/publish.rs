use std::{sync::Arc, time::SystemTime};

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{
    super::{Identity, Message, QueueError, Receipt},
    SqliteQueue,
    lane::{LaneState, key},
};
use crate::sqlite::Haste;

/// A message that was put into the table: the index of its lane's entry, and its place there.
struct Added {
    entry: usize,
    place: u64,
    lane_number: i64,
    series: Option<i64>,
}

impl SqliteQueue {
    pub(super) async fn publish_entries(
        &self,
        haste: Haste,
        entries: Vec<(Arc<LaneState>, Message)>,
    ) -> Result<Vec<Receipt>, QueueError> {
        let published_at = self.clock.wall();
        let lanes: Vec<_> = entries.iter().map(|(lane, _)| lane.clone()).collect();
        let run = move |connection: &Connection| insert(connection, &entries, published_at);
        let (receipts, _) = self
            .store
            .write(haste, run, move |(_, added), wakes| {
                for Added { entry, place, lane_number, series } in added {
                    let lane = &lanes[*entry];
                    lane.set_number(*lane_number);
                    lane.inner().add_fresh(*place, published_at, *series);
                    wakes.add(&lane.wake);
                }
            })
            .await?;
        Ok(receipts)
    }
}

fn insert(
    connection: &Connection,
    entries: &[(Arc<LaneState>, Message)],
    published_at: i64,
) -> rusqlite::Result<(Vec<Receipt>, Vec<Added>)> {
    let mut receipts = Vec::with_capacity(entries.len());
    let mut added = Vec::with_capacity(entries.len());
    let mut statement = connection.prepare_cached(
        "INSERT INTO message (key, lane, id, revision, state, published_at, body, series, era) \
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8) \
         ON CONFLICT (id, lane, revision) DO NOTHING",
    )?;
    for (entry, (lane, message)) in entries.iter().enumerate() {
        let lane_number = number(connection, lane)?;
        let mut receipt = match &message.identity {
            None => Receipt { id: message.id, revision: message.revision, is_new: true },
            Some(identity) => identify(connection, identity, message.id)?,
        };
        if receipt.is_new {
            let place = lane.next_place();
            let (id, revision) = (receipt.id.as_bytes(), receipt.revision);
            let (key, body, series) = (key(lane_number, place), &message.body[..], message.series);
            let row = params![key, lane_number, id, revision, published_at, body, series, message.era];
            receipt.is_new = statement.execute(row)? == 1;
            if receipt.is_new {
                added.push(Added { entry, place, lane_number, series });
            }
        }
        receipts.push(receipt);
    }
    Ok((receipts, added))
}

/// The lane's number in the table, where it is put now if this is its first message.
pub(super) fn number(connection: &Connection, lane: &LaneState) -> rusqlite::Result<i64> {
    if let Some(number) = lane.number() {
        return Ok(number);
    }
    let name = lane.name.to_string();
    connection.prepare_cached("INSERT INTO lane (name) VALUES (?1) ON CONFLICT DO NOTHING")?.execute([&name])?;
    connection.prepare_cached("SELECT number FROM lane WHERE name = ?1")?.query_row([&name], |row| row.get(0))
}

/// Which feedback the sender means: a new one, one that is known, or a new revision of one that is known.
fn identify(connection: &Connection, identity: &Identity, id: Uuid) -> rusqlite::Result<Receipt> {
    let mut select = connection.prepare_cached("SELECT id, revision, digest FROM identity WHERE key = ?1")?;
    let known: Option<([u8; 16], u32, [u8; 32])> =
        select.query_row([&identity.key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let known = known.filter(|(known, ..)| !is_expired(identity, Uuid::from_bytes(*known)));
    let Some((known, revision, digest)) = known else {
        connection
            .prepare_cached("INSERT OR REPLACE INTO identity (key, id, revision, digest) VALUES (?1, ?2, 1, ?3)")?
            .execute(params![identity.key, id.as_bytes(), identity.digest])?;
        return Ok(Receipt { id, revision: 1, is_new: true });
    };
    let id = Uuid::from_bytes(known);
    if digest == identity.digest {
        return Ok(Receipt { id, revision, is_new: false });
    }
    let revision = revision.saturating_add(1);
    connection.prepare_cached("UPDATE identity SET revision = ?2, digest = ?3 WHERE key = ?1")?.execute(params![
        identity.key,
        revision,
        identity.digest
    ])?;
    Ok(Receipt { id, revision, is_new: true })
}

/// Whether the name may mean another by now: the first message's id tells when it was made.
fn is_expired(identity: &Identity, first: Uuid) -> bool {
    let made = first.get_timestamp().map(SystemTime::from);
    let age = made.and_then(|made| made.elapsed().ok());
    identity.expires.zip(age).is_some_and(|(kept, age)| age >= kept)
}
