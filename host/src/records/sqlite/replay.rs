//! Replays in the embedded store.
//!
//! A replay goes through the deliveries of its webhook in the order in which they became due. A look reads a bounded
//! number of them beside the writer; what fits is marked in one short transaction, together with the place up to which
//! the replay has looked, and with the ids that are to be put back.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use uuid::Uuid;

use super::{
    super::{
        Begun, DeliveryFilter, DeliveryStatus, Outcomes, Page, RecordsError, Reopened, Replay, ReplayId, ReplayState,
        Replays, Step, Stood,
    },
    MAX_PAGE, SqliteRecords,
    deliveries::{code, status},
    rows,
    select::{self, Place},
};
use crate::{
    feedback::{DeliveryId, FeedbackId},
    sqlite::{
        Haste, Pool,
        time::{nanos, timestamp},
    },
};

/// Most deliveries that are put back in one step: few, so that the writer is soon free for others.
const PAGE: usize = 200;
/// How many are looked at in one look for them.
const LOOK: usize = 1_000;
/// How many are looked at in one look to count them.
const COUNT: usize = 20_000;
/// How many replays are kept.
const KEPT: i64 = 1_000;

const COLUMNS: &str =
    "number, id, webhook, filter, state, reason, total, done, started_at, finished_at, due, last, page";
const REOPENED: &str = "id, webhook, event, feedback, is_of_feedback, revision, created_at";

/// States in the table.
const RUNNING: i64 = 0;
const FINISHED: i64 = 1;
const CANCELLED: i64 = 2;

/// What is kept of a replay.
#[derive(Clone)]
struct Kept {
    number: i64,
    replay: Replay,
    /// Up to where it has looked.
    place: Place,
    /// The deliveries that are being put back.
    page: Vec<[u8; 16]>,
}

#[async_trait]
impl Replays for SqliteRecords {
    async fn reopen(&self, id: DeliveryId) -> Result<Option<(Stood, Reopened)>, RecordsError> {
        let run = move |connection: &Connection| {
            let Some(stood) = stood(connection, id)? else { return Ok(None) };
            Ok(reopen(connection, *id.0.as_bytes(), 0, None)?.map(|reopened| (stood, reopened)))
        };
        Ok(self.store.write(Haste::Soon, run, |_, _| {}).await?)
    }

    async fn settle_reopened(&self, id: DeliveryId) -> Result<(), RecordsError> {
        let run = move |connection: &Connection| {
            connection
                .prepare_cached("UPDATE delivery SET replay = NULL WHERE id = ?1 AND replay = 0")?
                .execute([id.0.as_bytes()])
        };
        self.store.write(Haste::Later, run, |_, _| {}).await?;
        Ok(())
    }

