//! Rows as JSON, once their columns are bound to fields.

use encoding_rs::{Encoding, UTF_8};

use super::Row;
use super::columns::{AnswerColumn, MAX_NAME, Part};
use super::fields::Cell;
use super::times::{self, DateOrder};
use crate::feedback::{
    FieldType,
    validate::{FieldError, cut},
};

/// The objects that are none without a value of their own: a scale alone says nothing.
const NEED_A_VALUE: [&str; 2] = ["rating", "csat"];

/// What was written of a part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Written {
    Nothing,
    Defaults,
    Cells,
}

/// Writes a row, by the columns of its header.
pub(super) struct Writer<'a> {
    pub(super) row: &'a Row<'a>,
    pub(super) columns: &'a [String],
    pub(super) dates: Option<DateOrder>,
    pub(super) charset: Option<&'static Encoding>,
}

impl<'a> Writer<'a> {
    pub(super) fn cell(&self, index: usize) -> Result<&'a str, FieldError> {
        written(self.row, index, self.charset)
            .map_err(|()| FieldError::new(&self.columns[index], format!("the cell {}", not_text(self.charset))))
    }

    /// Writes the part, unless there is nothing to write.
    pub(super) fn part(&self, part: &Part, json: &mut Vec<u8>) -> Result<Written, FieldError> {
        if let Some((index, cell)) = part.cell {
            let content = self.cell(index)?;
            if !content.trim().is_empty() {
                member(json, &part.name);
                match cell {
                    Cell::Time => text(json, &self.time(index, content)?),
                    Cell::Date => text(json, &self.date(index, content)?),
                    cell => value(json, content, cell),
                }
                return Ok(Written::Cells);
            }
        }
        if let Some((content, cell)) = &part.default {
            member(json, &part.name);
            value(json, content, *cell);
            return Ok(Written::Defaults);
        }
        if part.parts.is_empty() {
            return Ok(Written::Nothing);
        }
        let start = json.len();
        member(json, &part.name);
        json.push(b'{');
        let mut written = Written::Nothing;
        for inner in &part.parts {
            written = written.max(self.part(inner, json)?);
        }
        json.push(b'}');
        let is_nothing = match written {
            Written::Nothing => true,
            Written::Defaults => NEED_A_VALUE.contains(&&*part.name),
            Written::Cells => false,
        };
        if is_nothing {
            json.truncate(start);
            return Ok(Written::Nothing);
        }
        Ok(written)
    }

    /// A time in the form of RFC 3339.
    fn time(&self, index: usize, content: &str) -> Result<String, FieldError> {
        let time = times::read(content, self.dates);
        time.map(|time| time.to_string()).ok_or_else(|| self.unreadable(index, content, "time"))
    }

    /// A day in the same form.
    fn date(&self, index: usize, content: &str) -> Result<String, FieldError> {
        let date = times::date(content, self.dates);
        date.map(|date| date.to_string()).ok_or_else(|| self.unreadable(index, content, "date"))
    }

    /// Asks for the order of day and month where that is lacking, and tells of the forms that are read.
    fn unreadable(&self, index: usize, content: &str, what: &str) -> FieldError {
        let cell = cut(content.trim(), MAX_NAME);
        let message = match self.dates {
            None if times::needs_order(content) => format!(
                "`{cell}` may be two dates: add ?dates=mdy where the month comes first, or ?dates=dmy where the day does"
            ),
            Some(order) if times::needs_order(content) => {
                let (first, asked) = order.said();
                format!("`{cell}` is no {what} with the {first} first, as {asked} says")
            }
            _ => format!(
                "`{cell}` is no {what} that is known here; write it like 2026-05-01T10:30:00Z, 2026-05-01 10:30, 01.05.2026 \
                 or May 1, 2026"
            ),
        };
        FieldError::new(&self.columns[index], message)
    }

    pub(super) fn answers(&self, answers: &[AnswerColumn], json: &mut Vec<u8>) -> Result<(), FieldError> {
        let mut any = false;
        for answer in answers {
            let content = self.cell(answer.index)?;
            if content.trim().is_empty() {
                continue;
            }
            if any {
                json.push(b',');
            } else {
                member(json, "answers");
                json.push(b'[');
            }
            any = true;
            json.push(b'{');
            for (name, of) in
                [("field_id", &*answer.id), ("field_label", &answer.label), ("field_type", answer.kind.as_str())]
            {
                member(json, name);
                text(json, of);
            }
            member(json, "value");
            let cell = match answer.kind {
                FieldType::Date => {
                    text(json, &self.date(answer.index, content)?);
                    json.push(b'}');
                    continue;
                }
                FieldType::Text | FieldType::Categorical => Cell::Text,
                FieldType::Boolean => Cell::Truth,
                FieldType::Nps | FieldType::Csat | FieldType::Ces | FieldType::Rating | FieldType::Number => {
                    Cell::Number
                }
            };
            value(json, content, cell);
            json.push(b'}');
        }
        if any {
            json.push(b']');
        }
        Ok(())
    }
}

