//! The plugins of `tests/guests`, compiled by the build of this crate.

use std::path::PathBuf;

/// The component of the guest with this name.
pub fn guest(name: &str) -> PathBuf {
    PathBuf::from(env!("OUT_DIR")).join(format!("{name}.wasm"))
}
