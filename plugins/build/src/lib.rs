//! Compiles Rust plugins to WebAssembly components: cargo makes the core module for `wasm32-unknown-unknown`, and
//! wit-component turns it into a component by the types that the SDK's bindings left in it.
//!
//! No tool beyond Rust itself is needed. Where the active Rust lacks the target, Debian's compiler builds the
//! standard library for it; `plugins/toolchain.sh` (`make setup`) installs whichever can be had.

mod cargo;
mod component;
mod toolchain;

use std::path::{Path, PathBuf};

pub use toolchain::Toolchain;

/// The target that plugins written in Rust are compiled for: no WASI, so nothing but what the contract gives.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// What to build.
#[derive(Clone, Debug)]
pub struct Build {
    /// The `Cargo.toml` of the plugin, or of the workspace that holds the plugins.
    pub manifest: PathBuf,
    /// The packages to build, all of type `cdylib`: `NAME`, or `NAME@VERSION` where a dependency has the same name.
    pub packages: Vec<String>,
    /// The folder for cargo's intermediate results; kept between builds, so that a repeat is quick. It must not be
    /// the one of a cargo that is waiting for this build.
    pub target_dir: PathBuf,
    /// Whether `Cargo.lock` must be there and up to date.
    pub locked: bool,
}

/// A plugin that was built.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The package.
    pub package: String,
    /// The component.
    pub component: Vec<u8>,
}

/// Why a plugin could not be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no Rust for the target.
    #[error(
        "no Rust compiler for {TARGET} was found ({0}); run `rustup target add {TARGET}`, or on Debian \
         `apt-get install rustc-web rust-web-src lld`; `make setup` does so for sayso itself"
    )]
    NoToolchain(String),
    /// A tool could not be run.
    #[error("cannot run `{tool}`: {source}; install Rust from https://rustup.rs")]
    Run {
        /// The tool.
        tool: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The plugin does not compile.
    #[error("`{command}` failed ({status}):\n{output}")]
    Compile {
        /// What was run.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said.
        output: String,
    },
    /// The package makes no module.
    #[error(
        "package `{package}` made no module at {path}: {source}; its `[lib]` needs `crate-type = [\"cdylib\", \"rlib\"]`, and no `name` of its own"
    )]
    NoModule {
        /// The package.
        package: String,
        /// Where it was expected.
        path: PathBuf,
        /// Why it could not be read.
        source: std::io::Error,
    },
    /// The module does not implement the contract.
    #[error("package `{package}` is no plugin: {reason}; does it call `sayso_plugin::export!`?")]
    Componentise {
        /// The package.
        package: String,
        /// What wit-component said.
        reason: String,
    },
}

/// Builds plugins, all in one run of cargo.
///
/// # Errors
/// Where there is no toolchain, a package does not compile, or it is no plugin.
pub fn build(build: &Build) -> Result<Vec<Guest>, Error> {
    let toolchain = Toolchain::find()?;
    cargo::compile(build, &toolchain)?;
    build.packages.iter().map(|package| componentise(package, &build.target_dir)).collect()
}

/// `package` as [`Build`] names it.
fn componentise(package: &str, target_dir: &Path) -> Result<Guest, Error> {
    let package = package.split_once('@').map_or(package, |(name, _)| name);
    let path = cargo::module_path(package, target_dir);
    let module = std::fs::read(&path).map_err(|source| Error::NoModule {
        package: package.into(),
        path: path.clone(),
        source,
    })?;
    let component =
        component::encode(&module).map_err(|reason| Error::Componentise { package: package.into(), reason })?;
    Ok(Guest { package: package.into(), component })
}
