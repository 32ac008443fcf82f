//! Rows of a table to the JSON of feedback: RFC 4180, parted by commas, semicolons or tabs, with a header row whose columns
//! are dotted field names.
//!
//! - [`Rows`]: cuts bytes, as they arrive, into rows of bounded size; `delimiter`: by what, as the header tells; `quotes`:
//!   where quotation marks open and close.
//! - [`Utf8`]: makes UTF-8 of what spreadsheets write in UTF-16 or in the charset of their country.
//! - [`Mapping`]: how the sender's columns are named here, and the kind where no column tells.
//! - [`Table`]: a header bound to the fields; writes one JSON object a row; `titles`: the rows below the header that tell
//!   more of the columns.
//! - [`suggested`]: what columns of well-known exports are likely to hold.

mod columns;
mod decode;
mod delimiter;
mod fields;
mod headings;
mod lines;
mod mapping;
mod quotes;
mod rows;
mod times;
mod titles;
mod writer;

pub use columns::Table;
pub(crate) use decode::BYTE_ORDER_MARK;
pub use decode::Utf8;
pub(in crate::feedback) use headings::likely;
pub use headings::suggested;
pub use mapping::Mapping;
pub use rows::{Row, RowError, Rows};

#[cfg(test)]
mod tests;
