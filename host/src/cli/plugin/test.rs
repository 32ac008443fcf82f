//! `sayso plugin test`

use std::{fs, path::PathBuf, process::ExitCode};

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use serde_json::{Value, json};
use similar::TextDiff;

use super::{
    cases::{self, Case},
    project::Project,
    workbench::Workbench,
};
use crate::plugins::{
    trial::{Given, Trial},
    written::Answer,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A case is a folder in cases/: input.json, one feedback as it is posted, or {\"feedback\": …, \"effects\": […], \"history\": {…}} with what earlier plugins said, and what the grant history tells; expected.json, the effects or the fault; config.json, if it is not that of the project; and for a plugin with the grant http answers.json, [{\"request\": {\"method\": …, \"url\": …}, \"response\": {\"body\": …}}]: no case calls anybody.\n\nExamples:\n  sayso plugin test\n  sayso plugin test --bless && git diff cases\n  sayso plugin test examples/plugins/warranty --json"
)]
pub(in crate::cli) struct Args {
    /// Folder of the project, which is built where it has changed, or a component beside its cases.
    #[arg(value_name = "DIR|FILE", default_value = ".")]
    path: PathBuf,
    /// Write what is answered now into expected.json.
    #[arg(long)]
    bless: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// How a case came out.
enum Finding {
    Ok,
    Blessed,
    /// The difference, as a unified diff.
    Differs(String),
    /// It could not be run.
    Broken(String),
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let project = Project::find(&args.path)?;
    let workbench = Workbench::open(&project.source)?;
    let findings = find(&cases::read(&project)?, &workbench, args.bless);
    let bad = findings.iter().filter(|(_, finding)| !matches!(finding, Finding::Ok | Finding::Blessed)).count();
    if args.json {
        let told: Vec<_> = findings.iter().map(|(name, finding)| finding.as_json(name)).collect();
        anstream::println!("{}", json!({"ok": bad == 0, "cases": told}));
    } else {
        findings.iter().for_each(|(name, finding)| finding.show(name));
        anstream::println!("{} cases: {} ok, {bad} failed", findings.len(), findings.len() - bad);
    }
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A configuration, and the plugin that was loaded with it.
type Loaded = (Value, Result<Trial, String>);

/// Runs every case by itself in a fresh instance, and then all of one configuration in one batch.
fn find(cases: &[(String, anyhow::Result<Case>)], workbench: &Workbench, bless: bool) -> Vec<(String, Finding)> {
    let mut loaded: Vec<Loaded> = Vec::new();
    let mut findings = Vec::new();
    for (name, case) in cases {
        let finding = match case {
            Err(problem) => Finding::Broken(format!("{problem:#}")),
            Ok(case) => match trial(&mut loaded, &case.config, workbench) {
                Err(reason) => Finding::Broken(reason.clone()),
                Ok(trial) => judge(case, trial, bless),
            },
        };
        findings.push((name.clone(), finding));
    }
    for (config, trial) in &mut loaded {
        if let Ok(trial) = trial {
            let read = cases.iter().filter_map(|(_, case)| case.as_ref().ok());
            let same: Vec<_> = read.filter(|case| case.config == *config).collect();
            hold_together(&same, trial, &mut findings);
        }
    }
    findings
}

/// The plugin with this configuration, loaded for the first case that has it.
fn trial<'a>(loaded: &'a mut Vec<Loaded>, config: &Value, workbench: &Workbench) -> &'a mut Result<Trial, String> {
    let place = loaded.iter().position(|(known, _)| known == config).unwrap_or_else(|| {
        let trial = workbench.load(config, None).map(Trial::new).map_err(|error| format!("{error:#}"));
        loaded.push((config.clone(), trial));
        loaded.len() - 1
    });
    &mut loaded[place].1
}

fn judge(case: &Case, trial: &mut Trial, bless: bool) -> Finding {
    if let Err(problem) = trial.answer_from([&*case.dir]) {
        return Finding::Broken(problem);
    }
    let answer = alone(trial, &case.given);
    if matches!(&case.expected, Ok(Some(expected)) if *expected == answer) {
        return Finding::Ok;
    }
    if bless {
        let written = fs::write(&case.file, pretty(&answer)).with_context(|| case.file.display().to_string());
        return written.map_or_else(|error| Finding::Broken(format!("{error:#}")), |()| Finding::Blessed);
    }
    match &case.expected {
        Ok(Some(expected)) => Finding::Differs(diff("expected", &pretty(expected), "answered", &pretty(&answer))),
        Err(problem) => Finding::Broken(format!("{problem:#}")),
        Ok(None) => Finding::Broken(format!("there is no {}; `--bless` writes it", case.file.display())),
    }
}

fn alone(trial: &mut Trial, given: &Given) -> Answer {
    trial.restart();
    trial.answers(&[given]).remove(0)
}

/// A plugin that keeps state, or mixes up its batch, answers otherwise among others than alone: that is found here, and
/// not in production.
fn hold_together(cases: &[&Case], trial: &mut Trial, findings: &mut [(String, Finding)]) {
    // What is at fault in an answer is found already.
    if trial.answer_from(cases.iter().map(|case| &*case.dir)).is_err() {
        return;
    }
    let givens: Vec<_> = cases.iter().map(|case| &case.given).collect();
    let together = trial.answers(&givens);
    for (case, answer) in cases.iter().zip(together) {
        let expected = alone(trial, &case.given);
        let finding = findings.iter_mut().find(|(name, _)| *name == case.name);
        if let Some((_, finding @ (Finding::Ok | Finding::Blessed))) = finding
            && answer != expected
        {
            *finding = Finding::Differs(format!(
                "it answers otherwise in a batch with the other cases than alone; a plugin keeps no state that a result depends on\n{}",
                diff("alone", &pretty(&expected), "in a batch", &pretty(&answer))
            ));
        }
    }
}

/// An answer as it is kept: JSON for people to read.
fn pretty(answer: &Answer) -> String {
    let text = serde_json::to_string_pretty(answer).unwrap_or_else(|error| format!("no JSON: {error}"));
    text + "\n"
}

fn diff(old_name: &str, old: &str, new_name: &str, new: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().context_radius(4).header(old_name, new_name).to_string()
}

impl Finding {
    const fn status(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Blessed => "blessed",
            Self::Differs(_) => "differs",
            Self::Broken(_) => "broken",
        }
    }

    fn as_json(&self, name: &str) -> Value {
        let mut told = json!({"name": name, "status": self.status()});
        match self {
            Self::Differs(diff) => told["diff"] = json!(diff),
            Self::Broken(reason) => told["reason"] = json!(reason),
            Self::Ok | Self::Blessed => {}
        }
        told
    }

    fn show(&self, name: &str) {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        let style = color(if matches!(self, Self::Ok | Self::Blessed) { AnsiColor::Green } else { AnsiColor::Red });
        anstream::println!("{style}{:<8}{style:#} {name}", self.status());
        match self {
            Self::Differs(diff) => {
                for line in diff.lines() {
                    let style = match line.as_bytes().first() {
                        Some(b'-') => color(AnsiColor::Red),
                        Some(b'+') => color(AnsiColor::Green),
                        _ => Style::new(),
                    };
                    anstream::println!("    {style}{line}{style:#}");
                }
            }
            Self::Broken(reason) => anstream::println!("    {reason}"),
            Self::Ok | Self::Blessed => {}
        }
    }
}
