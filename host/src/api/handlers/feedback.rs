//! `GET /v1/feedback` and `GET /v1/feedback/{id}`.

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};
use serde::Serialize;

use super::super::State;
use super::super::problem::{Problem, ProblemType};
use super::super::query::{FILTER, Params};
use crate::feedback::{Analysis, Feedback, FeedbackId};
use crate::queue::{Lane, Whereabouts};
use crate::records::{Delivery, Record};

/// One feedback, wherever it is.
#[derive(Serialize)]
pub(in crate::api) struct One {
    feedback: Feedback,
    analysis: Option<Analysis>,
    deliveries: Vec<Delivery>,
    status: Status,
    /// Why it was parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// How far it is.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// The chain is through with it.
    Analyzed,
    /// It waits for the chain.
    Waiting,
    /// It was set aside for the operator.
    Parked,
}

impl From<Record> for One {
    fn from(Record { feedback, analysis, deliveries }: Record) -> Self {
        Self { feedback, analysis: Some(analysis), deliveries, status: Status::Analyzed, reason: None }
    }
}

pub(in crate::api) async fn get(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<One>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let missing = || Problem::new(ProblemType::NotFound, format!("There is no feedback with the id `{id}`."));
    let id: FeedbackId = id.parse().map_err(|_| missing())?;
    if let Some(record) = state.records.get(id).await? {
        return Ok(Json(record.into()));
    }
    if let Some(place) = state.queue.find(&Lane::Intake, id.0).await? {
        return waiting(id, place).map(Json);
    }
    // It may have gone from the queue into the records between the two looks.
    state.records.get(id).await?.map(|record| Json(record.into())).ok_or_else(missing)
}

fn waiting(id: FeedbackId, place: Whereabouts) -> Result<One, Problem> {
    let (revision, body, status, reason) = match place {
        Whereabouts::Waiting { revision, body } => (revision, body, Status::Waiting, None),
        Whereabouts::Parked { revision, body, reason } => (revision, body, Status::Parked, Some(reason)),
    };
    let unreadable = |error: serde_json::Error| {
        Problem::internal(format!("the queue holds feedback {id} that cannot be read, at column {}", error.column()))
    };
    let feedback: Feedback = serde_json::from_slice(&body).map_err(unreadable)?;
    Ok(One { feedback: Feedback { id, revision, ..feedback }, analysis: None, deliveries: Vec::new(), status, reason })
}

/// A page of feedback.
#[derive(Serialize)]
pub(in crate::api) struct List {
    items: Vec<Item>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Item {
    feedback: Feedback,
    analysis: Analysis,
}

pub(in crate::api) async fn list(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<List>, Problem> {
    let params = Params::read(query.as_deref(), &[&FILTER[..], &["limit", "after"]].concat(), &[])?;
    let page = state.records.list(&params.filter()?, params.get("after"), params.limit()?).await?;
    let items = page.items.into_iter().map(|(feedback, analysis)| Item { feedback, analysis }).collect();
    Ok(Json(List { items, next: page.next }))
}
