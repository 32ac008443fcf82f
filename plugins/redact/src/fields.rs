//! The texts of a feedback, and their names in redactions.
//!
//! Beyond `text` and `title` a text is named by a JSON Pointer (RFC 6901) into the feedback as it is posted:
//! `/answers/0/value`, `/answers/1/value/2` for a choice, `/contact_reason`, `/author_name`, `/public_reply/text`,
//! `/metadata/contact/phone`. A whole number counts as
//! the text that JSON writes for it.

use sayso_plugin::{AnswerValue, Details, Feedback, Field};
use serde_json::Value;

/// Calls `visit` with every text of the feedback but `text` and `title`: its label, its pointer, and the text.
pub(crate) fn others(feedback: &Feedback, visit: &mut impl FnMut(&str, &dyn Fn() -> Field, &str)) {
    match &feedback.details {
        Some(Details::Survey(survey)) => {
            for (index, answer) in survey.answers.iter().enumerate() {
                let label = answer.field_label.as_deref().unwrap_or(&answer.field_id);
                match &answer.value {
                    AnswerValue::Text(text) => visit(label, &|| Field::Other(format!("/answers/{index}/value")), text),
                    AnswerValue::Choices(choices) => {
                        for (place, choice) in choices.iter().enumerate() {
                            visit(label, &|| Field::Other(format!("/answers/{index}/value/{place}")), choice);
                        }
                    }
                    // Intake takes no answer of another form.
                    AnswerValue::Number(_) | AnswerValue::Boolean(_) | AnswerValue::Other(_) => {}
                }
            }
        }
        Some(Details::CsrNote(note)) => {
            if let Some(reason) = &note.contact_reason {
                visit("", &|| Field::Other("/contact_reason".into()), reason);
            }
        }
        Some(Details::Review(review)) => {
            let named = [("/author_name", &review.author_name), ("/public_reply/text", &review.public_reply)];
            for (pointer, text) in named {
                if let Some(text) = text {
                    visit("", &|| Field::Other(pointer.into()), text);
                }
            }
        }
        Some(Details::Other(_)) | None => {}
    }
    if let Some(json) = &feedback.metadata {
        metadata(json, visit);
    }
}

/// The texts of the metadata. Where no byte can begin personal data it is not even read.
fn metadata(json: &str, visit: &mut impl FnMut(&str, &dyn Fn() -> Field, &str)) {
    let is_telling = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'@' | 0xEF);
    if !json.bytes().any(is_telling) && !json.contains("::") {
        return;
    }
    // The host wrote it, so it is JSON; if it were not, there would be nothing to point to.
    if let Ok(value) = serde_json::from_str(json) {
        values(&value, "", &mut String::from("/metadata"), visit);
    }
}

/// Walks a value; serde_json has refused what is nested deeper than 128 levels.
fn values(value: &Value, label: &str, pointer: &mut String, visit: &mut impl FnMut(&str, &dyn Fn() -> Field, &str)) {
    let length = pointer.len();
    match value {
        Value::String(text) => visit(label, &|| Field::Other(pointer.clone()), text),
        // A measure or a time has a fraction, and its digits can pass for those of anything; an identifier has none.
        Value::Number(number) if number.is_f64() => {}
        Value::Number(number) => visit(label, &|| Field::Other(pointer.clone()), &number.to_string()),
        Value::Array(list) => {
            for (index, item) in list.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                values(item, label, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                values(item, key, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}
