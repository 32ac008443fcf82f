//! Lines for the operator. Never put a customer's words in them. Natively, in tests, they go to standard error.

pub use crate::bindings::sayso::plugin::log::Level;

/// Writes one line. The host adds the plugin's name, and cuts long and many lines.
pub fn write(level: Level, message: &str) {
    #[cfg(target_family = "wasm")]
    crate::bindings::sayso::plugin::log::write(level, message);
    #[cfg(not(target_family = "wasm"))]
    eprintln!("{level:?}: {message}");
}

/// Writes one line of level `debug`.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Writes one line of level `info`.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Writes one line of level `warn`.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Writes one line of level `error`.
pub fn error(message: &str) {
    write(Level::Error, message);
}
