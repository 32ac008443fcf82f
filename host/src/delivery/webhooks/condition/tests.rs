use serde_json::json;

use super::*;
use crate::feedback::{Analysis, Feedback};

fn refusal(source: &str) -> String {
    Condition::compile(source).map(drop).expect_err(source)
}

fn holds(source: &str) -> bool {
    let feedback: Feedback = serde_json::from_value(json!({
        "kind": "review", "text": "late again", "metadata": { "tier": "gold", "big": vec![7; 5_000] },
    }))
    .unwrap();
    let analysis: Analysis = serde_json::from_value(json!({
        "priority": 70, "tags": [{ "name": "delivery/speed", "confidence": 0.5, "spans": [] }],
    }))
    .unwrap();
    Condition::compile(source)
        .unwrap_or_else(|error| panic!("{source}: {error}"))
        .holds(&Values::of(&feedback, &analysis))
}

#[test]
fn a_condition_speaks_of_feedback_and_analysis_as_they_are_delivered() {
    for (source, expected) in [
        ("analysis.priority >= 70", true),
        ("analysis.priority > 70", false),
        ("feedback.kind == 'review' && feedback.metadata.tier == 'gold'", true),
        ("feedback.text.contains('late')", true),
        ("analysis.tags.exists(tag, tag.name.startsWith('delivery/') && tag.confidence > 0.4)", true),
        ("analysis.tags.all(tag, tag.confidence > 0.9)", false),
        ("has(feedback.metadata.tier)", true),
        ("has(feedback.metadata.absent)", false),
        ("feedback.metadata.absent == 1", false),
        ("!(feedback.metadata.absent == 1)", false),
        ("size(feedback.metadata.big) == 1000", true),
    ] {
        assert_eq!(holds(source), expected, "{source}");
    }
}

#[test]
fn a_bad_condition_is_refused_with_line_and_column() {
    for (source, expected) in [
        ("analysis.priority >", "line 1, column "),
        ("true &&\n  anlysis.priority > 1", "line 2, column 3: there is no `anlysis`"),
        ("analysis.priority", "where it must be true or false"),
        ("analysis.priority + 'x' == 'y'", "line 1, column "),
        ("nope(feedback.text)", "nope"),
        ("", "line 1, column "),
    ] {
        let message = refusal(source);
        assert!(message.contains(expected), "{source}: {message}");
    }
}

#[test]
fn a_condition_that_would_take_too_much_is_refused() {
    let nested = "analysis.tags.all(a, analysis.tags.all(b, a == b))";
    assert!(refusal(nested).contains("inside one another"), "{}", refusal(nested));
    assert!(refusal(&"x".repeat(2_001)).contains("2000 are the most"));
    assert!(refusal(&format!("{}true{}", "(".repeat(900), ")".repeat(900))).contains("nested"));
    assert!(refusal(&format!("{}true", "!".repeat(1_900))).contains("nested"));
    assert!(refusal(&format!("{}true", "true?true:".repeat(150))).contains("nested"));
    assert!(refusal(&format!("{}1 > 0", "1*".repeat(900))).contains("nested too deep"));
    assert!(refusal(&format!("size([{}]) > 0", "1,".repeat(250))).contains("more than 200 parts"));
}

#[test]
fn no_text_makes_the_reader_panic() {
    for source in [
        "\"", "'''", "\\", "[", "{{", "a.b.c.", "1e999", "0x", "\u{0}", "𝄞", "b'\\xff'", "a[", "..", "?:", "has(",
        "type",
    ] {
        drop(Condition::compile(source));
    }
}

#[test]
fn what_a_sample_does_not_have_is_a_doubt_and_no_error() {
    let doubt = |source| Condition::compile(source).unwrap().doubt();
    assert!(doubt("analysis.prioritty > 5").is_some_and(|doubt| doubt.contains("prioritty")));
    assert_eq!(doubt("analysis.priority > 5 && feedback.rating.value <= 2.0"), None);
}

