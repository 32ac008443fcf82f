//! `sayso plugin pull`

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;

use crate::plugins::{
    oci::{self, Reference},
    source,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "SAYSO_REGISTRY_USER and SAYSO_REGISTRY_PASSWORD are given to a registry that wants them.\n\nExamples:\n  sayso plugin pull oci://ghcr.io/acme/warranty:1.0.0\n  sayso plugin pull oci://localhost:5000/warranty:dev -o plugins/warranty.wasm"
)]
pub(in crate::cli) struct Args {
    /// From where: oci://REGISTRY/NAME:TAG or oci://REGISTRY/NAME@sha256:DIGEST
    reference: String,
    /// The file to write; NAME.wasm if absent.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let reference = Reference::parse(&args.reference)?;
    let pulled = oci::pull(&reference).await?;
    let file = args.output.unwrap_or_else(|| format!("{}.wasm", reference.name()).into());
    write(&file, &pulled.component)?;
    if let Some(signature) = &pulled.signature {
        write(&source::signature_path(&file), format!("{signature}\n").as_bytes())?;
    }
    let signed = if pulled.signature.is_some() { ", signed" } else { "" };
    let manifest = format!("sha256:{}", source::hex(&pulled.manifest));
    anstream::println!("{}: {} bytes{signed}\n", file.display(), pulled.component.len());
    anstream::println!("# In sayso.toml:\nuse = \"{}\"", reference.with_digest(&manifest));
    anstream::println!("# or, of this file or a tag:\ndigest = \"sha256:{}\"", source::hex(&pulled.component));
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}
