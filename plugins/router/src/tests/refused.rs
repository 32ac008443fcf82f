//! What is refused before any feedback, and how it is told.

use serde_json::json;

use super::error;
use crate::Router;

#[test]
fn an_unknown_variable_is_found_before_any_feedback() {
    let message = error("kind == 'review' && sentimant < 0.0");
    assert!(
        message
            .starts_with("rule `r`: `when`, line 1, column 21: the variable `sentimant` is unknown; there are kind, "),
        "{message}"
    );
    let message = error("true ||\n customer.lifetime > 5");
    assert!(
        message.contains("line 2, column ") && message.contains("`customer.lifetime` is unknown; `customer` has id, "),
        "{message}"
    );
    assert!(error("has(customer.lifetime)").contains("`customer.lifetime` is unknown"));
    assert!(error("tags.exists(t, u == 'a')").contains("`u` is unknown"));
    assert!(error("scores == null").contains("for example `scores.sentiment`"));
}

#[test]
fn an_expression_that_is_no_cel_is_refused_with_its_place() {
    let message = error("kind ==");
    assert!(message.starts_with("rule `r`: `when`, line 1, column "), "{message}");
}

#[test]
fn wrong_types_are_found_before_any_feedback_even_behind_a_short_cut() {
    assert!(error("kind == 'none' && stars > 'four'").contains("column 25: found no matching overload"));
    assert!(error("text_length + 1").contains("this is of type int, where it must be bool"));
    assert!(error("kind").contains("this is of type string"));
    assert!(error("rating * 5 > 4.0").contains("write 5.0 for 5"), "{}", error("rating * 5 > 4.0"));
    assert!(error("shout(kind)").contains("there is no function `shout`"));
    assert!(error("tags.exists(t, t.shout())").contains("there is no function `shout`"));
}

#[test]
fn a_wrong_rule_is_refused_by_name() {
    let configure = |rule: serde_json::Value| {
        let config = json!({"rules": [rule, {"name": "other", "when": "true", "route": "x"}]});
        sayso_plugin::configure::<Router>(&config.to_string()).err().unwrap()
    };
    let base = |key: &str, value: serde_json::Value| {
        let mut rule = json!({"name": "r", "when": "true", "route": "x"});
        rule[key] = value;
        configure(rule)
    };
    assert!(base("name", json!("other")).contains("rule `other`: there are two rules of this name"));
    assert!(base("name", json!("")).contains("`rules[0].name` is empty"));
    assert!(base("priority", json!(101)).contains("rule `r`: `priority` is 101; it can be 0 to 100"));
    assert!(base("route", json!("Care Team")).contains("rule `r`: `route` is `Care Team`"));
    assert!(base("reasons", json!(["a {nps"])).contains("rule `r`: reason `a {nps`: a `{` without `}`"));
    assert!(base("reasons", json!(["a {np}"])).contains("the variable `np` is unknown"));
    assert!(base("urgency", json!("soon")).contains("`rules[0].urgency`"));
}
