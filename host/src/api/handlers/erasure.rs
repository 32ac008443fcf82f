//! `DELETE /v1/customers/{id}` and `DELETE /v1/feedback/{id}`: forget.

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::State;
use super::super::problem::Problem;
use super::super::query::Params;
use super::feedback::missing;
use crate::feedback::{FeedbackId, Kind, sample};
use crate::privacy::{self, Eraser, ForgetError};
use crate::queue::Lane;
use crate::records::{RecordsError, Subject};

/// What was forgotten of a customer.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Erased {
    customer: String,
    /// How many pieces of feedback.
    erased: usize,
    /// False where the last traces, between rows and in the log, are still being overwritten: in a large store, or while
    /// another program reads it.
    complete: bool,
}

/// The feedback that was forgotten.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ErasedFeedback {
    id: FeedbackId,
    /// False where the last traces, between rows and in the log, are still being overwritten: in a large store, or while
    /// another program reads it.
    complete: bool,
}

impl ErasedFeedback {
    fn example() -> Self {
        Self { id: sample(Kind::Review).0.id, complete: true }
    }
}

impl From<ForgetError> for Problem {
    fn from(error: ForgetError) -> Self {
        match error {
            ForgetError::Queue(error) => error.into(),
            ForgetError::Records(error) => error.into(),
        }
    }
}

/// Forget a customer.
///
/// Everything that the customer said, also what is parked, with its analyses and what webhooks were owed of it.
#[utoipa::path(
    delete, path = "/v1/customers/{id}", operation_id = "erase_customer", tag = "customers",
    params(("id" = String, Path, description =
        "The sender's identifier of the customer (`customer.id`); for feedback without one, the e-mail address.")),
    responses((status = 200, description = "What was forgotten.", body = Erased, example = json!(Erased { customer: "c-1".into(), erased: 2, complete: true }))),
)]
pub(in crate::api) async fn customer(
    With(state): With<State>,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Erased>, Problem> {
    // `?dry_run=true` must not erase anything, though there is no such parameter.
    Params::read(query.as_deref(), &[], &[])?;
    let erased = erase(&state, Subject::Customer(customer.clone())).await?;
    Ok(Json(Erased { customer, erased: erased.feedback, complete: erased.is_scrubbed }))
}

/// Forget one feedback.
///
/// All its revisions, wherever they are, with their analyses and what webhooks were owed of them. What the sender posts
/// under the same name afterwards is new feedback.
#[utoipa::path(
    delete, path = "/v1/feedback/{id}", operation_id = "erase_feedback", tag = "feedback",
    params(("id" = FeedbackId, Path, description = "The feedback.")),
    responses((status = 200, description = "What was forgotten.", body = ErasedFeedback, example = json!(ErasedFeedback::example()))),
    extensions(("x-problems" = json!(["not-found"]))),
)]
pub(in crate::api) async fn feedback(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<ErasedFeedback>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let known: FeedbackId = id.parse().map_err(|_| missing(&id))?;
    // What is being saved at this moment is dropped there, and is in no count.
    let was_there = is_known(&state, known).await?;
    let erased = erase(&state, Subject::Feedback(known)).await?;
    if erased.feedback == 0 && !was_there {
        return Err(missing(&id));
    }
    Ok(Json(ErasedFeedback { id: known, complete: erased.is_scrubbed }))
}

async fn is_known(state: &State, id: FeedbackId) -> Result<bool, Problem> {
    match state.records.get(id).await {
        // What cannot be shown any more can be erased all the same.
        Ok(Some(_)) | Err(RecordsError::Damaged { .. }) => return Ok(true),
        Ok(None) => {}
        Err(error) => return Err(error.into()),
    }
    // It may go from the queue into the records between the two looks.
    Ok(state.queue.find(&Lane::Intake, id.0).await?.is_some() || state.records.get(id).await?.is_some())
}

async fn erase(state: &State, subject: Subject) -> Result<privacy::Erased, Problem> {
    Ok(Eraser::new(state.queue.clone(), state.records.clone()).erase(&subject).await?)
}
