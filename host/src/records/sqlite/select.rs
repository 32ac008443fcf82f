//! Which deliveries fit a [`DeliveryFilter`], in SQL.
//!
//! Every list of deliveries is by webhook and by [`Place`]: `delivery_due` has all of them so, `delivery_pending` and
//! `delivery_parked` those. A list of several webhooks is put together from theirs. What else the filter says is looked up
//! for each delivery that fits so far.

use rusqlite::{Connection, params_from_iter, types::Value};

use super::{
    super::{DeliveryFilter, DeliveryStatus},
    deliveries::{code, range},
    findable::ROUTE,
};
use crate::sqlite::time::nanos;

/// The type of the event that an analysis is, which is what `event` is by default.
const ANALYZED: &str = "feedback.analyzed";

/// A place in the lists: when the delivery became due, and its id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place {
    pub(super) due: i64,
    pub(super) id: [u8; 16],
}

/// What is looked at in one look of a replay.
pub(super) struct Window {
    /// What of it fits, in order.
    pub(super) fitting: Vec<Place>,
    /// The last place; none if there was nothing.
    pub(super) last: Option<Place>,
}

/// Conditions with their values, joined by `AND`.
#[derive(Default)]
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    /// What the filter says beyond webhook, status and time, of a delivery `d`.
    fn rest(filter: &DeliveryFilter) -> Self {
        let mut rest = Self::default();
        let text = |text: &str| Value::from(text.to_owned());
        if let Some(event) = &filter.event {
            rest.add("d.event = ?", [text(event)]);
        }
        if let Some(id) = filter.feedback {
            rest.add("d.feedback = ?", [Value::from(id.0.as_bytes().to_vec())]);
        }
        if let Some(kind) = filter.kind {
            rest.add(
                "d.is_of_feedback AND EXISTS (SELECT 1 FROM feedback f WHERE f.id = d.feedback AND f.kind = ?)",
                [text(kind.as_str())],
            );
        }
        if let Some(route) = &filter.route {
            // The facets are of the newest revision.
            rest.add(
                "d.event = ? AND (EXISTS (SELECT 1 FROM feedback f CROSS JOIN facet t ON t.facet = ? AND t.value = ? \
                 AND t.no = f.no WHERE f.id = d.feedback AND f.revision = d.revision) \
                 OR EXISTS (SELECT 1 FROM older o, json_each(o.analysis, '$.routes') r \
                 WHERE o.id = d.feedback AND o.revision = d.revision AND r.value ->> 'name' = ?))",
                [text(ANALYZED), Value::from(ROUTE), text(route), text(route)],
            );
        }
        rest
    }
}

/// The condition on the status, spelt out: only so does SQLite use the indices of some rows.
fn status(status: Option<DeliveryStatus>) -> String {
    status.map(|status| format!(" AND status = {}", code(status))).unwrap_or_default()
}

/// The first `max` places behind `after` that fit, newest first.
pub(super) fn newest(
    connection: &Connection,
    filter: &DeliveryFilter,
    after: Option<Place>,
    max: usize,
) -> rusqlite::Result<Vec<Place>> {
    let until = filter.until.map(|until| Place { due: nanos(until), id: [0; 16] });
    let end = Place { due: i64::MAX, id: [0xff; 16] };
    let before = after.into_iter().chain(until).fold(end, Place::min);
    let mut since = filter.since.map_or(i64::MIN, nanos);
    if filter.feedback.is_some() {
        return of_feedback(connection, filter, since, before, max);
    }
    let mut found = Vec::new();
    for webhook in names(connection, filter.webhook.as_deref())? {
        found.extend(of_webhook(connection, filter, &webhook, since, before, max)?);
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.truncate(max);
        if found.len() == max {
            since = found.last().map_or(since, |last| last.due);
        }
    }
    Ok(found)
}

/// The webhooks that deliveries are of.
fn names(connection: &Connection, only: Option<&str>) -> rusqlite::Result<Vec<String>> {
    if let Some(only) = only {
        return Ok(vec![only.to_owned()]);
    }
    let mut next = connection.prepare_cached("SELECT min(webhook) FROM delivery WHERE webhook > ?1")?;
    let mut names = Vec::new();
    // No name is empty.
    let mut last = String::new();
    while let Some(name) = next.query_row([&last], |row| row.get::<_, Option<String>>(0))? {
        names.push(name.clone());
        last = name;
    }
    Ok(names)
}

