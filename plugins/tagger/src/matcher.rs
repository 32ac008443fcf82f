//! Finds the terms in a text, in one pass: at each place where a word may begin, the tries are walked.

use std::cell::OnceCell;

use sayso_plugin::Span;

use crate::{
    clauses,
    fold::Folded,
    negation,
    table::{self, AT_WORD, CLOSED, Entry, IGNORE, LANGUAGES, LAST, MARK, NEGATABLE, SECOND, STRONG},
    taxonomy::{Class, Table, Taxonomy},
    trie,
};

/// The most hits in one field; what comes behind them adds nothing that their number does not say.
const MOST_HITS: usize = 4096;
/// The most bytes between the two sides of a term with `+`: about eight English words.
const PAIR_REACH: u32 = 48;

/// A term that was found and counts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Hit {
    /// Index into [`Taxonomy::labels`].
    pub(crate) label: u16,
    /// Where; none in the title.
    pub(crate) span: Option<Span>,
    /// Whether the term is of two words or more, or of four letters or more in a script without spaces.
    pub(crate) is_strong: bool,
    /// Whether it is a mark alone, as `?` is.
    is_mark: bool,
}

/// One side of a term with `+`.
#[derive(Clone, Copy)]
struct Side {
    /// Of which table, and which of its terms with `+`.
    pair: (u16, u16),
    label: u16,
    is_second: bool,
    is_negatable: bool,
    start: u32,
    end: u32,
}

/// Finds the terms of a taxonomy in one text.
pub(crate) struct Matcher<'a> {
    taxonomy: &'a Taxonomy,
    folded: Folded<'a>,
    is_japanese: bool,
    /// A bit for each language whose terms apply.
    languages: u16,
    ends: OnceCell<Vec<usize>>,
    covered: Covered,
    sides: Vec<Side>,
}

impl<'a> Matcher<'a> {
    /// For a text in the language of the code.
    pub(crate) fn new(taxonomy: &'a Taxonomy, text: &'a str, language: &str) -> Self {
        let languages = match language {
            "ja" => 0b0011,
            "ko" => 0b0101,
            "zh" => 0b1001,
            "und" => 0b1111,
            _ => 0b0001,
        } << LANGUAGES;
        Self {
            taxonomy,
            folded: Folded::of(text),
            is_japanese: language == "ja",
            languages,
            ends: OnceCell::new(),
            covered: Covered::default(),
            sides: Vec::with_capacity(32),
        }
    }

    /// Adds what is found, in no order.
    pub(crate) fn find(&mut self, hits: &mut Vec<Hit>) {
        let first = hits.len();
        let text = std::mem::take(&mut self.folded.text);
        self.scan(&text, hits);
        self.folded.text = text;
        self.join_sides(hits);
        self.drop_marks_of_requests(first, hits);
        for hit in &mut hits[first..] {
            let origin = |at: usize| self.folded.origin(at);
            hit.span = hit.span.map(|span| {
                let (start, end) = (span.start as usize, table::word_end(&self.folded.text, span.end as usize));
                Span::of(origin(start)..origin(end))
            });
        }
    }

    /// The offsets in the original behind each clause.
    pub(crate) fn clause_ends(&self) -> impl Iterator<Item = usize> {
        self.ends().iter().map(|&end| self.folded.origin(end))
    }

    /// The offsets in the original at which phrases are joined.
    pub(crate) fn joints(&self) -> impl Iterator<Item = usize> {
        clauses::joints(&self.folded.text).into_iter().map(|at| self.folded.origin(at))
    }

    fn ends(&self) -> &[usize] {
        self.ends.get_or_init(|| clauses::ends(&self.folded.text))
    }

    fn clause_at(&self, offset: usize) -> usize {
        self.ends().partition_point(|&end| end <= offset)
    }

    fn scan(&mut self, text: &str, hits: &mut Vec<Hit>) {
        let bytes = text.as_bytes();
        let mut found = Vec::with_capacity(8);
        let (mut at, mut is_inside) = (0, false);
        let most = hits.len() + MOST_HITS;
        while at < bytes.len() && hits.len() < most && self.sides.len() < MOST_HITS {
            let next = bytes[at];
            let (len, is_word) = if next.is_ascii() {
                (1, next.is_ascii_alphanumeric())
            } else {
                let c = text[at..].chars().next().unwrap_or(' ');
                (c.len_utf8(), table::is_word(c))
            };
            if !(is_inside && is_word) && next != b' ' {
                self.look(text, at, &mut found, hits);
            }
            is_inside = is_word;
            at += len;
        }
    }

    /// Looks for the terms that begin at `start`.
    #[inline]
    fn look(&mut self, text: &str, start: usize, found: &mut Vec<(usize, u16, u32)>, hits: &mut Vec<Hit>) {
        let taxonomy = self.taxonomy;
        for (at, table) in (0..).zip(&taxonomy.tables) {
            trie::walk(&table.units, text.as_bytes(), start, |value, end| found.push((end, at, value)));
        }
        if found.is_empty() {
            return;
        }
        // The longest first, so that each is preceded by all that enclose it.
        if found.len() > 1 {
            found.sort_unstable_by_key(|&(end, at, _)| (usize::MAX - end, at));
        }
        for (end, at, value) in found.drain(..) {
            let table = &taxonomy.tables[usize::from(at)];
            for entry in table.entries(value) {
                if self.fits(text, start, end, entry) {
                    self.take(text, start..end, (at, table, entry), hits);
                }
                if entry.flags & LAST != 0 {
                    break;
                }
            }
        }
    }

