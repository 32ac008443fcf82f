//! Columns bound to fields.

use std::{borrow::Cow, collections::BTreeSet};

use encoding_rs::Encoding;

use super::Row;
use super::fields::{Cell, FIELDS, answer, as_known, cell_of, long, near};
use super::headings::{likely, name_of};
use super::mapping::Mapping;
use super::times::{self, DateOrder};
use super::titles::{self, Titles};
use crate::feedback::{
    FieldType, Kind,
    validate::{FieldError, cut},
};

/// Most columns of a table: as many as spreadsheets have.
const MAX_COLUMNS: usize = 16_384;
/// Columns that are listed in an error,
const MAX_LISTED: usize = 20;
/// and how much of each name, in bytes.
const MAX_NAME: usize = 60;

/// The objects that are none without a value of their own: a scale alone says nothing.
const NEED_A_VALUE: [&str; 2] = ["rating", "csat"];

/// A part of the object that a row becomes: a cell, or an object of parts.
#[derive(Debug, Default)]
struct Part {
    name: String,
    cell: Option<(usize, Cell)>,
    /// What stands for a cell that is empty or not there.
    default: Option<(String, Cell)>,
    parts: Vec<Part>,
}

/// What was written of a part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Written {
    Nothing,
    Defaults,
    Cells,
}

#[derive(Debug)]
struct AnswerColumn {
    index: usize,
    id: String,
    label: String,
    kind: FieldType,
}

/// A header bound to the fields.
#[derive(Debug)]
pub struct Table {
    root: Part,
    answers: Vec<AnswerColumn>,
    kind: Option<Kind>,
    kind_column: Option<usize>,
    dates: Option<DateOrder>,
    charset: Option<&'static Encoding>,
    columns: Vec<String>,
    /// The columns without heading, of which nothing is known: they have to be empty.
    unnamed: Vec<usize>,
    /// Whether rows that tell more of the columns may still come.
    is_begun: bool,
}

impl Table {
    /// Binds the columns of `header`.
    ///
    /// # Errors
    /// Every column that is no known field, is bound twice, or is named by the mapping but not there.
    pub fn bind(header: &Row<'_>, mapping: &Mapping) -> Result<Self, Vec<FieldError>> {
        if header.len() > MAX_COLUMNS {
            let message = format!("a table may have {MAX_COLUMNS} columns; this one has {}", header.len());
            return Err(vec![FieldError::new("", message)]);
        }
        if let Some(index) = (0..header.len()).find(|index| written(header, *index, mapping.charset).is_err()) {
            let message = format!("column {} of the header {}", index + 1, not_text(mapping.charset));
            return Err(vec![FieldError::new("", message)]);
        }
        let columns: Vec<String> = (0..header.len())
            .map(|index| name_of(index, &String::from_utf8_lossy(header.get(index).unwrap_or_default())).into_owned())
            .collect();
        let mut errors: Vec<FieldError> = mapping
            .renames
            .iter()
            .filter(|(column, _)| !columns.iter().any(|name| name.eq_ignore_ascii_case(column)))
            .map(|(column, _)| FieldError::new("map", no_column(column, &columns)))
            .collect();
        let mut table = Self {
            root: Part::default(),
            answers: Vec::new(),
            kind: mapping.kind,
            kind_column: None,
            dates: mapping.dates,
            charset: mapping.charset,
            columns: Vec::new(),
            unnamed: Vec::new(),
            is_begun: false,
        };
        let mut bound = BTreeSet::new();
        for (index, column) in columns.iter().enumerate() {
            let field = mapping.field_of(column).map_or_else(|| as_known(column), str::to_owned);
            if field == "-" {
                continue;
            }
            if field == *column && header.get(index).is_some_and(|heading| heading.trim_ascii().is_empty()) {
                table.unnamed.push(index);
                continue;
            }
            let field = long(&field).to_owned();
            if !bound.insert(field.clone()) {
                errors.push(FieldError::new(column, format!("fills `{field}`, which another column fills already")));
            } else if let Err(message) = table.bind_column(index, column, &field) {
                errors.push(FieldError::new(column, message));
            }
        }
        if table.kind.is_none() && table.kind_column.is_none() {
            errors.push(FieldError::new(
                "kind",
                "no column tells the kind; add a column `kind`, or `?kind=review` to the request",
            ));
        }
        for (field, value) in &mapping.defaults {
            table.part(field).default = Some((value.clone(), cell_of(field)));
        }
        table.columns = columns;
        if errors.is_empty() { Ok(table) } else { Err(errors) }
    }

