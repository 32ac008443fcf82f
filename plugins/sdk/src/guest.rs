//! What every plugin does alike: describe itself, read its configuration, work through a batch.

use crate::{Description, Effect, Fault, Item, Plugin};

/// What a plugin says of itself; `version` is that of its crate.
///
/// ```
/// # use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Tag};
/// # struct Any;
/// # impl Plugin for Any {
/// #     const NAME: &'static str = "any";
/// #     const SUMMARY: &'static str = "Tags everything.";
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self, String> {
/// #         Ok(Self)
/// #     }
/// #     fn process(&self, _: &Item, effects: &mut Effects) -> Result<(), Fault> {
/// #         effects.tag(Tag::topic("any", 1.0));
/// #         Ok(())
/// #     }
/// # }
/// let description = sayso_plugin::describe::<Any>("1.0.0");
/// assert_eq!((description.name.as_str(), description.version.as_str()), ("any", "1.0.0"));
/// ```
pub fn describe<P: Plugin>(version: &str) -> Description {
    Description {
        name: P::NAME.into(),
        version: version.into(),
        summary: P::SUMMARY.into(),
        config_schema: P::config_schema(),
        reads: P::READS,
    }
}

/// Makes a plugin from its configuration in JSON.
///
/// ```
/// # use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Tag};
/// # struct Any;
/// # impl Plugin for Any {
/// #     const NAME: &'static str = "any";
/// #     const SUMMARY: &'static str = "Tags everything.";
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self, String> {
/// #         Ok(Self)
/// #     }
/// #     fn process(&self, _: &Item, effects: &mut Effects) -> Result<(), Fault> {
/// #         effects.tag(Tag::topic("any", 1.0));
/// #         Ok(())
/// #     }
/// # }
/// let error = sayso_plugin::configure::<Any>(r#"{"word": "tea"}"#).err().unwrap();
/// assert!(error.contains("unknown field `word`"));
/// ```
///
/// # Errors
/// A message for the operator that names the key at fault.
pub fn configure<P: Plugin>(config: &str) -> Result<P, String> {
    let mut json = serde_json::Deserializer::from_str(config);
    let config =
        serde_path_to_error::deserialize(&mut json).map_err(|error| match error.path().to_string().as_str() {
            "." => error.inner().to_string(),
            path => format!("`{path}`: {}", error.inner()),
        })?;
    P::new(config)
}

/// Has a panic say what and where in the log, before the plugin ends: to the host it is an instruction like any other.
#[cfg(target_family = "wasm")]
pub fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| crate::log::error(panic.to_string())));
}

