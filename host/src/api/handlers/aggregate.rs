//! `GET /v1/aggregate`.

use axum::Json;
use axum::extract::{RawQuery, State as With};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::State;
use super::super::problem::Problem;
use super::super::query::{FILTER, Params};
use crate::records::{Bucket, Facet, Filter};

/// Counts by one facet, largest first.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Aggregate {
    by: String,
    buckets: Vec<Bucket>,
}

impl Aggregate {
    fn example() -> Self {
        let bucket = |value: &str, count, sentiment| Bucket { value: value.into(), count, sentiment: Some(sentiment) };
        Self { by: "tag".into(), buckets: vec![bucket("delivery/speed", 41, -0.38), bucket("price", 17, 0.12)] }
    }
}

/// Count feedback by one facet.
///
/// Largest first. The filter is that of `GET /v1/feedback`.
#[utoipa::path(
    get, path = "/v1/aggregate", operation_id = "aggregate_feedback", tag = "feedback",
    params(("by" = inline(Facet), Query, description = "What to count by."), Filter),
    responses((status = 200, description = "The counts.", body = Aggregate, example = json!(Aggregate::example()))),
)]
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
