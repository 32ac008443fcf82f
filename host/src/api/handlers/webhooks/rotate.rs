//! `POST /v1/webhooks/{id}/rotate`

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State as With};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::Value;

use super::super::super::State;
use super::super::super::problem::{Problem, ProblemType};
use super::super::super::query::Params;
use super::{body, refused, view::View};
use crate::config::Signature;
use crate::feedback::validate::FieldError;

/// What can be asked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wanted {
    signature: Option<Signature>,
}

/// Makes a new secret. The answer shows it, this once; the old one is signed with for 24 h more.
pub(in crate::api) async fn rotate(
    With(state): With<State>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let of = super::id(&id)?;
    let wanted = Value::Object(body::object(&headers, body).await?);
    let wanted: Wanted = serde_json::from_value(wanted).map_err(|error| {
        let mut problem = Problem::new(ProblemType::InvalidWebhook, format!("`signature`: {error}"));
        problem.more.errors.push(FieldError::new("signature", error.to_string()));
        problem
    })?;
    let webhook = state.webhooks.rotate(of, wanted.signature).await.map_err(|why| refused(why, &id))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(View::with_new_secret(&state, &webhook).await?)).into_response())
}