    /// Whether the entry applies to the language, and what was found is no part of a longer word.
    fn fits(&self, text: &str, start: usize, end: usize, entry: &Entry) -> bool {
        entry.flags & self.languages != 0
            && !(entry.flags & CLOSED != 0 && text[end..].chars().next().is_some_and(table::is_word))
            && !(entry.flags & AT_WORD != 0 && text[..start].chars().next_back().is_some_and(char::is_alphanumeric))
    }

    fn take(
        &mut self,
        text: &str,
        range: std::ops::Range<usize>,
        (at, table, entry): (u16, &Table, &Entry),
        hits: &mut Vec<Hit>,
    ) {
        if entry.label == IGNORE {
            self.covered.ignore(&range);
            return;
        }
        let Some(label) = table.label(entry) else { return };
        let is_negatable = entry.flags & NEGATABLE != 0;
        if entry.pair != 0 {
            if !self.covered.hides(&range) {
                let Span { start, end } = Span::of(range);
                let (pair, is_second) = ((at, entry.pair), entry.flags & SECOND != 0);
                self.sides.push(Side { pair, label, is_second, is_negatable, start, end });
            }
            return;
        }
        let class = self.taxonomy.labels[usize::from(label)].class;
        // What is undone hides nothing: in "no reason not to recommend" is still "recommend".
        if !(is_negatable && negation::undoes(text, range.start, range.end, self.is_japanese))
            && self.covered.admits(class, &range)
        {
            let is_strong = entry.flags & STRONG != 0;
            hits.push(Hit { label, span: Some(Span::of(range)), is_strong, is_mark: entry.flags & MARK != 0 });
        }
    }

    /// Makes hits of the sides that stand together in a clause: each side with the nearest before it.
    fn join_sides(&mut self, hits: &mut Vec<Hit>) {
        let mut sides = std::mem::take(&mut self.sides);
        keep_pairs(&mut sides);
        sides.sort_unstable_by_key(|side| (side.pair, side.start, u32::MAX - side.end));
        for sides in sides.chunk_by(|a, b| a.pair == b.pair) {
            let (mut before, mut reach): (Option<&Side>, u32) = (None, 0);
            for side in sides {
                // A phrase that begins inside one of the same term is a part of it: 快 in 快递.
                if side.start < reach {
                    continue;
                }
                reach = side.end;
                match before.filter(|first| self.stand_together(first, side)) {
                    None => before = Some(side),
                    Some(first) => {
                        before = None;
                        hits.extend(self.joined(first, side));
                    }
                }
            }
        }
    }

    fn stand_together(&self, first: &Side, second: &Side) -> bool {
        first.is_second != second.is_second
            && second.start - first.end <= PAIR_REACH
            && self.clause_at(first.start as usize) == self.clause_at(second.start as usize)
    }

    /// The hit of two sides; none where a negation undoes it.
    fn joined(&self, first: &Side, second: &Side) -> Option<Hit> {
        let span = Span { start: first.start, end: second.end };
        let text = &self.folded.text;
        let is_undone =
            first.is_negatable && negation::undoes(text, span.start as usize, span.end as usize, self.is_japanese);
        (!is_undone).then_some(Hit { label: first.label, span: Some(span), is_strong: true, is_mark: false })
    }

    /// A mark of a question behind a request asks for nothing more than the request does.
    fn drop_marks_of_requests(&self, first: usize, hits: &mut Vec<Hit>) {
        if !hits[first..].iter().any(|hit| hit.is_mark) {
            return;
        }
        let is = |hit: &Hit, name: &str| {
            let label = &self.taxonomy.labels[usize::from(hit.label)];
            label.class == Class::Intent && label.name == name
        };
        let clause = |hit: &Hit| hit.span.map_or(0, |span| self.clause_at(span.start as usize));
        let mut requests: Vec<usize> = hits[first..].iter().filter(|hit| is(hit, "request")).map(clause).collect();
        requests.sort_unstable();
        let mut at = 0;
        hits.retain(|hit| {
            at += 1;
            at <= first || !(hit.is_mark && is(hit, "question")) || requests.binary_search(&clause(hit)).is_err()
        });
    }
}

/// Drops the sides whose other side is nowhere in the text, as is so of most.
fn keep_pairs(sides: &mut Vec<Side>) {
    // A bit for each of so many pairs; those that share one are told apart by who sorts the sides.
    let (mut firsts, mut seconds) = ([0u64; 16], [0u64; 16]);
    let place = |side: &Side| (usize::from(side.pair.1 >> 6) % 16, 1u64 << (side.pair.1 & 63));
    for side in sides.iter() {
        let (word, bit) = place(side);
        if side.is_second { seconds[word] |= bit } else { firsts[word] |= bit }
    }
    sides.retain(|side| {
        let (word, bit) = place(side);
        firsts[word] & seconds[word] & bit != 0
    });
}

/// How far matches reach that begin no later than the one at hand, by class.
#[derive(Default)]
struct Covered {
    topic: (usize, usize),
    intent: (usize, usize),
    ignored: (usize, usize),
}

impl Covered {
    fn ignore(&mut self, found: &std::ops::Range<usize>) {
        for reach in [&mut self.topic, &mut self.intent, &mut self.ignored] {
            if found.end > reach.1 {
                *reach = (found.start, found.end);
            }
        }
    }

    /// Whether it lies in what is to be ignored.
    const fn hides(&self, found: &std::ops::Range<usize>) -> bool {
        found.end <= self.ignored.1
    }

    /// Whether no longer match encloses this one; from here on, it encloses others.
    fn admits(&mut self, class: Class, found: &std::ops::Range<usize>) -> bool {
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
