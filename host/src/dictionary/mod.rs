//! Morphological dictionaries on disk: built from published packages, verified at start, mapped into memory at first use.
//!
//! A folder of dictionaries holds one folder a language, `ja`, `ko` and `zh`; each is optional. In it are the files of a
//! lindera dictionary, the licences that travel with its data, and `dictionary.json` ([`manifest`]) with the size and the
//! digest of every file. lindera's files have no checksums of their own and are read where they lie, so that a damaged one
//! would give wrong answers or a crash while serving: the manifest finds it out at start.
//!
//! [`build()`] makes the folder of a language beside the place where it belongs and moves it there when it is whole, so that
//! a process that has the one before mapped goes on with it.

pub mod build;
pub mod manifest;

pub use build::{BuildError, build};
pub use manifest::{Manifest, ManifestError};

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::config;

/// A language whose words only a dictionary tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, clap::ValueEnum)]
pub enum DictionaryLanguage {
    /// Japanese, by IPADIC.
    Ja,
    /// Korean, by mecab-ko-dic.
    Ko,
    /// Chinese, by the word list of jieba.
    Zh,
}

impl DictionaryLanguage {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 3] = [Self::Ja, Self::Ko, Self::Zh];

    /// Its ISO 639-1 code, which is the name of its folder.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::Ko => "ko",
            Self::Zh => "zh",
        }
    }

    /// The language of an ISO 639-1 code or a BCP 47 tag such as `zh-Hans`, in any case.
    pub fn of_code(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or(code);
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(primary))
    }
}

impl fmt::Display for DictionaryLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The folder of dictionaries that a configuration means: the one that it names, else the first that is there of those in
/// the data, installed with the program, and built beside it.
pub fn folder(data: &config::Data) -> Option<PathBuf> {
    if let Some(named) = &data.dictionaries {
        return Some(named.clone());
    }
    let program = std::env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent).and_then(Path::parent);
    let mut candidates = vec![data.dir.join("dictionaries")];
    candidates
        .extend(beside.iter().flat_map(|root| ["share/sayso/dictionaries", "dictionaries"].map(|p| root.join(p))));
    candidates.into_iter().find(|folder| folder.is_dir())
}
