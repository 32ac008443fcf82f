//! What a template has at hand.

use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter};

use super::{Escape, Limited};

/// The template's own name; it is told nowhere.
pub(super) const NAME: &str = "template";

/// Filters that are taken away: what they make can grow faster than the fuel counts (`batch`, `chain`, `indent`, `pprint`,
/// `slice`, `zip`).
const NO_FILTERS: [&str; 6] = ["batch", "chain", "indent", "pprint", "slice", "zip"];
/// Filters that would let a text of the event into JSON as it is.
const NO_FILTERS_IN_JSON: [&str; 3] = ["safe", "escape", "e"];
/// Functions that are taken away: they make containers, or show all there is.
const NO_FUNCTIONS: [&str; 3] = ["debug", "dict", "namespace"];

/// An environment without templates.
pub(super) fn environment(escape: Escape) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // For the messages: which part of the template it was.
    environment.set_debug(true);
    environment.add_filter("tojson", to_json);
    NO_FILTERS.iter().for_each(|name| environment.remove_filter(name));
    NO_FUNCTIONS.iter().for_each(|name| environment.remove_global(name));
    environment.set_auto_escape_callback(move |_| match escape {
        Escape::Json => AutoEscape::Json,
        Escape::Markup => AutoEscape::Html,
        Escape::None => AutoEscape::None,
    });
    match escape {
        Escape::Json => {
            NO_FILTERS_IN_JSON.iter().for_each(|name| environment.remove_filter(name));
            environment.set_formatter(|output, _, value| write_json(output, value));
        }
        Escape::Markup | Escape::None => environment.set_formatter(escape_formatter),
    }
    environment
}

/// The filter `tojson`: a value as JSON. Unlike the engine's own, it stops where there is too much.
fn to_json(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    let json = json(value)?;
    state.consume_fuel(json.len() as u64 / 8)?;
    Ok(Value::from_safe_string(json))
}

/// Writes a value as JSON, unless it is JSON already: what a block with `set` made, or the filter `tojson`.
fn write_json(output: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    let written = match value.as_str() {
        Some(text) if value.is_safe() => output.write_str(text),
        _ => output.write_str(&json(value)?),
    };
    written.map_err(Error::from)
}

fn json(value: &Value) -> Result<String, Error> {
    let failed = || Error::new(ErrorKind::BadSerialization, "this cannot be written as JSON, or is too large");
    let mut json = Limited::default();
    serde_json::to_writer(&mut json, value).map_err(|_| failed())?;
    String::from_utf8(json.bytes).map_err(|_| failed())
}
