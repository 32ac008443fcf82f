//! `GET /v1/feedback` and `GET /v1/feedback/{id}`.

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::State;
use super::super::openapi::examples;
use super::super::problem::{Problem, ProblemType};
use super::super::query::{FILTER, Paging, Params};
use crate::feedback::{Analysis, Feedback, FeedbackId, Kind, sample};
use crate::queue::{Lane, Whereabouts};
use crate::records::{Delivery, Filter, Record};

/// One feedback, wherever it is.
#[derive(Serialize, ToSchema)]
#[schema(as = FeedbackRecord)]
pub(in crate::api) struct One {
    feedback: Feedback,
    #[schema(required = true)]
    analysis: Option<Analysis>,
    deliveries: Vec<Delivery>,
    status: Status,
    /// Why it was parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// How far it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FeedbackStatus)]
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

impl One {
    fn example() -> Self {
        let (feedback, analysis) = sample(Kind::Review);
        Record { feedback, analysis, deliveries: vec![examples::delivery()] }.into()
    }

    fn example_waiting() -> Self {
        let (feedback, _) = sample(Kind::Survey);
        Self { feedback, analysis: None, deliveries: Vec::new(), status: Status::Waiting, reason: None }
    }
}

/// Show everything about one feedback.
///
/// Its analysis and deliveries, where the chain is through with it; else how far it is. It is found from the moment
/// that it was accepted.
#[utoipa::path(
    get, path = "/v1/feedback/{id}", operation_id = "show_feedback", tag = "feedback",
    params(("id" = FeedbackId, Path, description = "The feedback.")),
    responses((status = 200, description = "The feedback.", body = One, examples(
        ("analyzed" = (summary = "The chain is through with it", value = json!(One::example()))),
        ("waiting" = (summary = "It waits for the chain", value = json!(One::example_waiting()))),
    ))),
    extensions(("x-problems" = json!(["not-found"]))),
)]
pub(in crate::api) async fn get(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<One>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let missing = || missing(&id);
    let id: FeedbackId = id.parse().map_err(|_| missing())?;
    look_up(&state, id).await?.map(Json).ok_or_else(missing)
}

/// A feedback, wherever it is.
pub(super) async fn look_up(state: &State, id: FeedbackId) -> Result<Option<One>, Problem> {
    if let Some(record) = state.records.get(id).await? {
        return Ok(Some(record.into()));
    }
    if let Some(place) = state.queue.find(&Lane::Intake, id.0).await? {
        return waiting(id, place).map(Some);
    }
    // It may have gone from the queue into the records between the two looks.
    Ok(state.records.get(id).await?.map(Into::into))
}

/// What is answered where there is no such feedback.
pub(super) fn missing(id: &str) -> Problem {
    Problem::new(ProblemType::NotFound, format!("There is no feedback with the id `{id}`."))
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
#[derive(Serialize, ToSchema)]
#[schema(as = FeedbackList)]
pub(in crate::api) struct List {
    items: Vec<Item>,
    #[schema(required = true)]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FeedbackItem)]
struct Item {
    feedback: Feedback,
    analysis: Analysis,
}

impl List {
    fn example() -> Self {
        let (feedback, analysis) = sample(Kind::CsrNote);
        Self { next: Some(feedback.id.to_string()), items: vec![Item { feedback, analysis }] }
    }
}

/// List and search feedback, newest first.
///
/// Only what the chain is through with; every parameter narrows it down.
#[utoipa::path(
    get, path = "/v1/feedback", operation_id = "list_feedback", tag = "feedback",
    params(Filter, Paging),
    responses((status = 200, description = "A page of feedback.", body = List, example = json!(List::example()))),
)]
pub(in crate::api) async fn list(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<List>, Problem> {
    let params = Params::read(query.as_deref(), &[&FILTER[..], &["limit", "after"]].concat(), &[])?;
    let page = state.records.list(&params.filter()?, params.get("after"), params.limit()?).await?;
    let items = page.items.into_iter().map(|(feedback, analysis)| Item { feedback, analysis }).collect();
    Ok(Json(List { items, next: page.next }))
}
