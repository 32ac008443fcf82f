//! `sayso restore`

use std::{path::PathBuf, process::ExitCode};

use super::{ConfigArgs, progress, stop};
use crate::sqlite::copy;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The copy, as `sayso backup` made it; it is checked, and stays as it is.
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
}

const EXAMPLES: &str = "\
Examples:
  sayso restore sayso-2026-11-27.db
  sayso restore --data /var/lib/sayso /backups/sayso-2026-11-27.db

The store that was there is kept under another name. What came in since the copy is in that one alone; what was erased \
since is there again, and has to be erased again; what was delivered since is delivered once more, under the same ids.";

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (store, file) = (args.config.store()?, &args.file);
    let doing = format!("checking {} and copying it to {}", file.display(), store.display());
    stop::discard_copy_on_signals(&store)?;
    let kept = progress::during(doing, || copy::restore(file, &store))?;
    anstream::println!("{} is as {} was", store.display(), file.display());
    if let Some(kept) = kept {
        anstream::println!("the store that was there is {}; remove it once nothing in it is needed", kept.display());
    }
    Ok(ExitCode::SUCCESS)
}
