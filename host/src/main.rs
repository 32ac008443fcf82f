//! The `sayso` command.

use std::{backtrace::BacktraceStatus, io::Write as _, process::ExitCode, time::Duration};

use clap::Parser;
use sayso::cli::{Cli, told_once};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long what is on threads of its own may take to end: a chain that is being compiled takes longer, and nobody wants
/// it any more.
const LAST_WORK: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    tell_of_panics();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            anstream::eprintln!("error: the runtime does not start: {error}");
            return ExitCode::from(2);
        }
    };
    let code = runtime.block_on(cli.run()).unwrap_or_else(|error| {
        anstream::eprintln!("error: {}", told_once(&error));
        ExitCode::from(2)
    });
    runtime.shutdown_timeout(LAST_WORK);
    code
}

/// A full disk under standard output is no defect: `println!` panics at it, and that panic becomes an error as any other.
/// Of other panics in the threads of a server the place alone is told where the message was put together: it may quote what
/// a customer said.
fn tell_of_panics() {
    let otherwise = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        // Where standard error is what fails, there is nobody left to tell.
        if let Some(why) = text.strip_prefix("failed printing to ") {
            writeln!(std::io::stderr(), "error: cannot print to {why}; what was not printed is lost").ok();
            std::process::exit(2)
        }
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or_default();
        if thread == "main" || panic.payload().is::<&'static str>() {
            return otherwise(panic);
        }
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let trace = std::backtrace::Backtrace::capture();
        let trace = if trace.status() == BacktraceStatus::Captured { format!("\n{trace}") } else { String::new() };
        writeln!(
            std::io::stderr(),
            "thread '{thread}' panicked at {place}; its message may quote feedback, and is left out{trace}"
        )
        .ok();
    }));
}
