//! `GET /v1/deliveries` and `GET /v1/deliveries/{id}`.

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};
use serde::Serialize;

use super::super::State;
use super::super::problem::{Problem, ProblemType};
use super::super::query::Params;
use crate::feedback::DeliveryId;
use crate::records::{Delivery, DeliveryFilter};

/// A page of deliveries.
#[derive(Serialize)]
pub(in crate::api) struct List {
    items: Vec<Delivery>,
    next: Option<String>,
}

pub(in crate::api) async fn list(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<List>, Problem> {
    let params = Params::read(query.as_deref(), &["webhook", "status", "feedback", "limit", "after"], &[])?;
    let filter = DeliveryFilter {
        webhook: params.get("webhook").map(str::to_owned),
        status: params.word("status")?,
        feedback: params.parse("feedback", "an id of feedback")?,
    };
    let page = state.records.deliveries(&filter, params.get("after"), params.limit()?).await?;
    Ok(Json(List { items: page.items, next: page.next }))
}

pub(in crate::api) async fn get(With(state): With<State>, Path(id): Path<String>) -> Result<Json<Delivery>, Problem> {
    let missing = || Problem::new(ProblemType::NotFound, format!("There is no delivery with the id `{id}`."));
    let id: DeliveryId = id.parse().map_err(|_| missing())?;
    state.records.delivery(id).await?.map(Json).ok_or_else(missing)
}
