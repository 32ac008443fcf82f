//! The taxonomy: labels, and the terms that stand for them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The most terms altogether; more would make the automaton outgrow the plugin's memory.
const MOST_TERMS: usize = 20_000;
/// The built-in terms by language.
const BUILT_IN: [(Language, &str); 4] = [
    (Language::En, include_str!("../terms/en.txt")),
    (Language::Ja, include_str!("../terms/ja.txt")),
    (Language::Ko, include_str!("../terms/ko.txt")),
    (Language::Zh, include_str!("../terms/zh.txt")),
];

/// The configuration; `schema.json` describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    mode: Mode,
    topics: BTreeMap<String, Vec<String>>,
    intents: BTreeMap<String, Vec<String>>,
    ignore: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Extend,
    Replace,
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
    pub(crate) name: String,
}

/// The feedback that a term applies to, by language.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Language {
    /// All.
    Any,
    /// All: English terms occur everywhere.
    En,
    /// Japanese, or unknown.
    Ja,
    /// Korean, or unknown.
    Ko,
    /// Chinese, or unknown.
    Zh,
}

impl Language {
    /// Whether a term of this language applies to feedback in the language of this code.
    pub(crate) fn applies_to(self, code: &str) -> bool {
        match self {
            Self::Any | Self::En => true,
            Self::Ja => matches!(code, "ja" | "und"),
            Self::Ko => matches!(code, "ko" | "und"),
            Self::Zh => matches!(code, "zh" | "und"),
        }
    }
}

/// A term, and what it stands for; nothing, if the shorter terms inside it are to be hidden.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Term {
    /// As to be found, `*` taken off.
    pub(crate) text: String,
    /// Whether any ending may follow.
    pub(crate) is_open: bool,
    /// Where it applies.
    pub(crate) language: Language,
    /// Index of its label in [`Taxonomy::labels`].
    pub(crate) label: Option<usize>,
}

/// Labels and terms.
#[derive(Debug)]
pub(crate) struct Taxonomy {
    /// Topics, then intents, each by name.
    pub(crate) labels: Vec<Label>,
    /// Terms in a stable order.
    pub(crate) terms: Vec<Term>,
}

impl Taxonomy {
    /// The built-in taxonomy with the configured terms, or these alone.
    ///
    /// # Errors
    /// Where a configured term cannot be used, or there are too many.
    pub(crate) fn new(config: Config) -> Result<Self, String> {
        let mut sections = Vec::new();
        if config.mode == Mode::Extend {
            for (language, source) in BUILT_IN {
                parse(language, source, &mut sections)?;
            }
        }
        let configured = |class, key, terms: BTreeMap<String, Vec<String>>| {
            terms.into_iter().map(move |(name, terms)| {
                let place = format!("`{key}.{name}`");
                Section { label: Some(Label { class, name }), language: Language::Any, terms, place }
            })
        };
        sections.extend(configured(Class::Topic, "topics", config.topics));
        sections.extend(configured(Class::Intent, "intents", config.intents));
        sections.push(Section { label: None, language: Language::Any, terms: config.ignore, place: "`ignore`".into() });
        Self::collect(sections)
    }

    fn collect(sections: Vec<Section>) -> Result<Self, String> {
        let mut labels: Vec<_> = sections.iter().filter_map(|section| section.label.clone()).collect();
        labels.sort();
        labels.dedup();
        let mut terms = Vec::new();
        for section in sections {
            let label = section.label.and_then(|label| labels.binary_search(&label).ok());
            for term in section.terms {
                let term = term.trim().to_ascii_lowercase();
                let (text, is_open) = term.strip_suffix('*').map_or((term.as_str(), false), |text| (text, true));
                if text.is_empty() {
                    return Err(format!("{}: a term is empty; remove it, or write at least one letter", section.place));
                }
                let make = |text: &str| Term { text: text.into(), is_open, language: section.language, label };
                terms.push(make(text));
                if text.contains('\'') {
                    terms.push(make(&text.replace('\'', "’")));
                }
            }
        }
        if terms.len() > MOST_TERMS {
            return Err(format!("the taxonomy has {} terms; {MOST_TERMS} are the most: remove some", terms.len()));
        }
        Ok(Self { labels, terms })
    }
}

struct Section {
    label: Option<Label>,
    language: Language,
    terms: Vec<String>,
    place: String,
}

/// Reads a file of terms; `terms/en.txt` says what it looks like.
fn parse(language: Language, source: &str, sections: &mut Vec<Section>) -> Result<(), String> {
    for (number, line) in source.lines().enumerate() {
        let place = format!("terms of {language:?}, line {}", number + 1);
        if line.starts_with('#') || line.trim().is_empty() {
        } else if line.starts_with(' ') {
            let section = sections.last_mut().ok_or_else(|| format!("{place}: a term before any section"))?;
            section.terms.extend(line.split(',').map(str::trim).map(String::from));
        } else {
            let label = match line.split_once(' ') {
                Some(("topic", name)) => Some(Label { class: Class::Topic, name: name.into() }),
                Some(("intent", name)) => Some(Label { class: Class::Intent, name: name.into() }),
                None if line == "ignore" => None,
                _ => return Err(format!("{place}: `{line}` opens no section")),
            };
            sections.push(Section { label, language, terms: Vec::new(), place });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> Taxonomy {
        Taxonomy::new(Config::default()).unwrap()
    }

    #[test]
    fn every_label_has_terms_in_every_language() {
        let taxonomy = built_in();
        for (index, label) in taxonomy.labels.iter().enumerate() {
            for (language, _) in BUILT_IN {
                let has_term = |term: &Term| term.label == Some(index) && term.language == language;
                assert!(taxonomy.terms.iter().any(has_term), "{label:?} in {language:?}");
            }
        }
    }

    #[test]
    fn topics_have_two_levels_and_intents_are_those_of_the_contract() {
        let taxonomy = built_in();
        let names =
            |class| taxonomy.labels.iter().filter(move |label| label.class == class).map(|label| label.name.as_str());
        assert!(names(Class::Topic).count() >= 12);
        assert!(names(Class::Topic).all(|name| name.split('/').count() == 2));
        let intents = ["churn_threat", "complaint", "praise", "question", "referral", "request"];
        assert!(names(Class::Intent).eq(intents));
    }

    #[test]
    fn a_label_lists_no_term_twice() {
        let taxonomy = built_in();
        let mut keys: Vec<_> =
            taxonomy.terms.iter().map(|term| (term.language, term.label, term.text.as_str(), term.is_open)).collect();
        keys.sort();
        let twice: Vec<_> = keys.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn an_apostrophe_is_found_in_both_its_forms() {
        let taxonomy = built_in();
        let forms = ["can't complain", "can’t complain"];
        assert!(forms.iter().all(|form| taxonomy.terms.iter().any(|term| term.text == *form)));
    }

    #[test]
    fn an_empty_term_is_refused_by_its_place() {
        let config = serde_json::from_str(r#"{"topics":{"a/b":["*"]}}"#).unwrap();
        let error = Taxonomy::new(config).unwrap_err();
        assert!(error.starts_with("`topics.a/b`: a term is empty"), "{error}");
    }
}
