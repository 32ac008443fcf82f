//! Takes out of a feedback what a plugin wants redacted, and moves the spans of earlier effects accordingly.
//!
//! The passage is replaced by `[class]`. The same words are also taken out of every other free text of the feedback
//! (text, title, survey answers, metadata with its keys and numbers, contact reason, author's name, public reply, labels
//! and source), since they would be stored and delivered with it. Identifiers stay: records are found by them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{bindings::sayso::plugin::types as wit, item::Effect, texts};
use crate::feedback::{Feedback, Redaction};

/// Shortest passage that is taken out wherever it stands, in bytes: a shorter one would hit other words by chance.
const MIN_EVERYWHERE: usize = 5;

/// The most redactions that an analysis tells of; all are carried out.
const MAX_TOLD: usize = 1000;

/// Applies the redactions to the feedback, and moves the spans of `effects` in its text. Returns what was taken out, for
/// the analysis.
pub(super) fn apply(
    feedback: &mut Feedback,
    redactions: &[wit::RedactionResult],
    effects: &mut [Effect],
) -> Vec<Redaction> {
    let wanted = Wanted::of(redactions);
    let words = wanted.words(feedback);
    let mut done = Vec::new();
    if let Some(title) = &mut feedback.title {
        Cuts::of(wanted.title, &words, title).apply("title", title, &mut done);
    }
    let cuts = Cuts::of(wanted.text, &words, &feedback.text);
    cuts.apply("text", &mut feedback.text, &mut done);
    for effect in effects {
        spans_of(effect).into_iter().for_each(|span| cuts.move_span(span));
    }
    for (pointer, passages) in wanted.others {
        texts::change(feedback, pointer, |text| {
            Cuts::of(passages, &words, text).apply(pointer, text, &mut done);
        });
    }
    scrub(feedback, &words);
    done
}

/// A passage, and what takes its place.
type Passage = (usize, usize, String);

/// The redactions by field.
#[derive(Default)]
struct Wanted<'a> {
    text: Vec<Passage>,
    title: Vec<Passage>,
    others: BTreeMap<&'a str, Vec<Passage>>,
}

impl<'a> Wanted<'a> {
    fn of(redactions: &'a [wit::RedactionResult]) -> Self {
        let mut wanted = Self::default();
        for redaction in redactions.iter().filter(|redaction| redaction.span.start < redaction.span.end) {
            let passages = match &redaction.field {
                wit::FieldResult::Text => &mut wanted.text,
                wit::FieldResult::Title => &mut wanted.title,
                wit::FieldResult::Other(pointer) => wanted.others.entry(pointer).or_default(),
            };
            let (start, end) = (redaction.span.start as usize, redaction.span.end as usize);
            passages.push((start, end, format!("[{}]", redaction.class)));
        }
        wanted
    }

    /// The words that are redacted, and what takes their place.
    fn words(&self, feedback: &Feedback) -> Words {
        let mut words = Words::default();
        words.add(&self.text, &feedback.text);
        words.add(&self.title, feedback.title.as_deref().unwrap_or_default());
        for (pointer, passages) in &self.others {
            if let Some(text) = texts::get(feedback, pointer) {
                words.add(passages, &text);
            }
        }
        words
    }
}

/// Words to take out wherever they stand.
#[derive(Default)]
struct Words(BTreeMap<String, String>);

impl Words {
    fn add(&mut self, passages: &[Passage], text: &str) {
        for (start, end, replacement) in passages {
            if let Some(word) = text.get(*start..*end).filter(|word| word.len() >= MIN_EVERYWHERE) {
                self.0.entry(word.to_owned()).or_insert_with(|| replacement.clone());
            }
        }
    }

