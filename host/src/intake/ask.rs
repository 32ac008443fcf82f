//! What the head of a request asks for.

use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::api::Params;
use crate::api::idempotency::key_of;
use crate::api::problem::{Problem, ProblemType};
use crate::feedback::csv::Mapping;

/// Longest time to wait for an analysis.
const MAX_WAIT: Duration = Duration::from_secs(30);

const HOW_TO_SEND: &str = "Send -H 'content-type: application/json' for one object or an array, application/x-ndjson for one object a line (with curl: --data-binary), or text/csv for a table.";

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) format: Format,
    pub(super) encoding: Encoding,
    /// How long to wait for the analyses.
    pub(super) wait: Option<Duration>,
    pub(super) idempotency_key: Option<String>,
    query: String,
}

/// The form of the body.
#[derive(Debug)]
pub(super) enum Format {
    /// One JSON object or an array. `sniffed` where the content type does not say so: then the body has to look like it.
    Json { sniffed: bool },
    /// One JSON object a line.
    Ndjson,
    /// A table with a header row.
    Csv(Mapping),
}

/// How the body is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// Parameters that are for tables alone, beside `map` and `set`.
const OF_TABLES: [&str; 3] = ["kind", "dates", "delimiter"];

impl Ask {
    pub(super) fn read(head: &Parts) -> Result<Self, Problem> {
        let query = head.uri.query();
        let (essence, charset) = content_type(&head.headers)?;
        let format = match essence.as_deref() {
            Some("application/json") => Format::Json { sniffed: false },
            // What curl sends with -d and no header: "one curl works".
            None | Some("application/x-www-form-urlencoded") => Format::Json { sniffed: true },
            Some("application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines") => {
                Format::Ndjson
            }
            Some("text/csv") => {
                let params = Params::read(query, &OF_TABLES, &["map", "set"])?;
                let mapping = Mapping::parse(params.all("map"), params.get("kind"), params.get("dates"))
                    .and_then(|mapping| mapping.with_defaults(params.all("set")))
                    .and_then(|mapping| mapping.with_charset(charset.as_deref()))
                    .and_then(|mapping| mapping.with_delimiter(params.get("delimiter")));
                Format::Csv(mapping.map_err(|error| match &*error.field {
                    "charset" => unsupported(&format!("The charset {}.", error.message)),
                    field => Problem::parameter(field, error.message),
                })?)
            }
            Some(other) => return Err(unsupported(&format!("The content type `{other}` is not taken."))),
        };
        if !matches!(format, Format::Csv(_)) {
            check_charset(charset.as_deref())?;
            Params::read(query, &[], &[]).map_err(|problem| told_of_tables(query, problem))?;
        }
        Ok(Self {
            format,
            encoding: encoding(&head.headers)?,
            wait: wait(&head.headers),
            idempotency_key: key_of(&head.headers)?.map(str::to_owned),
            query: query.unwrap_or_default().to_owned(),
        })
    }

    /// What tells this request from another with the same body.
    pub(super) fn fingerprint(&self) -> String {
        let format = match self.format {
            Format::Json { .. } => "json",
            Format::Ndjson => "ndjson",
            Format::Csv(_) => "csv",
        };
        let charset = match &self.format {
            Format::Csv(mapping) => mapping.charset().map_or("", |charset| charset.name()),
            _ => "",
        };
        format!("{format}{charset}\n{}\n", self.query)
    }
}

/// Parameters that tables have are unknown to others for a reason of their own.
fn told_of_tables(query: Option<&str>, problem: Problem) -> Problem {
    match Params::read(query, &OF_TABLES, &["map", "set"]) {
        Ok(params) => {
            let is_there = |name: &&str| params.get(name).is_some() || params.all(name).next().is_some();
            let name = OF_TABLES.into_iter().chain(["set"]).find(is_there).unwrap_or("map");
            let message = "is for tables alone; send a table with the content type text/csv, and leave it out for JSON";
            Problem::parameter(name, message.to_owned())
        }
        Err(_) => problem,
    }
}

/// The answer for a body of a type that is not taken.
pub(super) fn unsupported(lead: &str) -> Problem {
    Problem::new(ProblemType::UnsupportedMediaType, format!("{lead} {HOW_TO_SEND}")).header(
        HeaderName::from_static("accept-post"),
        HeaderValue::from_static("application/json, application/x-ndjson, text/csv"),
    )
}

