//! The texts of a feedback beyond `text` and `title`, by the JSON Pointers (RFC 6901) that redactions name them with.

use std::borrow::Cow;

use serde_json::Value;

use crate::feedback::Feedback;

const CONTACT_REASON: &str = "/contact_reason";
const AUTHOR_NAME: &str = "/author_name";
const PUBLIC_REPLY: &str = "/public_reply/text";
const ANSWERS: &str = "/answers/";
const METADATA: &str = "/metadata/";

/// The text that the pointer leads to: a number of the metadata as JSON writes it.
pub(super) fn get<'a>(feedback: &'a Feedback, pointer: &str) -> Option<Cow<'a, str>> {
    if !is_escaped(pointer) {
        return None;
    }
    match pointer {
        CONTACT_REASON => return feedback.contact_reason.as_deref().map(Cow::Borrowed),
        AUTHOR_NAME => return feedback.author_name.as_deref().map(Cow::Borrowed),
        PUBLIC_REPLY => return feedback.public_reply.as_ref().map(|reply| Cow::Borrowed(reply.text.as_str())),
        _ => {}
    }
    if let Some((key, rest)) = metadata(pointer) {
        return written(feedback.metadata.get(&key)?.pointer(rest)?);
    }
    let (index, rest) = answer(pointer)?;
    feedback.answers.get(index)?.value.pointer(rest)?.as_str().map(Cow::Borrowed)
}

/// Whether every `~` is part of `~0` or `~1`, so that nothing has two pointers.
fn is_escaped(pointer: &str) -> bool {
    pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
}

