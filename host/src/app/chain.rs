//! Loads the chain of a configuration: its engine, its plugins, their signatures, dictionaries and golden cases.

use std::path::Path;

use super::AppError;
use crate::{
    config::{self, Config, Grant},
    dictionary::{self, DictionaryLanguage},
    plugins::{Chain, Dictionaries, Engine, Loader, cases, signature::PublicKey, source},
};

/// The built-in plugin that takes out what is personal.
const REDACT: &str = "builtin:redact";

/// Removes what registries gave for chains of long ago. The chain of now has been loaded.
pub(super) fn prune(config: &Config) {
    let pruned = source::prune(&config.data.dir.join("cache").join("oci"));
    if pruned > 0 {
        tracing::info!(files = pruned, "plugins that were pulled and not used for 30 days are removed from the cache");
    }
}

/// What a chain is taken for as it is written, and may not be meant so: one that is written out has no plugin but those.
pub fn cautions(plugins: &[config::Plugin]) -> Vec<String> {
    let (is_redacted, is_own) = (plugins.iter().any(|plugin| plugin.source == REDACT), !plugins.is_empty());
    let note = "no [[plugin]] is `builtin:redact`: e-mail addresses, telephone numbers and the like go on record, and out, as \
                they are sent, unless a plugin of yours takes them out";
    (is_own && !is_redacted).then(|| note.to_owned()).into_iter().collect()
}

/// Tells the operator what a chain has to do without.
pub(super) fn shortcomings(chain: &Chain) -> Vec<String> {
    let notes = chain.missing_dictionaries().into_iter().map(|language| {
        let note = without_dictionary(language);
        tracing::warn!(%language, "{note}");
        note
    });
    notes.collect()
}

/// Loads the chain of a configuration, and runs the golden cases of its plugins; paths of plugins are relative to
/// `base`.
///
/// # Errors
/// See [`AppError`].
pub fn load_chain(config: &Config, base: &Path) -> Result<Chain, AppError> {
    load_chain_into(&engine(config)?, config, base)
}

/// Threads that an engine has room for beyond one a worker, since they may wait for answers of others.
const MAX_WAITING: usize = 32;

/// Instances that an engine has room for beyond those of the threads: while a chain is loaded, its plugins are asked what
/// they are, and run their golden cases, one behind the other, and those of the chain before still run.
const SPARE: usize = 4;

/// An engine with room for the chain, and for a chain of twice as many plugins, since it may grow while sayso runs.
///
/// # Errors
/// See [`AppError::Engine`].
pub fn engine(config: &Config) -> Result<Engine, AppError> {
    let waiting: usize = config.plugins.iter().filter_map(|plugin| Some(plugin.http.as_ref()?.concurrency)).sum();
    let threads = config.pipeline.workers + waiting.min(MAX_WAITING);
    let instances = threads.saturating_mul(2 * config.plugins.len()).saturating_add(SPARE);
    Engine::with_room_for(instances).map_err(AppError::Engine)
}

pub(super) fn load_chain_into(engine: &Engine, config: &Config, base: &Path) -> Result<Chain, AppError> {
    let most = (engine.room() - SPARE) / config.pipeline.workers;
    if config.plugins.len() > most {
        return Err(AppError::NoRoom { plugins: config.plugins.len(), most });
    }
    let chain = Chain::load(&loader(engine, config, base)?, &config.plugins)?;
    cautions(&config.plugins).iter().for_each(|caution| tracing::warn!("{caution}"));
    for plugin in chain.plugins() {
        let passed = cases::run(plugin)?;
        if passed > 0 {
            tracing::info!(plugin = &*plugin.name, passed, "golden cases");
        }
    }
    Ok(chain)
}

/// Loads plugins as the configuration says; their paths are relative to `base`.
///
/// # Errors
/// See [`AppError`].
pub fn loader(engine: &Engine, config: &Config, base: &Path) -> Result<Loader, AppError> {
    let cache = config.data.dir.join("cache");
    let loader = Loader::new(engine.clone(), &cache, base).map_err(|source| AppError::Data { path: cache, source })?;
    let keys = config.trust.require_signature.iter().map(|key| PublicKey::parse(key)).collect::<Result<_, _>>();
    let loader = loader.with_required_signature(keys.map_err(AppError::Trust)?);
    Ok(loader.with_dictionaries(open_dictionaries(config)?))
}

/// The dictionaries, if a plugin may use them: to verify them takes a tenth of a second.
fn open_dictionaries(config: &Config) -> Result<Dictionaries, AppError> {
    if !config.plugins.iter().any(|plugin| plugin.grants.contains(&Grant::Text)) {
        return Ok(Dictionaries::default());
    }
    if let Some(named) = config.data.dictionaries.as_ref().filter(|named| !named.is_dir()) {
        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "`data.dictionaries` names no folder");
        return Err(AppError::Data { path: named.clone(), source });
    }
    Ok(Dictionaries::open(dictionary::folder(&config.data).as_deref())?)
}

/// What an operator should know of a language whose dictionary is not installed.
fn without_dictionary(language: DictionaryLanguage) -> String {
    let method = match language {
        DictionaryLanguage::Ja | DictionaryLanguage::Zh => "into pairs of characters",
        DictionaryLanguage::Ko => "at spaces",
    };
    format!(
        "no dictionary for `{language}`: its texts are parted {method}, and `builtin:sentiment` scores none; see `sayso dict \
         build --help`"
    )
}
