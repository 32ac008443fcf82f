//! Requests to make a webhook that carry an `Idempotency-Key`: a repetition gets the first answer again, but for the
//! secret, which is kept in no answer.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::super::State;
use super::super::super::idempotency::{REPLAYED, UNIT_SEPARATOR, key_of, mismatch};
use super::super::super::problem::Problem;
use super::view::View;
use super::{create::created, refused};
use crate::config::Scope;
use crate::delivery::webhooks::RequestId;
use crate::queue::{ANSWERS_KEPT, StoredAnswer};

/// An `Idempotency-Key` of one caller, under which the answer is kept.
pub(super) struct Key(String);

impl Key {
    /// The key of a request, if it has one.
    ///
    /// # Errors
    /// Where it is too long, or not of visible characters.
    pub(super) fn read(state: &State, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(key) = key_of(headers)? else { return Ok(None) };
        let caller = state.auth.allow(headers, Scope::Admin)?.0.unwrap_or_default();
        // Keys of feedback have no second separator.
        Ok(Some(Self(format!("{caller}{UNIT_SEPARATOR}webhooks{UNIT_SEPARATOR}{key}"))))
    }

    fn request(&self, digest: &[u8; 32]) -> RequestId {
        RequestId(Sha256::new().chain_update(&self.0).chain_update(digest).finalize().into())
    }
}

/// Makes a webhook, unless one was made for a request with this key.
///
/// # Errors
/// Where the key was used for another request, or the webhook is refused.
pub(super) async fn create(state: &State, key: Key, written: Map<String, Value>) -> Result<Response, Problem> {
    let digest: [u8; 32] = Sha256::digest(Value::from(written.clone()).to_string()).into();
    let _turn = state.webhooks.turn().await;
    if let Some(kept) = state.queue.recall(&key.0).await? {
        return repeated(&kept, digest);
    }
    let request = key.request(&digest);
    let webhook = state.webhooks.create(written, Some(&request)).await.map_err(|why| refused(why, ""))?;
    let answer = Value::to_string(&View::of(state, &webhook).await?.to_json()).into();
    state.queue.remember(&key.0, StoredAnswer { digest, answer, details: None }, ANSWERS_KEPT).await?;
    created(state, &webhook).await
}

fn repeated(kept: &StoredAnswer, digest: [u8; 32]) -> Result<Response, Problem> {
    if kept.digest != digest {
        return Err(mismatch());
    }
    let mut webhook: Value = serde_json::from_slice(&kept.answer)
        .map_err(|error| Problem::internal(format!("a kept answer cannot be read: {error}")))?;
    let id = webhook["id"].as_str().unwrap_or_default().to_owned();
    if webhook["signature"] == "hmac"
        && let Some(webhook) = webhook.as_object_mut()
        && let Value::Array(warnings) = webhook.entry("warnings").or_insert_with(|| json!([]))
    {
        warnings.push(json!(format!(
            "`secret`: it was shown once, in the first answer to this request; POST /v1/webhooks/{id}/rotate makes another"
        )));
    }
    let location = HeaderValue::from_str(&format!("/v1/webhooks/{id}"))
        .map_err(|error| Problem::internal(format!("a kept answer has no id: {error}")))?;
    let head = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REPLAYED.clone(), HeaderValue::from_static("true")),
    ];
    Ok((StatusCode::CREATED, head, Json(webhook)).into_response())
}