    async fn left_reopened(&self, max: usize) -> Result<Vec<Reopened>, RecordsError> {
        let max = i64::try_from(max.min(MAX_PAGE)).unwrap_or(i64::MAX);
        let read = move |connection: &Connection| {
            let sql = format!("SELECT {REOPENED} FROM delivery WHERE replay = 0 AND status = 0 LIMIT ?1");
            connection.prepare_cached(&sql)?.query_map([max], reopened)?.collect()
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }

    async fn begin_replay(&self, webhook: &str, filter: DeliveryFilter) -> Result<Begun, RecordsError> {
        let now = Timestamp::now();
        let filter = DeliveryFilter {
            webhook: None,
            status: filter.status.or(Some(DeliveryStatus::Parked)),
            until: Some(filter.until.map_or(now, |until| until.min(now))),
            ..filter
        };
        let webhook = webhook.to_owned();
        let run = move |connection: &Connection| begin(connection, &webhook, &filter, now);
        Ok(self.store.write(Haste::Soon, run, |_, _| {}).await?)
    }

    async fn step_replay(&self, id: ReplayId, is_put_back: bool) -> Result<Step, RecordsError> {
        let Some(mut kept) = self.kept(id).await? else { return Ok(Step::End) };
        if !is_put_back && !kept.page.is_empty() {
            let left = self.left_of(kept.clone()).await?;
            if !left.is_empty() {
                return Ok(Step::PutBack(left));
            }
        }
        if kept.replay.state == ReplayState::Running && kept.replay.total.is_none() {
            kept.replay.total = Some(self.count(&kept).await?);
        }
        loop {
            let (looking, is_running) = (kept.clone(), kept.replay.state == ReplayState::Running);
            let look = move |connection: &Connection| {
                let Kept { replay, place, .. } = &looking;
                select::window(connection, &replay.webhook, &replay.filter, *place, LOOK)
            };
            let mut window = if is_running {
                self.store.read(Pool::Query, look).await?
            } else {
                select::Window { fitting: Vec::new(), last: None }
            };
            let is_end = window.last.is_none();
            if window.fitting.len() > PAGE {
                window.fitting.truncate(PAGE);
                window.last = window.fitting.last().copied();
            }
            let place = window.last.unwrap_or(kept.place);
            let (advanced, now) = (kept.clone(), nanos(Timestamp::now()));
            let run =
                move |connection: &Connection| advance(connection, &advanced, &window.fitting, place, is_end, now);
            let (page, is_over) = self.store.write(Haste::Later, run, |_, _| {}).await?;
            if is_over || !page.is_empty() {
                return Ok(if page.is_empty() { Step::End } else { Step::PutBack(page) });
            }
            kept = Kept { place, page: Vec::new(), ..kept };
        }
    }

    async fn cancel_replay(&self, id: ReplayId, reason: Option<String>) -> Result<bool, RecordsError> {
        let now = nanos(Timestamp::now());
        let run = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "UPDATE replay SET state = ?2, reason = ?3, finished_at = ?4 WHERE id = ?1 AND state = 0",
                )?
                .execute(params![id.0.as_bytes(), CANCELLED, reason, now])
        };
        Ok(self.store.write(Haste::Soon, run, |_, _| {}).await? == 1)
    }

    async fn replay(&self, id: ReplayId) -> Result<Option<(Replay, Outcomes)>, RecordsError> {
        let read = move |connection: &Connection| {
            let transaction = connection.unchecked_transaction()?;
            let Some(Kept { number, replay, .. }) = find(&transaction, id)? else { return Ok(None) };
            Ok(Some((replay, outcomes(&transaction, number)?)))
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }

    async fn replays(
        &self,
        webhook: Option<&str>,
        after: Option<ReplayId>,
        max: usize,
    ) -> Result<Page<Replay>, RecordsError> {
        let (webhook, max) = (webhook.map(str::to_owned), max.clamp(1, MAX_PAGE));
        let read = move |connection: &Connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM replay WHERE (?1 IS NULL OR webhook = ?1) AND (?2 IS NULL OR id < ?2) \
                 ORDER BY id DESC LIMIT ?3"
            );
            let values =
                params![webhook, after.map(|id| id.0.into_bytes()), i64::try_from(max + 1).unwrap_or(i64::MAX)];
            let mut statement = connection.prepare_cached(&sql)?;
            let found = statement.query_map(values, |row| Ok(kept(row)?.replay))?;
            let mut items = found.collect::<rusqlite::Result<Vec<_>>>()?;
            let has_more = items.len() > max;
            items.truncate(max);
            let next = items.last().filter(|_| has_more).map(|last| last.id.to_string());
            Ok(Page { items, next })
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }

    async fn unfinished_replays(&self) -> Result<Vec<Replay>, RecordsError> {
        let read = |connection: &Connection| {
            let sql = format!("SELECT {COLUMNS} FROM replay WHERE state = 0 OR length(page) > 0 ORDER BY number");
            connection.prepare_cached(&sql)?.query_map([], |row| Ok(kept(row)?.replay))?.collect()
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }
}

impl SqliteRecords {
    async fn kept(&self, id: ReplayId) -> Result<Option<Kept>, RecordsError> {
        Ok(self.store.read(Pool::Hot, move |connection| find(connection, id)).await?)
    }

