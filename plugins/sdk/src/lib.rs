//! Write sayso plugins in Rust: implement [`Plugin`] for one item, and [`export!`] it. The SDK does the rest: batches,
//! the configuration with its JSON Schema, errors that name the key, and the contract with the host.
//!
//! ```
//! use sayso_plugin::{Effects, Fault, Item, Plugin, Tag, find, testing};
//!
//! /// What an operator can set; these comments become the descriptions of its JSON Schema.
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// The words to look for, whatever their case.
//!     words: Vec<String>,
//! }
//!
//! struct Rivals(Vec<String>);
//!
//! impl Plugin for Rivals {
//!     const NAME: &'static str = "rivals";
//!     const SUMMARY: &'static str = "Tags feedback that names a competitor.";
//!     type Config = Config;
//!
//!     fn new(config: Config) -> Result<Self, String> {
//!         if config.words.is_empty() { Err("`words` is empty; name a competitor".into()) } else { Ok(Self(config.words)) }
//!     }
//!
//!     fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
//!         let spans: Vec<_> = self.0.iter().flat_map(|word| find(&item.feedback.text, word)).collect();
//!         if !spans.is_empty() {
//!             effects.tag(Tag::topic("competitor", 1.0).spans(spans));
//!         }
//!         Ok(())
//!     }
//! }
//!
//! sayso_plugin::export!(Rivals);
//!
//! # fn main() {
//! // A plugin is an ordinary type: its tests run natively.
//! let config = r#"{"words": ["Acme"]}"#;
//! let effects = testing::effects_of::<Rivals>(config, &Item::of_text("en", "ACME is cheaper.")).unwrap();
//! assert_eq!(testing::tags(&effects), ["competitor"]);
//! # }
//! ```
//!
//! The crate needs `crate-type = ["cdylib", "rlib"]`: the first becomes the component, the second lets `cargo test` run
//! the plugin natively, on items made with [`Item::of_text`] and friends. `sayso plugin new` makes such a crate.
//!
//! A plugin keeps no state that a result depends on: the host runs many instances, drops them when it likes, and
//! expects the same answer of each.

#[doc(hidden)]
#[cfg(any(target_family = "wasm", test))]
pub mod arena;
#[doc(hidden)]
pub mod bindings;
mod effects;
mod fault;
mod find;
mod guest;
pub mod history;
pub mod http;
mod item;
pub mod log;
mod plugin;
#[cfg(not(target_family = "wasm"))]
mod stand_in;
pub mod testing;
pub mod text;
mod types;

pub use effects::Effects;
pub use find::find;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub use guest::tell_panics;
pub use guest::{configure, describe, process};
pub use plugin::{NoConfig, Plugin};
pub use types::{
    Answer, AnswerValue, AuthorRole, CsrNote, Customer, CustomerValue, Description, Details, Effect, Evidence, Fault,
    Feedback, Field, FieldType, Item, Kind, Language, Note, Origin, Part, Passage, Rating, Reads, Redaction, Review,
    Route, Scope, Score, Source, Span, Survey, Tag, TagClass, Urgency,
};

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
