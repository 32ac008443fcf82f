//! E-mail addresses: the form of RFC 5322 without quoted local parts, comments and address literals, with the lengths of
//! RFC 5321, and letters beyond ASCII as in RFC 6531.

use crate::fold::{self, LETTER, Sign};

/// Longest local part, in characters (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;
/// Longest domain, in characters (RFC 5321, 4.5.3.1.2).
const LONGEST_DOMAIN: usize = 255;

/// The address around the `@` from `at` to `behind`.
pub(crate) fn around(text: &str, at: usize, behind: usize) -> Option<(usize, usize)> {
    let end = domain(text, behind)?;
    let start = local(text, at)?;
    Some((start, end))
}

/// Where the local part begins that ends at `end`.
fn local(text: &str, end: usize) -> Option<usize> {
    let mut start = None;
    let mut at = end;
    let mut is_dot = true;
    for _ in 0..=LONGEST_LOCAL {
        let sign = fold::previous(text, at).filter(|sign| is_local(*sign));
        let Some(sign) = sign.filter(|sign| !(is_dot && sign.ascii == b'.')) else { return start };
        is_dot = sign.ascii == b'.';
        at = sign.start;
        // Quotation marks, dashes and dots before the first letter belong to the sentence.
        if sign.is_word() || sign.ascii == b'+' {
            start = Some(at);
        }
    }
    None
}

const fn is_local(sign: Sign) -> bool {
    sign.is_word() || matches!(sign.ascii, b'.' | b'-' | b'+' | b'%' | b'~' | b'\'' | b'&' | b'*' | b'!' | b'$')
}

/// Where the domain ends that begins at `start`: at least two labels, the last of letters, or in the form of `xn--`.
fn domain(text: &str, start: usize) -> Option<usize> {
    let mut end = None;
    let (mut at, mut length, mut labels) = (start, 0, 0);
    loop {
        let label = Label::read(text, at, LONGEST_DOMAIN - length)?;
        labels += 1;
        length += label.length + 1;
        if labels > 1 && label.is_top {
            end = Some(label.end);
        }
        let dot = fold::next(text, label.end).filter(|sign| sign.ascii == b'.');
        let Some(dot) = dot.filter(|dot| length < LONGEST_DOMAIN && begins_label(text, dot.end)) else { return end };
        at = dot.end;
    }
}

fn begins_label(text: &str, at: usize) -> bool {
    fold::next(text, at).is_some_and(|sign| sign.ascii.is_ascii_alphanumeric() || sign.ascii == LETTER)
}

/// One label of a domain.
struct Label {
    end: usize,
    /// In characters.
    length: usize,
    /// Whether it can be the last.
    is_top: bool,
}

impl Label {
    fn read(text: &str, start: usize, longest: usize) -> Option<Self> {
        let (mut at, mut length, mut has_digit) = (start, 0, false);
        let mut label = None;
        while let Some(sign) = fold::next(text, at) {
            let is_alphanumeric = sign.ascii.is_ascii_alphanumeric() || sign.ascii == LETTER;
            if length == longest || !(is_alphanumeric || sign.ascii == b'-' && length > 0) {
                break;
            }
            length += 1;
            at = sign.end;
            has_digit |= !sign.is_letter();
            // A dash ends no label.
            if is_alphanumeric {
                label = Some(Self { end: at, length, is_top: length >= 2 && !has_digit });
            }
        }
        let mut label = label?;
        let is_encoded = || text.get(start..start + 4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"));
        label.is_top |= is_encoded() && label.length > 4;
        Some(label)
    }
}
