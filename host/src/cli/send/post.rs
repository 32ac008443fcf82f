//! One request, tried again where the server asks for it or cannot be reached.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use reqwest::{Client, Response, StatusCode, header};
use serde::Deserialize;

use super::super::printable::printable;
use crate::http_client;

/// How often a request is tried where the server cannot be reached or fails.
const MAX_FAILURES: u32 = 8;
/// The same before it ever answered: some 8 s, since it is rather the address that is wrong than the server that restarts.
const MAX_FAILURES_AT_FIRST: u32 = 4;
/// How often it is tried where the server asks to come back later.
const MAX_LATER: u32 = 120;
/// Longest pause between two tries.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// How long one try may take.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Posts chunks.
pub(super) struct Poster {
    client: Client,
    url: String,
    key: Option<String>,
    has_answered: AtomicBool,
}

/// What became of the items of a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) accepted: u64,
    /// Of the accepted ones, those that were known.
    pub(super) repeated: u64,
    /// Position in the request, and why.
    pub(super) rejected: Vec<(usize, String)>,
    pub(super) rejected_total: u64,
}

/// The answer of the server: to a batch, or a problem.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    accepted: Option<Vec<Accepted>>,
    rejected: Option<Vec<Rejected>>,
    rejected_total: Option<u64>,
    detail: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Accepted {
    #[serde(default)]
    duplicate: bool,
}

#[derive(Debug, Deserialize)]
struct Rejected {
    index: usize,
    problem: Problem,
}

#[derive(Debug, Deserialize)]
struct Problem {
    detail: String,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Debug, Deserialize)]
struct FieldError {
    field: String,
    message: String,
}

/// What to do after one try.
enum Next {
    Done(Answer),
    /// Wait, for this long where the server says so.
    Later(String, Option<Duration>),
    Failed(String),
}

impl Poster {
    /// Posts to the sayso at `url`.
    pub(super) fn new(url: &str, key: Option<&str>) -> anyhow::Result<Self> {
        let base = url.trim_end_matches('/');
        let url = format!("{}/v1/feedback", base.strip_suffix("/v1/feedback").unwrap_or(base));
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        anyhow::ensure!(is_http, "--url `{base}` begins neither with http:// nor https://");
        url::Url::parse(&url).with_context(|| format!("--url `{url}` is not a URL"))?;
        Ok(Self { client: http_client::new()?, url, key: key.map(str::to_owned), has_answered: AtomicBool::new(false) })
    }

    /// Posts NDJSON; `say` tells the user why it takes longer.
    pub(super) async fn post(
        &self,
        body: Vec<u8>,
        idempotency_key: &str,
        say: impl Fn(&str),
    ) -> anyhow::Result<Answer> {
        let body = Bytes::from(body);
        let (mut failures, mut later) = (0, 0);
        loop {
            let (why, pause) = match self.try_once(body.clone(), idempotency_key).await? {
                Next::Done(answer) => return Ok(answer),
                Next::Later(why, pause) if later < MAX_LATER => {
                    later += 1;
                    (why, pause)
                }
                Next::Failed(why) if failures < self.most_failures() => {
                    failures += 1;
                    (why, None)
                }
                Next::Later(why, _) | Next::Failed(why) => {
                    let tries = failures + later + 1;
                    bail!("{why}; given up after {tries} tries")
                }
            };
            let pause = pause.unwrap_or_else(|| Duration::from_millis(250 << failures.min(8))).min(MAX_PAUSE);
            say(&format!("{why}; trying again in {} s", pause.as_secs_f64()));
            tokio::time::sleep(pause).await;
        }
    }

    fn most_failures(&self) -> u32 {
        if self.has_answered.load(Ordering::Relaxed) { MAX_FAILURES } else { MAX_FAILURES_AT_FIRST }
    }

