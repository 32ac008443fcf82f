//! Rows of a table to the JSON of feedback: RFC 4180, parted by commas, semicolons or tabs, with a header row whose columns
//! are dotted field names.
//!
//! - [`Rows`]: cuts bytes, as they arrive, into rows of bounded size.
//! - [`Utf16`]: makes UTF-8 of what spreadsheets write in UTF-16.
//! - [`Mapping`]: how the sender's columns are named here, and the kind where no column tells.
//! - [`Table`]: a header bound to the fields; writes one JSON object a row.
//! - [`suggested`]: what columns of well-known exports are likely to hold.

mod columns;
mod decode;
mod fields;
mod headings;
mod lines;
mod mapping;
mod rows;
mod times;

pub use columns::Table;
pub use decode::Utf16;
pub(in crate::feedback) use headings::likely;
pub use headings::suggested;
pub use mapping::Mapping;
pub use rows::{Row, RowError, Rows};

#[cfg(test)]
mod tests;
