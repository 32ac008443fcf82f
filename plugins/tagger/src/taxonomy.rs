//! The taxonomy: labels, and the tables of terms that stand for them.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    table::{Builder, Entry, IGNORE},
    term::{MOST_CHARACTERS, Term},
};

include!(concat!(env!("OUT_DIR"), "/terms.rs"));

/// The most phrases that configured terms may stand for altogether: what fits the plugin's memory.
const MOST_PHRASES: usize = 50_000;

/// The configuration; `schema.json` describes it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    mode: Mode,
    topics: BTreeMap<String, Terms>,
    intents: BTreeMap<String, Terms>,
    ignore: Terms,
    without: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Extend,
    Replace,
}

/// Terms for feedback in any language, or by language.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "neither a list of terms nor lists of terms by language (any, en, ja, ko, zh)")]
enum Terms {
    Any(Vec<String>),
    ByLanguage(ByLanguage),
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ByLanguage {
    any: Vec<String>,
    en: Vec<String>,
    ja: Vec<String>,
    ko: Vec<String>,
    zh: Vec<String>,
}

impl Default for Terms {
    fn default() -> Self {
        Self::Any(Vec::new())
    }
}

impl Terms {
    /// The lists, each with the key of its language and the table's number of it.
    fn lists(self) -> Vec<(&'static str, u16, Vec<String>)> {
        match self {
            Self::Any(terms) => vec![("", 0, terms)],
            Self::ByLanguage(by) => {
                vec![(".any", 0, by.any), (".en", 0, by.en), (".ja", 1, by.ja), (".ko", 2, by.ko), (".zh", 3, by.zh)]
            }
        }
    }
}

/// What a label stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Class {
    /// What the feedback is about.
    Topic,
    /// What the customer wants.
    Intent,
}

/// A topic or an intent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Label {
    /// What it stands for.
    pub(crate) class: Class,
    /// Its name, for example `delivery/speed`.
    pub(crate) name: Cow<'static, str>,
}

/// A trie of phrases, and what they stand for.
#[derive(Debug)]
pub(crate) struct Table {
    /// The trie; its values are indices into `entries`.
    pub(crate) units: Cow<'static, [u32]>,
    entries: Cow<'static, [Entry]>,
    /// The index in [`Taxonomy::labels`] of each label of the entries; none for one that the configuration drops.
    labels: Vec<Option<u16>>,
}

impl Table {
    /// The entries of a phrase, by its value in the trie.
    pub(crate) fn entries(&self, value: u32) -> &[Entry] {
        self.entries.get(value as usize..).unwrap_or_default()
    }

    /// The index in [`Taxonomy::labels`] of an entry's label; none where it is to be ignored or dropped.
    pub(crate) fn label(&self, entry: &Entry) -> Option<u16> {
        self.labels.get(usize::from(entry.label)).copied().flatten()
    }
}

/// Labels and terms.
#[derive(Debug)]
pub(crate) struct Taxonomy {
    /// Topics, then intents, each by name.
    pub(crate) labels: Vec<Label>,
    /// The built-in terms, the configured ones, or both.
    pub(crate) tables: Vec<Table>,
}

impl Taxonomy {
    /// The built-in taxonomy with the configured terms, or these alone.
    ///
    /// # Errors
    /// Where a configured term cannot be used, or there are too many.
    pub(crate) fn new(config: Config) -> Result<Self, String> {
        let Config { mode, topics, intents, ignore, without } = config;
        let built_in: Vec<Label> =
            LABELS.iter().map(|&(class, name)| Label { class, name: Cow::Borrowed(name) }).collect();
        check_without(&without, &built_in, mode)?;
        let mut sections = Vec::new();
        for (class, key, taxonomy) in [(Class::Topic, "topics", topics), (Class::Intent, "intents", intents)] {
            for (name, terms) in taxonomy {
                if name.trim().is_empty() || name.chars().any(char::is_uppercase) {
                    return Err(format!("`{key}.{name}`: the contract has names in lower case; write them so"));
                }
                sections.push((format!("{key}.{name}"), Some(Label { class, name: Cow::Owned(name) }), terms));
            }
        }
        sections.push((String::from("ignore"), None, ignore));

        let is_kept = |label: &Label| mode == Mode::Extend && !without.iter().any(|name| *name == label.name);
        let mut labels: Vec<Label> = built_in.iter().filter(|label| is_kept(label)).cloned().collect();
        labels.extend(sections.iter().filter_map(|(_, label, _)| label.clone()));
        labels.sort();
        labels.dedup();
        let index = |label: &Label| labels.binary_search(label).ok().and_then(|at| u16::try_from(at).ok());

        let mut tables = Vec::new();
        if mode == Mode::Extend {
            let labels = built_in.iter().map(index).collect();
            tables.push(Table { units: Cow::Borrowed(&UNITS), entries: Cow::Borrowed(&ENTRIES), labels });
        }
        let mut builder = Builder::default();
        for (place, label, terms) in sections {
            let at = label.as_ref().and_then(index).unwrap_or(IGNORE);
            let is_statement = label.is_some_and(|label| label.is_statement());
            add(&mut builder, &place, at, is_statement, terms)?;
        }
        if builder.len() > 0 {
            let (units, entries) = builder.finish()?;
            let labels = (0..).take(labels.len()).map(Some).collect();
            tables.push(Table { units: Cow::Owned(units), entries: Cow::Owned(entries), labels });
        }
        Ok(Self { labels, tables })
    }
}

