//! `sayso key`

use std::process::ExitCode;

use crate::{api::auth, config::Scope};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a key, and the lines of configuration that let it in. The key is shown this once.
    #[command(after_help = "Examples:\n  sayso key new --name ci\n  sayso key new --name ops --scope admin --json")]
    New(New),
}

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// A name for logs.
    #[arg(long, default_value = "default")]
    name: String,
    /// What it allows; give it again for more.
    #[arg(long = "scope", value_enum, default_values = ["ingest"])]
    scopes: Vec<Scope>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Command) -> ExitCode {
    let Command::New(new) = command;
    let (key, hash) = auth::new_key();
    let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.as_str()).collect();
    if new.json {
        anstream::println!("{}", serde_json::json!({"key": key, "name": new.name, "hash": hash, "scopes": scopes}));
    } else {
        let scopes = scopes.join("\", \"");
        anstream::println!("{key}\n");
        anstream::println!("# Send it as: Authorization: Bearer {}…", &key[..key.len().min(8)]);
        anstream::println!("# Add to sayso.toml; only its digest is kept:");
        anstream::println!("[[key]]\nname = \"{}\"\nhash = \"{hash}\"\nscopes = [\"{scopes}\"]", new.name);
    }
    ExitCode::SUCCESS
}
