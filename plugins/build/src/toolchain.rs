//! Finds a Rust that can compile for the target.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, TARGET};

/// Where Debian's packages put their compiler.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// Allows one way alone: `rustup` or `debian`.
const CHOICE: &str = "SAYSO_WASM_TOOLCHAIN";

/// A way to compile for the target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Toolchain {
    /// The active Rust has the standard library for the target.
    Target,
    /// Debian's compiler, with which cargo builds the standard library first.
    BuildStd {
        /// The compiler.
        rustc: PathBuf,
        /// The linker: lld under one of its names.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Finds the way to compile: the active Rust's target if it is installed, else Debian's compiler.
    /// `SAYSO_WASM_TOOLCHAIN=rustup|debian` allows one of them alone.
    ///
    /// # Errors
    /// [`Error::NoToolchain`] where there is neither.
    pub fn find() -> Result<Self, Error> {
        let choice = env::var(CHOICE).unwrap_or_default();
        let active = sysroot(&active_rustc());
        let target = || active.as_deref().is_some_and(has_target).then_some(Self::Target);
        match choice.as_str() {
            "rustup" => {
                target().ok_or_else(|| Error::NoToolchain(format!("{CHOICE}=rustup, and {}", lack(active.as_deref()))))
            }
            "debian" => debian(active.as_deref()),
            "" => target().map_or_else(|| debian(active.as_deref()), Ok),
            other => Err(Error::NoToolchain(format!("{CHOICE} is `{other}`; it can be `rustup` or `debian`"))),
        }
    }
}

fn debian(active: Option<&Path>) -> Result<Toolchain, Error> {
    let missing = |what: &str| Error::NoToolchain(format!("{}, and {what}", lack(active)));
    let rustc = PathBuf::from(DEBIAN_RUSTC);
    let root = sysroot(rustc.as_os_str()).ok_or_else(|| missing("Debian's rustc is not installed"))?;
    if !root.join("lib/rustlib/src/rust/library/std").is_dir() {
        return Err(missing("Debian's rust-web-src is not installed"));
    }
    let linker = linker(&[active, Some(&root)]).ok_or_else(|| missing("there is no rust-lld or wasm-ld"))?;
    Ok(Toolchain::BuildStd { rustc, linker })
}

/// Why the active Rust, with this sysroot, cannot compile for the target.
fn lack(active: Option<&Path>) -> &'static str {
    match active {
        Some(_) => "the active Rust lacks the target",
        None => "there is no Rust, which https://rustup.rs installs",
    }
}

fn active_rustc() -> OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

fn sysroot(rustc: &std::ffi::OsStr) -> Option<PathBuf> {
    let output =
        Command::new(rustc).args(["--print", "sysroot"]).output().ok().filter(|output| output.status.success())?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end()))
}

fn has_target(sysroot: &Path) -> bool {
    entries(&sysroot.join("lib/rustlib").join(TARGET).join("lib"))
        .any(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libstd-")))
}

fn linker(sysroots: &[Option<&Path>]) -> Option<PathBuf> {
    let shipped = sysroots
        .iter()
        .flatten()
        .flat_map(|root| entries(&root.join("lib/rustlib")))
        .map(|host| host.join("bin/rust-lld"))
        .find(|path| path.is_file());
    shipped.or_else(|| {
        let path = env::var_os("PATH")?;
        let folders: Vec<_> = env::split_paths(&path).collect();
        ["rust-lld", "wasm-ld"]
            .iter()
            .find_map(|name| folders.iter().map(|dir| dir.join(name)).find(|path| path.is_file()))
    })
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sysroot_has_the_target_only_with_its_standard_library() {
        let root = tempfile::tempdir().unwrap();
        let lib = root.path().join("lib/rustlib").join(TARGET).join("lib");
        std::fs::create_dir_all(&lib).unwrap();
        assert!(!has_target(root.path()));
        std::fs::write(lib.join("libstd-0123.rlib"), "").unwrap();
        assert!(has_target(root.path()));
    }

    #[test]
    fn where_there_is_no_rust_at_all_that_is_said() {
        assert!(lack(None).contains("rustup.rs"));
        assert!(lack(Some(Path::new("/usr"))).contains("lacks the target"));
    }

    #[test]
    fn the_linker_of_the_first_sysroot_is_taken() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for root in [&first, &second] {
            let bin = root.path().join("lib/rustlib/some-host/bin");
            std::fs::create_dir_all(&bin).unwrap();
            std::fs::write(bin.join("rust-lld"), "").unwrap();
        }
        let found = linker(&[None, Some(first.path()), Some(second.path())]).unwrap();
        assert!(found.starts_with(first.path()));
    }
}
