//! Takes out of a feedback what a plugin wants redacted, and moves the spans of earlier effects accordingly.
//!
//! The passage is replaced by `[class]`. The same words are also taken out of every other free text of the feedback
//! (survey answers, metadata, title, public reply), since they would be stored and delivered with it.

use serde_json::Value;

use super::{bindings::sayso::plugin::types as wit, item::Effect};
use crate::feedback::{Feedback, Redaction};

/// Shortest passage that is taken out wherever it stands, in bytes: a shorter one would hit other words by chance.
const MIN_EVERYWHERE: usize = 5;

/// Applies the redactions among `new` to the feedback, and moves the spans of `earlier` effects and of the other new
/// ones. Returns what was taken out of text and title, for the analysis.
pub(super) fn apply(feedback: &mut Feedback, redactions: &[wit::Redaction], effects: &mut [Effect]) -> Vec<Redaction> {
    let mut done = Vec::new();
    let mut words = Vec::new();
    let title = feedback.title.take();
    if let Some(mut title) = title {
        Cuts::of(redactions, &wit::Field::Title).apply("title", &mut title, &mut words, &mut done);
        feedback.title = Some(title);
    }
    let cuts = Cuts::of(redactions, &wit::Field::Text);
    cuts.apply("text", &mut feedback.text, &mut words, &mut done);
    for effect in effects {
        spans_of(effect).into_iter().for_each(|span| cuts.move_span(span));
    }
    scrub(feedback, &words);
    done
}

/// The passages to cut from one field: sorted, without overlaps.
struct Cuts {
    cuts: Vec<(usize, usize, String)>,
}

impl Cuts {
    fn of(redactions: &[wit::Redaction], field: &wit::Field) -> Self {
        let mut cuts: Vec<_> = redactions
            .iter()
            .filter(|redaction| redaction.field == *field && redaction.span.start < redaction.span.end)
            .map(|redaction| {
                (redaction.span.start as usize, redaction.span.end as usize, format!("[{}]", redaction.class))
            })
            .collect();
        cuts.sort_by_key(|(start, end, _)| (*start, usize::MAX - end));
        // Of two that overlap the first takes in the second, so that no part of either is left.
        let mut merged: Vec<(usize, usize, String)> = Vec::with_capacity(cuts.len());
        for cut in cuts {
            match merged.last_mut() {
                Some(last) if cut.0 < last.1 => last.1 = last.1.max(cut.1),
                _ => merged.push(cut),
            }
        }
        Self { cuts: merged }
    }

    fn apply(&self, name: &str, field: &mut String, words: &mut Vec<(String, String)>, done: &mut Vec<Redaction>) {
        let mut rest = 0;
        let mut redacted = String::with_capacity(field.len());
        for (start, end, replacement) in &self.cuts {
            redacted.push_str(&field[rest..*start]);
            words.push((field[*start..*end].to_owned(), replacement.clone()));
            done.push(Redaction {
                field: name.into(),
                class: replacement.trim_matches(['[', ']']).into(),
                start: offset(redacted.len()),
                end: offset(redacted.len() + replacement.len()),
            });
            redacted.push_str(replacement);
            rest = *end;
        }
        redacted.push_str(&field[rest..]);
        *field = redacted;
    }

    fn move_span(&self, span: &mut wit::Span) {
        span.start = offset(self.moved(span.start as usize, false));
        span.end = offset(self.moved(span.end as usize, true));
    }

