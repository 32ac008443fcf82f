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

/// What one plugin takes out, and the words.
fn redacted(
    feedback: &mut Feedback,
    redactions: &[wit::RedactionResult],
    effects: &mut [Effect],
) -> (Vec<Redaction>, Words) {
    let mut told = Vec::new();
    let words = apply(feedback, redactions, effects, &mut told);
    (told, words)
}

#[test]
fn a_redacted_passage_is_gone_from_the_text_and_from_the_answers() {
    let mut feedback = survey("Mail ann@example.org now");
    let (done, _) = redacted(&mut feedback, &[redaction(5, 20, "email")], &mut []);
    assert_eq!(feedback.text, "Mail [email] now");
    assert_eq!(feedback.answers[0].value, "Mail [email] now");
    assert_eq!(done, [Redaction { field: "text".into(), class: "email".into(), start: 5, end: 12 }]);
}

#[test]
fn spans_before_within_and_behind_a_redaction_still_point_to_their_words() {
    let mut feedback = survey("Mail ann@example.org now");
    let mut effects = [tag(0, 4), tag(5, 8), tag(21, 24), tag(0, 24)];
    redacted(&mut feedback, &[redaction(5, 20, "email")], &mut effects);
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
    let (done, _) = redacted(&mut feedback, &redactions, &mut effects);
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
    redacted(&mut feedback, &[redaction(0, 16, "card"), at("/metadata/other", 0, 16, "card")], &mut []);
    assert_eq!((&feedback.metadata["card"], &feedback.metadata["other"]), (&"[card]".into(), &"[card]".into()));
    assert!(feedback.answers[0].value.is_number());
}

#[test]
fn keys_that_become_alike_remain_two() {
    let mut feedback = survey("ann@example.org bob@example.org");
    feedback.metadata.insert("ann@example.org".into(), 1.into());
    feedback.metadata.insert("bob@example.org".into(), 2.into());
    redacted(&mut feedback, &[redaction(0, 15, "email"), redaction(16, 31, "email")], &mut []);
    let keys: Vec<_> = feedback.metadata.keys().map(String::as_str).collect();
    assert_eq!(keys, ["[email]", "[email] 2"]);
}

#[test]
fn a_word_within_a_longer_one_leaves_nothing_of_it() {
    let mut feedback = survey("ann@example.org joann@example.org");
    feedback.author_name = Some("joann@example.org".into());
    redacted(&mut feedback, &[redaction(0, 15, "email"), redaction(16, 33, "email")], &mut []);
    assert_eq!((feedback.text.as_str(), feedback.author_name.as_deref()), ("[email] [email]", Some("[email]")));
}

#[test]
fn of_two_redactions_that_overlap_nothing_is_left() {
    let mut feedback = survey("4111 1111 1111 1111 x");
    redacted(&mut feedback, &[redaction(5, 19, "card"), redaction(0, 9, "number")], &mut []);
    assert_eq!(feedback.text, "[number] x");
}

