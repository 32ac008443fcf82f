//! `sayso plugin sign`

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use serde_json::json;

use crate::plugins::{signature::PrivateKey, source};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sayso key new --signing release.pem\n  sayso plugin sign warranty.wasm --key release.pem"
)]
pub(in crate::cli) struct Args {
    /// The component.
    file: PathBuf,
    /// The private key, as `sayso key new --signing` writes it.
    #[arg(long, value_name = "KEYFILE")]
    key: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let named = || args.key.display().to_string();
    let key = PrivateKey::parse(&source::read_text(&args.key)?).with_context(named)?;
    let component = source::read(&args.file)?;
    let signature = source::signature_path(&args.file);
    fs::write(&signature, key.sign(&component)).with_context(|| format!("cannot write {}", signature.display()))?;
    if args.json {
        let digest = format!("sha256:{}", source::hex(&component));
        anstream::println!("{}", json!({"file": signature, "digest": digest, "public": key.public()}));
        return Ok(ExitCode::SUCCESS);
    }
    anstream::println!("{}\n", signature.display());
    anstream::println!("# In the sayso.toml of who wants it:\n[plugins]\nrequire_signature = [\"{}\"]", key.public());
    Ok(ExitCode::SUCCESS)
}
