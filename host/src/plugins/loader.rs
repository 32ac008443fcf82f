//! From a `[[plugin]]` of the configuration to a plugin that is ready to run: found, compiled, its imports held against
//! its grants, described, its configuration held against the schema that it declares, and configured once.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use wasmtime::component::{Component, Linker};

use super::{
    aot::Cache,
    bindings::{self, sayso::plugin::types::Description},
    cases,
    contract::{BuiltFor, OFFERED},
    description,
    engine::{Engine, MAX_MEMORY_BYTES},
    grants::{self, NoHistory, State, http, log::Budget, text::Dictionaries},
    instance::Instance,
    item::Reads,
    line::clean,
    schema,
    signature::PublicKey,
    source::{Found, SourceError, Sources, hex},
};
use crate::config::{self, Grant, Limits, OnFault};
use crate::feedback::validate::compose_value;

/// A plugin that is ready to run.
#[derive(Clone)]
pub struct Plugin {
    /// Its name in the chain.
    pub name: Arc<str>,
    /// What it says of itself.
    pub version: Arc<str>,
    /// One sentence, by its own word.
    pub summary: String,
    /// What `use` says.
    pub source: String,
    /// `sha256:` and the digest of the component.
    pub digest: Arc<str>,
    /// `sha256:` and the digest of its configuration.
    pub config_digest: Arc<str>,
    /// What happens to an item that it fails on.
    pub on_fault: OnFault,
    /// Whether it runs beside the chain.
    pub shadow: bool,
    /// What it may import.
    pub(super) grants: Vec<Grant>,
    /// The folder of its golden cases, where it has some.
    pub(super) cases: Option<PathBuf>,
    pub(super) limits: Limits,
    /// What it is given of every feedback.
    pub(super) reads: Reads,
    pub(super) uses_history: bool,
    pub(super) uses_text: bool,
    /// Whether it may say something else of the same feedback another time.
    pub(super) uses_http: bool,
    /// Where its requests go.
    pub(super) http: Option<Arc<http::Source>>,
    /// What `http` says.
    pub(super) http_config: Option<config::Http>,
    pub(super) dictionaries: Arc<Dictionaries>,
    pub(super) config_json: String,
    /// What all its instances may write into the log.
    pub(super) log_budget: Arc<Budget>,
    pub(super) engine: Engine,
    pub(super) pre: bindings::PluginPre<State>,
}

impl Plugin {
    /// The time for one call.
    pub(super) const fn deadline(&self) -> Duration {
        Duration::from_millis(self.limits.deadline_ms)
    }

    /// Most bytes that it may hand over for one item, as effects or as requests.
    pub(super) fn bytes_of_item(&self) -> usize {
        let request = self.http_config.as_ref().map_or(0, |http| http.max_request_bytes);
        self.limits.output_bytes.max(request)
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("name", &self.name).field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// Why a plugin cannot join the chain. Every message names the plugin and what to do.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// `use` leads to nothing that may be loaded.
    #[error("plugin `{plugin}`: {error}")]
    Source {
        /// Its name in the chain.
        plugin: String,
        /// Why not.
        #[source]
        error: SourceError,
    },
    /// `cases` names no folder.
    #[error("plugin `{plugin}`: `cases` names {}, which is no folder", .path.display())]
    NoCases {
        /// Its name in the chain.
        plugin: String,
        /// What it names.
        path: PathBuf,
    },
    /// It is built for a version of the contract that this host cannot serve.
    #[error(
        "plugin `{plugin}` was built for sayso:plugin {built_for}, and this sayso offers {}.{}: {reason}; {remedy}",
        OFFERED.0, OFFERED.1
    )]
    WrongContract {
        /// Its name in the chain.
        plugin: String,
        /// The version.
        built_for: String,
        /// What does not fit.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The file is no component that this host can run.
    #[error(
        "plugin `{plugin}`: {path} is no component that sayso can run: {reason}; build it with `sayso plugin build`, or get it anew if it was damaged on its way"
    )]
    NotAComponent {
        /// Its name in the chain.
        plugin: String,
        /// Where it was found.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It imports what the operator did not grant.
    #[error(
        "plugin `{plugin}` imports `{import}`, and is not granted it; add grants = [\"{grant}\"] to its [[plugin]] if it may have it"
    )]
    NotGranted {
        /// Its name in the chain.
        plugin: String,
        /// The interface.
        import: String,
        /// The grant that it takes.
        grant: &'static str,
    },
    /// It imports what sayso does not offer at all.
    #[error(
        "plugin `{plugin}` imports `{import}`, which this sayso does not offer to plugins (it offers sayso:plugin 1.0: log, text, history, http; and an empty WASI 0.2 without wasi:http); build it without"
    )]
    UnknownImport {
        /// Its name in the chain.
        plugin: String,
        /// The interface.
        import: String,
    },
    /// Its configuration does not fit the schema that it declares, or it refuses it.
    #[error("plugin `{plugin}`: its configuration is refused: {}", .reasons.join("; "))]
    BadConfig {
        /// Its name in the chain.
        plugin: String,
        /// Each with the key that it is about.
        reasons: Vec<String>,
    },
    /// What `http` says cannot be held to.
    #[error("plugin `{plugin}`: {reason}")]
    BadHttp {
        /// Its name in the chain.
        plugin: String,
        /// What is at fault, and what to do.
        reason: String,
    },
    /// A limit is beyond what this host can give.
    #[error("plugin `{plugin}`: limits.{key} = {value}, and this host gives {min} to {max}")]
    BadLimit {
        /// Its name in the chain.
        plugin: String,
        /// The key.
        key: &'static str,
        /// What it says.
        value: u64,
        /// Lowest allowed.
        min: u64,
        /// Highest allowed.
        max: u64,
    },
    /// It answers one of its golden cases otherwise than expected.
    #[error("plugin `{plugin}`: its golden case {} fails: {reason}", .case.display())]
    CaseFails {
        /// Its name in the chain.
        plugin: String,
        /// The folder of the case.
        case: PathBuf,
        /// What is expected, and what it answers.
        reason: String,
    },
    /// It does not start.
    #[error("plugin `{plugin}` {reason}")]
    Broken {
        /// Its name in the chain.
        plugin: String,
        /// What happened.
        reason: String,
    },
}

