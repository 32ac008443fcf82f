//! How well the built-in terms do on labelled feedback (`labelled/`).

use std::{collections::BTreeSet, fmt::Write};

use sayso_plugin::{Effect, Item};

use crate::Tagger;

/// The least precision and the least recall.
const GOAL: f64 = 0.9;

#[derive(Default)]
struct Counts {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Counts {
    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }
}

fn names(plugin: &Tagger, language: &str, text: &str) -> BTreeSet<String> {
    let effects = sayso_plugin::process(plugin, &[Item::of_text(language, text)]).remove(0).unwrap();
    let name = |effect| if let Effect::Tag(tag) = effect { Some(tag.name) } else { None };
    effects.into_iter().filter_map(name).collect()
}

/// The counts of the texts, and a line for each that is not tagged as it is labelled.
fn judge(language: &str, lines: &str) -> (Counts, String) {
    let plugin = sayso_plugin::configure::<Tagger>("{}").unwrap();
    let (mut counts, mut report) = (Counts::default(), String::new());
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let (text, labels) = line.split_once('\t').unwrap_or_else(|| panic!("no tabulator: {line}"));
        let labels: BTreeSet<&str> = labels.split(", ").filter(|label| !label.is_empty()).collect();
        let found = names(&plugin, language, text);
        let expected: BTreeSet<&str> = labels.iter().copied().filter(|label| !label.starts_with('?')).collect();
        let is_either = |name: &str| labels.contains(format!("?{name}").as_str());
        let wrong: Vec<_> = found.iter().filter(|name| !expected.contains(name.as_str()) && !is_either(name)).collect();
        let missed: Vec<_> = expected.iter().filter(|name| !found.contains(**name)).collect();
        for (count, len) in [
            (&mut counts.right, expected.len() - missed.len()),
            (&mut counts.wrong, wrong.len()),
            (&mut counts.missed, missed.len()),
        ] {
            *count += u32::try_from(len).unwrap();
        }
        if !wrong.is_empty() || !missed.is_empty() {
            writeln!(report, "{text}\n    wrong {wrong:?}, missed {missed:?}").unwrap();
        }
    }
    (counts, report)
}

fn meets_the_goal(language: &str, labelled: &str) {
    let (known, held_out) = labelled.split_once("# held out\n").unwrap();
    let (all, report) = judge(language, labelled);
    for (part, lines) in [("chosen by", known), ("held out", held_out)] {
        let (counts, report) = judge(language, lines);
        println!("{language}, {part}: precision {:.3}, recall {:.3}", counts.precision(), counts.recall());
        if part == "chosen by" {
            println!("{report}");
        }
    }
    let (precision, recall) = (all.precision(), all.recall());
    println!("{language}, all: precision {precision:.3}, recall {recall:.3}");
    assert!(precision >= GOAL && recall >= GOAL, "precision {precision:.3}, recall {recall:.3}\n{report}");
}

#[test]
fn english_is_tagged_as_labelled() {
    meets_the_goal("en", include_str!("../labelled/en.txt"));
}

#[test]
fn japanese_is_tagged_as_labelled() {
    meets_the_goal("ja", include_str!("../labelled/ja.txt"));
}

#[test]
fn korean_is_tagged_as_labelled() {
    meets_the_goal("ko", include_str!("../labelled/ko.txt"));
}

#[test]
fn chinese_is_tagged_as_labelled() {
    meets_the_goal("zh", include_str!("../labelled/zh.txt"));
}
