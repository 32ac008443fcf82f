//! What plugins write into the log, without what customers said: of a line every word goes that stands in the feedback at
//! hand. Words that both happen to use go as well; the plugin's author sees lines whole, with `sayso plugin run`.

use serde_json::Value;

use crate::feedback::Feedback;

/// Shorter words of ASCII are left: they tell nothing of anybody.
const LEAST: usize = 3;
/// What stands for a word that went.
const GONE: &str = "…";
/// Fields in which there is nothing of the customer.
const OF_THE_SERVER: [&str; 4] = ["id", "revision", "received_at", "kind"];

/// What a batch says, for the lines that are written while a plugin goes over it.
pub(super) struct Said(String);

impl Said {
    /// By all these.
    pub(super) fn by<'a>(batch: impl Iterator<Item = &'a Feedback>) -> Self {
        let mut said = String::new();
        batch.for_each(|feedback| gather(feedback, &mut said));
        Self(said.to_lowercase())
    }

    /// The line without their words.
    pub(super) fn cut_from(&self, line: &str) -> String {
        let is_said = |word: &str| (!word.is_ascii() || word.len() >= LEAST) && self.0.contains(&word.to_lowercase());
        let mut safe = String::with_capacity(line.len());
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let is_word = first.is_alphanumeric();
            let end = rest.find(|c: char| c.is_alphanumeric() != is_word).unwrap_or(rest.len());
            let (run, behind) = rest.split_at(end);
            safe.push_str(if is_word && is_said(run) { GONE } else { run });
            rest = behind;
        }
        safe
    }
}

/// Adds every value that the sender gave.
fn gather(feedback: &Feedback, said: &mut String) {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(feedback) else { return };
    OF_THE_SERVER.iter().for_each(|field| drop(fields.remove(*field)));
    // Only there are names the sender's own.
    let metadata = fields.get("metadata").and_then(Value::as_object);
    metadata.into_iter().flat_map(|all| all.keys()).for_each(|name| said.extend([" ", name.as_str()]));
    fields.values().for_each(|value| gather_value(value, said));
}

fn gather_value(value: &Value, said: &mut String) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => said.extend([" ", &number.to_string()]),
        Value::String(text) => said.extend([" ", text.as_str()]),
        Value::Array(items) => items.iter().for_each(|item| gather_value(item, said)),
        Value::Object(fields) => fields.values().for_each(|value| gather_value(value, said)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Feedback {
        let feedback = serde_json::json!({ "kind": "review", "text": text, "customer": { "id": "c-4711", "email": "ann@example.org" } });
        serde_json::from_value(feedback).expect("is feedback")
    }

    #[test]
    fn words_of_the_feedback_go_and_others_stay() {
        let batch = [said("The Kettle exploded"), said("電池切れ")];
        let line = |line| Said::by(batch.iter()).cut_from(line);
        assert_eq!(line("no price in `kettle exploded`, at 7"), "no price in `… …`, at 7");
        assert_eq!(line("mail to ann@example.org for c-4711"), "mail to …@….… for c-…");
        assert_eq!(line("電池 is low"), "… is low");
        assert_eq!(line("a review of 2 revisions"), "a review of 2 revisions");
    }
}