/// The text of a cell, unless it is none: in a charset that was named, what could not be decoded is U+FFFD.
pub(super) fn written<'a>(row: &Row<'a>, index: usize, charset: Option<&'static Encoding>) -> Result<&'a str, ()> {
    let text = std::str::from_utf8(row.get(index).unwrap_or_default()).map_err(|_| ())?;
    let is_decoded = charset.is_some_and(|charset| charset != UTF_8);
    if is_decoded && text.contains('\u{fffd}') { Err(()) } else { Ok(text) }
}

pub(super) fn not_text(charset: Option<&'static Encoding>) -> String {
    match charset {
        Some(charset) => format!("is not written in {}, which the request names as the charset", charset.name()),
        None => "is not valid UTF-8; save the table as UTF-8 (in Excel: CSV UTF-8), or name its charset, such as \
                 windows-1252 or shift_jis, with Content-Type: text/csv; charset=NAME"
            .into(),
    }
}

/// Begins a member of the object under way.
pub(super) fn member(json: &mut Vec<u8>, name: &str) {
    if json.last() != Some(&b'{') {
        json.push(b',');
    }
    text(json, name);
    json.push(b':');
}

pub(super) fn text(json: &mut Vec<u8>, content: &str) {
    serde_json::to_writer(json, content).expect("text always has a form in JSON");
}

fn value(json: &mut Vec<u8>, content: &str, cell: Cell) {
    let trimmed = content.trim();
    match cell {
        Cell::Number if serde_json::from_str::<f64>(trimmed).is_ok() => json.extend_from_slice(trimmed.as_bytes()),
        Cell::Number if let Some(number) = labelled(trimmed) => json.extend_from_slice(number.as_bytes()),
        Cell::Language => text(json, &content.replace('_', "-")),
        Cell::Word => text(json, &content.to_ascii_lowercase()),
        Cell::Number if has_decimal_comma(trimmed) => json.extend_from_slice(trimmed.replace(',', ".").as_bytes()),
        Cell::Truth if ["true", "yes", "1"].iter().any(|word| trimmed.eq_ignore_ascii_case(word)) => {
            json.extend_from_slice(b"true")
        }
        Cell::Truth if ["false", "no", "0"].iter().any(|word| trimmed.eq_ignore_ascii_case(word)) => {
            json.extend_from_slice(b"false")
        }
        Cell::Text | Cell::Number | Cell::Truth | Cell::Time | Cell::Date => text(json, content),
    }
}

/// The number of an end of a scale, as forms write it: `Extremely likely - 10`, `0 - Not at all likely`.
fn labelled(text: &str) -> Option<&str> {
    let (first, second) = text.split_once(" - ")?;
    let is_number = |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_label = |text: &str| !text.contains(|c: char| c.is_ascii_digit());
    let (number, label) = if is_number(second) { (second, first) } else { (first, second) };
    let without_zeros = if number.len() > 1 { number.trim_start_matches('0') } else { number };
    (is_number(without_zeros) && is_label(label)).then_some(without_zeros)
}

/// Whether it is a number with a comma in place of the point. With three digits behind it, the comma may stand for nothing.
fn has_decimal_comma(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.strip_prefix('-').unwrap_or(text).split_once(',');
    parts.is_some_and(|(whole, rest)| {
        is_number(whole) && is_number(rest) && rest.len() != 3 && (whole == "0" || !whole.starts_with('0'))
    })
}
