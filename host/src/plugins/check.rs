//! What plugins may answer, as the contract says it. Everything a plugin hands back is checked before anything is made
//! of it: sizes, names, numbers, and that spans lie within the text.

use super::{bindings::sayso::plugin::types as wit, item::Effect, texts};
use crate::{
    config::Limits,
    feedback::Feedback,
    plugins::merge::{SENTIMENT, SENTIMENT_KEYS},
};

/// Longest name of a score, tag, route, note or class, in bytes.
const MAX_NAME: usize = 128;
/// Deepest nesting of a note's value: what reads the record, or the delivery that it is in, stops at 128.
const MAX_DEPTH: usize = 64;
/// Longest label, rule or reason, in bytes.
const MAX_PHRASE: usize = 1 << 10;

/// Checks the effects that a plugin has on a feedback.
///
/// # Errors
/// The first offence, for people to read.
pub(super) fn effects(feedback: &Feedback, effects: &[Effect], limits: &Limits) -> Result<(), String> {
    if effects.len() > limits.effects {
        return Err(format!("answered {} effects, more than limits.effects = {}", effects.len(), limits.effects));
    }
    let mut bytes = 0usize;
    for effect in effects {
        bytes += size(effect);
        self::effect(feedback, effect)?;
    }
    if bytes > limits.output_bytes {
        return Err(format!(
            "answered {bytes} bytes of effects, more than limits.output_bytes = {}",
            limits.output_bytes
        ));
    }
    Ok(())
}

fn effect(feedback: &Feedback, effect: &Effect) -> Result<(), String> {
    let text = feedback.text.as_str();
    match effect {
        Effect::Score(score) => self::score(text, score),
        Effect::Tag(tag) => {
            lower_case("tag", &tag.name)?;
            if let wit::TagClassResult::Other(class) = &tag.class {
                name("class", class)?;
            }
            share("confidence", &tag.name, tag.confidence)?;
            tag.spans.iter().try_for_each(|one| span("tag", &tag.name, text, *one))
        }
        Effect::Route(route) => {
            lower_case("route", &route.name)?;
            phrase("rule", &route.rule)?;
            if let wit::UrgencyResult::Other(urgency) = &route.urgency {
                name("level of urgency", urgency)?;
            }
            if route.priority > 100 {
                return Err(format!("gave route `{}` the priority {}, above 100", route.name, route.priority));
            }
            route.reasons.iter().try_for_each(|reason| phrase("reason", reason))
        }
        Effect::Redact(redaction) => self::redaction(feedback, redaction),
        Effect::Other(note) => {
            name("note", &note.name)?;
            // As it is read when it is stored: a number out of range would be lost there.
            let value = serde_json::from_str::<serde_json::Value>(&note.value)
                .map_err(|error| format!("gave note `{}` a value that is not JSON: {error}", note.name))?;
            if is_deeper(&value, MAX_DEPTH) {
                return Err(format!("gave note `{}` a value that is nested deeper than {MAX_DEPTH}", note.name));
            }
            Ok(())
        }
    }
}

/// Whether it is nested deeper than `most`.
fn is_deeper(value: &serde_json::Value, most: usize) -> bool {
    match value {
        serde_json::Value::Array(items) => most == 0 || items.iter().any(|item| is_deeper(item, most - 1)),
        serde_json::Value::Object(items) => most == 0 || items.values().any(|item| is_deeper(item, most - 1)),
        _ => false,
    }
}

