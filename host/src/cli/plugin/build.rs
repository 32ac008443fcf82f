//! `sayso plugin build`

use std::{path::PathBuf, process::ExitCode, time::Instant};

use super::{inspect, project, workbench::Workbench};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sayso plugin build\n  sayso plugin build examples/plugins/warranty")]
pub(in crate::cli) struct Args {
    /// Folder of the project.
    #[arg(default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let component = project::build(&args.dir)?;
    let component = component.strip_prefix(".").unwrap_or(&component).to_string_lossy();
    let workbench = Workbench::open(&component)?;
    let seconds = started.elapsed().as_secs_f64();
    let inspection = workbench.inspection();
    anstream::println!("{component}: {}, built in {seconds:.1} s", inspect::size(inspection.bytes));
    anstream::println!("imports  {}", inspect::list(&inspection.imports));
    anstream::println!("grants   {}", inspect::grants(inspection));
    if let Err(reason) = &inspection.description {
        anyhow::bail!("{component} does not start: {reason}");
    }
    Ok(ExitCode::SUCCESS)
}
