use std::time::Instant;

use super::*;

/// Definitions that each are made of the one before, sixty in a row.
fn chain(link: impl Fn(Value) -> Value) -> Value {
    chain_of(60, link)
}

fn chain_of(length: usize, link: impl Fn(Value) -> Value) -> Value {
    let mut all = json!({"a0": {"type": "object"}});
    for n in 1..=length {
        all[format!("a{n}")] = link(json!({"$ref": format!("#/$defs/a{}", n - 1)}));
    }
    json!({"$ref": format!("#/$defs/a{length}"), "$defs": all})
}

/// A configuration of objects in one another, each the member `x` of the one around it.
fn deep(depth: usize) -> Value {
    (0..depth).fold(json!({}), |inner, _| json!({"x": inner}))
}

fn held(schema: &Value, config: &Value) -> Result<Vec<String>, String> {
    let begun = Instant::now();
    let held = offences(&schema.to_string(), config);
    assert!(begun.elapsed() < TIME, "it was not counted, it ran into its time: {schema}");
    held
}

#[track_caller]
fn assert_refused(schema: &Value, config: &Value, why: &str) {
    let refusal = held(schema, config).expect_err("is too much");
    assert!(refusal.starts_with("declares a configuration schema that ") && refusal.contains(why), "{refusal}");
}

const TOO_MUCH: &str = "steps to hold a configuration against";

#[test]
fn references_that_multiply_are_refused_before_anybody_follows_them() {
    let links: [&dyn Fn(Value) -> Value; 8] = [
        &|one| json!({"allOf": [one, one]}),
        &|one| json!({"anyOf": [{"not": one}, one]}),
        &|one| json!({"oneOf": [one, one]}),
        &|one| json!({"not": {"not": one}, "allOf": [one]}),
        &|one| json!({"if": one, "then": one, "else": one}),
        &|one| json!({"dependentSchemas": {"x": one, "y": one}}),
        &|one| json!({"allOf": [one], "unevaluatedProperties": false}),
        &|one| json!({"propertyNames": true, "allOf": [{"allOf": [one]}, {"anyOf": [one]}]}),
    ];
    for link in links {
        assert_refused(&chain(link), &json!({"x": 1}), TOO_MUCH);
    }
}

#[test]
fn anchors_that_multiply_are_refused_as_well() {
    let mut all = json!({"a0": {"$dynamicAnchor": "a0", "type": "object"}});
    for n in 1..=60 {
        let one = json!({"$dynamicRef": format!("#a{}", n - 1)});
        all[format!("a{n}")] = json!({"$dynamicAnchor": format!("a{n}"), "allOf": [one, one]});
    }
    assert_refused(&json!({"$dynamicRef": "#a60", "$defs": all}), &json!({}), TOO_MUCH);
}

#[test]
fn a_schema_that_multiplies_with_the_depth_of_the_configuration_is_refused_for_a_deep_one() {
    let itself = json!({"$ref": "#"});
    let twice = json!({"allOf": [itself, itself]});
    for schema in [
        json!({"properties": {"x": twice}}),
        json!({"additionalProperties": twice}),
        json!({"patternProperties": {"x": twice, "^x$": itself}}),
        json!({"properties": {"x": {"anyOf": [itself, itself]}}, "unevaluatedProperties": false}),
        json!({"items": twice, "contains": itself}),
    ] {
        let config = match schema.get("items") {
            Some(_) => (0..60).fold(json!([]), |inner, _| json!([inner])),
            None => deep(60),
        };
        assert_refused(&schema, &config, TOO_MUCH);
        assert_eq!(held(&schema, &json!({"x": {}})), Ok(vec![]), "{schema}");
    }
}

#[test]
fn parts_that_are_compiled_twice_at_every_level_are_refused() {
    let nested = (0..40).fold(json!({}), |inner, _| json!({"unevaluatedProperties": {"allOf": [inner]}}));
    assert_refused(&nested, &json!({}), TOO_MUCH);
}

#[test]
fn a_long_way_is_refused_before_it_takes_the_call_stack() {
    assert_refused(&chain_of(5_000, |one| one), &json!({}), "subschemas into one another");
    assert_eq!(held(&chain_of(450, |one| one), &json!({})), Ok(vec![]));
}

#[test]
fn a_schema_that_goes_in_circles_ends() {
    for schema in [
        json!({"$ref": "#"}),
        json!({"not": {"$ref": "#"}}),
        json!({"$dynamicAnchor": "m", "anyOf": [{"$dynamicRef": "#m"}]}),
        json!({"$id": "http://x/y", "allOf": [{"$ref": "y"}]}),
    ] {
        assert!(held(&schema, &json!({})).is_ok(), "{schema}");
    }
    let all: Vec<_> = (0..20).map(|n| json!({"$ref": format!("#/$defs/a{n}")})).collect();
    let each = (0..20).map(|n| (format!("a{n}"), json!({"anyOf": all}))).collect::<serde_json::Map<_, _>>();
    assert_refused(&json!({"anyOf": all, "$defs": each}), &json!({}), TOO_MUCH);
}

