//! What serde does and utoipa does not see: an optional member of an answer is left out rather than null.

use serde_json::{Map, Value};

/// Schemas of what clients send, where null stands for what is absent.
const SENT: [&str; 8] = [
    "NewFeedback",
    "FeedbackBody",
    "WebhookSettings",
    "WebhookPatch",
    "HeaderSetting",
    "Rotation",
    "TestRequest",
    "ReplayRequest",
];

/// Takes null from the members that are left out where there is nothing to say, and from what clients send the default
/// null: by it, generators of clients take a member for one that is always there.
pub(super) fn correct(schemas: &mut Map<String, Value>) {
    for (name, schema) in schemas.iter_mut() {
        if !SENT.contains(&name.as_str()) {
            visit(schema);
        } else if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.values_mut().for_each(without_default_null);
        }
    }
}

/// Takes null from a body that may be left out: generators of clients would send it in place of none.
pub(super) fn correct_body(operation: &mut Value) {
    let body = operation.get_mut("requestBody").filter(|body| body["required"] != true);
    let contents = body.and_then(|body| body["content"].as_object_mut());
    contents.into_iter().flat_map(Map::values_mut).for_each(|content| without_null(&mut content["schema"]));
}

fn without_default_null(schema: &mut Value) {
    if let Some(schema) = schema.as_object_mut().filter(|schema| schema.get("default") == Some(&Value::Null)) {
        schema.remove("default");
    }
}

fn visit(schema: &mut Value) {
    let required: Vec<String> = schema["required"].as_array().into_iter().flatten().filter_map(name).collect();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties {
            if !required.contains(name) {
                without_null(property);
            }
        }
    }
    for alternatives in ["allOf", "oneOf", "anyOf"] {
        let alternatives = schema.get_mut(alternatives).and_then(Value::as_array_mut);
        alternatives.into_iter().flatten().for_each(visit);
    }
}

fn name(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn without_null(schema: &mut Value) {
    without_default_null(schema);
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|kind| kind != "null");
        if let [only] = &types[..] {
            schema["type"] = only.clone();
        }
    }
    if let Some(alternatives) = schema.get_mut("oneOf").and_then(Value::as_array_mut) {
        alternatives.retain(|alternative| alternative["type"] != "null");
        if let [only] = &mut alternatives[..] {
            *schema = only.take();
        }
    }
}
