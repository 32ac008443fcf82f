//! Grant `history`: what the customer said before, in summary.
//!
//! ```
//! use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Tag, history, testing};
//!
//! /// Tags the feedback of customers who come back.
//! struct Regulars;
//!
//! impl Plugin for Regulars {
//!     const NAME: &'static str = "regulars";
//!     const SUMMARY: &'static str = "Tags the feedback of customers who come back.";
//!     type Config = NoConfig;
//!
//!     fn new(_: NoConfig) -> Result<Self, String> {
//!         Ok(Self)
//!     }
//!
//!     fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
//!         if history::before(item.index).is_some_and(|before| before.earlier >= 3) {
//!             effects.tag(Tag::topic("regular", 1.0));
//!         }
//!         Ok(())
//!     }
//! }
//!
//! // In the sandbox the records answer; in a native test, the test does.
//! let host = testing::Host::new().history(|_| Some(history::Summary { earlier: 4, ..history::Summary::default() }));
//! let effects = host.effects_of::<Regulars>("{}", &Item::of_text("en", "Cold again.")).unwrap();
//! assert_eq!(testing::tags(&effects), ["regular"]);
//! ```

/// What a customer said before, in summary.
///
/// ```
/// use sayso_plugin::history::Summary;
///
/// let summary = Summary { earlier: 2, sentiment_mean: Some(-0.4), ..Summary::default() };
/// assert_eq!(summary.last_seen, None);
/// ```
pub use crate::bindings::sayso::plugin::history::Summary;

/// The summary for the customer of the item with this `index` in the batch at hand; none where its feedback names no
/// customer, or there is no such item.
///
/// ```
/// use sayso_plugin::{history::{self, Summary}, testing};
///
/// let host = testing::Host::new().history(|item| (item == 0).then(Summary::default));
/// let (known, unknown) = host.run(|| (history::before(0), history::before(1)));
/// assert!(known.is_some() && unknown.is_none());
/// ```
pub fn before(item: u32) -> Option<Summary> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::sayso::plugin::history::before(item);
    #[cfg(not(target_family = "wasm"))]
    crate::stand_in::before(item)
}

#[expect(clippy::derivable_impls, reason = "the types come from a macro that derives for all of them or none")]
impl Default for Summary {
    fn default() -> Self {
        Self { earlier: 0, first_seen: None, last_seen: None, sentiment_mean: None, sentiment_trend: None }
    }
}
