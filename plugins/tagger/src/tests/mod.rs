mod asian;
mod aspects;
mod danger;
mod everyday;
mod hostile;
mod language;
mod plain;
mod sense;

use sayso_plugin::{Customer, Effect, Evidence, Item, Plugin, Scope, Score, Span, Tag, TagClass};

use crate::Tagger;

fn run_with(config: &str, item: &Item) -> Vec<Effect> {
    let plugin = sayso_plugin::configure::<Tagger>(config).unwrap();
    sayso_plugin::process(&plugin, std::slice::from_ref(item)).remove(0).unwrap()
}

fn tags(item: &Item) -> Vec<Tag> {
    let tag = |effect| if let Effect::Tag(tag) = effect { Some(tag) } else { None };
    run_with("{}", item).into_iter().filter_map(tag).collect()
}

/// The names of the tags.
fn names(language: &str, text: &str) -> Vec<String> {
    tags(&Item::of_text(language, text)).into_iter().map(|tag| tag.name).collect()
}

fn has(language: &str, text: &str, name: &str) -> bool {
    names(language, text).iter().any(|found| found == name)
}

#[test]
fn topics_and_intents_are_found_with_their_passages() {
    let text = "The delivery was LATE, and support was rude. I will cancel my subscription.";
    let tags = tags(&Item::of_text("en", text));
    let found: Vec<_> = tags.iter().map(|tag| (tag.name.as_str(), &text[tag.spans[0].range()])).collect();
    let expected = [
        ("delivery/speed", "delivery was LATE"),
        ("support/attitude", "rude"),
        ("churn_threat", "cancel my subscription"),
        ("complaint", "delivery was LATE"),
    ];
    assert_eq!(found, expected);
    assert_eq!((&tags[0].class, &tags[2].class), (&TagClass::Topic, &TagClass::Intent));
}

#[test]
fn a_term_matches_whole_words_alone() {
    assert!(!has("en", "Such applicationss crashedness in pricelessness", "app/stability"));
    assert!(!has("en", "a foodie's priceless bugle", "price/value"));
    assert!(has("en", "bugs, everywhere", "app/stability"));
    assert!(has("en", "(refunded)", "returns/refund"));
}

#[test]
fn a_term_matches_next_to_a_script_without_spaces() {
    let item = Item::of_text("ja", "このcheckoutは見づらい");
    assert_eq!(tags(&item)[0].name, "website/usability");
    assert_eq!(tags(&item)[0].spans.len(), 2);
}

#[test]
fn spans_lie_in_the_text_whatever_its_case_and_script() {
    let text = "İÇOK — ẞ “Arrived Crushed”, 배송이 늦";
    let tags = tags(&Item::of_text("und", text));
    let passages: Vec<_> = tags.iter().map(|tag| &text[tag.spans[0].range()]).collect();
    assert_eq!(passages, ["Arrived Crushed", "배송이 늦"]);
}

#[test]
fn japanese_korean_and_chinese_are_tagged() {
    assert_eq!(names("ja", "配送が遅い。最悪です、解約します。"), ["delivery/speed", "churn_threat", "complaint"]);
    assert_eq!(
        names("ko", "배송이 너무 오래 걸리고 직원이 불친절해요. 환불해 주세요"),
        ["delivery/speed", "returns/refund", "staff/helpfulness", "support/attitude", "request"]
    );
    assert_eq!(
        names("zh", "物流太慢，客服态度差，再也不买了"),
        ["delivery/speed", "support/attitude", "support/resolution", "churn_threat"]
    );
}

#[test]
fn the_terms_of_one_language_do_not_touch_another() {
    assert!(has("ja", "最高です", "praise"));
    assert!(!has("zh", "最高价", "praise"));
}

#[test]
fn a_churn_threat_is_heard() {
    let threats = [
        "I am going to cancel.",
        "We will never come back!",
        "I'm leaving you for a competitor",
        "This is the last time I order here",
        "You won’t see me: I won’t be back",
        "Not happy, cancelling now",
        "taking my business elsewhere",
        "I will close my account today",
    ];
    for threat in threats {
        assert!(has("en", threat, "churn_threat"), "{threat}");
    }
}

#[test]
fn what_sounds_like_a_churn_threat_and_is_none_is_passed_by() {
    let harmless = [
        "I would never leave you",
        "I did not cancel",
        "There is no reason to cancel",
        "We don't want to cancel, we want help",
        "Please cancel my order 17",
        "great noise cancelling headphones",
        "I never thought of switching to another brand",
        "I want to leave a review",
        "The last time I was here it was fine",
        "I switched to this brand and love it",
    ];
    for text in harmless {
        assert!(!has("en", text, "churn_threat"), "{text}");
    }
    assert!(!has("ja", "解約するつもりはない", "churn_threat"));
    assert!(!has("ko", "해지하지 않을게요", "churn_threat"));
}

#[test]
fn a_longer_term_hides_the_shorter_inside_it() {
    assert_eq!(names("en", "I would not recommend it"), ["complaint"]);
    assert_eq!(names("en", "I can't complain"), ["praise"]);
    assert!(!has("en", "This is not great", "praise"));
    assert!(has("en", "Not only great", "praise"));
}

#[test]
fn an_intent_hides_no_topic() {
    assert_eq!(names("en", "I want a refund"), ["returns/refund", "request"]);
}

