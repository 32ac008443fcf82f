//! Slips in `sayso.toml` that its types would tell of in their own words, or not at all.

use toml::{Table, Value};

/// Lists of tables, and the words by which they are often meant.
const LISTS: [(&str, &str); 3] = [("plugin", "plugins"), ("webhook", "webhooks"), ("key", "keys")];

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
    table.iter().try_for_each(|(key, value)| finite(key, value))
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