    fn bind_column(&mut self, index: usize, column: &str, field: &str) -> Result<(), String> {
        if field == "kind" {
            self.kind_column = Some(index);
            return Ok(());
        }
        if let Some(rest) = field.strip_prefix("answers.") {
            let (id, kind) = answer(rest).ok_or_else(|| {
                format!("`{field}` is not of the form answers.FIELD_ID.FIELD_TYPE, such as answers.recommend.nps")
            })?;
            self.answers.push(AnswerColumn { index, id: id.to_owned(), label: column.to_owned(), kind });
            return Ok(());
        }
        if field.strip_prefix("metadata.").is_some_and(|name| !name.is_empty()) {
            self.part(field).cell = Some((index, Cell::Text));
            return Ok(());
        }
        if !FIELDS.iter().any(|(name, _)| *name == field) {
            return Err(if field == column { unknown_column(column) } else { unknown_field(field) });
        }
        self.part(field).cell = Some((index, cell_of(field)));
        Ok(())
    }

    /// Where a field stands in the object.
    fn part(&mut self, field: &str) -> &mut Part {
        match field.strip_prefix("metadata.") {
            // The rest is a name, whatever points are in it.
            Some(name) => self.root.at("metadata").at(name),
            None => field.split('.').fold(&mut self.root, |part, name| part.at(name)),
        }
    }

    /// Whether a row directly below the header tells more of the columns, as exports of survey tools have it, and is no
    /// feedback. Questions that it has in full become the labels of answers.
    pub fn takes_titles(&mut self, row: &Row<'_>) -> bool {
        if self.is_begun {
            return false;
        }
        let cell = |index: usize| std::str::from_utf8(row.get(index).unwrap_or_default()).unwrap_or_default();
        let titles = titles::told(&self.columns, (0..row.len()).map(cell));
        if titles == Some(Titles::Headings) {
            for answer in &mut self.answers {
                let title = cell(answer.index).trim();
                if !title.is_empty() {
                    title.clone_into(&mut answer.label);
                }
            }
        }
        self.is_begun = titles.is_none();
        titles.is_some()
    }

    /// Writes `row` as a JSON object. Cells that are empty are left out.
    ///
    /// # Errors
    /// A cell that is not UTF-8 or has no heading, and a row with more cells than the header.
    pub fn write(&self, row: &Row<'_>, json: &mut Vec<u8>) -> Result<(), FieldError> {
        if row.len() > self.columns.len() {
            let (cells, columns) = (row.len(), self.columns.len());
            return Err(FieldError::new(
                "",
                format!("the row has {cells} cells, but the header has {columns} columns"),
            ));
        }
        let writer = Writer { row, columns: &self.columns, dates: self.dates, charset: self.charset };
        let is_filled = |index: &&usize| row.get(**index).is_some_and(|cell| !cell.trim_ascii().is_empty());
        if let Some(index) = self.unnamed.iter().find(is_filled) {
            let column = &self.columns[*index];
            let message =
                format!("has no heading; name it with ?map={column}:FIELD, or leave it out with ?map={column}:-");
            return Err(FieldError::new(column, message));
        }
        json.push(b'{');
        let kind = match self.kind_column.map(|index| writer.cell(index)).transpose()? {
            Some(text) if !text.trim().is_empty() => text.trim(),
            _ => self.kind.map_or("", Kind::as_str),
        };
        member(json, "kind");
        text(json, kind);
        for part in &self.root.parts {
            writer.part(part, json)?;
        }
        writer.answers(&self.answers, json)?;
        json.push(b'}');
        Ok(())
    }
}

impl Part {
    fn at(&mut self, name: &str) -> &mut Self {
        let index = self.parts.iter().position(|part| part.name == name).unwrap_or_else(|| {
            self.parts.push(Self { name: name.to_owned(), ..Self::default() });
            self.parts.len() - 1
        });
        &mut self.parts[index]
    }
}

struct Writer<'a> {
    row: &'a Row<'a>,
    columns: &'a [String],
    dates: Option<DateOrder>,
    charset: Option<&'static Encoding>,
}

