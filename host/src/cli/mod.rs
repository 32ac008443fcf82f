//! The command line, one file a verb.

mod check;
mod demo;
mod dict;
mod key;
mod plugin;
mod receiver;
mod send;
mod serve;
mod webhook;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config};

/// Hear what customers say, and act on it: feedback in over HTTP, scored, tagged and routed by sandboxed plugins,
/// delivered to signed webhooks.
#[derive(Debug, Parser)]
#[command(name = "sayso", version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  sayso demo                          see the whole of it work
  sayso serve                         run on 127.0.0.1:8080 with the built-in plugins
  sayso serve --config sayso.toml     run with keys, plugins and webhooks of your own
  sayso send reviews.ndjson           post a file of feedback
  sayso webhook listen                receive deliveries, verify and print them

Exit codes: 0 done, 1 done in part or found wanting, 2 could not be done.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Take in feedback, analyse it, and deliver the results.
    Serve(serve::Args),
    /// Show the whole of it at work: a server, a webhook receiver that verifies, and sample feedback in four languages.
    Demo(demo::Args),
    /// Post files of feedback: JSON, NDJSON or CSV, by file name.
    Send(send::Args),
    /// Validate the configuration and load the chain, without serving.
    Check(check::Args),
    /// Work on webhooks.
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Work on dictionaries, by which Japanese, Korean and Chinese are parted into words.
    #[command(subcommand)]
    Dict(dict::Command),
    /// Work on keys.
    #[command(subcommand)]
    Key(key::Command),
    /// Work on plugins.
    #[command(subcommand)]
    Plugin(plugin::Command),
}

impl Cli {
    /// Carries out the command.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(args) => serve::run(args).await,
            Command::Demo(args) => demo::run(args).await,
            Command::Send(args) => send::run(args).await,
            Command::Check(args) => check::run(args),
            Command::Webhook(command) => webhook::run(command).await,
            Command::Dict(command) => dict::run(command),
            Command::Key(command) => key::run(command),
            Command::Plugin(command) => plugin::run(command).await,
        }
    }
}

/// Where the configuration is, and what on the command line wins over it.
#[derive(Debug, Clone, Default, Args)]
struct ConfigArgs {
    /// Configuration file; without it: sayso.toml where there is one in this folder.
    #[arg(long, value_name = "FILE", env = "SAYSO_CONFIG")]
    config: Option<PathBuf>,
    /// Folder for the data; wins over the configuration.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl ConfigArgs {
    /// The configuration, and the folder that its paths are relative to.
    fn load(&self) -> anyhow::Result<(Config, PathBuf)> {
        let default = Path::new("sayso.toml");
        let file = self.config.as_deref().or_else(|| default.exists().then_some(default));
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let mut config = config::load(file, variables)?;
        if let Some(dir) = &self.data {
            config.data.dir.clone_from(dir);
        }
        let base = file.and_then(Path::parent).map_or_else(PathBuf::new, Path::to_owned);
        Ok((config, base))
    }
}
