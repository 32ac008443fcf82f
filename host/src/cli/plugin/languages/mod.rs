//! What is particular to a programming language: the files of a new project, and how one is built.

mod js;
mod python;
mod rust;
mod tools;

use std::path::{Path, PathBuf};

/// A language that plugins are written in.
pub(super) trait Language {
    /// Refuses a name that no project in this language can have.
    ///
    /// # Errors
    /// With the reason.
    fn check_name(&self, _name: &str) -> anyhow::Result<()> {
        Ok(())
    }

    /// The files of a new project: each with its path in the folder of the project.
    fn files(&self, name: &str) -> Vec<(PathBuf, String)>;

    /// Builds the project in `dir` into a component in that folder. Returns its path.
    ///
    /// # Errors
    /// What does not compile; for an absent tool, the command that installs it.
    fn build(&self, dir: &Path) -> anyhow::Result<PathBuf>;

    /// Whether `dir` holds a project in this language.
    fn is_project(&self, dir: &Path) -> bool;
}

/// The languages, as they are named on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(super) enum Lang {
    /// Rust: the smallest and fastest components.
    Rust,
    /// JavaScript, by componentize-js.
    Js,
    /// Python, by componentize-py.
    Python,
}

impl Lang {
    /// What is particular to it.
    pub(super) const fn language(self) -> &'static dyn Language {
        match self {
            Self::Rust => &rust::Rust,
            Self::Js => &js::JavaScript,
            Self::Python => &python::Python,
        }
    }

    /// The language of the project in `dir`.
    pub(super) fn of_project(dir: &Path) -> Option<&'static dyn Language> {
        let all = <Self as clap::ValueEnum>::value_variants();
        all.iter().map(|lang| lang.language()).find(|language| language.is_project(dir))
    }
}
