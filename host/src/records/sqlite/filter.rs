//! A [`Filter`] as SQL.

use rusqlite::{ToSql, types::Value};

use super::{
    super::Filter,
    findable::{INTENT, ROUTE, TAG},
    segment::expression,
};
use crate::sqlite::time::nanos;

/// From so many values on, those below a parent are many.
const MANY_BELOW: usize = 64;

/// A query over `feedback f` in the making: its parts, and the values of its parameters in their order.
#[derive(Default)]
pub(super) struct Query {
    /// Tables joined before `feedback f`, which decide where the search begins.
    from: String,
    conditions: Vec<String>,
    values: Vec<Value>,
    /// Whether it is known that nothing fits.
    pub(super) is_empty: bool,
    /// Whether all rows are looked at, rather than a page of them.
    reads_all: bool,
}

impl Query {
    /// A page of the feedback that fits the filter. Where the search begins depends on what is likely to leave the least.
    pub(super) fn new(filter: &Filter) -> Self {
        Self::default().of(filter)
    }

    /// All feedback that fits it.
    pub(super) fn of_all(filter: &Filter) -> Self {
        Self { reads_all: true, ..Self::default() }.of(filter)
    }

    fn of(self, filter: &Filter) -> Self {
        let mut query = self;
        let words = filter.q.as_deref().filter(|q| !q.trim().is_empty());
        if let Some(words) = words {
            match expression(words) {
                Some(expression) => {
                    query.from = "words CROSS JOIN feedback f ON f.no = words.rowid".into();
                    query.add("words MATCH ?", expression);
                }
                None => query.is_empty = true,
            }
        }
        query.add_customer(filter.customer.as_deref());
        query.add_facet(INTENT, filter.intent.as_deref());
        query.add_facet(ROUTE, filter.route.as_deref());
        query.add_facet(TAG, filter.tag.as_deref());
        query.add_columns(filter);
        if query.from.is_empty() {
            query.from = "feedback f".into();
        }
        query
    }

    fn add_columns(&mut self, filter: &Filter) {
        let texts = [("f.label = ?", &filter.label), ("f.language = ?", &filter.language)];
        for (condition, text) in texts {
            if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
                self.add(condition, text.clone());
            }
        }
        if let Some(kind) = filter.kind {
            self.add("f.kind = ?", kind.as_str().to_owned());
        }
        if let Some(since) = filter.since {
            self.add("f.received_at >= ?", nanos(since));
        }
        if let Some(until) = filter.until {
            self.add("f.received_at < ?", nanos(until));
        }
    }

    fn add_customer(&mut self, customer: Option<&str>) {
        let Some(customer) = customer.filter(|customer| !customer.is_empty()) else { return };
        if self.from.is_empty() {
            self.from = "customer d CROSS JOIN feedback f ON f.no = d.no".into();
            self.add("d.customer = ?", customer.to_owned());
        } else {
            self.add("f.customer = ?", customer.to_owned());
        }
    }

    fn add_facet(&mut self, facet: i64, value: Option<&str>) {
        let Some(value) = value.filter(|value| !value.is_empty()) else { return };
        if let Some(parent) = value.strip_suffix("/*") {
            self.add_below(facet, parent);
        } else if self.from.is_empty() {
            self.from = "facet d CROSS JOIN feedback f ON f.no = d.no".into();
            self.add("d.facet = ?", facet);
            self.add("d.value = ?", value.to_owned());
        } else {
            self.add("EXISTS (SELECT 1 FROM facet t WHERE t.no = f.no AND t.facet = ?", facet);
            self.add("t.value = ?)", value.to_owned());
        }
    }

    /// Feedback with any value below the parent. Few values are looked for one by one, each by a step in the index, for
    /// every row of a page; of many, which would make that slow, and where all rows are read, all feedback is gathered first.
    fn add_below(&mut self, facet: i64, parent: &str) {
        // `0` follows `/`.
        let (first, behind) = (Value::from(format!("{parent}/")), Value::from(format!("{parent}0")));
        let facet = Value::from(facet);
        let gathered = "f.no IN (SELECT no FROM facet WHERE facet = ? AND value >= ? AND value < ?)";
        if self.reads_all {
            self.conditions.push(gathered.into());
            return self.values.extend([facet, first, behind]);
        }
        let below = "WITH RECURSIVE below (value) AS ( \
             SELECT min(value) FROM facet WHERE facet = ? AND value >= ? AND value < ? UNION ALL \
             SELECT (SELECT min(value) FROM facet WHERE facet = ? AND value > below.value AND value < ?) \
             FROM below WHERE below.value IS NOT NULL)";
        let of_below = [facet.clone(), first.clone(), behind.clone(), facet.clone(), behind.clone()];
        self.conditions.push(format!(
            "CASE WHEN (SELECT count(*) FROM ({below} SELECT value FROM below LIMIT {MANY_BELOW})) < {MANY_BELOW} \
             THEN EXISTS ({below} \
             SELECT 1 FROM below CROSS JOIN facet t ON t.facet = ? AND t.value = below.value AND t.no = f.no) \
             ELSE {gathered} END"
        ));
        self.values.extend(of_below.clone());
        self.values.extend(of_below);
        self.values.extend([facet.clone(), facet, first, behind]);
    }

    /// Adds a condition with one `?`.
    pub(super) fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.conditions.push(condition.into());
        self.values.push(value.into());
    }

    /// Whether the index is looked into.
    pub(super) fn needs_index(&self) -> bool {
        self.from != "feedback f" || self.conditions.iter().any(|condition| condition.contains("facet"))
    }

    /// Whether every piece of feedback fits.
    pub(super) fn is_unfiltered(&self) -> bool {
        self.conditions.is_empty() && !self.is_empty
    }

    /// The column that the tables are sorted by, of the table with which the search begins: sorting by it is free.
    pub(super) fn order(&self) -> &'static str {
        match self.from.as_str() {
            from if from.starts_with("words") => "words.rowid",
            "feedback f" => "f.no",
            _ => "d.no",
        }
    }

    /// `FROM … WHERE …`, with `join` behind the tables.
    pub(super) fn sql(&self, join: &str) -> String {
        let conditions = if self.conditions.is_empty() { "true".into() } else { self.conditions.join(" AND ") };
        format!("FROM {} {join} WHERE {conditions}", self.from)
    }

    /// The parameters.
    pub(super) fn values(&self) -> impl Iterator<Item = &dyn ToSql> {
        self.values.iter().map(|value| value as &dyn ToSql)
    }
}
