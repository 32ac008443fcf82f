//! Every item of a body, validated and handed to the publisher.

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::lines::{Line, Lines};
use super::outcome::Outcome;
use super::publisher::Publisher;
use super::source::Source;
use crate::api::problem::{Problem, ProblemType};
use crate::feedback::csv::{Mapping, Row, RowError, Rows, Table, Utf8};
use crate::feedback::validate::{FieldError, Invalid, Limits, validate};

/// Arrays of so many bytes are checked on another thread, since that takes milliseconds in one piece.
const LARGE: usize = 256 << 10;

/// One JSON object or an array of them.
pub(super) async fn json(body: Bytes, publisher: Publisher, limits: &Limits) -> Result<Outcome, Problem> {
    match body.trim_ascii() {
        [] => Err(nothing()),
        [b'[', ..] => Box::pin(array(body, publisher, limits)).await,
        object => {
            // The feedback is not kept while its message is on its way: it is large.
            let item = publisher.message(&mut validate(object, limits).map_err(hinted)?);
            publisher.single(item).await
        }
    }
}

async fn array(body: Bytes, mut publisher: Publisher, limits: &Limits) -> Result<Outcome, Problem> {
    if body.len() < LARGE {
        check(&body)?;
    } else {
        let body = body.clone();
        let checking = tokio::task::spawn_blocking(move || check(&body));
        checking.await.map_err(|error| Problem::internal(format!("reading an array panicked: {error}")))??;
    }
    let mut place = Place { at: 0, line: 1, line_begin: 0 };
    for item in (Items { rest: &body }) {
        match validate(item, limits) {
            Ok(feedback) => publisher.accept(feedback).await?,
            Err(invalid) => {
                place.go_to(item.as_ptr().addr() - body.as_ptr().addr(), &body);
                publisher.reject(&place.of_body(invalid).into()).await?;
            }
        }
    }
    finish(publisher).await
}

/// A place in a body.
struct Place {
    at: usize,
    /// Counted from 1.
    line: usize,
    line_begin: usize,
}

impl Place {
    /// Goes on to a later place.
    fn go_to(&mut self, at: usize, body: &[u8]) {
        let between = &body[self.at..at];
        self.line += memchr::memchr_iter(b'\n', between).count();
        if let Some(end) = memchr::memrchr(b'\n', between) {
            self.line_begin = self.at + end + 1;
        }
        self.at = at;
    }

    /// The error of the item that begins here, with its place in the body instead of that in the item.
    fn of_body(&self, invalid: Invalid) -> Invalid {
        let Invalid::Syntax { message, line, column } = invalid else { return invalid };
        let column = if line == 1 { self.at - self.line_begin + column } else { column };
        Invalid::Syntax { message, line: self.line + line - 1, column }
    }
}

/// Whether it is JSON, before the first of its items is accepted.
fn check(body: &[u8]) -> Result<(), Problem> {
    let text = std::str::from_utf8(body).map_err(|error| Invalid::Encoding { position: error.valid_up_to() })?;
    serde_json::from_str(text).map(|IgnoredAny| ()).map_err(|error| malformed(&error))
}

/// The items of an array that was checked, one after the other: a list of them could be many times as large as the body.
struct Items<'a> {
    /// From the bracket or comma before the next.
    rest: &'a [u8],
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let behind = self.rest.trim_ascii_start().get(1..)?.trim_ascii_start();
        let mut values = Deserializer::from_slice(behind).into_iter::<&RawValue>();
        // After the opening bracket of an empty array there is the closing one, and no value.
        let item = values.next()?.ok()?;
        self.rest = behind.get(values.byte_offset()..)?;
        Some(item.get().as_bytes())
    }
}

/// One JSON object a line.
pub(super) async fn ndjson(source: &mut Source, mut publisher: Publisher, limits: &Limits) -> Result<Outcome, Problem> {
    let mut lines = Lines::new(limits.item_bytes);
    while let Some(bytes) = next_of(source, &mut publisher).await? {
        lines.push(&bytes);
        while let Some(line) = lines.next() {
            take_line(line, &mut publisher, limits).await?;
        }
        if let Err(problem) = source.keep(lines.begun()) {
            return Err(publisher.give_up(problem).await);
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
        Err(invalid) => publisher.reject(&at_line(invalid, line.number).with("line", line.number)).await,
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
    let (mut rows, mut utf8) = (Rows::new(limits.item_bytes).of(mapping), Utf8::of(mapping.charset()));
    let mut table = Reading { mapping, table: None, json: Vec::new(), limits };
    source.keep_mark();
    while let Some(bytes) = next_of(source, &mut publisher).await? {
        let mut input = utf8.decode(&bytes);
        while let Some(row) = rows.next(&mut input) {
            table.take(row, &mut publisher).await?;
        }
        if let Err(problem) = source.keep(rows.held()) {
            return Err(publisher.give_up(problem).await);
        }
    }
    while let Some(row) = rows.finish() {
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
        let Some(table) = &mut self.table else {
            let header =
                row.map_err(|error| Problem::new(ProblemType::InvalidFeedback, format!("The header: {error}.")))?;
            self.table = Some(Table::bind(&header, self.mapping).map_err(bad_header)?);
            return Ok(());
        };
        if row.as_ref().is_ok_and(|row| table.passes_over(row)) {
            return Ok(());
        }
        let line = row.as_ref().map_or_else(RowError::line, |row| row.line);
        let checked =
            row.map_err(|error| Invalid::Fields(vec![FieldError::new("", error.to_string())])).and_then(|row| {
                self.json.clear();
                table.write(&row, &mut self.json).map_err(|error| Invalid::Fields(vec![error]))?;
                validate(&self.json, self.limits)
            });
        match checked {
            Ok(feedback) => publisher.accept(feedback).await,
            Err(invalid) => publisher.reject(&at_line(invalid, line).with("line", line)).await,
        }
    }
}

/// What comes next; where the body breaks off, the answer says what was taken before.
async fn next_of(source: &mut Source, publisher: &mut Publisher) -> Result<Option<Bytes>, Problem> {
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
    let first = errors.first().map(|error| format!(": `{}`: {}", error.field, error.message)).unwrap_or_default();
    let first = first.strip_suffix('.').unwrap_or(&first);
    let end = if first.ends_with('?') { "" } else { "." };
    Problem::new(ProblemType::InvalidFeedback, format!("The header of the table cannot be used{first}{end}"))
        .with_errors(errors)
        .with("line", 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_cut_where_json_says() {
        for text in [
            "[]",
            " [ ] ",
            "\r\n[1]\n",
            "[1,2.5e3 ,\t-0, true,false,null]",
            r#"["", "]", "[,", "\"", "\\", "\u00e9", "é"]"#,
            r#"[[], [[1,[2]],3], {}, {"a":[{"b":"]"}],"c":","}]"#,
            r#"[ {"kind":"review"} , {"kind":"survey"}
            ,"x"]"#,
        ] {
            check(text.as_bytes()).expect("is JSON");
            let expected: Vec<&RawValue> = serde_json::from_str(text).expect("is an array");
            let cut: Vec<_> = Items { rest: text.as_bytes() }.collect();
            assert_eq!(cut, expected.iter().map(|item| item.get().as_bytes()).collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_as_a_whole() {
        for text in ["[1", "[1,]", "[1 2]", "[,1]", "[1]]", "[1] x", "[\u{c}1]"] {
            check(text.as_bytes()).expect_err(text);
        }
    }
}
