//! Reads `sayso.toml` and lays the environment over it.
//!
//! `SAYSO_SERVER__LISTEN=0.0.0.0:80` is `listen` in `[server]`; lists of tables are counted from 0:
//! `SAYSO_WEBHOOK__0__SECRET`. A value is read as TOML where it is TOML, else as text. The environment wins.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{Config, Plugin, http, keep, written};

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

/// Prefix of the variables.
const PREFIX: &str = "SAYSO_";

/// Variables with the prefix that are no keys of the configuration.
const NOT_KEYS: [&str; 9] = [
    "SAYSO_CONFIG",
    "SAYSO_LOG",
    "SAYSO_LOG_FORMAT",
    "SAYSO_KEY",
    "SAYSO_URL",
    "SAYSO_WASM_TOOLCHAIN",
    "SAYSO_REGISTRY",
    "SAYSO_REGISTRY_USER",
    "SAYSO_REGISTRY_PASSWORD",
];

/// Reads the configuration from `file`, if there is one, and from the variables.
///
/// # Errors
/// See [`ConfigError`]; each names the file and the line, or the variable.
pub fn load(file: Option<&Path>, variables: impl IntoIterator<Item = (String, String)>) -> Result<Config, ConfigError> {
    let text = file.map_or_else(|| Ok(String::new()), read)?;
    let path = file.unwrap_or(Path::new("sayso.toml"));
    let mut table = parse(path, &text)?;
    let from_environment = overlay(&mut table, variables)?;
    let mut config = understand(path, &text, table, &from_environment)?;
    if config.plugins.is_empty() {
        config.plugins = default_chain();
    }
    Ok(config)
}

/// Reads the `[[plugin]]`s of a file alone, as it says them: whatever else it holds is left to [`load`].
///
/// # Errors
/// See [`ConfigError`]; among them, that there is no `[[plugin]]`.
pub fn load_chain(file: &Path) -> Result<Vec<Plugin>, ConfigError> {
    let text = read(file)?;
    let mut table = parse(file, &text)?;
    table.retain(|key, _| key == "plugin");
    let plugins = understand(file, &text, table, &[])?.plugins;
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
        .map_err(|error| ConfigError::Syntax { path: path.to_owned(), message: error.to_string().trim().to_owned() })
}

/// The configuration that the table is, checked.
fn understand(
    path: &Path,
    text: &str,
    table: Table,
    from_environment: &[(String, String)],
) -> Result<Config, ConfigError> {
    written::check(&table).map_err(|(key, message)| ConfigError::Key {
        place: place(path, text, &key, "", from_environment),
        message: format!("`{key}`: {message}"),
    })?;
    let config: Config = serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
        let key = error.path().to_string();
        let message = format!("`{key}`: {}", error.inner().message().trim());
        ConfigError::Key { place: place(path, text, &key, error.inner().message(), from_environment), message }
    })?;
    check(&config, path, text)?;
    Ok(config)
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

/// Lays the variables over the table. Returns the keys that they set, dotted, with the variable.
fn overlay(
    table: &mut Table,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let mut set = Vec::new();
    for (variable, value) in variables {
        let Some(name) = variable.strip_prefix(PREFIX).filter(|_| !NOT_KEYS.contains(&variable.as_str())) else {
            continue;
        };
        let name = name.to_ascii_lowercase();
        let keys: Vec<&str> = name.split("__").collect();
        put(table, &keys, parse_value(&value))
            .map_err(|message| ConfigError::Variable { variable: variable.clone(), message })?;
        set.push((keys.join("."), variable));
    }
    Ok(set)
}

fn parse_value(text: &str) -> Value {
    let document = format!("value = {text}");
    let parsed = toml::from_str::<Table>(&document).ok().and_then(|mut table| table.remove("value"));
    parsed.filter(|value| !value.is_datetime()).unwrap_or_else(|| Value::String(text.into()))
}

fn put(table: &mut Table, keys: &[&str], value: Value) -> Result<(), String> {
    let (first, rest) = keys.split_first().ok_or("names no key")?;
    if rest.is_empty() {
        table.insert((*first).into(), value);
        return Ok(());
    }
    if let Some(index) = rest.first().and_then(|key| key.parse::<usize>().ok()) {
        let list = table.entry(*first).or_insert_with(|| Value::Array(Vec::new()));
        let list = list.as_array_mut().ok_or_else(|| format!("`{first}` is no list"))?;
        if index > list.len() {
            return Err(format!("`{first}` has {} entries, so the next is {first}__{}", list.len(), list.len()));
        }
        if index == list.len() {
            list.push(Value::Table(Table::new()));
        }
        let entry = list[index].as_table_mut().ok_or_else(|| format!("`{first}` is no list of tables"))?;
        return put(entry, &rest[1..], value);
    }
    let inner = table.entry(*first).or_insert_with(|| Value::Table(Table::new()));
    put(inner.as_table_mut().ok_or_else(|| format!("`{first}` is no table"))?, rest, value)
}

