//! What a client wrote: read, and the field named that cannot be.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::Path;

use crate::{
    config,
    feedback::{misfit::Misfit, validate::FieldError},
};

/// Fields that stand in the file alone, and why.
const FILE_ONLY: [(&str, &str); 3] = [
    ("secret", "the server makes the secret, and shows it in its answer"),
    ("old_secret", "`POST /v1/webhooks/{id}/rotate` makes a new secret, and keeps the old one for `overlap_seconds`"),
    ("allow_private", "the operator alone allows private addresses, in the configuration file"),
];

/// Reads an object.
///
/// # Errors
/// The field at fault, and what is wrong with it.
pub fn read<T: DeserializeOwned>(written: Map<String, Value>) -> Result<T, FieldError> {
    attempt(written).map_err(|(misfit, path)| misfit.at(&path))
}

fn attempt<T: DeserializeOwned>(written: Map<String, Value>) -> Result<T, (Misfit, Path)> {
    serde_path_to_error::deserialize(Value::Object(written)).map_err(|error| {
        let is_of_the_file = |name: &str| FILE_ONLY.iter().any(|(field, _)| *field == name);
        (Misfit::of(&error.inner().to_string()).without(is_of_the_file), error.path().clone())
    })
}

/// Reads a webhook.
///
/// # Errors
/// The fields at fault.
pub(super) fn settings(written: &Map<String, Value>) -> Result<config::Webhook, Vec<FieldError>> {
    let of_the_file = of_the_file(written);
    if !of_the_file.is_empty() {
        return Err(of_the_file);
    }
    read(written.clone()).map_err(|fault| vec![fault])
}

/// The fields of a patch that no webhook of the API has. Null would take them back, and leave no trace of the mistake.
pub(super) fn unknown(patch: &Map<String, Value>) -> Vec<FieldError> {
    let nulls = patch.iter().flat_map(|(name, value)| match value {
        Value::Null => vec![json!({ name: null })],
        Value::Object(inner) if name != "headers" => {
            inner.iter().filter(|(_, value)| value.is_null()).map(|(key, _)| json!({ name: { key: null } })).collect()
        }
        _ => Vec::new(),
    });
    let fault = |probe| match probe {
        Value::Object(probe) => attempt::<config::Webhook>(probe).err(),
        _ => None,
    };
    // What else is wrong with a probe is that it is no whole webhook.
    let unknown = nulls.filter_map(fault).filter(|(misfit, _)| matches!(misfit, Misfit::UnknownField(..)));
    let unknown = unknown.map(|(misfit, path)| misfit.at(&path));
    of_the_file(patch).into_iter().chain(unknown).collect()
}

fn of_the_file(written: &Map<String, Value>) -> Vec<FieldError> {
    let there = FILE_ONLY.iter().filter(|(field, _)| written.contains_key(*field));
    there.map(|(field, why)| FieldError::new(*field, *why)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { unreachable!("it is an object") };
        object
    }

    #[test]
    fn a_field_that_is_missing_unknown_or_of_another_type_is_named() {
        let url = "https://a.example";
        for (written, field) in [
            (json!({}), "name"),
            (json!({ "name": "a" }), "url"),
            (json!({ "name": "a", "url": url, "tag": 1 }), "tag"),
            (json!({ "name": "a", "url": url, "rate": "x" }), "rate"),
            (json!({ "name": "a", "url": url, "batch": {} }), "batch.max_items"),
            (json!({ "name": "a", "url": url, "batch": { "max": 1 } }), "batch.max"),
            (json!({ "name": "a", "url": url, "secret": null }), "secret"),
        ] {
            let faults = settings(&object(written.clone())).expect_err("is refused");
            assert_eq!(faults[0].field, field, "{written}");
        }
    }

    #[test]
    fn null_takes_back_no_field_that_there_is_not() {
        let fields = |patch: Value| unknown(&object(patch)).into_iter().map(|fault| fault.field).collect::<Vec<_>>();
        assert_eq!(fields(json!({ "tag": null, "batch": { "max": null } })), ["batch.max", "tag"]);
        for field in ["secret", "old_secret", "allow_private"] {
            assert_eq!(fields(json!({ field: null })), [field]);
        }
        let known =
            json!({ "routes": null, "url": null, "batch": { "max_wait_ms": null }, "headers": { "x-a": null } });
        assert_eq!(fields(known), [""; 0]);
    }
}
