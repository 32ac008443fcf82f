//! `PATCH /v1/webhooks/{id}`

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State as With};
use http::{HeaderMap, HeaderName};

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::{body, etag, patch::Patch, refused, shown, view::View};

/// Change a webhook, by a JSON Merge Patch (RFC 7396).
///
/// What is not named stays, null takes a setting back. The next attempt is made by the new version. Webhooks of the
/// file are changed there.
///
/// An answer may be sent back: what it shows besides settings is refused only where it is another than it is now, and a
/// `url` as it was shown means no change. Where `url` leads to another scheme, host or port, secret headers and
/// `client_key`, which were meant for the one before, have to be given again in the same request, or taken out with null. A
/// secret header becomes one that is shown only with its `value` given again.
#[utoipa::path(
    patch, path = "/v1/webhooks/{id}", operation_id = "change_webhook", tag = "webhooks",
    params(
        ("id" = String, Path, description = super::OF),
        ("if-match" = Option<String>, Header, description = "The `ETag` of the version that is meant: 412 where the webhook is another by now, and nothing is changed."),
    ),
    request_body(description = "What is to change.", content(
        (Patch = "application/merge-patch+json", example = json!({ "paused": true, "routes": null })),
        (Patch = "application/json", example = json!({ "min_priority": 50 })),
    )),
    responses((status = 200, description = "The webhook as it is now.", body = View, headers(
        ("etag" = String, description = "Stands for how it is set up now."),
    ), example = json!(View::example()))),
    extensions(("x-problems" = json!(["not-found", "precondition-failed", "invalid-webhook", "conflict", "malformed-body", "too-large", "body-timeout", "unsupported-media-type"]))),
)]
pub(in crate::api) async fn change(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<([(HeaderName, String); 1], Json<View>), Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let patch = body::object(&headers, body).await?;
    let webhook = super::of(&state, &id)?;
    let revision = etag::expected(&headers, &webhook)?;
    let now = View::of(&state, &webhook).await?.to_json();
    let refused = |why| refused(why, &id);
    let patch = shown::without(patch, &now).map_err(|faults| refused(faults.into()))?;
    let before = webhook.settings.ordering;
    let webhook = state.webhooks.change(webhook.id, revision, patch).await.map_err(refused)?;
    let view = View::of(&state, &webhook).await?;
    let view = if webhook.settings.ordering == before { view } else { view.with_warning_of_order() };
    Ok((etag::of(&webhook), Json(view)))
}
