//! Compiles the plugins of `tests/guests`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::exit,
};

use sayso_guest_build::{Build, build};

const GUESTS: [&str; 3] = ["calling", "hostile", "nosy"];

fn main() {
    if let Err(error) = run() {
        for line in error.to_string().lines() {
            println!("cargo::error={line}");
        }
        exit(1);
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let shared = ["guests/Cargo.toml", "guests/Cargo.lock", "../plugins/sdk", "../wit"].map(String::from);
    for path in shared.into_iter().chain(GUESTS.iter().map(|name| format!("guests/{name}"))) {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    println!("cargo::rerun-if-env-changed=SAYSO_WASM_TOOLCHAIN");
    // `OUT_DIR` is `<target>/<profile>/build/<package>/out`: one folder for all profiles.
    let target_dir = out.ancestors().nth(4).unwrap_or(Path::new(&out)).join("test-guests");
    let packages = GUESTS.map(String::from).into();
    let guests = build(&Build { manifest: root.join("guests/Cargo.toml"), packages, target_dir, locked: true })?;
    for guest in guests {
        fs::write(out.join(&guest.package).with_extension("wasm"), guest.component)?;
    }
    Ok(())
}
