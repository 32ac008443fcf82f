//! Every item of a file as one line of JSON, with the line where it stands.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{io, pin::Pin, task};

use anyhow::{Context as _, bail};
use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use bytes::{Buf as _, BytesMut};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, BufReader, ReadBuf};

use crate::api::auth::hex;
use crate::feedback::csv::{BYTE_ORDER_MARK, Mapping, Row, RowError, Rows, Table, Utf8, suggested};
use crate::feedback::validate::FieldError;
use crate::intake::lines::{Line, Lines};

/// Largest item, in bytes; the server's own limit is 1 MiB unless the operator raises it.
const MAX_ITEM: usize = 8 << 20;
/// Most columns that are suggested; a longer list helps nobody.
const MAX_SUGGESTED: usize = 40;
/// How much is read at once, in bytes.
const CHUNK: usize = 256 << 10;
/// How much of a pipe is looked at to tell its format, in bytes.
const MAX_HEAD: usize = 1 << 20;

/// The format of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Format {
    /// JSON documents: objects, or arrays of them. Held in memory as a whole.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// A table with a header row.
    Csv,
}

/// One item.
#[derive(Debug)]
pub(super) struct Item {
    /// Counted from 1.
    pub(super) line: u64,
    /// Its JSON on one line, or why there is none.
    pub(super) json: Result<Vec<u8>, String>,
}

/// The items of a file.
pub(super) struct Items {
    input: Pin<Box<dyn AsyncRead + Send>>,
    cutter: Cutter,
    ready: VecDeque<Item>,
    ended: bool,
    begun: bool,
    length: Option<u64>,
    read: Arc<AtomicU64>,
}

enum Cutter {
    Json(Vec<u8>),
    Ndjson(Lines),
    Csv {
        utf8: Box<Utf8>,
        rows: Box<Rows>,
        mapping: Mapping,
        table: Option<Box<Table>>,
    },
    /// A pipe, whose beginning has to tell.
    Unknown(Vec<u8>, Mapping),
}

/// How a file is packed.
#[derive(Clone, Copy)]
enum Packing {
    No,
    Gzip,
    Zstd,
}

/// The name without what it says of that.
fn packing(name: &str) -> (&str, Packing) {
    let known = [(".gz", Packing::Gzip), (".zst", Packing::Zstd)];
    let told = known.into_iter().find_map(|(end, packing)| Some((name.strip_suffix(end)?, packing)));
    told.unwrap_or((name, Packing::No))
}

