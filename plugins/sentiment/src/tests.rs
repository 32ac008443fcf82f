use sayso_plugin::{Effect, Evidence, Fault, Item, Note, Part, Plugin, Score};

use crate::Sentiment;

fn run(item: &Item) -> Result<Vec<Effect>, Fault> {
    let plugin = sayso_plugin::configure::<Sentiment>("{}").unwrap();
    sayso_plugin::process(&plugin, std::slice::from_ref(item)).remove(0)
}

fn score(item: &Item) -> Score {
    match run(item).unwrap().remove(0) {
        Effect::Score(score) => score,
        other => panic!("{other:?}"),
    }
}

fn notes(item: &Item) -> Vec<(String, String)> {
    let note = |effect| match effect {
        Effect::Other(Note { name, value }) => Some((name, value)),
        _ => None,
    };
    run(item).unwrap().into_iter().filter_map(note).collect()
}

fn evidence<'a>(text: &'a str, score: &Score) -> Vec<(&'a str, f64)> {
    score.evidence.iter().map(|Evidence { span, weight }| (&text[span.range()], *weight)).collect()
}

#[test]
fn a_sentence_gets_the_numbers_of_the_reference() {
    // The reference's own example, and what it prints for it.
    let score = score(&Item::of_text("en", "VADER is smart, handsome, and funny."));
    let part = |name: &str, value| Part { name: name.into(), value };
    assert_eq!(score.parts, [part("neg", 0.0), part("neu", 0.254), part("pos", 0.746), part("compound", 0.8316)]);
    assert_eq!((score.value, score.label.as_deref()), (0.8316, Some("very_positive")));
}

#[test]
fn the_evidence_is_the_words_in_the_text_as_it_is() {
    let text = "Ünïcode first — then GREAT, but “rude”  staff :(";
    let score = score(&Item::of_text("en", text));
    assert_eq!(evidence(text, &score), [("GREAT", 3.1), (":(", -1.9)]);
}

#[test]
fn a_negation_turns_the_evidence() {
    let text = "It isn't good. It was not so very good. Good.";
    let score = score(&Item::of_text("en", text));
    let weights: Vec<_> = evidence(text, &score).into_iter().map(|(_, weight)| weight).collect();
    assert_eq!(weights, [1.9 * -0.74, 1.9 * -0.74, 1.9]);
}

#[test]
fn an_emoji_is_evidence() {
    let text = "so 😍";
    let score = score(&Item::of_text("en", text));
    assert!(score.value > 0.0);
    assert_eq!(evidence(text, &score).iter().map(|(word, _)| *word).collect::<Vec<_>>(), ["😍"]);
}

#[test]
fn of_many_words_the_heaviest_are_evidence_in_their_order() {
    let text = "good ".repeat(100) + &"terrific ".repeat(100);
    let score = score(&Item::of_text("en", &text));
    assert_eq!(score.evidence.len(), 128);
    assert_eq!(score.evidence.iter().filter(|one| one.weight > 1.9).count(), 100);
    assert!(score.evidence.is_sorted_by_key(|one| one.span.start));
}

#[test]
fn of_a_note_the_quoted_words_alone_are_scored() {
    let text = "Wonderful caller, happy to help. Said: \"this is horrible\" and \"awful\".";
    let quoted =
        [text.find("this").unwrap()..text.find("\" and").unwrap(), text.find("awful").unwrap()..text.len() - 2];
    let item = Item::of_note("en", text, &quoted);
    let score = score(&item);
    assert!(score.value < -0.5, "{score:?}");
    assert_eq!(evidence(text, &score).iter().map(|(word, _)| *word).collect::<Vec<_>>(), ["horrible", "awful"]);
    assert_eq!(notes(&item), [("sentiment_basis".into(), "\"customer\"".into())]);
}

#[test]
fn a_note_without_quoted_words_is_scored_on_the_agents_and_says_so() {
    let item = Item::of_note("en", "Angry caller, shouted at the agent.", &[]);
    assert!(score(&item).value < 0.0);
    assert_eq!(notes(&item), [("sentiment_basis".into(), "\"agent\"".into())]);
}

#[test]
fn a_review_says_whether_its_rating_contradicts_its_words() {
    let mismatch = |text: &str, stars| notes(&Item::of_review("en", text, stars));
    assert_eq!(mismatch("I love it, best phone ever!", 1.0), [("rating_mismatch".into(), "true".into())]);
    assert_eq!(mismatch("I love it, best phone ever!", 5.0), [("rating_mismatch".into(), "false".into())]);
}

#[test]
fn another_language_is_unsupported_and_named() {
    let fault = run(&Item::of_text("th", "ดีมาก")).unwrap_err();
    assert_eq!(fault, Fault::Unsupported("sentiment: language `th` is not supported; supported: en".into()));
}

#[test]
fn unknown_language_in_basic_latin_letters_is_scored_as_english() {
    assert!(score(&Item::of_text("und", "Great!")).value > 0.5);
    assert!(run(&Item::of_text("und", "très bien")).is_err());
}

#[test]
fn without_text_nothing_is_scored() {
    let fault = run(&Item::of_review("und", " \n", 5.0)).unwrap_err();
    assert_eq!(fault, Fault::Unsupported("sentiment: no text to score".into()));
}

#[test]
fn a_span_beyond_the_text_is_passed_by() {
    let item = Item::of_note("en", "Good.", &[0..5, 3..90]);
    assert!(score(&item).value > 0.0);
}