    /// Where an offset lies afterwards; one inside a cut goes to the start of the replacement, or to its end.
    fn moved(&self, at: usize, to_end: bool) -> usize {
        let (mut removed, mut added) = (0, 0);
        for (start, end, replacement) in &self.cuts {
            if at <= *start {
                break;
            }
            if at < *end {
                return start - removed + added + if to_end { replacement.len() } else { 0 };
            }
            removed += end - start;
            added += replacement.len();
        }
        at - removed + added
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Every span of an effect that refers to the text.
fn spans_of(effect: &mut Effect) -> Vec<&mut wit::Span> {
    match effect {
        Effect::Score(score) => {
            let mut spans: Vec<_> = score.evidence.iter_mut().map(|evidence| &mut evidence.span).collect();
            if let wit::Scope::Passage(span) = &mut score.scope {
                spans.push(span);
            }
            spans
        }
        Effect::Tag(tag) => tag.spans.iter_mut().collect(),
        Effect::Route(_) | Effect::Redact(_) | Effect::Other(_) => Vec::new(),
    }
}

fn scrub(feedback: &mut Feedback, words: &[(String, String)]) {
    let words: Vec<_> = words.iter().filter(|(word, _)| word.len() >= MIN_EVERYWHERE).collect();
    if words.is_empty() {
        return;
    }
    let clean = |text: &mut String| {
        for (word, replacement) in &words {
            if text.contains(word.as_str()) {
                *text = text.replace(word.as_str(), replacement);
            }
        }
    };
    feedback.answers.iter_mut().for_each(|answer| scrub_value(&mut answer.value, &clean));
    feedback.metadata.values_mut().for_each(|value| scrub_value(value, &clean));
    feedback.title.iter_mut().for_each(clean);
    feedback.author_name.iter_mut().for_each(clean);
    feedback.contact_reason.iter_mut().for_each(clean);
    if let Some(reply) = &mut feedback.public_reply {
        clean(&mut reply.text);
    }
}

fn scrub_value(value: &mut Value, clean: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => clean(text),
        Value::Array(list) => list.iter_mut().for_each(|item| scrub_value(item, clean)),
        Value::Object(map) => map.values_mut().for_each(|item| scrub_value(item, clean)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::{Answer, FieldType, Kind};

    fn redaction(start: u32, end: u32, class: &str) -> wit::Redaction {
        wit::Redaction { field: wit::Field::Text, span: wit::Span { start, end }, class: class.into() }
    }

    fn tag(start: u32, end: u32) -> Effect {
        Effect::Tag(wit::Tag {
            name: "t".into(),
            class: wit::TagClass::Topic,
            confidence: 1.0,
            spans: vec![wit::Span { start, end }],
        })
    }

    fn survey(text: &str) -> Feedback {
        let json = serde_json::json!({"kind": "survey", "text": text});
        let mut feedback: Feedback = serde_json::from_value(json).expect("is feedback");
        assert_eq!(feedback.kind, Kind::Survey);
        feedback.answers.push(Answer {
            field_id: "q1".into(),
            field_label: None,
            field_type: FieldType::Text,
            scale: None,
            value: Value::String(text.into()),
        });
        feedback
    }

    #[test]
    fn a_redacted_passage_is_gone_from_the_text_and_from_the_answers() {
        let mut feedback = survey("Mail ann@example.org now");
        let done = apply(&mut feedback, &[redaction(5, 20, "email")], &mut []);
        assert_eq!(feedback.text, "Mail [email] now");
        assert_eq!(feedback.answers[0].value, "Mail [email] now");
        assert_eq!(done, [Redaction { field: "text".into(), class: "email".into(), start: 5, end: 12 }]);
    }

    #[test]
    fn spans_before_within_and_behind_a_redaction_still_point_to_their_words() {
        let mut feedback = survey("Mail ann@example.org now");
        let mut effects = [tag(0, 4), tag(5, 8), tag(21, 24), tag(0, 24)];
        apply(&mut feedback, &[redaction(5, 20, "email")], &mut effects);
        let spans: Vec<_> = effects.iter_mut().flat_map(spans_of).map(|span| (span.start, span.end)).collect();
        assert_eq!(spans, [(0, 4), (5, 12), (13, 16), (0, 16)]);
        assert_eq!(&feedback.text[13..16], "now");
    }

    #[test]
    fn of_two_redactions_that_overlap_nothing_is_left() {
        let mut feedback = survey("4111 1111 1111 1111 x");
        apply(&mut feedback, &[redaction(5, 19, "card"), redaction(0, 9, "number")], &mut []);
        assert_eq!(feedback.text, "[number] x");
    }
}
