//! Turns the bytes of one JSON object from outside into a [`Feedback`], or says what to fix.
//!
//! Two passes: [`shape`] explains why the bytes are no feedback at all (syntax, types, unknown names), and [`rules`]
//! collects everything that is wrong with the meaning (scales, kinds, lengths). The good case parses once. Between them
//! [`compose`] gives words one form.

mod compose;
mod nul;
mod rules;
mod shape;

pub(crate) use compose::compose_value;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Feedback, FieldType, Kind};
use crate::config;

/// What is taken at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest single feedback, in bytes of JSON.
    pub item_bytes: usize,
    /// Largest `text`, in bytes.
    pub text_bytes: usize,
}

impl From<&config::Server> for Limits {
    fn from(server: &config::Server) -> Self {
        Self { item_bytes: server.max_item_bytes, text_bytes: server.max_text_bytes }
    }
}

/// One field that has to be fixed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// Its path, for example `rating.value` or `answers[3].scale`; empty for the whole.
    pub field: String,
    /// What is wrong, and what is allowed.
    pub message: String,
}

/// Longest path of a field that is repeated, in bytes: names may be as long as what was sent, and errors as many.
const MAX_FIELD: usize = 120;
/// Longest message, in bytes.
const MAX_MESSAGE: usize = 1024;

impl FieldError {
    /// An error of the field at `field`. What is longer than anybody reads is cut.
    pub fn new(field: impl AsRef<str>, message: impl AsRef<str>) -> Self {
        Self { field: cut(field.as_ref(), MAX_FIELD), message: cut(message.as_ref(), MAX_MESSAGE) }
    }
}

/// At most `most` bytes of `text`, and a sign that there was more.
pub(in crate::feedback) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most)])
}

/// Why bytes are not taken as feedback.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Invalid {
    /// More bytes than one feedback may have.
    #[error("one feedback may have at most {max} bytes of JSON (server.max_item_bytes); this one has more")]
    TooLarge {
        /// The limit, in bytes.
        max: usize,
    },
    /// Not UTF-8.
    #[error("byte {position} is not valid UTF-8; send JSON encoded as UTF-8")]
    Encoding {
        /// The first byte that is wrong, counted from 0.
        position: usize,
    },
    /// Not JSON.
    #[error("this is not JSON: {message} at line {line} column {column}")]
    Syntax {
        /// What the parser stumbled over.
        message: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// JSON, but not feedback.
    #[error("{}", summary(.0))]
    Fields(Vec<FieldError>),
}

fn summary(errors: &[FieldError]) -> String {
    match errors {
        [] => "the feedback is not valid".into(),
        [only] if only.field.is_empty() => only.message.clone(),
        [only] => format!("`{}`: {}", only.field, only.message),
        [first, ..] => {
            format!("{} fields have to be fixed, the first is `{}`: {}", errors.len(), first.field, first.message)
        }
    }
}

/// Reads one feedback. The fields that the server gives are left at their defaults.
///
/// # Errors
/// [`Invalid`]: all fields that break a rule, or the first place where the bytes are no feedback at all.
pub fn validate(bytes: &[u8], limits: &Limits) -> Result<Feedback, Invalid> {
    if bytes.len() > limits.item_bytes {
        return Err(Invalid::TooLarge { max: limits.item_bytes });
    }
    let json = std::str::from_utf8(bytes).map_err(|error| Invalid::Encoding { position: error.valid_up_to() })?;
    if !json.trim_start().starts_with('{') {
        return Err(shape::not_an_object(json));
    }
    let mut feedback: Feedback = serde_json::from_str(json).map_err(|_| shape::explain(json))?;
    // A raw NUL is a syntax error already; only the escape comes so far.
    if json.contains("\\u0000") {
        let errors = nul::find(json);
        if !errors.is_empty() {
            return Err(Invalid::Fields(errors));
        }
    }
    compose::compose(&mut feedback);
    let errors = rules::check(&feedback, limits);
    if !errors.is_empty() {
        return Err(Invalid::Fields(errors));
    }
    if feedback.kind == Kind::Survey && feedback.text.trim().is_empty() {
        feedback.text = open_answers(&feedback.answers).collect::<Vec<_>>().join("\n");
    }
    Ok(feedback)
}

/// The open answers that hold words.
fn open_answers(answers: &[Answer]) -> impl Iterator<Item = &str> {
    let texts = answers.iter().filter(|answer| answer.field_type == FieldType::Text);
    texts.filter_map(|answer| answer.value.as_str()).map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
