//! `sayso plugin`: for those who write plugins. One file a command; what is particular to a programming language is behind
//! [`languages::Language`].

mod bench;
mod build;
mod cases;
mod inspect;
mod languages;
mod new;
mod project;
mod pull;
mod push;
mod run;
mod sign;
mod stale;
mod test;
mod transfer;
mod workbench;

use std::process::ExitCode;

use crate::telemetry;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make the project of a new plugin: complete in itself, with a golden case and a sample.
    New(new::Args),
    /// Compile a project, and make the component.
    Build(build::Args),
    /// Run the golden cases of a plugin in the sandbox of production. Exit code 1 where one differs.
    Test(test::Args),
    /// Measure a plugin, beside an empty one.
    Bench(bench::Args),
    /// Show what a component says of itself, what it imports, and what it has to be granted. Exit code 1 where it is no
    /// plugin or does not start, and 2 where there is no component to look at.
    Inspect(inspect::Args),
    /// Run a plugin over feedback from standard input, one JSON object a line. Exit code 1 where a line is bad, or the
    /// plugin failed on one.
    Run(run::Args),
    /// Put a plugin into an OCI registry, with its signature if there is one beside it.
    Push(push::Args),
    /// Get a plugin from an OCI registry, and print the lines of configuration that pin it.
    Pull(pull::Args),
    /// Sign a plugin: writes FILE.sig.
    Sign(sign::Args),
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    telemetry::start_logs_for_people();
    match command {
        Command::New(args) => new::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Run(args) => run::run(args),
        Command::Push(args) => push::run(&args).await,
        Command::Pull(args) => pull::run(&args).await,
        Command::Sign(args) => sign::run(&args),
    }
}
