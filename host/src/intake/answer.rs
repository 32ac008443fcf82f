//! The answers: 202 with ids, 200 with analyses, 422 where nothing was accepted.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::outcome::{Accepted, Cursor, Outcome};
use super::wait::{Awaited, Parked};
use crate::api::problem::{Problem, ProblemType};

/// Items from which on an answer is written piece by piece.
const STREAMED: usize = 1_000;
/// Size of a piece, in bytes.
const PIECE: usize = 64 << 10;

static PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// 202 with the ids; 422 where there is none.
pub(super) fn accepted(outcome: Outcome, parked: Parked) -> Result<Response, Problem> {
    if outcome.accepted() == 0 {
        return Err(all_rejected(&outcome));
    }
    if outcome.single
        && let Some(item) = outcome.accepted_items().next()
    {
        let mut body = String::with_capacity(160);
        write_members(&mut body, &item, &parked, true);
        return Ok(located(respond(StatusCode::ACCEPTED, Body::from(body)), &item));
    }
    let is_small = outcome.len() < STREAMED;
    let pieces = Pieces { outcome, parked, cursor: Cursor::default(), rejected: 0, part: Part::Begin };
    let body = if is_small {
        Body::from(pieces.flatten().collect::<Vec<u8>>())
    } else {
        Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>)))
    };
    Ok(respond(StatusCode::ACCEPTED, body))
}

/// The answer to a batch, piece by piece: the whole of it may be far larger than the outcome.
struct Pieces {
    outcome: Outcome,
    parked: Parked,
    cursor: Cursor,
    /// How many refusals are written.
    rejected: usize,
    part: Part,
}

/// What is written next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Begin,
    Accepted,
    Rejected,
    End,
}

impl Iterator for Pieces {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut piece = String::with_capacity(PIECE + PIECE / 8);
        while piece.len() < PIECE && self.part != Part::End {
            self.step(&mut piece);
        }
        (!piece.is_empty()).then(|| piece.into())
    }
}

impl Pieces {
    fn step(&mut self, json: &mut String) {
        match self.part {
            Part::Begin => {
                json.push_str("{\"accepted\":[");
                if let Some(item) = self.cursor.next(&self.outcome) {
                    write_members(json, &item, &self.parked, false);
                }
                self.part = Part::Accepted;
            }
            Part::Accepted => match self.cursor.next(&self.outcome) {
                Some(item) => {
                    json.push(',');
                    write_members(json, &item, &self.parked, false);
                }
                None => {
                    json.push_str("],\"rejected\":[");
                    self.part = Part::Rejected;
                }
            },
            Part::Rejected => match self.outcome.rejected().get(self.rejected) {
                Some((index, problem)) => {
                    let comma = if self.rejected > 0 { "," } else { "" };
                    write!(json, "{comma}{{\"index\":{index},\"problem\":{problem}}}")
                        .expect("writing to a String does not fail");
                    self.rejected += 1;
                }
                None => {
                    let total = self.outcome.rejected_total();
                    json.push(']');
                    if self.rejected as u64 != total {
                        write!(json, ",\"rejected_total\":{total}").expect("writing to a String does not fail");
                    }
                    json.push('}');
                    self.part = Part::End;
                }
            },
            Part::End => {}
        }
    }
}

/// 200 with the analyses, one element an item of the request.
pub(super) fn analysed(outcome: &Outcome, awaited: &[Awaited], time: Duration) -> Result<Response, Problem> {
    if outcome.accepted() == 0 {
        return Err(all_rejected(outcome));
    }
    let mut rejected = outcome.rejected().iter().peekable();
    let mut items = outcome.accepted_items().zip(awaited).peekable();
    let mut results = Vec::with_capacity(outcome.len());
    for index in (0..).take(outcome.len()) {
        if let Some((_, problem)) = rejected.next_if(|(position, _)| *position == index) {
            let problem: Box<RawValue> = read_back(problem)?;
            results.push(json!({"index": index, "problem": problem}));
        } else if let Some((item, awaited)) = items.next_if(|(item, _)| item.index == index) {
            results.push(result(&item, awaited)?);
        } else {
            // Why is not kept as long as the answer: a repeated request may come later, or after an erasure.
            results.push(json!({"index": index, "status": "rejected"}));
        }
    }
    let is_single = outcome.single && results.len() == 1;
    let body = if is_single { results.remove(0) } else { json!({ "results": results }) };
    let mut response = respond(StatusCode::OK, Body::from(body.to_string()));
    if let (true, Some(item)) = (is_single, outcome.accepted_items().next()) {
        response = located(response, &item);
    }
    if let Ok(applied) = HeaderValue::from_str(&format!("wait={}", time.as_secs())) {
        response.headers_mut().insert(PREFERENCE_APPLIED.clone(), applied);
    }
    Ok(response)
}

fn result(item: &Accepted, awaited: &Awaited) -> Result<Value, Problem> {
    let mut result = json!({"id": item.id, "revision": item.revision});
    if item.repeated {
        result["duplicate"] = true.into();
    }
    match awaited {
        Awaited::Analysed(analysis) => {
            let analysis = serde_json::to_value(analysis);
            result["analysis"] =
                analysis.map_err(|error| Problem::internal(format!("an analysis cannot be written: {error}")))?;
        }
        Awaited::Parked(reason) => {
            result["status"] = "parked".into();
            result["reason"] = reason.as_str().into();
        }
        Awaited::Erased => result["status"] = "erased".into(),
    }
    Ok(result)
}

fn respond(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn located(mut response: Response, item: &Accepted) -> Response {
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/feedback/{}", item.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Writes `{"index":…,"id":…,…}`; a single item has its revision always and its index never.
fn write_members(json: &mut String, item: &Accepted, parked: &Parked, single: bool) {
    json.push('{');
    let written = if single {
        write!(json, "\"id\":\"{}\",\"revision\":{}", item.id, item.revision)
    } else {
        write!(json, "\"index\":{},\"id\":\"{}\"", item.index, item.id)
    };
    written.expect("writing to a String does not fail");
    if !single && item.revision != 1 {
        write!(json, ",\"revision\":{}", item.revision).expect("writing to a String does not fail");
    }
    if item.repeated {
        json.push_str(",\"duplicate\":true");
    }
    if let Some(reason) = parked.get(&item.index) {
        let reason = Value::from(reason.as_str());
        write!(json, ",\"status\":\"parked\",\"reason\":{reason}").expect("writing to a String does not fail");
    }
    json.push('}');
}

fn all_rejected(outcome: &Outcome) -> Problem {
    let total = outcome.rejected_total();
    let detail = format!("None of the {total} items is valid; `rejected` says what to fix in each.");
    let explained = outcome.rejected().iter();
    let items: Vec<Value> = explained
        .filter_map(|(index, problem)| {
            Some(json!({"index": index, "problem": serde_json::from_str::<Value>(problem).ok()?}))
        })
        .collect();
    let problem = Problem::new(ProblemType::InvalidFeedback, detail)
        .with("accepted", Vec::<Value>::new())
        .with("rejected", items);
    if outcome.rejected().len() as u64 == total { problem } else { problem.with("rejected_total", total) }
}

fn read_back(problem: &str) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(problem.to_owned())
        .map_err(|error| Problem::internal(format!("a kept problem cannot be read: {error}")))
}
