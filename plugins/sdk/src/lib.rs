//! Write sayso plugins in Rust: implement [`Plugin`], and [`export!`] it.
//!
//! ```
//! use sayso_plugin::{Effects, Fault, Item, Plugin, Tag};
//!
//! struct Shouting;
//!
//! impl Plugin for Shouting {
//!     const NAME: &'static str = "shouting";
//!     const SUMMARY: &'static str = "Tags feedback that is all capitals.";
//!     type Config = sayso_plugin::NoConfig;
//!
//!     fn config_schema() -> String {
//!         sayso_plugin::NoConfig::SCHEMA.into()
//!     }
//!
//!     fn new(_config: Self::Config) -> Result<Self, String> {
//!         Ok(Self)
//!     }
//!
//!     fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
//!         let text = &item.feedback.text;
//!         if text.chars().any(char::is_alphabetic) && *text == text.to_uppercase() {
//!             effects.tag(Tag::topic("tone/shouting", 1.0));
//!         }
//!         Ok(())
//!     }
//! }
//!
//! sayso_plugin::export!(Shouting);
//! # fn main() {}
//! ```
//!
//! The crate needs `crate-type = ["cdylib", "rlib"]`: the first becomes the component, the second lets `cargo test` run
//! the plugin natively, through [`configure`] and [`Plugin::process`], on items made with [`Item::of_text`] and friends.
//!
//! A plugin keeps no state that a result depends on: the host runs many instances, drops them when it likes, and
//! expects the same answer of each.

#[doc(hidden)]
#[cfg(any(target_family = "wasm", test))]
pub mod arena;
#[doc(hidden)]
pub mod bindings;
mod effects;
mod guest;
mod item;
pub mod log;

pub use bindings::sayso::plugin::{
    history, text,
    types::{
        Answer, AnswerValue, AuthorRole, CsrNote, Customer, CustomerValue, Description, Details, Effect, Evidence,
        Fault, Feedback, Field, FieldType, Item, Kind, Language, Note, Origin, Part, Passage, Rating, Reads, Redaction,
        Review, Route, Scope, Score, Source, Span, Survey, Tag, TagClass, Urgency,
    },
};
pub use effects::Effects;
pub use guest::{NoConfig, configure, describe, process};

/// What [`export!`] uses.
#[doc(hidden)]
pub mod rt {
    pub use crate::bindings::{__export_plugin, exports::sayso::plugin::analysis::Guest};
}

/// The allocator of guests, which [`export!`] enables.
#[cfg(target_family = "wasm")]
#[global_allocator]
#[doc(hidden)]
pub static ALLOCATOR: arena::Arena = arena::Arena::new();

/// A plugin.
pub trait Plugin: Sized {
    /// In lower case, letters, digits and `-`.
    const NAME: &'static str;
    /// One sentence for people to read.
    const SUMMARY: &'static str;
    /// What [`Plugin::process`] is given beside the kind, language, rating, title and text. A plugin that reads little
    /// runs faster, and its operator can see that it cannot leak the rest.
    const READS: Reads = Reads::all();
    /// The configuration; [`NoConfig`] where there is nothing to set.
    type Config: serde::de::DeserializeOwned;

    /// JSON Schema (draft 2020-12) of the configuration. The host checks against it before [`Plugin::new`] is called.
    fn config_schema() -> String;

    /// Makes the plugin ready: everything that is costly belongs here rather than into [`Plugin::process`].
    ///
    /// # Errors
    /// A message for the operator: what is wrong, at which key, what to do.
    fn new(config: Self::Config) -> Result<Self, String>;

    /// Says of one item what there is to say.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for a kind or language that the plugin does not handle, [`Fault::Failed`] where it failed.
    /// The effects of an item with a fault are dropped.
    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault>;
}
