//! What requests with an `Idempotency-Key` have in common, whatever they ask for.

use http::{HeaderMap, HeaderName};

use super::problem::{Problem, ProblemType};

/// Stands in an answer that is that of an earlier request.
pub static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Parts the members of a stored key: a control character, which none of them can hold.
pub const UNIT_SEPARATOR: char = '\u{1f}';

/// Longest `Idempotency-Key`, in bytes.
const MAX_KEY: usize = 255;

/// The key of a request, if it has one.
///
/// # Errors
/// Where it is too long, or not of visible characters.
pub fn key_of(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > MAX_KEY {
        let message = format!("has to be 1 to {MAX_KEY} visible ASCII characters");
        return Err(Problem::parameter("Idempotency-Key", message));
    }
    Ok(Some(key))
}

/// The problem that a key was used for another request.
pub fn mismatch() -> Problem {
    let detail =
        "This Idempotency-Key was used for another request within the last 24 hours; use a new key for a new request.";
    Problem::new(ProblemType::IdempotencyMismatch, detail)
}
