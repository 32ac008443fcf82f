use rusqlite::{Connection, params_from_iter};

use super::{
    super::{Filter, Page, RecordsError},
    MAX_PAGE, SqliteRecords, events,
    filter::Query,
    rows,
};
use crate::{
    feedback::{Analysis, Feedback},
    sqlite::Pool,
};

/// Where a page ends before it has as many rows as were asked for, in bytes of JSON.
const MAX_PAGE_BYTES: usize = 8 << 20;

impl SqliteRecords {
    pub(super) async fn list_page(
        &self,
        filter: &Filter,
        after: Option<&str>,
        max: usize,
    ) -> Result<Page<(Feedback, Analysis)>, RecordsError> {
        let after = after.map(parse_cursor).transpose()?;
        let mut query = Query::new(filter);
        if query.is_empty {
            return Ok(Page { items: Vec::new(), next: None });
        }
        if query.needs_index() {
            self.index_all().await?;
        }
        if let Some(after) = after {
            let condition = format!("{} < ?", query.order());
            query.add(&condition, after);
        }
        let max = max.clamp(1, MAX_PAGE);
        Ok(self.store.read(Pool::Query, move |connection| page(connection, &query, max)).await?)
    }
}

fn page(connection: &Connection, query: &Query, max: usize) -> rusqlite::Result<Page<(Feedback, Analysis)>> {
    let sql = format!(
        "SELECT c.feedback, c.analysis, f.no, f.id {} ORDER BY {} DESC LIMIT {}",
        query.sql("CROSS JOIN content c ON c.no = f.no"),
        query.order(),
        max + 1
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(query.values()))?;
    let mut page = Page { items: Vec::new(), next: None };
    let (mut last, mut bytes) = (0, 0);
    while let Some(row) = found.next()? {
        if page.items.len() == max {
            page.next = Some(cursor(last));
            break;
        }
        bytes += rows::len(row, 0)? + rows::len(row, 1)?;
        if bytes > MAX_PAGE_BYTES && !page.items.is_empty() {
            page.next = Some(cursor(last));
            break;
        }
        match rows::pair(row) {
            Ok(pair) => page.items.push(pair),
            Err(error) if rows::is_unreadable(&error) => events::left_out(rows::id(row, 3)?, &error),
            Err(error) => return Err(error),
        }
        last = row.get(2)?;
    }
    Ok(page)
}

/// A cursor is the number of the last row of the page before.
fn cursor(no: i64) -> String {
    format!("fbk_{no:x}")
}

fn parse_cursor(cursor: &str) -> Result<i64, RecordsError> {
    cursor
        .strip_prefix("fbk_")
        .and_then(|digits| i64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| RecordsError::BadCursor(cursor.to_owned()))
}
