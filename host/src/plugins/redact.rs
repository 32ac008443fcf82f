//! Takes out of a feedback what a plugin wants redacted, and moves the spans of earlier effects accordingly.
//!
//! The passage is replaced by `[class]`. The same words are also taken out of every other free text of the feedback
//! (text, title, survey answers, metadata with its keys and numbers, contact reason, author's name, public reply, labels
//! and source), since they would be stored and delivered with it. Identifiers stay: records are found by them. They go from
//! what earlier plugins wrote as well, in the shadow too, and there in lower case as well, in which tags and routes are
//! written.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{bindings::sayso::plugin::types as wit, item::Effect, shadow::Shadows, texts};
use crate::feedback::{Feedback, Provenance, Redaction};

/// Shortest passage that is taken out wherever it stands, in bytes: a shorter one would hit other words by chance.
const MIN_EVERYWHERE: usize = 5;

/// The most redactions that an analysis tells of; all are carried out.
const MAX_TOLD: usize = 1000;

/// Applies the redactions to the feedback and to what `effects` quote, and moves the spans of these in its text. Adds what
/// was taken out to `told`, which has what earlier plugins took out, and goes on to tell where that is. Returns the words
/// that have to go from what plugins told.
pub(super) fn apply(
    feedback: &mut Feedback,
    redactions: &[wit::RedactionResult],
    effects: &mut [Effect],
    told: &mut Vec<Redaction>,
) -> Words {
    let wanted = Wanted::of(redactions);
    let words = wanted.words(feedback);
    if let Some(title) = &mut feedback.title {
        Cuts::of(wanted.title, &words, title).apply("title", title, told);
    }
    let cuts = Cuts::of(wanted.text, &words, &feedback.text);
    cuts.apply("text", &mut feedback.text, told);
    let of_plugins = words.in_either_case();
    for effect in effects {
        of_plugins.clean_effect(effect);
        spans_of(effect).into_iter().for_each(|span| cuts.move_span(span));
    }
    for (pointer, passages) in wanted.others {
        texts::change(feedback, pointer, |text| {
            Cuts::of(passages, &words, text).apply(pointer, text, told);
        });
    }
    let mut elsewhere = BTreeMap::<String, Option<Cuts>>::new();
    for redaction in told {
        let cuts = elsewhere
            .entry(redaction.field.clone())
            .or_insert_with(|| texts::get(feedback, &redaction.field).map(|text| Cuts::of(Vec::new(), &words, &text)));
        cuts.iter().for_each(|cuts| cuts.move_redaction(redaction));
    }
    scrub(feedback, &words);
    of_plugins
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
pub(super) struct Words(BTreeMap<String, String>);

impl Words {
    fn add(&mut self, passages: &[Passage], text: &str) {
        for (start, end, replacement) in passages {
            if let Some(word) = text.get(*start..*end).filter(|word| word.len() >= MIN_EVERYWHERE) {
                self.0.entry(word.to_owned()).or_insert_with(|| replacement.clone());
            }
        }
    }

    /// With each in lower case, too.
    fn in_either_case(&self) -> Self {
        let mut words = self.0.clone();
        for (word, replacement) in &self.0 {
            words.entry(word.to_lowercase()).or_insert_with(|| replacement.clone());
        }
        Self(words)
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

    fn clean_effect(&self, effect: &mut Effect) {
        if self.0.is_empty() {
            return;
        }
        match effect {
            Effect::Score(score) => {
                let parts = score.parts.iter_mut().map(|part| &mut part.name);
                let labels = score.passages.iter_mut().filter_map(|passage| passage.label.as_mut());
                let about = match &mut score.scope {
                    wit::ScopeResult::Topic(about) | wit::ScopeResult::Other(about) => Some(about),
                    wit::ScopeResult::Whole => None,
                };
                self.clean_all(parts.chain(labels).chain(&mut score.label).chain(about).chain([&mut score.name]));
            }
            Effect::Tag(tag) => {
                let class = if let wit::TagClassResult::Other(class) = &mut tag.class { Some(class) } else { None };
                self.clean_all([&mut tag.name].into_iter().chain(class));
            }
            Effect::Route(route) => {
                let urgency =
                    if let wit::UrgencyResult::Other(urgency) = &mut route.urgency { Some(urgency) } else { None };
                let words = [&mut route.name, &mut route.rule].into_iter().chain(urgency);
                self.clean_all(words.chain(&mut route.reasons));
            }
            Effect::Other(note) => {
                self.clean(&mut note.name);
                match serde_json::from_str::<Value>(&note.value) {
                    Ok(mut value) => {
                        self.clean_value(&mut value, true);
                        note.value = value.to_string();
                    }
                    // The merge has nothing of it.
                    Err(_) => note.value.clear(),
                }
            }
            Effect::Redact(_) => {}
        }
    }

    fn clean_all<'a>(&self, texts: impl Iterator<Item = &'a mut String>) {
        texts.for_each(|text| self.clean(text));
    }

    /// Cleans what is told of earlier plugins.
    pub(super) fn clean_told(&self, provenance: &mut [Provenance], shadows: &mut Shadows) {
        if self.0.is_empty() {
            return;
        }
        let reasons = provenance.iter_mut().filter_map(|plugin| plugin.reason.as_mut());
        reasons.for_each(|reason| self.clean(reason));
        for shadow in shadows.values_mut() {
            let lists = [&mut shadow.tags, &mut shadow.intents, &mut shadow.routes];
            self.clean_all(lists.into_iter().flatten().chain(&mut shadow.reason).chain(&mut shadow.label));
            self.clean_map(&mut shadow.other, true);
            let scores = std::mem::take(&mut shadow.scores).into_iter().map(|(mut name, value)| {
                self.clean(&mut name);
                (name, value)
            });
            shadow.scores = scores.collect();
        }
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

    fn apply(&self, name: &str, field: &mut String, told: &mut Vec<Redaction>) {
        if self.cuts.is_empty() {
            return;
        }
        told.iter_mut().filter(|earlier| earlier.field == name).for_each(|earlier| self.move_redaction(earlier));
        let mut rest = 0;
        let mut redacted = String::with_capacity(field.len());
        for (start, end, replacement) in &self.cuts {
            redacted.push_str(&field[rest..*start]);
            if told.len() < MAX_TOLD {
                told.push(Redaction {
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

    fn move_redaction(&self, redaction: &mut Redaction) {
        let mut span = wit::Span { start: redaction.start, end: redaction.end };
        self.move_span(&mut span);
        (redaction.start, redaction.end) = (span.start, span.end);
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
#[path = "redact_tests.rs"]
mod tests;
