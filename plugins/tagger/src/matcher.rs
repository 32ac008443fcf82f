//! Finds the terms in a text, in one pass.

use aho_corasick::{AhoCorasick, MatchKind};
use sayso_plugin::Span;

use crate::{
    negation,
    taxonomy::{Class, Language, Taxonomy, Term},
};

/// A term that was found and counts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Hit {
    /// Index into [`Taxonomy::labels`].
    pub(crate) label: usize,
    /// Where; none in the title.
    pub(crate) span: Option<Span>,
    /// Whether the term is of two words or more, or of four letters or more in a script without spaces.
    pub(crate) is_strong: bool,
}

/// The automaton over all terms, and what it needs to know of each.
pub(crate) struct Matcher {
    automaton: AhoCorasick,
    patterns: Vec<Pattern>,
}

struct Pattern {
    label: Option<(usize, Class)>,
    language: Language,
    /// Whether the letter before, or behind, must not go on with the word.
    bounds: (bool, bool),
    is_strong: bool,
    /// Whether a negation before it undoes it.
    is_negatable: bool,
}

/// A match of a pattern in the text.
#[derive(Clone, Copy)]
struct Match {
    start: usize,
    end: usize,
    pattern: usize,
}

impl Matcher {
    /// Builds the automaton.
    ///
    /// # Errors
    /// Where the terms are too many for it.
    pub(crate) fn new(taxonomy: &Taxonomy) -> Result<Self, String> {
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(taxonomy.terms.iter().map(|term| term.text.as_str()))
            .map_err(|error| format!("the terms cannot be compiled: {error}; use fewer"))?;
        let patterns = taxonomy.terms.iter().map(|term| Pattern::of(term, taxonomy)).collect();
        Ok(Self { automaton, patterns })
    }

    /// Adds what is found in `text`, which is in the language of the code, in the order of the text.
    pub(crate) fn find(&self, text: &str, language: &str, hits: &mut Vec<Hit>) {
        let mut matches: Vec<Match> = self
            .automaton
            .find_overlapping_iter(text)
            .map(|found| Match { start: found.start(), end: found.end(), pattern: found.pattern().as_usize() })
            .filter(|found| self.patterns[found.pattern].fits(text, found, language))
            .collect();
        // The longest of those that begin together first, so that each is preceded by all that enclose it.
        matches.sort_unstable_by_key(|found| (found.start, usize::MAX - found.end, found.pattern));
        let mut covered = Covered::default();
        for found in matches {
            let pattern = &self.patterns[found.pattern];
            let Some((label, class)) = pattern.label else {
                covered.ignore(&found);
                continue;
            };
            if covered.admits(class, &found) && !(pattern.is_negatable && negation::precedes(text, found.start)) {
                hits.push(Hit { label, span: Some(Span::of(found.start..found.end)), is_strong: pattern.is_strong });
            }
        }
    }
}

impl Pattern {
    fn of(term: &Term, taxonomy: &Taxonomy) -> Self {
        let label = term.label.map(|index| (index, &taxonomy.labels[index]));
        let is_statement = |name: &str| !matches!(name, "question" | "request");
        let spaceless = term.text.chars().filter(|&c| is_spaceless(c)).count();
        Self {
            label: label.map(|(index, label)| (index, label.class)),
            language: term.language,
            bounds: (
                term.text.chars().next().is_some_and(is_word),
                !term.is_open && term.text.chars().next_back().is_some_and(is_word),
            ),
            is_strong: spaceless >= 4 || (spaceless == 0 && term.text.contains(' ')),
            is_negatable: term.language == Language::En
                && label.is_some_and(|(_, label)| label.class == Class::Intent && is_statement(&label.name)),
        }
    }

    /// Whether the pattern applies to the language, and is no part of a longer word.
    fn fits(&self, text: &str, found: &Match, language: &str) -> bool {
        self.language.applies_to(language)
            && !(self.bounds.0 && ends_in_word(&text[..found.start]))
            && !(self.bounds.1 && begins_with_word(&text[found.end..]))
    }
}

fn ends_in_word(text: &str) -> bool {
    match text.as_bytes().last() {
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        _ => text.chars().next_back().is_some_and(is_word),
    }
}

fn begins_with_word(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        _ => text.chars().next().is_some_and(is_word),
    }
}

/// Whether the character belongs to a word in a script that parts its words.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !is_spaceless(c)
}

/// Whether the character is of a script that does not part words, or joins particles to them: Thai, Lao, Myanmar, Khmer,
/// Hangul, Kana and Han.
fn is_spaceless(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{318F}' | '\u{31A0}'..='\u{31FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FFDC}' | '\u{20000}'..='\u{3FFFF}')
}

/// How far matches reach that begin no later than the one at hand, by class.
#[derive(Default)]
struct Covered {
    topic: (usize, usize),
    intent: (usize, usize),
}

impl Covered {
    fn ignore(&mut self, found: &Match) {
        for reach in [&mut self.topic, &mut self.intent] {
            if found.end > reach.1 {
                *reach = (found.start, found.end);
            }
        }
    }

    /// Whether no longer match encloses this one; from here on, it encloses others.
    fn admits(&mut self, class: Class, found: &Match) -> bool {
        let reach = match class {
            Class::Topic => &mut self.topic,
            Class::Intent => &mut self.intent,
        };
        if found.end > reach.1 {
            *reach = (found.start, found.end);
        }
        // Only what goes on farther, or is the very same passage, is still where it was put.
        *reach == (found.start, found.end)
    }
}
