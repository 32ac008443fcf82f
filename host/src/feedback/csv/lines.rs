//! Counts lines of a table.

/// The line that the next byte is on. Lines end with CR LF, LF, or CR alone, as rows do.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineCount {
    line: u64,
    /// Whether the last byte was a CR: a LF behind it ends no further line.
    after_cr: bool,
}

impl LineCount {
    /// At the beginning of a table.
    pub(super) const fn new() -> Self {
        Self { line: 1, after_cr: false }
    }

    /// Counted from 1.
    pub(super) const fn line(self) -> u64 {
        self.line
    }

    /// Goes over the bytes that come next.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        for at in memchr::memchr2_iter(b'\r', b'\n', bytes) {
            let is_behind_cr = match at.checked_sub(1) {
                Some(before) => bytes[before] == b'\r',
                None => self.after_cr,
            };
            self.line += u64::from(bytes[at] == b'\r' || !is_behind_cr);
        }
        self.after_cr = bytes.last().map_or(self.after_cr, |last| *last == b'\r');
    }
}
