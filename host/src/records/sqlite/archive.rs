//! The records, read beside the process that owns them: page by page, newest first, each page in a transaction of its
//! own, so that the owner's log can be folded in between. Of the index the words alone are looked up, since the owner keeps
//! what is not in it yet in its memory; those that are not in it are indexed here.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, params, params_from_iter};
use uuid::Uuid;

use super::{
    super::{Filter, History, RecordsError},
    filter::Query,
    history,
    segment::{TOKENIZE, expression, words_of},
};
use crate::{
    feedback::{Feedback, FeedbackId},
    plugins::grants::HistorySource,
    sqlite::{OpenError, StoreError, open_to_read},
};

/// One feedback with its analysis, as JSON.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The feedback.
    pub feedback: String,
    /// What was said of it.
    pub analysis: String,
}

/// The newest revisions that fit a filter. Threads may share it: each page is given out once.
pub struct Archive {
    filter: Filter,
    cursor: Mutex<Cursor>,
}

struct Cursor {
    connection: Connection,
    /// The row behind which the next page begins.
    before: i64,
    /// How many rows may still be given out.
    left: usize,
}

impl Archive {
    /// Opens the store at `path`, to give out at most `limit` rows that fit the filter; with `q`, of those that are there
    /// now.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: &Path, filter: Filter, limit: usize) -> Result<Self, OpenError> {
        let mut connection = open_to_read(path)?;
        if let Some(words) = words_in(&filter) {
            let found = find(&mut connection, words);
            found.map_err(|source| OpenError::sqlite(path, source))?;
        }
        let cursor = Cursor { connection, before: i64::MAX, left: limit };
        Ok(Self { filter, cursor: Mutex::new(cursor) })
    }

    /// How many rows it gives out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn count(&self) -> Result<usize, RecordsError> {
        let cursor = self.cursor();
        let query = query(&self.filter);
        let sql = format!("SELECT count(*) {}", query.sql("CROSS JOIN content c ON c.no = f.no"));
        let counted = cursor.connection.query_row(&sql, params_from_iter(query.values()), |row| row.get(0));
        let all: i64 = counted.map_err(StoreError::from)?;
        Ok(usize::try_from(all).unwrap_or(usize::MAX).min(cursor.left))
    }

    /// The next rows, at most `max`; none at the end.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn next_page(&self, max: usize) -> Result<Vec<Stored>, RecordsError> {
        let mut cursor = self.cursor();
        let mut query = query(&self.filter);
        query.add("f.no < ?", cursor.before);
        let (page, last) = page(&cursor.connection, &query, max.min(cursor.left)).map_err(StoreError::from)?;
        cursor.before = last.unwrap_or(i64::MIN);
        cursor.left -= page.len();
        Ok(page)
    }

    fn cursor(&self) -> MutexGuard<'_, Cursor> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("filter", &self.filter).finish_non_exhaustive()
    }
}

