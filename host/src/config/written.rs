//! Slips in `sayso.toml` that its types would tell of in their own words, or not at all.

use toml::{Table, Value};

/// Lists of tables, and the words by which they are often meant.
const LISTS: [(&str, &str); 3] = [("plugin", "plugins"), ("webhook", "webhooks"), ("key", "keys")];

/// Tables that there is one of. Their types would take a list for them, by position.
const TABLES: [&str; 5] = ["server", "data", "pipeline", "delivery", "plugins"];

/// The same in the entries of the lists.
const TABLES_IN_LISTS: [(&str, &str); 3] = [("webhook", "batch"), ("plugin", "limits"), ("plugin", "http")];

/// Checks what is written, before it is understood.
///
/// # Errors
/// The key at fault, and what to do.
pub(super) fn check(table: &Table) -> Result<(), (String, String)> {
    for (list, several) in LISTS {
        let slip = match (table.get(list), table.get(several)) {
            (Some(Value::Table(_)), _) => Some((list, format!("[{list}]"))),
            (_, Some(Value::Array(_))) => Some((several, format!("[[{several}]]"))),
            _ => None,
        };
        if let Some((key, written)) = slip {
            return Err((key.into(), format!("there may be several, so write [[{list}]] for each, and not {written}")));
        }
    }
    if let Some(key) = TABLES.into_iter().find(|key| table.get(*key).is_some_and(Value::is_array)) {
        return Err((key.into(), format!("there is one, and it is no list: write [{key}] once, with its keys below")));
    }
    for (list, _) in LISTS {
        for (index, entry) in table.get(list).and_then(Value::as_array).into_iter().flatten().enumerate() {
            entry_of(list, entry).map_err(|(key, message)| (format!("{list}[{index}]{key}"), message))?;
        }
    }
    table.iter().try_for_each(|(key, value)| finite(key, value))
}

/// Checks one entry of a list: the key at fault in it is told as it goes on behind the entry's path.
fn entry_of(list: &str, entry: &Value) -> Result<(), (String, String)> {
    if entry.is_array() {
        return Err((String::new(), format!("it is a list; write [[{list}]], with its keys below")));
    }
    for (_, key) in TABLES_IN_LISTS.into_iter().filter(|(of, _)| *of == list) {
        if entry.get(key).is_some_and(Value::is_array) {
            return Err((format!(".{key}"), format!("there is one, and it is no list: write {key} = {{ … }} once")));
        }
    }
    let headers = entry.get("headers").and_then(Value::as_table).filter(|_| list == "webhook");
    match headers.and_then(|headers| headers.iter().find(|(_, value)| value.is_array())) {
        Some((name, _)) => {
            let message = "a header's value is a text, or { value = \"…\", secret = true }";
            Err((format!(".headers.{name}"), message.into()))
        }
        None => Ok(()),
    }
}

/// JSON, in which plugins are given their configuration, has neither `inf` nor `nan`; nor does any other key need them.
fn finite(path: &str, value: &Value) -> Result<(), (String, String)> {
    match value {
        Value::Float(number) if !number.is_finite() => {
            let number = number.to_string().to_lowercase();
            Err((path.into(), format!("{number} is no finite number; give one, or leave the key out")))
        }
        Value::Table(table) => table.iter().try_for_each(|(key, value)| finite(&format!("{path}.{key}"), value)),
        Value::Array(list) => {
            list.iter().enumerate().try_for_each(|(at, value)| finite(&format!("{path}[{at}]"), value))
        }
        _ => Ok(()),
    }
}
