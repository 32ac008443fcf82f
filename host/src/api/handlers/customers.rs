//! `DELETE /v1/customers/{id}`: forgets a customer.

use axum::Json;
use axum::extract::{Path, State as With};
use serde::Serialize;
use uuid::Uuid;

use super::super::State;
use super::super::problem::Problem;
use crate::queue::{Lane, Queue};

/// How much of the parked feedback is looked through at once.
const PAGE: usize = 500;

/// What was forgotten.
#[derive(Serialize)]
pub(in crate::api) struct Erased {
    customer: String,
    /// How many pieces of feedback.
    erased: usize,
}

/// The part of feedback that tells whose it is.
#[derive(serde::Deserialize)]
struct Owned {
    customer: Option<Owner>,
}

#[derive(serde::Deserialize)]
struct Owner {
    id: Option<String>,
}

pub(in crate::api) async fn erase(
    With(state): With<State>,
    Path(customer): Path<String>,
) -> Result<Json<Erased>, Problem> {
    // Parked feedback is in no record: it has to be found in the queue.
    let mut ids = parked_of(&*state.queue, &customer).await?;
    ids.extend(state.records.erase(&customer).await?.iter().map(|id| id.0));
    ids.sort_unstable();
    ids.dedup();
    state.queue.forget(&ids).await?;
    tracing::info!(erased = ids.len(), "a customer was forgotten");
    Ok(Json(Erased { customer, erased: ids.len() }))
}

async fn parked_of(queue: &dyn Queue, customer: &str) -> Result<Vec<Uuid>, Problem> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = queue.parked(&Lane::Intake, after, PAGE).await?;
        let is_of = |body: &[u8]| {
            let owned: Option<Owned> = serde_json::from_slice(body).ok();
            owned.and_then(|owned| owned.customer?.id).is_some_and(|id| id == customer)
        };
        ids.extend(page.iter().filter(|parked| is_of(&parked.body)).map(|parked| parked.id));
        after = page.last().map(|last| (last.id, last.revision));
        if page.len() < PAGE {
            return Ok(ids);
        }
    }
}
