//! Reads `sayso.toml` and lays the environment over it, which wins.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{Config, Key, MAX_WORKERS, Plugin, environment, http, keep, origin::Origin, written};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{}: {message}", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong.
        message: String,
    },
    /// A key is unknown, or its value does not fit.
    #[error("{place}: {message}")]
    Key {
        /// File and line, or the variable.
        place: String,
        /// The key, and what is wrong with it.
        message: String,
    },
    /// A variable names a place that cannot be.
    #[error("environment variable {variable}: {message}")]
    Variable {
        /// Its name.
        variable: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Reads the configuration from `file`, if there is one, and from the variables.
///
/// # Errors
/// See [`ConfigError`]; each names the file and the line, or the variable.
pub fn load(file: Option<&Path>, variables: impl IntoIterator<Item = (String, String)>) -> Result<Config, ConfigError> {
    let text = file.map_or_else(|| Ok(String::new()), read)?;
    let path = file.unwrap_or(Path::new("sayso.toml"));
    let mut table = parse(path, &text)?;
    let variables = environment::overlay(&mut table, variables)?;
    let mut config = understand(table, &Origin { file: path, text: &text, variables })?;
    if config.plugins.is_empty() {
        config.plugins = default_chain();
        config.is_default_chain = true;
    }
    Ok(config)
}

/// Reads the `[[key]]`s of a file and of the variables alone, whatever else these hold, and passes over those that are
/// none; `None` where there is no entry at all.
///
/// # Errors
/// See [`ConfigError`].
pub(super) fn load_keys(
    file: &Path,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Option<Vec<Key>>, ConfigError> {
    let text = read(file)?;
    let mut table = parse(file, &text)?;
    let variables = environment::overlay(&mut table, variables)?;
    let origin = Origin { file, text: &text, variables };
    let entries = match table.remove("key") {
        Some(Value::Array(entries)) => entries,
        other => Vec::from_iter(other),
    };
    if entries.is_empty() {
        return Ok(None);
    }
    let read = |entry| understand(Table::from_iter([("key".to_owned(), Value::Array(vec![entry]))]), &origin);
    Ok(Some(entries.into_iter().filter_map(|entry| read(entry).ok()).flat_map(|config| config.keys).collect()))
}

/// Reads the `[[plugin]]`s of a file alone, as it says them: whatever else it holds is left to [`load`].
///
/// # Errors
/// See [`ConfigError`]; among them, that there is no `[[plugin]]`.
pub fn load_chain(file: &Path) -> Result<Vec<Plugin>, ConfigError> {
    let text = read(file)?;
    let mut table = parse(file, &text)?;
    table.retain(|key, _| key == "plugin");
    let plugins = understand(table, &Origin { file, text: &text, variables: Vec::new() })?.plugins;
    if plugins.is_empty() {
        let message = "names no [[plugin]]; a chain is made of them, as in sayso.toml".into();
        return Err(ConfigError::Key { place: file.display().to_string(), message });
    }
    Ok(plugins)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

fn parse(path: &Path, text: &str) -> Result<Table, ConfigError> {
    toml::from_str(text)
        .map_err(|error| ConfigError::Syntax { path: path.to_owned(), message: without_excerpt(&error, text) })
}

/// Where the mistake is, and what it is. The parser's own text shows the line, which may hold a secret.
fn without_excerpt(error: &toml::de::Error, text: &str) -> String {
    let message = error.message();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return message.to_owned() };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}: {message}")
}

/// Why a table is no configuration: the path of the value at fault, and what is wrong with it.
type Fault = (String, String);

/// The configuration that the table is, checked.
fn understand(mut table: Table, origin: &Origin<'_>) -> Result<Config, ConfigError> {
    park_what_is_not_redacted(&mut table);
    let mut taken_as_text: Vec<Fault> = Vec::new();
    let config = loop {
        let fault = match read_table(&table) {
            Ok(config) => break config,
            Err(fault) => fault,
        };
        if let Some(first) = taken_as_text.iter().find(|first| first.0 == fault.0) {
            let takes_text = !fault.1.starts_with("invalid type: string");
            return Err(refuse(origin, if takes_text { &fault } else { first }));
        }
        // `NAME=2026` is read as a number, and is meant as a text where the key wants one.
        match origin.variable(&fault.0).filter(|variable| !variable.is_text) {
            Some(variable) => variable.put_as_text(&mut table)?,
            None => return Err(refuse(origin, &fault)),
        }
        taken_as_text.push(fault);
    };
    check(&config, origin)?;
    Ok(config)
}

fn read_table(table: &Table) -> Result<Config, Fault> {
    written::check(table)?;
    serde_path_to_error::deserialize(Value::Table(table.clone()))
        .map_err(|error| (error.path().to_string(), without_value(error.inner().message().trim())))
}

/// `invalid type: string "…", expected …`, without the text, which may be a secret.
fn without_value(message: &str) -> String {
    let leads = ["invalid type: string", "invalid value: string"];
    let lead = leads.into_iter().find(|lead| message.starts_with(&format!("{lead} \"")));
    let message = match (lead, message.rfind("\", expected ")) {
        (Some(lead), Some(end)) => format!("{lead}{}", &message[end + 1..]),
        _ => message.to_owned(),
    };
    // The name of the type in this program says nothing to others.
    match message.find("expected struct ") {
        Some(at) => format!("{}expected a table", &message[..at]),
        None => message,
    }
}

fn refuse(origin: &Origin<'_>, (path, message): &Fault) -> ConfigError {
    ConfigError::Key { place: origin.place(path, message), message: format!("`{path}`: {message}") }
}

/// What could not be redacted must not go on, also where the chain is written out: unless the file says otherwise.
fn park_what_is_not_redacted(table: &mut Table) {
    let plugins = table.get_mut("plugin").and_then(Value::as_array_mut).into_iter().flatten();
    for plugin in plugins.filter_map(Value::as_table_mut) {
        if plugin.get("use").and_then(Value::as_str) == Some("builtin:redact") {
            plugin.entry("on_fault").or_insert_with(|| "park".into());
        }
    }
}

/// The chain that runs where none is configured.
fn default_chain() -> Vec<Plugin> {
    use super::{
        Grant::Text,
        OnFault::{Park, Skip},
    };
    // What could not be redacted must not go on.
    [("redact", Park, vec![]), ("sentiment", Skip, vec![Text]), ("tagger", Skip, vec![]), ("router", Skip, vec![])]
        .map(|(name, on_fault, grants)| Plugin {
            name: name.into(),
            source: format!("builtin:{name}"),
            digest: None,
            config: Plugin::default_config(),
            limits: super::Limits::default(),
            grants,
            http: None,
            on_fault,
            shadow: false,
            cases: None,
        })
        .into()
}

/// What no type can say: names are given once, and lists that would do nothing are refused.
fn check(config: &Config, origin: &Origin<'_>) -> Result<(), ConfigError> {
    check_names(config, origin)?;
    for (index, plugin) in config.plugins.iter().enumerate() {
        http::check(plugin).map_err(|(key, message)| {
            origin.refuse(&format!("plugin.{index}.{key}"), format!("plugin `{}`: {message}", plugin.name))
        })?;
    }
    if let Some((index, webhook)) = config.webhooks.iter().enumerate().find(|(_, webhook)| webhook.secret.is_none()) {
        let message = format!("[[webhook]] `{}`: `secret` is missing; `sayso webhook listen` makes one", webhook.name);
        return Err(origin.refuse(&format!("webhook.{index}.name"), message));
    }
    if let Some((index, key)) = config.keys.iter().enumerate().find(|(_, key)| key.scopes.is_empty()) {
        let message = "nothing would be allowed; leave it out for [\"ingest\"], or name scopes: ingest, read, admin";
        return Err(origin
            .refuse(&format!("key.{index}.scopes"), format!("[[key]] `{}`: `scopes` is empty: {message}", key.name)));
    }
    check_numbers(config, origin)
}

fn check_names(config: &Config, origin: &Origin<'_>) -> Result<(), ConfigError> {
    let mut hashes = HashMap::new();
    for (index, key) in config.keys.iter().enumerate() {
        if let Some(other) = hashes.insert(&key.hash, &key.name) {
            let message =
                format!("[[key]] `{}` has the hash of `{other}`; one key has one name and its scopes", key.name);
            return Err(origin.refuse(&format!("key.{index}.hash"), message));
        }
    }
    let lists = [
        ("plugin", config.plugins.iter().map(|plugin| plugin.name.as_str()).collect::<Vec<_>>()),
        ("webhook", config.webhooks.iter().map(|webhook| &*webhook.name).collect()),
        ("key", config.keys.iter().map(|key| key.name.as_str()).collect()),
    ];
    for (list, names) in lists {
        let mut seen = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            let key = format!("{list}.{index}.name");
            if !is_name(name) {
                let message = "of 1 to 64 letters, digits, `-`, `_` and `.`";
                return Err(origin.refuse(&key, format!("[[{list}]] name = \"{name}\": a name is {message}")));
            }
            if !seen.insert(name) {
                let message = format!("[[{list}]] name = \"{name}\" is given twice; names tell them apart");
                return Err(origin.refuse(&key, message));
            }
        }
    }
    Ok(())
}

