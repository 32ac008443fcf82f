//! `GET /v1/webhooks/{id}`

use axum::Json;
use axum::extract::{Path, RawQuery, State as With};
use http::HeaderName;

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::{etag, view::View};

/// Show a webhook, but for what is secret.
#[utoipa::path(
    get, path = "/v1/webhooks/{id}", operation_id = "show_webhook", tag = "webhooks",
    params(("id" = String, Path, description = super::OF)),
    responses((status = 200, description = "The webhook.", body = View, headers(
        ("etag" = String, description = "Stands for how it is set up, and not for how it does; for `If-Match`."),
    ), example = json!(View::example()))),
    extensions(("x-problems" = json!(["not-found"]))),
)]
pub(in crate::api) async fn show(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<([(HeaderName, String); 1], Json<View>), Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let webhook = super::of(&state, &id)?;
    Ok((etag::of(&webhook), Json(View::of(&state, &webhook).await?)))
}
