//! `sayso plugin push`

use std::{path::PathBuf, process::ExitCode};

use serde_json::json;

use super::{inspect::size, transfer::Transfer};
use crate::plugins::{
    oci::{self, Reference},
    signature, source,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "FILE.sig, which `sayso plugin sign` writes, goes with it; one of another build is refused. Who sayso is to the registry is known from `docker login`, or from SAYSO_REGISTRY (for example ghcr.io), SAYSO_REGISTRY_USER and SAYSO_REGISTRY_PASSWORD. Plain HTTP is spoken with a registry on this machine alone.\n\nExamples:\n  sayso plugin push warranty.wasm oci://ghcr.io/acme/warranty:1.0.0\n  sayso plugin push warranty.wasm oci://localhost:5000/warranty:dev"
)]
pub(in crate::cli) struct Args {
    /// The component.
    file: PathBuf,
    /// Where to: oci://REGISTRY/NAME:TAG
    reference: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let reference = Reference::parse(&args.reference)?;
    let component = source::read(&args.file)?;
    if !is_component(&component) {
        anyhow::bail!(
            "{} is no WebAssembly component; `sayso plugin build` makes one of a project",
            args.file.display()
        );
    }
    let digest = format!("sha256:{}", source::hex(&component));
    let bytes = component.len();
    let signature = source::beside(&args.file)?;
    if let Some(signature) = &signature {
        signature::is_verified(signature, &component, &args.file.display().to_string())?;
    }
    let transfer = Transfer::start("pushing");
    let shown = transfer.clone();
    let progress = move |done, total| shown.advance(done, total);
    let pushed = oci::push(&reference, component, signature.as_deref(), progress).await;
    transfer.finish();
    let pinned = reference.with_digest(&pushed?);
    if args.json {
        let told = json!({"bytes": bytes, "signed": signature.is_some(), "use": pinned, "digest": digest});
        anstream::println!("{told}");
        return Ok(ExitCode::SUCCESS);
    }
    let signed = if signature.is_some() { ", signed" } else { "" };
    anstream::println!("pushed {} to {reference}: {}{signed}\n", args.file.display(), size(bytes));
    anstream::println!("# In sayso.toml:\nuse = \"{pinned}\"");
    anstream::println!("# or, with the tag:\nuse = \"{reference}\"\ndigest = \"{digest}\"");
    Ok(ExitCode::SUCCESS)
}

/// Whether the preamble is that of a component (layer 1 of the binary format).
fn is_component(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm") && bytes.get(6..8) == Some(&[1, 0])
}
