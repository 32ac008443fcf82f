//! What can be told of a component before it is in a chain.

use std::sync::Arc;

use serde_json::Value;
use wasmtime::component::Component;

use super::{
    bindings::sayso::plugin::types::Description,
    description,
    grants::{self, NoHistory},
    instance::Instance,
    item::Reads,
    loader::{LoadError, Loader},
    schema, trial,
};
use crate::config::Grant;

/// The interface that every plugin exports, without its version.
const EXPORT: &str = "sayso:plugin/analysis@";

/// What a component is.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// Size of the component, in bytes.
    pub bytes: usize,
    /// The version of `sayso:plugin` that it was built for; none if it is no plugin.
    pub contract: Option<String>,
    /// What it imports, with versions.
    pub imports: Vec<String>,
    /// What the operator has to grant it.
    pub grants: Vec<Grant>,
    /// What it says of itself, or why it says nothing.
    pub description: Result<Described, String>,
}

/// What a plugin says of itself.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// What it is given beside kind, language, rating, title and text.
    pub reads: Vec<&'static str>,
    /// JSON Schema of its configuration; text if it is not JSON.
    pub schema: Value,
}

impl Loader {
    /// Looks at the component that `use` would name so. It is started, for its description, and not configured.
    ///
    /// # Errors
    /// Where there is none, or its bytes are no component.
    pub fn inspect(&self, source: &str) -> Result<Inspection, LoadError> {
        let found = self.find(&trial::entry(source, Value::Null, Vec::new(), None))?;
        let component = self.compile(source, &found)?;
        let component_type = component.component_type();
        let imports: Vec<String> =
            component_type.imports(self.engine.wasm()).map(|(name, _)| name.to_owned()).collect();
        let grants: Vec<_> = imports.iter().filter_map(|import| grants::of_import(import)?).collect();
        let grants = grants.into_iter().filter(|grant| *grant != Grant::Log).collect::<Vec<_>>();
        let contract = self.contract(&component);
        let description = match contract {
            Some(_) => self.describe(source, grants.clone()),
            None => Err(format!(
                "it exports no {EXPORT}…, so it is no plugin of sayso (in Rust, the macro `export!` of the SDK exports it)"
            )),
        };
        Ok(Inspection {
            digest: format!("sha256:{}", found.digest),
            bytes: found.bytes.len(),
            contract,
            imports,
            grants,
            description,
        })
    }

    fn contract(&self, component: &Component) -> Option<String> {
        let component_type = component.component_type();
        let mut exports = component_type.exports(self.engine.wasm());
        exports.find_map(|(name, _)| name.strip_prefix(EXPORT).map(str::to_owned))
    }

    fn describe(&self, source: &str, grants: Vec<Grant>) -> Result<Described, String> {
        let entry = trial::entry(source, Value::Null, grants, None);
        let plugin = self.prepare(&entry).map_err(|error| error.to_string())?;
        let described = Instance::start(&plugin, Arc::new(NoHistory))?.describe(&plugin)?;
        description::check(&described)?;
        schema::check(&described.config_schema)?;
        Ok(described.into())
    }
}

impl From<Description> for Described {
    fn from(description: Description) -> Self {
        let Description { name, version, summary, config_schema, reads } = description;
        let schema = serde_json::from_str(&config_schema).unwrap_or(Value::String(config_schema));
        Self { name, version, summary, reads: names(reads), schema }
    }
}

/// The names of the flags, as in the contract.
pub(super) fn names(reads: Reads) -> Vec<&'static str> {
    let all = [
        (Reads::ORIGIN, "origin"),
        (Reads::CUSTOMER, "customer"),
        (Reads::DETAILS, "details"),
        (Reads::METADATA, "metadata"),
        (Reads::SCORES, "scores"),
        (Reads::PARTS, "parts"),
        (Reads::EVIDENCE, "evidence"),
        (Reads::PASSAGES, "passages"),
        (Reads::TAGS, "tags"),
        (Reads::ROUTES, "routes"),
        (Reads::NOTES, "notes"),
    ];
    all.into_iter().filter(|(flag, _)| reads.contains(*flag)).map(|(_, name)| name).collect()
}
