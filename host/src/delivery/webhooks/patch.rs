//! A change of a webhook, as a client writes it: a JSON Merge Patch (RFC 7396) over how the webhook was written.
//!
//! Secret headers and the key of a client certificate can be written and never read. So a patch must not be a way to
//! read them: neither by leading the webhook to a receiver of one's own, nor by making a header one that is shown.

use serde_json::{Map, Value, json};
use url::Url;

use crate::{config, delivery::shown::without_secrets, feedback::validate::FieldError};

/// A patch without what an answer showed in the place of a value: whoever sends an answer back means no change.
pub(super) fn without_what_is_shown(mut patch: Map<String, Value>, current: &config::Webhook) -> Map<String, Value> {
    if patch.get("url").and_then(Value::as_str) == Some(&without_secrets(&current.url)) {
        patch.remove("url");
    }
    if let Some(Value::Object(headers)) = patch.get_mut("headers") {
        // Names of headers are the same in upper and lower case: those that there are are called as they were.
        for (name, value) in std::mem::take(headers) {
            let known = current.headers.keys().find(|known| known.eq_ignore_ascii_case(&name));
            headers.insert(known.cloned().unwrap_or(name), value);
        }
        let is_secret = |name: &str| current.headers.get(name).is_some_and(|header| header.is_secret);
        headers.retain(|name, header| *header != json!({ "secret": true }) || !is_secret(name));
    }
    patch
}

/// Merges a patch: null takes out, objects are merged, all else takes the place of what was there.
pub(super) fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match (target.get_mut(&name), value) {
            (_, Value::Null) => drop(target.remove(&name)),
            (Some(Value::Object(inner)), Value::Object(patch)) => merge(inner, patch),
            (_, Value::Object(patch)) => {
                let mut inner = Map::new();
                merge(&mut inner, patch);
                target.insert(name, Value::Object(inner));
            }
            (_, value) => drop(target.insert(name, value)),
        }
    }
}

/// What the patch that led from `old` to `new` would give away of what cannot be read, and how to write it instead.
pub(super) fn given_away(patch: &Map<String, Value>, old: &config::Webhook, new: &config::Webhook) -> Vec<FieldError> {
    let leads_elsewhere = !is_same_origin(&old.url, &new.url);
    let headers = old.headers.iter().filter(|(name, header)| header.is_secret && !gives(patch, name));
    let header = |name: &String| match new.headers.get(name)? {
        _ if leads_elsewhere => Some(FieldError::new(format!("headers.{name}"), elsewhere("header"))),
        now if !now.is_secret => {
            let message = "its value was written so that no answer shows it; to have it shown, give `value` again";
            Some(FieldError::new(format!("headers.{name}"), message))
        }
        _ => None,
    };
    let is_key_kept = old.client_key.is_some() && new.client_key.is_some() && !patch.contains_key("client_key");
    let key = (leads_elsewhere && is_key_kept).then(|| FieldError::new("client_key", elsewhere("key")));
    headers.filter_map(|(name, _)| header(name)).chain(key).collect()
}

fn elsewhere(what: &str) -> String {
    format!(
        "`url` leads to another scheme, host or port, and this {what} was meant for the one before: give it again in the \
         same request, or null to take it out"
    )
}

/// Whether a patch gives the value of a header.
fn gives(patch: &Map<String, Value>, name: &str) -> bool {
    match patch.get("headers").and_then(|headers| headers.get(name)) {
        Some(Value::Object(header)) => header.contains_key("value"),
        Some(other) => other.is_string(),
        None => false,
    }
}

/// Whether two URLs have scheme, host and port in common; also where the new one cannot be read, which is a fault of its
/// own.
fn is_same_origin(old: &str, new: &str) -> bool {
    let Ok(new) = Url::parse(new) else { return true };
    Url::parse(old).is_ok_and(|old| old.origin() == new.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields at fault where this patch is laid over a webhook with secrets.
    fn faults(patch: Value) -> Vec<String> {
        let Value::Object(mut written) = json!({
            "name": "crm", "url": "https://crm.example/hook", "client_certificate": "PEM", "client_key": "PEM",
            "headers": { "x-team": "care", "authorization": { "value": "Bearer x", "secret": true } },
        }) else {
            unreachable!("it is an object")
        };
        let Value::Object(patch) = patch else { unreachable!("a patch is an object") };
        let read =
            |written: &Map<String, Value>| serde_json::from_value(Value::Object(written.clone())).expect("a webhook");
        let old: config::Webhook = read(&written);
        merge(&mut written, patch.clone());
        given_away(&patch, &old, &read(&written)).into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_url_elsewhere_takes_along_no_secret_that_is_not_given_again() {
        for url in ["https://mine.example/hook", "http://crm.example/hook", "https://crm.example:8443/hook"] {
            assert_eq!(faults(json!({ "url": url })), ["headers.authorization", "client_key"], "{url}");
        }
        let url = "https://mine.example/";
        let shown = json!({ "authorization": { "secret": true } });
        assert_eq!(faults(json!({ "url": url, "headers": shown, "client_key": "PEM" })), ["headers.authorization"]);
        for headers in [
            json!(null),
            json!({ "authorization": null }),
            json!({ "authorization": "y" }),
            json!({ "authorization": { "value": "y" } }),
        ] {
            assert_eq!(faults(json!({ "url": url, "headers": headers, "client_key": "PEM" })), [""; 0], "{headers}");
        }
        assert_eq!(faults(json!({ "url": url, "headers": null, "client_key": null })), [""; 0]);
    }

    #[test]
    fn a_url_at_the_same_place_keeps_secrets() {
        for url in ["https://crm.example/other?x=1", "https://CRM.example:443/hook"] {
            assert_eq!(faults(json!({ "url": url })), [""; 0], "{url}");
        }
        assert_eq!(faults(json!({ "url": "no URL" })), [""; 0], "it is refused for itself");
    }

    #[test]
    fn a_secret_header_is_shown_only_with_another_value() {
        let header = json!({ "secret": false });
        assert_eq!(faults(json!({ "headers": { "authorization": header } })), ["headers.authorization"]);
        let by_its_name = json!({ "secret": null });
        assert_eq!(faults(json!({ "headers": { "authorization": by_its_name } })), [""; 0]);
        assert_eq!(faults(json!({ "headers": { "authorization": { "secret": false, "value": "y" } } })), [""; 0]);
    }
}
