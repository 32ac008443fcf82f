//! What the sender says about the columns.

use encoding_rs::Encoding;
use serde::Deserialize;
use serde::de::{IntoDeserializer, value::Error as WordError};

use super::{
    fields::{can_be_set, is_field, long},
    times::DateOrder,
};
use crate::feedback::{
    Kind,
    validate::{FieldError, cut},
};

/// Most columns that are renamed: each of them is looked for.
const MAX_RENAMES: usize = 1_024;
/// What may part the columns, by name or as it is.
const DELIMITERS: [(&str, &str, u8); 4] =
    [("comma", ",", b','), ("semicolon", ";", b';'), ("tab", "\t", b'\t'), ("pipe", "|", b'|')];
/// How much of a name is shown in an error, in bytes.
const MAX_NAME: usize = 60;

/// How the sender's columns are named here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mapping {
    pub(super) renames: Vec<(String, String)>,
    pub(super) kind: Option<Kind>,
    pub(super) dates: Option<DateOrder>,
    /// What the table is written in, where the sender says it.
    pub(super) charset: Option<&'static Encoding>,
    /// What parts the columns, where the sender says it.
    pub(super) delimiter: Option<u8>,
    /// What fields hold in rows that do not tell it.
    pub(super) defaults: Vec<(String, String)>,
}

impl Mapping {
    /// From `column:field` pairs, the kind of rows that do not tell it, and the order of day and month. The field `-` leaves
    /// a column out.
    ///
    /// One of `maps` may hold several pairs, parted by commas. A comma parts them only where a known field stands
    /// before it; any other belongs to the name of a column: `How likely, on a scale:rating.value,Why:text` is two
    /// pairs.
    ///
    /// # Errors
    /// A pair without colon, or a word that is no kind or order.
    pub fn parse<'a>(
        maps: impl IntoIterator<Item = &'a str>,
        kind: Option<&str>,
        dates: Option<&str>,
    ) -> Result<Self, FieldError> {
        let mut renames = Vec::new();
        for pair in maps.into_iter().flat_map(pairs) {
            let Some((column, field)) = pair.rsplit_once(':') else {
                return Err(FieldError::new(
                    "map",
                    format!("`{pair}` is not of the form column:field, such as Stars:rating.value"),
                ));
            };
            if renames.len() == MAX_RENAMES {
                return Err(FieldError::new("map", format!("there are more than {MAX_RENAMES} pairs")));
            }
            let is_again =
                |(known, other): &(String, String)| known.eq_ignore_ascii_case(column.trim()) && other != field.trim();
            if renames.iter().any(is_again) {
                let column = cut(column.trim(), MAX_NAME);
                return Err(FieldError::new(
                    "map",
                    format!("the column `{column}` is mapped twice; give it one field"),
                ));
            }
            renames.push((column.trim().to_owned(), field.trim().to_owned()));
        }
        let kind = kind.map(word::<Kind>).transpose().map_err(|()| {
            FieldError::new(
                "kind",
                format!("`{}` is not one of `survey`, `review`, `csr_note`", kind.unwrap_or_default()),
            )
        })?;
        let dates = dates.map(word::<DateOrder>).transpose().map_err(|()| {
            let message = format!(
                "`{}` is not one of `dmy` (the day first) and `mdy` (the month first)",
                dates.unwrap_or_default()
            );
            FieldError::new("dates", message)
        })?;
        Ok(Self { renames, kind, dates, charset: None, delimiter: None, defaults: Vec::new() })
    }

    /// With what fields hold in rows that do not tell it, as `field=value`: the system that a file comes from, or the scale
    /// of its ratings.
    ///
    /// # Errors
    /// What is not of this form, or names no field that can be set so.
    pub fn with_defaults<'a>(mut self, sets: impl IntoIterator<Item = &'a str>) -> Result<Self, FieldError> {
        for set in sets {
            let Some((field, value)) = set.split_once('=') else {
                let message = format!("`{set}` is not of the form field=value, such as source.type=trustpilot");
                return Err(FieldError::new("set", message));
            };
            let field = long(field.trim()).to_owned();
            if !can_be_set(&field) {
                let message = format!(
                    "`{field}` is no field that is the same in every row; set for example source.type or rating.max"
                );
                return Err(FieldError::new("set", message));
            }
            if self.defaults.len() == MAX_RENAMES {
                return Err(FieldError::new("set", format!("there are more than {MAX_RENAMES}")));
            }
            if self.defaults.iter().any(|(known, other)| *known == field && other != value.trim()) {
                return Err(FieldError::new("set", format!("`{field}` is set twice; give it one value")));
            }
            self.defaults.push((field, value.trim().to_owned()));
        }
        Ok(self)
    }

    /// With the charset that the table is written in, by a name or alias of the WHATWG's Encoding Standard.
    ///
    /// # Errors
    /// A name that is not known there.
    pub fn with_charset(mut self, name: Option<&str>) -> Result<Self, FieldError> {
        if let Some(name) = name {
            self.charset = Encoding::for_label_no_replacement(name.as_bytes());
            if self.charset.is_none() {
                let name = cut(name, MAX_NAME);
                let message =
                    format!("`{name}` is no charset that is known; use for example windows-1252 or shift_jis");
                return Err(FieldError::new("charset", message));
            }
        }
        Ok(self)
    }

    /// With what parts the columns: `comma`, `semicolon`, `tab`, `pipe`, or the sign itself.
    ///
    /// # Errors
    /// Anything else.
    pub fn with_delimiter(mut self, name: Option<&str>) -> Result<Self, FieldError> {
        if let Some(name) = name {
            let named = |(word, sign, _): &&(&str, &str, u8)| name.eq_ignore_ascii_case(word) || name == *sign;
            let Some((_, _, delimiter)) = DELIMITERS.iter().find(named) else {
                let message = format!("`{}` is not one of `comma`, `semicolon`, `tab` and `pipe`", cut(name, MAX_NAME));
                return Err(FieldError::new("delimiter", message));
            };
            self.delimiter = Some(*delimiter);
        }
        Ok(self)
    }

    /// Parted by tabs, unless the sender says otherwise.
    #[must_use]
    pub fn or_by_tabs(mut self) -> Self {
        self.delimiter.get_or_insert(b'\t');
        self
    }

    /// What the table is written in, where the sender says it.
    pub const fn charset(&self) -> Option<&'static Encoding> {
        self.charset
    }

    /// The field that a column is to fill, `-` for none.
    pub(super) fn field_of(&self, column: &str) -> Option<&str> {
        let renamed = self.renames.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
        renamed.map(|(_, field)| field.as_str())
    }
}

/// Cuts `map` at the commas that follow a known field.
fn pairs(map: &str) -> Vec<&str> {
    let mut pairs = Vec::new();
    let mut start = 0;
    for (comma, _) in map.match_indices(',') {
        let pair = &map[start..comma];
        let is_whole = pair.rsplit_once(':').is_some_and(|(_, field)| is_field(field.trim()));
        if is_whole || pair.trim().is_empty() {
            pairs.push(pair);
            start = comma + 1;
        }
    }
    pairs.push(&map[start..]);
    pairs.retain(|pair| !pair.trim().is_empty());
    pairs
}

/// The value that `text` names.
pub(super) fn word<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, ()> {
    T::deserialize(IntoDeserializer::<WordError>::into_deserializer(text)).map_err(|_| ())
}
