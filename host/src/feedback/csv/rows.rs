//! Cuts bytes into rows as they arrive.

use csv_core::ReadRecordResult;

use super::delimiter::Header;
use super::lines::LineCount;
use super::mapping::Mapping;
use super::quotes::{Quotes, is_line_end};

/// Most columns of a row: for each of a header it is looked for what it may be.
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
    #[error("the row has more than {MAX_COLUMNS} columns; export fewer of them")]
    TooManyColumns {
        /// Where the row begins, counted from 1.
        line: u64,
    },
    /// A cell goes on behind the quotation marks that it begins with, and these hold line ends: rather than one cell, it is
    /// the rest of several rows, of which one has a mark too many or too few.
    #[error(
        "the quotation mark that opens in line {opens} is closed in line {closes}, in the middle of a cell, so that the lines \
         between them are one cell; close it where the cell ends, or double the marks that belong to the text"
    )]
    Stray {
        /// Where the row begins, counted from 1.
        line: u64,
        /// Where the quotation mark is, counted from 1.
        opens: u64,
        /// Where the one is that closes it, counted from 1.
        closes: u64,
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
            Self::TooLong { line, .. }
            | Self::TooManyColumns { line }
            | Self::Stray { line, .. }
            | Self::Unclosed { line, .. } => *line,
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
    delimiter: u8,
    /// What parts the columns, by the sender or a line before the header.
    said: Option<u8>,
    /// Whether there was such a line.
    is_said: bool,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    length: usize,
    columns: usize,
    max: usize,
    lines: LineCount,
    quotes: Quotes,
    /// Where the last quotation mark was that opened.
    opened: u64,
    /// Where the row under way begins.
    begun: Option<u64>,
    fault: Option<RowError>,
    /// The header, until it is whole and tells what parts the columns.
    header: Option<Header>,
    /// What was gathered as the header,
    carried: Vec<u8>,
    /// and how much of it was read.
    carried_read: usize,
}

impl Rows {
    /// Takes rows of at most `max` bytes.
    pub fn new(max: usize) -> Self {
        Self {
            core: csv_core::Reader::new(),
            delimiter: b',',
            said: None,
            is_said: false,
            bytes: vec![0; 4096.min(max.max(1))],
            ends: vec![0; 64],
            length: 0,
            columns: 0,
            max: max.max(1),
            lines: LineCount::new(),
            quotes: Quotes::default(),
            opened: 1,
            begun: None,
            fault: None,
            header: Some(Header::default()),
            carried: Vec::new(),
            carried_read: 0,
        }
    }

    /// Of a table whose sender says what parts its columns.
    #[must_use]
    pub const fn of(mut self, mapping: &Mapping) -> Self {
        self.said = mapping.delimiter;
        self
    }

    /// How many bytes of the row under way are held, at most.
    pub fn held(&self) -> usize {
        self.header.as_ref().map_or(self.length, |header| header.bytes.len()) + self.carried.len()
    }

