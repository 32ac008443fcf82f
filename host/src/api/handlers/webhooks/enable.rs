//! `POST /v1/webhooks/{id}/enable`

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::view::View;

/// Enable a webhook that was disabled.
///
/// What waits for it goes out. One that was not disabled stays as it is. It takes the id or the name, which is what
/// metrics and log lines have.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/enable", operation_id = "enable_webhook", tag = "webhooks",
    params(("id" = String, Path, description = super::OF)),
    responses((status = 200, description = "The webhook as it is now.", body = View, example = json!(View::example()))),
    extensions(("x-problems" = json!(["not-found"]))),
)]
pub(in crate::api) async fn enable(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let webhook = super::of(&state, &id)?;
    state.switchboard.enable(&webhook).await?;
    Ok(Json(View::of(&state, &webhook).await?))
}