/// The key of the metadata that a pointer leads into, and the rest of the pointer behind it.
fn metadata(pointer: &str) -> Option<(String, &str)> {
    let rest = pointer.strip_prefix(METADATA)?;
    let (key, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Some((key.replace("~1", "/").replace("~0", "~"), rest))
}

/// The answer that a pointer leads into, and the rest of the pointer behind `value`.
fn answer(pointer: &str) -> Option<(usize, &str)> {
    let (number, rest) = pointer.strip_prefix(ANSWERS)?.split_once('/')?;
    let rest = rest.strip_prefix("value")?;
    (rest.is_empty() || rest.starts_with('/')).then_some((index(number)?, rest))
}

/// An index as RFC 6901 has it: digits without a zero or a sign at the front.
fn index(digits: &str) -> Option<usize> {
    let is_index = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
    is_index.then(|| digits.parse().ok()).flatten()
}

/// A value as a text: a number as JSON writes it.
fn written(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// Lets `change` change the text that the pointer leads to, if it leads to one; a number becomes a text.
pub(super) fn change(feedback: &mut Feedback, pointer: &str, change: impl FnOnce(&mut String)) {
    match place(feedback, pointer) {
        Some(Place::Text(text)) => change(text),
        Some(Place::Value(value)) => {
            if let Some(text) = written(value) {
                let mut text = text.into_owned();
                change(&mut text);
                *value = Value::String(text);
            }
        }
        None => {}
    }
}

enum Place<'a> {
    Text(&'a mut String),
    Value(&'a mut Value),
}

fn place<'a>(feedback: &'a mut Feedback, pointer: &str) -> Option<Place<'a>> {
    match pointer {
        CONTACT_REASON => return feedback.contact_reason.as_mut().map(Place::Text),
        AUTHOR_NAME => return feedback.author_name.as_mut().map(Place::Text),
        PUBLIC_REPLY => return feedback.public_reply.as_mut().map(|reply| Place::Text(&mut reply.text)),
        _ => {}
    }
    if let Some((key, rest)) = metadata(pointer) {
        return feedback.metadata.get_mut(&key)?.pointer_mut(rest).map(Place::Value);
    }
    let (index, rest) = answer(pointer)?;
    feedback.answers.get_mut(index)?.value.pointer_mut(rest).map(Place::Value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::{bindings::sayso::plugin::types as wit, check};

    fn feedback() -> Feedback {
        let json = serde_json::json!({
            "kind": "survey",
            "text": "fine",
            "answers": [
                {"field_id": "a", "field_type": "text", "value": "one"},
                {"field_id": "b", "field_type": "categorical", "value": ["x", "zwei"]},
                {"field_id": "c", "field_type": "number", "value": 3},
            ],
            "metadata": {"a/b": {"~": "six"}, "": "seven", "n": 8.5, "t": true, "a~b": "eight", "n~": "nine"},
        });
        serde_json::from_value(json).expect("is feedback")
    }

    #[test]
    fn a_pointer_leads_to_a_text_of_the_feedback() {
        let mut feedback = feedback();
        let there = [
            ("/answers/0/value", "one"),
            ("/answers/1/value/1", "zwei"),
            ("/metadata/a~1b/~0", "six"),
            ("/metadata/", "seven"),
            ("/metadata/n", "8.5"),
            ("/metadata/a~0b", "eight"),
        ];
        for (pointer, expected) in there {
            assert_eq!(get(&feedback, pointer).as_deref(), Some(expected), "{pointer}");
            change(&mut feedback, pointer, |text| text.push('!'));
            assert_eq!(get(&feedback, pointer), Some(format!("{expected}!").into()), "{pointer}");
        }
    }

    #[test]
    fn what_is_no_pointer_to_a_text_leads_nowhere() {
        let feedback = feedback();
        let nowhere = [
            "",
            "/",
            "/id",
            "/text",
            "/metadata",
            "/metadata/t",
            "/metadata/x",
            "/metadata/a~1b",
            "/answers",
            "/answers/0",
            "/answers/9/value",
            "/answers/00/value",
            "/answers/+0/value",
            "/answers/-1/value",
            "/answers/0/values",
            "/answers/0/value/0",
            "/answers/1/value",
            "/answers/1/value/2",
            "/answers/2/value",
            "/answers/0/field_id",
            "/answers/99999999999999999999/value",
            "/contact_reason",
            "/metadata/a~b",
            "/metadata/n~",
        ];
        for pointer in nowhere {
            assert_eq!(get(&feedback, pointer), None, "{pointer}");
        }
    }

    #[test]
    fn the_contact_reason_of_a_note_is_a_text() {
        let json = serde_json::json!({"kind": "csr_note", "text": "", "contact_reason": "refund"});
        let mut feedback: Feedback = serde_json::from_value(json).expect("is feedback");
        assert_eq!(get(&feedback, "/contact_reason").as_deref(), Some("refund"));
        change(&mut feedback, "/contact_reason", |text| text.push('!'));
        assert_eq!(feedback.contact_reason.as_deref(), Some("refund!"));
    }

    #[test]
    fn the_authors_name_and_the_public_reply_of_a_review_are_texts() {
        let json = serde_json::json!({
            "kind": "review", "text": "", "author_name": "ann", "public_reply": {"text": "sorry"},
        });
        let mut feedback: Feedback = serde_json::from_value(json).expect("is feedback");
        for (pointer, expected) in [("/author_name", "ann"), ("/public_reply/text", "sorry")] {
            assert_eq!(get(&feedback, pointer).as_deref(), Some(expected));
            change(&mut feedback, pointer, |text| text.push('!'));
        }
        assert_eq!(feedback.author_name.as_deref(), Some("ann!"));
        assert_eq!(feedback.public_reply.map(|reply| reply.text).as_deref(), Some("sorry!"));
    }

    #[test]
    fn a_redaction_is_checked_against_the_text_that_its_pointer_leads_to() {
        let feedback = feedback();
        let check = |pointer: &str, end| {
            let span = wit::Span { start: 0, end };
            let redaction =
                wit::RedactionResult { field: wit::FieldResult::Other(pointer.into()), span, class: "email".into() };
            check::effects(&feedback, &[wit::EffectResult::Redact(redaction)], &crate::config::Limits::default())
        };
        assert_eq!(check("/answers/0/value", 3), Ok(()));
        assert!(check("/answers/0/value", 4).is_err_and(|error| error.contains("0..4")));
        assert!(check("/answers/2/value", 1).is_err_and(|error| error.contains("no JSON Pointer")));
        assert!(check(&format!("/metadata/{}", "x".repeat(2000)), 1).is_err_and(|error| error.contains("bytes")));
    }
}
