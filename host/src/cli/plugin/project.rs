//! Where a plugin is: the folder of its project, or a component by itself.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    languages::{Lang, Language},
    stale::is_stale,
};
use crate::{
    cli::progress,
    config::{self, Grant},
    plugins::inspect::Inspection,
};

/// A plugin to work on.
#[derive(Debug)]
pub(super) struct Project {
    /// The folder of golden cases and configuration.
    pub(super) dir: PathBuf,
    /// What `use` would say of it: the path of a component, or `builtin:NAME`.
    pub(super) source: String,
}

impl Project {
    /// The plugin at `path`: a component, or the folder of a project, which is built where it has changed since.
    ///
    /// # Errors
    /// Where there is none, or it does not compile.
    pub(super) fn find(path: &Path) -> anyhow::Result<Self> {
        let text = path.to_str().with_context(|| format!("{} is not UTF-8; rename it", path.display()))?;
        if text.starts_with("builtin:") {
            return Ok(Self { dir: PathBuf::from("."), source: text.to_owned() });
        }
        if !path.is_dir() {
            let dir = path.parent().unwrap_or(Path::new("")).to_owned();
            return Ok(Self { dir, source: text.to_owned() });
        }
        let component = match component_in(path)? {
            Some(component) if !is_stale(path, &component) => component,
            _ => build(path)?,
        };
        Ok(Self { dir: path.to_owned(), source: component.to_string_lossy().into_owned() })
    }

    /// The name for people to read.
    pub(super) fn name(&self) -> &str {
        let file = self.source.strip_prefix("builtin:").unwrap_or(&self.source);
        Path::new(file).file_stem().and_then(OsStr::to_str).unwrap_or(file)
    }

    /// The configuration of the project, `config.json`; an empty object where there is none.
    ///
    /// # Errors
    /// Where it is not JSON.
    pub(super) fn config(&self) -> anyhow::Result<Value> {
        if self.source.starts_with("builtin:") {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        Ok(config_in(&self.dir)?.unwrap_or_else(|| Value::Object(serde_json::Map::new())))
    }
}

/// What a trial of a plugin may call: as given on the command line, else as `http.json` beside it says. Where there is
/// neither, and the plugin would call, that is told.
///
/// # Errors
/// Where the file cannot be read.
pub(super) fn http(
    given: Option<&config::Http>,
    project: &Project,
    inspection: Option<&Inspection>,
) -> anyhow::Result<Option<config::Http>> {
    let path = project.dir.join("http.json");
    let http = match given {
        Some(given) => Some(given.clone()),
        None if project.source.starts_with("builtin:") || !path.exists() => None,
        None => {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            Some(parse_http(&text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?)
        }
    };
    if http.is_none() && inspection.is_some_and(|inspection| inspection.grants.contains(&Grant::Http)) {
        anstream::eprintln!(
            "The plugin asks for the grant `http`, and its requests are refused: give the hosts that it may call with --http '{{\"hosts\": [\"api.example.com\"]}}', or in http.json beside it"
        );
    }
    Ok(http)
}

/// Reads `http` of a `[[plugin]]` in JSON.
pub(super) fn parse_http(text: &str) -> Result<config::Http, String> {
    let http: config::Http = parse(text)?;
    http.check().map_err(|(_, message)| message)?;
    Ok(http)
}

/// Reads one JSON value, behind which nothing may follow. The error names the key.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut json);
    let value = read.map_err(|error| format!("`{}`: {}", error.path(), error.inner()))?;
    json.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// `config.json` in a folder, if there is one.
///
/// # Errors
/// Where it is not JSON.
pub(super) fn config_in(dir: &Path) -> anyhow::Result<Option<Value>> {
    let path = dir.join("config.json");
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).map(Some).with_context(|| format!("{} is not JSON", path.display()))
}

/// Builds the project in `dir`, with something to see while it takes its time.
///
/// # Errors
/// Where the folder is no project, or it does not compile.
pub(super) fn build(dir: &Path) -> anyhow::Result<PathBuf> {
    let language = language(dir)?;
    progress::during(format!("building {}", dir.display()), || language.build(dir))
}

fn language(dir: &Path) -> anyhow::Result<&'static dyn Language> {
    if !dir.is_dir() {
        bail!("there is no folder {}; give that of a project, as `sayso plugin new` makes one", dir.display());
    }
    Lang::of_project(dir).with_context(|| {
        format!("{} is no project of a plugin; `sayso plugin new NAME` makes one in a folder of its own", dir.display())
    })
}

/// The component that was built last; none where there is none yet.
fn component_in(dir: &Path) -> anyhow::Result<Option<PathBuf>> {
    let files = fs::read_dir(dir).with_context(|| dir.display().to_string())?;
    let paths = files.flatten().map(|entry| entry.path());
    let mut components: Vec<_> = paths.filter(|path| path.extension() == Some(OsStr::new("wasm"))).collect();
    components.sort();
    match &components[..] {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        [first, second, ..] => {
            bail!("{} and {} are there; name the one that is meant", first.display(), second.display())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_components_are_not_guessed_between() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("a.wasm"), "").expect("written");
        assert_eq!(component_in(dir.path()).expect("found"), Some(dir.path().join("a.wasm")));
        fs::write(dir.path().join("b.wasm"), "").expect("written");
        assert!(component_in(dir.path()).expect_err("two").to_string().contains("b.wasm"));
    }

    #[test]
    fn what_follows_the_json_is_refused() {
        let hosts = r#"{"hosts": ["api.example.com"]}"#;
        assert!(parse_http(hosts).is_ok());
        let error = parse_http(&format!("{hosts} }}}}")).expect_err("goes on");
        assert!(error.contains("trailing characters"), "{error}");
        let error = parse::<config::Http>(r#"{"hosts": [1]}"#).expect_err("is no host");
        assert!(error.starts_with("`hosts[0]`"), "{error}");
    }

    #[test]
    fn a_folder_that_is_no_project_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = Project::find(dir.path()).expect_err("is none").to_string();
        assert!(error.contains("sayso plugin new"), "{error}");
    }
}
