//! Builds the plugins that come with sayso, and a table of them for `include!`; and one of the sources of the SDK, which
//! come with every new plugin.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::exit,
};

use sayso_guest_build::{Build, Guest, build};

/// The plugins that `builtin:NAME` can name; each is the package `sayso-NAME` in `plugins/NAME`.
const BUILTINS: [&str; 5] = ["redact", "sentiment", "tagger", "router", "empty"];

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
    write_table(&guests, &out)?;
    write_sdk(&root.join("plugins/sdk/src"), &out)
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

fn write_sdk(folder: &Path, out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    let mut table = fs::File::create(out.join("sdk.rs"))?;
    writeln!(table, "/// The sources of the SDK: name in its folder, and text.")?;
    writeln!(table, "const SDK: &[(&str, &str)] = &[")?;
    for path in paths {
        let name = path.file_name().ok_or("no file")?;
        writeln!(table, "    ({name:?}, include_str!({:?})),", fs::canonicalize(&path)?)?;
    }
    writeln!(table, "];")?;
    Ok(())
}
