//! `sayso backtest`

mod progress;

use std::{
    fs::{OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
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
    feedback::{Kind, Language},
    plugins::{Chain, grants::HistorySource},
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
Runs the feedback on record through the candidate chain, and compares what comes out with the live chain: the analyses \
on record where it made them, else a run of it. Both see the feedback as it was redacted. Works beside a running server, \
and changes nothing there.

Examples:
  sayso backtest --chain new.toml
  sayso backtest --chain new.toml --since 7d --html report.html \\
      --filter kind=review --filter 'tag=delivery/*'
  sayso backtest --chain new.toml --limit 10000 --json |
      jq '.routes[] | {name, gained, lost}'";

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if std::env::var_os("SAYSO_LOG").is_some() {
        telemetry::start_logs_for_people();
    }
    let filter = args.filter()?;
    let (config, base) = args.config.load()?;
    let candidate = config::load_chain(&args.chain)?;
    let store = config.data.store();
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
    if report.items == 0 {
        let on_record = Archive::open(&store, Filter::default(), usize::MAX)?.count()?;
        anstream::eprintln!("{}", args.why_nothing(found, on_record));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes what quotes customers, so that nobody else on the machine can read it.
fn write_private(file: &Path, content: &str) -> io::Result<()> {
    let mut opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    // The mode above is that of a new file; an earlier report may be there. A terminal or a pipe stays as it is.
    if opened.metadata()?.is_file() {
        opened.set_permissions(Permissions::from_mode(0o600))?;
    }
    opened.write_all(content.as_bytes())
}

/// Loads a chain into an engine of its own, so that the two do not share one pool of instances.
fn load(config: &Config, plugins: &[config::Plugin], base: &Path) -> anyhow::Result<Arc<Chain>> {
    let plugins = comparable(plugins);
    let config = Config { plugins, ..config.clone() };
    let engine = app::engine(&config)?;
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
    /// Why nothing was compared, of what is on record.
    fn why_nothing(&self, found: usize, on_record: usize) -> String {
        if found > 0 {
            return format!("nothing was compared: none of the {found} pieces of feedback that fit can be read");
        }
        let bounds = [("--since", self.since), ("--until", self.until)];
        let mut asked: Vec<_> =
            bounds.iter().filter_map(|(name, time)| time.map(|time| format!("{name} {time}"))).collect();
        asked.extend(self.filter.iter().map(|pair| format!("--filter {pair}")));
        asked.extend(self.limit.map(|limit| format!("--limit {limit}")));
        if on_record == 0 || asked.is_empty() {
            return "nothing was compared: there is no feedback on record".into();
        }
        format!(
            "nothing on record fits {}, so nothing was compared; take back some of it: {on_record} pieces of feedback are on record",
            asked.join(" ")
        )
    }

    fn filter(&self) -> anyhow::Result<Filter> {
        let mut filter = Filter { since: self.since, until: self.until, ..Filter::default() };
        for pair in &self.filter {
            let (key, value) = pair.split_once('=').with_context(|| {
                format!("--filter {pair}: write KEY=VALUE, for example kind=review; the keys are {KEYS}")
            })?;
            if value.trim().is_empty() {
                bail!("--filter {pair}: names nothing; leave it out to take all");
            }
            if self.filter.iter().filter(|other| other.split_once('=').is_some_and(|(other, _)| other == key)).count()
                > 1
            {
                bail!(
                    "--filter {pair}: `{key}` is given twice; all filters have to fit, and each key may be given once"
                );
            }
            let text = Some(value.to_owned());
            match key {
                "kind" => filter.kind = Some(kind(value)?),
                "q" => filter.q = text,
                "tag" => filter.tag = text,
                "intent" => filter.intent = text,
                "route" => filter.route = text,
                "label" => filter.label = text,
                "language" => filter.language = Some(Language::code_of(value)),
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
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    fn args(more: &[&str]) -> Args {
        let words = [&["sayso", "backtest", "--chain", "new.toml"], more].concat();
        match Cli::try_parse_from(words).expect("parses").command {
            Command::Backtest(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn why_nothing_was_compared_names_what_was_asked_and_what_is_there() {
        let asked = args(&["--since", "2026-05-01", "--until", "2026-05-02", "--filter", "tag=hto"]);
        let said = asked.why_nothing(0, 15);
        assert!(said.contains("--since 2026-05-01T00:00:00Z --until 2026-05-02T00:00:00Z --filter tag=hto"), "{said}");
        assert!(said.contains("nothing on record fits") && said.contains("15 pieces of feedback"), "{said}");
        assert!(args(&[]).why_nothing(0, 0).contains("there is no feedback on record"));
        assert!(args(&[]).why_nothing(3, 3).contains("none of the 3 pieces of feedback that fit can be read"));
    }

    #[test]
    fn filters_are_given_once_each_and_name_something() {
        let filter = |more: &[&str]| args(more).filter().map_err(|error| error.to_string());
        let found = filter(&["--filter", "language=en-US", "--filter", "tag=returns/*"]).expect("is one");
        assert_eq!((found.language.as_deref(), found.tag.as_deref()), (Some("en"), Some("returns/*")));
        let twice = filter(&["--filter", "tag=a", "--filter", "tag=b"]).expect_err("one would win");
        assert!(twice.contains("`tag` is given twice"), "{twice}");
        assert!(filter(&["--filter", "customer="]).expect_err("names nobody").contains("names nothing"));
    }

    #[test]
    fn a_report_is_for_its_owner_alone_over_an_earlier_one_too() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("report.html");
        std::fs::write(&file, "an earlier and longer one").expect("written");
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("set");
        write_private(&file, "words").expect("written");
        assert_eq!(std::fs::read_to_string(&file).expect("read"), "words");
        assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_time_a_date_and_a_time_ago_are_understood() {
        assert_eq!(when("2026-05-01").expect("a date"), when("2026-05-01T00:00:00Z").expect("a time"));
        let week_ago = when("7d").expect("so long ago");
        let ago = Timestamp::now().duration_since(week_ago).as_secs();
        assert!((604_800..604_860).contains(&ago), "{ago}");
        assert!(when("yesterday").expect_err("refused").contains("7d"));
    }
}
