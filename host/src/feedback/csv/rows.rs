//! Cuts bytes into rows as they arrive.

use csv_core::ReadRecordResult;

use super::lines::LineCount;

/// Most columns of a row.
const MAX_COLUMNS: usize = 1024;

/// Why a row is not taken. The rows behind it are read on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RowError {
    /// More bytes than one feedback may have.
    #[error("the row has more than {max} bytes (server.max_item_bytes); perhaps a quotation mark is not closed")]
    TooLong {
        /// Where the row begins, counted from 1.
        line: u64,
        /// The limit, in bytes.
        max: usize,
    },
    /// More columns than a table may have.
    #[error("the row has more than {MAX_COLUMNS} columns")]
    TooManyColumns {
        /// Where the row begins, counted from 1.
        line: u64,
    },
    /// The input ends within quotation marks.
    #[error(
        "the quotation mark that opens in line {opens} is not closed, so that all that follows is part of one cell; \
         close it, or double it where it belongs to the text"
    )]
    Unclosed {
        /// Where the row begins, counted from 1.
        line: u64,
        /// Where the quotation mark is, counted from 1.
        opens: u64,
    },
}

impl RowError {
    /// Where the row begins, counted from 1.
    pub const fn line(&self) -> u64 {
        match self {
            Self::TooLong { line, .. } | Self::TooManyColumns { line } | Self::Unclosed { line, .. } => *line,
        }
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Where it begins, counted from 1.
    pub line: u64,
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Row<'a> {
    /// How many cells it has.
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no cell.
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The cell at `index`, unquoted.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(&self.bytes[start..end])
    }
}

/// Cuts bytes into rows, of which it holds one at a time.
#[derive(Debug)]
pub struct Rows {
    core: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    length: usize,
    columns: usize,
    max: usize,
    lines: LineCount,
    /// Where the row under way begins.
    begun: Option<u64>,
    fault: Option<RowError>,
    /// The header, until it is whole and tells what parts the columns.
    header: Option<Vec<u8>>,
}

/// What may part the columns, the likeliest first.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

impl Rows {
    /// Takes rows of at most `max` bytes.
    pub fn new(max: usize) -> Self {
        Self {
            core: csv_core::Reader::new(),
            bytes: vec![0; 4096.min(max.max(1))],
            ends: vec![0; 64],
            length: 0,
            columns: 0,
            max: max.max(1),
            lines: LineCount::new(),
            begun: None,
            fault: None,
            header: Some(Vec::new()),
        }
    }

    /// How many bytes of the row under way are held, at most.
    pub fn held(&self) -> usize {
        self.header.as_ref().map_or(self.length, Vec::len)
    }

