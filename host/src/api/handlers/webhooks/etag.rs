//! `ETag` and `If-Match` (RFC 9110): whoever changes a webhook as they saw it changes no other version of it.
//!
//! The tag stands for how a webhook is set up, and not for how it does, which changes by itself.

use http::{HeaderMap, HeaderName, header};
use sha2::{Digest, Sha256};

use super::super::super::problem::{Problem, ProblemType};
use super::view::View;
use crate::api::auth::hex;
use crate::delivery::webhooks::Webhook;

/// Bytes of the digest that a tag has.
const LENGTH: usize = 16;

/// The header with the tag of a webhook.
pub(super) fn of(webhook: &Webhook) -> [(HeaderName, String); 1] {
    [(header::ETAG, tag(webhook))]
}

/// The revision that a change is meant for, where the request names a tag; none for any.
///
/// # Errors
/// Where the webhook has another tag now.
pub(super) fn expected(headers: &HeaderMap, webhook: &Webhook) -> Result<Option<u32>, Problem> {
    if !is_asked(headers) {
        return Ok(None);
    }
    let values = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    let tag = tag(webhook);
    // A weak tag (`W/…`) is never one of these.
    match tags.find(|asked| *asked == "*" || *asked == tag) {
        Some("*") => Ok(None),
        Some(_) => Ok(Some(webhook.revision)),
        None => Err(differs(webhook.name())),
    }
}

/// Whether a request is meant for a webhook with a certain tag.
pub(super) fn is_asked(headers: &HeaderMap) -> bool {
    headers.contains_key(header::IF_MATCH)
}

/// The problem that a webhook is not the one that `If-Match` asked for.
pub(super) fn differs(webhook: &str) -> Problem {
    let detail = format!(
        "The webhook `{webhook}` is not, or no more, as `If-Match` has it; GET /v1/webhooks/{webhook} shows it as it is now, \
         with its ETag. Nothing was changed."
    );
    Problem::new(ProblemType::PreconditionFailed, detail)
}

fn tag(webhook: &Webhook) -> String {
    let json = serde_json::to_vec(&View::settings_of(webhook)).expect("a view has texts as names");
    let digest = Sha256::digest(json);
    format!("\"{}\"", hex(&digest[..LENGTH]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::HeaderValue;

    use super::*;
    use crate::config::{self, Secret};
    use crate::delivery::webhooks::Live;

    fn webhook(change: impl FnOnce(&mut config::Webhook)) -> Arc<Webhook> {
        let secret = Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".into());
        let mut written = config::Webhook::new("crm", "https://crm.example/hook", secret);
        change(&mut written);
        Live::fixed(&config::Delivery::default(), &[written]).expect("it is sound").current().webhooks[0].clone()
    }

    fn asked(values: &[&str]) -> HeaderMap {
        let value = |value: &&str| (header::IF_MATCH, HeaderValue::from_str(value).expect("is a value"));
        values.iter().map(value).collect()
    }

    #[test]
    fn the_tag_is_strong_and_changes_with_the_settings_alone() {
        let before = tag(&webhook(|_| {}));
        assert!(before.starts_with('"') && before.len() == 2 * LENGTH + 2, "{before}");
        assert_eq!(tag(&webhook(|_| {})), before);
        assert_ne!(tag(&webhook(|webhook| webhook.min_priority = 1)), before);
    }

    #[test]
    fn one_of_several_tags_has_to_be_that_of_the_webhook() {
        let webhook = webhook(|_| {});
        let tag = tag(&webhook);
        let expected = |values: &[&str]| expected(&asked(values), &webhook).map_err(|problem| problem.kind);
        assert_eq!(expected(&[]), Ok(None));
        assert_eq!(expected(&["*"]), Ok(None));
        assert_eq!(expected(&[&format!("\"x\" , {tag}")]), Ok(Some(1)));
        assert_eq!(expected(&["\"x\"", &tag]), Ok(Some(1)));
        for other in ["\"x\"", "", &format!("W/{tag}"), tag.trim_matches('"')] {
            assert_eq!(expected(&[other]), Err(ProblemType::PreconditionFailed), "{other}");
        }
    }
}
