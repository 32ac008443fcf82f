//! Answers out of a golden case, so that it comes out alike wherever and whenever it runs.
//!
//! `answers.json` beside `input.json` is a list: each with the request that it answers, and the response or the error.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Exchanged,
    wit::http::{Error, Header, Method, Request, Response},
};

/// The file in the folder of a case.
const FILE: &str = "answers.json";

/// The answers of golden cases.
#[derive(Debug, Default)]
pub(in crate::plugins) struct Answers(Vec<Entry>);

#[derive(Debug, Deserialize)]
#[serde(try_from = "Written")]
struct Entry {
    request: Asked,
    outcome: Outcome,
}

/// An entry as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    request: Asked,
    response: Option<Told>,
    error: Option<Failure>,
}

impl TryFrom<Written> for Entry {
    type Error = &'static str;

    fn try_from(Written { request, response, error }: Written) -> Result<Self, Self::Error> {
        let outcome = match (response, error) {
            (Some(response), None) => Outcome::Response(response),
            (None, Some(error)) => Outcome::Error(error),
            _ => return Err("an answer has a `request`, and one of `response` and `error`"),
        };
        Ok(Self { request, outcome })
    }
}

/// What has to be alike.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default = "Asked::default_method")]
    method: String,
    url: String,
    /// Text, or a JSON value; any body where it is absent.
    body: Option<Value>,
}

#[derive(Debug)]
enum Outcome {
    Response(Told),
    Error(Failure),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default = "Told::default_status")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Text, or a JSON value.
    #[serde(default)]
    body: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Failure {
    Denied(String),
    Invalid(String),
    Timeout(String),
    Connection(String),
    TooLarge(String),
    Other(String),
}

impl Answers {
    /// Reads the answers of cases, by their folders; a case without the file has none.
    ///
    /// # Errors
    /// What in a file is at fault.
    pub(in crate::plugins) fn of_cases<'a>(cases: impl IntoIterator<Item = &'a Path>) -> Result<Self, String> {
        let all = cases.into_iter().map(Self::of_case).collect::<Result<Vec<_>, _>>()?;
        Ok(Self(all.into_iter().flat_map(|answers| answers.0).collect()))
    }

    fn of_case(case: &Path) -> Result<Self, String> {
        let path = case.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(format!("{FILE}: {error}")),
        };
        serde_json::from_slice(&text).map(Self).map_err(|error| format!("{FILE}: {error}"))
    }

    /// The answer to a request: that of the first entry that fits.
    pub(super) fn answer(&self, request: &Request) -> Exchanged {
        match self.0.iter().find(|entry| entry.request.fits(request)) {
            Some(entry) => entry.outcome.exchanged(),
            None => Err(Error::Other(format!(
                "the golden case has no answer to {} {}; put one into {FILE} beside its input.json",
                verb(&request.method),
                request.url
            ))),
        }
    }
}

impl Asked {
    fn default_method() -> String {
        "GET".into()
    }

    fn fits(&self, request: &Request) -> bool {
        let own = request.body.as_deref().unwrap_or_default();
        let is_body = |wanted: &Value| match wanted {
            Value::String(text) => text.as_bytes() == own,
            other => serde_json::from_slice::<Value>(own).is_ok_and(|own| own == *other),
        };
        self.method == verb(&request.method) && self.url == request.url && self.body.as_ref().is_none_or(is_body)
    }
}

impl Told {
    const fn default_status() -> u16 {
        200
    }
}

impl Outcome {
    fn exchanged(&self) -> Exchanged {
        match self {
            Self::Response(told) => Ok(Response {
                status: told.status,
                headers: told.headers.iter().map(|(name, value)| header(name, value)).collect(),
                body: match &told.body {
                    Value::Null => Vec::new(),
                    Value::String(text) => text.clone().into_bytes(),
                    other => other.to_string().into_bytes(),
                },
            }),
            Self::Error(failure) => Err(match failure.clone() {
                Failure::Denied(why) => Error::Denied(why),
                Failure::Invalid(why) => Error::Invalid(why),
                Failure::Timeout(why) => Error::Timeout(why),
                Failure::Connection(why) => Error::Connection(why),
                Failure::TooLarge(why) => Error::TooLarge(why),
                Failure::Other(why) => Error::Other(why),
            }),
        }
    }
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.to_ascii_lowercase(), value: value.into() }
}

fn verb(method: &Method) -> &str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
        Method::Other(other) => other,
    }
}
