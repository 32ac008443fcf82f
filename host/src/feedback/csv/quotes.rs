//! Where quotation marks open and close: RFC 4180, as csv_core reads it.

/// Where the next byte of a row stands. A quotation mark opens at the beginning of a cell alone; within a cell it is a sign
/// like any other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Quotes {
    /// At the beginning of a cell.
    #[default]
    Begin,
    /// Outside of quotation marks.
    Outside,
    /// Within them.
    Inside,
    /// Behind one that closes, or the first of two that stand for one.
    Closed,
}

impl Quotes {
    /// What is behind this byte, which `ends` a cell where it stands outside of quotation marks.
    pub(super) const fn behind(self, byte: u8, ends: bool) -> Self {
        match (self, byte) {
            (Self::Begin | Self::Closed, b'"') => Self::Inside,
            (Self::Inside, b'"') => Self::Closed,
            (Self::Inside, _) => Self::Inside,
            _ if ends => Self::Begin,
            _ => Self::Outside,
        }
    }
}

/// Whether a byte ends a row, outside of quotation marks.
pub(super) const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
