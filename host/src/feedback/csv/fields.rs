//! The fields that columns can fill.

use super::mapping::word;
use crate::feedback::{FieldType, misfit::nearest};

/// How a cell is written in JSON. A number or truth value that is none is written as text, so that validation says
/// what is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cell {
    Text,
    Number,
    Truth,
    /// As tables write times; see [`super::times`].
    Time,
    /// A day, as tables write it.
    Date,
    /// A language, which some write as `en_US`.
    Language,
    /// One of some words, in any case.
    Word,
}

/// Every field that a column can fill, beside `metadata.NAME` and `answers.FIELD_ID.FIELD_TYPE`.
pub(super) const FIELDS: [(&str, Cell); 52] = [
    ("kind", Cell::Text),
    ("external_id", Cell::Text),
    ("source.type", Cell::Text),
    ("source.id", Cell::Text),
    ("source.name", Cell::Text),
    ("source.url", Cell::Text),
    ("collected_at", Cell::Time),
    ("language", Cell::Language),
    ("title", Cell::Text),
    ("text", Cell::Text),
    ("customer.id", Cell::Text),
    ("customer.email", Cell::Text),
    ("customer.account_id", Cell::Text),
    ("customer.account_type", Cell::Text),
    ("customer.segment", Cell::Text),
    ("customer.since", Cell::Date),
    ("customer.value.clv", Cell::Number),
    ("customer.value.arr", Cell::Number),
    ("customer.value.currency", Cell::Text),
    ("survey_id", Cell::Text),
    ("response_status", Cell::Word),
    ("rating.value", Cell::Number),
    ("rating.min", Cell::Number),
    ("rating.max", Cell::Number),
    ("product.id", Cell::Text),
    ("product.version", Cell::Text),
    ("location_id", Cell::Text),
    ("order_ref", Cell::Text),
    ("verified", Cell::Truth),
    ("author_name", Cell::Text),
    ("territory", Cell::Text),
    ("helpful.up", Cell::Number),
    ("helpful.down", Cell::Number),
    ("public_reply.text", Cell::Text),
    ("public_reply.at", Cell::Time),
    ("case_id", Cell::Text),
    ("agent.id", Cell::Text),
    ("agent.team", Cell::Text),
    ("channel", Cell::Word),
    ("direction", Cell::Word),
    ("visibility", Cell::Word),
    ("disposition", Cell::Text),
    ("handle_time_s", Cell::Number),
    ("contact_reason", Cell::Text),
    ("csat.value", Cell::Number),
    ("csat.min", Cell::Number),
    ("csat.max", Cell::Number),
    ("author_role", Cell::Word),
    // Short forms for what nearly every table has.
    ("rating", Cell::Number),
    ("csat", Cell::Number),
    ("source", Cell::Text),
    ("product", Cell::Text),
];

/// What the short forms stand for.
const SHORT: [(&str, &str); 4] =
    [("rating", "rating.value"), ("csat", "csat.value"), ("source", "source.type"), ("product", "product.id")];

/// Whether a column can be bound to `field`, or be left out by it.
pub(super) fn is_field(field: &str) -> bool {
    let is_answer = || field.strip_prefix("answers.").is_some_and(|rest| answer(rest).is_some());
    let is_metadata = || field.strip_prefix("metadata.").is_some_and(|name| !name.is_empty());
    field == "-" || FIELDS.iter().any(|(name, _)| *name == field) || is_metadata() || is_answer()
}

/// Whether a field can be given for all rows.
pub(super) fn can_be_set(field: &str) -> bool {
    is_field(field) && field != "-" && field != "kind" && !field.starts_with("answers.")
}

/// The field in full.
pub(super) fn long(field: &str) -> &str {
    SHORT.iter().find(|(short, _)| *short == field).map_or(field, |(_, long)| long)
}

/// The id and the type that `FIELD_ID.FIELD_TYPE` names.
pub(super) fn answer(rest: &str) -> Option<(&str, FieldType)> {
    let (id, kind) = rest.rsplit_once('.')?;
    Some((id, word(kind).ok()?))
}

pub(super) fn cell_of(field: &str) -> Cell {
    FIELDS.iter().find(|(name, _)| *name == field).map_or(Cell::Text, |(_, cell)| *cell)
}

/// The known field that `column` names but for its case; else the column as it is.
pub(super) fn as_known(column: &str) -> String {
    let known = FIELDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
    known.map_or(column, |(name, _)| *name).to_owned()
}

/// The field that was probably meant.
pub(super) fn near(field: &str) -> Option<&'static str> {
    let names = FIELDS.map(|(name, _)| name);
    let near = nearest(field, &names)?;
    FIELDS.iter().map(|(name, _)| *name).find(|name| *name == near)
}