    /// What of the page of a replay was not tried since it was marked.
    async fn left_of(&self, kept: Kept) -> Result<Vec<Reopened>, RecordsError> {
        let read = move |connection: &Connection| {
            let mut one = connection.prepare_cached(&format!(
                "SELECT {REOPENED} FROM delivery \
                 WHERE id = ?1 AND replay = ?2 AND status = 0 AND next_attempt_at IS NULL"
            ))?;
            let left = kept.page.iter().map(|id| one.query_row(params![id, kept.number], reopened).optional());
            left.filter_map(Result::transpose).collect()
        };
        Ok(self.store.read(Pool::Query, read).await?)
    }

    /// How many deliveries behind its place fit.
    async fn count(&self, kept: &Kept) -> Result<u64, RecordsError> {
        if kept.replay.filter.route.is_some() {
            self.index_all().await?;
        }
        let (mut count, mut place) = (0, kept.place);
        loop {
            let replay = kept.replay.clone();
            let look = move |connection: &Connection| {
                select::window(connection, &replay.webhook, &replay.filter, place, COUNT)
            };
            let window = self.store.read(Pool::Query, look).await?;
            count += window.fitting.len() as u64;
            match window.last {
                Some(last) => place = last,
                None => return Ok(count),
            }
        }
    }
}

fn stood(connection: &Connection, id: DeliveryId) -> rusqlite::Result<Option<Stood>> {
    let stood = |row: &Row<'_>| {
        Ok(Stood { status: status(row, 0)?, next_attempt_at: row.get::<_, Option<i64>>(1)?.map(timestamp) })
    };
    let sql = "SELECT status, next_attempt_at FROM delivery WHERE id = ?1";
    connection.prepare_cached(sql)?.query_row([id.0.as_bytes()], stood).optional()
}

/// Has a delivery be pending for the replay with this number, if it stands as `from` says. None if it does not.
fn reopen(
    connection: &Connection,
    id: [u8; 16],
    number: i64,
    from: Option<DeliveryStatus>,
) -> rusqlite::Result<Option<Reopened>> {
    connection
        .prepare_cached(&format!(
            "UPDATE delivery SET status = 0, next_attempt_at = NULL, ended_at = NULL, replay = ?2 \
             WHERE id = ?1 AND (?3 IS NULL OR status = ?3) RETURNING {REOPENED}"
        ))?
        .query_row(params![id, number, from.map(code)], reopened)
        .optional()
}

fn begin(connection: &Connection, webhook: &str, filter: &DeliveryFilter, now: Timestamp) -> rusqlite::Result<Begun> {
    let running: Option<[u8; 16]> = connection
        .prepare_cached("SELECT id FROM replay WHERE webhook = ?1 AND state = 0")?
        .query_row([webhook], |row| row.get(0))
        .optional()?;
    if let Some(running) = running {
        return Ok(Begun::Running(ReplayId(Uuid::from_bytes(running))));
    }
    connection
        .prepare_cached(
            "DELETE FROM replay WHERE state <> 0 AND length(page) = 0 AND number <= (SELECT max(number) FROM replay) - ?1",
        )?
        .execute([KEPT - 1])?;
    let id = ReplayId::now();
    // The last place before those that became due at `since`.
    let due = filter.since.map_or(i64::MIN, |since| nanos(since).saturating_sub(1));
    let text = serde_json::to_string(filter).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO replay (id, webhook, filter, state, started_at, due, last) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)",
        )?
        .execute(params![id.0.as_bytes(), webhook, text, nanos(now), due, [0xff_u8; 16]])?;
    let begun = find(connection, id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(Begun::New(begun.replay.into()))
}

