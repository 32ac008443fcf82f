//! The default chain in its sandbox.

mod cases;
mod japanese;
mod sentiment;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Chain, Dictionaries, Engine, Loader, Outcome, Worker, grants::NoHistory};
use crate::{
    config,
    feedback::{Analysis, Feedback},
};

/// The dictionaries that `make dictionaries` builds.
fn installed() -> Dictionaries {
    let named = std::env::var_os("SAYSO_DATA__DICTIONARIES").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dictionaries"));
    let dictionaries = Dictionaries::open(Some(&folder)).expect("they are as built");
    assert_eq!(dictionaries.missing(), [], "not in {}; run `make dictionaries`", folder.display());
    dictionaries
}

/// Runs the default chain over one feedback.
fn analyze(feedback: serde_json::Value) -> (Feedback, Analysis) {
    analyze_with(None, feedback)
}

/// Runs the chain of a configuration over one feedback.
fn analyze_with(config: Option<&Path>, feedback: serde_json::Value) -> (Feedback, Analysis) {
    let config = config::load(config, []).expect("is a configuration");
    let dir = tempfile::tempdir().expect("a folder");
    let loader = Loader::new(Engine::new().expect("an engine"), dir.path(), Path::new(".")).expect("a cache");
    let chain = Chain::load(&loader, &config.plugins).expect("the chain");
    let mut worker = Worker::new(Arc::new(chain), Arc::new(NoHistory));
    let feedback = serde_json::from_value(feedback).expect("is feedback");
    match worker.run(vec![feedback]).pop() {
        Some(Outcome::Analyzed { feedback, analysis }) => (*feedback, *analysis),
        other => panic!("{other:?}"),
    }
}

#[test]
fn personal_data_is_nowhere_in_the_feedback_and_its_analysis_after_the_default_chain() {
    let (feedback, analysis) = analyze(serde_json::json!({
        "kind": "survey",
        "language": "ja",
        "title": "Card 4111 1111 1111 1111",
        "text": "The support was terribly rude. 電話は０90-1234-5678です",
        "answers": [
            {"field_id": "a", "field_label": "Your phone number?", "field_type": "text", "value": "5551234"},
            {"field_id": "b", "field_type": "categorical", "value": ["x", "ann@example.org"]},
        ],
        "metadata": {"contact": {"mail": "bob@example.org"}, "card": 4_111_111_111_111_111_u64, "order": "A-5551234"},
    }));
    let everything = serde_json::to_string(&(&feedback, &analysis)).expect("is JSON");
    for secret in ["4111", "1234", "ann@", "bob@"] {
        assert!(!everything.contains(secret), "{secret} is in {everything}");
    }
    let told: Vec<_> = analysis.redactions.iter().map(|one| (one.field.as_str(), one.class.as_str())).collect();
    let expected = [
        ("title", "card"),
        ("text", "phone"),
        ("/answers/0/value", "phone"),
        ("/answers/1/value/1", "email"),
        ("/metadata/card", "card"),
        ("/metadata/contact/mail", "email"),
    ];
    assert_eq!(told, expected);
    let of_text = &analysis.redactions[1];
    assert_eq!(&feedback.text[of_text.start as usize..of_text.end as usize], "[phone]");
}

#[test]
fn later_plugins_score_what_is_left() {
    let (feedback, analysis) = analyze(serde_json::json!({
        "kind": "review", "language": "en", "text": "ann@example.org says that the support was terribly rude.",
    }));
    let sentiment = analysis.sentiment.expect("a sentiment");
    let word = |start: u32, end: u32| &feedback.text[start as usize..end as usize];
    assert!(sentiment.evidence.iter().any(|one| word(one.start, one.end).contains("rude")), "{sentiment:?}");
}

#[test]
fn the_example_of_a_taxonomy_extends_the_built_in_one() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/tagger.toml");
    let text = "The battery drains in an hour, delivery was late, and the food is not your business.";
    let feedback = serde_json::json!({"kind": "review", "language": "en", "text": text});
    let (_, analysis) = analyze_with(Some(&example), feedback);
    let tags: Vec<_> = analysis.tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(tags, ["delivery/speed", "hardware/battery"]);
}

#[test]
fn words_of_a_configuration_are_found_however_their_letters_are_put_together() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("sayso.toml");
    let chain = "[[plugin]]\nname = \"tagger\"\nuse = \"builtin:tagger\"\n\n[plugin.config.topics]\n\"food/cafe\" = [\"cafe\u{301}\"]\n";
    std::fs::write(&file, chain).expect("written");
    let feedback = serde_json::json!({"kind": "review", "language": "en", "text": "What a lovely caf\u{e9} this is."});
    let (_, analysis) = analyze_with(Some(&file), feedback);
    assert!(analysis.tags.iter().any(|tag| tag.name == "food/cafe"), "{:?}", analysis.tags);
}

#[test]
fn personal_data_in_the_authors_name_or_the_public_reply_of_a_review_is_taken_out() {
    let (feedback, analysis) = analyze(serde_json::json!({
        "kind": "review", "language": "en", "text": "Slow delivery.", "author_name": "ann@example.org",
        "public_reply": {"text": "Sorry! Write to bob@example.org."},
    }));
    let everything = serde_json::to_string(&(&feedback, &analysis)).expect("is JSON");
    assert!(!everything.contains("@example"), "{everything}");
    assert_eq!(feedback.author_name.as_deref(), Some("[email]"));
}

#[test]
fn each_sentence_of_several_has_a_score_of_its_own() {
    let text = "I love the tea. The delivery was terribly slow!";
    let (_, analysis) = analyze(serde_json::json!({"kind": "review", "language": "en", "text": text}));
    let sentences = analysis.sentiment.expect("is scored").sentences;
    let told: Vec<_> = sentences.iter().map(|one| &text[one.start as usize..one.end as usize]).collect();
    assert_eq!(told, ["I love the tea.", "The delivery was terribly slow!"]);
    assert!(sentences[0].score > 0.5 && sentences[0].label == "very_positive", "{sentences:?}");
    assert!(sentences[1].score < sentences[0].score, "{sentences:?}");
    let (_, analysis) = analyze(serde_json::json!({"kind": "review", "language": "en", "text": "I love the tea."}));
    assert!(analysis.sentiment.expect("is scored").sentences.is_empty(), "one sentence is the whole");
}

#[test]
fn a_text_of_han_alone_is_in_the_language_that_what_stands_beside_it_tells() {
    let code = |fields: serde_json::Value| {
        let mut feedback = serde_json::json!({"kind": "review", "rating": {"value": 3}});
        feedback.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        super::chain::language_of(&serde_json::from_value(feedback).expect("is feedback")).code
    };
    assert_eq!(code(serde_json::json!({"text": "感謝"})), "zh");
    assert_eq!(code(serde_json::json!({"text": "感謝", "territory": "JP"})), "ja");
    assert_eq!(code(serde_json::json!({"text": "感謝", "title": "ありがとう"})), "ja");
    for chinese in ["感謝你們", "服务态度差", "质量不错", "性价比高"] {
        assert_eq!(code(serde_json::json!({"text": chinese, "territory": "JP"})), "zh");
    }
    assert_eq!(code(serde_json::json!({"text": "", "title": "ありがとう"})), "ja");
    assert_eq!(code(serde_json::json!({"text": "I love it", "title": "ありがとう"})), "en");
}
