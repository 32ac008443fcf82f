//! The figures of sayso. Machines are shared and noisy, so each is a ratio to something plain that runs in turn with it
//! in the same run, and the median of several rounds.
//!
//! ```text
//! cargo run --release --package sayso-bench             all of them
//! cargo run --release --package sayso-bench -- chain    one of them
//! ```

mod backtest;
mod bare;
mod beside;
mod chain;
mod flow;
mod intake;
mod languages;
mod load;
mod post;
mod process;
mod start;

use clap::{Parser, ValueEnum};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Print the figures of sayso.
#[derive(Parser)]
struct Args {
    /// Which; all of them if absent.
    #[arg(value_enum)]
    which: Option<Which>,
    /// Rounds of each comparison.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Pieces of feedback in the whole flow, and in the backtest.
    #[arg(long, default_value_t = 100_000)]
    items: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// The chain of the built-in plugins in the sandbox, against the same plugins called natively.
    Chain,
    /// Sentences a second in each language that `sentiment` scores.
    Languages,
    /// Single posts from 64 connections, against a server that answers 202 without storing.
    Intake,
    /// From the post to the webhook.
    Flow,
    /// Stored feedback through another chain.
    Backtest,
    /// A healthy webhook with and without one beside it that never answers.
    Beside,
    /// From the start of the process to the first answer.
    Start,
    /// The plain server itself (used by `intake`).
    #[value(hide = true)]
    Bare,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let wants = |which| args.which.is_none_or(|wanted| wanted == which);
    if args.which == Some(Which::Bare) {
        return bare::serve().await;
    }
    if wants(Which::Chain) {
        chain::run(args.rounds)?;
    }
    if wants(Which::Languages) {
        languages::run(args.rounds)?;
    }
    if wants(Which::Start) {
        start::run(args.rounds).await?;
    }
    if wants(Which::Intake) {
        intake::run(args.rounds).await?;
    }
    if wants(Which::Beside) {
        beside::run(args.rounds).await?;
    }
    if wants(Which::Flow) {
        flow::run(args.items).await?;
    }
    if wants(Which::Backtest) {
        backtest::run(args.items).await?;
    }
    Ok(())
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
