//! `sayso key`

use std::{
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;

use crate::{
    api::auth,
    config::{self, Scope},
    plugins::signature::PrivateKey,
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a key, and the lines of configuration that let it in. The key is shown this once. Or, with --signing, a
    /// pair of keys to sign plugins with.
    #[command(
        after_help = "Examples:\n  sayso key new --name ci\n  sayso key new --name ops --scope admin --json\n  sayso key new --signing release.pem"
    )]
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
    /// Make a pair of ed25519 keys to sign plugins with instead, and write the private one to this new file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "scopes"])]
    signing: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let Command::New(new) = command;
    match &new.signing {
        Some(file) => new_pair(file, new.json)?,
        None => new_key(&new)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn new_key(new: &New) -> anyhow::Result<()> {
    // The configuration would refuse it, and the key is shown this once.
    anyhow::ensure!(
        config::is_name(&new.name),
        "--name {:?}: a name is of 1 to 64 letters from a to z, digits, `-`, `_` and `.`, and not `.` or `..` alone",
        new.name
    );
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
    Ok(())
}

/// Never over a file that is there: the key in it may be in use.
fn new_pair(file: &Path, json: bool) -> anyhow::Result<()> {
    let (key, pem) = PrivateKey::generate()?;
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(file);
    opened
        .and_then(|mut opened| opened.write_all(pem.as_bytes()).and_then(|()| opened.sync_all()))
        .with_context(|| format!("cannot write {}; name a file that is not there yet", file.display()))?;
    if json {
        anstream::println!("{}", serde_json::json!({"file": file, "public": key.public()}));
    } else {
        anstream::println!("{}: keep it secret; `sayso plugin sign` takes it\n", file.display());
        anstream::println!("# In the sayso.toml of who wants plugins signed with it:");
        anstream::println!("[plugins]\nrequire_signature = [\"{}\"]", key.public());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_the_configuration_would_refuse_makes_no_key() {
        let made = |name: &str| {
            let new = New { name: name.into(), scopes: vec![Scope::Ingest], signing: None, json: false };
            new_key(&new).map_err(|error| error.to_string())
        };
        for name in ["a\"b", "", "ä", "a b", "..", &"x".repeat(65)] {
            let said = made(name).expect_err(name);
            assert!(said.contains(&format!("--name {name:?}")) && said.contains("1 to 64 letters"), "{said}");
        }
        assert_eq!(made("shop-1_eu.West"), Ok(()));
    }
}
