//! Lines for the operator. Never put a customer's words in them. Natively, in tests, they go to standard error.
//!
//! ```
//! use sayso_plugin::log;
//!
//! let rules = 12;
//! log::info(format!("{rules} rules are read"));
//! log::warn("a rule has no name");
//! ```

/// How grave a line is.
///
/// ```
/// use sayso_plugin::log::{self, Level};
///
/// log::write(Level::Debug, "12 rules are read");
/// ```
pub use crate::bindings::sayso::plugin::log::Level;

/// Writes one line. The host adds the plugin's name, and cuts long and many lines.
///
/// ```
/// use sayso_plugin::log::{self, Level};
///
/// log::write(Level::Trace, "looked up");
/// ```
pub fn write(level: Level, message: impl AsRef<str>) {
    let message = message.as_ref();
    #[cfg(target_family = "wasm")]
    crate::bindings::sayso::plugin::log::write(level, message);
    #[cfg(not(target_family = "wasm"))]
    eprintln!("{level:?}: {message}");
}

/// Writes one line of level `debug`.
///
/// ```
/// sayso_plugin::log::debug(format!("{} words are looked for", 3));
/// ```
pub fn debug(message: impl AsRef<str>) {
    write(Level::Debug, message);
}

/// Writes one line of level `info`.
///
/// ```
/// sayso_plugin::log::info("ready");
/// ```
pub fn info(message: impl AsRef<str>) {
    write(Level::Info, message);
}

/// Writes one line of level `warn`.
///
/// ```
/// sayso_plugin::log::warn("`terms` is empty, so nothing is found");
/// ```
pub fn warn(message: impl AsRef<str>) {
    write(Level::Warn, message);
}

/// Writes one line of level `error`.
///
/// ```
/// sayso_plugin::log::error("the table is damaged");
/// ```
pub fn error(message: impl AsRef<str>) {
    write(Level::Error, message);
}
