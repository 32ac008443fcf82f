//! `sayso plugin push`

use std::{path::PathBuf, process::ExitCode};

use crate::plugins::{
    oci::{self, Reference},
    source,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "SAYSO_REGISTRY_USER and SAYSO_REGISTRY_PASSWORD are given to a registry that wants them. Plain HTTP is for registries on this machine alone.\n\nExamples:\n  sayso plugin push warranty.wasm oci://ghcr.io/acme/warranty:1.0.0\n  sayso plugin push warranty.wasm oci://localhost:5000/warranty:dev"
)]
pub(in crate::cli) struct Args {
    /// The component.
    file: PathBuf,
    /// Where to: oci://REGISTRY/NAME:TAG
    reference: String,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let reference = Reference::parse(&args.reference)?;
    let component = source::read(&args.file)?;
    if !is_component(&component) {
        anyhow::bail!(
            "{} is no WebAssembly component; build it with `sayso plugin build`, or wrap it with wit-component",
            args.file.display()
        );
    }
    let digest = source::hex(&component);
    let signature = source::beside(&args.file)?;
    let signed = if signature.is_some() { ", signed" } else { "" };
    let manifest = oci::push(&reference, component, signature).await?;
    anstream::println!("pushed {} to {reference}{signed}\n", args.file.display());
    anstream::println!("# In sayso.toml:\nuse = \"{}\"", reference.with_digest(&manifest));
    anstream::println!("# or, with the tag:\nuse = \"{reference}\"\ndigest = \"sha256:{digest}\"");
    Ok(ExitCode::SUCCESS)
}

/// Whether the preamble is that of a component (layer 1 of the binary format).
fn is_component(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm") && bytes.get(6..8) == Some(&[1, 0])
}