fn score(text: &str, score: &wit::ScoreResult) -> Result<(), String> {
    snake_case("score", &score.name)?;
    let is_sentiment = score.name == SENTIMENT && matches!(score.scope, wit::ScopeResult::Whole);
    scored(&score.name, score.value)?;
    if let Some(label) = &score.label {
        phrase("label", label)?;
    }
    match &score.scope {
        wit::ScopeResult::Topic(topic) => lower_case("topic", topic)?,
        wit::ScopeResult::Other(scope) => name("scope", scope)?,
        wit::ScopeResult::Whole => {}
    }
    for part in &score.parts {
        name("part", &part.name)?;
        // The parts of the sentiment stand beside what else it has.
        if is_sentiment && SENTIMENT_KEYS.contains(&part.name.as_str()) {
            return Err(format!("gave `{SENTIMENT}` a part `{}`, which is a name that it has itself", part.name));
        }
        finite(&part.name, part.value)?;
    }
    for evidence in &score.evidence {
        finite(&score.name, evidence.weight)?;
        span("score", &score.name, text, evidence.span)?;
    }
    for passage in &score.passages {
        scored(&score.name, passage.value)?;
        span("score", &score.name, text, passage.span)?;
        passage.label.as_ref().map_or(Ok(()), |label| phrase("label", label))?;
    }
    Ok(())
}

fn redaction(feedback: &Feedback, redaction: &wit::RedactionResult) -> Result<(), String> {
    let class = redaction.class.as_str();
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if class.is_empty() || class.len() > MAX_NAME || !class.chars().all(is_word) {
        return Err("gave a redaction a class that is not of lower case letters, digits and `_`".into());
    }
    match &redaction.field {
        wit::FieldResult::Text => span("redaction", class, &feedback.text, redaction.span),
        wit::FieldResult::Title => {
            span("redaction", class, feedback.title.as_deref().unwrap_or_default(), redaction.span)
        }
        wit::FieldResult::Other(pointer) => {
            phrase("pointer", pointer)?;
            let text = texts::get(feedback, pointer).ok_or_else(|| {
                format!("wants to redact `{pointer}`, which is no JSON Pointer to a text of an answer, of the author's name, of the public reply, of the contact reason or of metadata")
            })?;
            span("redaction", class, &text, redaction.span)
        }
    }
}

fn name(what: &str, name: &str) -> Result<(), String> {
    if name.trim().is_empty() || name.len() > MAX_NAME || name.chars().any(is_unseen) {
        return Err(format!(
            "gave a {what} a name that is empty, longer than {MAX_NAME} bytes, or has control characters"
        ));
    }
    Ok(())
}

/// Control characters, and those that turn the direction of a line: they make a name look like another.
fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

fn lower_case(what: &str, name: &str) -> Result<(), String> {
    self::name(what, name)?;
    if name.chars().any(char::is_uppercase) {
        return Err(format!("gave a {what} the name `{name}`, which is not in lower case"));
    }
    Ok(())
}

fn snake_case(what: &str, name: &str) -> Result<(), String> {
    lower_case(what, name)?;
    if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err(format!("gave a {what} the name `{name}`, which is not of lower case letters, digits and `_`"));
    }
    Ok(())
}

fn phrase(what: &str, phrase: &str) -> Result<(), String> {
    if phrase.len() > MAX_PHRASE {
        return Err(format!("gave a {what} of {} bytes, more than {MAX_PHRASE}", phrase.len()));
    }
    Ok(())
}

fn finite(name: &str, value: f64) -> Result<(), String> {
    if value.is_finite() { Ok(()) } else { Err(format!("gave `{name}` the value {value}, which is no finite number")) }
}

/// The value of a score, as a whole or of a passage.
fn scored(name: &str, value: f64) -> Result<(), String> {
    finite(name, value)?;
    if name == SENTIMENT && !(-1.0..=1.0).contains(&value) {
        return Err(format!("gave `{name}` the value {value}, outside -1 to 1"));
    }
    Ok(())
}

fn share(what: &str, name: &str, value: f64) -> Result<(), String> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(format!("gave `{name}` the {what} {value}, outside 0 to 1")) }
}

fn span(what: &str, name: &str, text: &str, span: wit::Span) -> Result<(), String> {
    let (start, end) = (span.start as usize, span.end as usize);
    if start <= end && text.is_char_boundary(start) && text.is_char_boundary(end) {
        return Ok(());
    }
    Err(format!(
        "gave {what} `{name}` the span {start}..{end}, which is no range of whole characters in {} bytes",
        text.len()
    ))
}

