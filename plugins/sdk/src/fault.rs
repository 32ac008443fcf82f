//! Short ways to say why there are no effects.

use std::fmt::Display;

use crate::Fault;

impl Fault {
    /// The plugin failed on this item, by whatever error it met. The operator's `on_fault` policy applies.
    ///
    /// ```
    /// use sayso_plugin::{Fault, Item};
    ///
    /// fn order(item: &Item) -> Result<u64, Fault> {
    ///     item.feedback.text.trim().parse().map_err(Fault::failed)
    /// }
    ///
    /// let fault = order(&Item::of_text("en", "no number")).unwrap_err();
    /// assert_eq!(fault, Fault::Failed("invalid digit found in string".into()));
    /// ```
    pub fn failed(reason: impl Display) -> Self {
        Self::Failed(reason.to_string())
    }

    /// The plugin does not handle this kind or language of feedback. No failure: the chain goes on.
    ///
    /// ```
    /// use sayso_plugin::{Fault, Item};
    ///
    /// fn only_english(item: &Item) -> Result<(), Fault> {
    ///     match item.feedback.language.code.as_str() {
    ///         "en" => Ok(()),
    ///         other => Err(Fault::unsupported(format!("language `{other}`"))),
    ///     }
    /// }
    ///
    /// assert_eq!(only_english(&Item::of_text("ja", "お茶")), Err(Fault::Unsupported("language `ja`".into())));
    /// ```
    pub fn unsupported(what: impl Display) -> Self {
        Self::Unsupported(what.to_string())
    }
}
