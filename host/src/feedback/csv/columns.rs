//! Columns bound to fields.

use std::collections::BTreeSet;

use encoding_rs::Encoding;

use super::Row;
use super::fields::{Cell, FIELDS, answer, as_known, cell_of, long, near};
use super::headings::{likely, names_of};
use super::mapping::Mapping;
use super::times::DateOrder;
use super::titles::{self, Titles};
use super::writer::{Writer, member, not_text, text, written};
use crate::feedback::{
    FieldType, Kind,
    validate::{FieldError, cut},
};

/// Columns that are listed in an error,
const MAX_LISTED: usize = 20;
/// and how much of each name, in bytes.
pub(super) const MAX_NAME: usize = 60;

/// A part of the object that a row becomes: a cell, or an object of parts.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) cell: Option<(usize, Cell)>,
    /// What stands for a cell that is empty or not there.
    pub(super) default: Option<(String, Cell)>,
    pub(super) parts: Vec<Part>,
}

#[derive(Debug)]
pub(super) struct AnswerColumn {
    pub(super) index: usize,
    pub(super) id: String,
    pub(super) label: String,
    pub(super) kind: FieldType,
}

/// A header bound to the fields.
#[derive(Debug)]
pub struct Table {
    root: Part,
    answers: Vec<AnswerColumn>,
    /// The columns that fill a field, but for answers and metadata.
    fields: Vec<usize>,
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
        if let Some(index) = (0..header.len()).find(|index| written(header, *index, mapping.charset).is_err()) {
            let message = format!("column {} of the header {}", index + 1, not_text(mapping.charset));
            return Err(vec![FieldError::new("", message)]);
        }
        let heading = |index| std::str::from_utf8(header.get(index).unwrap_or_default()).unwrap_or_default();
        let columns = names_of((0..header.len()).map(heading));
        let mut errors: Vec<FieldError> = mapping
            .renames
            .iter()
            .filter(|(column, _)| !columns.iter().any(|name| name.eq_ignore_ascii_case(column)))
            .map(|(column, _)| FieldError::new("map", no_column(column, &columns)))
            .collect();
        let mut table = Self {
            root: Part::default(),
            answers: Vec::new(),
            fields: Vec::new(),
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
        self.fields.push(index);
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

    /// Whether a row is no feedback: all of its cells are empty, or it is directly below the header and tells more of the
    /// columns, as exports of survey tools have it. Questions that it has in full become the labels of answers.
    pub fn passes_over(&mut self, row: &Row<'_>) -> bool {
        if (0..row.len()).all(|index| is_blank(row, index)) {
            return true;
        }
        if self.is_begun {
            return false;
        }
        let cell = |index: usize| std::str::from_utf8(row.get(index).unwrap_or_default()).unwrap_or_default();
        let titles = titles::told(&self.columns, &self.fields, (0..row.len()).map(cell));
        if titles == Some(Titles::Headings) {
            for answer in &mut self.answers {
                let title = cell(answer.index).trim();
                if !title.is_empty() {
                    title.clone_into(&mut answer.label);
                }
            }
        }
        self.is_begun = titles.is_none_or(|titles| titles == Titles::Answers);
        titles.is_some()
    }

    /// Writes `row` as a JSON object. Cells that are empty are left out.
    ///
    /// # Errors
    /// A cell that is not UTF-8 or has no heading, and a row with more cells than the header, unless these are empty.
    pub fn write(&self, row: &Row<'_>, json: &mut Vec<u8>) -> Result<(), FieldError> {
        let (cells, columns) = (row.len(), self.columns.len());
        if (columns..cells).any(|index| !is_blank(row, index)) {
            return Err(FieldError::new(
                "",
                format!("the row has {cells} cells, but the header has {columns} columns"),
            ));
        }
        let writer = Writer { row, columns: &self.columns, dates: self.dates, charset: self.charset };
        if let Some(index) = self.unnamed.iter().find(|index| !is_blank(row, **index)) {
            let column = &self.columns[*index];
            let name = in_query(column);
            let message = format!("has no heading; name it with ?map={name}:FIELD, or leave it out with ?map={name}:-");
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

/// Whether a cell is empty, or not there.
fn is_blank(row: &Row<'_>, index: usize) -> bool {
    row.get(index).is_none_or(|cell| cell.trim_ascii().is_empty())
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

fn no_column(column: &str, columns: &[String]) -> String {
    let comma =
        if column.contains(',') { "; a comma parts two pairs where a known field stands before it" } else { "" };
    let more = if columns.len() > MAX_LISTED { ", …" } else { "" };
    let listed: Vec<_> = columns.iter().take(MAX_LISTED).map(|column| format!("`{}`", cut(column, MAX_NAME))).collect();
    format!("there is no column `{}`; the columns are {}{more}{comma}", cut(column, MAX_NAME), listed.join(", "))
}

fn unknown_column(column: &str) -> String {
    let near = likely(column).or_else(|| near(column)).unwrap_or("FIELD");
    let guess = if near == "FIELD" { String::new() } else { format!(" Did you mean `{near}`?") };
    let name = in_query(column);
    format!(
        "is not a known field.{guess} Rename it with ?map={name}:{near}, keep it with ?map={name}:metadata.NAME, \
         or leave it out with ?map={name}:-"
    )
}

/// A column as it is written in a query.
fn in_query(column: &str) -> String {
    url::form_urlencoded::byte_serialize(cut(column, MAX_NAME).as_bytes()).collect()
}

/// Of a field that the mapping names.
fn unknown_field(field: &str) -> String {
    let guess = near(field).map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default();
    format!("is to fill `{}`, which is not a known field.{guess}", cut(field, MAX_NAME))
}