    /// The next row of `input`, which it shortens by what it has read; none where more input is needed.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<Result<Row<'_>, RowError>> {
        if let Some(mut header) = self.header.take() {
            if self.begun.is_none() {
                self.skip_line_ends(input);
            }
            let is_whole = !input.is_empty() && header.gather(input, self.max);
            if !is_whole {
                if !header.bytes.is_empty() {
                    self.begun.get_or_insert(self.lines.line());
                }
                self.header = Some(header);
                return None;
            }
            if let Some(delimiter) = header.says().filter(|_| !self.is_said) {
                self.is_said = true;
                self.said.get_or_insert(delimiter);
                self.lines.pass(&header.bytes);
                self.begun = None;
                self.header = Some(Header::default());
                return self.next(input);
            }
            self.begin(header);
        }
        if let Some(line) = self.cut_carried() {
            return Some(self.take(line));
        }
        let line = self.cut(input)?;
        Some(self.take(line))
    }

    /// The next of the last rows, where the input does not end with a line end; none where there is no more.
    pub fn finish(&mut self) -> Option<Result<Row<'_>, RowError>> {
        if let Some(header) = self.header.take() {
            self.begin(header);
        }
        if let Some(line) = self.cut_carried() {
            return Some(self.take(line));
        }
        let begins = self.begun?;
        // A line end ends every row, unless it stands within quotation marks.
        if let Some(line) = self.cut(&mut &b"\n"[..]) {
            return Some(self.take(line));
        }
        let opens = self.opened;
        // Nothing follows, which ends the row all the same.
        let line = self.read(&mut &b""[..])?;
        self.fault.get_or_insert(RowError::Unclosed { line: begins, opens });
        Some(self.take(line))
    }

    /// Takes in the header, or as much as a row may have of it, which tells what parts the columns.
    fn begin(&mut self, header: Header) {
        self.delimiter = self.said.unwrap_or_else(|| header.delimiter());
        self.core = csv_core::ReaderBuilder::new().delimiter(self.delimiter).build();
        self.carried = header.bytes;
    }

    /// Reads on in what was gathered with the header: more than that where a quotation mark stands behind something that
    /// parts the columns of other tables.
    fn cut_carried(&mut self) -> Option<u64> {
        if self.carried.is_empty() {
            return None;
        }
        let carried = std::mem::take(&mut self.carried);
        let mut rest = &carried[self.carried_read..];
        let line = self.cut(&mut rest);
        self.carried_read = carried.len() - rest.len();
        if !rest.is_empty() {
            self.carried = carried;
        }
        line
    }

    /// Line ends before a row belong to no row; csv_core would read them as part of the next one.
    fn skip_line_ends(&mut self, input: &mut &[u8]) {
        let end = input.iter().position(|byte| !is_line_end(*byte)).unwrap_or(input.len());
        self.lines.pass(&input[..end]);
        *input = &input[end..];
    }

    /// Reads on in a row; where it begins, if it is whole now.
    fn cut(&mut self, input: &mut &[u8]) -> Option<u64> {
        if self.begun.is_none() {
            self.skip_line_ends(input);
        }
        if input.is_empty() {
            return None;
        }
        self.read(input)
    }

    fn read(&mut self, input: &mut &[u8]) -> Option<u64> {
        let line = *self.begun.get_or_insert(self.lines.line());
        loop {
            let (output, ends) = (&mut self.bytes[self.length..], &mut self.ends[self.columns..]);
            let (result, read, written, ended) = self.core.read_record(input, output, ends);
            self.follow(&input[..read], line);
            *input = &input[read..];
            self.length += written;
            self.columns += ended;
            match result {
                ReadRecordResult::InputEmpty => return None,
                ReadRecordResult::OutputFull => self.grow(line),
                ReadRecordResult::OutputEndsFull => self.widen(line),
                ReadRecordResult::Record => return Some(line),
                ReadRecordResult::End => {
                    self.begun = None;
                    return None;
                }
            }
        }
    }

    /// Goes over bytes of the row that begins at `line`, for the lines and the quotation marks in them.
    fn follow(&mut self, bytes: &[u8], line: u64) {
        let mut passed = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let before = self.quotes;
            self.quotes = before.behind(*byte, *byte == self.delimiter || is_line_end(*byte));
            match (before, self.quotes) {
                (Quotes::Begin, Quotes::Inside) => {
                    self.lines.pass(&bytes[passed..at]);
                    passed = at;
                    self.opened = self.lines.line();
                }
                (Quotes::Closed, Quotes::Outside) => {
                    self.lines.pass(&bytes[passed..at]);
                    passed = at;
                    let (opens, closes) = (self.opened, self.lines.line());
                    if closes > opens {
                        self.fault.get_or_insert(RowError::Stray { line, opens, closes });
                    }
                }
                _ => {}
            }
        }
        self.lines.pass(&bytes[passed..]);
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