#[test]
fn confidence_follows_the_documented_rule() {
    let confidence = |text| tags(&Item::of_text("en", text))[0].confidence;
    assert_eq!(confidence("the website"), 0.6);
    assert_eq!(confidence("the website, its checkout"), 0.65);
    assert_eq!(confidence("damaged box"), 0.8);
    assert_eq!(confidence(&"website ".repeat(20)), 0.95);
}

#[test]
fn the_spans_of_a_tag_are_bounded() {
    let tags = tags(&Item::of_text("en", &"website ".repeat(500)));
    assert_eq!(tags[0].spans.len(), 32);
}

#[test]
fn the_title_counts_without_spans() {
    let mut item = Item::of_text("en", "See above.");
    item.feedback.title = Some("Website is down".into());
    assert_eq!(tags(&item), [Tag::topic("website/usability", 0.6)]);
}

fn with_sentiment(text: &str, value: f64, words: &[(&str, f64)]) -> Item {
    let mut item = Item::of_text("en", text);
    let evidence = words.iter().map(|&(word, weight)| {
        let start = text.find(word).unwrap();
        Evidence { span: Span::of(start..start + word.len()), weight }
    });
    item.effects.push(Effect::Score(Score::whole("sentiment", value).evidence(evidence.collect())));
    item
}

fn scores(item: &Item) -> Vec<(String, Scope, f64)> {
    let score = |effect| match effect {
        Effect::Score(score) => Some((score.name, score.scope, score.value)),
        _ => None,
    };
    run_with("{}", item).into_iter().filter_map(score).collect()
}

#[test]
fn a_topic_gets_the_sentiment_of_its_clauses() {
    let text = "Excellent staff but the website is horrible and slow. The food? Nothing to say.";
    let item = with_sentiment(text, -0.2, &[("Excellent", 3.2), ("horrible", -2.5), ("slow", -0.5)]);
    let topic = |name: &str| Scope::Topic(name.into());
    let expected = [
        ("sentiment".into(), topic("staff/helpfulness"), 0.8),
        ("sentiment".into(), topic("website/usability"), -0.375),
    ];
    assert_eq!(scores(&item), expected);
}

#[test]
fn without_evidence_no_topic_has_a_sentiment() {
    assert_eq!(scores(&Item::of_text("en", "the website")), []);
}

#[test]
fn the_risk_of_churn_grows_with_tenure_and_anger() {
    let risk = |value, tenure_days| {
        let mut item = with_sentiment("I cancel.", value, &[]);
        item.feedback.customer = Some(Customer { tenure_days, ..Customer::default() });
        scores(&item)[0].2
    };
    assert_eq!(risk(0.3, None), 0.6);
    assert_eq!(risk(-0.5, None), 0.7);
    assert_eq!(risk(-0.5, Some(1826)), 0.8);
    assert_eq!(risk(-1.0, Some(40 * 365)), 1.0);
}

#[test]
fn the_configuration_extends_the_taxonomy() {
    let config =
        r#"{"topics":{"hardware/fan":["fan noise"]},"intents":{"praise":["mint"]},"ignore":["website builder"]}"#;
    let names: Vec<_> = run_with(config, &Item::of_text("en", "fan noise, mint, website, website builder"))
        .into_iter()
        .filter_map(|effect| if let Effect::Tag(tag) = effect { Some((tag.name, tag.spans.len())) } else { None })
        .collect();
    assert_eq!(names, [("hardware/fan".into(), 1), ("website/usability".into(), 1), ("praise".into(), 1)]);
}

#[test]
fn the_configuration_replaces_the_taxonomy() {
    let config = r#"{"mode":"replace","topics":{"coffee":["espresso"]}}"#;
    let effects = run_with(config, &Item::of_text("en", "the website, the Espresso"));
    assert_eq!(effects, [Effect::Tag(Tag::topic("coffee", 0.6).spans(vec![Span::of(17..25)]))]);
}

#[test]
fn every_example_of_the_schema_is_a_configuration() {
    let schema: serde_json::Value = serde_json::from_str(&Tagger::config_schema()).unwrap();
    let examples = schema["examples"].as_array().unwrap();
    assert!(!examples.is_empty());
    for example in examples {
        assert!(sayso_plugin::configure::<Tagger>(&example.to_string()).is_ok(), "{example}");
    }
}

#[test]
fn feedback_without_any_term_gets_no_effects() {
    assert_eq!(run_with("{}", &Item::of_text("en", "")), []);
    assert_eq!(run_with("{}", &Item::of_text("en", "hm")), []);
}

#[test]
fn the_configuration_drops_topics_and_tells_languages_apart() {
    let config =
        r#"{"without":["food/taste"],"topics":{"hardware/battery":{"en":["battery + drain~"],"ja":["電池 + 膨ら"]}}}"#;
    let names = |language, text| -> Vec<String> {
        let name = |effect| if let Effect::Tag(tag) = effect { Some(tag.name) } else { None };
        run_with(config, &Item::of_text(language, text)).into_iter().filter_map(name).collect()
    };
    assert_eq!(
        names("en", "The battery is drained. The food, the website."),
        ["hardware/battery", "website/usability"]
    );
    assert_eq!(names("ja", "電池が膨らんだ"), ["hardware/battery"]);
    assert_eq!(names("zh", "電池が膨らんだ"), <[&str; 0]>::default());
}

#[test]
fn an_unknown_language_is_refused_by_its_key() {
    let error = sayso_plugin::configure::<Tagger>(r#"{"topics":{"a/b":{"fr":["tard"]}}}"#).err().unwrap();
    assert!(error.starts_with("`topics.a/b`: ") && error.contains("any, en, ja, ko, zh"), "{error}");
}
