//! Which version of the contract a component is built for, and whether this host can run it.

use wasmtime::component::types::Component;

use super::{line::clean, loader::LoadError};

/// Major and minor version of `sayso:plugin` that this host offers.
pub(super) const OFFERED: (u64, u64) = (1, 0);

/// What to do about a plugin that is newer than this host.
const UPDATE: &str = "update sayso, or rebuild the plugin against the `wit` of this sayso";

/// The newest version of `sayso:plugin` that a component names, in what it imports and exports; none if it names none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct BuiltFor(Option<String>);

impl BuiltFor {
    /// Reads it from the type of a component.
    pub(super) fn of(component: &Component, engine: &wasmtime::Engine) -> Self {
        let imports = component.imports(engine).map(|(name, _)| name.to_owned());
        let exports = component.exports(engine).map(|(name, _)| name.to_owned());
        let versions = imports.chain(exports).filter_map(|name| version(&name).map(str::to_owned));
        Self(versions.max_by_key(|version| numbers(version)))
    }

    /// Refuses another major version: its types have nothing to do with those of this host.
    ///
    /// # Errors
    /// [`LoadError::WrongContract`].
    pub(super) fn check(&self, plugin: &str) -> Result<(), LoadError> {
        match &self.0 {
            Some(version) if numbers(version).0 != OFFERED.0 => Err(LoadError::WrongContract {
                plugin: plugin.into(),
                built_for: version.clone(),
                reason: "another major version".into(),
                remedy: "rebuild it against the `wit` of this sayso, or run a sayso of its major version",
            }),
            _ => Ok(()),
        }
    }

    /// What to say of a component that imports an interface that this host does not offer.
    pub(super) fn without(&self, plugin: &str, import: &str) -> LoadError {
        match &self.0 {
            Some(built_for) if numbers(built_for) > OFFERED && version(import).is_some() => LoadError::WrongContract {
                plugin: plugin.into(),
                built_for: built_for.clone(),
                reason: format!("it imports `{import}`"),
                remedy: UPDATE,
            },
            _ => LoadError::UnknownImport { plugin: plugin.into(), import: import.into() },
        }
    }

    /// What to say of a component that does not fit: that it is newer than this host, if it is.
    pub(super) fn explain(&self, plugin: &str, path: &str, error: &wasmtime::Error) -> LoadError {
        let reason = clean(&format!("{error:#}"));
        match &self.0 {
            Some(version) if numbers(version) > OFFERED => {
                LoadError::WrongContract { plugin: plugin.into(), built_for: version.clone(), reason, remedy: UPDATE }
            }
            _ => LoadError::NotAComponent { plugin: plugin.into(), path: path.into(), reason },
        }
    }
}

/// `1.0.0` of `sayso:plugin/text@1.0.0`.
fn version(name: &str) -> Option<&str> {
    name.strip_prefix("sayso:plugin/")?.split_once('@').map(|(_, version)| version)
}

fn numbers(version: &str) -> (u64, u64) {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or_default());
    (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(built_for: &str) -> Option<String> {
        BuiltFor(Some(built_for.into())).check("p").err().map(|error| error.to_string())
    }

    #[test]
    fn every_minor_version_of_this_major_one_is_tried_and_no_other() {
        for version in ["1.0.0", "1.9.0", "1.10.3"] {
            assert_eq!(refusal(version), None, "{version}");
        }
        for version in ["0.9.0", "2.0.0", "10.0.0", "x"] {
            assert!(
                refusal(version).is_some_and(|said| said.contains(version) && said.contains("rebuild")),
                "{version}"
            );
        }
        assert!(BuiltFor(None).check("p").is_ok());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("1.10.0") > numbers("1.9.0"));
        assert_eq!(version("sayso:plugin/text@1.2.3"), Some("1.2.3"));
        assert_eq!(version("wasi:io/streams@0.2.0"), None);
    }

    #[test]
    fn the_version_that_this_host_offers_is_that_of_the_contract() {
        let wit = include_str!("../../../wit/plugin.wit");
        assert!(wit.contains(&format!("package sayso:plugin@{}.{}.", OFFERED.0, OFFERED.1)));
    }
}