#[test]
fn notes_and_reasons_of_earlier_plugins_lose_the_words_too() {
    let mut feedback = survey("Mail \"ann\"@example.org now");
    let route = wit::RouteResult {
        name: "care".into(),
        rule: "r".into(),
        priority: 1,
        urgency: wit::UrgencyResult::High,
        reasons: vec!["says \"ann\"@example.org".into()],
    };
    let value = serde_json::json!({ "quote": "\"ann\"@example.org now", "\"ann\"@example.org": 1 }).to_string();
    let mut effects = [Effect::Route(route), Effect::Other(wit::NoteResult { name: "n".into(), value })];
    let (_, words) = redacted(&mut feedback, &[redaction(5, 22, "email")], &mut effects);
    assert_eq!(feedback.text, "Mail [email] now");
    let [Effect::Route(route), Effect::Other(note)] = &effects else { panic!("they stay what they are") };
    assert_eq!(route.reasons, ["says [email]"]);
    assert_eq!(note.value, r#"{"[email]":1,"quote":"[email] now"}"#);
    let mut told = [provenance("no `\"ann\"@example.org` here")];
    let other = serde_json::from_value(serde_json::json!({ "q": ["\"ann\"@example.org"] })).expect("is an object");
    let shadow = super::super::shadow::summary(Vec::new(), provenance("\"ann\"@example.org is unknown"));
    let mut shadows = Shadows::from([("s".into(), crate::feedback::Shadow { other, ..shadow })]);
    words.clean_told(&mut told, &mut shadows);
    let left = format!("{told:?} {shadows:?}");
    assert!(!left.contains("example.org") && left.contains("no `[email]` here"), "{left}");
}

#[test]
fn what_earlier_plugins_call_things_by_loses_the_words_too_in_lower_case_as_well() {
    let mut feedback = survey("Mail Ann@Example.org now, not ann@example.org");
    let effects = serde_json::json!([
        {"score": {"name": "effort", "value": 1, "topic": "ann@example.org", "label": "Ann@Example.org",
            "passages": [{"span": {"start": 0, "end": 4}, "value": 1, "label": "as ann@example.org"}],
            "parts": [{"name": "ann@example.org", "value": 1}]}},
        {"tag": {"name": "from/ann@example.org", "class": "by ann@example.org"}},
        {"route": {"name": "to ann@example.org", "rule": "Ann@Example.org", "priority": 1}},
        {"note": {"name": "ann@example.org", "value": 1}},
    ]);
    let effects: Vec<crate::plugins::written::Effect> = serde_json::from_value(effects).expect("are effects");
    let mut effects: Vec<Effect> = effects.into_iter().map(Into::into).collect();
    let (_, words) = redacted(&mut feedback, &[redaction(5, 20, "email")], &mut effects);
    assert_eq!(feedback.text, "Mail [email] now, not ann@example.org", "the customer may mean another by it");
    let left = format!("{effects:?}").to_lowercase();
    assert!(!left.contains("example.org") && left.contains("from/[email]"), "{left}");
    let shadow = crate::feedback::Shadow {
        label: Some("Ann@Example.org".into()),
        tags: vec!["from/ann@example.org".into()],
        intents: vec!["ann@example.org".into()],
        routes: vec!["to ann@example.org".into()],
        ..super::super::shadow::summary(Vec::new(), provenance("unknown"))
    };
    let mut shadows = Shadows::from([("s".into(), shadow)]);
    words.clean_told(&mut [], &mut shadows);
    assert!(!format!("{shadows:?}").to_lowercase().contains("example.org"), "{shadows:?}");
}

fn provenance(reason: &str) -> Provenance {
    Provenance {
        plugin: "p".into(),
        version: "1".into(),
        digest: "sha256:0".into(),
        config: "sha256:0".into(),
        status: crate::feedback::PluginStatus::Skipped,
        reason: Some(reason.into()),
        repeatable: true,
        us: 1,
    }
}

#[test]
fn what_a_plugin_took_out_is_told_where_it_is_after_another_took_out_more() {
    let mut feedback = survey("Card 4111111111111111, mail ann@example.org, today");
    feedback.metadata =
        serde_json::from_value(serde_json::json!({"line": "4111111111111111 / Ann Smith"})).expect("a map");
    let mut told = Vec::new();
    apply(&mut feedback, &[redaction(28, 43, "email")], &mut [], &mut told);
    apply(&mut feedback, &[at("/metadata/line", 19, 28, "name")], &mut [], &mut told);
    apply(&mut feedback, &[redaction(5, 21, "card")], &mut [], &mut told);
    assert_eq!(feedback.text, "Card [card], mail [email], today");
    assert_eq!(feedback.metadata["line"], "[card] / [name]");
    let passages: Vec<_> = told
        .iter()
        .map(|one| {
            let text = texts::get(&feedback, &one.field).map_or(feedback.text.clone(), |text| text.into_owned());
            (one.class.as_str(), text[one.start as usize..one.end as usize].to_owned())
        })
        .collect();
    let expected = [("email", "[email]"), ("name", "[name]"), ("card", "[card]")];
    assert_eq!(passages, expected.map(|(class, passage)| (class, passage.to_owned())));
}
