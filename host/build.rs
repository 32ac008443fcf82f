//! Builds the plugins that come with sayso, and a table of them for `include!`.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::exit,
};

use sayso_guest_build::{Build, Guest, build};

/// The plugins that `builtin:NAME` can name; each is the package `sayso-NAME` in `plugins/NAME`.
const BUILTINS: [&str; 4] = ["redact", "sentiment", "tagger", "router"];

fn main() {
    if let Err(error) = run() {
        for line in error.to_string().lines() {
            println!("cargo::error={line}");
        }
        exit(1);
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    watch(&root);
    let guests = build(&Build {
        manifest: root.join("plugins/Cargo.toml"),
        packages: BUILTINS.iter().map(|name| format!("sayso-{name}")).collect(),
        target_dir: shared_target(&out),
        locked: true,
    })?;
    write_table(&guests, &out)
}

fn watch(root: &Path) {
    let files = ["plugins/Cargo.toml", "plugins/Cargo.lock", "plugins/sdk", "wit"].map(String::from);
    let guests = BUILTINS.iter().map(|name| format!("plugins/{name}"));
    for path in files.into_iter().chain(guests) {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    println!("cargo::rerun-if-env-changed=SAYSO_WASM_TOOLCHAIN");
}

/// A folder beside those of the profiles (`OUT_DIR` is `<target>/<profile>/build/<package>/out`), so that debug, release
/// and the checks share one build of the guests.
fn shared_target(out: &Path) -> PathBuf {
    out.ancestors().nth(4).unwrap_or(out).join("guests")
}

fn write_table(guests: &[Guest], out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut table = fs::File::create(out.join("builtins.rs"))?;
    writeln!(table, "/// The plugins that come with sayso: name and component.")?;
    writeln!(table, "pub(super) const BUILTINS: &[(&str, &[u8])] = &[")?;
    for (name, guest) in BUILTINS.iter().zip(guests) {
        fs::write(out.join(format!("{name}.wasm")), &guest.component)?;
        writeln!(table, "    ({name:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.wasm\"))),")?;
    }
    writeln!(table, "];")?;
    Ok(())
}
