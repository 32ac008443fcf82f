//! `sayso plugin run`

use std::{
    io::{self, BufRead as _},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;

use super::super::output::printed;
use super::{
    project::{self, Project, parse_http},
    workbench::Workbench,
};
use crate::{
    config,
    plugins::{
        trial::{Given, Trial},
        written::{Answer, Fault},
    },
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sayso plugin run warranty.wasm < feedback.ndjson\n  sayso plugin run warranty.wasm < feedback.ndjson \\\n      --config '{\"words\": [\"repair\"]}'\n  sayso plugin run builtin:tagger < feedback.ndjson | jq -c .effects"
)]
pub(in crate::cli) struct Args {
    /// A component, the folder of a project, or builtin:NAME.
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Its configuration; config.json beside it if absent.
    #[arg(long, value_name = "JSON", value_parser = parse_config)]
    config: Option<Value>,
    /// Whom it may call, as `http` in the configuration would say; http.json beside it if absent.
    #[arg(long, value_name = "JSON", value_parser = parse_http)]
    http: Option<config::Http>,
}

/// What is printed of one line.
#[derive(Serialize)]
struct Line {
    line: u64,
    #[serde(flatten)]
    answer: Answer,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let project = Project::find(&args.path)?;
    let config = args.config.map_or_else(|| project.config(), Ok)?;
    let workbench = Workbench::open(&project.source)?;
    let http = project::http(args.http.as_ref(), &project, Some(workbench.inspection()))?;
    let mut trial = Trial::new(workbench.load(&config, http.as_ref())?);
    let mut bad = 0u64;
    for (line, text) in (1..).zip(io::stdin().lock().split(b'\n')) {
        let text = text.context("standard input")?;
        if text.trim_ascii().is_empty() {
            continue;
        }
        match Given::read(&text) {
            Ok(given) => {
                let answer = trial.answers(&[&given]).remove(0);
                bad += u64::from(matches!(answer, Answer::Fault(Fault::Failed(_))));
                let told = serde_json::to_string(&Line { line, answer })?;
                if !printed(&told)? {
                    return Ok(ExitCode::SUCCESS);
                }
            }
            Err(problem) => {
                bad += 1;
                anstream::eprintln!("line {line}: {problem}");
            }
        }
    }
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the configuration on a command line.
pub(super) fn parse_config(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}; quote it, as in '{{\"words\": []}}'"))
}
