//! Every item of a body, validated and handed to the publisher.

use serde_json::value::RawValue;

use super::lines::{Line, Lines};
use super::outcome::Outcome;
use super::publisher::Publisher;
use super::source::Source;
use crate::api::problem::{Problem, ProblemType};
use crate::feedback::csv::{Mapping, Row, RowError, Rows, Table};
use crate::feedback::validate::{FieldError, Invalid, Limits, validate};

/// One JSON object or an array of them.
pub(super) async fn json(body: &[u8], publisher: Publisher, limits: &Limits) -> Result<Outcome, Problem> {
    let body = body.trim_ascii();
    if body.is_empty() {
        return Err(nothing());
    }
    if body[0] != b'[' {
        // The feedback is not kept while its message is on its way: it is large.
        let item = publisher.message(&mut validate(body, limits).map_err(hinted)?);
        return publisher.single(item).await;
    }
    Box::pin(array(body, publisher, limits)).await
}

async fn array(body: &[u8], mut publisher: Publisher, limits: &Limits) -> Result<Outcome, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| Invalid::Encoding { position: error.valid_up_to() })?;
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    for item in items {
        match validate(item.get().as_bytes(), limits) {
            Ok(feedback) => publisher.accept(feedback).await?,
            Err(invalid) => publisher.reject(&invalid.into()),
        }
    }
    finish(publisher).await
}

/// One JSON object a line.
pub(super) async fn ndjson(source: &mut Source, mut publisher: Publisher, limits: &Limits) -> Result<Outcome, Problem> {
    let mut lines = Lines::new(limits.item_bytes);
    while let Some(bytes) = next_of(source, &mut publisher).await? {
        lines.push(&bytes);
        while let Some(line) = lines.next() {
            take_line(line, &mut publisher, limits).await?;
        }
    }
    if let Some(line) = lines.finish() {
        take_line(line, &mut publisher, limits).await?;
    }
    finish(publisher).await
}

async fn take_line(line: Line, publisher: &mut Publisher, limits: &Limits) -> Result<(), Problem> {
    let checked = match &line.bytes {
        Some(bytes) => validate(bytes, limits),
        None => Err(Invalid::TooLarge { max: limits.item_bytes }),
    };
    match checked {
        Ok(feedback) => publisher.accept(feedback).await,
        Err(invalid) => {
            publisher.reject(&at_line(invalid, line.number).with("line", line.number));
            Ok(())
        }
    }
}

/// A syntax error names the line of the body, not of the item.
fn at_line(invalid: Invalid, number: u64) -> Problem {
    match invalid {
        Invalid::Syntax { message, column, .. } => {
            let line = usize::try_from(number).unwrap_or(usize::MAX);
            Invalid::Syntax { message, line, column }.into()
        }
        other => other.into(),
    }
}

/// A table with a header row.
pub(super) async fn csv(
    source: &mut Source,
    mapping: &Mapping,
    mut publisher: Publisher,
    limits: &Limits,
) -> Result<Outcome, Problem> {
    let mut rows = Rows::new(limits.item_bytes);
    let mut table = Reading { mapping, table: None, json: Vec::new(), limits };
    while let Some(bytes) = next_of(source, &mut publisher).await? {
        let mut input = &bytes[..];
        while let Some(row) = rows.next(&mut input) {
            table.take(row, &mut publisher).await?;
        }
    }
    if let Some(row) = rows.finish() {
        table.take(row, &mut publisher).await?;
    }
    finish(publisher).await
}

/// A table that is being read.
struct Reading<'a> {
    mapping: &'a Mapping,
    /// None before the header.
    table: Option<Table>,
    json: Vec<u8>,
    limits: &'a Limits,
}

impl Reading<'_> {
    async fn take(&mut self, row: Result<Row<'_>, RowError>, publisher: &mut Publisher) -> Result<(), Problem> {
        let Some(table) = &self.table else {
            let header =
                row.map_err(|error| Problem::new(ProblemType::InvalidFeedback, format!("The header: {error}.")))?;
            self.table = Some(Table::bind(&header, self.mapping).map_err(bad_header)?);
            return Ok(());
        };
        let line = row.as_ref().map_or_else(RowError::line, |row| row.line);
        let checked =
            row.map_err(|error| Invalid::Fields(vec![FieldError::new("", error.to_string())])).and_then(|row| {
                self.json.clear();
                table.write(&row, &mut self.json).map_err(|error| Invalid::Fields(vec![error]))?;
                validate(&self.json, self.limits)
            });
        match checked {
            Ok(feedback) => publisher.accept(feedback).await,
            Err(invalid) => {
                publisher.reject(&at_line(invalid, line).with("line", line));
                Ok(())
            }
        }
    }
}

/// What comes next; where the body breaks off, the answer says what was taken before.
async fn next_of(source: &mut Source, publisher: &mut Publisher) -> Result<Option<bytes::Bytes>, Problem> {
    match source.next().await {
        Ok(bytes) => Ok(bytes),
        Err(problem) => Err(publisher.give_up(problem).await),
    }
}

async fn finish(publisher: Publisher) -> Result<Outcome, Problem> {
    let outcome = publisher.finish().await?;
    if outcome.is_empty() { Err(nothing()) } else { Ok(outcome) }
}

fn nothing() -> Problem {
    Problem::new(
        ProblemType::InvalidFeedback,
        "The body holds no feedback; send for example {\"kind\":\"review\",\"text\":\"…\"}.",
    )
}

fn bad_header(errors: Vec<FieldError>) -> Problem {
    let first = errors.first().map(|error| format!(" `{}` {}", error.field, error.message)).unwrap_or_default();
    let mut problem =
        Problem::new(ProblemType::InvalidFeedback, format!("The header of the table cannot be used:{first}."));
    problem.more.errors = errors;
    problem.with("line", 1)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    let message = message.rfind(" at line ").map_or(&*message, |end| &message[..end]).to_owned();
    Invalid::Syntax { message, line: error.line(), column: error.column() }.into()
}

/// More than one document is nearly always NDJSON under the wrong name.
fn hinted(invalid: Invalid) -> Problem {
    let several = matches!(&invalid, Invalid::Syntax { message, .. } if message.contains("trailing characters"));
    let mut problem = Problem::from(invalid);
    if several {
        problem
            .detail
            .push_str("; if it is one object a line, send -H 'content-type: application/x-ndjson' with --data-binary");
    }
    problem
}
