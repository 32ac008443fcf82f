//! NUL characters, which PostgreSQL cannot keep and which end a text early in many a program downstream.

use std::fmt::Write as _;

use serde_json::Value;

use super::FieldError;

/// Errors that are looked for: nobody reads more, and each could be for a byte or two of what was sent.
const MOST: usize = 100;

const MESSAGE: &str = "holds a NUL character (\\u0000); take it out";

/// The texts of valid JSON that hold a NUL, by their paths; not more than [`MOST`]. Called only where the escape occurs at all.
pub(super) fn find(json: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Ok(value) = serde_json::from_str(json) {
        walk(&value, &mut String::new(), &mut errors);
    }
    errors
}

fn walk(value: &Value, path: &mut String, errors: &mut Vec<FieldError>) {
    let parent = path.len();
    if errors.len() >= MOST {
        return;
    }
    match value {
        Value::String(text) if text.contains('\0') => errors.push(FieldError::new(path.as_str(), MESSAGE)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                write!(path, "[{index}]").expect("writing to a String does not fail");
                walk(item, path, errors);
                path.truncate(parent);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if parent > 0 {
                    path.push('.');
                }
                path.push_str(&name.replace('\0', "\u{2400}"));
                if name.contains('\0') {
                    errors
                        .push(FieldError::new(path.as_str(), "has a NUL character (\\u0000) in its name; take it out"));
                }
                walk(member, path, errors);
                path.truncate(parent);
            }
        }
        _ => {}
    }
}

/// The error for a raw NUL byte at the path where the parser stopped.
pub(super) fn raw(path: String) -> FieldError {
    FieldError::new(path, "holds a NUL byte; take it out")
}