impl Packing {
    fn expand(self, input: Counted) -> Pin<Box<dyn AsyncRead + Send>> {
        let buffered = |input| BufReader::with_capacity(CHUNK, input);
        match self {
            Self::No => Box::pin(input),
            Self::Gzip => {
                let mut decoder = GzipDecoder::new(buffered(input));
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            Self::Zstd => {
                let mut decoder = ZstdDecoder::new(buffered(input));
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
        }
    }
}

impl Items {
    /// Opens a file or pipe, or standard input for `-`.
    pub(super) async fn open(file: &Path, format: Option<Format>, mapping: Mapping) -> anyhow::Result<Self> {
        let name = file.to_string_lossy().to_lowercase();
        let (unpacked, packing) = packing(&name);
        let is_stdin = name == "-";
        let is_pipe = is_pipe(file).await?;
        let cutter = match format.or_else(|| by_name(unpacked)) {
            Some(Format::Json | Format::Ndjson) if mapping != Mapping::default() => {
                bail!(
                    "--kind, --map, --set, --dates, --charset and --delimiter are for tables alone; each item in JSON says it itself"
                )
            }
            Some(Format::Csv) if unpacked.ends_with(".tsv") => Cutter::new(Format::Csv, mapping.or_by_tabs()),
            Some(format) => Cutter::new(format, mapping),
            None if is_pipe => Cutter::Unknown(Vec::new(), mapping),
            None => bail!(
                "its name ends neither with .json, .ndjson, .jsonl nor .csv or .tsv; name its format with --format"
            ),
        };
        let read = Arc::new(AtomicU64::new(0));
        let (input, length): (Pin<Box<dyn AsyncRead + Send>>, _) = if is_stdin {
            (Box::pin(tokio::io::stdin()), None)
        } else {
            let file = File::open(file).await?;
            let length = if is_pipe { None } else { Some(file.metadata().await?.len()) };
            (Box::pin(file), length)
        };
        let counted = Counted { input, read: read.clone() };
        let input = packing.expand(counted);
        Ok(Self { input, cutter, ready: VecDeque::new(), ended: false, begun: false, length, read })
    }

    /// Size of the file, in bytes; a pipe does not tell.
    pub(super) const fn length(&self) -> Option<u64> {
        self.length
    }

    /// How much of the file was read, in bytes.
    pub(super) fn position(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The next item.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            if self.ended {
                return Ok(None);
            }
            let mut bytes = BytesMut::with_capacity(CHUNK);
            while bytes.len() < BYTE_ORDER_MARK.len() && self.input.read_buf(&mut bytes).await? > 0 {}
            if bytes.is_empty() {
                self.ended = true;
                self.cutter.finish(&mut self.ready)?;
                continue;
            }
            let is_first = !std::mem::replace(&mut self.begun, true);
            let bytes = if is_first { self.cutter.unmarked(&bytes) } else { &bytes };
            self.cutter.push(bytes, &mut self.ready)?;
        }
    }
}

fn by_name(name: &str) -> Option<Format> {
    match Path::new(name).extension()?.to_str()? {
        "json" => Some(Format::Json),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "csv" | "tsv" => Some(Format::Csv),
        _ => None,
    }
}

impl Cutter {
    fn new(format: Format, mapping: Mapping) -> Self {
        match format {
            Format::Json => Self::Json(Vec::new()),
            Format::Ndjson => Self::Ndjson(Lines::new(MAX_ITEM)),
            Format::Csv => Self::Csv {
                utf8: Box::new(Utf8::of(mapping.charset())),
                rows: Box::new(Rows::new(MAX_ITEM).of(&mapping)),
                mapping,
                table: None,
            },
        }
    }

    /// The first bytes without a byte order mark, unless that is still to tell something.
    fn unmarked<'a>(&self, first: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Json(_) | Self::Ndjson(_) => first.strip_prefix(BYTE_ORDER_MARK).unwrap_or(first),
            Self::Csv { .. } | Self::Unknown(..) => first,
        }
    }

    fn push(&mut self, bytes: &[u8], ready: &mut VecDeque<Item>) -> anyhow::Result<()> {
        match self {
            Self::Json(whole) => whole.extend_from_slice(bytes),
            Self::Ndjson(lines) => {
                lines.push(bytes);
                ready.extend(std::iter::from_fn(|| lines.next()).map(Item::from));
            }
            Self::Csv { utf8, rows, mapping, table } => {
                let mut bytes = utf8.decode(bytes);
                while let Some(row) = rows.next(&mut bytes) {
                    ready.extend(take(row, mapping, table)?);
                }
            }
            Self::Unknown(head, _) => {
                head.extend_from_slice(bytes);
                if head.trim_ascii_start().contains(&b'\n') || head.len() > MAX_HEAD {
                    self.decide(ready)?;
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, ready: &mut VecDeque<Item>) -> anyhow::Result<()> {
        if let Self::Unknown(..) = self {
            self.decide(ready)?;
        }
        match self {
            Self::Json(whole) => documents(whole, ready),
            Self::Ndjson(lines) => {
                ready.extend(lines.finish().map(Item::from));
                Ok(())
            }
            Self::Csv { rows, mapping, table, .. } => {
                while let Some(row) = rows.finish() {
                    ready.extend(take(row, mapping, table)?);
                }
                Ok(())
            }
            Self::Unknown(..) => Ok(()),
        }
    }

    /// Tells the format from the first line.
    fn decide(&mut self, ready: &mut VecDeque<Item>) -> anyhow::Result<()> {
        let Self::Unknown(head, mapping) = self else { return Ok(()) };
        let (head, mapping) = (std::mem::take(head), std::mem::take(mapping));
        let start = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&head).trim_ascii_start();
        let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let format = match start.first() {
            Some(b'{') if serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok() => Format::Ndjson,
            Some(b'{' | b'[') => Format::Json,
            _ => Format::Csv,
        };
        *self = Self::new(format, mapping);
        let head = self.unmarked(&head);
        self.push(head, ready)
    }
}

impl From<Line> for Item {
    fn from(Line { number, bytes }: Line) -> Self {
        Self {
            line: number,
            json: bytes.map(Vec::from).ok_or_else(|| format!("the line has more than {MAX_ITEM} bytes")),
        }
    }
}

/// The item of a row; none for the header.
fn take(
    row: Result<Row<'_>, RowError>,
    mapping: &Mapping,
    table: &mut Option<Box<Table>>,
) -> anyhow::Result<Option<Item>> {
    let Some(table) = table else {
        let row = row?;
        let bound = Table::bind(&row, mapping).map_err(|errors| unusable(&row, mapping, &errors))?;
        *table = Some(Box::new(bound));
        return Ok(None);
    };
    if row.as_ref().is_ok_and(|row| table.passes_over(row)) {
        return Ok(None);
    }
    let line = row.as_ref().map_or_else(RowError::line, |row| row.line);
    let mut json = Vec::new();
    let written = row.map_err(|error| error.to_string()).and_then(|row| {
        table.write(&row, &mut json).map_err(|error| match &*error.field {
            "" => error.message,
            column => format!("column `{column}`: {}", as_option(&error.message)),
        })
    });
    Ok(Some(Item { line, json: written.map(|()| json) }))
}

/// What is said of a parameter of requests, said of the option that it is here.
fn as_option(message: &str) -> String {
    let parameters = [
        ("?dates=", "--dates "),
        ("`?kind=review` to the request", "--kind review"),
        ("Content-Type: text/csv; charset=NAME", "--charset NAME"),
        ("which the request names as the charset", "which --charset names"),
    ];
    let message =
        parameters.into_iter().fold(message.to_owned(), |said, (parameter, option)| said.replace(parameter, option));
    let mut parts = message.split("?map=");
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |said, part| {
        let (pair, rest) = part.split_at(part.find([' ', ',', '\n']).unwrap_or(part.len()));
        let pair = url::form_urlencoded::parse(pair.as_bytes()).next().map(|(pair, _)| pair).unwrap_or_default();
        format!("{said}--map {}{rest}", quoted(&pair))
    })
}

