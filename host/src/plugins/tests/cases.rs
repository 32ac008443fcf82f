//! Golden cases, run in the engine.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    config,
    plugins::{Engine, LoadError, Loader, cases},
};

/// Writes a case, whose input is told by the effects of an earlier plugin.
fn write_case(folder: &Path, name: &str, effects: Value, expected: Value) {
    let case = folder.join("cases").join(name);
    fs::create_dir_all(&case).expect("a folder");
    let input = json!({"feedback": {"kind": "review", "language": "en", "text": "Tea"}, "effects": effects});
    fs::write(case.join("input.json"), input.to_string()).expect("written");
    fs::write(case.join("expected.json"), expected.to_string()).expect("written");
}

/// Runs the cases of the built-in router in the folder.
fn run(folder: &Path) -> Result<usize, LoadError> {
    let plugin = json!({"name": "router", "use": "builtin:router", "cases": folder.join("cases")});
    let plugin: config::Plugin = serde_json::from_value(plugin).expect("is a plugin");
    let loader = Loader::new(Engine::new().expect("an engine"), &folder.join("cache"), folder).expect("a cache");
    cases::run(&loader.load(&plugin)?)
}

#[test]
fn cases_see_the_effects_of_earlier_plugins_and_their_own_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let rule = json!({"name": "r", "when": "'a/b' in tags", "route": "x", "priority": 7});
    fs::write(folder.path().join("config.json"), json!({"rules": [rule], "fallback": "none"}).to_string())
        .expect("written");
    let routed = |name: &str, rule: &str, priority: u8| {
        let route = json!({"name": name, "rule": rule, "priority": priority});
        json!({"effects": [{"route": route}]})
    };
    write_case(folder.path(), "tagged", json!([{"tag": {"name": "a/b"}}]), routed("x", "r", 7));
    assert_eq!(run(folder.path()).expect("passes"), 1);
    write_case(folder.path(), "untagged", json!([]), routed("x", "r", 7));
    let error = run(folder.path()).expect_err("there is no tag").to_string();
    assert!(error.contains("cases/untagged") && error.contains("\"none\""), "{error}");
}

#[test]
fn a_case_that_cannot_be_read_is_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    write_case(folder.path(), "odd", json!([]), json!({"effects": [{"tug": {}}]}));
    let error = run(folder.path()).expect_err("refused").to_string();
    assert!(error.contains("odd/expected.json") && error.contains("tug"), "{error}");
    write_case(folder.path(), "odd", json!(7), json!({"effects": []}));
    let error = run(folder.path()).expect_err("refused").to_string();
    assert!(error.contains("`effects`"), "{error}");
}

#[test]
fn words_that_do_not_stand_in_the_text_are_named_with_their_file_and_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let tag = json!({"name": "a", "spans": [{"start": 0, "end": 3, "words": "WRONG"}]});
    write_case(folder.path(), "odd", json!([]), json!({"effects": [{"tag": tag}]}));
    let error = run(folder.path()).expect_err("refused").to_string();
    assert!(error.contains("odd/expected.json: `effects.0.tag.spans.0.words` is \"WRONG\""), "{error}");
}

#[test]
fn a_folder_without_an_input_is_a_case_that_cannot_be_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = folder.path().join("cases/slip");
    fs::create_dir_all(&case).expect("a folder");
    fs::write(case.join("inputs.json"), r#"{"kind": "review", "text": "ok"}"#).expect("written");
    fs::write(folder.path().join("cases/README.md"), "no case").expect("written");
    let error = run(folder.path()).expect_err("cannot be run").to_string();
    assert!(error.contains("cases/slip") && error.contains("input.json"), "{error}");
}
