//! `POST /v1/webhooks/{id}/rotate`

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State as With};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::super::super::State;
use super::super::super::problem::{Problem, ProblemType};
use super::super::super::query::Params;
use super::{body, refused, view::View};
use crate::config::Signature;
use crate::feedback::validate::FieldError;

/// What can be asked for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Rotation)]
struct Wanted {
    signature: Option<Signature>,
}

/// Make a new secret.
///
/// The answer shows it, this once; the old one is signed with for 24 h more, so that receivers can change over.
#[utoipa::path(
    post, path = "/v1/webhooks/{id}/rotate", operation_id = "rotate_webhook_secret", tag = "webhooks",
    params(("id" = String, Path, description = super::OF)),
    request_body(content = Option<Wanted>, description = "Another scheme, where one is wanted.", example = json!({ "signature": "ed25519" })),
    responses((
        status = 200, description = "The webhook, with its new secret.", body = View,
        headers(("cache-control" = String, description = "`no-store`: the secret is in it.")),
        example = json!(View::example_with_secret()),
    )),
    extensions(("x-problems" = json!(["not-found", "invalid-webhook", "conflict", "malformed-body", "too-large", "unsupported-media-type"]))),
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
    let wanted = Value::Object(body::object(&headers, body).await?);
    let wanted: Wanted = serde_json::from_value(wanted).map_err(|error| {
        let mut problem = Problem::new(ProblemType::InvalidWebhook, format!("`signature`: {error}"));
        problem.more.errors.push(FieldError::new("signature", error.to_string()));
        problem
    })?;
    let webhook = state.webhooks.rotate(of, wanted.signature).await.map_err(|why| refused(why, &id))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(View::with_new_secret(&state, &webhook).await?)).into_response())
}
