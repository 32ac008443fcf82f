//! The plain server that intake is compared with: axum, reads the body, answers 202 with an id, stores nothing.

use axum::{Json, Router, body::Bytes, http::StatusCode, routing::post};

pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("{}", serde_json::json!({"message": "listening", "address": listener.local_addr()?.to_string()}));
    let router = Router::new().route("/v1/feedback", post(accept));
    axum::serve(listener, router).await?;
    Ok(())
}

async fn accept(body: Bytes) -> (StatusCode, Json<serde_json::Value>) {
    drop(body);
    (StatusCode::ACCEPTED, Json(serde_json::json!({"id": "0190f5c8-0000-7000-8000-000000000000", "revision": 1})))
}
