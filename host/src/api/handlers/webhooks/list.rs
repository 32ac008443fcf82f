//! `GET /v1/webhooks`

use axum::Json;
use axum::extract::{RawQuery, State as With};
use futures_util::future::try_join_all;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::{Paging, Params};
use super::view::View;

/// A page, by name.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookList)]
pub(in crate::api) struct List {
    items: Vec<View>,
    #[schema(required = true)]
    next: Option<String>,
}

impl List {
    fn example() -> Self {
        Self { items: vec![View::example()], next: None }
    }
}

/// List webhooks by name, those of the file among them.
#[utoipa::path(
    get, path = "/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    params(Paging),
    responses((status = 200, description = "A page of webhooks; `next` is the name of its last.", body = List, example = json!(List::example()))),
)]
pub(in crate::api) async fn list(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<List>, Problem> {
    let params = Params::read(query.as_deref(), &["limit", "after"], &[])?;
    let (limit, after) = (params.limit()?, params.get("after"));
    let set = state.webhooks.live().current();
    let mut webhooks: Vec<_> =
        set.webhooks.iter().filter(|webhook| after.is_none_or(|after| &**webhook.name() > after)).collect();
    webhooks.sort_by(|a, b| a.name().cmp(b.name()));
    let more = webhooks.len() > limit;
    webhooks.truncate(limit);
    let next = webhooks.last().filter(|_| more).map(|webhook| webhook.name().to_string());
    let depths = state.queue.depths();
    let items = try_join_all(webhooks.into_iter().map(|webhook| View::with_depths(&state, webhook, &depths))).await?;
    Ok(Json(List { items, next }))
}
