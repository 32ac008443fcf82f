//! Where a mistake in the configuration stands: at a line of the file, or in a variable of the environment.

use std::path::Path;

use super::{ConfigError, environment::Variable};

/// What the configuration was read from.
pub(super) struct Origin<'a> {
    /// The file, or what it would be called.
    pub(super) file: &'a Path,
    /// What stands in it.
    pub(super) text: &'a str,
    /// The variables that were laid over it, in that order.
    pub(super) variables: Vec<Variable>,
}

impl Origin<'_> {
    /// A mistake at `key`, which is dotted.
    pub(super) fn refuse(&self, key: &str, message: impl Into<String>) -> ConfigError {
        ConfigError::Key { place: self.place(key, ""), message: message.into() }
    }

    /// The variable that sets the key at `path` itself.
    pub(super) fn variable(&self, path: &str) -> Option<&Variable> {
        let key = keys_of(path).join(".");
        self.variables.iter().rfind(|variable| variable.key == key)
    }

    /// Where the key that is at fault stands. `path` is that of the innermost value; an unknown key is named in `message`.
    pub(super) fn place(&self, path: &str, message: &str) -> String {
        let mut keys = keys_of(path);
        let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        if let Some(unknown) = unknown.filter(|unknown| keys.last().map(String::as_str) != Some(unknown)) {
            keys.push(unknown.into());
        }
        let key = keys.join(".");
        // A variable may give a whole table; the innermost one was laid on last.
        let set_by = self.variables.iter().rfind(|variable| is_in(&key, &variable.key));
        let (line, is_whole) = match toml_edit::Document::parse(self.text) {
            Ok(document) => line_of(&document, self.text, &keys),
            Err(_) => (None, false),
        };
        // What lacks a key is in the environment where nothing but the environment gives any of its keys.
        let given_by = || self.variables.iter().find(|variable| !is_whole && is_in(&variable.key, &key));
        if let Some(variable) = set_by.or_else(given_by) {
            return format!("environment variable {}", variable.name);
        }
        line.map_or_else(|| self.file.display().to_string(), |line| format!("{} line {line}", self.file.display()))
    }
}

fn keys_of(path: &str) -> Vec<String> {
    let dotted = path.replace('[', ".").replace(']', "");
    dotted.split('.').filter(|key| !key.is_empty()).map(Into::into).collect()
}

/// Whether a dotted key is another one, or stands below it.
fn is_in(key: &str, other: &str) -> bool {
    key.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The line of the deepest of the keys that stands in the file, and whether all of them do.
fn line_of(document: &toml_edit::Document<&str>, text: &str, keys: &[String]) -> (Option<usize>, bool) {
    let mut item = document.as_item();
    let mut at = None;
    let mut found = 0;
    for key in keys {
        let next = match key.parse::<usize>() {
            Ok(index) => item.get(index),
            Err(_) => {
                let Some(table) = item.as_table_like() else { break };
                if let Some((name, _)) = table.get_key_value(key) {
                    at = name.span().or(at);
                }
                table.get(key)
            }
        };
        let Some(next) = next else { break };
        at = if key.parse::<usize>().is_ok() { next.span().or(at) } else { at };
        item = next;
        found += 1;
    }
    let line = at.map(|span| {
        let before = &text[..span.start];
        before.lines().count().max(1) + usize::from(before.ends_with('\n'))
    });
    (line, found == keys.len())
}
