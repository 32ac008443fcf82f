//! `GET /openapi.json`

use axum::extract::State as With;
use axum::response::{IntoResponse, Response};
use http::header;

use super::super::State;

/// Show the description of the API: this document.
///
/// It needs no key, since it says nothing of what is here.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "show_openapi", tag = "operations",
    responses((status = 200, description = "An OpenAPI 3.1 document.", body = Object)),
)]
pub(in crate::api) async fn get(With(state): With<State>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], state.openapi.json()).into_response()
}