/// Works through a batch: one result per item, in the order of the items.
///
/// ```
/// # use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Tag};
/// # struct Any;
/// # impl Plugin for Any {
/// #     const NAME: &'static str = "any";
/// #     const SUMMARY: &'static str = "Tags everything.";
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self, String> {
/// #         Ok(Self)
/// #     }
/// #     fn process(&self, _: &Item, effects: &mut Effects) -> Result<(), Fault> {
/// #         effects.tag(Tag::topic("any", 1.0));
/// #         Ok(())
/// #     }
/// # }
/// let results = sayso_plugin::process(&Any, &[Item::of_text("en", "tea"), Item::of_text("en", "cake")]);
/// assert_eq!(results.len(), 2);
/// ```
pub fn process<P: Plugin>(plugin: &P, items: &[Item]) -> Vec<Result<Vec<Effect>, Fault>> {
    plugin.process_all(items).into_iter().map(|result| result.map(Into::into)).collect()
}

/// Makes a type that implements [`Plugin`] the plugin of this component.
///
/// Beyond WebAssembly it does nothing, so that several plugins can be linked into one program.
///
/// ```
/// # use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Tag};
/// # struct Any;
/// # impl Plugin for Any {
/// #     const NAME: &'static str = "any";
/// #     const SUMMARY: &'static str = "Tags everything.";
/// #     type Config = NoConfig;
/// #     fn new(_: NoConfig) -> Result<Self, String> {
/// #         Ok(Self)
/// #     }
/// #     fn process(&self, _: &Item, effects: &mut Effects) -> Result<(), Fault> {
/// #         effects.tag(Tag::topic("any", 1.0));
/// #         Ok(())
/// #     }
/// # }
/// sayso_plugin::export!(Any);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            std::thread_local! {
                static PLUGIN: std::cell::OnceCell<$plugin> = const { std::cell::OnceCell::new() };
            }

            struct Component;

            impl $crate::rt::Guest for Component {
                fn describe() -> $crate::Description {
                    $crate::describe::<$plugin>(env!("CARGO_PKG_VERSION"))
                }

                fn configure(config: String) -> Result<(), String> {
                    $crate::tell_panics();
                    let plugin = $crate::configure::<$plugin>(&config)?;
                    PLUGIN.with(|cell| cell.set(plugin)).map_err(|_| String::from("the plugin is configured already"))
                }

                fn process(items: Vec<$crate::Item>) -> Vec<Result<Vec<$crate::Effect>, $crate::Fault>> {
                    let results = PLUGIN.with(|cell| match cell.get() {
                        Some(plugin) => $crate::process(plugin, &items),
                        None => {
                            let fault = || $crate::Fault::Failed(String::from("process was called before configure"));
                            items.iter().map(|_| Err(fault())).collect()
                        }
                    });
                    $crate::ALLOCATOR.enable();
                    results
                }
            }

    $crate::rt::__export_plugin!(Component with_types_in $crate::bindings);
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Effects, Tag};

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Config {
        word: String,
    }

    struct Finder(String);

    impl Plugin for Finder {
        const NAME: &'static str = "finder";
        const SUMMARY: &'static str = "Finds a word.";
        type Config = Config;

        fn new(config: Config) -> Result<Self, String> {
            if config.word.is_empty() { Err("`word` is empty".into()) } else { Ok(Self(config.word)) }
        }

        fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
            match item.feedback.text.contains(&self.0) {
                true => effects.tag(Tag::topic("found", 1.0)),
                false => return Err(Fault::Unsupported("not there".into())),
            }
            Ok(())
        }
    }

    #[test]
    fn a_batch_gets_one_result_an_item_in_order() {
        let finder = configure::<Finder>(r#"{"word":"tea"}"#).unwrap();
        let results = process(&finder, &[Item::of_text("en", "no"), Item::of_text("en", "tea")]);
        assert_eq!(results.len(), 2);
        assert_eq!(results[0], Err(Fault::Unsupported("not there".into())));
        assert_eq!(results[1], Ok(vec![Effect::Tag(Tag::topic("found", 1.0))]));
    }

    #[test]
    fn an_error_of_the_configuration_names_the_key() {
        let error = configure::<Finder>(r#"{"word":7}"#).err().unwrap();
        assert!(error.starts_with("`word`: invalid type"), "{error}");
    }

    #[test]
    fn an_unknown_key_of_the_configuration_is_an_error() {
        let error = configure::<Finder>(r#"{"word":"a","wrod":"b"}"#).err().unwrap();
        assert!(error.contains("wrod"), "{error}");
    }

    #[test]
    fn a_plugin_describes_itself_with_the_version_of_its_crate() {
        let description = describe::<Finder>("1.2.3");
        assert_eq!((description.name.as_str(), description.version.as_str()), ("finder", "1.2.3"));
    }

    #[test]
    fn the_schema_of_the_configuration_is_made_of_its_type() {
        let schema: serde_json::Value = serde_json::from_str(&Finder::config_schema()).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(schema["properties"]["word"]["type"], "string");
        assert_eq!(schema["required"], serde_json::json!(["word"]));
        assert_eq!(schema["additionalProperties"], false);
    }
}
