//! `sayso plugin bench`

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::{
    cases, inspect,
    project::{self, Project, parse_http},
    run::parse_config,
    workbench::Workbench,
};
use crate::{
    cli::progress,
    config,
    plugins::{
        trial::{Cost, Given, Trial},
        written::{Answer, Fault},
    },
};

/// What the others are measured against.
const EMPTY: &str = "builtin:empty";
/// Items of one call, as in production.
const BATCH: usize = 64;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sayso plugin bench\n  sayso plugin bench warranty.wasm --input feedback.ndjson --seconds 5\n  sayso plugin bench builtin:sentiment --input reviews.ndjson --json"
)]
pub(in crate::cli) struct Args {
    /// Folder of the project, which is built where it has changed, a component, or builtin:NAME.
    #[arg(value_name = "DIR|FILE", default_value = ".")]
    path: PathBuf,
    /// Feedback to measure with, one JSON object a line; feedback.ndjson beside the plugin, or its golden cases, if absent.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Its configuration; config.json beside it if absent.
    #[arg(long, value_name = "JSON", value_parser = parse_config)]
    config: Option<Value>,
    /// Whom it may call, as `http` in the configuration would say; http.json beside it if absent.
    #[arg(long, value_name = "JSON", value_parser = parse_http)]
    http: Option<config::Http>,
    /// How long each of the two is measured, in seconds.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// The figures of one plugin.
struct Figures {
    name: String,
    cost: Cost,
    start: Duration,
    /// Loading with nothing in the cache: reading, compiling, configuring.
    first_load: Duration,
    /// Loading what is compiled already.
    later_load: Duration,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let project = Project::find(&args.path)?;
    check_is_there(&project.source)?;
    let config = args.config.clone().map_or_else(|| project.config(), Ok)?;
    let given = input(args, &project)?;
    let time = Duration::from_secs(args.seconds);
    let http = project::http(args.http.as_ref(), &project, None)?;
    let empty = measure(EMPTY, "empty", (&json!({}), None), &given, time)?;
    let own = measure(&project.source, project.name(), (&config, http.as_ref()), &given, time)?;
    if args.json {
        let told = json!({
            "batch": BATCH, "inputs": given.len(), "optimised": !cfg!(debug_assertions),
            "plugin": own.as_json(), "empty": empty.as_json(),
        });
        anstream::println!("{told}");
    } else {
        show(&own, &empty, given.len());
    }
    Ok(ExitCode::SUCCESS)
}

/// An absent component is told before what is absent beside it.
fn check_is_there(source: &str) -> anyhow::Result<()> {
    if !source.contains(':') {
        fs::metadata(source).with_context(|| format!("cannot read {source}"))?;
    }
    Ok(())
}

/// The feedback to measure with.
fn input(args: &Args, project: &Project) -> anyhow::Result<Vec<Given>> {
    let beside = project.dir.join("feedback.ndjson");
    let given = match &args.input {
        Some(file) => lines(file)?,
        None if beside.exists() => lines(&beside)?,
        None => {
            let cases = cases::read(project).context("there is no feedback to measure with; give --input FILE")?;
            cases.into_iter().map(|(_, case)| case.map(|case| case.given)).collect::<Result<_, _>>()?
        }
    };
    if given.is_empty() {
        bail!("there is no feedback to measure with; give --input FILE with one JSON object a line");
    }
    Ok(given)
}

fn lines(file: &Path) -> anyhow::Result<Vec<Given>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(index, line): (usize, &str)| {
        Given::read(line.as_bytes())
            .map_err(|problem| anyhow::anyhow!("{} line {}: {problem}", file.display(), index + 1))
    };
    lines.map(read).collect()
}

