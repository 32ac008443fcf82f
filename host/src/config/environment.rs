//! The variables of the environment that are keys of the configuration.
//!
//! `SAYSO_SERVER__LISTEN=0.0.0.0:80` is `listen` in `[server]`; lists of tables are counted from 0:
//! `SAYSO_WEBHOOK__0__SECRET`. A value is read as TOML where it is TOML and the key takes it so, else as text.

use std::ffi::OsString;

use toml::{Table, Value};

use super::ConfigError;

/// Prefix of the variables.
const PREFIX: &str = "SAYSO_";

/// Variables with the prefix that are no keys of the configuration.
const NOT_KEYS: [&str; 10] = [
    "SAYSO_CONFIG",
    "SAYSO_LOG",
    "SAYSO_LOG_FORMAT",
    "SAYSO_KEY",
    "SAYSO_URL",
    "SAYSO_WEBHOOK_SECRET",
    "SAYSO_WASM_TOOLCHAIN",
    "SAYSO_REGISTRY",
    "SAYSO_REGISTRY_USER",
    "SAYSO_REGISTRY_PASSWORD",
];

/// A variable that sets a key.
pub(super) struct Variable {
    /// Its name.
    pub(super) name: String,
    /// The key that it sets, dotted.
    pub(super) key: String,
    /// Whether its value is a text already, and not a number or the like.
    pub(super) is_text: bool,
    keys: Vec<String>,
    text: String,
}

impl Variable {
    fn new((name, text): (String, String)) -> Option<Self> {
        let keys = name.strip_prefix(PREFIX).filter(|_| is_key(&name, &text))?.to_ascii_lowercase();
        let keys: Vec<String> = keys.split("__").map(Into::into).collect();
        Some(Self { key: keys.join("."), is_text: parse(&text).is_str(), name, keys, text })
    }

    /// Lays its value over the table as the plain text that it is.
    pub(super) fn put_as_text(&self, table: &mut Table) -> Result<(), ConfigError> {
        self.put(table, Value::String(self.text.clone()))
    }

    fn put(&self, table: &mut Table, value: Value) -> Result<(), ConfigError> {
        put(table, &self.keys, value).map_err(|message| ConfigError::Variable { variable: self.name.clone(), message })
    }

    /// Numbers are compared as numbers: entry 10 comes after entry 2.
    fn place_in_order(&self) -> Vec<(Option<usize>, &str)> {
        self.keys.iter().map(|key| (key.parse().ok(), key.as_str())).collect()
    }
}

/// Whether a variable with the prefix is read by a command, or by the set-up, and is no key.
#[cfg(test)]
pub(crate) fn is_of_commands(name: &str) -> bool {
    NOT_KEYS.contains(&name)
}

/// Whether a variable with the prefix is meant for the configuration.
fn is_key(name: &str, value: &str) -> bool {
    !NOT_KEYS.contains(&name) && !is_of_kubernetes(name, value)
}

/// Whether a variable is one of those that Kubernetes sets in every pod beside a Service named `sayso`, `sayso-web` and so
/// on, with its address. Nobody asked for them, so they must not keep sayso from starting; all other unknown ones are typos.
fn is_of_kubernetes(name: &str, value: &str) -> bool {
    let Some(name) = name.strip_prefix(PREFIX).filter(|name| !name.contains("__")) else { return false };
    let is_named = |part: &str| name == part || name.strip_suffix(part).is_some_and(|lead| lead.ends_with('_'));
    let is_port = |at: usize| {
        let mut words = name[at..].split('_');
        let is_number = words.next().is_some_and(|port| port.parse::<u16>().is_ok());
        is_number && matches!(words.next(), Some("TCP" | "UDP" | "SCTP"))
    };
    let behind = |part: &str| name.match_indices(part).map(|(at, _)| at + part.len()).collect::<Vec<_>>();
    is_named("SERVICE_HOST")
        || is_named("SERVICE_PORT")
        || name.starts_with("SERVICE_PORT_")
        || name.contains("_SERVICE_PORT_")
        || (is_named("PORT") && value.contains("://"))
        || behind("PORT_").into_iter().any(is_port)
}

/// The variables that are meant for the configuration, as texts.
///
/// # Errors
/// For one that is not UTF-8: to leave it out would be to run with another value than was given.
pub(super) fn texts(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let wrong = |variable: String, what: &str| {
        let message = format!("{what} is not UTF-8; write it in UTF-8, or unset the variable");
        ConfigError::Variable { variable, message }
    };
    let mut texts = Vec::new();
    for (name, value) in variables {
        if !name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        let name = name.into_string().map_err(|name| wrong(name.to_string_lossy().into_owned(), "its name"))?;
        if is_key(&name, value.to_str().unwrap_or_default()) {
            let value = value.into_string().map_err(|_| wrong(name.clone(), "its value"))?;
            texts.push((name, value));
        }
    }
    Ok(texts)
}

/// Lays the variables over the table, and returns those that set a key.
///
/// # Errors
/// For one that names a place that cannot be.
pub(super) fn overlay(
    table: &mut Table,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<Variable>, ConfigError> {
    let mut variables: Vec<Variable> = variables.into_iter().filter_map(Variable::new).collect();
    // The environment has no order, but a list grows entry by entry, and a table is set before a key in it.
    variables.sort_by(|a, b| a.place_in_order().cmp(&b.place_in_order()));
    for variable in &variables {
        variable.put(table, parse(&variable.text))?;
    }
    Ok(variables)
}

fn parse(text: &str) -> Value {
    let document = format!("value = {text}");
    let parsed = toml::from_str::<Table>(&document).ok().and_then(|mut table| table.remove("value"));
    parsed.filter(|value| !value.is_datetime()).unwrap_or_else(|| Value::String(text.into()))
}

fn put(table: &mut Table, keys: &[String], value: Value) -> Result<(), String> {
    let (first, rest) = keys.split_first().ok_or("names no key")?;
    if rest.is_empty() {
        table.insert(first.clone(), value);
        return Ok(());
    }
    if let Some(index) = rest.first().and_then(|key| key.parse::<usize>().ok()) {
        let list = table.entry(first.as_str()).or_insert_with(|| Value::Array(Vec::new()));
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
    let inner = table.entry(first.as_str()).or_insert_with(|| Value::Table(Table::new()));
    put(inner.as_table_mut().ok_or_else(|| format!("`{first}` is no table"))?, rest, value)
}

#[cfg(test)]
mod tests;