    /// The next row of `input`, which it shortens by what it has read; none where more input is needed.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Result<Row<'_>, RowError>> {
        if self.begun.is_none() {
            self.skip_line_ends(input);
        }
        if input.is_empty() {
            return None;
        }
        if let Some(mut header) = self.header.take() {
            let is_whole = gather(&mut header, input, self.max);
            if !is_whole {
                self.begun.get_or_insert(self.lines.line());
                self.header = Some(header);
                return None;
            }
            return self.begin(&header);
        }
        self.read(input)
    }

    /// Reads the header, which tells what parts the columns.
    fn begin(&mut self, header: &[u8]) -> Option<Result<Row<'_>, RowError>> {
        self.core = reader(header);
        // Longer than a row may be, it is not whole, and read on with what follows.
        self.read(&mut &*header)
    }

    /// The last row, where the input does not end with a line end.
    pub fn finish(&mut self) -> Option<Result<Row<'_>, RowError>> {
        let line = self.begun?;
        if let Some(header) = self.header.take() {
            self.core = reader(&header);
            self.cut(&mut &*header, line);
        }
        // A line end ends every row, unless it stands within quotation marks.
        if self.cut(&mut &b"\n"[..], line) {
            return Some(self.take(line));
        }
        let opens = self.cell_begins();
        if !self.cut(&mut &b""[..], line) {
            return None;
        }
        self.fault.get_or_insert(RowError::Unclosed { line, opens });
        Some(self.take(line))
    }

    /// Line ends before a row belong to no row; csv_core would read them as part of the next one.
    fn skip_line_ends(&mut self, input: &mut &[u8]) {
        let end = input.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(input.len());
        self.lines.pass(&input[..end]);
        *input = &input[end..];
    }

    fn read(&mut self, input: &mut &[u8]) -> Option<Result<Row<'_>, RowError>> {
        let line = *self.begun.get_or_insert(self.lines.line());
        self.cut(input, line).then(|| self.take(line))
    }

    /// Reads on in the row that begins at `line`; whether it is whole now.
    fn cut(&mut self, input: &mut &[u8], line: u64) -> bool {
        loop {
            let (output, ends) = (&mut self.bytes[self.length..], &mut self.ends[self.columns..]);
            let (result, read, written, ended) = self.core.read_record(input, output, ends);
            self.lines.pass(&input[..read]);
            *input = &input[read..];
            self.length += written;
            self.columns += ended;
            match result {
                ReadRecordResult::InputEmpty => return false,
                ReadRecordResult::OutputFull => self.grow(line),
                ReadRecordResult::OutputEndsFull => self.widen(line),
                ReadRecordResult::Record => return true,
                ReadRecordResult::End => {
                    self.begun = None;
                    return false;
                }
            }
        }
    }

    /// The line where the cell under way begins: as many before this one as it has line ends.
    fn cell_begins(&self) -> u64 {
        let start = self.columns.checked_sub(1).map_or(0, |last| self.ends[last]);
        let mut cell = LineCount::new();
        cell.pass(self.bytes.get(start..self.length).unwrap_or_default());
        (self.lines.line() + 1).saturating_sub(cell.line())
    }

    fn grow(&mut self, line: u64) {
        if self.fault.is_none() && self.bytes.len() < self.max {
            self.bytes.resize((self.bytes.len() * 2).min(self.max), 0);
        } else {
            self.fault.get_or_insert(RowError::TooLong { line, max: self.max });
            self.length = 0;
        }
    }

    fn widen(&mut self, line: u64) {
        if self.fault.is_none() && self.ends.len() < MAX_COLUMNS {
            self.ends.resize((self.ends.len() * 2).min(MAX_COLUMNS), 0);
        } else {
            self.fault.get_or_insert(RowError::TooManyColumns { line });
            self.columns = 0;
        }
    }

    fn take(&mut self, line: u64) -> Result<Row<'_>, RowError> {
        let (length, columns) = (std::mem::take(&mut self.length), std::mem::take(&mut self.columns));
        self.begun = None;
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => Ok(Row { line, bytes: &self.bytes[..length], ends: &self.ends[..columns] }),
        }
    }
}

/// Moves bytes of `input` into the header up to its line end, or up to `max` of them; whether that was all there was to
/// wait for.
fn gather(header: &mut Vec<u8>, input: &mut &[u8], max: usize) -> bool {
    let mut is_quoted = header.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
    let ends = |byte: &u8| {
        is_quoted ^= *byte == b'"';
        !is_quoted && matches!(byte, b'\n' | b'\r')
    };
    let end = input.iter().position(ends);
    let taken = end.map_or(input.len(), |end| end + 1).min(max.saturating_sub(header.len()) + 1);
    header.extend_from_slice(&input[..taken]);
    *input = &input[taken..];
    end.is_some_and(|end| taken == end + 1) || header.len() > max
}

fn reader(header: &[u8]) -> csv_core::Reader {
    csv_core::ReaderBuilder::new().delimiter(delimiter(header)).build()
}

/// What the header has most of outside of quotation marks.
fn delimiter(header: &[u8]) -> u8 {
    let mut is_quoted = false;
    let mut counts = [0usize; DELIMITERS.len()];
    for byte in header {
        is_quoted ^= *byte == b'"';
        if let Some(at) = DELIMITERS.iter().position(|delimiter| delimiter == byte).filter(|_| !is_quoted) {
            counts[at] += 1;
        }
    }
    // The first of those that are as many.
    let most = (0..DELIMITERS.len()).rev().max_by_key(|at| counts[*at]).unwrap_or_default();
    DELIMITERS[most]
}
