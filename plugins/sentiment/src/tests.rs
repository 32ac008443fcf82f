use sayso_plugin::{Effect, Evidence, Fault, Item, Note, Part, Passage, Score};

use crate::Sentiment;

fn run(item: &Item) -> Result<Vec<Effect>, Fault> {
    run_with("{}", item)
}

fn run_with(config: &str, item: &Item) -> Result<Vec<Effect>, Fault> {
    let plugin = sayso_plugin::configure::<Sentiment>(config).unwrap();
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
    // The reference adds 0.733 for the capitals, and counts what is before the "but" half and what is after it half more.
    assert_eq!(evidence(text, &score), [("GREAT", (3.1 + 0.733) * 0.5), (":(", -1.9 * 1.5)]);
}

#[test]
fn evidence_weighs_what_the_word_weighed() {
    let text = "It isn't good. It was not so very good. Good.";
    let score = score(&Item::of_text("en", text));
    let weights: Vec<_> = evidence(text, &score).into_iter().map(|(_, weight)| weight).collect();
    // A booster counts 0.293, 0.95 of it two words before, 0.9 of it three; that of the last word reaches back over the
    // sentence's end, as in the reference.
    let turned = (1.9 + 0.293 + 0.293 * 0.95) * -0.74;
    assert_eq!(weights, [1.9 * -0.74, turned, 1.9 + 0.293 * 0.95 + 0.293 * 0.9]);
    let sum: f64 = weights.iter().sum();
    assert_eq!(format!("{:.4}", sum / (sum * sum + 15.0).sqrt()), format!("{:.4}", score.value));
}

#[test]
fn typographic_apostrophes_negate_where_the_configuration_says_so() {
    let value = |config: &str, text: &str| match run_with(config, &Item::of_text("en", text)).unwrap().remove(0) {
        Effect::Score(score) => {
            (score.value, score.passages.into_iter().map(|passage| passage.value).collect::<Vec<_>>())
        }
        other => panic!("{other:?}"),
    };
    let (typed, typeset) = ("This isn't good. We were glad.", "This isn’t good. We were glad.");
    let fold = r#"{"typographic_apostrophes": true}"#;
    assert_eq!(value(fold, typeset), value(fold, typed));
    assert_eq!(value("{}", typed), value(fold, typed));
    let (whole, sentences) = value("{}", typeset);
    assert!(whole > value("{}", typed).0 && sentences[0] > 0.0, "the reference takes it for praise");
}

#[test]
fn every_sentence_has_a_score_of_its_own() {
    let text = "Great phone! The battery is horrible. Fine.";
    let item = Item::of_text("en", text);
    let mut of_sentences = Vec::new();
    for Passage { span, value, label } in score(&item).passages {
        let alone = score(&Item::of_text("en", &text[span.range()]));
        assert_eq!((value, &label), (alone.value, &alone.label));
        of_sentences.push((&text[span.range()], label.unwrap()));
    }
    let expected = [("Great phone!", "very_positive"), ("The battery is horrible.", "negative"), ("Fine.", "positive")];
    assert!(of_sentences.iter().map(|(text, label)| (*text, label.as_str())).eq(expected), "{of_sentences:?}");
}

#[test]
fn one_sentence_has_the_score_of_the_whole_alone() {
    assert!(score(&Item::of_text("en", "Great phone, e.g. the battery!")).passages.is_empty());
}

#[test]
fn sentences_beyond_the_most_have_no_score() {
    assert_eq!(score(&Item::of_text("en", &"Good. ".repeat(1_000))).passages.len(), 32);
}

#[test]
fn sentences_of_quoted_words_are_where_they_are_in_the_text() {
    let text = "Said \"it is bad\". Later, \"❤\u{FE0F} you. Great\".";
    let quoted = [text.find("it").unwrap()..text.find("\". L").unwrap(), text.find('❤').unwrap()..text.len() - 2];
    let whole = score(&Item::of_note("en", text, &quoted));
    let passages = whole.passages.iter().map(|passage| &text[passage.span.range()]);
    assert_eq!(passages.collect::<Vec<_>>(), ["it is bad", "❤\u{FE0F} you.", "Great"]);
    assert_eq!(evidence(text, &whole).iter().map(|(word, _)| *word).collect::<Vec<_>>(), ["bad", "Great"]);
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
fn a_review_whose_rating_contradicts_its_words_says_so() {
    let mismatch = |text: &str, stars| notes(&Item::of_review("en", text, stars));
    assert_eq!(mismatch("I love it, best phone ever!", 1.0), [("rating_mismatch".into(), "true".into())]);
    assert_eq!(mismatch("I love it, best phone ever!", 5.0), []);
}

#[test]
fn another_language_is_unsupported_and_named() {
    let fault = run(&Item::of_text("th", "ดีมาก")).unwrap_err();
    assert_eq!(
        fault,
        Fault::Unsupported("sentiment: language `th` is not supported; supported: en, ja, ko, zh".into())
    );
}

#[test]
fn a_language_without_its_dictionary_is_unsupported_and_says_what_to_do() {
    for code in ["ko", "zh-Hans", "ja"] {
        let Fault::Unsupported(said) = run(&Item::of_text(code, "좋아요 很好")).unwrap_err() else {
            panic!("{code}")
        };
        assert!(said.contains("dictionary") && said.contains("sayso dict build"), "{said}");
    }
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
