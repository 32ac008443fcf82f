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
use serde::Serialize;

use crate::feedback::csv::Mapping;
use chunks::{Chunk, Chunks};
use items::{Format, Items};
use post::{Answer, Poster};
use progress::{Bar, Place};

/// Rejections that are kept for `--json`; the others are counted.
const MAX_LISTED: usize = 10_000;

#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sayso send reviews.ndjson\n  sayso send export.csv.gz --kind review --map 'Review Text:text' --map Stars:rating.value\n  gunzip -c answers.json.gz | sayso send - --url https://feedback.example.com --json\n\nIn --map, a comma parts two pairs only where a known field stands before it: 'Likely, or not:title,Why:text'.\n\nExit codes: 0 everything was accepted, 1 something was rejected, 2 something could not be sent."
)]
pub(super) struct Args {
    /// Files of JSON (.json), one object a line (.ndjson, .jsonl) or a table (.csv), also with .gz; - is standard input,
    /// and a named pipe is read like it.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where sayso listens.
    #[arg(long, value_name = "URL", env = "SAYSO_URL", default_value = "http://127.0.0.1:8080")]
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
}

/// One item that was not taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Rejection {
    line: u64,
    reason: String,
}

/// Sends the files, one after the other.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let folder = progress::folder();
    let mut reports = Vec::new();
    for file in &args.files {
        reports.push(send(&args, file, folder.as_deref()).await?);
    }
    if args.json {
        let total = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
        let summary = serde_json::json!({
            "accepted": total(|report| report.accepted),
            "rejected": total(|report| report.rejected),
            "files": reports,
        });
        anstream::println!("{summary}");
    }
    let is_whole = reports.iter().all(|report| report.rejected == 0);
    Ok(ExitCode::from(u8::from(!is_whole)))
}

/// Sends one file; `folder` is where the place is kept that a broken-off run came to.
async fn send(args: &Args, file: &Path, folder: Option<&Path>) -> anyhow::Result<Report> {
    let mapping = Mapping::parse(args.maps.iter().map(String::as_str), args.kind.as_deref())
        .map_err(|error| anyhow::anyhow!("--{} {}", error.field, error.message))?;
    let digest = items::digest(file, &options(args)).await.with_context(|| file.display().to_string())?;
    let place = Place::open(folder, digest.as_deref());
    let items = Items::open(file, args.format, mapping).await.with_context(|| file.display().to_string())?;
    let bar = Bar::new(file, items.length());
    let poster = Poster::new(&args.url, args.key.as_deref())?;
    let sending =
        Sending { args, place, bar, poster, report: Report { file: file.display().to_string(), ..Report::default() } };
    sending.all(Chunks::new(items, args.chunk, digest)).await
}

/// What decides how a file is cut into requests, and where they go.
fn options(args: &Args) -> String {
    format!("{}\n{:?}\n{:?}\n{:?}\n{}\n", args.url.trim_end_matches('/'), args.format, args.kind, args.maps, args.chunk)
}

/// A file on its way.
struct Sending<'a> {
    args: &'a Args,
    place: Place,
    bar: Bar,
    poster: Poster,
    report: Report,
}

impl Sending<'_> {
    async fn all(mut self, mut chunks: Chunks) -> anyhow::Result<Report> {
        let done = self.place.read().await;
        self.report.accepted = done.accepted;
        self.report.repeated = done.repeated;
        self.report.rejected = done.rejected;
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
        self.place.forget().await;
        let Report { file, accepted, repeated, rejected, .. } = &self.report;
        self.bar.finish();
        if !self.args.json {
            let known = if *repeated > 0 { format!(" ({repeated} of them known before)") } else { String::new() };
            anstream::println!("{file}: {accepted} accepted{known}, {rejected} rejected");
        }
        Ok(self.report)
    }

    async fn one(&mut self, chunk: Chunk, position: u64) -> anyhow::Result<()> {
        let at = format!("{} line {}", self.report.file, chunk.first_line());
        let mut rejections = chunk.rejected;
        if !chunk.lines.is_empty() {
            let posted = self.poster.post(chunk.body, &chunk.key, |why| self.bar.say(&format!("{at}: {why}"))).await;
            let answer = posted
                .with_context(|| format!("{at}: could not be sent; run the same command again to resume there"))?;
            let Answer { accepted, repeated, rejected, rejected_total } = answer;
            self.report.accepted += accepted;
            self.report.repeated += repeated;
            // What the server counts but does not explain.
            self.report.rejected += rejected_total.saturating_sub(rejected.len() as u64);
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
        let done = progress::Done { chunks, accepted, repeated, rejected };
        if let Err(error) = self.place.write(&done).await {
            self.bar.say(&format!(
                "warning: {error:#}; sending goes on, but a run that breaks off cannot be resumed where it was"
            ));
        }
    }

    fn reject(&mut self, rejection: Rejection) {
        self.report.rejected += 1;
        if !self.args.json {
            self.bar.say(&format!("{} line {}: {}", self.report.file, rejection.line, rejection.reason));
        } else if self.report.rejections.len() < MAX_LISTED {
            self.report.rejections.push(rejection);
        }
    }
}

#[cfg(test)]
mod tests;