fn measure(
    source: &str,
    name: &str,
    (config, http): (&Value, Option<&config::Http>),
    given: &[Given],
    time: Duration,
) -> anyhow::Result<Figures> {
    let cache = EmptyCache::new()?;
    let load = || -> anyhow::Result<_> {
        let started = Instant::now();
        let plugin = Workbench::with_cache(source, &cache.0)?.load(config, http)?;
        Ok((plugin, started.elapsed()))
    };
    let (_, first_load) = load()?;
    let (plugin, later_load) = load()?;
    let mut trial = Trial::new(plugin);
    let start = trial.start_time().map_err(|reason| anyhow::anyhow!("plugin `{name}` {reason}"))?;
    let cost = progress::during(format!("measuring {name}"), || {
        check_is_in_time(&mut trial, given).map(|()| trial.cost(given, BATCH, time))
    })?;
    Ok(Figures { name: name.to_owned(), cost, start, first_load, later_load })
}

/// A plugin that runs into its deadline is not measured: of each batch every item would wait for it.
fn check_is_in_time(trial: &mut Trial, given: &[Given]) -> anyhow::Result<()> {
    let deadline = Duration::from_millis(config::Limits::default().deadline_ms);
    for (number, one) in (1..).zip(given.iter().take(BATCH)) {
        let started = Instant::now();
        if let Answer::Fault(Fault::Failed(reason)) = trial.answers(&[one]).remove(0)
            && started.elapsed() >= deadline
        {
            bail!("feedback {number} of the input cannot be measured: the plugin {reason}");
        }
    }
    Ok(())
}

/// A folder for compiled plugins that is gone when it is dropped.
struct EmptyCache(PathBuf);

impl EmptyCache {
    fn new() -> anyhow::Result<Self> {
        let unique = format!("sayso-bench-{}", uuid::Uuid::now_v7().simple());
        let outer = std::env::temp_dir().join(unique);
        fs::create_dir(&outer).with_context(|| outer.display().to_string())?;
        Ok(Self(outer.join("cache")))
    }
}

impl Drop for EmptyCache {
    fn drop(&mut self) {
        if let Some(outer) = self.0.parent() {
            drop(fs::remove_dir_all(outer));
        }
    }
}

impl Figures {
    fn items_per_second(&self) -> f64 {
        1.0 / self.cost.each.as_secs_f64().max(1e-9)
    }

    fn as_json(&self) -> Value {
        json!({
            "name": self.name,
            "items_per_second": self.items_per_second().round(),
            "ns_per_item": self.cost.each.as_nanos() as u64,
            "batches": self.cost.batches,
            "faults_in_batch": self.cost.faults,
            "memory_bytes": self.cost.memory_bytes,
            "start_us": self.start.as_micros() as u64,
            "first_load_ms": self.first_load.as_secs_f64() * 1e3,
            "later_load_ms": self.later_load.as_secs_f64() * 1e3,
        })
    }
}

fn show(own: &Figures, empty: &Figures, inputs: usize) {
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    let us = |time: Duration| format!("{:.0} µs", time.as_secs_f64() * 1e6);
    let row = |what: &str, figure: &dyn Fn(&Figures) -> String| {
        anstream::println!("{what:<24} {:>14} {:>14}", figure(own), figure(empty));
    };
    row("", &|one| one.name.clone());
    row("items per second", &|one| format!("{:.0}", one.items_per_second()));
    row("time per item", &|one| format!("{} ns", one.cost.each.as_nanos()));
    row("memory of an instance", &|one| inspect::size(one.cost.memory_bytes));
    row("start of an instance", &|one| us(one.start));
    row("first load, compiled", &|one| ms(one.first_load));
    row("later loads, cached", &|one| ms(one.later_load));
    anstream::println!(
        "\nOn one core, in batches of {BATCH} made of {inputs} feedback; the median of {} batches, and of {} for the empty plugin.",
        own.cost.batches,
        empty.cost.batches
    );
    if own.cost.faults > 0 {
        anstream::println!(
            "{} of the {BATCH} items of a batch had a fault: `sayso plugin run` shows them.",
            own.cost.faults
        );
    }
    if cfg!(debug_assertions) {
        anstream::println!(
            "This sayso is built without optimisation: the time around the plugin is not that of production."
        );
    }
}
