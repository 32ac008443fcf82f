//! `sayso backup`

use std::{path::PathBuf, process::ExitCode};

use indicatif::HumanBytes;

use super::{ConfigArgs, progress, stop};
use crate::sqlite::copy;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The file to write; one that is there already is left as it is.
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
}

const EXAMPLES: &str = "\
Examples:
  sayso backup sayso-2026-11-27.db
  sayso backup --config /etc/sayso.toml /backups/sayso-$(date +%F).db

The copy is of one moment, and whole; what happens meanwhile goes on. It holds customers' words, keys of webhooks and what \
waits to be delivered, so its owner alone can read it. `sayso restore` puts it back.";

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (store, file) = (args.config.store()?, &args.file);
    let doing = format!("copying {} to {}", store.display(), file.display());
    stop::discard_copy_on_signals(file)?;
    let bytes = progress::during(doing, || copy::backup(&store, file))?;
    anstream::println!("{}: {} of {}", file.display(), HumanBytes(bytes), store.display());
    Ok(ExitCode::SUCCESS)
}