    async fn try_once(&self, body: Bytes, idempotency_key: &str) -> anyhow::Result<Next> {
        let mut request = self
            .client
            .post(&self.url)
            .timeout(TIME_LIMIT)
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .header("idempotency-key", idempotency_key)
            .body(body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        match request.send().await {
            Ok(response) => {
                self.has_answered.store(true, Ordering::Relaxed);
                self.read(response).await
            }
            Err(error) if error.is_builder() => Err(error.into()),
            Err(error) => Ok(Next::Failed(unreachable(&self.url, &error))),
        }
    }

    async fn read(&self, response: Response) -> anyhow::Result<Next> {
        let status = response.status();
        let pause = retry_after(&response);
        let is_replayed = response.headers().contains_key("idempotency-replayed");
        let bytes = match response.bytes().await {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Next::Failed(format!("the answer broke off: {}", causes(&error)))),
        };
        let body: Body = serde_json::from_slice(&bytes).unwrap_or_default();
        let why = || body.detail.clone().unwrap_or_else(|| format!("{} answered {status}", self.url));
        match (status, &body.accepted, &body.rejected) {
            (StatusCode::ACCEPTED | StatusCode::OK | StatusCode::UNPROCESSABLE_ENTITY, Some(_), Some(_)) => {
                Ok(Next::Done(answer(body, is_replayed)))
            }
            (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::CONFLICT, ..) => {
                Ok(Next::Later(why(), pause))
            }
            (StatusCode::REQUEST_TIMEOUT, ..) => Ok(Next::Failed(why())),
            (status, ..) if status.is_server_error() => Ok(Next::Failed(why())),
            (StatusCode::UNAUTHORIZED, ..) => bail!("{} answered {status}: {}", self.url, with_key(self.key.is_some())),
            (status, ..) => bail!("{} answered {status}: {}", self.url, why()),
        }
    }
}

/// A request that was answered before brought nothing new, whatever was said of its items then.
fn answer(body: Body, is_replayed: bool) -> Answer {
    let accepted = body.accepted.unwrap_or_default();
    let rejected: Vec<_> = body
        .rejected
        .unwrap_or_default()
        .into_iter()
        .map(|rejected| (rejected.index, reason(rejected.problem)))
        .collect();
    Answer {
        accepted: accepted.len() as u64,
        repeated: accepted.iter().filter(|item| item.duplicate || is_replayed).count() as u64,
        rejected_total: body.rejected_total.unwrap_or(rejected.len() as u64),
        rejected,
    }
}

/// Every field that has to be fixed; what is wrong with the whole where it is no field.
fn reason(problem: Problem) -> String {
    if problem.errors.len() < 2 {
        return printable(&without_line(&problem.detail));
    }
    let errors: Vec<_> = problem.errors.iter().map(|error| format!("`{}`: {}", error.field, error.message)).collect();
    printable(&errors.join("; "))
}

/// The line of the request, which is said with the column, is not that of the file.
fn without_line(detail: &str) -> Cow<'_, str> {
    let at = detail.rsplit_once(" at line ").and_then(|(before, at)| Some((before, at.split_once(" column ")?)));
    match at {
        Some((before, (line, column))) if line.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{before} at column {column}").into()
        }
        _ => detail.into(),
    }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// That a server cannot be reached, and why.
pub(in crate::cli) fn unreachable(url: &str, error: &reqwest::Error) -> String {
    let hint = if error.is_connect() { "; does `sayso serve` run there?" } else { "" };
    format!("{url} cannot be reached: {}{hint}", causes(error))
}

/// What to do where a key is wanted.
pub(in crate::cli) const fn with_key(is_given: bool) -> &'static str {
    if is_given {
        "the key is not known there; `sayso key new` makes one, for its configuration"
    } else {
        "it wants a key: give it with --key, or in SAYSO_KEY"
    }
}

/// The error with what caused it: reqwest's own message does not say why.
pub(in crate::cli) fn causes(error: &reqwest::Error) -> String {
    let first: Option<&dyn std::error::Error> = Some(error);
    let chain = std::iter::successors(first, |error| error.source()).skip(1).map(ToString::to_string);
    chain.last().unwrap_or_else(|| error.to_string())
}
