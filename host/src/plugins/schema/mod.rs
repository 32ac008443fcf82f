//! The schema of a configuration, which a plugin declares: others wrote it, and it is held against the configuration
//! here, outside of the sandbox. So the work that it may make is counted first ([`count`]), and what is done with it is
//! done on a thread of its own, which nobody waits for longer than [`TIME`].

mod causes;
mod count;
mod places;

use std::{sync::mpsc, thread, time::Duration};

use jsonschema::PatternOptions;
use serde_json::{Value, json};

use super::line::clean;

/// Time to compile a schema and to hold a configuration against it.
const TIME: Duration = Duration::from_secs(5);
/// The call stack of that: a validator takes some KiB for each of the subschemas that lead into one another.
const STACK_BYTES: usize = 64 << 20;
/// Largest compiled expression, of `pattern` and `patternProperties`: [`count`] allows a hundred of them.
const PATTERN_BYTES: usize = 2 << 20;
/// Most offences that are told.
const OFFENCES: usize = 10;

/// What in `config` does not fit the schema: each offence with its key.
///
/// # Errors
/// Where the schema is none, or takes too much work; to be said of the plugin.
pub(super) fn offences(schema: &str, config: &Value) -> Result<Vec<String>, String> {
    let schema = parse(schema)?;
    let config = config.clone();
    within(TIME, move || {
        count::check(&schema, &config).map_err(about)?;
        let validator = validator(&schema)?;
        let mut offences = Vec::new();
        for error in validator.iter_errors(&config).take(OFFENCES) {
            causes::told(&error, &mut |path, why| {
                let key = if path.is_empty() { "config".into() } else { format!("config{}", path.replace('/', ".")) };
                offences.push(clean(&format!("{key}: {why}")));
            });
        }
        offences.truncate(OFFENCES);
        Ok(offences)
    })
}

/// Whether a schema is one, whatever the configuration.
///
/// # Errors
/// Why not; to be said of the plugin.
pub(super) fn check(schema: &str) -> Result<(), String> {
    let schema = parse(schema)?;
    within(TIME, move || {
        count::check(&schema, &json!({})).map_err(about)?;
        validator(&schema).map(drop)
    })
}

fn parse(schema: &str) -> Result<Value, String> {
    serde_json::from_str(schema)
        .map_err(|error| format!("declares a configuration schema that is not JSON: {}", clean(&error.to_string())))
}

fn about(reason: String) -> String {
    format!("declares a configuration schema that {}", clean(&reason))
}

fn validator(schema: &Value) -> Result<jsonschema::Validator, String> {
    let patterns = PatternOptions::fancy_regex().size_limit(PATTERN_BYTES);
    let validator = jsonschema::options().with_pattern_options(patterns).build(schema);
    validator.map_err(|error| {
        let place = error.instance_path().to_string();
        let place = if place.is_empty() { String::new() } else { format!("at `{place}`: ") };
        about(format!("is not JSON Schema: {place}{error}"))
    })
}

/// Does the work on a thread of its own. One that takes too long is left behind: it ends with the process.
fn within<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (done, result) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("schema".into()).stack_size(STACK_BYTES);
    // Nobody listens any more if it took too long.
    thread.spawn(move || drop(done.send(work()))).map_err(|error| format!("cannot be checked: {error}"))?;
    result.recv_timeout(time).unwrap_or_else(|error| {
        Err(match error {
            mpsc::RecvTimeoutError::Timeout => about(format!("takes longer than {time:?} to check; write it flatter")),
            mpsc::RecvTimeoutError::Disconnected => about("cannot be checked, by a defect in sayso".into()),
        })
    })
}

#[cfg(test)]
mod tests;