/// Loads plugins, with the cache of compiled ones.
#[derive(Debug)]
pub struct Loader {
    pub(super) engine: Engine,
    pub(super) cache: Cache,
    sources: Sources,
    dictionaries: Arc<Dictionaries>,
}

impl Loader {
    /// Uses `cache_dir` for compiled plugins and for those of registries; paths in `use` are relative to `base`.
    ///
    /// # Errors
    /// Where the cache folder cannot be made private.
    pub fn new(engine: Engine, cache_dir: &Path, base: &Path) -> io::Result<Self> {
        let sources = Sources { base: base.to_owned(), kept: cache_dir.join("oci"), trusted: Vec::new() };
        Ok(Self { engine, cache: Cache::open(cache_dir)?, sources, dictionaries: Arc::default() })
    }

    /// Requires of every plugin that is not built in a signature by one of these keys, if there are any.
    #[must_use]
    pub fn with_required_signature(mut self, keys: Vec<PublicKey>) -> Self {
        self.sources.trusted = keys;
        self
    }

    /// Gives the plugins these dictionaries, rather than none.
    #[must_use]
    pub fn with_dictionaries(mut self, dictionaries: Dictionaries) -> Self {
        self.dictionaries = Arc::new(dictionaries);
        self
    }

    /// Loads one plugin.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(&self, config: &config::Plugin) -> Result<Plugin, LoadError> {
        let mut plugin = self.prepare(config)?;
        self.introduce(&mut plugin, &composed(&config.config))?;
        Ok(plugin)
    }

    /// Makes everything ready for the plugin to start, without starting it.
    pub(super) fn prepare(&self, config: &config::Plugin) -> Result<Plugin, LoadError> {
        let name = &config.name;
        check_limits(name, &config.limits)?;
        let found = self.find(config)?;
        let component = self.compile(name, &found)?;
        let built_for = BuiltFor::of(&component.component_type(), self.engine.wasm());
        built_for.check(name)?;
        let imported = self.check_imports(name, &component, &config.grants, &built_for)?;
        let mut linker = Linker::new(self.engine.wasm());
        let linked = grants::link(&mut linker, &config.grants, &component);
        let linked = linked.and_then(|()| linker.instantiate_pre(&component)).and_then(bindings::PluginPre::new);
        let pre = linked.map_err(|error| built_for.explain(name, &found.place, &error))?;
        let config_json = composed(&config.config).to_string();
        let http = imported.contains(&Grant::Http).then(|| http_source(name, config.http.as_ref())).transpose()?;
        Ok(Plugin {
            name: name.as_str().into(),
            version: "".into(),
            summary: String::new(),
            source: config.source.clone(),
            digest: format!("sha256:{}", found.digest).into(),
            config_digest: format!("sha256:{}", hex(config_json.as_bytes())).into(),
            on_fault: config.on_fault,
            shadow: config.shadow,
            grants: config.grants.clone(),
            cases: self.cases(config)?,
            limits: config.limits,
            reads: Reads::empty(),
            uses_history: imported.contains(&Grant::History),
            uses_text: imported.contains(&Grant::Text),
            uses_http: imported.contains(&Grant::Http),
            http: http.flatten(),
            http_config: config.http.clone(),
            dictionaries: self.dictionaries.clone(),
            config_json,
            log_budget: Arc::default(),
            engine: self.engine.clone(),
            pre,
        })
    }

    /// The folder of a plugin's golden cases.
    fn cases(&self, config: &config::Plugin) -> Result<Option<PathBuf>, LoadError> {
        let folder = cases::folder(config, &self.sources.base);
        match folder {
            Some(folder) if config.cases.is_some() && !folder.is_dir() => {
                Err(LoadError::NoCases { plugin: config.name.clone(), path: folder })
            }
            folder => Ok(folder.filter(|folder| folder.is_dir())),
        }
    }

    /// The bytes of a component, as pinned and signed.
    pub(super) fn find(&self, config: &config::Plugin) -> Result<Found, LoadError> {
        self.sources.find(config).map_err(|error| LoadError::Source { plugin: config.name.clone(), error })
    }

    pub(super) fn compile(&self, plugin: &str, found: &Found) -> Result<Component, LoadError> {
        let compiled = self.cache.component(self.engine.wasm(), &found.bytes, &found.digest);
        compiled.map_err(|error| LoadError::NotAComponent {
            plugin: plugin.into(),
            path: found.place.clone(),
            reason: clean(&format!("{error:#}")),
        })
    }

    /// Holds the imports against the grants. Returns the grants that it uses.
    fn check_imports(
        &self,
        plugin: &str,
        component: &Component,
        granted: &[Grant],
        built_for: &BuiltFor,
    ) -> Result<Vec<Grant>, LoadError> {
        let component_type = component.component_type();
        let mut used = Vec::new();
        for (import, _) in component_type.imports(self.engine.wasm()) {
            let needed = grants::of_import(import).ok_or_else(|| built_for.without(plugin, import))?;
            used.extend(needed);
            if let Some(grant) = needed.filter(|grant| *grant != Grant::Log && !granted.contains(grant)) {
                return Err(LoadError::NotGranted {
                    plugin: plugin.into(),
                    import: import.into(),
                    grant: grant.as_str(),
                });
            }
        }
        Ok(used)
    }

    /// Asks the plugin what it is, checks its configuration, and configures it once, so that a chain that cannot run
    /// is found out before it goes live.
    fn introduce(&self, plugin: &mut Plugin, config: &serde_json::Value) -> Result<(), LoadError> {
        let name = plugin.name.to_string();
        let broken = |reason: String| LoadError::Broken { plugin: name.clone(), reason };
        let mut instance = Instance::start(plugin, Arc::new(NoHistory)).map_err(broken)?;
        let description: Description = instance.describe(plugin).map_err(broken)?;
        description::check(&description).map_err(broken)?;
        let reasons = schema::offences(&description.config_schema, config).map_err(broken)?;
        if !reasons.is_empty() {
            return Err(LoadError::BadConfig { plugin: name, reasons });
        }
        if let Err(refusal) = instance.configure(plugin).map_err(broken)? {
            return Err(LoadError::BadConfig { plugin: name, reasons: vec![refusal] });
        }
        plugin.reads = description.reads;
        plugin.version = description.version.into();
        plugin.summary = description.summary;
        Ok(())
    }
}

