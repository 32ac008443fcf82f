//! What people wrote, in Unicode's composed form (NFC, UAX #15): a letter that comes in parts, as files of macOS and some
//! exports have it, looks the same and would be another word to the plugins, to search and to whoever compares it.
//! Identifiers and the sender's own data stay as they were sent.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use serde_json::Value;

use crate::feedback::Feedback;

const NFC: ComposingNormalizerBorrowed<'_> = ComposingNormalizer::new_nfc();

/// Composes every field that holds words.
pub(super) fn compose(feedback: &mut Feedback) {
    text(&mut feedback.text);
    let lines = [&mut feedback.title, &mut feedback.author_name, &mut feedback.contact_reason];
    lines.into_iter().flatten().for_each(text);
    if let Some(reply) = &mut feedback.public_reply {
        text(&mut reply.text);
    }
    for answer in &mut feedback.answers {
        answer.field_label.iter_mut().for_each(text);
        value(&mut answer.value);
    }
}

fn value(answer: &mut Value) {
    match answer {
        Value::String(words) => text(words),
        Value::Array(choices) => choices.iter_mut().for_each(value),
        _ => {}
    }
}

/// Composes every text and every name in a value, such as a configuration of words that are looked for.
pub(crate) fn compose_value(value: &mut Value) {
    match value {
        Value::String(words) => text(words),
        Value::Array(items) => items.iter_mut().for_each(compose_value),
        Value::Object(fields) => {
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(mut name, mut value)| {
                    text(&mut name);
                    compose_value(&mut value);
                    (name, value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn text(words: &mut String) {
    if !words.is_ascii()
        && let Cow::Owned(composed) = NFC.normalize(words)
    {
        *words = composed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_composed_wherever_people_write_them_and_nothing_else_is() {
        let (sent, composed) = ("caf\u{65}\u{301} \u{1107}\u{1162}", "caf\u{e9} \u{bc30}");
        let json = |words| {
            serde_json::json!({
                "kind": "review", "external_id": sent, "text": words, "title": words, "author_name": words,
                "public_reply": {"text": words}, "contact_reason": words, "metadata": {"name": sent},
                "customer": {"id": sent}, "answers": [
                    {"field_id": sent, "field_label": words, "field_type": "text", "value": words},
                    {"field_id": "2", "field_type": "categorical", "value": [words, "plain"]},
                ],
            })
        };
        let read = |words| serde_json::from_value::<Feedback>(json(words)).expect("is feedback");
        let mut feedback = read(sent);
        compose(&mut feedback);
        assert_eq!(feedback, read(composed));
    }
}
