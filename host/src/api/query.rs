//! Query parameters, of which none is ignored: one that is not known is an error that names those that are.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{IntoDeserializer, value::Error as WordError};

use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{Object, ObjectBuilder, Required, Type};

use super::problem::{Problem, ProblemType};
use crate::feedback::{Language, misfit::Misfit, validate::FieldError};
use crate::records::{Filter, parse_time};

/// Rows of a page, where the client does not say.
const DEFAULT_LIMIT: usize = 50;
/// Most rows of a page.
const MAX_LIMIT: usize = 500;

/// Most words of a search.
const MAX_WORDS: usize = 64;
/// Longest search, in characters.
const MAX_QUERY: usize = 500;

/// The parameters of a [`Filter`].
pub(super) const FILTER: [&str; 10] =
    ["q", "kind", "tag", "intent", "route", "label", "language", "customer", "since", "until"];

/// Those of them for which a script with an empty variable would get everybody's.
const NEVER_EMPTY: [&str; 8] = ["tag", "intent", "route", "label", "language", "customer", "webhook", "event"];

/// The query of one request.
#[derive(Debug, Default)]
pub struct Params<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// `limit` and `after`, as the API's description names them.
pub(super) struct Paging;

impl IntoParams for Paging {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = Object::builder()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(MAX_LIMIT))
            .default(Some(DEFAULT_LIMIT.into()));
        let after = Object::builder().schema_type(Type::String);
        let parameter = |name: &str, description: &str, schema: ObjectBuilder| {
            Parameter::builder()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(description))
                .schema(Some(schema))
                .build()
        };
        vec![
            parameter("limit", "Most rows of the page.", limit),
            parameter("after", "`next` of the page before; if absent, the first page.", after),
        ]
    }
}

impl<'a> Params<'a> {
    /// Reads a query; `several` may be repeated, `once` may not, other names are errors.
    ///
    /// # Errors
    /// A problem with every name that is not known or stands there twice.
    pub fn read(query: Option<&'a str>, once: &[&str], several: &[&str]) -> Result<Self, Problem> {
        let pairs: Vec<(Cow<'a, str>, Cow<'a, str>)> =
            url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        let mut errors = Vec::new();
        for (index, (name, value)) in pairs.iter().enumerate() {
            if several.contains(&&**name) {
                continue;
            }
            if !once.contains(&&**name) {
                let known = [once, several].concat();
                let allowed =
                    if known.is_empty() { "none is".to_owned() } else { format!("known are {}", known.join(", ")) };
                errors.push(FieldError::new(&**name, format!("is not a known parameter here; {allowed}")));
            } else if value.is_empty() && NEVER_EMPTY.contains(&&**name) {
                errors.push(FieldError::new(&**name, "is empty; give a value, or leave it out to have all"));
            } else if pairs[..index].iter().any(|(other, _)| other == name) {
                errors.push(FieldError::new(&**name, "stands there twice"));
            }
        }
        if let Some(first) = errors.first() {
            let detail = format!("`{}`: {}", first.field, first.message);
            return Err(Problem::new(ProblemType::InvalidRequest, detail).with_errors(errors));
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// Every value of a parameter that may be repeated.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.pairs.iter().filter(move |(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// A parameter that is one of the words of `T`.
    ///
    /// # Errors
    /// Another word; the problem names those that are allowed.
    pub fn word<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let read = |text: &str| T::deserialize(IntoDeserializer::<WordError>::into_deserializer(text));
        self.get(name)
            .map(read)
            .transpose()
            .map_err(|error| Problem::parameter(name, Misfit::of(&error.to_string()).to_string()))
    }

    /// A parameter that reads as `T`.
    ///
    /// # Errors
    /// Anything else; the problem says that it is not `what`.
    pub fn parse<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, Problem> {
        let read = |text: &str| text.parse().map_err(|_| Problem::parameter(name, format!("`{text}` is not {what}")));
        self.get(name).map(read).transpose()
    }

    /// How many rows the client wants at once, 1 to 500.
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        match self.parse("limit", "a number from 1 to 500")? {
            None => Ok(DEFAULT_LIMIT),
            Some(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
            Some(limit) => Err(Problem::parameter("limit", format!("{limit} is not a number from 1 to {MAX_LIMIT}"))),
        }
    }

    /// The parameters of a [`Filter`].
    pub(super) fn filter(&self) -> Result<Filter, Problem> {
        let text = |name| self.get(name).map(str::to_owned);
        Ok(Filter {
            q: self.get("q").map(words).transpose()?,
            kind: self.word("kind")?,
            tag: text("tag"),
            intent: text("intent"),
            route: text("route"),
            label: text("label"),
            language: self.get("language").map(Language::code_of),
            customer: text("customer"),
            since: self.time("since")?,
            until: self.time("until")?,
        })
    }

    /// A time stamp, or a date, which stands for its first moment in UTC.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        self.get(name).map(|text| time(name, text)).transpose()
    }
}

/// What is searched for: each word is looked up in every text that has the others.
fn words(q: &str) -> Result<String, Problem> {
    let words = q.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count();
    if words > MAX_WORDS || q.chars().count() > MAX_QUERY {
        let message = format!("is too long; at most {MAX_WORDS} words and {MAX_QUERY} characters are searched for");
        return Err(Problem::parameter("q", message));
    }
    Ok(q.to_owned())
}

/// A time stamp, or a date, which stands for its first moment in UTC; the value of the parameter of this name.
pub(super) fn time(name: &str, text: &str) -> Result<Timestamp, Problem> {
    let bad =
        || format!("`{text}` is neither an RFC 3339 time with its offset, such as 2026-05-01T08:00:00Z, nor a date");
    let time = parse_time(text).or_else(|| {
        // In a query a plus sign stands for a space; one in front of the offset of a time can have been nothing else.
        let (time, offset) = text.rsplit_once(' ').filter(|(time, _)| time.contains(['T', 't']))?;
        parse_time(&format!("{time}+{offset}"))
    });
    time.ok_or_else(|| Problem::parameter(name, bad()))
}
