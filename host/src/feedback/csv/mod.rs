//! Rows of a table to the JSON of feedback: RFC 4180, UTF-8, a header row whose columns are dotted field names.
//!
//! - [`Rows`]: cuts bytes, as they arrive, into rows of bounded size.
//! - [`Mapping`]: how the sender's columns are named here, and the kind where no column tells.
//! - [`Table`]: a header bound to the fields; writes one JSON object a row.

mod columns;
mod lines;
mod mapping;
mod rows;

pub use columns::Table;
pub use mapping::Mapping;
pub use rows::{Row, RowError, Rows};

#[cfg(test)]
mod tests;