fn of_webhook(
    connection: &Connection,
    filter: &DeliveryFilter,
    webhook: &str,
    since: i64,
    before: Place,
    max: usize,
) -> rusqlite::Result<Vec<Place>> {
    let rest = Conditions::rest(filter);
    let and = if rest.sql.is_empty() { "" } else { " AND " };
    let sql = format!(
        "SELECT created_at, id FROM delivery d WHERE webhook = ? AND created_at >= ? AND (created_at, id) < (?, ?){}{and}{} \
         ORDER BY created_at DESC, id DESC LIMIT ?",
        status(filter.status),
        rest.sql
    );
    let bounds = [Value::from(webhook.to_owned()), since.into(), before.due.into(), before.id.to_vec().into()];
    places(connection, &sql, bounds.into_iter().chain(rest.values).chain([limit(max)]))
}

/// What is owed for one feedback lies together in the table itself.
fn of_feedback(
    connection: &Connection,
    filter: &DeliveryFilter,
    since: i64,
    before: Place,
    max: usize,
) -> rusqlite::Result<Vec<Place>> {
    let mut all = Conditions::default();
    if let Some(id) = filter.feedback {
        let (first, last) = range(id);
        all.add("d.id BETWEEN ? AND ?", [Value::from(first.to_vec()), last.to_vec().into()]);
    }
    all.add(
        "+created_at >= ? AND (+created_at, +id) < (?, ?)",
        [since.into(), before.due.into(), before.id.to_vec().into()],
    );
    if let Some(webhook) = &filter.webhook {
        all.add("+webhook = ?", [Value::from(webhook.clone())]);
    }
    if let Some(status) = filter.status {
        all.add("+status = ?", [Value::from(code(status))]);
    }
    let rest = Conditions::rest(filter);
    all.add(&rest.sql, rest.values);
    let sql =
        format!("SELECT created_at, id FROM delivery d WHERE {} ORDER BY created_at DESC, id DESC LIMIT ?", all.sql);
    places(connection, &sql, all.values.into_iter().chain([limit(max)]))
}

/// Looks at the next `max` deliveries of a webhook behind `after`, oldest first. What is looked at is bounded, however
/// little of it fits.
pub(super) fn window(
    connection: &Connection,
    webhook: &str,
    filter: &DeliveryFilter,
    after: Place,
    max: usize,
) -> rusqlite::Result<Window> {
    let mut rest = Conditions::rest(filter);
    let indexed = match filter.status {
        Some(DeliveryStatus::Delivered) => {
            // Of other events nothing is left to be delivered again.
            rest.add("d.status = 1 AND d.event = ?", [Value::from(ANALYZED.to_owned())]);
            String::new()
        }
        other => status(other),
    };
    let fits = if rest.sql.is_empty() { "true" } else { &rest.sql };
    let sql = format!(
        "SELECT d.created_at, d.id, {fits} FROM \
         (SELECT * FROM delivery WHERE webhook = ? AND (created_at, id) > (?, ?) AND created_at < ?{indexed} \
         ORDER BY created_at, id LIMIT ?) d"
    );
    let until = filter.until.map_or(i64::MAX, nanos);
    let bounds =
        [Value::from(webhook.to_owned()), after.due.into(), after.id.to_vec().into(), until.into(), limit(max)];
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(rest.values.into_iter().chain(bounds)))?;
    let mut window = Window { fitting: Vec::new(), last: None };
    while let Some(row) = rows.next()? {
        let place = Place { due: row.get(0)?, id: row.get(1)? };
        window.last = window.last.max(Some(place));
        if row.get::<_, Option<bool>>(2)?.unwrap_or(false) {
            window.fitting.push(place);
        }
    }
    window.fitting.sort_unstable();
    Ok(window)
}

fn places(connection: &Connection, sql: &str, values: impl IntoIterator<Item = Value>) -> rusqlite::Result<Vec<Place>> {
    let mut statement = connection.prepare_cached(sql)?;
    let place = |row: &rusqlite::Row<'_>| Ok(Place { due: row.get(0)?, id: row.get(1)? });
    statement.query_map(params_from_iter(values), place)?.collect()
}

fn limit(max: usize) -> Value {
    i64::try_from(max).unwrap_or(i64::MAX).into()
}
