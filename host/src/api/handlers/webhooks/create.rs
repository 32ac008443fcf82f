//! `POST /v1/webhooks`

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State as With};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::{body, refused, view::View};
use crate::config;

/// Make a webhook.
///
/// The answer shows its secret, this once.
#[utoipa::path(
    post, path = "/v1/webhooks", operation_id = "create_webhook", tag = "webhooks",
    request_body(content = config::Webhook, description = "How the webhook is to be.", example = json!(super::examples::settings())),
    responses((
        status = 201, description = "The webhook, with its secret.", body = View,
        headers(("location" = String, description = "Its path."), ("cache-control" = String, description = "`no-store`: the secret is in it.")),
        example = json!(View::example_with_secret()),
    )),
    extensions(("x-problems" = json!(["invalid-webhook", "conflict", "malformed-body", "too-large", "unsupported-media-type"]))),
)]
pub(in crate::api) async fn create(
    With(state): With<State>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let written = body::object(&headers, body).await?;
    let webhook = state.webhooks.create(written).await.map_err(|why| refused(why, ""))?;
    let location = format!("/v1/webhooks/{}", webhook.id);
    let head = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".into())];
    Ok((StatusCode::CREATED, head, Json(View::with_new_secret(&state, &webhook).await?)).into_response())
}
