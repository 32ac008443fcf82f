//! `POST /v1/webhooks`

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State as With};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::once::{self, Key};
use super::{body, etag, refused, view::View};
use crate::config;
use crate::delivery::webhooks::Webhook;

/// Make a webhook.
///
/// The answer shows its secret, this once. The answer to a request that is sent again with its `Idempotency-Key` has it no
/// more.
#[utoipa::path(
    post, path = "/v1/webhooks", operation_id = "create_webhook", tag = "webhooks",
    params(("idempotency-key" = Option<String>, Header, description = "1 to 255 visible ASCII characters: the same request with the same key within 24 h has the same answer, but for the secret, and makes no second webhook.", max_length = 255)),
    request_body(content = config::Webhook, description = "How the webhook is to be.", example = json!(super::examples::settings())),
    responses((
        status = 201, description = "The webhook, with its secret.", body = View,
        headers(
            ("location" = String, description = "Its path."),
            ("cache-control" = String, description = "`no-store`: the secret is in it."),
            ("etag" = String, description = "Stands for how it is set up; absent where the answer is that of an earlier request."),
            ("idempotency-replayed" = String, description = "`true` where the answer is that of an earlier request."),
        ),
        example = json!(View::example_with_secret()),
    )),
    extensions(("x-problems" = json!(["invalid-webhook", "conflict", "malformed-body", "too-large", "body-timeout", "unsupported-media-type", "idempotency-mismatch"]))),
)]
pub(in crate::api) async fn create(
    With(state): With<State>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let key = Key::read(&state, &headers)?;
    let written = body::object(&headers, body).await?;
    if let Some(key) = key {
        return once::create(&state, key, written).await;
    }
    let webhook = state.webhooks.create(written, None).await.map_err(|why| refused(why, ""))?;
    created(&state, &webhook).await
}

/// The answer that a webhook was made, with its secret.
///
/// # Errors
/// Where the records do not tell how it does.
pub(super) async fn created(state: &State, webhook: &Webhook) -> Result<Response, Problem> {
    let location = format!("/v1/webhooks/{}", webhook.id);
    let head = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".into())];
    let view = View::with_new_secret(state, webhook).await?;
    Ok((StatusCode::CREATED, head, etag::of(webhook), Json(view)).into_response())
}
