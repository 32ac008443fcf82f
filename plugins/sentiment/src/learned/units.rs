//! The units of a text that weights are learned for: words, and the punctuation between them.

use std::ops::Range;

use super::hash;

/// The most characters of punctuation between two words that count; what follows says nothing new.
const MOST_MARKS: usize = 2;

/// Marks that part words and sentences without stressing them.
const SEPARATORS: &str = " ,.:;/，。、．：；・·\u{3000}";

/// A word, or the punctuation between two words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unit {
    /// Where it is, in bytes of the text.
    pub span: Range<usize>,
    /// What of it counts.
    pub kind: Kind,
}

/// What of a unit counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The characters of a word; see [`form`].
    Word,
    /// The characters of punctuation; see [`marks`].
    Marks,
}

impl Unit {
    /// The characters that count: two units that share them are one feature.
    #[must_use]
    pub fn form(&self, text: &str) -> String {
        let unit = &text[self.span.clone()];
        match self.kind {
            Kind::Word => form(unit).collect(),
            Kind::Marks => marks(unit).collect(),
        }
    }

    /// Whether it only parts words. It may well weigh something, and tells nobody anything.
    pub(crate) fn is_separator(&self, text: &str) -> bool {
        self.kind == Kind::Marks && text[self.span.clone()].chars().all(|mark| SEPARATORS.contains(mark))
    }

    /// The hash of its form.
    #[must_use]
    pub(crate) fn key(&self, text: &str) -> u64 {
        let unit = &text[self.span.clone()];
        match self.kind {
            Kind::Word => hash::of(form(unit)),
            Kind::Marks => hash::of(marks(unit)),
        }
    }
}

/// Gives every unit of a text in order. `tokens` are as the host's `segment` gives them: first byte, byte behind the last,
/// part of speech. A token that does not lie in the text behind the one before is passed by.
pub fn each(text: &str, tokens: &[u32], mut found: impl FnMut(Unit)) {
    let mut end = 0;
    let (tokens, _) = tokens.as_chunks::<3>();
    for &[from, to, _] in tokens {
        let (from, to) = (from as usize, to as usize);
        let (Some(gap), Some(_)) = (text.get(end..from), text.get(from..to)) else { continue };
        gap_unit(gap, end, &mut found);
        found(Unit { span: from..to, kind: Kind::Word });
        end = to;
    }
    gap_unit(&text[end..], end, &mut found);
}

fn gap_unit(gap: &str, offset: usize, found: &mut impl FnMut(Unit)) {
    if gap.is_empty() || gap == " " {
        return;
    }
    let trimmed = gap.trim_start();
    let start = offset + gap.len() - trimmed.len();
    let trimmed = trimmed.trim_end();
    if !trimmed.is_empty() {
        found(Unit { span: start..start + trimmed.len(), kind: Kind::Marks });
    }
}

/// The characters that two units share if they count as the same: small letters of ASCII, no white space, and of a
/// character that is repeated, the first two.
pub fn form(unit: &str) -> impl Iterator<Item = char> {
    let mut last = ['\0'; 2];
    unit.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).filter(move |&c| {
        let is_third = last == [c; 2];
        last = [last[1], c];
        !is_third
    })
}

/// As [`form`], for punctuation: of either width, and no more of it than says something.
pub fn marks(gap: &str) -> impl Iterator<Item = char> {
    gap.chars().filter(|c| !c.is_whitespace()).map(narrow).take(MOST_MARKS)
}

/// The mark of ASCII that says the same.
const fn narrow(mark: char) -> char {
    match mark {
        '。' | '｡' | '．' | '…' | '·' => '.',
        '！' => '!',
        '？' => '?',
        '，' | '、' | '､' => ',',
        '～' => '~',
        '：' => ':',
        '；' => ';',
        '（' => '(',
        '）' => ')',
        '“' | '”' | '＂' => '"',
        '‘' | '’' => '\'',
        _ => mark,
    }
}