    /// Where they stand in a text.
    fn within<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Passage> + 'a {
        let of_word = move |(word, replacement): (&'a String, &'a String)| {
            text.match_indices(word.as_str()).map(|(at, word)| (at, at + word.len(), replacement.clone()))
        };
        self.0.iter().flat_map(of_word)
    }

    fn clean(&self, text: &mut String) {
        Cuts::of(Vec::new(), self, text).apply("", text, &mut Vec::new());
    }

    /// Cleans a value; numbers too where it is free in form, which answers are not.
    fn clean_value(&self, value: &mut Value, is_free: bool) {
        match value {
            Value::String(text) => self.clean(text),
            Value::Number(number) if is_free => {
                let written = number.to_string();
                let mut cleaned = written.clone();
                self.clean(&mut cleaned);
                if cleaned != written {
                    *value = Value::String(cleaned);
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|item| self.clean_value(item, is_free)),
            Value::Object(map) => self.clean_map(map, is_free),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn clean_map(&self, map: &mut Map<String, Value>, is_free: bool) {
        map.values_mut().for_each(|item| self.clean_value(item, is_free));
        if map.keys().all(|key| self.within(key).next().is_none()) {
            return;
        }
        for (mut key, item) in std::mem::take(map) {
            self.clean(&mut key);
            // Two keys that differed in what was redacted alone are still two.
            let mut unique = key.clone();
            for number in 2.. {
                if !map.contains_key(&unique) {
                    break;
                }
                unique = format!("{key} {number}");
            }
            map.insert(unique, item);
        }
    }
}

/// The passages to cut from one text: sorted, without overlaps.
struct Cuts {
    cuts: Vec<Passage>,
    /// Where the replacement of each begins in the text without the passages.
    starts: Vec<usize>,
}

impl Cuts {
    fn of(passages: Vec<Passage>, words: &Words, text: &str) -> Self {
        let mut cuts = passages;
        cuts.extend(words.within(text));
        cuts.sort_by_key(|(start, end, _)| (*start, usize::MAX - end));
        // Of two that overlap the first takes in the second, so that no part of either is left.
        let mut merged: Vec<Passage> = Vec::with_capacity(cuts.len());
        for cut in cuts {
            match merged.last_mut() {
                Some(last) if cut.0 < last.1 => last.1 = last.1.max(cut.1),
                _ => merged.push(cut),
            }
        }
        let mut shift = (0, 0);
        let start_of = |(start, end, replacement): &Passage| {
            let at = start - shift.0 + shift.1;
            shift = (shift.0 + end - start, shift.1 + replacement.len());
            at
        };
        let starts = merged.iter().map(start_of).collect();
        Self { cuts: merged, starts }
    }

    fn apply(&self, name: &str, field: &mut String, done: &mut Vec<Redaction>) {
        if self.cuts.is_empty() {
            return;
        }
        let mut rest = 0;
        let mut redacted = String::with_capacity(field.len());
        for (start, end, replacement) in &self.cuts {
            redacted.push_str(&field[rest..*start]);
            if done.len() < MAX_TOLD {
                done.push(Redaction {
                    field: name.into(),
                    class: replacement.trim_matches(['[', ']']).into(),
                    start: offset(redacted.len()),
                    end: offset(redacted.len() + replacement.len()),
                });
            }
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
        let before = self.cuts.partition_point(|(start, ..)| *start < at);
        match before.checked_sub(1).map(|last| (&self.cuts[last], self.starts[last])) {
            None => at,
            Some(((_, end, replacement), start)) if at >= *end => start + replacement.len() + at - end,
            Some(((_, _, replacement), start)) => start + if to_end { replacement.len() } else { 0 },
        }
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Every span of an effect that refers to the text.
fn spans_of(effect: &mut Effect) -> Vec<&mut wit::Span> {
    match effect {
        Effect::Score(score) => {
            let evidence = score.evidence.iter_mut().map(|evidence| &mut evidence.span);
            evidence.chain(score.passages.iter_mut().map(|passage| &mut passage.span)).collect()
        }
        Effect::Tag(tag) => tag.spans.iter_mut().collect(),
        Effect::Route(_) | Effect::Redact(_) | Effect::Other(_) => Vec::new(),
    }
}

/// Takes the words out of every free text but the text and the title.
fn scrub(feedback: &mut Feedback, words: &Words) {
    if words.0.is_empty() {
        return;
    }
    for answer in &mut feedback.answers {
        words.clean_value(&mut answer.value, false);
        answer.field_label.iter_mut().for_each(|label| words.clean(label));
    }
    words.clean_map(&mut feedback.metadata, true);
    let source = &mut feedback.source;
    let lines = [&mut feedback.author_name, &mut feedback.contact_reason, &mut source.name, &mut source.url];
    lines.into_iter().flatten().for_each(|line| words.clean(line));
    if let Some(reply) = &mut feedback.public_reply {
        words.clean(&mut reply.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feedback::{Answer, FieldType, Kind};

    fn redaction(start: u32, end: u32, class: &str) -> wit::RedactionResult {
        wit::RedactionResult { field: wit::FieldResult::Text, span: wit::Span { start, end }, class: class.into() }
    }

    fn tag(start: u32, end: u32) -> Effect {
        Effect::Tag(wit::TagResult {
            name: "t".into(),
            class: wit::TagClassResult::Topic,
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

    fn at(pointer: &str, start: u32, end: u32, class: &str) -> wit::RedactionResult {
        wit::RedactionResult { field: wit::FieldResult::Other(pointer.into()), ..redaction(start, end, class) }
    }

    #[test]
    fn passages_of_answers_and_metadata_are_gone_from_there_and_from_everywhere_else() {
        let mut feedback = survey("Call 5551234 or 5551234");
        feedback.metadata = serde_json::from_value(serde_json::json!({
            "a/b": {"c": ["x", "mail ann@example.org"]},
            "ann@example.org": "5551234",
            "ANN": 1,
        }))
        .expect("is an object");
        feedback.author_name = Some("ann@example.org".into());
        feedback.source.url = Some("https://example.org/?to=ann@example.org".into());
        let mut effects = [tag(0, 4), tag(13, 15)];
        let redactions = [at("/answers/0/value", 5, 12, "phone"), at("/metadata/a~1b/c/1", 5, 20, "email")];
        let done = apply(&mut feedback, &redactions, &mut effects);
        let json = serde_json::to_string(&feedback).expect("is JSON");
        assert!(!json.contains("5551234") && !json.contains("ann@"), "{json}");
        assert_eq!(feedback.text, "Call [phone] or [phone]");
        assert_eq!(feedback.metadata["a/b"]["c"][1], "mail [email]");
        assert_eq!(feedback.metadata["[email]"], "[phone]");
        let spans: Vec<_> = effects.iter_mut().flat_map(spans_of).map(|span| (span.start, span.end)).collect();
        assert_eq!(spans, [(0, 4), (13, 15)]);
        let fields: Vec<_> = done.iter().map(|one| (one.field.as_str(), one.start, one.end)).collect();
        let expected = [("text", 5, 12), ("text", 16, 23), ("/answers/0/value", 5, 12), ("/answers/0/value", 16, 23)];
        assert_eq!(fields, [&expected[..], &[("/metadata/a~1b/c/1", 5, 12)]].concat());
    }

    #[test]
    fn a_number_in_metadata_is_redacted_as_it_is_written_and_an_answer_stays_a_number() {
        let mut feedback = survey("4111111111111111");
        feedback.answers[0].value = 4_111_111_111_111_111_u64.into();
        feedback.metadata.insert("card".into(), 4_111_111_111_111_111_u64.into());
        feedback.metadata.insert("other".into(), 5_555_555_555_554_444_u64.into());
        apply(&mut feedback, &[redaction(0, 16, "card"), at("/metadata/other", 0, 16, "card")], &mut []);
        assert_eq!((&feedback.metadata["card"], &feedback.metadata["other"]), (&"[card]".into(), &"[card]".into()));
        assert!(feedback.answers[0].value.is_number());
    }

    #[test]
    fn keys_that_become_alike_remain_two() {
        let mut feedback = survey("ann@example.org bob@example.org");
        feedback.metadata.insert("ann@example.org".into(), 1.into());
        feedback.metadata.insert("bob@example.org".into(), 2.into());
        apply(&mut feedback, &[redaction(0, 15, "email"), redaction(16, 31, "email")], &mut []);
        let keys: Vec<_> = feedback.metadata.keys().map(String::as_str).collect();
        assert_eq!(keys, ["[email]", "[email] 2"]);
    }

    #[test]
    fn a_word_within_a_longer_one_leaves_nothing_of_it() {
        let mut feedback = survey("ann@example.org joann@example.org");
        feedback.author_name = Some("joann@example.org".into());
        apply(&mut feedback, &[redaction(0, 15, "email"), redaction(16, 33, "email")], &mut []);
        assert_eq!((feedback.text.as_str(), feedback.author_name.as_deref()), ("[email] [email]", Some("[email]")));
    }

    #[test]
    fn of_two_redactions_that_overlap_nothing_is_left() {
        let mut feedback = survey("4111 1111 1111 1111 x");
        apply(&mut feedback, &[redaction(5, 19, "card"), redaction(0, 9, "number")], &mut []);
        assert_eq!(feedback.text, "[number] x");
    }
}
