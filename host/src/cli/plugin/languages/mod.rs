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

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use serde_json::{Value, json};

    use super::*;

    /// Texts, a word each, and where it stands in bytes: as `find` of the SDK for Rust has them.
    fn texts() -> Value {
        json!([
            ["tea, teapot, steam and TEA", "tea", [[0, 3], [23, 26]]],
            ["it stopped working.", "stopped working", [[3, 18]]],
            ["İSTANBUL ÄRGER ärger", "Ärger", [[10, 16], [17, 23]]],
            ["İİ warranty", "warranty", [[5, 13]]],
            ["😀 Wärme, WÄRMEpumpe 😀wärme", "wärme", [[5, 11], [29, 35]]],
            ["この製品の保証は切れた", "保証", [[15, 21]]],
            ["보증이 끝났어요", "보증", [[0, 6]]],
            ["नमस्ते जी", "नम", []],
            ["नमस्ते जी", "नमस्ते", [[0, 18]]],
            ["Гарантия, гарантиям", "гарантия", [[0, 16]]],
            ["ha ha ha ha", "ha ha", [[0, 5], [6, 11]]],
            ["tea", "teas", []],
            ["tea", "", []],
        ])
    }

    /// What `find` says, by this program: it reads the texts, and prints the places of each in bytes.
    fn found(language: &dyn Language, program: &str, file: &str, script: &str) -> Value {
        let dir = tempfile::tempdir().expect("a folder");
        for (path, text) in language.files("finder") {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        fs::write(dir.path().join(file), script).expect("written");
        let output = Command::new(program).current_dir(dir.path()).arg(file).arg(texts().to_string()).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn expected() -> Value {
        texts().as_array().expect("a list").iter().map(|one| one[2].clone()).collect()
    }

    #[test]
    fn a_word_is_found_in_javascript_where_it_is_found_in_rust() {
        let script = "import { find } from './sayso.js';
const bytes = (text, at) => new TextEncoder().encode(text.slice(0, at)).length;
const places = ([text, word]) => find(text, word).map((span) => span.map((at) => bytes(text, at)));
console.log(JSON.stringify(JSON.parse(process.argv[2]).map(places)));";
        assert_eq!(found(&js::JavaScript, "node", "finder.js", script), expected());
    }

    #[test]
    fn a_word_is_found_in_python_where_it_is_found_in_rust() {
        let script = "import json, sys
from unittest.mock import MagicMock
for name in ['componentize_py_types', 'wit_world', 'wit_world.imports']:
    sys.modules[name] = MagicMock()
from sayso import find
places = lambda text, word: [[len(text[:at].encode()) for at in span] for span in find(text, word)]
print(json.dumps([places(text, word) for text, word, _ in json.loads(sys.argv[1])]))";
        assert_eq!(found(&python::Python, "python3", "finder.py", script), expected());
    }
}
