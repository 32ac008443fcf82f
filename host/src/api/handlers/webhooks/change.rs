//! `PATCH /v1/webhooks/{id}`

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State as With};
use http::HeaderMap;

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::{body, patch::Patch, refused, view::View};

/// Change a webhook, by a JSON Merge Patch (RFC 7396).
///
/// What is not named stays, null takes a setting back. The next attempt is made by the new version. Webhooks of the
/// file are changed there.
///
/// A `url` that is sent back as an answer showed it means no change. Where `url` leads to another scheme, host or port,
/// secret headers and `client_key`, which were meant for the one before, have to be given again in the same request, or
/// taken out with null. A secret header becomes one that is shown only with its `value` given again.
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", operation_id = "change_webhook", tag = "webhooks",
    params(("id" = String, Path, description = super::OF)),
    request_body(description = "What is to change.", content(
        (Patch = "application/merge-patch+json", example = json!({ "paused": true, "routes": null })),
        (Patch = "application/json", example = json!({ "min_priority": 50 })),
    )),
    responses((status = 200, description = "The webhook as it is now.", body = View, example = json!(View::example()))),
    extensions(("x-problems" = json!(["not-found", "invalid-webhook", "conflict", "malformed-body", "too-large", "unsupported-media-type"]))),
)]
pub(in crate::api) async fn change(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let of = super::of(&state, &id)?.id;
    let patch = body::object(&headers, body).await?;
    let webhook = state.webhooks.change(of, patch).await.map_err(|why| refused(why, &id))?;
    Ok(Json(View::of(&state, &webhook).await?))
}
