//! Says in plain words why bytes are no feedback: the second, slow parse, which follows the path to the error.

use serde_json::{Value, error::Category};
use serde_path_to_error::Segment;

use super::{FieldError, Invalid, cut, nul};
use crate::feedback::{Feedback, csv::likely};

/// What the server gives; a sender who gives it is told so.
pub(super) const SERVER_GIVEN: [&str; 3] = ["id", "revision", "received_at"];
pub(super) const SERVER_GIVEN_MESSAGE: &str = "is given by the server; leave it out";

/// The fields that hold a time. The parser's own words for what is none speak of components and ranges.
const TIMES: [&str; 2] = ["collected_at", "public_reply.at"];
const TIME_MESSAGE: &str = "is not a time in the form of RFC 3339 with date, time and offset, such as \
     `2026-05-01T10:00:00Z`, of the years to 9998";

/// How the fields are written that hold more than a word or number.
pub(super) const FORMS: [(&str, &str); 10] = [
    ("rating", r#"{"value": 4}"#),
    ("csat", r#"{"value": 4}"#),
    ("source", r#"{"type": "trustpilot"}"#),
    ("customer", r#"{"id": "c-17"}"#),
    ("product", r#"{"id": "p-17"}"#),
    ("agent", r#"{"id": "a-17"}"#),
    ("public_reply", r#"{"text": "Thank you"}"#),
    ("helpful", r#"{"up": 3}"#),
    ("metadata", r#"{"shop": "Linz"}"#),
    ("answers", r#"[{"field_id": "recommend", "field_type": "nps", "value": 9}]"#),
];

/// How much of what was found is repeated in a message, in bytes.
const MAX_FOUND: usize = 120;

/// The error for something that does not begin like an object.
pub(super) fn not_an_object(json: &str) -> Invalid {
    match serde_json::from_str::<serde::de::IgnoredAny>(json) {
        Err(error) => syntax(&error),
        Ok(_) => Invalid::Fields(vec![FieldError::new(
            "",
            "one feedback is a JSON object, such as {\"kind\":\"review\",\"text\":\"…\"}",
        )]),
    }
}

/// Fields of one feedback that are named at once, and the size up to which more than the first is looked for: each costs
/// another parse.
const MOST: usize = 8;
const SMALL: usize = 64 << 10;

/// Why `json` does not parse as feedback. What is wrong is taken out, to see what else is.
pub(super) fn explain(json: &str) -> Invalid {
    let mut parser = serde_json::Deserializer::from_str(json);
    let error = match serde_path_to_error::deserialize::<_, Feedback>(&mut parser) {
        Err(error) => error,
        Ok(_) => {
            let error = parser.end().err();
            return error.map_or_else(|| Invalid::Fields(Vec::new()), |error| syntax(&error));
        }
    };
    let wrong = Wrong::new(&error);
    let error = error.into_inner();
    if error.classify() != Category::Data {
        let has_nul = json.as_bytes().contains(&0);
        return if has_nul && !wrong.path.is_empty() {
            Invalid::Fields(vec![nul::raw(wrong.path)])
        } else {
            syntax(&error)
        };
    }
    let mut errors = Vec::new();
    let mut rest = if json.len() > SMALL { Value::Null } else { serde_json::from_str(json).unwrap_or_default() };
    let mut next = Some(wrong);
    while let Some(wrong) = next.take() {
        // What is missing because it was taken out was wrong, and not missing; what it belongs to goes, too.
        let is_known = errors.iter().any(|known: &FieldError| known.field == wrong.error.field);
        let is_taken_out = if is_known { take_out(&wrong.names, &mut rest) } else { wrong.take_out(&mut rest) };
        if !is_known {
            errors.push(wrong.error);
        }
        if is_taken_out && errors.len() < MOST {
            next = serde_path_to_error::deserialize::<_, Feedback>(&rest).err().map(|error| Wrong::new(&error));
        }
    }
    Invalid::Fields(errors)
}

/// One field that is wrong.
struct Wrong {
    path: String,
    names: Vec<Segment>,
    error: FieldError,
}

impl Wrong {
    fn new(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let path = match error.path().to_string() {
            root if root == "." => String::new(),
            path => path,
        };
        let names = error.path().iter().cloned().collect();
        Self { error: field_error(path.clone(), &without_place(error.inner())), path, names }
    }

    /// Takes the field out of `feedback`; false where that is no field of an object, or not there.
    fn take_out(&self, feedback: &mut Value) -> bool {
        let mut names = self.names.clone();
        // A field that is not known may or may not have been followed.
        if self.error.field != self.path
            && let Some((_, name)) = self.error.field.rsplit_once('.').or(Some(("", &*self.error.field)))
        {
            names.push(Segment::Map { key: name.into() });
        }
        take_out(&names, feedback)
    }
}

fn take_out(path: &[Segment], feedback: &mut Value) -> bool {
    let Some((Segment::Map { key: last }, path)) = path.split_last() else { return false };
    let mut place = feedback;
    for name in path {
        let inner = match name {
            Segment::Map { key } => place.get_mut(key),
            Segment::Seq { index } => place.get_mut(index),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        let Some(inner) = inner else { return false };
        place = inner;
    }
    place.as_object_mut().is_some_and(|object| object.remove(last).is_some())
}

fn syntax(error: &serde_json::Error) -> Invalid {
    let message = match without_place(error) {
        // By its grammar it is JSON, and by no encoding text.
        message if message.contains("surrogate") || message == "unexpected end of hex escape" => {
            "half of a character stands there, such as \\ud83d without its other half; send both, or none".into()
        }
        message => message,
    };
    Invalid::Syntax { message, line: error.line(), column: error.column() }
}

/// serde_json ends its messages with ` at line L column C`.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}

fn field_error(path: String, message: &str) -> FieldError {
    let first = path.split(['.', '[']).next().unwrap_or_default();
    if SERVER_GIVEN.contains(&first) {
        return FieldError::new(first, SERVER_GIVEN_MESSAGE);
    }
    if let Some((name, allowed)) = unknown("unknown field `", message) {
        return FieldError::new(with_last(path, &name), unknown_field(&name, &allowed));
    }
    if let Some((word, allowed)) = unknown("unknown variant `", message) {
        let near = nearest(&word, &allowed).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        return FieldError::new(path, format!("`{}` is not one of {}{near}", shorten(&word), listed(&allowed)));
    }
    if let Some(name) = quoted("missing field `", message) {
        let allowed = if name == "kind" { "; one of `survey`, `review`, `csr_note`" } else { "" };
        return FieldError::new(with_last(path, &name), format!("is missing{allowed}"));
    }
    if let Some(name) = quoted("duplicate field `", message) {
        return FieldError::new(with_last(path, &name), "stands there twice; send it once");
    }
    if TIMES.contains(&&*path) {
        return FieldError::new(path, TIME_MESSAGE);
    }
    if path == "customer.since" {
        return FieldError::new(path, "is not a date such as 2020-01-31");
    }
    let form = FORMS.iter().find(|(field, _)| *field == path && !message.contains("null"));
    let told = type_error(message).map(|told| match form {
        Some((_, form)) => format!("{told}, such as {form}"),
        None => told,
    });
    FieldError::new(path, told.unwrap_or_else(|| shorten(message)))
}

/// The path to `name`, which serde_path_to_error may or may not have followed already.
fn with_last(path: String, name: &str) -> String {
    if path.is_empty() {
        return name.to_owned();
    }
    if path == name || path.strip_suffix(name).is_some_and(|parent| parent.ends_with('.')) {
        return path;
    }
    format!("{path}.{name}")
}

fn quoted(lead: &str, message: &str) -> Option<String> {
    let rest = message.strip_prefix(lead)?;
    Some(rest[..rest.rfind('`')?].to_owned())
}

/// The word that is unknown, and those that are known.
fn unknown(lead: &str, message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix(lead)?;
    let end = rest.rfind("`, expected ").or_else(|| rest.rfind("`, there are no "))?;
    let allowed = rest[end + 1..].split('`').skip(1).step_by(2).filter(|name| !SERVER_GIVEN.contains(name));
    Some((rest[..end].to_owned(), allowed.map(str::to_owned).collect()))
}

fn unknown_field(name: &str, allowed: &[String]) -> String {
    // As other programs call it.
    let known = likely(name).filter(|field| allowed.iter().any(|name| Some(&**name) == field.split('.').next()));
    let hint = match nearest(name, allowed).or(known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}.", listed(allowed)),
    };
    format!("is not a known field; {hint} Your own data goes into `metadata`")
}

/// The known word that is so near to `word` that it was probably meant.
pub(in crate::feedback) fn nearest<'a, S: AsRef<str>>(word: &str, known: &'a [S]) -> Option<&'a str> {
    // None is near to something so long, and to find that out takes long.
    if word.len() > MAX_FOUND {
        return None;
    }
    let word = word.to_lowercase();
    let scored = known.iter().map(|name| (strsim::jaro_winkler(&word, name.as_ref()), name.as_ref()));
    scored.filter(|(score, _)| *score >= 0.85).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Rewrites serde's `invalid type: string "x", expected f64`.
fn type_error(message: &str) -> Option<String> {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let expected = match expected {
        "f64" => "a number",
        "u32" => "a whole number from 0 to 4294967295",
        "a string" => "text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    let leave_out = if found == "null" { "; leave the field out where there is none" } else { "" };
    Some(format!("found {}, expected {expected}{leave_out}", found_in_words(found)))
}

fn found_in_words(found: &str) -> String {
    let inner = |lead: &str| found.strip_prefix(lead).map(|rest| shorten(rest.trim_matches('`')));
    match found {
        "map" => "an object".into(),
        "sequence" => "a list".into(),
        _ => inner("string ")
            .map(|text| format!("the text {text}"))
            .or_else(|| inner("integer ").map(|number| format!("the number {number}")))
            .or_else(|| inner("floating point ").map(|number| format!("the number {number}")))
            .or_else(|| inner("boolean "))
            .unwrap_or_else(|| shorten(found)),
    }
}

fn shorten(text: &str) -> String {
    cut(text, MAX_FOUND)
}