fn check_numbers(config: &Config, origin: &Origin<'_>) -> Result<(), ConfigError> {
    keep::check(&config.data).map_err(|(key, message)| origin.refuse(key, message))?;
    let wrong = |key: &str, message: &str| origin.refuse(key, format!("`{key}`: {message}"));
    if config.data.dir.as_os_str().is_empty() {
        return Err(wrong("data.dir", "names no folder; leave it out for `sayso-data`, or give `.` for this one"));
    }
    for (key, is_zero) in [
        ("server.max_body_bytes", config.server.max_body_bytes == 0),
        ("server.max_stream_bytes", config.server.max_stream_bytes == 0),
        ("server.max_item_bytes", config.server.max_item_bytes == 0),
        ("server.max_text_bytes", config.server.max_text_bytes == 0),
    ] {
        if is_zero {
            return Err(wrong(key, "everything would be too large; give 1 or more"));
        }
    }
    if config.server.max_backlog == 0 {
        return Err(wrong("server.max_backlog", "nothing would ever be accepted; give 1 or more"));
    }
    if !(1..=MAX_WORKERS).contains(&config.pipeline.workers) {
        return Err(wrong("pipeline.workers", &format!("give 1 to {MAX_WORKERS}")));
    }
    if !(1..=1024).contains(&config.pipeline.batch) {
        return Err(wrong("pipeline.batch", "give 1 to 1024"));
    }
    if !(0.0..=1.0).contains(&config.delivery.jitter) {
        return Err(wrong("delivery.jitter", "give 0 to 1"));
    }
    if config.delivery.schedule.is_empty() {
        return Err(wrong("delivery.schedule", "give at least one step, for example [\"0s\"]"));
    }
    if !(1..=1024).contains(&config.delivery.concurrency) {
        return Err(wrong("delivery.concurrency", "give 1 to 1024"));
    }
    if !is_uri_reference(&config.delivery.source) {
        return Err(wrong("delivery.source", "give a URI or a path of 1 to 200 characters, without `%`"));
    }
    Ok(())
}

/// Whether a text can be the source of CloudEvents, in the body and, as it is, in a header (RFC 3986, without escapes).
fn is_uri_reference(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=".contains(c);
    (1..=200).contains(&text.len()) && text.chars().all(fits)
}

/// Whether a text can be the name of a plugin, a webhook or a key. Clients fold `.` and `..` in paths.
pub(crate) fn is_name(name: &str) -> bool {
    !matches!(name, "." | "..")
        && (1..=64).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests;