/// The rows, and the number of the last of them.
fn page(connection: &Connection, query: &Query, max: usize) -> rusqlite::Result<(Vec<Stored>, Option<i64>)> {
    let tables = query.sql("CROSS JOIN content c ON c.no = f.no");
    let sql = format!("SELECT c.feedback, c.analysis, f.no {tables} ORDER BY f.no DESC LIMIT {max}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(query.values()))?;
    let (mut page, mut last) = (Vec::with_capacity(max.min(1024)), None);
    while let Some(row) = found.next()? {
        page.push(Stored { feedback: row.get(0)?, analysis: row.get(1)? });
        last = Some(row.get(2)?);
    }
    Ok((page, last))
}

/// The words that are looked for, if any.
fn words_in(filter: &Filter) -> Option<&str> {
    filter.q.as_deref().filter(|words| !words.trim().is_empty())
}

/// Puts the rows with all of these words into a table of this connection alone. What the owner has not put into its
/// index yet is put into one like it here, from the same moment.
fn find(connection: &mut Connection, words: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE TEMP TABLE found (no INTEGER PRIMARY KEY); \
         CREATE VIRTUAL TABLE temp.recent USING fts5(text, content = '', columnsize = 0, tokenize = \"{TOKENIZE}\");",
    ))?;
    let Some(expression) = expression(words) else { return Ok(()) };
    let moment = connection.transaction()?;
    moment.execute("INSERT INTO temp.found SELECT rowid FROM main.words WHERE words MATCH ?1", [&expression])?;
    {
        let mut recent =
            moment.prepare("SELECT c.feedback, u.no FROM unindexed u CROSS JOIN content c ON c.no = u.no")?;
        let mut index = moment.prepare("INSERT INTO temp.recent (rowid, text) VALUES (?1, ?2)")?;
        let mut rows = recent.query([])?;
        while let Some(row) = rows.next()? {
            let feedback: String = row.get(0)?;
            // What cannot be read is counted as such where it is compared.
            let words =
                serde_json::from_str::<Feedback>(&feedback).map_or_else(|_| String::new(), |one| words_of(&one));
            index.execute(params![row.get::<_, i64>(1)?, words])?;
        }
    }
    moment.execute(
        "INSERT OR IGNORE INTO temp.found SELECT rowid FROM temp.recent WHERE recent MATCH ?1",
        [&expression],
    )?;
    moment.commit()
}

/// The filter as conditions on the rows themselves, without the index.
fn query(filter: &Filter) -> Query {
    let of_columns = Filter { q: None, tag: None, intent: None, route: None, customer: None, ..filter.clone() };
    let mut query = Query::new(&of_columns);
    if let Some(customer) = &filter.customer {
        query.add("f.customer = ?", customer.clone());
    }
    if words_in(filter).is_some() {
        query.add("f.no IN (SELECT no FROM temp.found) AND ?", true);
    }
    let lists = [
        ("$.tags", "$.name", &filter.tag),
        ("$.intents", "$.type", &filter.intent),
        ("$.routes", "$.name", &filter.route),
    ];
    for (list, name, wanted) in lists {
        let Some(wanted) = wanted else { continue };
        let named = format!("json_extract(e.value, '{name}')");
        let fits = match wanted.strip_suffix("/*") {
            Some(parent) => format!("substr({named}, 1, {}) = ?)", parent.chars().count() + 1),
            None => format!("{named} = ?)"),
        };
        let condition = format!("EXISTS (SELECT 1 FROM json_each(c.analysis, '{list}') e WHERE {fits}");
        query.add(&condition, wanted.strip_suffix('*').unwrap_or(wanted).to_owned());
    }
    query
}

/// Histories of customers, read beside the process that owns the records.
pub struct ArchivedHistory(Mutex<Connection>);

impl ArchivedHistory {
    /// Opens the store at `path`.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        open_to_read(path).map(|connection| Self(Mutex::new(connection)))
    }
}

impl HistorySource for ArchivedHistory {
    fn before(&self, customer: &str, feedback: FeedbackId) -> Option<History> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = said(&connection, customer, feedback);
        said.inspect_err(|error| tracing::error!(%error, "a history cannot be read")).ok()
    }
}

fn said(connection: &Connection, customer: &str, before: FeedbackId) -> rusqlite::Result<History> {
    let mut said = history::said(connection, customer, before)?;
    let mut waiting = connection.prepare_cached(
        "SELECT f.id, f.received_at, f.score FROM unindexed u CROSS JOIN feedback f ON f.no = u.no \
         WHERE f.customer = ?1 AND f.id < ?2",
    )?;
    let one = |row: &rusqlite::Row<'_>| Ok((FeedbackId(Uuid::from_bytes(row.get(0)?)), (row.get(1)?, row.get(2)?)));
    for row in waiting.query_map(params![customer, before.0.as_bytes()], one)? {
        said.extend([row?]);
    }
    Ok(history::summary(&said))
}