/// Why a header cannot be used: if its columns have other names alone, with a command line that can be.
fn unusable(header: &Row<'_>, mapping: &Mapping, errors: &[FieldError]) -> anyhow::Error {
    let is_of_names = |error: &FieldError| error.field == "kind" || error.message.starts_with("is not a known field");
    let names: Vec<_> =
        (0..header.len()).map(|at| String::from_utf8_lossy(header.get(at).unwrap_or_default())).collect();
    // One error more than columns may tell that the kind is lacking.
    let can_be_helped = errors.len() <= MAX_SUGGESTED + 1 && errors.iter().all(is_of_names);
    let suggested = can_be_helped
        .then(|| suggested(names.iter().map(|name| &**name), mapping))
        .filter(|(_, pairs)| !pairs.is_empty() && pairs.len() <= MAX_SUGGESTED);
    let Some((kind, suggested)) = suggested else {
        let mut told: Vec<_> =
            errors.iter().take(MAX_SUGGESTED).map(|error| format!("`{}` {}", error.field, error.message)).collect();
        if errors.len() > MAX_SUGGESTED {
            told.push(format!("and {} more", errors.len() - MAX_SUGGESTED));
        }
        return anyhow::anyhow!("the header of the table cannot be used:\n  {}", as_option(&told.join("\n  ")));
    };
    let needs_kind = errors.iter().any(|error| error.field == "kind");
    let kind = if needs_kind { format!(" \\\n    --kind {}", kind.as_str()) } else { String::new() };
    let maps: String = suggested.iter().map(|pair| format!(" \\\n    --map {}", quoted(pair))).collect();
    anyhow::anyhow!(
        "not all of its columns have names of fields of feedback; say what they hold, for example with{kind}{maps}\n  \
         (--kind is survey, review or csr_note. A column goes to text, title, rating, collected_at, external_id, language, \
         customer.id, customer.email, product, answers.ID.nps, metadata.NAME or another field of /openapi.json, or to `-` \
         to be left out. --set source.type=NAME says where the file comes from, --set rating.max=10 on which scale.)"
    )
}

