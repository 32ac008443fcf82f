//! What nobody writes, but somebody sends.

use std::time::{Duration, Instant};

use sayso_plugin::{Effect, Item};

use super::run_with;

const SIZE: usize = 1 << 20;
/// Far beyond what a megabyte takes in the slowest build, and far below what it takes in quadratic time.
const MOST: Duration = Duration::from_secs(10);

/// A megabyte of the same.
fn repeated(part: &str) -> String {
    part.repeat(SIZE / part.len())
}

fn run(language: &str, text: &str) -> Vec<Effect> {
    let start = Instant::now();
    let mut item = Item::of_text(language, text);
    item.feedback.title = Some(text.into());
    let effects = run_with("{}", &item);
    let time = start.elapsed();
    assert!(time < MOST, "{time:?} for `{}`", text.chars().take(20).collect::<String>());
    effects
}

#[test]
fn a_megabyte_of_the_same_takes_linear_time_and_gives_few_effects() {
    for part in [
        "a",
        " ",
        "?",
        "\n",
        ".",
        "-",
        "'",
        "é",
        "ﾊﾞ",
        "！",
        "　",
        "不",
        "没有",
        "ない",
        "않",
        "not ",
        "delivery ",
        "delivery late ",
        "never again ",
        "late-",
        "解約",
        "解約しない",
        "解約では",
        "해지",
        "해지하지",
        "退订",
        "快递",
        "快递慢",
        "配送が遅",
        "배송이 늦",
        "cancel my subscription ",
        "好",
        "not recommend ",
        "love love the ",
        "please add? ",
        "\u{0}",
        "𝒂",
        "🙂",
    ] {
        let text = repeated(part);
        for language in ["und", "ja"] {
            for effect in run(language, &text) {
                if let Effect::Tag(tag) = effect {
                    assert!(tag.spans.len() <= 32, "{part}");
                    assert!(tag.spans.iter().all(|span| text.get(span.range()).is_some()), "{part}");
                }
            }
        }
    }
}

#[test]
fn a_word_of_a_megabyte_and_a_gap_of_a_megabyte_are_passed() {
    run("en", &format!("late{}", repeated("e")));
    run("en", &format!("late{}delivery", repeated(" ")));
    run("ko", &format!("해지{}않", repeated(" ")));
}

#[test]
fn nested_configured_terms_take_linear_time() {
    let terms: Vec<String> =
        (1..=100).map(|len| "a ".repeat(len)).chain((1..=100).map(|len| "配".repeat(len))).collect();
    let config = serde_json::json!({"mode": "replace", "topics": {"a/b": terms}}).to_string();
    let start = Instant::now();
    for part in ["a ", "配"] {
        let effects = run_with(&config, &Item::of_text("und", &repeated(part)));
        assert_eq!(effects.len(), 1);
    }
    assert!(start.elapsed() < MOST, "{:?}", start.elapsed());
}

#[test]
fn tags_are_bounded_whatever_is_configured() {
    let topics: serde_json::Map<_, _> =
        (0..500).map(|n| (format!("t/{n}"), serde_json::json!([format!("w{n}")]))).collect();
    let config = serde_json::json!({"topics": topics}).to_string();
    let text: String = (0..500).map(|n| format!("w{n} ")).collect();
    assert_eq!(run_with(&config, &Item::of_text("en", &text)).len(), 64);
}
