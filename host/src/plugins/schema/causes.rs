//! What really is wrong where a value fits none of several subschemas: of an optional object, what is wrong in the object,
//! and not that it is neither that nor null.

use jsonschema::{ValidationError, error::ValidationErrorKind};

/// Most subschemas that are told of one after the other.
const MOST: usize = 5;

/// Tells every cause of an error: where it is, as a JSON Pointer, and what, without the value, which may be a secret.
pub(super) fn told(error: &ValidationError<'_>, tell: &mut dyn FnMut(&str, &str)) {
    let place = error.instance_path().to_string();
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        return tell(&place, &error.masked().to_string());
    };
    let is_meant = |branch: &&Vec<ValidationError<'static>>| !branch.iter().any(|one| is_of_another(one, &place));
    let meant: Vec<_> = context.iter().filter(is_meant).collect();
    if let [only] = meant[..] {
        return only.iter().for_each(|one| told(one, tell));
    }
    let mut reasons: Vec<String> = Vec::new();
    for branch in context {
        if let Some(first) = branch.first() {
            told(first, &mut |at, why| {
                let below = at.strip_prefix(&*place).unwrap_or(at).trim_start_matches('/').replace('/', ".");
                let why = if below.is_empty() { why.to_owned() } else { format!("`{below}`: {why}") };
                if !reasons.contains(&why) {
                    reasons.push(why);
                }
            });
        }
    }
    reasons.truncate(MOST);
    tell(&place, &format!("fits none of what is allowed: {}", reasons.join("; or ")));
}

/// Whether the subschema that makes this error is about another sort of value than stands at `place`.
fn is_of_another(error: &ValidationError<'_>, place: &str) -> bool {
    error.instance_path().to_string() == place
        && matches!(error.kind().keyword(), "type" | "const" | "enum" | "required")
}
