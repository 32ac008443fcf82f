//! The built-in plugins: compiled from `plugins/` by the build, embedded in the binary.

include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

/// The component of the built-in plugin with this name.
pub(super) fn find(name: &str) -> Option<&'static [u8]> {
    BUILTINS.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// The names of all built-in plugins.
pub(super) fn names() -> String {
    BUILTINS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
