//! Runs cargo for the target, in an environment of its own.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Build, Error, TARGET, Toolchain};

/// Settings of cargo about where crates come from, which the inner cargo needs as the outer one does.
const KEPT: [&str; 7] =
    ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_", "CARGO_SOURCE_", "CARGO_TERM_"];
/// Set by cargo for build scripts, or by people for the host's code; each would change or break the build of a guest.
const DROPPED: [&str; 16] = [
    "DEBUG",
    "HOST",
    "LD_LIBRARY_PATH",
    "MAKEFLAGS",
    "MFLAGS",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC",
    "RUSTC_BOOTSTRAP",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "TARGET",
];

/// Compiles the packages in release.
pub(crate) fn compile(build: &Build, toolchain: &Toolchain) -> Result<(), Error> {
    let mut command = Command::new(cargo());
    isolate(&mut command);
    command.arg("build").args(["--quiet", "--release", "--target", TARGET]).arg("--manifest-path").arg(&build.manifest);
    command.arg("--target-dir").arg(&build.target_dir);
    if build.locked {
        command.arg("--locked");
    }
    for package in &build.packages {
        command.arg("--package").arg(package);
    }
    if let Toolchain::BuildStd { rustc, linker } = toolchain {
        // The standard library is built by options that only a nightly takes, or a stable that is told to.
        command.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=std,panic_abort");
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags(build));
    let output = command.output().map_err(|source| Error::Run { tool: "cargo".into(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let output_text = String::from_utf8_lossy(&output.stderr).into_owned();
    let args: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    Err(Error::Compile {
        command: format!("cargo {}", args.join(" ")),
        status: output.status,
        output: output_text.trim().to_owned(),
    })
}

/// Where cargo puts the core module of a package.
pub(crate) fn module_path(package: &str, target_dir: &Path) -> PathBuf {
    target_dir.join(TARGET).join("release").join(package.replace('-', "_")).with_extension("wasm")
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Keeps what the outer cargo and its build scripts run with away from the inner one.
fn isolate(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if is_harmful(&name) {
            command.env_remove(name);
        }
    }
}

fn is_harmful(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    DROPPED.contains(&name)
        || name == "CARGO"
        || (name.starts_with("CARGO_") && !KEPT.iter().any(|kept| name.starts_with(kept)))
}

/// Up to what cost LLVM inlines a function, in its own measure, where it takes 250 by itself. A call costs more in the
/// sandbox than natively, since whether the time is over is looked at on every entry: what calls a lot takes 8 % less time
/// so, a module grows by up to a quarter, and 3,000 gains nothing more.
const INLINE_THRESHOLD: u32 = 1_000;

/// Vectors, which every engine of today has; inlining that is worth it in the sandbox; and flags that keep the paths of
/// this machine out of the module, so that the same sources give the same bytes.
fn flags(build: &Build) -> OsString {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let sources = absolute(&build.manifest).parent().map(Path::to_owned);
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let mut flags = OsString::from("-Ctarget-feature=+simd128");
    flags.push(format!("\x1f-Cllvm-args=-inline-threshold={INLINE_THRESHOLD}"));
    for (from, to) in [(sources, "/plugins"), (home, "/cargo"), (Some(absolute(&build.target_dir)), "/target")] {
        let Some(from) = from else { continue };
        flags.push("\x1f--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_outer_build_are_kept_away() {
        let harmful = [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "RUSTC_WRAPPER",
            "CARGO_PKG_NAME",
            "CARGO_FEATURE_X",
        ];
        for name in harmful {
            assert!(is_harmful(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn where_crates_come_from_is_passed_on() {
        for name in [
            "CARGO_HOME",
            "CARGO_REGISTRIES_OWN_INDEX",
            "CARGO_NET_OFFLINE",
            "CARGO_HTTP_PROXY",
            "PATH",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(!is_harmful(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_package_with_hyphens_makes_a_module_with_underscores() {
        let path = module_path("sayso-tagger", Path::new("/t"));
        assert_eq!(path, Path::new("/t/wasm32-unknown-unknown/release/sayso_tagger.wasm"));
    }
}
