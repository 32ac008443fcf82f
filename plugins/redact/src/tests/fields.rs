use sayso_plugin::{Answer, AnswerValue, CsrNote, Details, Effect, Fault, Field, FieldType, Item, Survey};

use super::run;
use crate::{MOST_PASSAGES, MOST_REDACTIONS, Redact};

fn answer(label: Option<&str>, value: AnswerValue) -> Answer {
    let field_label = label.map(Into::into);
    Answer { field_id: "q".into(), field_label, field_type: FieldType::Text, scale: None, value }
}

fn survey(text: &str, answers: Vec<Answer>) -> Item {
    let mut item = Item::of_text("en", text);
    item.feedback.details = Some(Details::Survey(Survey { survey_id: None, completed: true, answers }));
    item
}

/// Field, bytes and class of each redaction.
fn found(item: &Item) -> Vec<(String, std::ops::Range<usize>, String)> {
    let name = |field| match field {
        Field::Text => "text".into(),
        Field::Title => "title".into(),
        Field::Other(pointer) => pointer,
    };
    run(item).into_iter().map(|one| (name(one.field), one.span.range(), one.class)).collect()
}

fn row(field: &str, range: std::ops::Range<usize>, class: &str) -> (String, std::ops::Range<usize>, String) {
    (field.into(), range, class.into())
}

#[test]
fn answers_are_searched_with_the_question_as_their_label() {
    let text = |text: &str| AnswerValue::Text(text.into());
    let item = survey(
        "fine",
        vec![
            answer(Some("How was it?"), text("5551234")),
            answer(Some("Your phone number"), text("5551234")),
            answer(None, AnswerValue::Choices(vec!["none".into(), "other: ann@example.org".into()])),
            answer(None, AnswerValue::Number(4_111_111_111_111_111.0)),
        ],
    );
    let expected = [row("/answers/1/value", 0..7, "phone"), row("/answers/2/value/1", 7..22, "email")];
    assert_eq!(found(&item), expected);
}

#[test]
fn what_is_redacted_in_the_text_is_not_named_again_where_it_stands_elsewhere() {
    let answers = vec![answer(None, AnswerValue::Text("ann@example.org, bob@example.org".into()))];
    let item = survey("ann@example.org", answers);
    assert_eq!(found(&item), [row("text", 0..15, "email"), row("/answers/0/value", 17..32, "email")]);
}

#[test]
fn metadata_is_searched_with_its_keys_as_labels() {
    let mut item = Item::of_text("en", "fine");
    let metadata = serde_json::json!({
        "a/~b": {"phone": "5551234", "mails": ["\nann@example.org"]},
        "order": "5551234",
        "card": 4_111_111_111_111_111u64,
        "count": 3,
    });
    item.feedback.metadata = Some(metadata.to_string());
    let expected = [
        row("/metadata/a~1~0b/mails/0", 1..16, "email"),
        row("/metadata/a~1~0b/phone", 0..7, "phone"),
        row("/metadata/card", 0..16, "card"),
    ];
    assert_eq!(found(&item), expected);
}

#[test]
fn a_social_security_number_is_found_by_its_key() {
    let mut item = Item::of_text("en", "fine");
    let metadata = serde_json::json!({
        "customer_id": 123_456_783,
        "socialSecurityNumber": "123 45 6782",
        "social_security": "123456781",
        "ssn": 123_456_789,
    });
    item.feedback.metadata = Some(metadata.to_string());
    let expected = [
        row("/metadata/socialSecurityNumber", 0..11, "national_id"),
        row("/metadata/social_security", 0..9, "national_id"),
        row("/metadata/ssn", 0..9, "national_id"),
    ];
    assert_eq!(found(&item), expected);
}

#[test]
fn the_contact_reason_of_a_note_is_searched() {
    let mut item = Item::of_note("en", "Called.", &[]);
    let reason = Some("refund to DE89 3704 0044 0532 0130 00".into());
    item.feedback.details = Some(Details::CsrNote(CsrNote { contact_reason: reason, ..CsrNote::default() }));
    assert_eq!(found(&item), [row("/contact_reason", 10..37, "iban")]);
}

#[test]
fn a_number_with_a_fraction_is_nobodys() {
    let mut item = Item::of_text("en", "fine");
    // The digits before and behind the point are those of a French number with its key.
    item.feedback.metadata = Some(r#"{"sent":1795575073986.03,"phone":5551234.5}"#.into());
    assert_eq!(found(&item), []);
}

#[test]
fn metadata_that_is_no_json_is_passed_by() {
    let mut item = Item::of_text("en", "fine");
    item.feedback.metadata = Some("{ann@example.org".into());
    assert!(run(&item).is_empty());
}

#[test]
fn a_text_with_very_many_passages_loses_the_rest_as_one() {
    let text = "a ann@example.org ".repeat(MOST_PASSAGES * 100);
    let redactions = run(&Item::of_text("en", &text));
    assert_eq!(redactions.len(), MOST_PASSAGES);
    let last = &redactions[MOST_PASSAGES - 1];
    assert_eq!((last.class.as_str(), last.span.end as usize), ("personal_data", text.len() - 1));
    assert_eq!(redactions[MOST_PASSAGES - 2].span.end + 3, last.span.start);
}

#[test]
fn a_feedback_with_too_much_to_redact_is_a_failure_rather_than_a_leak() {
    let many = |count| {
        let value = |n| answer(None, AnswerValue::Text(format!("ann{n}@example.org")));
        let plugin = sayso_plugin::configure::<Redact>("{}").unwrap();
        sayso_plugin::process(&plugin, &[survey("fine", (0..count).map(value).collect())]).remove(0)
    };
    let effects: Vec<Effect> = many(MOST_REDACTIONS).unwrap();
    assert_eq!(effects.len(), MOST_REDACTIONS);
    let Err(Fault::Failed(reason)) = many(MOST_REDACTIONS + 1) else { panic!() };
    assert!(reason.contains("251 passages"), "{reason}");
}
