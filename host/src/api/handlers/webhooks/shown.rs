//! Fields that answers show and no request changes: whoever sends an answer back as it was means no change.

use std::mem::discriminant;

use serde_json::{Map, Value};

use crate::feedback::validate::FieldError;

/// Fields that say what a webhook is, or what came of its settings.
const FIXED: [&str; 9] =
    ["id", "source", "revision", "created_at", "updated_at", "active", "keys", "warnings", "faults"];
/// Fields that say how it does. They change between an answer and the request that brings it back.
const MOVING: [&str; 3] = ["health", "waiting", "parked"];

/// A patch without what stands in it as the webhook is shown now.
///
/// # Errors
/// The fields that a request cannot change, and that are not as they are shown.
pub(super) fn without(mut patch: Map<String, Value>, now: &Value) -> Result<Map<String, Value>, Vec<FieldError>> {
    let is_alike = |value: &Value, name: &str| discriminant(value) == discriminant(&now[name]);
    patch.retain(|name, value| !(MOVING.contains(&name.as_str()) && is_alike(value, name)));
    // One that is not as it is shown is the file's to set, and is refused as such.
    if patch.get("allow_private") == Some(&now["allow_private"]) {
        patch.remove("allow_private");
    }
    let mut faults = Vec::new();
    for name in FIXED.into_iter().chain(MOVING) {
        if patch.remove(name).is_some_and(|value| value != now[name]) {
            let message = "no request changes it; leave it out, or send it as GET /v1/webhooks/{id} shows it now";
            faults.push(FieldError::new(name, message));
        }
    }
    if faults.is_empty() { Ok(patch) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { unreachable!("it is an object") };
        object
    }

    #[test]
    fn every_field_that_an_answer_shows_is_a_setting_or_taken_out() {
        let shown = super::super::view::View::example().to_json();
        let left = without(object(shown.clone()), &shown).expect("it is as it is shown");
        serde_json::from_value::<config::Webhook>(left.into_iter().filter(|(_, value)| !value.is_null()).collect())
            .expect("settings are left");
    }

    #[test]
    fn what_is_not_as_it_is_shown_is_refused_unless_it_moves_by_itself() {
        let now = json!({ "id": "wh_1", "revision": 2, "waiting": 3, "allow_private": true });
        let left = without(object(json!({ "waiting": 1, "revision": 2, "paused": true })), &now);
        assert_eq!(left.map(Value::from), Ok(json!({ "paused": true })));
        for (patch, field) in [
            (json!({ "revision": 1 }), "revision"),
            (json!({ "id": null }), "id"),
            (json!({ "keys": [] }), "keys"),
            (json!({ "waiting": null }), "waiting"),
            (json!({ "created_at": "2026-01-01T00:00:00Z" }), "created_at"),
        ] {
            assert_eq!(without(object(patch), &now).expect_err("it is another")[0].field, field);
        }
        let effective = without(object(json!({ "allow_private": true })), &now).expect("it is as it is shown");
        assert!(effective.is_empty());
        let other = without(object(json!({ "allow_private": false })), &now).expect("the registry refuses it");
        assert!(other.contains_key("allow_private"));
    }
}
