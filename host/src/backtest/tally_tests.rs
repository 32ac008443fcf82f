use serde_json::{Value, json};

use super::*;

fn feedback(text: &str) -> Feedback {
    serde_json::from_value(json!({"id": uuid::Uuid::now_v7(), "kind": "review", "text": text})).expect("is feedback")
}

fn stand(analysis: Value) -> Stand {
    serde_json::from_value(analysis).expect("is an analysis")
}

fn routed(route: &str, score: f64) -> Stand {
    stand(json!({"routes": [{"name": route}], "scores": {"sentiment": score}}))
}

#[test]
fn equal_analyses_count_as_unchanged() {
    let mut tally = Tally::default();
    tally.compare(&feedback("a"), &routed("care", 0.5), &routed("care", 0.5));
    assert_eq!((tally.items, tally.changed), (1, 0));
    assert!(tally.names.is_empty());
    assert_eq!((tally.scores["sentiment"].compared, tally.scores["sentiment"].changed), (1, 0));
}

#[test]
fn what_came_and_went_is_counted_with_examples() {
    let mut tally = Tally::default();
    let before =
        stand(json!({"sentiment": {"label": "negative"}, "intents": [{"type": "complaint"}], "tags": [{"name": "a"}]}));
    let after = stand(json!({"sentiment": {"label": "mixed"}, "tags": [{"name": "a"}, {"name": "b"}]}));
    for _ in 0..7 {
        tally.compare(&feedback("late"), &before, &after);
    }
    let change = |family, name: &str| &tally.names[&(family, name.to_owned())];
    assert_eq!(change(Family::Label, "negative").lost, 7);
    assert_eq!(change(Family::Label, "mixed").gained, 7);
    assert_eq!(change(Family::Intent, "complaint").lost, 7);
    assert_eq!(change(Family::Tag, "b").gained_examples.len(), EXAMPLES);
    assert!(!tally.names.contains_key(&(Family::Tag, "a".into())), "what stays is no change");
    assert_eq!(tally.changed, 7);
}

#[test]
fn shifts_have_means_percentiles_and_movers() {
    let mut tally = Tally::default();
    for n in 0..100 {
        // 60 stay, 30 move by 0.1, 10 move by −1.
        let after = match n {
            0..60 => 0.5,
            60..90 => 0.6,
            _ => -0.5,
        };
        tally.compare(&feedback("x"), &routed("care", 0.5), &routed("care", after));
    }
    let shift = &tally.scores["sentiment"];
    let near = |value: f64, wanted: f64| (value - wanted).abs() <= wanted.abs() * 0.01 + 1e-9;
    assert!(near(shift.means().0, -0.07) && near(shift.means().1, 0.13), "{:?}", shift.means());
    assert!(near(shift.percentile(0.5), 0.0) && near(shift.percentile(0.85), 0.1), "{}", shift.percentile(0.85));
    assert!(near(shift.percentile(0.95), 1.0), "{}", shift.percentile(0.95));
    assert_eq!(shift.movers.len(), EXAMPLES);
    assert!(shift.movers.iter().all(|mover| near(mover.distance(), 1.0)));
}

#[test]
fn tallies_of_threads_add_up() {
    let (mut one, mut other) = (Tally::default(), Tally::default());
    one.compare(&feedback("x"), &routed("care", 0.5), &routed("archive", 0.4));
    other.compare(&feedback("y"), &routed("care", 0.5), &routed("archive", -0.5));
    one.add(other);
    assert_eq!((one.items, one.changed), (2, 2));
    assert_eq!(one.names[&(Family::Route, "care".into())].lost_examples.len(), 2);
    assert_eq!(one.scores["sentiment"].movers[0].example.excerpt, "y", "the farthest comes first");
}

#[test]
fn a_score_on_one_side_alone_is_gained_or_lost() {
    let mut tally = Tally::default();
    tally.compare(&feedback("x"), &stand(json!({"scores": {"old": 1.0}})), &stand(json!({"scores": {"new": 1.0}})));
    assert_eq!((tally.scores["old"].lost, tally.scores["new"].gained, tally.changed), (1, 1, 1));
}

#[test]
fn an_excerpt_is_one_short_line() {
    let example = Example::of(&feedback(&format!("one\n two {}", "很".repeat(200))));
    assert!(example.excerpt.starts_with("one two 很") && example.excerpt.ends_with('…'), "{}", example.excerpt);
    assert_eq!(example.excerpt.chars().count(), EXCERPT + 1);
    assert_eq!(Example::of(&feedback("short")).excerpt, "short");
}

#[test]
fn faults_are_counted_by_plugin_with_the_first_reason() {
    let ran = |status: &str, reason: &str| {
        stand(
            json!({"provenance": [{"plugin": "p", "version": "1", "digest": "d", "config": "c", "status": status, "reason": reason, "us": 1}]}),
        )
    };
    let mut tally = Tally::default();
    tally.compare(&feedback("x"), &ran("ok", ""), &ran("skipped", "panicked"));
    tally.compare(&feedback("x"), &ran("unsupported", "no ko"), &ran("skipped", "took long"));
    assert!(tally.live.faults.is_empty());
    assert_eq!(tally.candidate.faults["p"], Faults { count: 2, reason: "panicked".into() });
}