/// Marks what fits as pending, and keeps how far the replay is. What it had put back before is done. Returns what is to
/// be put back now, and whether there is nothing more to do.
fn advance(
    connection: &Connection,
    kept: &Kept,
    fitting: &[Place],
    place: Place,
    is_end: bool,
    now: i64,
) -> rusqlite::Result<(Vec<Reopened>, bool)> {
    let state: Option<i64> = connection
        .prepare_cached("SELECT state FROM replay WHERE number = ?1")?
        .query_row([kept.number], |row| row.get(0))
        .optional()?;
    // It may have been cancelled meanwhile.
    let is_running = state == Some(RUNNING);
    let mut page = Vec::new();
    if is_running {
        for place in fitting {
            page.extend(reopen(connection, place.id, kept.number, kept.replay.filter.status)?);
        }
    }
    let is_over = !is_running || (is_end && page.is_empty());
    let ids: Vec<u8> = page.iter().flat_map(|one: &Reopened| *one.id.0.as_bytes()).collect();
    let (state, finished_at) = if is_running && is_over { (FINISHED, Some(now)) } else { (RUNNING, None) };
    connection
        .prepare_cached(
            "UPDATE replay SET done = done + ?2, page = ?3, due = ?4, last = ?5, total = coalesce(total, ?6), \
             state = CASE state WHEN 0 THEN ?7 ELSE state END, finished_at = coalesce(finished_at, ?8) WHERE number = ?1",
        )?
        .execute(params![
            kept.number,
            kept.page.len() as i64,
            ids,
            place.due,
            place.id,
            kept.replay.total.map(u64::cast_signed),
            state,
            finished_at
        ])?;
    Ok((page, is_over))
}

/// How what the replay with this number has put back stands.
fn outcomes(connection: &Connection, number: i64) -> rusqlite::Result<Outcomes> {
    let mut statement = connection.prepare_cached(
        "SELECT status, next_attempt_at IS NULL, count(*) FROM delivery WHERE replay = ?1 GROUP BY 1, 2",
    )?;
    let mut rows = statement.query([number])?;
    let mut outcomes = Outcomes::default();
    while let Some(row) = rows.next()? {
        let count = row.get::<_, i64>(2)?.unsigned_abs();
        let of = match (row.get::<_, i64>(0)?, row.get::<_, bool>(1)?) {
            (0, true) => &mut outcomes.waiting,
            (0, false) => &mut outcomes.retrying,
            (1, _) => &mut outcomes.delivered,
            _ => &mut outcomes.parked,
        };
        *of += count;
    }
    Ok(outcomes)
}

fn find(connection: &Connection, id: ReplayId) -> rusqlite::Result<Option<Kept>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM replay WHERE id = ?1"))?
        .query_row([id.0.as_bytes()], kept)
        .optional()
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let page: Vec<u8> = row.get(12)?;
    let (ids, rest) = page.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(rusqlite::Error::InvalidColumnType(12, "page".into(), Type::Blob));
    }
    let replay = Replay {
        id: ReplayId(Uuid::from_bytes(row.get(1)?)),
        webhook: row.get(2)?,
        filter: rows::json(row, 3)?,
        state: match row.get(4)? {
            RUNNING => ReplayState::Running,
            FINISHED => ReplayState::Finished,
            CANCELLED => ReplayState::Cancelled,
            other => return Err(rusqlite::Error::IntegralValueOutOfRange(4, other)),
        },
        reason: row.get(5)?,
        total: row.get::<_, Option<i64>>(6)?.map(i64::unsigned_abs),
        done: row.get::<_, i64>(7)?.unsigned_abs(),
        started_at: timestamp(row.get(8)?),
        finished_at: row.get::<_, Option<i64>>(9)?.map(timestamp),
    };
    let place = Place { due: row.get(10)?, id: row.get(11)? };
    Ok(Kept { number: row.get(0)?, replay, place, page: ids.to_vec() })
}

fn reopened(row: &Row<'_>) -> rusqlite::Result<Reopened> {
    let feedback = FeedbackId(Uuid::from_bytes(row.get(3)?));
    Ok(Reopened {
        id: DeliveryId(Uuid::from_bytes(row.get(0)?)),
        webhook: row.get(1)?,
        event: row.get(2)?,
        feedback: row.get::<_, bool>(4)?.then_some(feedback),
        revision: row.get(5)?,
        created_at: timestamp(row.get(6)?),
    })
}
