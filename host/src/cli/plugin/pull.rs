//! `sayso plugin pull`

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use serde_json::json;

use super::{inspect::size, transfer::Transfer};
use crate::plugins::{
    oci::{self, Reference},
    source,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Who sayso is to the registry is known from `docker login`, or from SAYSO_REGISTRY (for example ghcr.io),\nSAYSO_REGISTRY_USER and SAYSO_REGISTRY_PASSWORD.\n\nExamples:\n  sayso plugin pull oci://ghcr.io/acme/warranty:1.0.0\n  sayso plugin pull oci://localhost:5000/warranty:dev -o plugins/warranty.wasm"
)]
pub(in crate::cli) struct Args {
    /// From where: oci://REGISTRY/NAME:TAG or oci://REGISTRY/NAME@sha256:DIGEST
    reference: String,
    /// The file to write; NAME.wasm if absent. A signature goes beside it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let reference = Reference::parse(&args.reference)?;
    let transfer = Transfer::start("pulling");
    let shown = transfer.clone();
    let pulled = oci::pull(&reference, move |done, total| shown.advance(done, total)).await;
    transfer.finish();
    let pulled = pulled?;
    let file = args.output.clone().unwrap_or_else(|| format!("{}.wasm", reference.name()).into());
    write(&file, &pulled.component)?;
    let beside = source::signature_path(&file);
    match &pulled.signature {
        Some(signature) => write(&beside, format!("{signature}\n").as_bytes())?,
        // One that is there would be of another component.
        None => remove(&beside)?,
    }
    let pinned = reference.with_digest(&pulled.digest());
    let digest = format!("sha256:{}", source::hex(&pulled.component));
    let (bytes, is_signed) = (pulled.component.len(), pulled.signature.is_some());
    if args.json {
        let told = json!({"file": file, "bytes": bytes, "signed": is_signed, "use": pinned, "digest": digest});
        anstream::println!("{told}");
        return Ok(ExitCode::SUCCESS);
    }
    let signed = if is_signed { ", signed" } else { "" };
    anstream::println!("{}: {}{signed}\n", file.display(), size(bytes));
    anstream::println!("# In sayso.toml:\nuse = \"{pinned}\"");
    anstream::println!("# or, with this file or a tag:\ndigest = \"{digest}\"");
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}