impl Label {
    /// Whether a negation can undo it: a request and a question survive one.
    fn is_statement(&self) -> bool {
        self.class == Class::Intent && !matches!(self.name.as_ref(), "question" | "request")
    }
}

fn check_without(without: &[String], built_in: &[Label], mode: Mode) -> Result<(), String> {
    if mode == Mode::Replace && !without.is_empty() {
        return Err("`without`: mode `replace` drops all that is built in; remove `without`, or extend".into());
    }
    match without.iter().find(|name| !built_in.iter().any(|label| label.name == **name)) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<_> = built_in.iter().map(|label| label.name.as_ref()).collect();
            Err(format!("`without`: `{name}` is not built in; these are: {}", known.join(", ")))
        }
    }
}

fn add(builder: &mut Builder, place: &str, label: u16, is_statement: bool, terms: Terms) -> Result<(), String> {
    for (key, language, list) in terms.lists() {
        for (number, written) in list.iter().enumerate() {
            let at = || format!("`{place}{key}[{number}]`, the term `{}`", brief(written));
            let term = Term::parse(written).map_err(|error| format!("{}: {error}", at()))?;
            builder.add(&term, label, language, is_statement).map_err(|error| format!("{}: {error}", at()))?;
            if builder.len() > MOST_PHRASES {
                return Err(format!(
                    "{}: up to here the terms stand for more than {MOST_PHRASES} phrases; use fewer terms or alternatives",
                    at()
                ));
            }
        }
    }
    Ok(())
}

/// A term as errors tell it: one that is far too long is cut.
fn brief(written: &str) -> String {
    match written.char_indices().nth(MOST_CHARACTERS) {
        None => written.into(),
        Some((end, _)) => format!("{}…", &written[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{LANGUAGES, LAST};

    fn error(config: &str) -> String {
        Taxonomy::new(serde_json::from_str(config).unwrap()).unwrap_err()
    }

    #[test]
    fn every_label_has_terms_in_every_language() {
        for (at, label) in (0..).zip(LABELS) {
            for language in 0..4 {
                let is_there = |entry: &Entry| entry.label == at && entry.flags & 1 << (LANGUAGES + language) != 0;
                assert!(ENTRIES.iter().any(is_there), "{label:?} in language {language}");
            }
        }
    }

    #[test]
    fn topics_have_two_levels_and_intents_are_those_of_the_contract() {
        let names = |class| LABELS.iter().filter(move |label| label.0 == class).map(|label| label.1);
        assert!(names(Class::Topic).count() >= 12);
        assert!(names(Class::Topic).all(|name| name.split('/').count() == 2));
        let intents =
            ["churn_threat", "complaint", "legal_threat", "praise", "question", "referral", "request", "safety"];
        assert!(names(Class::Intent).eq(intents));
    }

    #[test]
    fn the_entries_of_a_phrase_end() {
        assert!(ENTRIES.last().unwrap().flags & LAST != 0);
    }

    #[test]
    fn an_error_names_the_key_and_the_term() {
        let term = error(r#"{"topics":{"a/b":{"en":["fine","*"]}}}"#);
        assert!(term.starts_with("`topics.a/b.en[1]`, the term `*`: a word of it is empty"), "{term}");
        let long = error(&serde_json::json!({"intents": {"praise": {"ja": ["好", "x".repeat(250)]}}}).to_string());
        let told = format!(
            "`intents.praise.ja[1]`, the term `{}…`: it is 250 characters long, and can be 200",
            "x".repeat(200)
        );
        assert!(long.starts_with(&told), "{long}");
        assert!(error(r#"{"topics":{"Hardware/fan":["fan"]}}"#).starts_with("`topics.Hardware/fan`: "));
        assert!(error(r#"{"ignore":["a||b"]}"#).starts_with("`ignore[0]`, the term `a||b`: "));
        let unknown = error(r#"{"without":["food/tast"]}"#);
        assert!(unknown.contains("`food/tast` is not built in; these are: account/access, "), "{unknown}");
        assert!(error(r#"{"mode":"replace","without":["food/taste"]}"#).starts_with("`without`: mode `replace`"));
    }

    #[test]
    fn too_many_phrases_are_refused_at_the_term_that_goes_beyond() {
        let terms: Vec<String> = (0..200).map(|n| format!("{n}{}", " a|b|c|d".repeat(4))).collect();
        let config = serde_json::json!({"topics": {"a/b": terms}}).to_string();
        let error = error(&config);
        assert!(error.starts_with("`topics.a/b[195]`") && error.contains("50000"), "{error}");
    }
}
