//! `sayso plugin`, one file a verb.

mod pull;
mod push;
mod sign;

use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Put a plugin into an OCI registry, with the signature beside it if there is one.
    Push(push::Args),
    /// Get a plugin from an OCI registry.
    Pull(pull::Args),
    /// Sign a plugin: writes FILE.sig.
    Sign(sign::Args),
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Push(args) => push::run(args).await,
        Command::Pull(args) => pull::run(args).await,
        Command::Sign(args) => sign::run(args),
    }
}
