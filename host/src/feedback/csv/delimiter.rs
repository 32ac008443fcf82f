//! What parts the columns of a table: its header tells.

use super::quotes::{Quotes, is_line_end};

/// What may part them, the least likely to stand in a heading first.
const DELIMITERS: [u8; 3] = [b'\t', b';', b','];
/// What parts them where nothing tells.
const USUAL: u8 = b',';

/// A header, until it is whole.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) bytes: Vec<u8>,
    quotes: Quotes,
}

impl Header {
    /// Takes bytes of `input` up to the line end, or up to `max` of them; whether that was all there was to wait for.
    pub(super) fn gather(&mut self, input: &mut &[u8], max: usize) -> bool {
        let ends = |byte: &u8| {
            let is_inside = self.quotes == Quotes::Inside;
            self.quotes = self.quotes.behind(*byte, ends_cell(*byte));
            !is_inside && is_line_end(*byte)
        };
        let end = input.iter().position(ends);
        let taken = end.map_or(input.len(), |end| end + 1).min(max.saturating_sub(self.bytes.len()) + 1);
        self.bytes.extend_from_slice(&input[..taken]);
        *input = &input[taken..];
        end.is_some_and(|end| taken == end + 1) || self.bytes.len() > max
    }

    /// What parts the columns, where this line says it in place of a header, as spreadsheets write it: `sep=;`.
    pub(super) fn says(&self) -> Option<u8> {
        let line = self.bytes.trim_ascii_end();
        let rest = line.strip_prefix(b"sep=").or_else(|| line.strip_prefix(b"SEP="))?;
        match rest {
            [delimiter] => Some(*delimiter),
            // The tab itself is trimmed.
            [] if self.bytes.contains(&b'\t') => Some(b'\t'),
            _ => None,
        }
    }

    /// What it has most of, outside of quotation marks and with no space behind it: commas and semicolons with one part
    /// words. Where there is none of that, what it has most of.
    pub(super) fn delimiter(&self) -> u8 {
        let mut quotes = Quotes::default();
        let mut counts = [(0usize, 0usize); DELIMITERS.len()];
        for (at, byte) in self.bytes.iter().enumerate() {
            if quotes != Quotes::Inside
                && let Some(which) = DELIMITERS.iter().position(|delimiter| delimiter == byte)
            {
                counts[which].0 += usize::from(self.bytes.get(at + 1) != Some(&b' '));
                counts[which].1 += 1;
            }
            quotes = quotes.behind(*byte, ends_cell(*byte));
        }
        // The first of those that are as many.
        let most = (0..DELIMITERS.len()).rev().max_by_key(|which| counts[*which]).unwrap_or_default();
        if counts[most].1 == 0 { USUAL } else { DELIMITERS[most] }
    }
}

fn ends_cell(byte: u8) -> bool {
    is_line_end(byte) || DELIMITERS.contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_may_have_in_them_what_parts_those_of_other_tables() {
        for (header, expected) in [
            ("text", b','),
            ("kind,text", b','),
            ("kind, text, rating", b','),
            ("kind;text", b';'),
            ("Timestamp\tHow are quality, price, and service?\tComments", b'\t'),
            ("Timestamp\tHow are quality,price and service?\tWhy", b'\t'),
            ("Datum;Wie sind Qualität, Preis, Lieferung, und Service?;Warum", b';'),
            ("\"a;b;c;d\",rating", b','),
            ("id,Owns a 24\" screen; or a 32\"; or none,text", b','),
        ] {
            let header = Header { bytes: header.into(), ..Header::default() };
            assert_eq!(char::from(header.delimiter()), char::from(expected), "{header:?}");
        }
    }
}