impl<'a> Writer<'a> {
    fn cell(&self, index: usize) -> Result<&'a str, FieldError> {
        written(self.row, index, self.charset)
            .map_err(|()| FieldError::new(&self.columns[index], format!("the cell {}", not_text(self.charset))))
    }

    /// Writes the part, unless there is nothing to write.
    fn part(&self, part: &Part, json: &mut Vec<u8>) -> Result<Written, FieldError> {
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

    /// A time in the form of RFC 3339; as it is, where it is none, for validation to name.
    fn time(&self, index: usize, content: &'a str) -> Result<Cow<'a, str>, FieldError> {
        if let Some(time) = times::read(content, self.dates) {
            return Ok(time.to_string().into());
        }
        self.ordered(index, content)?;
        Ok(content.into())
    }

    /// A day in the same form; as it is, where it is none.
    fn date(&self, index: usize, content: &'a str) -> Result<Cow<'a, str>, FieldError> {
        if let Some(date) = times::date(content, self.dates) {
            return Ok(date.to_string().into());
        }
        self.ordered(index, content)?;
        Ok(content.into())
    }

    /// Asks for the order of day and month where it is needed to read this.
    fn ordered(&self, index: usize, content: &str) -> Result<(), FieldError> {
        if self.dates.is_none() && times::needs_order(content) {
            let message = format!(
                "`{}` may be two dates: add ?dates=mdy where the month comes first, or ?dates=dmy where the day does",
                cut(content.trim(), MAX_NAME)
            );
            return Err(FieldError::new(&self.columns[index], message));
        }
        Ok(())
    }

    fn answers(&self, answers: &[AnswerColumn], json: &mut Vec<u8>) -> Result<(), FieldError> {
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
fn written<'a>(row: &Row<'a>, index: usize, charset: Option<&'static Encoding>) -> Result<&'a str, ()> {
    let text = std::str::from_utf8(row.get(index).unwrap_or_default()).map_err(|_| ())?;
    if charset.is_some() && text.contains('\u{fffd}') { Err(()) } else { Ok(text) }
}

fn not_text(charset: Option<&'static Encoding>) -> String {
    match charset {
        Some(charset) => format!("is not written in {}, which the request names as the charset", charset.name()),
        None => "is not valid UTF-8; save the table as UTF-8 (in Excel: CSV UTF-8), or name its charset, such as \
                 windows-1252 or shift_jis, with Content-Type: text/csv; charset=NAME"
            .into(),
    }
}

/// Begins a member of the object under way.
fn member(json: &mut Vec<u8>, name: &str) {
    if json.last() != Some(&b'{') {
        json.push(b',');
    }
    text(json, name);
    json.push(b':');
}

fn text(json: &mut Vec<u8>, content: &str) {
    serde_json::to_writer(json, content).expect("text always has a form in JSON");
}

fn value(json: &mut Vec<u8>, content: &str, cell: Cell) {
    let trimmed = content.trim();
    match cell {
        Cell::Number if serde_json::from_str::<f64>(trimmed).is_ok() => json.extend_from_slice(trimmed.as_bytes()),
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

/// Whether it is a number with a comma in place of the point. With three digits behind it, the comma may stand for nothing.
fn has_decimal_comma(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.strip_prefix('-').unwrap_or(text).split_once(',');
    parts.is_some_and(|(whole, rest)| {
        is_number(whole) && is_number(rest) && rest.len() != 3 && (whole == "0" || !whole.starts_with('0'))
    })
}

fn no_column(column: &str, columns: &[String]) -> String {
    let comma =
        if column.contains(',') { "; a comma parts two pairs where a known field stands before it" } else { "" };
    let more = if columns.len() > MAX_LISTED { ", …" } else { "" };
    let listed: Vec<_> = columns.iter().take(MAX_LISTED).map(|column| cut(column, MAX_NAME)).collect();
    format!("there is no column `{}`; the columns are {}{more}{comma}", cut(column, MAX_NAME), listed.join(", "))
}

fn unknown_column(column: &str) -> String {
    let near = likely(column).or_else(|| near(column)).unwrap_or("FIELD");
    let guess = if near == "FIELD" { String::new() } else { format!(" Did you mean `{near}`?") };
    format!(
        "is not a known field.{guess} Rename it with ?map={column}:{near}, keep it with ?map={column}:metadata.NAME, \
         or leave it out with ?map={column}:-"
    )
}

/// Of a field that the mapping names.
fn unknown_field(field: &str) -> String {
    let guess = near(field).map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default();
    format!("is to fill `{}`, which is not a known field.{guess}", cut(field, MAX_NAME))
}
