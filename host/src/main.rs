//! The `sayso` command.

use std::process::ExitCode;

use clap::Parser;
use sayso::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("error: the runtime does not start: {error}");
            return ExitCode::from(2);
        }
    };
    runtime.block_on(cli.run()).unwrap_or_else(|error| {
        anstream::eprintln!("error: {}", told_once(&error));
        ExitCode::from(2)
    })
}

/// The error with its causes, without those that its text names already.
fn told_once(error: &anyhow::Error) -> String {
    error
        .chain()
        .skip(1)
        .map(ToString::to_string)
        .fold(error.to_string(), |text, cause| if text.contains(&cause) { text } else { format!("{text}: {cause}") })
}