/// Where the requests of a plugin go.
fn http_source(plugin: &str, config: Option<&config::Http>) -> Result<Option<Arc<http::Source>>, LoadError> {
    let Some(config) = config else { return Ok(None) };
    let client = http::Client::new(plugin.into(), config, &|name| std::env::var(name).ok())
        .map_err(|reason| LoadError::BadHttp { plugin: plugin.into(), reason })?;
    Ok(Some(Arc::new(http::Source::Hosts(client))))
}

/// A configuration with its words in the form that feedback has them in, so that the one is found in the other.
fn composed(config: &serde_json::Value) -> serde_json::Value {
    let mut config = config.clone();
    compose_value(&mut config);
    config
}

fn check_limits(plugin: &str, limits: &Limits) -> Result<(), LoadError> {
    let ranges = [
        ("memory_bytes", limits.memory_bytes as u64, 64 << 10, MAX_MEMORY_BYTES as u64),
        ("deadline_ms", limits.deadline_ms, 1, 60_000),
        ("effects", limits.effects as u64, 1, 10_000),
        ("output_bytes", limits.output_bytes as u64, 1 << 10, 16 << 20),
    ];
    for (key, value, min, max) in ranges {
        if !(min..=max).contains(&value) {
            return Err(LoadError::BadLimit { plugin: plugin.into(), key, value, min, max });
        }
    }
    Ok(())
}
