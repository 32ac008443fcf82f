//! `GET /v1/webhooks/{id}`

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::view::View;
use crate::delivery::webhooks::WebhookId;

/// Show a webhook, but for what is secret.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", operation_id = "show_webhook", tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 200, description = "The webhook.", body = View, example = json!(View::example()))),
    extensions(("x-problems" = json!(["not-found"]))),
)]
pub(in crate::api) async fn show(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let set = state.webhooks.live().current();
    let webhook = set.by_id(super::id(&id)?).ok_or_else(|| super::missing(&id))?;
    Ok(Json(View::of(&state, webhook).await?))
}
