use rusqlite::{Connection, Row, params_from_iter};

use super::{
    super::{Bucket, Facet, Filter, RecordsError},
    SqliteRecords,
    filter::Query,
    findable::{INTENT, ROUTE, TAG},
};
use crate::sqlite::Pool;

/// Most lines of an aggregate; the smallest are left out.
const MAX_BUCKETS: usize = 1_000;

impl SqliteRecords {
    pub(super) async fn count_by(&self, filter: &Filter, by: Facet) -> Result<Vec<Bucket>, RecordsError> {
        let query = Query::of_all(filter);
        if query.is_empty {
            return Ok(Vec::new());
        }
        if query.needs_index() || matches!(by, Facet::Tag | Facet::Intent | Facet::Route) {
            self.index_all().await?;
        }
        Ok(self.store.read(Pool::Query, move |connection| count(connection, &query, by)).await?)
    }
}

fn count(connection: &Connection, query: &Query, by: Facet) -> rusqlite::Result<Vec<Bucket>> {
    let (value, tables) = match by {
        Facet::Kind => ("f.kind", query.sql("")),
        Facet::Label => ("f.label", query.sql("")),
        Facet::Language => ("f.language", query.sql("")),
        Facet::Tag => ("v.value", by_facet(query, TAG)),
        Facet::Intent => ("v.value", by_facet(query, INTENT)),
        Facet::Route => ("v.value", by_facet(query, ROUTE)),
    };
    let score = if value == "v.value" { "v.score" } else { "f.score" };
    let sql = format!(
        "SELECT {value}, count(*), avg({score}) {tables} AND {value} IS NOT NULL \
         GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MAX_BUCKETS}"
    );
    let bucket = |row: &Row<'_>| {
        Ok(Bucket { value: row.get(0)?, count: row.get::<_, i64>(1)?.unsigned_abs(), sentiment: row.get(2)? })
    };
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map(params_from_iter(query.values()), bucket)?.collect()
}

/// Without a filter the facets alone know the answer. With one, every facet is looked up by the feedback that fits or
/// the other way round, as SQLite finds better.
fn by_facet(query: &Query, facet: i64) -> String {
    if query.is_unfiltered() {
        return format!("FROM facet v WHERE v.facet = {facet}");
    }
    format!("FROM facet v WHERE v.facet = {facet} AND v.no IN (SELECT f.no {})", query.sql(""))
}
