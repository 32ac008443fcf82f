//! `sayso send`: posts files of feedback, in chunks that may be sent again without harm.
//!
//! - [`items`]: every item of a file, whatever its format, with its line.
//! - [`chunks`]: items put together for one request each; the same file always makes the same chunks.
//! - [`post`]: one request, tried again where the server asks for it or cannot be reached.
//! - [`progress`]: how far an earlier run came, and the bar that shows how far this one is.
//!
//! A chunk's `Idempotency-Key` is made from the digest of the file and the chunk's number, so that running the same
//! command twice changes nothing.

mod chunks;
mod items;
mod post;
mod progress;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::feedback::csv::Mapping;
use chunks::{Chunk, Chunks};
use items::{Format, Items};
use post::{Answer, Poster};
pub(in crate::cli) use post::{causes, unreachable, with_key};
use progress::{Bar, Place};

/// Rejections of a file that are kept for `--json`; the others are counted.
const MAX_LISTED: usize = 10_000;

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sayso send reviews.ndjson\n  sayso send export.csv.gz --kind review \\\n      --map 'Review Text:text' --map Stars:rating.value\n  gunzip -c answers.json.gz |\n      sayso send - --url https://feedback.example.com --json\n\nA file that cannot be read does not keep the next ones from being sent; with --json, its `error` says why.\nIn --map, a comma parts two pairs only where a known field stands before it: 'Likely, or not:title,Why:text'.\n\nExit codes: 0 everything was accepted, 1 something was rejected, 2 something could not be sent."
)]
pub(super) struct Args {
    /// Files of JSON (.json), one object a line (.ndjson, .jsonl) or a table (.csv, .tsv), also with .gz or .zst; - is standard input,
    /// and a named pipe is read like it.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where sayso listens.
    #[arg(long, alias = "server", value_name = "URL", env = "SAYSO_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Key with the scope `ingest`.
    #[arg(long, value_name = "KEY", env = "SAYSO_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Format of the files, where their names do not tell.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Tables: the kind of rows that do not tell it.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Tables: the field that a column fills, `-` for none; give it again for more.
    #[arg(long = "map", value_name = "COLUMN:FIELD")]
    maps: Vec<String>,
    /// Tables: what a field holds in rows that do not tell it, such as source.type=trustpilot or rating.max=10; give it
    /// again for more.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    sets: Vec<String>,
    /// Tables: whether the day (dmy) or the month (mdy) comes first in dates such as 05/01/2026.
    #[arg(long, value_name = "ORDER")]
    dates: Option<String>,
    /// Tables: what they are written in, such as windows-1252, shift_jis, euc-kr or gb18030, if it is neither UTF-8 nor
    /// UTF-16.
    #[arg(long, value_name = "NAME")]
    charset: Option<String>,
    /// Tables: what parts the columns, where their header does not tell: comma, semicolon, tab or pipe.
    #[arg(long, value_name = "NAME")]
    delimiter: Option<String>,
    /// Items of one request.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    chunk: u32,
    /// Print one JSON object at the end.
    #[arg(long)]
    json: bool,
}

/// What became of one file.
#[derive(Debug, Default, Serialize)]
struct Report {
    file: String,
    accepted: u64,
    /// Of the accepted ones, those that were known.
    repeated: u64,
    rejected: u64,
    rejections: Vec<Rejection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resumed_at_line: Option<u64>,
    /// What kept the rest of the file from being sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// It was the server, which would not take the next file either.
    #[serde(skip)]
    is_last: bool,
}

/// One item that was not taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Rejection {
    line: u64,
    reason: String,
}

/// Sends the files, one after the other.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let reports = all(&args, progress::folder().as_deref()).await?;
    if args.json {
        anstream::println!("{}", summary(&reports));
    }
    Ok(ExitCode::from(exit_code(&reports)))
}

/// What became of each file; `folder` is where the places are kept that broken-off runs came to.
async fn all(args: &Args, folder: Option<&Path>) -> anyhow::Result<Vec<Report>> {
    let maps = args.maps.iter().map(String::as_str);
    let mapping = Mapping::parse(maps, args.kind.as_deref(), args.dates.as_deref())
        .and_then(|mapping| mapping.with_defaults(args.sets.iter().map(String::as_str)))
        .and_then(|mapping| mapping.with_charset(args.charset.as_deref()))
        .and_then(|mapping| mapping.with_delimiter(args.delimiter.as_deref()))
        .map_err(|error| anyhow::anyhow!("--{} {}", error.field, error.message))?;
    let poster = Poster::new(&args.url, args.key.as_deref())?;
    let mut reports: Vec<Report> = Vec::new();
    for file in &args.files {
        let name = file.display().to_string();
        let report = if reports.last().is_some_and(|before| before.is_last) {
            let error = format!("{name}: was not tried, as the file before it could not be sent");
            Report { file: name, error: Some(error), is_last: true, ..Report::default() }
        } else {
            send(args, file, folder, &mapping, &poster).await.unwrap_or_else(|error| Report {
                error: Some(format!("{name}: {error:#}")),
                file: name,
                ..Report::default()
            })
        };
        if let Some(error) = &report.error {
            anstream::eprintln!("error: {error}");
        }
        reports.push(report);
    }
    Ok(reports)
}

/// The object that `--json` prints.
fn summary(reports: &[Report]) -> serde_json::Value {
    let total = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    serde_json::json!({
        "accepted": total(|report| report.accepted),
        "rejected": total(|report| report.rejected),
        "files": reports,
    })
}

fn exit_code(reports: &[Report]) -> u8 {
    if reports.iter().any(|report| report.error.is_some()) {
        2
    } else {
        u8::from(reports.iter().any(|report| report.rejected > 0))
    }
}

