//! The `sayso` command.

use std::{io::Write as _, process::ExitCode};

use clap::Parser;
use sayso::cli::{Cli, told_once};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    end_plainly_where_nothing_can_be_printed();
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

/// A full disk under standard output is no defect: `println!` panics at it, and that panic becomes an error as any other.
fn end_plainly_where_nothing_can_be_printed() {
    let otherwise = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        let Some(why) = text.strip_prefix("failed printing to ") else { return otherwise(panic) };
        // Where standard error is what fails, there is nobody left to tell.
        writeln!(std::io::stderr(), "error: cannot print to {why}; what was not printed is lost").ok();
        std::process::exit(2)
    }));
}
