//! `sayso plugin pull`

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use serde_json::json;

use super::{inspect::size, transfer::Transfer};
use crate::plugins::{
    oci::{self, Pulled, Reference},
    source,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Who sayso is to the registry is known from `docker login`, or from SAYSO_REGISTRY (for example ghcr.io), SAYSO_REGISTRY_USER and SAYSO_REGISTRY_PASSWORD.\n\nExamples:\n  sayso plugin pull oci://ghcr.io/acme/warranty:1.0.0\n  sayso plugin pull oci://localhost:5000/warranty:dev -o plugins/warranty.wasm"
)]
pub(in crate::cli) struct Args {
    /// From where: oci://REGISTRY/NAME:TAG or oci://REGISTRY/NAME@sha256:DIGEST
    reference: String,
    /// The file to write; NAME.wasm if absent. A signature goes beside it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that is there and is another.
    #[arg(long)]
    force: bool,
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
    put(&file, &pulled, args.force)?;
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

/// Writes the component, and its signature beside it. Neither goes over another, which may be there nowhere else, without
/// `force`.
fn put(file: &Path, pulled: &Pulled, force: bool) -> anyhow::Result<()> {
    let beside = source::signature_path(file);
    let signature = pulled.signature.as_ref().map(|signature| format!("{signature}\n"));
    if !force {
        refuse_another(file, Some(&pulled.component))?;
        refuse_another(&beside, signature.as_deref().map(str::as_bytes))?;
    }
    write(file, &pulled.component)?;
    match signature {
        Some(signature) => write(&beside, signature.as_bytes()),
        // One that is there would be of another component.
        None => remove(&beside),
    }
}

fn refuse_another(file: &Path, content: Option<&[u8]>) -> anyhow::Result<()> {
    match fs::read(file) {
        Ok(there) if Some(there.as_slice()) == content => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => bail!(
            "{} is there already, and is not what was pulled; give --force to have it replaced, or another file with -o",
            file.display()
        ),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pulled(component: &'static [u8], signature: Option<&str>) -> Pulled {
        let signature = signature.map(str::to_owned);
        Pulled { manifest: bytes::Bytes::new(), component: component.into(), signature }
    }

    #[test]
    fn a_pull_goes_over_another_file_by_force_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.wasm");
        fs::write(&file, "mine").expect("written");
        let said = put(&file, &pulled(b"theirs", Some("s")), false).expect_err("refused").to_string();
        assert!(said.contains("a.wasm is there already") && said.contains("--force"), "{said}");
        assert_eq!(fs::read(&file).expect("read"), b"mine");
        assert!(!source::signature_path(&file).exists(), "nothing is done by half");
        put(&file, &pulled(b"theirs", Some("s")), true).expect("replaced");
        assert_eq!(fs::read(&file).expect("read"), b"theirs");
    }

    #[test]
    fn a_pull_of_what_is_there_already_is_done() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.wasm");
        for _ in 0..2 {
            put(&file, &pulled(b"theirs", Some("s")), false).expect("the same");
        }
    }

    #[test]
    fn a_signature_of_ones_own_is_kept_as_well() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.wasm");
        put(&file, &pulled(b"theirs", Some("mine")), false).expect("written");
        for other in [None, Some("s")] {
            let said = put(&file, &pulled(b"theirs", other), false).expect_err("refused").to_string();
            assert!(said.contains("a.wasm.sig is there already"), "{said}");
        }
        put(&file, &pulled(b"theirs", None), true).expect("replaced");
        assert!(!source::signature_path(&file).exists(), "it would be taken for one of the new component");
    }
}