/// The content type in lower case, without parameters, and the charset that it names.
fn content_type(headers: &HeaderMap) -> Result<(Option<String>, Option<String>), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok((None, None)) };
    let text = value.to_str().map_err(|_| unsupported("The content type cannot be read."))?;
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_charset = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("charset");
    let charset = parts.filter_map(|parameter| parameter.split_once('=')).find(is_charset);
    let charset = charset.map(|(_, name)| name.trim_matches('"').to_ascii_lowercase());
    Ok(((!essence.is_empty()).then_some(essence), charset))
}

/// JSON is in UTF-8 (RFC 8259, section 8.1).
fn check_charset(charset: Option<&str>) -> Result<(), Problem> {
    match charset {
        None | Some("utf-8" | "utf8" | "us-ascii") => Ok(()),
        Some(other) => Err(unsupported(&format!("The character set `{other}` is not taken for JSON; send UTF-8."))),
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let (first, more) = (encodings.next(), encodings.next());
    let name = first.map_or(Ok(""), |value| value.to_str()).unwrap_or("?").trim().to_ascii_lowercase();
    match (&*name, more) {
        ("" | "identity", None) => Ok(Encoding::Identity),
        ("gzip" | "x-gzip", None) => Ok(Encoding::Gzip),
        ("zstd", None) => Ok(Encoding::Zstd),
        _ => {
            let detail = format!("The content encoding `{name}` is not taken; send gzip, zstd, or no encoding.");
            // RFC 9110, section 12.5.3: the answer says what would have been taken.
            Err(Problem::new(ProblemType::UnsupportedMediaType, detail)
                .header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd")))
        }
    }
}

/// `Prefer: wait=N` (RFC 7240); a preference that cannot be read is none.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let preference = values.flat_map(|value| value.split([',', ';'])).find_map(|part| {
        let (name, seconds) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| seconds.trim().trim_matches('"').parse().ok())?
    });
    preference.filter(|seconds| *seconds > 0).map(|seconds| Duration::from_secs(seconds).min(MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(headers: &[(&str, &str)], uri: &str) -> Result<Ask, Problem> {
        let request =
            headers.iter().fold(http::Request::post(uri), |request, (name, value)| request.header(*name, *value));
        Ask::read(&request.body(()).expect("is a request").into_parts().0)
    }

    #[test]
    fn a_wait_is_read_among_other_preferences_and_capped() {
        let wait = |prefer| asks(&[("prefer", prefer)], "/").expect("is read").wait;
        assert_eq!(wait("respond-async, Wait=10"), Some(Duration::from_secs(10)));
        assert_eq!(wait("wait=3600"), Some(MAX_WAIT));
        assert_eq!(wait("wait=0"), None);
        assert_eq!(wait("wait=soon"), None);
        assert_eq!(wait("return=minimal"), None);
    }

    #[test]
    fn a_content_type_may_have_parameters_and_a_table_another_charset() {
        assert!(matches!(
            asks(&[("content-type", "Application/JSON; charset=UTF-8")], "/").expect("is read").format,
            Format::Json { sniffed: false }
        ));
        let charset = |name| asks(&[("content-type", name)], "/");
        assert!(charset("text/csv; header=present; Charset=\"ISO-8859-1\"").is_ok());
        for refused in ["text/csv; charset=klingon", "application/json; charset=iso-8859-1"] {
            let problem = charset(refused).expect_err("is refused");
            assert_eq!(problem.kind, ProblemType::UnsupportedMediaType, "{refused}");
        }
        let told = |name| charset(name).expect("is read").fingerprint();
        assert_ne!(told("text/csv; charset=iso-8859-1"), told("text/csv"), "the same bytes say something else");
    }

    #[test]
    fn a_mapping_is_for_tables_alone() {
        let problem = asks(&[("content-type", "application/json")], "/?map=a:text").expect_err("is refused");
        assert_eq!(problem.kind, ProblemType::InvalidRequest);
        asks(&[("content-type", "text/csv")], "/?map=a:text&map=b:title&kind=review").expect("is read");
    }

    #[test]
    fn two_encodings_on_top_of_each_other_are_refused() {
        assert!(asks(&[("content-encoding", "gzip, zstd")], "/").is_err());
        assert!(asks(&[("content-encoding", "gzip"), ("content-encoding", "gzip")], "/").is_err());
        assert!(asks(&[("content-encoding", "br")], "/").is_err());
    }
}
