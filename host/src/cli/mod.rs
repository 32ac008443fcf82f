//! The command line, one file a verb.

mod backtest;
mod backup;
mod check;
mod deliveries;
mod demo;
mod dict;
mod key;
mod output;
mod plugin;
mod printable;
mod progress;
mod receiver;
mod restore;
mod send;
mod serve;
mod stop;
mod verifier;
mod webhook;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, Source};

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
  sayso demo                        # see the whole of it work
  sayso serve                       # on 127.0.0.1:8080, built-in plugins
  sayso serve --config sayso.toml   # keys, plugins, webhooks of your own
  sayso send reviews.ndjson         # post a file of feedback
  sayso plugin new warranty         # begin a plugin of your own
  sayso backtest --chain new.toml   # what would change on record
  sayso webhook listen              # receive, verify, print deliveries
  sayso deliveries list             # what was delivered, and what was not

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
    /// Write plugins: new, build, test, bench, inspect, run; and hand them on: push, pull, sign.
    #[command(
        subcommand,
        after_help = "Examples:\n  sayso plugin new warranty\n  sayso plugin test warranty\n  echo '{\"kind\":\"review\",\"text\":\"Two years of warranty\"}' |\n      sayso plugin run warranty"
    )]
    Plugin(plugin::Command),
    /// Run stored feedback through another chain, and report what would change.
    Backtest(backtest::Args),
    /// Work on webhooks.
    #[command(
        subcommand,
        after_help = "Examples:\n  sayso webhook listen    # a receiver that verifies and prints\n  sayso webhook create --name crm --url https://crm.example/hook --route care\n  sayso webhook test crm"
    )]
    Webhook(webhook::Command),
    /// See what was delivered and what was not, and have it delivered again.
    #[command(
        subcommand,
        after_help = "Examples:\n  sayso deliveries list --webhook crm --status parked\n  sayso deliveries replay --webhook crm --status parked --since 7d"
    )]
    Deliveries(deliveries::Command),
    /// Work on dictionaries, by which Japanese, Korean and Chinese are parted into words.
    #[command(subcommand, after_help = "Examples:\n  sayso dict build ja --from package\n  sayso dict check")]
    Dict(dict::Command),
    /// Work on keys.
    #[command(subcommand, after_help = "Examples:\n  sayso key new --name shop --scope ingest --scope read")]
    Key(key::Command),
    /// Make a copy of the store, also while sayso runs.
    Backup(backup::Args),
    /// Put a copy in the place of the store, while sayso does not run.
    Restore(restore::Args),
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
            Command::Plugin(command) => plugin::run(command).await,
            Command::Backtest(args) => backtest::run(&args),
            Command::Webhook(command) => webhook::run(command).await,
            Command::Deliveries(command) => deliveries::run(command).await,
            Command::Dict(command) => dict::run(command),
            Command::Key(command) => key::run(command),
            Command::Backup(args) => backup::run(&args),
            Command::Restore(args) => restore::run(&args),
        }
    }
}

/// An error with its causes, without those that its text names already, for a terminal.
pub fn told_once(error: &anyhow::Error) -> String {
    let causes = error.chain().skip(1).map(ToString::to_string);
    let told = causes
        .fold(error.to_string(), |text, cause| if text.contains(&cause) { text } else { format!("{text}: {cause}") });
    printable::printable_lines(&told)
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
    /// Where the configuration comes from.
    fn source(&self) -> Source {
        // A link that leads nowhere is a configuration that cannot be read, rather than none: without one, nothing is locked.
        let is_none = |error: std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        let default = || {
            let file = PathBuf::from("sayso.toml");
            (!file.symlink_metadata().is_err_and(is_none)).then_some(file)
        };
        Source { file: self.config.clone().or_else(default), data: self.data.clone(), listen: None }
    }

    /// The configuration, and the folder that its paths are relative to.
    fn load(&self) -> anyhow::Result<(Config, PathBuf)> {
        let source = self.source();
        Ok((source.read()?, source.base()))
    }

    /// Where the store is.
    fn store(&self) -> anyhow::Result<PathBuf> {
        Ok(self.source().read()?.data.store())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn without_examples(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        if !command.get_after_help().is_some_and(|help| help.to_string().contains("Examples:\n")) {
            found.push(path.clone());
        }
        command.get_subcommands().for_each(|sub| without_examples(sub, &path, found));
    }

    /// Lines of examples that a terminal of 80 columns would break, or whose remarks the shell would take for arguments.
    fn broken_examples(command: &clap::Command, found: &mut Vec<String>) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = help.split("Examples:\n").nth(1).unwrap_or_default();
        let lines = examples.lines().take_while(|line| line.starts_with("  "));
        let is_broken = |line: &&str| {
            let mut parts = line.trim().split("  ").filter(|part| !part.is_empty());
            let has_remark = parts.nth(1).is_some_and(|remark| !remark.trim_start().starts_with('#'));
            line.chars().count() > 78 || has_remark
        };
        found.extend(lines.filter(is_broken).map(str::to_owned));
        command.get_subcommands().for_each(|sub| broken_examples(sub, found));
    }

    #[test]
    fn examples_can_be_pasted_as_they_stand() {
        let mut found = Vec::new();
        broken_examples(&Cli::command(), &mut found);
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn variables_of_the_commands_are_not_taken_for_the_configuration() {
        fn check(command: &clap::Command) {
            for variable in command.get_arguments().filter_map(clap::Arg::get_env).filter_map(|name| name.to_str()) {
                assert!(crate::config::is_of_commands(variable), "{variable}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn the_help_of_every_command_has_examples() {
        let mut found = Vec::new();
        without_examples(&Cli::command(), "", &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
}