/// Sends one file. An error means that it could not be begun.
async fn send(
    args: &Args,
    file: &Path,
    folder: Option<&Path>,
    mapping: &Mapping,
    poster: &Poster,
) -> anyhow::Result<Report> {
    if file.is_dir() {
        anyhow::bail!("it is a folder; name the files in it, such as {}", file.join("*.ndjson").display());
    }
    items::check_charset(file, args.format, mapping).await?;
    let digest = items::digest(file, &options(args)).await?;
    let place = Place::open(folder, digest.as_deref());
    let items = Items::open(file, args.format, mapping.clone()).await?;
    let bar = Bar::new(file, items.length());
    let sending =
        Sending { args, place, bar, poster, report: Report { file: file.display().to_string(), ..Report::default() } };
    Ok(sending.all(Chunks::new(items, args.chunk, digest)).await)
}

/// What decides how a file is cut into requests, and where they go.
fn options(args: &Args) -> String {
    let Args { url, format, kind, maps, sets, dates, charset, delimiter, chunk, .. } = args;
    let url = url.trim_end_matches('/');
    format!("{url}\n{format:?}\n{kind:?}\n{maps:?}\n{sets:?}\n{dates:?}\n{charset:?}\n{delimiter:?}\n{chunk}\n")
}

/// A file on its way.
struct Sending<'a> {
    args: &'a Args,
    place: Place,
    bar: Bar,
    poster: &'a Poster,
    report: Report,
}

impl Sending<'_> {
    async fn all(mut self, chunks: Chunks) -> Report {
        let sent = self.rest(chunks).await;
        self.bar.finish();
        match sent {
            Ok(()) => {
                self.place.forget().await;
                self.say_counts();
            }
            Err(error) => self.report.error = Some(format!("{error:#}")),
        }
        self.report
    }

    /// Sends what an earlier run has not sent.
    async fn rest(&mut self, mut chunks: Chunks) -> anyhow::Result<()> {
        let done = self.place.read().await;
        self.report.accepted = done.accepted;
        self.report.repeated = done.repeated;
        self.report.rejected = done.rejected;
        self.report.rejections = done.rejections;
        while let Some(chunk) = chunks.next().await.with_context(|| self.report.file.clone())? {
            if chunk.number < done.chunks {
                continue;
            }
            if done.chunks > 0 && chunk.number == done.chunks {
                self.report.resumed_at_line = Some(chunk.first_line());
                self.bar.say(&format!("{}: resuming at line {}", self.report.file, chunk.first_line()));
            }
            self.one(chunk, chunks.position()).await?;
        }
        Ok(())
    }

    fn say_counts(&self) {
        let Report { file, accepted, repeated, rejected, .. } = &self.report;
        if !self.args.json {
            let known = match *repeated {
                0 => String::new(),
                repeated => {
                    format!(" ({repeated} of them known before; what was erased since is not taken anew within 24 h)")
                }
            };
            anstream::println!("{file}: {accepted} accepted{known}, {rejected} rejected");
            if *accepted > 0 && *rejected > 0 {
                anstream::println!(
                    "{file}: send what was rejected in a file of its own, once it is corrected; what was accepted without an \
                     `external_id` would be taken once more"
                );
            }
        }
    }

    async fn one(&mut self, chunk: Chunk, position: u64) -> anyhow::Result<()> {
        let at = format!("{} line {}", self.report.file, chunk.first_line());
        let mut rejections = chunk.rejected;
        if !chunk.lines.is_empty() {
            let posted = self.poster.post(chunk.body, &chunk.key, |why| self.bar.say(&format!("{at}: {why}"))).await;
            self.report.is_last = posted.is_err();
            let answer = posted.with_context(|| {
                format!("{at}: could not be sent; once that is mended, run the same command again to resume there")
            })?;
            let Answer { accepted, repeated, rejected, rejected_total } = answer;
            self.report.accepted += accepted;
            self.report.repeated += repeated;
            let unexplained = rejected_total.saturating_sub(rejected.len() as u64);
            self.report.rejected += unexplained;
            if unexplained > 0 && !self.args.json {
                self.bar.say(&format!(
                    "{at} and on: {rejected_total} rejected, of which the first {} are named below; a smaller --chunk names more",
                    rejected.len()
                ));
            }
            let line = |index: usize| chunk.lines.get(index).copied().unwrap_or_default();
            rejections.extend(rejected.into_iter().map(|(index, reason)| Rejection { line: line(index), reason }));
        }
        rejections.sort_by_key(|rejection| rejection.line);
        for rejection in rejections {
            self.reject(rejection);
        }
        self.bar.advance(position, self.report.accepted + self.report.rejected);
        self.keep_place(chunk.number + 1).await;
        Ok(())
    }

    /// Where this fails, the file is sent nevertheless: the place only spares a later run some of the work.
    async fn keep_place(&mut self, chunks: u64) {
        let Report { accepted, repeated, rejected, .. } = self.report;
        let rejections = std::mem::take(&mut self.report.rejections);
        let done = progress::Done { chunks, accepted, repeated, rejected, rejections };
        if let Err(error) = self.place.write(&done).await {
            self.bar.say(&format!(
                "warning: {error:#}; sending goes on, but a run that breaks off cannot be resumed where it was"
            ));
        }
        self.report.rejections = done.rejections;
    }

    fn reject(&mut self, rejection: Rejection) {
        self.report.rejected += 1;
        if !self.args.json {
            self.bar.say(&format!("{} line {}: {}", self.report.file, rejection.line, rejection.reason));
        }
        if self.report.rejections.len() < MAX_LISTED {
            self.report.rejections.push(rejection);
        }
    }
}

#[cfg(test)]
mod tests;
