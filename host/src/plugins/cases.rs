//! Golden cases: what a plugin has to say of known input before it may join a chain.
//!
//! A case is a folder `cases/NAME` with `input.json` (what [`Given::read`] takes) and `expected.json` (an [`Answer`]). The
//! plugin runs with the configuration in `config.json` of the case or beside the folder `cases`, else with `{}`, as its
//! author tests it, and within the limits that it has in the chain. Its requests are answered out of `answers.json`
//! ([`Trial::answer_from`]), so that a case does not depend on what others answer today.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::Value;

use super::{
    loader::{LoadError, Plugin},
    source,
    trial::{Given, Trial},
    written::{Answer, Effect},
};
use crate::config;

/// Longest piece of an effect in a message, in bytes.
const MAX_SHOWN: usize = 400;

/// Where the golden cases of a plugin are, or would be: where `cases` says, else beside its component. Built-in plugins
/// have none by themselves.
pub fn folder(config: &config::Plugin, base: &Path) -> Option<PathBuf> {
    match &config.cases {
        Some(named) => Some(base.join(named)),
        None if !source::is_file(&config.source) => None,
        None => Some(base.join(&config.source).with_file_name("cases")),
    }
}

/// Runs every golden case of a plugin that has some. Returns how many there are.
///
/// # Errors
/// The first case that cannot be run, or that the plugin answers otherwise than expected.
pub fn run(plugin: &Plugin) -> Result<usize, LoadError> {
    let Some(folder) = &plugin.cases else { return Ok(0) };
    let fails =
        |case: &Path, reason| LoadError::CaseFails { plugin: plugin.name.to_string(), case: case.into(), reason };
    let cases = list(folder).map_err(|error| fails(folder, error.to_string()))?;
    for case in &cases {
        run_one(plugin, folder, case).map_err(|reason| fails(case, reason))?;
    }
    Ok(cases.len())
}

/// The folders of the cases, sorted by name.
fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut cases = entries.collect::<io::Result<Vec<_>>>()?;
    // One without input.json is a case that cannot be run, and told: a slip in the name must not let a plugin pass.
    cases.retain(|path| path.is_dir() && !is_hidden(path));
    cases.sort();
    Ok(cases)
}

/// Whether a folder is one that tools keep for themselves.
pub(crate) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn run_one(plugin: &Plugin, folder: &Path, case: &Path) -> Result<(), String> {
    let input = fs::read(case.join("input.json")).map_err(|error| format!("input.json: {error}"))?;
    let given = Given::read(&input).map_err(|problem| format!("input.json: {problem}"))?;
    let expected = case.join("expected.json");
    let named = |problem: String| format!("{}: {problem}", expected.display());
    let text = fs::read_to_string(&expected).map_err(|error| named(error.to_string()))?;
    let expected = given.expects(&text).map_err(named)?;
    let beside = folder.with_file_name("config.json");
    let config = [case.join("config.json"), beside].into_iter().find(|path| path.is_file());
    let config = config.map(|path| read(&path)).transpose()?;
    let config_json = config.map_or_else(|| "{}".into(), |config| config.to_string());
    let mut trial = Trial::new(Plugin { config_json, ..plugin.clone() });
    trial.answer_from([case])?;
    match trial.answers(&[&given]).pop() {
        Some(answer) if answer == expected => Ok(()),
        Some(answer) => Err(difference(&expected, &answer)),
        None => Err("the plugin gave no answer".into()),
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The first thing that is otherwise, for people to read.
fn difference(expected: &Answer, answer: &Answer) -> String {
    if let (Answer::Effects(expected), Answer::Effects(answer)) = (expected, answer) {
        let place = expected.iter().zip(answer).position(|(expected, answer)| expected != answer);
        let place = place.unwrap_or_else(|| expected.len().min(answer.len()));
        let shown = |effects: &[Effect]| effects.get(place).map_or_else(|| "nothing more".into(), shown);
        return format!("effect {} should be {}, and is {}", place + 1, shown(expected), shown(answer));
    }
    format!("the answer should be {}, and is {}", shown(expected), shown(answer))
}

fn shown<T: Serialize>(value: T) -> String {
    let mut text = serde_json::to_string(&value).unwrap_or_default();
    if text.len() > MAX_SHOWN {
        text.truncate(text.floor_char_boundary(MAX_SHOWN));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(json: &str) -> Answer {
        serde_json::from_str(json).expect("is an answer")
    }

    #[test]
    fn a_difference_names_the_first_effect_that_is_otherwise() {
        let expected = effects(r#"{"effects": [{"tag": {"name": "a"}}, {"tag": {"name": "b"}}]}"#);
        let other = effects(r#"{"effects": [{"tag": {"name": "a"}}, {"tag": {"name": "c"}}]}"#);
        let said = difference(&expected, &other);
        assert!(said.starts_with("effect 2 should be ") && said.contains("\"b\"") && said.contains("\"c\""), "{said}");
        let fewer = effects(r#"{"effects": [{"tag": {"name": "a"}}]}"#);
        assert!(difference(&expected, &fewer).ends_with("and is nothing more"));
        let fault = effects(r#"{"fault": {"failed": "why"}}"#);
        assert!(difference(&expected, &fault).contains(r#"{"fault":{"failed":"why"}}"#));
    }
}
