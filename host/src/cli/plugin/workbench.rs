//! The engine and the loader of production, with a cache of compiled plugins that is the user's own.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context as _;
use serde_json::Value;

use crate::cli::progress;
use crate::{
    config::{self, Grant},
    dictionary,
    plugins::{Dictionaries, Engine, Loader, Plugin, inspect::Inspection, trial},
};

/// How long a compiled plugin is kept: every build makes another one.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// Loads one plugin as production would.
#[derive(Debug)]
pub(super) struct Workbench {
    loader: Loader,
    source: String,
    inspection: Inspection,
}

impl Workbench {
    /// Looks at the component at `source`, and makes ready to load it.
    ///
    /// # Errors
    /// Where there is none, or it cannot run here.
    pub(super) fn open(source: &str) -> anyhow::Result<Self> {
        let cache = cache_dir()?;
        prune(&cache);
        Self::with_cache(source, &cache)
    }

    /// The same with another cache.
    pub(super) fn with_cache(source: &str, cache: &Path) -> anyhow::Result<Self> {
        let engine = Engine::new().map_err(|error| anyhow::anyhow!("the plugin engine does not start: {error:#}"))?;
        let mut loader = Loader::new(engine, cache, Path::new("")).with_context(|| cache.display().to_string())?;
        // What is not in the cache is compiled, which takes a component that holds an interpreter many seconds.
        let doing = format!("compiling {source} for the sandbox, once for this version of it");
        let inspection = progress::during(doing, || loader.inspect(source))?;
        if inspection.grants.contains(&Grant::Text) {
            loader = loader.with_dictionaries(dictionaries()?);
        }
        Ok(Self { loader, source: source.to_owned(), inspection })
    }

    /// What can be told of the component.
    pub(super) const fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// Loads the plugin with this configuration, what it imports granted; without `http` its requests are refused.
    ///
    /// # Errors
    /// Where it is no plugin, or its configuration is refused.
    pub(super) fn load(&self, config: &Value, http: Option<&config::Http>) -> anyhow::Result<Plugin> {
        let grants = self.inspection.grants.clone();
        Ok(self.loader.load(&trial::entry(&self.source, config.clone(), grants, http.cloned()))?)
    }
}

/// The dictionaries that a server on this machine would use.
fn dictionaries() -> anyhow::Result<Dictionaries> {
    let config = config::Source::default().read()?;
    Ok(Dictionaries::open(dictionary::folder(&config.data).as_deref())?)
}

/// `sayso/plugins` in the folder of the user's caches.
fn cache_dir() -> anyhow::Result<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = named.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let caches =
        caches.context("neither HOME nor XDG_CACHE_HOME is set: there is no place for compiled plugins; set one")?;
    Ok(caches.join("sayso/plugins"))
}

/// Removes what was compiled long ago. What cannot be removed costs space alone.
fn prune(cache: &Path) {
    let is_old = |path: &Path| {
        let modified = fs::metadata(path).and_then(|meta| meta.modified());
        modified.is_ok_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age > KEPT))
    };
    for path in fs::read_dir(cache).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if is_old(&path)
            && let Err(error) = fs::remove_file(&path)
        {
            tracing::debug!(path = %path.display(), %error, "an old compiled plugin stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_old_is_removed_from_the_cache() {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, age) in [("old", KEPT + Duration::from_secs(60)), ("new", Duration::ZERO)] {
            let file = fs::File::create(dir.path().join(name)).expect("made");
            file.set_modified(SystemTime::now() - age).expect("set");
        }
        prune(dir.path());
        assert!(!dir.path().join("old").exists() && dir.path().join("new").exists());
    }
}
