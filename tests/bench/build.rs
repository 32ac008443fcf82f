//! Compiles the plugin that scores by the crate `vader_sentiment`.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use sayso_guest_build::{Build, build};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for path in ["guests/Cargo.toml", "guests/Cargo.lock", "guests/vader", "../plugins/sdk", "../wit"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    println!("cargo::rerun-if-env-changed=SAYSO_WASM_TOOLCHAIN");
    // `OUT_DIR` is `<target>/<profile>/build/<package>/out`: one folder for all profiles.
    let target_dir = out.ancestors().nth(4).unwrap_or(Path::new(&out)).join("bench-guests");
    let packages = vec!["vader".into()];
    for guest in build(&Build { manifest: root.join("guests/Cargo.toml"), packages, target_dir, locked: true })? {
        fs::write(out.join(&guest.package).with_extension("wasm"), guest.component)?;
    }
    Ok(())
}
