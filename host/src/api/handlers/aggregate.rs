//! `GET /v1/aggregate`.

use axum::Json;
use axum::extract::{RawQuery, State as With};
use serde::Serialize;

use super::super::State;
use super::super::problem::Problem;
use super::super::query::{FILTER, Params};
use crate::records::{Bucket, Facet};

/// Counts by one facet, largest first.
#[derive(Serialize)]
pub(in crate::api) struct Aggregate {
    by: String,
    buckets: Vec<Bucket>,
}

pub(in crate::api) async fn get(
    With(state): With<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<Aggregate>, Problem> {
    let params = Params::read(query.as_deref(), &[&FILTER[..], &["by"]].concat(), &[])?;
    let missing = || Problem::parameter("by", "is missing; one of kind, label, language, tag, intent, route");
    let facet: Facet = params.word("by")?.ok_or_else(missing)?;
    let by = params.get("by").unwrap_or_default().to_owned();
    let buckets = state.records.aggregate(&params.filter()?, facet).await?;
    Ok(Json(Aggregate { by, buckets }))
}
