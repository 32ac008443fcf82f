//! The words of a text, and what stands between them.

/// A word as `text::segment` cuts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    /// First byte.
    pub(crate) start: usize,
    /// The byte behind the last.
    pub(crate) end: usize,
    /// Part of speech, as `wit/plugin.wit` numbers them.
    pub(crate) part: u32,
}

/// The numbers of `wit/plugin.wit`.
pub(super) mod part {
    pub(crate) const NOUN: u32 = 1;
    pub(crate) const VERB: u32 = 4;
    pub(crate) const ADJECTIVE: u32 = 5;
    pub(crate) const ADVERB: u32 = 6;
    pub(crate) const PARTICLE: u32 = 7;
    pub(crate) const AUXILIARY: u32 = 8;
    pub(crate) const CONJUNCTION: u32 = 10;
    pub(crate) const INTERJECTION: u32 = 12;
}

impl Token {
    /// The tokens in the list that `text::segment` gives for a text; any that is none of it is left out.
    pub(super) fn list(segments: &[u32], text: &str) -> Vec<Self> {
        let (triples, _) = segments.as_chunks::<3>();
        let tokens = triples.iter().map(|&[start, end, part]| Self { start: start as usize, end: end as usize, part });
        tokens.filter(|token| text.get(token.start..token.end).is_some_and(|word| !word.is_empty())).collect()
    }

    /// Whether it has a meaning of its own.
    pub(super) const fn is_content(&self) -> bool {
        matches!(self.part, part::NOUN | part::VERB | part::ADJECTIVE | part::ADVERB | part::INTERJECTION)
    }
}

/// What stands behind a word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Gap {
    /// The next word.
    None,
    /// A comma, a bracket, white space.
    Pause,
    /// The end of the sentence.
    Stop,
    /// The end of a question.
    Question,
}

/// What stands behind each of the tokens.
pub(super) fn gaps(text: &str, tokens: &[Token]) -> Vec<Gap> {
    let ends = tokens.iter().map(|token| token.end);
    let starts = tokens.iter().skip(1).map(|token| token.start).chain([text.len()]);
    ends.zip(starts).map(|(end, start)| gap(text.get(end..start).unwrap_or_default())).collect()
}

fn gap(between: &str) -> Gap {
    let of = |c| match c {
        '?' | '？' => Gap::Question,
        '。' | '!' | '.' | '\n' | '…' | '♪' | '★' | '☆' => Gap::Stop,
        _ => Gap::Pause,
    };
    between.chars().map(of).max().unwrap_or(Gap::None)
}
