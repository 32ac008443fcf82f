//! For the unit tests of a plugin, which run natively: `cargo test` needs no WebAssembly.
//!
//! What only the host has, the grants `text`, `history` and `http`, a native test says itself, with a [`Host`]; golden
//! cases run with the host's own, in the sandbox of production: `sayso plugin test`.

#[cfg(not(target_family = "wasm"))]
pub use crate::stand_in::{Host, Token};
use crate::{Effect, Fault, Item, Plugin, configure, process};

/// The effects that a plugin of this configuration, in JSON, has on an item.
///
/// ```
/// # use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Score, testing};
/// # struct Length;
/// # impl Plugin for Length {
/// #     const NAME: &'static str = "length";
/// #     const SUMMARY: &'static str = "An example.";
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self, String> {
/// #         Ok(Self)
/// #     }
/// #     fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
/// #         effects.score(Score::whole("length", item.feedback.text.len() as f64));
/// #         Ok(())
/// #     }
/// # }
/// let effects = testing::effects_of::<Length>("{}", &Item::of_text("en", "tea")).unwrap();
/// assert_eq!(testing::score(&effects, "length"), Some(3.0));
/// ```
///
/// # Errors
/// The plugin's fault.
///
/// # Panics
/// If the plugin refuses the configuration.
pub fn effects_of<P: Plugin>(config: &str, item: &Item) -> Result<Vec<Effect>, Fault> {
    let plugin = configure::<P>(config).unwrap_or_else(|error| panic!("`{}` refuses {config}: {error}", P::NAME));
    process(&plugin, std::slice::from_ref(item)).remove(0)
}

/// The names of the tags among the effects, in their order.
///
/// ```
/// use sayso_plugin::{Effect, Tag, testing};
///
/// let effects = [Effect::Tag(Tag::topic("delivery/speed", 1.0)), Effect::Tag(Tag::intent("complaint", 0.5))];
/// assert_eq!(testing::tags(&effects), ["delivery/speed", "complaint"]);
/// ```
pub fn tags(effects: &[Effect]) -> Vec<&str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Tag(tag) => Some(tag.name.as_str()),
            _ => None,
        })
        .collect()
}

/// The value of the first score of this name among the effects.
///
/// ```
/// use sayso_plugin::{Effect, Score, testing};
///
/// let effects = [Effect::Score(Score::whole("sentiment", -0.5))];
/// assert_eq!(testing::score(&effects, "sentiment"), Some(-0.5));
/// assert_eq!(testing::score(&effects, "urgency"), None);
/// ```
pub fn score(effects: &[Effect], name: &str) -> Option<f64> {
    effects.iter().find_map(|effect| match effect {
        Effect::Score(score) if score.name == name => Some(score.value),
        _ => None,
    })
}
