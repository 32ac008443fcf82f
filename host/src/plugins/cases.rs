//! Golden cases: what a plugin has to say of known input before it may join a chain.
//!
//! A case is a folder `cases/NAME` with `input.json` (one feedback as it is posted, and under `effects` what earlier
//! plugins said of it) and `expected.json` (`{"effects": […]}`, or `{"fault": {"failed": "why"}}`). The plugin runs
//! with the configuration in `config.json` of the case or beside the folder `cases`, else with its own in the chain,
//! and within the limits that it has there.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bumpalo::Bump;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    chain::language_of,
    check,
    effect_json::EffectJson,
    grants::NoHistory,
    instance::Instance,
    item::{Effect, Fault, Subject},
    loader::{LoadError, Plugin},
};
use crate::feedback::{FeedbackId, validate};

/// Longest piece of an effect in a message, in bytes.
const MAX_SHOWN: usize = 400;

/// What a plugin says of one input.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Answer {
    /// Its effects.
    Effects(Vec<EffectJson>),
    /// Why it has none.
    Fault(FaultJson),
}

/// A fault, as cases write it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FaultJson {
    /// It does not handle this kind or language.
    Unsupported(String),
    /// It failed, or the host stopped it.
    Failed(String),
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
    cases.retain(|path| path.join("input.json").is_file());
    cases.sort();
    Ok(cases)
}

fn run_one(plugin: &Plugin, folder: &Path, case: &Path) -> Result<(), String> {
    let expected: Answer = read(&case.join("expected.json"))?;
    let input: Map<String, Value> = read(&case.join("input.json"))?;
    let beside = folder.with_file_name("config.json");
    let config = [case.join("config.json"), beside].into_iter().find(|path| path.is_file());
    let configured = config.map(|path| read::<Value>(&path)).transpose()?;
    let configured = configured.map(|config| Plugin { config_json: config.to_string(), ..plugin.clone() });
    let answer = answer(configured.as_ref().unwrap_or(plugin), input)?;
    if answer == expected {
        return Ok(());
    }
    Err(difference(&expected, &answer))
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// What the plugin says of the input of a case, in a fresh instance.
fn answer(plugin: &Plugin, mut input: Map<String, Value>) -> Result<Answer, String> {
    let effects = input.remove("effects").unwrap_or_else(|| Value::Array(Vec::new()));
    let effects: Vec<EffectJson> =
        serde_json::from_value(effects).map_err(|error| format!("input.json: `effects`: {error}"))?;
    let bytes = serde_json::to_vec(&input).map_err(|error| format!("input.json: {error}"))?;
    let limits = validate::Limits { item_bytes: 1 << 20, text_bytes: 256 << 10 };
    let mut feedback = validate::validate(&bytes, &limits).map_err(|invalid| format!("input.json: {invalid}"))?;
    // Nothing of a case may depend on when it runs.
    (feedback.id, feedback.received_at) = (FeedbackId::default(), Timestamp::UNIX_EPOCH);
    let language = language_of(&feedback);
    plugin.dictionaries.prepare(&language.code);
    let mut subject = Subject::new(feedback, language);
    subject.effects = effects.into_iter().map(Effect::from).collect();
    let mut instance = Instance::start_configured(plugin, Arc::new(NoHistory))?;
    if plugin.uses_history {
        instance.open_history(std::iter::once(subject.feedback()));
    }
    let bump = Bump::new();
    let answers = instance.process(plugin, &[subject.item(0, plugin.reads, &bump)]);
    let failed = |reason| Ok(Answer::Fault(FaultJson::Failed(reason)));
    match answers.map(|mut answers| answers.pop()) {
        Err(reason) => failed(reason),
        Ok(Some(Err(Fault::Unsupported(reason)))) => Ok(Answer::Fault(FaultJson::Unsupported(reason))),
        Ok(Some(Err(Fault::Failed(reason) | Fault::Other(reason)))) => failed(reason),
        Ok(effects) => {
            let effects = effects.transpose().ok().flatten().unwrap_or_default();
            match check::effects(subject.feedback(), &effects, &plugin.limits) {
                Ok(()) => Ok(Answer::Effects(effects.into_iter().map(EffectJson::from).collect())),
                Err(reason) => failed(reason),
            }
        }
    }
}

/// The first thing that is otherwise, for people to read.
fn difference(expected: &Answer, answer: &Answer) -> String {
    if let (Answer::Effects(expected), Answer::Effects(answer)) = (expected, answer) {
        let place = expected.iter().zip(answer).position(|(expected, answer)| expected != answer);
        let place = place.unwrap_or_else(|| expected.len().min(answer.len()));
        let shown = |effects: &[EffectJson]| effects.get(place).map_or_else(|| "nothing more".into(), shown);
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
