//! The JSON object in the body of a request.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::super::super::problem::{Problem, ProblemType};

/// Largest body, in bytes: three PEM texts and a condition fit in.
const MAX_BYTES: usize = 256 << 10;

/// How long it may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads the object; an empty body, or `null`, is an empty object.
pub(super) async fn object(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Problem> {
    let arriving = tokio::time::timeout(PATIENCE, to_bytes(body, MAX_BYTES)).await.map_err(|_| {
        let detail = format!("The body did not arrive within {} s.", PATIENCE.as_secs());
        Problem::new(ProblemType::BodyTimeout, detail)
    })?;
    let bytes = arriving.map_err(|_| {
        let detail = format!("The body is larger than {MAX_BYTES} bytes, or did not arrive whole.");
        Problem::new(ProblemType::TooLarge, detail).with("limit_bytes", MAX_BYTES)
    })?;
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if content_type != "application/json" && content_type != "application/merge-patch+json" {
        let detail = "Send JSON: -H 'content-type: application/json'.";
        return Err(Problem::new(ProblemType::UnsupportedMediaType, detail));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(Problem::new(ProblemType::MalformedBody, "The body has to be one JSON object.")),
        Err(error) => {
            // Not the library's whole message: it repeats pieces of the body.
            let (line, column) = (error.line(), error.column());
            let detail = format!("The body is not JSON: line {line}, column {column}.");
            Err(Problem::new(ProblemType::MalformedBody, detail).with("line", line).with("column", column))
        }
    }
}
