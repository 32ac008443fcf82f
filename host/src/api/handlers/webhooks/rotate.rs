//! `POST /v1/webhooks/{id}/rotate`

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State as With};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::{body, refused, view::View};
use crate::config::Signature;
use crate::delivery::webhooks::{MAX_OVERLAP, OVERLAP, written};
use crate::feedback::validate::FieldError;

/// What can be asked for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Rotation)]
struct Wanted {
    /// Another scheme than before.
    signature: Option<Signature>,
    /// For how long the old secret is signed with, up to 2,592,000 (30 days); 0 ends it at once, 86,400 if absent.
    #[schema(maximum = 2592000)]
    overlap_seconds: Option<u64>,
}

/// Make a new secret.
///
/// The answer shows it, this once; the old one is signed with for 24 h more, or as long as `overlap_seconds` says, so that
/// receivers can change over.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/rotate", operation_id = "rotate_webhook_secret", tag = "webhooks",
    params(("id" = String, Path, description = super::OF)),
    request_body(content = Option<Wanted>, description = "Another scheme or overlap, where one is wanted.", example = json!({ "signature": "ed25519" })),
    responses((
        status = 200, description = "The webhook, with its new secret.", body = View,
        headers(("cache-control" = String, description = "`no-store`: the secret is in it.")),
        example = json!(View::example_with_secret()),
    )),
    extensions(("x-problems" = json!(["not-found", "invalid-webhook", "conflict", "malformed-body", "too-large", "body-timeout", "unsupported-media-type"]))),
)]
pub(in crate::api) async fn rotate(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let of = super::of(&state, &id)?.id;
    let written = body::object(&headers, body).await?;
    let refused = |why| refused(why, &id);
    let wanted: Wanted = written::read(written).map_err(|fault| refused(vec![fault].into()))?;
    let overlap = wanted.overlap_seconds.map_or(OVERLAP, Duration::from_secs);
    if overlap > MAX_OVERLAP {
        let message = format!("it is more than {} s, which is 30 days", MAX_OVERLAP.as_secs());
        return Err(refused(vec![FieldError::new("overlap_seconds", message)].into()));
    }
    let webhook = state.webhooks.rotate(of, wanted.signature, overlap).await.map_err(refused)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(View::with_new_secret(&state, &webhook).await?)).into_response())
}
