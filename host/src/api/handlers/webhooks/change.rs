//! `PATCH /v1/webhooks/{id}`

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State as With};
use http::HeaderMap;

use super::super::super::State;
use super::super::super::problem::Problem;
use super::super::super::query::Params;
use super::{body, refused, view::View};

/// Changes a webhook by a JSON Merge Patch (RFC 7396); the next attempt is made by the new version.
pub(in crate::api) async fn change(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let of = super::id(&id)?;
    let patch = body::object(&headers, body).await?;
    let webhook = state.webhooks.change(of, patch).await.map_err(|why| refused(why, &id))?;
    Ok(Json(View::of(&state, &webhook).await?))
}
