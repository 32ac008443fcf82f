//! Golden cases: a folder each in `cases`, with what a plugin is given and what it has to answer.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::project::{self, Project};
use crate::plugins::{cases::is_hidden, trial::Given, written::Answer};

/// One golden case.
#[derive(Debug)]
pub(super) struct Case {
    /// The name of its folder.
    pub(super) name: String,
    /// What the plugin is given.
    pub(super) given: Given,
    /// The configuration that it is run with.
    pub(super) config: Value,
    /// What it has to answer, or why that cannot be read; none where it is not written yet.
    pub(super) expected: anyhow::Result<Option<Answer>>,
    /// Where that is written.
    pub(super) file: PathBuf,
    /// Its folder.
    pub(super) dir: PathBuf,
}

/// The cases of a project by name, or why one cannot be read.
///
/// # Errors
/// Where there are none.
pub(super) fn read(project: &Project) -> anyhow::Result<Vec<(String, anyhow::Result<Case>)>> {
    let folder = project.dir.join("cases");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut dirs: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir() && !is_hidden(path)).collect();
    dirs.sort();
    if dirs.is_empty() {
        bail!(
            "there are no golden cases in {}; put a feedback into {0}/NAME/input.json, and `sayso plugin test --bless` writes what is answered beside it",
            folder.display()
        );
    }
    let config = project.config()?;
    let named = |dir: PathBuf| {
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name.clone(), case(name, &dir, &config))
    };
    Ok(dirs.into_iter().map(named).collect())
}

fn case(name: String, dir: &Path, config: &Value) -> anyhow::Result<Case> {
    let input = dir.join("input.json");
    let bytes = fs::read(&input).with_context(|| input.display().to_string())?;
    let given = Given::read(&bytes).map_err(|problem| anyhow::anyhow!("{}: {problem}", input.display()))?;
    let file = dir.join("expected.json");
    let written = file.exists().then(|| answer(&file, &given));
    let expected = written.transpose();
    let config = project::config_in(dir)?.unwrap_or_else(|| config.clone());
    Ok(Case { name, given, config, expected, file, dir: dir.to_owned() })
}

fn answer(file: &Path, given: &Given) -> anyhow::Result<Answer> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    given.expects(&text).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))
}
