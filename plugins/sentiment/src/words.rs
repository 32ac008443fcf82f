//! Which words are scored.

use std::borrow::Cow;

use sayso_plugin::{Details, Fault, Feedback};

/// Whose words a score rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Basis {
    /// The customer's own.
    Customer,
    /// An agent's, since a note quotes none of the customer's.
    Agent,
}

impl Basis {
    /// The value of the note `sentiment_basis`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
        }
    }
}

/// The passages of a text that are scored.
pub(crate) struct Words<'a> {
    /// Passages in order, each with the offset of its first byte.
    pub(crate) passages: Vec<(usize, &'a str)>,
    /// Whose they are.
    pub(crate) basis: Basis,
}

impl<'a> Words<'a> {
    /// The customer's own words where they are marked, else the whole text.
    pub(crate) fn of(feedback: &'a Feedback) -> Self {
        let text = feedback.text.as_str();
        let spans = feedback.customer_words.iter().map(|span| span.range());
        let passages: Vec<_> = spans.filter_map(|range| Some((range.start, text.get(range)?))).collect();
        if !passages.is_empty() {
            return Self { passages, basis: Basis::Customer };
        }
        let basis = if matches!(feedback.details, Details::CsrNote(_)) { Basis::Agent } else { Basis::Customer };
        Self { passages: vec![(0, text)], basis }
    }

    /// The passages as one text, a line each.
    pub(crate) fn joined(&self) -> Cow<'a, str> {
        match self.passages.as_slice() {
            [(_, only)] => Cow::Borrowed(only),
            many => Cow::Owned(many.iter().map(|(_, words)| *words).collect::<Vec<_>>().join("\n")),
        }
    }
}

/// Refuses what is not English. Text whose language is unknown passes if it has no letters beyond the basic Latin ones:
/// short English is often too short for a detector.
pub(crate) fn check_language(code: &str, text: &str) -> Result<(), Fault> {
    let is_basic_latin = || text.chars().filter(|c| c.is_alphabetic()).all(|c| c.is_ascii());
    match code {
        "en" => Ok(()),
        "und" if is_basic_latin() => Ok(()),
        _ => Err(Fault::Unsupported(format!("sentiment: language `{code}` is not supported; supported: en"))),
    }
}
