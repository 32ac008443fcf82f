//! `DELETE /v1/customers/{id}`: forgets a customer.

use axum::Json;
use axum::extract::{Path, State as With};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::State;
use super::super::problem::Problem;
use crate::privacy::{Eraser, ForgetError};

/// What was forgotten.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Erased {
    customer: String,
    /// How many pieces of feedback.
    erased: usize,
    /// False where the last traces, between rows and in the log, are still being overwritten: in a large store, or while
    /// another program reads it.
    complete: bool,
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
    params(("id" = String, Path, description = "The sender's identifier of the customer (`customer.id`).")),
    responses((status = 200, description = "What was forgotten.", body = Erased, example = json!(Erased { customer: "c-1".into(), erased: 2, complete: true }))),
)]
pub(in crate::api) async fn erase(
    With(state): With<State>,
    Path(customer): Path<String>,
) -> Result<Json<Erased>, Problem> {
    let eraser = Eraser::new(state.queue.clone(), state.records.clone());
    let name = customer.clone();
    // On its own, so that it goes on where the client goes away.
    let erasing = tokio::spawn(async move { eraser.erase(&name).await });
    let erased = erasing.await.map_err(|error| Problem::internal(format!("erasing panicked: {error}")))??;
    Ok(Json(Erased { customer, erased: erased.feedback, complete: erased.is_scrubbed }))
}