#[test]
fn what_is_not_in_the_schema_is_named() {
    for reference in ["#/$defs/gone", "#gone", "other.json", "https://json-schema.org/draft/2020-12/schema"] {
        assert_refused(&json!({"$ref": reference}), &json!({}), &format!("refers to `{reference}`"));
    }
}

#[test]
fn recursive_schemas_are_held_against_as_before() {
    let tree = json!({
        "$id": "https://example.com/tree", "$dynamicAnchor": "node",
        "properties": {"name": {"type": "string"}, "children": {"items": {"$dynamicRef": "#node"}}},
        "additionalProperties": false
    });
    let strict = json!({"$ref": "https://example.com/tree", "$defs": {"tree": tree, "a b": {"$anchor": "c", "type": "string"}},
        "properties": {"name": {"$ref": "#/$defs/a%20b"}, "children": {"items": {"properties": {"name": {"$ref": "#c"}}}}}});
    let config = |leaf: Value| json!({"name": "a", "children": [{"name": "b", "children": [{"name": leaf}]}]});
    assert_eq!(held(&strict, &config(json!("c"))), Ok(vec![]));
    let offences = held(&strict, &config(json!(1))).expect("is held against");
    assert_eq!(offences, ["config.children.0.children.0.name: value is not of type \"string\""]);
}

#[test]
fn a_large_configuration_of_a_plain_schema_is_not_too_much() {
    let schema = json!({"type": "object", "additionalProperties": {"anyOf": [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
    ]}});
    let terms: Value = (0..100).map(|n| json!(format!("term {n}"))).collect();
    let topics = (0..100).map(|n| (format!("topic/{n}"), json!({"en": terms, "ja": terms})));
    assert_eq!(held(&schema, &Value::Object(topics.collect())), Ok(vec![]));
}

#[test]
fn expressions_stay_bounded() {
    let many = (0..200).map(|n| (format!("^{n}$"), json!(true))).collect::<serde_json::Map<_, _>>();
    assert_refused(&json!({"patternProperties": many}), &json!({}), "expressions");
    assert_refused(&json!({"pattern": "(a{500}){500}"}), &json!({}), "a{500}");
    let schema = json!({"properties": {"w": {"pattern": "^(?=a)(a|a)*\\1b$"}}});
    assert!(held(&schema, &json!({"w": "a".repeat(5_000)})).is_ok());
}

#[test]
fn a_schema_that_is_none_is_told_apart_from_one_that_is_no_json() {
    assert!(check("{nope").expect_err("is no JSON").contains("not JSON: "));
    assert!(check(r#"{"type": 5}"#).expect_err("is no schema").contains("not JSON Schema: "));
    assert_eq!(check("true"), Ok(()));
}

#[test]
fn work_that_does_not_end_is_left_behind() {
    let refusal = within(Duration::from_millis(10), || {
        thread::park_timeout(Duration::from_secs(60));
        Ok(())
    });
    assert!(refusal.expect_err("takes too long").contains("longer than 10ms"));
}

#[test]
fn what_is_wrong_in_one_of_several_forms_is_told_by_its_key() {
    let nested = json!({
        "type": "object", "additionalProperties": false, "required": ["names"],
        "properties": {
            "level": {"type": "integer", "maximum": 5},
            "names": {"type": "object", "additionalProperties": {"type": "number"}},
        },
    });
    let slow = json!({
        "type": "object", "required": ["slow"], "additionalProperties": false,
        "properties": {"slow": {"type": "object", "properties": {"level": {"type": "integer", "maximum": 255}}}},
    });
    let schema = json!({"type": "object", "properties": {
        "nested": {"anyOf": [{"$ref": "#/$defs/nested"}, {"type": "null"}]},
        "mode": {"oneOf": [{"type": "string", "enum": ["eager", "lazy"]}, slow]},
    }, "$defs": {"nested": nested}});
    let told = |config: Value| held(&schema, &config).expect("is held");
    for (config, key, part) in [
        (json!({"nested": {"level": 9, "names": {}}}), "config.nested.level: ", "maximum of 5"),
        (json!({"nested": {"lvl": 1, "names": {}}}), "config.nested: ", "'lvl'"),
        (json!({"nested": {"names": {"a": "b"}}}), "config.nested.names.a: ", "\"number\""),
        (json!({"mode": {"slow": {"level": 300}}}), "config.mode.slow.level: ", "maximum of 255"),
        (json!({"mode": "fast"}), "config.mode: fits none of what is allowed: ", "\"eager\""),
        (json!({"nested": {}}), "config.nested: ", "\"names\""),
    ] {
        let told = told(config.clone());
        assert!(told.len() == 1 && told[0].starts_with(key) && told[0].contains(part), "{config}: {told:?}");
    }
}

#[test]
fn a_schema_that_is_none_is_told_by_its_place() {
    let error = check(&json!({"properties": {"a": {"type": "arry"}}}).to_string()).expect_err("is none");
    assert!(error.contains("at `/properties/a/type`"), "{error}");
}
