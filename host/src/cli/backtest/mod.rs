//! `sayso backtest`

mod progress;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::value::{Error as WordError, StrDeserializer};

use super::ConfigArgs;
use crate::{
    app,
    backtest::{Backtest, comparable},
    config::{self, Config, parse_duration},
    feedback::Kind,
    plugins::{Chain, Engine, grants::HistorySource},
    records::{
        Filter, parse_time,
        sqlite::{Archive, ArchivedHistory},
    },
    telemetry,
};
use progress::Progress;

/// What `--filter` knows.
const KEYS: &str = "q, kind, tag, intent, route, label, language, customer";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// File whose `[[plugin]]` tables are the candidate chain, as in sayso.toml; their paths are relative to it.
    #[arg(long, value_name = "FILE")]
    chain: PathBuf,
    /// Only feedback accepted at or after this time or date, or within this time from now: 2026-05-01, 7d, 12h.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<Timestamp>,
    /// Only feedback accepted before this time or date, or longer ago than this.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<Timestamp>,
    /// Only feedback whose record has this; may be given several times. The keys: q (words of text or title), kind, tag,
    /// intent, route, label, language, customer.
    #[arg(long, value_name = "KEY=VALUE")]
    filter: Vec<String>,
    /// The newest so many only.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Let plugins with the grant `http` call their hosts. What they say then may be otherwise another time.
    #[arg(long)]
    allow_http: bool,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
    /// Write the report as an HTML file, too.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Runs the feedback on record through the candidate chain, and compares what comes out with the live chain: the analyses
on record where it made them, else a run of it. Both see the feedback as it was redacted. Works beside a running server,
and changes nothing there.

Examples:
  sayso backtest --chain new.toml
  sayso backtest --chain new.toml --since 7d --filter kind=review --filter tag=delivery/* --html report.html
  sayso backtest --chain new.toml --limit 10000 --json | jq '.routes[] | {name, gained, lost}'";

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if std::env::var_os("SAYSO_LOG").is_some() {
        telemetry::start_logs_for_people();
    }
    let filter = args.filter()?;
    let (config, base) = args.config.load()?;
    let candidate = config::load_chain(&args.chain)?;
    let store = config.data.dir.join("sayso.db");
    if !store.is_file() {
        bail!("{}: there are no records; name the folder of the data with --data", store.display());
    }
    let archive = Archive::open(&store, filter, args.limit.unwrap_or(usize::MAX))?;
    let history: Arc<dyn HistorySource> = Arc::new(ArchivedHistory::open(&store)?);
    let live = load(&config, &config.plugins, &base).context("the live chain")?;
    let beside = args.chain.parent().unwrap_or(Path::new(""));
    let candidate = load(&config, &candidate, beside).with_context(|| args.chain.display().to_string())?;
    if !args.allow_http {
        refuse_requests(&live, &candidate)?;
    }
    let found = archive.count()?;
    let progress = Progress::new(found);
    let backtest = Backtest { live, candidate, archive };
    let report = backtest.run(&history, &|items| progress.advance(items))?;
    progress.finish();
    if let Some(file) = &args.html {
        write_private(file, &report.to_html()).with_context(|| format!("{} cannot be written", file.display()))?;
        anstream::eprintln!("wrote {}", file.display());
    }
    if args.json {
        anstream::println!("{}", serde_json::to_string(&report)?);
    } else {
        anstream::print!("{report}");
    }
    if found == 0 {
        anstream::eprintln!(
            "nothing on record fits, so nothing was compared; take back some of --since, --until and --filter"
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes what quotes customers, so that nobody else on the machine can read it.
fn write_private(file: &Path, content: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(content.as_bytes())
}

/// Loads a chain into an engine of its own, so that the two do not share one pool of instances.
fn load(config: &Config, plugins: &[config::Plugin], base: &Path) -> anyhow::Result<Arc<Chain>> {
    let plugins = comparable(plugins);
    let engine = Engine::new().map_err(app::AppError::Engine)?;
    let config = Config { plugins, ..config.clone() };
    let loader = app::loader(&engine, &config, base)?;
    Ok(Arc::new(Chain::load(&loader, &config.plugins)?))
}

/// A chain that asks others says something else another time, and each of its requests may cost.
fn refuse_requests(live: &Chain, candidate: &Chain) -> anyhow::Result<()> {
    for (name, chain) in [("candidate", candidate), ("live", live)] {
        let calling = chain.unrepeatable();
        if !calling.is_empty() {
            bail!(
                "the {name} chain would call other services for every feedback (grant http of {}), and its results could not be repeated; give --allow-http if that is meant",
                calling.join(", ")
            );
        }
    }
    Ok(())
}

impl Args {
    fn filter(&self) -> anyhow::Result<Filter> {
        let mut filter = Filter { since: self.since, until: self.until, ..Filter::default() };
        for pair in &self.filter {
            let (key, value) = pair.split_once('=').with_context(|| {
                format!("--filter {pair}: write KEY=VALUE, for example kind=review; the keys are {KEYS}")
            })?;
            let text = Some(value.to_owned());
            match key {
                "kind" => filter.kind = Some(kind(value)?),
                "q" => filter.q = text,
                "tag" => filter.tag = text,
                "intent" => filter.intent = text,
                "route" => filter.route = text,
                "label" => filter.label = text,
                "language" => filter.language = text,
                "customer" => filter.customer = text,
                _ => bail!("--filter {pair}: `{key}` is no key; the keys are {KEYS}"),
            }
        }
        Ok(filter)
    }
}

fn kind(word: &str) -> anyhow::Result<Kind> {
    Kind::deserialize(StrDeserializer::<WordError>::new(word)).with_context(|| format!("--filter kind={word}"))
}

/// A time, a date, or so long ago.
pub(super) fn when(text: &str) -> Result<Timestamp, String> {
    if let Some(time) = parse_time(text) {
        return Ok(time);
    }
    let ago = parse_duration(text).map_err(|_| {
        format!("`{text}` is neither a time (2026-05-01T08:00:00Z), nor a date (2026-05-01), nor so long ago (7d, 12h)")
    })?;
    Timestamp::now().checked_sub(ago).map_err(|error| format!("`{text}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_a_date_and_a_time_ago_are_understood() {
        assert_eq!(when("2026-05-01").expect("a date"), when("2026-05-01T00:00:00Z").expect("a time"));
        let week_ago = when("7d").expect("so long ago");
        let ago = Timestamp::now().duration_since(week_ago).as_secs();
        assert!((604_800..604_860).contains(&ago), "{ago}");
        assert!(when("yesterday").expect_err("refused").contains("7d"));
    }
}
