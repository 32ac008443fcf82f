//! Which words are scored.

use std::{borrow::Cow, ops::Range};

use sayso_plugin::{Feedback, Kind, Span};

use crate::sentences;

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
        let spans = feedback.customer_words.iter().flatten().map(|span| span.range());
        let passages: Vec<_> = spans.filter_map(|range| Some((range.start, text.get(range)?))).collect();
        if !passages.is_empty() {
            return Self { passages, basis: Basis::Customer };
        }
        let basis = match (&feedback.kind, &feedback.customer_words) {
            (Kind::CsrNote, Some(_)) => Basis::Agent,
            _ => Basis::Customer,
        };
        Self { passages: vec![(0, text)], basis }
    }

    /// The passages as one text, a line each.
    pub(crate) fn joined(&self) -> Cow<'a, str> {
        match self.passages.as_slice() {
            [(_, only)] => Cow::Borrowed(only),
            many => Cow::Owned(many.iter().map(|(_, words)| *words).collect::<Vec<_>>().join("\n")),
        }
    }

    /// The sentences of all passages in order, in bytes of the joined text. None goes on into the next passage.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = Range<usize>> {
        let mut from = 0;
        let of_passage = move |&(_, passage): &(usize, &'a str)| {
            let start = from;
            from += passage.len() + 1;
            sentences::of(passage).map(move |range| start + range.start..start + range.end)
        };
        self.passages.iter().flat_map(of_passage)
    }

    /// Where a span of the joined text is in the text itself.
    pub(crate) fn in_text(&self, span: &Span) -> Span {
        let (mut from, mut passages) = (0, self.passages.iter());
        loop {
            let Some((offset, passage)) = passages.next() else { return *span };
            if span.range().end <= from + passage.len() {
                let Range { start, end } = span.range();
                return Span::of(offset + start - from..offset + end - from);
            }
            from += passage.len() + 1;
        }
    }
}
