//! What serde says of a value that does not fit, in the words of whoever wrote it.

use std::fmt;

use serde_path_to_error::Path;

use super::validate::{FieldError, cut};

/// How much of what was found is repeated in a message, in bytes.
const MAX_FOUND: usize = 120;

/// Why a value does not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Misfit {
    /// The object has no such field, but those.
    UnknownField(String, Vec<String>),
    /// The word is none of those.
    UnknownWord(String, Vec<String>),
    /// This field is missing.
    Missing(String),
    /// This field stands there twice.
    Doubled(String),
    /// It is of another type, or out of range: the whole message.
    Type(String),
    /// What only the reader of this one value can say.
    Other(String),
}

impl Misfit {
    /// Reads what serde says.
    pub(crate) fn of(message: &str) -> Self {
        if let Some((name, known)) = unknown("unknown field `", message) {
            return Self::UnknownField(name, known);
        }
        if let Some((word, known)) = unknown("unknown variant `", message) {
            return Self::UnknownWord(word, known);
        }
        if let Some(name) = quoted("missing field `", message) {
            return Self::Missing(name);
        }
        if let Some(name) = quoted("duplicate field `", message) {
            return Self::Doubled(name);
        }
        if message.starts_with("UUID parsing failed") {
            return Self::Type("is not an id, such as 0198c0de-0000-7000-8000-000000000001".into());
        }
        type_error(message).map_or_else(|| Self::Other(shorten(message)), Self::Type)
    }

    /// Without the known fields that are for others to give.
    pub(crate) fn without(mut self, is_for_others: impl Fn(&str) -> bool) -> Self {
        if let Self::UnknownField(_, known) = &mut self {
            known.retain(|name| !is_for_others(name));
        }
        self
    }

    /// The path of the field at fault, where the innermost value that could be followed to is at `path`.
    pub(crate) fn field(&self, path: &Path) -> String {
        let path = match path.to_string() {
            root if root == "." => String::new(),
            path => path,
        };
        match self {
            Self::UnknownField(name, _) | Self::Missing(name) | Self::Doubled(name) => with_last(path, name),
            _ => path,
        }
    }

    /// The error at fault, where the innermost value that could be followed to is at `path`.
    pub(crate) fn at(&self, path: &Path) -> FieldError {
        FieldError::new(self.field(path), self.to_string())
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField(name, known) => match nearest(name, known) {
                Some(near) => write!(f, "is not a known field; did you mean `{near}`?"),
                None if known.is_empty() => f.write_str("is not a known field; none is known here"),
                None => write!(f, "is not a known field; known here: {}", listed(known)),
            },
            Self::UnknownWord(word, known) => {
                write!(f, "`{}` is not one of {}", shorten(word), listed(known))?;
                nearest(word, known).map_or(Ok(()), |near| write!(f, "; did you mean `{near}`?"))
            }
            Self::Missing(_) => f.write_str("is missing"),
            Self::Doubled(_) => f.write_str("stands there twice; send it once"),
            Self::Type(message) | Self::Other(message) => f.write_str(message),
        }
    }
}

/// The known word that is so near to `word` that it was probably meant.
pub(crate) fn nearest<'a, S: AsRef<str>>(word: &str, known: &'a [S]) -> Option<&'a str> {
    // None is near to something so long, and to find that out takes long.
    if word.len() > MAX_FOUND {
        return None;
    }
    let word = word.to_lowercase();
    let scored = known.iter().map(|name| (strsim::jaro_winkler(&word, name.as_ref()), name.as_ref()));
    scored.filter(|(score, _)| *score >= 0.85).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// Names one after the other.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
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
    let known = rest[end + 1..].split('`').skip(1).step_by(2);
    Some((rest[..end].to_owned(), known.map(str::to_owned).collect()))
}

/// Rewrites serde's `invalid type: string "x", expected f64`.
fn type_error(message: &str) -> Option<String> {
    let rest = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "))?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let expected = match expected {
        "f32" | "f64" => "a number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0",
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read")]
        inner: Inner,
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        count: u8,
        word: Option<Word>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Alpha,
        Omega,
    }

    fn told(value: Value) -> (String, String) {
        let error = serde_path_to_error::deserialize::<_, Outer>(value).expect_err("does not fit");
        let FieldError { field, message } = Misfit::of(&error.inner().to_string()).at(error.path());
        (field, message)
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_field_and_without_words_of_the_program() {
        for (value, field, message) in [
            (json!({}), "inner", "is missing"),
            (json!({ "inner": {} }), "inner.count", "is missing"),
            (json!({ "inner": 5 }), "inner", "found the number 5, expected an object"),
            (json!({ "inner": { "cuont": 1 } }), "inner.cuont", "is not a known field; did you mean `count`?"),
            (json!({ "inner": { "x": 1 } }), "inner.x", "is not a known field; known here: `count`, `word`"),
            (
                json!({ "inner": { "count": 300 } }),
                "inner.count",
                "found the number 300, expected a whole number from 0 to 255",
            ),
            (
                json!({ "inner": { "count": "1" } }),
                "inner.count",
                "found the text \"1\", expected a whole number from 0 to 255",
            ),
            (
                json!({ "inner": { "count": 1, "word": "omga" } }),
                "inner.word",
                "`omga` is not one of `alpha`, `omega`; did you mean `omega`?",
            ),
        ] {
            assert_eq!(told(value), (field.to_owned(), message.to_owned()));
        }
    }
}
