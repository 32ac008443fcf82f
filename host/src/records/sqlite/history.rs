use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{
    super::{History, RecordsError},
    SqliteRecords, rows,
};
use crate::{
    feedback::FeedbackId,
    sqlite::{Pool, time::timestamp},
};

/// When something was accepted, and its sentiment, by id.
pub(super) type Said = BTreeMap<FeedbackId, (i64, Option<f64>)>;

impl SqliteRecords {
    /// Joins what the index knows with what is not in it yet, since a look-up for every feedback must not have the
    /// index brought up to date every time. What waits is looked at first, so that nothing slips by in between.
    pub(super) async fn summarize(&self, customer: &str, before: FeedbackId) -> Result<History, RecordsError> {
        let waiting = self.unindexed.of_customer(customer);
        let customer = customer.to_owned();
        let mut said = self.store.read(Pool::Hot, move |connection| said(connection, &customer, before)).await?;
        let waiting = waiting.iter().map(|entry| &entry.findable).filter(|findable| findable.id < before);
        said.extend(waiting.map(|findable| (findable.id, (findable.received_at, findable.score))));
        Ok(summary(&said))
    }
}

/// Most earlier feedback of one customer that is looked at, the newest. Nobody says more; but some senders have one
/// identifier for all guests, and a look-up for each of their feedback must not go through that of all.
const MOST: i64 = 1_000;

/// What the index knows of the customer's feedback with a smaller id.
pub(super) fn said(connection: &Connection, customer: &str, before: FeedbackId) -> rusqlite::Result<Said> {
    let (_, last) = rows::numbers(before);
    let mut statement = connection.prepare_cached(
        "SELECT f.id, f.received_at, f.score FROM customer k CROSS JOIN feedback f ON f.no = k.no \
         WHERE k.customer = ?1 AND k.no <= ?2 AND f.id < ?3 ORDER BY k.no DESC LIMIT ?4",
    )?;
    let one = |row: &rusqlite::Row<'_>| Ok((FeedbackId(Uuid::from_bytes(row.get(0)?)), (row.get(1)?, row.get(2)?)));
    statement.query_map(params![customer, last, before.0.as_bytes(), MOST], one)?.collect()
}

pub(super) fn summary(said: &Said) -> History {
    let scores: Vec<_> = said.values().filter_map(|(_, score)| *score).collect();
    // Of an odd number the one in the middle is in neither half.
    let half = scores.len() / 2;
    let (older, newer) = (mean(&scores[..half]), mean(&scores[scores.len() - half..]));
    History {
        earlier: u32::try_from(said.len()).unwrap_or(u32::MAX),
        first_seen: said.values().map(|(at, _)| *at).min().map(timestamp),
        last_seen: said.values().map(|(at, _)| *at).max().map(timestamp),
        sentiment_mean: mean(&scores),
        sentiment_trend: older.zip(newer).map(|(older, newer)| newer - older),
    }
}

fn mean(scores: &[f64]) -> Option<f64> {
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}