/// As one word for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The items of JSON documents: each object, and each element of an array.
fn documents(whole: &[u8], ready: &mut VecDeque<Item>) -> anyhow::Result<()> {
    let text = std::str::from_utf8(whole).context("it is not UTF-8")?;
    let mut lines = LineOf { text, offset: 0, line: 1 };
    for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let document = document.context("it is not JSON")?;
        if document.get().starts_with('[') {
            let elements: Vec<&RawValue> = serde_json::from_str(document.get())?;
            ready.extend(elements.into_iter().map(|element| lines.item(element)));
        } else {
            ready.push_back(lines.item(document));
        }
    }
    Ok(())
}

/// Counts lines while going through a text from front to back.
struct LineOf<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
}

impl LineOf<'_> {
    fn item(&mut self, raw: &RawValue) -> Item {
        // `raw` is borrowed from `text`: the difference of their addresses is where it stands.
        let offset = (raw.get().as_ptr().addr()).saturating_sub(self.text.as_ptr().addr());
        if let Some(between) = self.text.as_bytes().get(self.offset..offset) {
            self.line += memchr::memchr_iter(b'\n', between).count() as u64;
            self.offset = offset;
        }
        // Line ends stand between the parts of JSON only, never within text.
        let json = raw.get().bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }).collect();
        Item { line: self.line, json: Ok(json) }
    }
}

/// Whether it is standard input or another pipe. It is not opened to find out: who writes to a named pipe would be
/// told that nobody reads any more.
async fn is_pipe(file: &Path) -> io::Result<bool> {
    Ok(file.as_os_str() == "-" || !tokio::fs::metadata(file).await?.is_file())
}

/// Names a file and the way it is sent; none for a pipe, which cannot be read twice.
pub(super) async fn digest(file: &Path, options: &str) -> io::Result<Option<String>> {
    if is_pipe(file).await? {
        return Ok(None);
    }
    let mut file = File::open(file).await?;
    let mut hasher = Sha256::new_with_prefix(options);
    let mut bytes = BytesMut::with_capacity(CHUNK);
    while file.read_buf(&mut bytes).await? > 0 {
        hasher.update(&bytes);
        bytes.clear();
    }
    Ok(Some(hex(&hasher.finalize()[..16])))
}

/// Whether all of a table can be read: in UTF-8 or UTF-16, unless its charset is named. What a part of its rows brought in
/// would be taken once more when the whole is sent again with the charset. A pipe or a packed file is not read before.
pub(super) async fn check_charset(file: &Path, format: Option<Format>, mapping: &Mapping) -> anyhow::Result<()> {
    let name = file.to_string_lossy().to_lowercase();
    let (unpacked, packing) = packing(&name);
    let is_table = format.or_else(|| by_name(unpacked)) == Some(Format::Csv);
    if !is_table || !matches!(packing, Packing::No) || mapping.charset().is_some() || is_pipe(file).await? {
        return Ok(());
    }
    let mut file = File::open(file).await?;
    let mut bytes = BytesMut::with_capacity(CHUNK);
    let mut lines = 0;
    let mut is_first = true;
    while file.read_buf(&mut bytes).await? > 0 {
        if std::mem::replace(&mut is_first, false) && encoding_rs::Encoding::for_bom(&bytes).is_some() {
            return Ok(());
        }
        let known = match std::str::from_utf8(&bytes) {
            Ok(all) => all.len(),
            // A character may go on in what is read next.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(error) => {
                let line = lines + memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count() + 1;
                bail!(
                    "line {line} is not UTF-8, and nothing was sent; save the table as UTF-8 (in Excel: CSV UTF-8), or name \
                     its charset, such as windows-1252 or shift_jis, with --charset NAME"
                );
            }
        };
        lines += memchr::memchr_iter(b'\n', &bytes[..known]).count();
        bytes.advance(known);
        bytes.reserve(CHUNK);
    }
    Ok(())
}

/// Counts what is read.
struct Counted {
    input: Pin<Box<dyn AsyncRead + Send>>,
    read: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> task::Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = self.input.as_mut().poll_read(cx, buf);
        self.read.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        polled
    }
}
