//! `dictionary.json`: what a built dictionary is, and the size and digest of each of its files.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::DictionaryLanguage;

/// Name of the file in the folder of a dictionary.
pub const FILE: &str = "dictionary.json";

/// Version of what this module writes, and of how [`super::build()`] lays out the entries.
const FORMAT: u32 = 1;

/// Largest manifest that is read, in bytes.
const MAX_BYTES: u64 = 64 << 10;

/// The files that lindera reads.
const FILES: [&str; 9] = [
    "char_def.bin",
    "dict.trie",
    "dict.vals",
    "dict.valsidx",
    "dict.words",
    "dict.wordsidx",
    "matrix.mtx",
    "metadata.json",
    "unk.bin",
];

/// What a folder holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout.
    format: u32,
    /// ISO 639-1 code.
    language: String,
    /// How many words it was built from.
    pub entries: usize,
    /// Each file of lindera's by name.
    files: BTreeMap<String, Entry>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Entry {
    bytes: u64,
    sha256: String,
}

/// Why a folder cannot be used. Every message names the folder and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A file cannot be read.
    #[error("{}: {source}; build the dictionary again: {}", .path.display(), rebuild(.path, *.language))]
    Unreadable {
        /// Which language.
        language: DictionaryLanguage,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not as it was built.
    #[error("{}: {reason}; build the dictionary again: {}", .path.display(), rebuild(.path, *.language))]
    Damaged {
        /// Which language.
        language: DictionaryLanguage,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The command that builds the dictionary that `path` is a file of.
fn rebuild(path: &Path, language: DictionaryLanguage) -> String {
    let to = path.parent().and_then(Path::parent).unwrap_or(path);
    format!("`sayso dict build {language} --from PACKAGE --to {}`", to.display())
}

impl Manifest {
    /// Takes stock of the files in `folder` and writes the manifest.
    ///
    /// # Errors
    /// Where a file is missing or the folder cannot be written to.
    pub fn write(folder: &Path, language: DictionaryLanguage, entries: usize) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for name in FILES {
            let (bytes, sha256) = digest(&folder.join(name))?;
            files.insert(name.to_owned(), Entry { bytes, sha256 });
        }
        let manifest = Self { format: FORMAT, language: language.code().into(), entries, files };
        std::fs::write(folder.join(FILE), serde_json::to_string_pretty(&manifest)? + "\n")?;
        Ok(manifest)
    }

    /// Holds every file in `folder` against its size and digest: a second for 2 GB, a tenth of one for Korean.
    ///
    /// # Errors
    /// The first file that is not as it was built.
    pub fn verify(folder: &Path, language: DictionaryLanguage) -> Result<Self, ManifestError> {
        let manifest = Self::read(folder, language)?;
        for name in FILES {
            let path = folder.join(name);
            let expected = &manifest.files[name];
            let unreadable = |source| ManifestError::Unreadable { language, path: path.clone(), source };
            let damaged = |reason| ManifestError::Damaged { language, path: path.clone(), reason };
            let bytes = path.metadata().map_err(unreadable)?.len();
            if bytes != expected.bytes {
                return Err(damaged(format!("has {bytes} bytes, and was built with {}", expected.bytes)));
            }
            if digest(&path).map_err(unreadable)?.1 != expected.sha256 {
                return Err(damaged("is not what was built: its digest differs".into()));
            }
        }
        Ok(manifest)
    }

    /// `sha256:` and the digest of those of the files.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for (name, file) in &self.files {
            hasher.update(format!("{name} {}\n", file.sha256));
        }
        format!("sha256:{}", hex(&hasher.finalize()))
    }

    fn read(folder: &Path, language: DictionaryLanguage) -> Result<Self, ManifestError> {
        let path = folder.join(FILE);
        let unreadable = |source| ManifestError::Unreadable { language, path: path.clone(), source };
        let damaged = |reason: String| ManifestError::Damaged { language, path: path.clone(), reason };
        let mut text = String::new();
        let file = File::open(&path).map_err(unreadable)?;
        file.take(MAX_BYTES).read_to_string(&mut text).map_err(unreadable)?;
        let manifest: Self =
            serde_json::from_str(&text).map_err(|error| damaged(format!("is no manifest: {error}")))?;
        if manifest.format != FORMAT {
            let reason = format!("is of format {}, and this sayso reads format {FORMAT}", manifest.format);
            return Err(damaged(reason));
        }
        if manifest.language != language.code() {
            return Err(damaged(format!("is of a dictionary for `{}`", manifest.language)));
        }
        match FILES.iter().find(|name| !manifest.files.contains_key(**name)) {
            Some(name) => Err(damaged(format!("does not list {name}"))),
            None => Ok(manifest),
        }
    }
}

/// Size and SHA-256 of a file.
fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
    }
    Ok((bytes, hex(&hasher.finalize())))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for name in FILES {
            std::fs::write(dir.path().join(name), name.repeat(50)).expect("written");
        }
        Manifest::write(dir.path(), DictionaryLanguage::Ko, 3).expect("written");
        dir
    }

    fn refusal(dir: &tempfile::TempDir, language: DictionaryLanguage) -> String {
        Manifest::verify(dir.path(), language).expect_err("refused").to_string()
    }

    #[test]
    fn a_folder_as_built_is_accepted() {
        assert_eq!(Manifest::verify(folder().path(), DictionaryLanguage::Ko).expect("whole").entries, 3);
    }

    #[test]
    fn a_truncated_file_is_named_with_the_command_that_helps() {
        let dir = folder();
        std::fs::write(dir.path().join("dict.vals"), "dict").expect("written");
        let said = refusal(&dir, DictionaryLanguage::Ko);
        assert!(said.contains("dict.vals: has 4 bytes") && said.contains("sayso dict build ko"), "{said}");
    }

    #[test]
    fn a_file_with_one_byte_changed_is_found() {
        let dir = folder();
        let path = dir.path().join("matrix.mtx");
        let mut bytes = std::fs::read(&path).expect("read");
        bytes[77] ^= 1;
        std::fs::write(&path, bytes).expect("written");
        let said = refusal(&dir, DictionaryLanguage::Ko);
        assert!(said.contains("matrix.mtx: is not what was built"), "{said}");
    }

    #[test]
    fn a_missing_file_and_a_missing_manifest_are_named() {
        let dir = folder();
        std::fs::remove_file(dir.path().join("unk.bin")).expect("removed");
        assert!(refusal(&dir, DictionaryLanguage::Ko).contains("unk.bin"));
        std::fs::remove_file(dir.path().join(FILE)).expect("removed");
        assert!(refusal(&dir, DictionaryLanguage::Ko).contains(FILE));
    }

    #[test]
    fn a_manifest_that_is_none_or_of_another_language_is_refused() {
        let dir = folder();
        assert!(refusal(&dir, DictionaryLanguage::Ja).contains("for `ko`"));
        std::fs::write(dir.path().join(FILE), "{}").expect("written");
        assert!(refusal(&dir, DictionaryLanguage::Ko).contains("is no manifest"));
    }
}