#[test]
fn the_sample_is_feedback_and_an_analysis() {
    let sample: serde_json::Value = serde_json::from_str(include_str!("../sample.json")).unwrap();
    serde_json::from_value::<Feedback>(sample["feedback"].clone()).unwrap();
    let analysis: Analysis = serde_json::from_value(sample["analysis"].clone()).unwrap();
    assert_eq!(serde_json::to_value(&analysis).unwrap(), sample["analysis"], "no field has another name");
}

#[test]
fn no_condition_makes_values_that_are_much_larger_than_the_feedback() {
    let doubling = format!("[1]{} == []", ".map(a, [a, a, a, a, a, a, a])".repeat(10));
    let behind_a_guard = format!("has(feedback.metadata.go) && {doubling}");
    let text = "feedback.text";
    for (source, expected) in [
        (doubling.as_str(), "one behind another"),
        (&behind_a_guard, "one behind another"),
        ("feedback.answers.map(a, [a, a]) == []", "constants alone"),
        ("feedback.answers.map(a, {'a': a}) == []", "constants alone"),
        ("size([feedback, feedback]) > 1", "constants alone"),
        ("feedback.answers.map(a, feedback) == []", "not of `feedback`"),
        ("feedback.answers.map(a, a.value > 1, analysis.tags) == []", "not of `analysis`"),
        (&format!("{} == ''", [text; 10].join(" + ")), "more than 8 `+`"),
    ] {
        let message = refusal(source);
        assert!(message.contains(expected), "{source}: {message}");
    }
}

#[test]
fn loops_over_lists_and_lists_of_constants_are_taken() {
    for (source, expected) in [
        ("feedback.kind in ['review', 'survey']", true),
        ("analysis.priority in [-1, 70]", true),
        ("size(analysis.tags.filter(t, t.confidence > 0.4)) == 1", true),
        ("'delivery/speed' in analysis.tags.map(t, t.name)", true),
        ("analysis.tags.map(t, t.confidence > 0.9, t.name + '!') == []", true),
        ("analysis.tags.exists_one(t, t.name == 'delivery/speed')", true),
        ("analysis.tags.exists(t, t.name.startsWith(feedback.kind))", false),
        ("feedback.metadata.big.filter(n, n > 6).size() == 1000", true),
    ] {
        assert_eq!(holds(source), expected, "{source}");
    }
}

#[test]
fn a_loop_that_looks_at_large_feedback_over_and_over_is_cut_off() {
    let condition = Condition::compile("feedback.metadata.big.all(n, !feedback.text.contains('zzzz'))").unwrap();
    let values = |text: &str| {
        let feedback = json!({ "kind": "review", "text": text, "metadata": { "big": vec![7; 1_000] } });
        Values::of(&serde_json::from_value(feedback).unwrap(), &Analysis::default())
    };
    assert!(condition.holds(&values("short")));
    assert!(!condition.holds(&values(&"long".repeat(64 << 10))));
    let once = Condition::compile("!feedback.text.contains('zzzz')").unwrap();
    assert!(once.holds(&values(&"long".repeat(64 << 10))));
}

#[test]
fn of_what_the_parser_says_of_itself_nothing_is_shown() {
    let message = refusal(&format!(r"r'\' != 'x' || {}true{}", "(".repeat(300), ")".repeat(300)));
    assert!(!message.contains("ParseError"), "{message}");
}

#[test]
fn nothing_hides_how_deep_a_condition_is() {
    let deep = format!("{}true{}", "(".repeat(50), ")".repeat(50));
    for before in
        ["", "// it's\n", "r'\\' != 'a' && ", "R\"\\\" != 'a' && ", "'\\'' != 'a' && ", "'''it's''' != 'a' && "]
    {
        let said = refusal(&format!("{before}{deep}"));
        assert!(said.contains("nested more than 24 deep"), "{before}: {said}");
    }
    assert!(refusal(&format!("// '\n{}true", "!".repeat(50))).contains("nested more than 24 deep"));
    let brackets = "(".repeat(50);
    for text in [format!("'{brackets}'"), format!("'''it's\n{brackets}'''"), format!("r'\\{brackets}'")] {
        assert!(holds(&format!("feedback.text != {text} // {brackets}")), "{text}");
    }
}
