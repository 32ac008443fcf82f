//! Cuts NDJSON into lines as it arrives, holding one line of bounded size at a time.

use bytes::{Buf, BytesMut};

/// One line that is not blank.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    /// Counted from 1; blank lines count too.
    pub(crate) number: u64,
    /// Without its end; none where it is longer than allowed.
    pub(crate) bytes: Option<BytesMut>,
}

/// Cuts bytes into lines that end with LF or CRLF.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: BytesMut,
    /// How much of the buffer is known to hold no line end.
    scanned: usize,
    max: usize,
    number: u64,
    /// Whether the line under way is longer than allowed, and thrown away.
    skipping: bool,
}

impl Lines {
    /// Takes lines of at most `max` bytes.
    pub(crate) fn new(max: usize) -> Self {
        Self { buffer: BytesMut::new(), scanned: 0, max, number: 0, skipping: false }
    }

    /// Adds what has arrived; take every line before adding more.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next line that is complete.
    pub(crate) fn next(&mut self) -> Option<Line> {
        loop {
            self.pass_empty_lines();
            let Some(end) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) else {
                self.scanned = self.buffer.len();
                // One more than allowed may be a carriage return.
                if self.buffer.len() > self.max + 1 {
                    self.skipping = true;
                    self.buffer.clear();
                    self.scanned = 0;
                }
                return None;
            };
            let bytes = self.buffer.split_to(self.scanned + end);
            self.buffer.advance(1);
            self.scanned = 0;
            if let Some(line) = self.line(bytes) {
                return Some(line);
            }
        }
    }

    /// Passes the line ends before the next line, of which a small packed body may hold very many.
    fn pass_empty_lines(&mut self) {
        if self.scanned > 0 || self.skipping {
            return;
        }
        let count = self.buffer.iter().take_while(|byte| **byte == b'\n').count();
        self.buffer.advance(count);
        self.number += count as u64;
    }

    /// How many bytes of the line under way are held.
    pub(crate) fn begun(&self) -> usize {
        self.buffer.len()
    }

    /// The last line, where the bytes do not end with a line end.
    pub(crate) fn finish(&mut self) -> Option<Line> {
        let bytes = self.buffer.split();
        self.scanned = 0;
        self.line(bytes)
    }

    fn line(&mut self, mut bytes: BytesMut) -> Option<Line> {
        self.number += 1;
        if bytes.last() == Some(&b'\r') {
            bytes.truncate(bytes.len() - 1);
        }
        let too_long = std::mem::take(&mut self.skipping) || bytes.len() > self.max;
        if !too_long && bytes.trim_ascii().is_empty() {
            return None;
        }
        Some(Line { number: self.number, bytes: (!too_long).then_some(bytes) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(input: &[u8], max: usize, step: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut lines = Lines::new(max);
        let mut found = Vec::new();
        for part in input.chunks(step) {
            lines.push(part);
            found.extend(std::iter::from_fn(|| lines.next()));
        }
        found.extend(lines.finish());
        found.into_iter().map(|line| (line.number, line.bytes.map(Vec::from))).collect()
    }

    #[test]
    fn blank_lines_count_but_are_no_items() {
        let lines = cut(b"\n{1}\r\n  \r\n{2}", 100, 3);
        assert_eq!(lines, [(2, Some(b"{1}".to_vec())), (4, Some(b"{2}".to_vec()))]);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_and_the_next_one_is_whole() {
        let input = [&[b'x'; 5000][..], b"\n{1}\n", &[b'y'; 9]].concat();
        assert_eq!(cut(&input, 8, 7), [(1, None), (2, Some(b"{1}".to_vec())), (3, None)]);
    }

    #[test]
    fn a_line_may_have_exactly_the_allowed_length() {
        assert_eq!(cut(b"12345678\r\n123456789\r\n", 8, 1), [(1, Some(b"12345678".to_vec())), (2, None)]);
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_the_bytes_arrive(input in "[ab\r\n]{0,60}", step in 1usize..9) {
            prop_assert_eq!(cut(input.as_bytes(), 4, step), cut(input.as_bytes(), 4, 1000));
        }
    }
}