/// Where the key that is at fault stands. `path` is that of the innermost value; an unknown key is named in `message`.
fn place(file: &Path, text: &str, path: &str, message: &str, from_environment: &[(String, String)]) -> String {
    let mut keys: Vec<String> = path.replace('[', ".").replace(']', "").split('.').map(Into::into).collect();
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    if let Some(unknown) = unknown.filter(|unknown| keys.last().map(String::as_str) != Some(unknown)) {
        keys.push(unknown.into());
    }
    keys.retain(|key| !key.is_empty());
    let dotted = keys.join(".");
    if let Some((_, variable)) = from_environment.iter().find(|(key, _)| *key == dotted) {
        return format!("environment variable {variable}");
    }
    let line = toml_edit::Document::parse(text).ok().and_then(|document| line_of(&document, text, &keys));
    line.map_or_else(|| file.display().to_string(), |line| format!("{} line {line}", file.display()))
}

/// The line of the deepest of the keys that stands in the file.
fn line_of(document: &toml_edit::Document<&str>, text: &str, keys: &[String]) -> Option<usize> {
    let mut item = document.as_item();
    let mut at = None;
    for key in keys {
        let next = match key.parse::<usize>() {
            Ok(index) => item.get(index),
            Err(_) => {
                let table = item.as_table_like()?;
                if let Some((name, _)) = table.get_key_value(key) {
                    at = name.span().or(at);
                }
                table.get(key)
            }
        };
        let Some(next) = next else { break };
        at = if key.parse::<usize>().is_ok() { next.span().or(at) } else { at };
        item = next;
    }
    at.map(|span| text[..span.start].lines().count().max(1) + usize::from(text[..span.start].ends_with('\n')))
}

/// What no type can say: names are given once, and lists that would do nothing are refused.
fn check(config: &Config, file: &Path, text: &str) -> Result<(), ConfigError> {
    let lists = [
        ("plugin", config.plugins.iter().map(|plugin| plugin.name.as_str()).collect::<Vec<_>>()),
        ("webhook", config.webhooks.iter().map(|webhook| &*webhook.name).collect()),
        ("key", config.keys.iter().map(|key| key.name.as_str()).collect()),
    ];
    for (list, names) in lists {
        let mut seen = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            let key = format!("{list}.{index}.name");
            let at_fault = |message: String| ConfigError::Key { place: place(file, text, &key, "", &[]), message };
            if !is_name(name) {
                let message = "of 1 to 64 letters, digits, `-`, `_` and `.`";
                return Err(at_fault(format!("[[{list}]] name = \"{name}\": a name is {message}")));
            }
            if !seen.insert(name) {
                return Err(at_fault(format!("[[{list}]] name = \"{name}\" is given twice; names tell them apart")));
            }
        }
    }
    for (index, plugin) in config.plugins.iter().enumerate() {
        http::check(plugin).map_err(|(key, message)| {
            let key = format!("plugin.{index}.{key}");
            let message = format!("plugin `{}`: {message}", plugin.name);
            ConfigError::Key { place: place(file, text, &key, "", &[]), message }
        })?;
    }
    if let Some((index, webhook)) = config.webhooks.iter().enumerate().find(|(_, webhook)| webhook.secret.is_none()) {
        let place = place(file, text, &format!("webhook.{index}.name"), "", &[]);
        let message = format!("[[webhook]] `{}`: `secret` is missing; `sayso webhook listen` makes one", webhook.name);
        return Err(ConfigError::Key { place, message });
    }
    check_numbers(config, file, text)
}

fn check_numbers(config: &Config, file: &Path, text: &str) -> Result<(), ConfigError> {
    keep::check(&config.data)
        .map_err(|(key, message)| ConfigError::Key { place: place(file, text, key, "", &[]), message })?;
    let wrong = |key: &str, message: &str| ConfigError::Key {
        place: place(file, text, key, "", &[]),
        message: format!("`{key}`: {message}"),
    };
    if !(1..=256).contains(&config.pipeline.workers) {
        return Err(wrong("pipeline.workers", "give 1 to 256"));
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
