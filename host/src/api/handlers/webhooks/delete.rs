//! `DELETE /v1/webhooks/{id}`

use axum::extract::{Path, RawQuery, State as With};
use http::{HeaderMap, StatusCode};

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::{etag, refused};

/// Delete a webhook; what waits for it is parked. So is, by the name, what waits for one that was taken out of the
/// configuration file.
#[utoipa::path(
    delete, path = "/v1/webhooks/{id}", operation_id = "delete_webhook", tag = "webhooks",
    params(
        ("id" = String, Path, description = super::OF),
        ("if-match" = Option<String>, Header, description = "The `ETag` of the version that is meant: 412 where the webhook is another by now, and nothing is deleted."),
    ),
    responses((status = 204, description = "It is deleted.")),
    extensions(("x-problems" = json!(["not-found", "precondition-failed", "conflict"]))),
)]
pub(in crate::api) async fn delete(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let deleted = match super::find(&state.webhooks.live().current(), &id).cloned() {
        Some(known) => {
            let revision = etag::expected(&headers, &known)?;
            state.webhooks.delete(known.id, revision).await
        }
        None if etag::is_asked(&headers) => return Err(super::missing(&id)),
        None => state.webhooks.delete_absent(&id).await,
    };
    deleted.map_err(|why| refused(why, &id))?;
    Ok(StatusCode::NO_CONTENT)
}