/// Bytes that an effect keeps on the host's heap, roughly.
fn size(effect: &Effect) -> usize {
    let heap = match effect {
        Effect::Score(score) => {
            let parts: usize = score.parts.iter().map(|part| size_of::<wit::PartResult>() + part.name.len()).sum();
            let evidence = score.evidence.len() * size_of::<wit::Evidence>();
            let label = |label: &Option<String>| label.as_deref().map_or(0, str::len);
            let passages: usize =
                score.passages.iter().map(|one| size_of::<wit::PassageResult>() + label(&one.label)).sum();
            let scope = match &score.scope {
                wit::ScopeResult::Topic(scope) | wit::ScopeResult::Other(scope) => scope.len(),
                wit::ScopeResult::Whole => 0,
            };
            score.name.len() + scope + label(&score.label) + parts + evidence + passages
        }
        Effect::Tag(tag) => {
            let class = if let wit::TagClassResult::Other(class) = &tag.class { class.len() } else { 0 };
            tag.name.len() + class + tag.spans.len() * size_of::<wit::Span>()
        }
        Effect::Route(route) => {
            let reasons: usize = route.reasons.iter().map(|reason| size_of::<String>() + reason.len()).sum();
            let urgency = if let wit::UrgencyResult::Other(urgency) = &route.urgency { urgency.len() } else { 0 };
            route.name.len() + route.rule.len() + urgency + reasons
        }
        Effect::Redact(redaction) => {
            let pointer = if let wit::FieldResult::Other(pointer) = &redaction.field { pointer.len() } else { 0 };
            redaction.class.len() + pointer
        }
        Effect::Other(note) => note.name.len() + note.value.len(),
    };
    size_of::<Effect>() + heap
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::plugins::written;

    /// What is said of one effect on the text `ok`.
    fn checked(effect: Value) -> Result<(), String> {
        let feedback = json!({"id": uuid::Uuid::now_v7(), "kind": "review", "text": "ok"});
        let feedback = serde_json::from_value(feedback).expect("is feedback");
        let effect: written::Effect = serde_json::from_value(effect).expect("is an effect");
        effects(&feedback, &[effect.into()], &Limits::default())
    }

    #[track_caller]
    fn assert_at_fault(effect: Value, why: &str) {
        let offence = checked(effect).expect_err("is at fault");
        assert!(offence.contains(why), "{offence}");
    }

    #[test]
    fn a_sentiment_is_from_minus_one_to_one() {
        let passage = |value: f64| json!([{"span": {"start": 0, "end": 2}, "value": value}]);
        for value in [5.0, 1e308, -1.000_001] {
            assert_at_fault(json!({"score": {"name": "sentiment", "value": value}}), "outside -1 to 1");
            assert_at_fault(json!({"score": {"name": "sentiment", "value": value, "topic": "tea"}}), "outside -1 to 1");
            let passages = passage(value);
            assert_at_fault(
                json!({"score": {"name": "sentiment", "value": 0, "passages": passages}}),
                "outside -1 to 1",
            );
            assert_eq!(checked(json!({"score": {"name": "length", "value": value, "passages": passages}})), Ok(()));
        }
        for value in [-1.0, 0.0, 1.0] {
            assert_eq!(
                checked(json!({"score": {"name": "sentiment", "value": value, "passages": passage(value)}})),
                Ok(())
            );
        }
    }

    #[test]
    fn what_could_not_be_read_again_from_the_record_is_at_fault() {
        for key in SENTIMENT_KEYS {
            let sentiment = json!({"score": {"name": "sentiment", "value": 0, "parts": [{"name": key, "value": 1}]}});
            assert_at_fault(sentiment, "which is a name that it has itself");
            assert_eq!(
                checked(json!({"score": {"name": "own", "value": 0, "parts": [{"name": key, "value": 1}]}})),
                Ok(())
            );
        }
        let nested = |depth: usize| {
            let deep = (0..depth)
                .fold(json!(1), |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({"a": inner}) });
            json!({"note": {"name": "deep", "value": deep}})
        };
        assert_eq!(checked(nested(MAX_DEPTH)), Ok(()));
        assert_at_fault(nested(MAX_DEPTH + 1), "nested deeper");
    }

    #[test]
    fn names_are_written_as_the_contract_says() {
        let tag = |name: &str| json!({"tag": {"name": name}});
        let route = |name: &str| json!({"route": {"name": name, "rule": "r", "priority": 1}});
        let score = |name: &str| json!({"score": {"name": name, "value": 1}});
        for good in ["delivery/speed", "配達/速度", "straße", "steep-co", "two words"] {
            assert_eq!((checked(tag(good)), checked(route(good))), (Ok(()), Ok(())), "{good}");
        }
        for bad in ["Delivery", "delivery/Speed", "ÄRGER"] {
            assert_at_fault(tag(bad), "not in lower case");
            assert_at_fault(route(bad), "not in lower case");
            assert_at_fault(score(bad), "not in lower case");
            assert_at_fault(json!({"score": {"name": "urgency", "value": 1, "topic": bad}}), "not in lower case");
        }
        assert_eq!(checked(score("churn_risk2")), Ok(()));
        assert_at_fault(score("churn-risk"), "lower case letters, digits and `_`");
    }

    #[test]
    fn a_name_has_something_to_see_and_nothing_that_is_unseen() {
        for bad in ["", "   ", "\u{3000}", "a\u{202e}b", "a\u{2066}b", "a\u{1b}[2J"] {
            assert_at_fault(json!({"tag": {"name": bad}}), "empty");
            assert_at_fault(json!({"note": {"name": bad, "value": 1}}), "empty");
        }
        assert_eq!(checked(json!({"note": {"name": "Any word", "value": 1}})), Ok(()));
    }

    #[test]
    fn what_a_plugin_adds_to_a_variant_is_a_name_too() {
        let scored = |scope: String| {
            let scope = wit::ScopeResult::Other(scope);
            let (parts, evidence, passages) = (Vec::new(), Vec::new(), Vec::new());
            Effect::Score(wit::ScoreResult {
                name: "n".into(),
                scope,
                value: 1.0,
                label: None,
                parts,
                evidence,
                passages,
            })
        };
        let routed = |urgency: String| {
            let urgency = wit::UrgencyResult::Other(urgency);
            let (name, rule, reasons) = ("care".into(), "r".into(), Vec::new());
            Effect::Route(wit::RouteResult { name, rule, priority: 1, urgency, reasons })
        };
        let feedback = serde_json::from_value(json!({"id": uuid::Uuid::now_v7(), "kind": "review", "text": "ok"}));
        let feedback = feedback.expect("is feedback");
        let checked = |effect: Effect| effects(&feedback, &[effect], &Limits::default());
        assert_eq!((checked(scored("effort".into())), checked(routed("soon".into()))), (Ok(()), Ok(())));
        for bad in [String::new(), "a\u{202e}b".into(), "x".repeat(MAX_NAME + 1)] {
            assert!(checked(scored(bad.clone())).is_err_and(|offence| offence.contains("gave a scope a name")));
            assert!(checked(routed(bad)).is_err_and(|offence| offence.contains("gave a level of urgency a name")));
        }
    }

    #[test]
    fn a_note_that_could_not_be_stored_as_it_is_is_at_fault() {
        let noted = |value: &str| {
            let note = wit::NoteResult { name: "n".into(), value: value.into() };
            let feedback = json!({"id": uuid::Uuid::now_v7(), "kind": "review", "text": "ok"});
            let feedback = serde_json::from_value(feedback).expect("is feedback");
            effects(&feedback, &[Effect::Other(note)], &Limits::default())
        };
        assert_eq!(noted(r#"{"a": [1e300, null]}"#), Ok(()));
        for lost in [r#"{"a": 1e400}"#.to_owned(), format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)), "{".into()] {
            let offence = noted(&lost).expect_err("is at fault");
            assert!(offence.contains("gave note `n` a value that is not JSON"), "{offence}");
        }
    }
}
