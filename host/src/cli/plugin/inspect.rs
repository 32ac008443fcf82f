//! `sayso plugin inspect`

use std::{path::PathBuf, process::ExitCode};

use serde_json::json;

use super::{project::Project, workbench::Workbench};
use crate::{
    config::Grant,
    plugins::inspect::{Described, Inspection},
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sayso plugin inspect warranty.wasm\n  sayso plugin inspect builtin:tagger --json | jq .schema"
)]
pub(in crate::cli) struct Args {
    /// A component, the folder of a project, or builtin:NAME.
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let project = Project::find(&args.path)?;
    let workbench = Workbench::open(&project.source)?;
    let inspection = workbench.inspection();
    if args.json {
        anstream::println!("{}", as_json(inspection));
    } else {
        show(inspection);
    }
    Ok(if inspection.description.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_json(inspection: &Inspection) -> serde_json::Value {
    let grants: Vec<_> = inspection.grants.iter().map(|grant| grant.as_str()).collect();
    let mut told = json!({
        "digest": inspection.digest, "bytes": inspection.bytes, "contract": inspection.contract,
        "imports": inspection.imports, "grants": grants,
    });
    match &inspection.description {
        Ok(Described { name, version, summary, reads, schema }) => {
            told["name"] = json!(name);
            told["version"] = json!(version);
            told["summary"] = json!(summary);
            told["reads"] = json!(reads);
            told["schema"] = schema.clone();
        }
        Err(reason) => told["problem"] = json!(reason),
    }
    told
}

fn show(inspection: &Inspection) {
    if let Ok(Described { name, version, summary, .. }) = &inspection.description {
        anstream::println!("name      {name} {version}");
        anstream::println!("summary   {summary}");
    }
    anstream::println!("digest    {}", inspection.digest);
    anstream::println!("size      {}", size(inspection.bytes));
    let contract =
        inspection.contract.as_ref().map_or_else(|| "none".into(), |version| format!("sayso:plugin {version}"));
    anstream::println!("contract  {contract}");
    anstream::println!("imports   {}", list(&inspection.imports));
    anstream::println!("grants    {}", grants(inspection));
    match &inspection.description {
        Ok(Described { reads, schema, .. }) => {
            anstream::println!("reads     kind, language, rating, title, text{}", more(reads));
            anstream::println!("schema    {}", format!("{schema:#}").replace('\n', "\n          "));
        }
        Err(reason) => anstream::println!("problem   {reason}"),
    }
}

fn more(reads: &[&str]) -> String {
    reads.iter().map(|name| format!(", {name}")).collect()
}

/// The imports in one line.
pub(super) fn list(imports: &[String]) -> String {
    if imports.is_empty() { "none".into() } else { imports.join(", ") }
}

/// The grants as they are written in the configuration.
pub(super) fn grants(inspection: &Inspection) -> String {
    let names: Vec<_> = inspection.grants.iter().map(|grant| format!("\"{}\"", grant.as_str())).collect();
    let hosts = match inspection.grants.contains(&Grant::Http) {
        true => ", and whom it may call: http = { hosts = [\"api.example.com\"] }",
        false => "",
    };
    if names.is_empty() { "none needed".into() } else { format!("grants = [{}]{hosts}", names.join(", ")) }
}

/// A size for people to read.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal place")]
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_the_unit_that_fits_it() {
        assert_eq!([size(12), size(2048), size(3 << 20)], ["12 bytes", "2.0 KiB", "3.0 MiB"]);
    }
}
