//! The web page at `/`: static files that read the API. Everything a customer wrote is set as text, never as
//! markup, and the content policy allows no script but the page's own.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The routes of the page.
pub fn routes<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    OpenApiRouter::default()
        .routes(routes!(page))
        .routes(routes!(style))
        .routes(routes!(script))
        .routes(routes!(detail))
        .routes(routes!(feedback))
        .routes(routes!(webhooks))
        .routes(routes!(parts))
        .routes(routes!(calls))
}

/// The console.
#[utoipa::path(
    get, path = "/", operation_id = "console", tag = "operations",
    responses((status = 200, description = "A web page that reads this API.", body = String, content_type = "text/html; charset=utf-8")),
)]
async fn page() -> Response {
    file("text/html; charset=utf-8", include_str!("index.html")).await
}

/// The console's style.
#[utoipa::path(
    get, path = "/console.css", operation_id = "console_style", tag = "operations",
    responses((status = 200, description = "A style sheet.", body = String, content_type = "text/css; charset=utf-8")),
)]
async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("console.css")).await
}

/// The console's script.
#[utoipa::path(
    get, path = "/console.js", operation_id = "console_script", tag = "operations",
    responses((status = 200, description = "A script.", body = String, content_type = "text/javascript; charset=utf-8")),
)]
async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("console.js")).await
}

/// The console's script for one feedback in detail.
#[utoipa::path(
    get, path = "/detail.js", operation_id = "console_detail", tag = "operations",
    responses((status = 200, description = "A script.", body = String, content_type = "text/javascript; charset=utf-8")),
)]
async fn detail() -> Response {
    file("text/javascript; charset=utf-8", include_str!("detail.js")).await
}

/// The console's script for what customers said.
#[utoipa::path(
    get, path = "/feedback.js", operation_id = "console_feedback", tag = "operations",
    responses((status = 200, description = "A script.", body = String, content_type = "text/javascript; charset=utf-8")),
)]
async fn feedback() -> Response {
    file("text/javascript; charset=utf-8", include_str!("feedback.js")).await
}

/// The console's script for webhooks.
#[utoipa::path(
    get, path = "/webhooks.js", operation_id = "console_webhooks", tag = "operations",
    responses((status = 200, description = "A script.", body = String, content_type = "text/javascript; charset=utf-8")),
)]
async fn webhooks() -> Response {
    file("text/javascript; charset=utf-8", include_str!("webhooks.js")).await
}

/// What the console's scripts share.
#[utoipa::path(
    get, path = "/page.js", operation_id = "console_parts", tag = "operations",
    responses((status = 200, description = "A script.", body = String, content_type = "text/javascript; charset=utf-8")),
)]
async fn parts() -> Response {
    file("text/javascript; charset=utf-8", include_str!("page.js")).await
}

/// How the console's scripts read the API.
#[utoipa::path(
    get, path = "/api.js", operation_id = "console_calls", tag = "operations",
    responses((status = 200, description = "A script.", body = String, content_type = "text/javascript; charset=utf-8")),
)]
async fn calls() -> Response {
    file("text/javascript; charset=utf-8", include_str!("api.js")).await
}

async fn file(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, content).into_response()
}
