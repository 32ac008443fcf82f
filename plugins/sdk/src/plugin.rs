//! The trait that a plugin implements.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Effects, Fault, Item, Reads};

/// A plugin.
///
/// ```
/// use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Reads, Tag, testing};
///
/// struct Shouting;
///
/// impl Plugin for Shouting {
///     const NAME: &'static str = "shouting";
///     const SUMMARY: &'static str = "Tags feedback that is all capitals.";
///     const READS: Reads = Reads::empty();
///     type Config = NoConfig;
///
///     fn new(_: NoConfig) -> Result<Self, String> {
///         Ok(Self)
///     }
///
///     fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
///         let text = &item.feedback.text;
///         if text.chars().any(char::is_alphabetic) && *text == text.to_uppercase() {
///             effects.tag(Tag::topic("tone/shouting", 1.0));
///         }
///         Ok(())
///     }
/// }
///
/// let effects = testing::effects_of::<Shouting>("{}", &Item::of_text("en", "NEVER AGAIN!")).unwrap();
/// assert_eq!(testing::tags(&effects), ["tone/shouting"]);
/// ```
pub trait Plugin: Sized {
    /// In lower case, letters, digits and `-`.
    const NAME: &'static str;
    /// One sentence for people to read.
    const SUMMARY: &'static str;
    /// What [`Plugin::process`] is given beside the kind, language, rating, title and text. A plugin that reads little
    /// runs faster, and its operator can see that it cannot leak the rest.
    const READS: Reads = Reads::all();
    /// The configuration; [`NoConfig`] where there is nothing to set. Derive both traits, and add
    /// `#[serde(deny_unknown_fields)]`, so that a typo is an error.
    type Config: DeserializeOwned + JsonSchema;

    /// JSON Schema (draft 2020-12) of the configuration, made of its type. The host checks against it before
    /// [`Plugin::new`] is called. Only a plugin whose schema says more than its type can override it.
    ///
    /// ```
    /// # use sayso_plugin::{Effects, Fault, Item, Plugin};
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// #[serde(deny_unknown_fields)]
    /// struct Config {
    ///     /// How many days count as late.
    ///     days: u32,
    /// }
    /// # struct Late;
    /// # impl Plugin for Late {
    /// #     const NAME: &'static str = "late";
    /// #     const SUMMARY: &'static str = "An example.";
    /// #     type Config = Config;
    /// #     fn new(_: Config) -> Result<Self, String> {
    /// #         Ok(Self)
    /// #     }
    /// #     fn process(&self, _: &Item, _: &mut Effects) -> Result<(), Fault> {
    /// #         Ok(())
    /// #     }
    /// # }
    /// let schema: serde_json::Value = serde_json::from_str(&Late::config_schema()).unwrap();
    /// assert_eq!(schema["properties"]["days"]["description"], "How many days count as late.");
    /// assert_eq!(schema["required"], serde_json::json!(["days"]));
    /// assert_eq!(schema["additionalProperties"], false);
    /// ```
    fn config_schema() -> String {
        schemars::schema_for!(Self::Config).to_value().to_string()
    }

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

    /// Works through a batch: one result per item, in the order of the items. By itself it calls [`Plugin::process`] for
    /// each. A plugin overrides it for what is better done for many at once, as requests are, which wait:
    /// [`http::send_all`](crate::http::send_all). An item alone and among others has to come out alike.
    ///
    /// ```
    /// # use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Score, http, testing};
    /// # struct Length;
    /// # impl Plugin for Length {
    /// #     const NAME: &'static str = "length";
    /// #     const SUMMARY: &'static str = "An example.";
    /// #     type Config = NoConfig;
    /// #     fn new(_: NoConfig) -> Result<Self, String> {
    /// #         Ok(Self)
    /// #     }
    /// #     fn process(&self, _: &Item, _: &mut Effects) -> Result<(), Fault> {
    /// #         Err(Fault::failed("every batch goes to process_all"))
    /// #     }
    /// fn process_all(&self, items: &[Item]) -> Vec<Result<Effects, Fault>> {
    ///     let request = |item: &Item| http::Request::post("https://api.example.com/length").body(item.feedback.text.as_str());
    ///     let answers = http::send_all(items.iter().map(request).collect());
    ///     let effects = |answer: Result<http::Response, http::Error>| {
    ///         let mut effects = Effects::new();
    ///         effects.score(Score::whole("length", answer?.success()?.json()?));
    ///         Ok(effects)
    ///     };
    ///     answers.into_iter().map(effects).collect()
    /// }
    /// # }
    /// # let host = testing::Host::new().http(|_| Ok(http::Response::of(200, "3")));
    /// # let effects = host.effects_of::<Length>("{}", &Item::of_text("en", "tea")).unwrap();
    /// # assert_eq!(testing::score(&effects, "length"), Some(3.0));
    /// ```
    fn process_all(&self, items: &[Item]) -> Vec<Result<Effects, Fault>> {
        let one = |item| {
            let mut effects = Effects::new();
            self.process(item, &mut effects).map(|()| effects)
        };
        items.iter().map(one).collect()
    }
}

/// The configuration of a plugin that has nothing to set: an empty object.
///
/// ```
/// use sayso_plugin::NoConfig;
///
/// assert!(serde_json::from_str::<NoConfig>("{}").is_ok());
/// assert!(serde_json::from_str::<NoConfig>(r#"{"word": "tea"}"#).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}
