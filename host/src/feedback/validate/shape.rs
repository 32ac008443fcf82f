//! Says in plain words why bytes are no feedback: the second, slow parse, which follows the path to the error.

use serde_json::{Value, error::Category};
use serde_path_to_error::Segment;

use super::{FieldError, Invalid, nul};
use crate::feedback::Feedback;
use crate::feedback::csv::likely;
use crate::feedback::misfit::{Misfit, listed, nearest};

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
        Self { error: field_error(error.path(), &without_place(error.inner())), path, names }
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
        message if message == "expected ident" => {
            "a word stands there that is none of true, false and null; a text needs quotation marks".into()
        }
        message => match message.strip_prefix("EOF while parsing ") {
            Some(what) => format!("it ends too early, within {what}"),
            None => message,
        },
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

fn field_error(path: &serde_path_to_error::Path, message: &str) -> FieldError {
    let misfit = Misfit::of(message).without(|name| SERVER_GIVEN.contains(&name));
    let field = misfit.field(path);
    let first = field.split(['.', '[']).next().unwrap_or_default();
    if SERVER_GIVEN.contains(&first) {
        return FieldError::new(first, SERVER_GIVEN_MESSAGE);
    }
    let told = match &misfit {
        Misfit::UnknownField(name, known) => unknown_field(name, known),
        Misfit::Missing(name) if name == "kind" => format!("{misfit}; one of `survey`, `review`, `csr_note`"),
        Misfit::Type(_) | Misfit::Other(_) if TIMES.contains(&&*field) => TIME_MESSAGE.into(),
        Misfit::Type(_) | Misfit::Other(_) if field == "customer.since" => "is not a date such as 2020-01-31".into(),
        Misfit::Type(told) => match FORMS.iter().find(|(of, _)| *of == field && !message.contains("null")) {
            Some((_, form)) => format!("{told}, such as {form}"),
            None => told.clone(),
        },
        _ => misfit.to_string(),
    };
    FieldError::new(field, told)
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
