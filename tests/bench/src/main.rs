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
mod deliver;
mod flow;
mod intake;
mod languages;
mod load;
mod post;
mod poster;
mod process;
mod replay;
mod start;

use std::path::PathBuf;

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
    /// Pieces of feedback in the whole flow and in the backtest; deliveries, also those that are replayed.
    #[arg(long, default_value_t = 100_000)]
    items: usize,
    /// Delivered rows that are in the store already, for `deliver`.
    #[arg(long, default_value_t = 0)]
    rows: u64,
    /// Where `poster` posts to.
    #[arg(long, hide = true)]
    to: Option<String>,
    /// What it posts, a body a line.
    #[arg(long, hide = true)]
    bodies: Option<PathBuf>,
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
    /// Deliveries that are due, against a loop that posts the same bodies; with `--rows`, also over a store that has
    /// delivered so many.
    Deliver,
    /// Healthy webhooks with and without such beside them that never answer, or slowly.
    Beside,
    /// A replay of parked deliveries that is killed in the middle.
    Replay,
    /// From the start of the process to the first answer.
    Start,
    /// The plain server itself (used by `intake`).
    #[value(hide = true)]
    Bare,
    /// The one that checks and appends to a file (used by `intake`).
    #[value(hide = true)]
    BareDurable,
    /// The plain client itself (used by `deliver`).
    #[value(hide = true)]
    Poster,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let wants = |which| args.which.is_none_or(|wanted| wanted == which);
    if args.which == Some(Which::Bare) {
        return bare::serve().await;
    }
    if args.which == Some(Which::BareDurable) {
        return bare::serve_durable().await;
    }
    if args.which == Some(Which::Poster) {
        return poster::run(args.to.as_deref(), args.bodies.as_deref(), args.items).await;
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
        beside::run(args.rounds, args.items).await?;
    }
    if wants(Which::Deliver) {
        deliver::run(args.rounds, args.items, args.rows).await?;
    }
    if wants(Which::Replay) {
        replay::run(args.items).await?;
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
