//! Small packages of every form, built and read by lindera.

mod compiled;

use std::borrow::Cow;

use lindera::{mode::Mode, segmenter::Segmenter};

use super::*;

/// Writes the files of a package.
fn package(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    dir
}

/// Words and first details of a text, by the dictionary in `to`.
fn words(to: &Path, language: DictionaryLanguage, text: &str) -> Vec<(String, String)> {
    let folder = to.join(language.code());
    Manifest::verify(&folder, language).expect("it is as built");
    let dictionary = load_dictionary(folder.to_str().expect("UTF-8")).expect("it loads");
    let segmenter = Segmenter::new(Mode::Normal, dictionary, None);
    let mut tokens = segmenter.segment(Cow::Borrowed(text)).expect("it segments");
    tokens.iter_mut().map(|token| (token.surface.to_string(), token.details()[0].to_owned())).collect()
}

fn pair(surface: &str, detail: &str) -> (String, String) {
    (surface.into(), detail.into())
}

const IPADIC: [(&str, &[u8]); 4] = [
    ("char.def", b"DEFAULT 0 1 0\nSPACE 0 1 0\n0x0020 SPACE\n"),
    ("matrix.def", b"1 1\n0 0 0\n"),
    ("COPYING", b"terms"),
    ("README", b"x"),
];

#[test]
fn the_files_of_ipadic_are_built_in_utf_8_and_in_euc_jp() {
    let to = tempfile::tempdir().expect("a folder");
    let rows = "配送,0,0,10,名詞,サ変接続,*,*,*,*,配送,ハイソウ,ハイソー\n遅い,0,0,10,形容詞,自立,*,*,*,*,遅い,オソイ,オソイ\n";
    let unknown = "DEFAULT,0,0,900,記号,一般,*,*,*,*,*\nSPACE,0,0,900,記号,空白,*,*,*,*,*\n";
    // The same in the encoding of the original, byte by byte.
    let euc_rows: &[u8] = b"\xC7\xDB\xC1\xF7,0,0,10,\xCC\xBE\xBB\xEC,*,*,*,*,*,\xC7\xDB\xC1\xF7,*,*\n\
        \xC3\xD9\xA4\xA4,0,0,10,\xB7\xC1\xCD\xC6\xBB\xEC,*,*,*,*,*,\xC3\xD9\xA4\xA4,*,*\n";
    let euc_unknown: &[u8] =
        b"DEFAULT,0,0,900,\xB5\xAD\xB9\xE6,*,*,*,*,*,*\nSPACE,0,0,900,\xB5\xAD\xB9\xE6,*,*,*,*,*,*\n";
    for (rows, unknown) in [(rows.as_bytes(), unknown.as_bytes()), (euc_rows, euc_unknown)] {
        let from = package(&[&IPADIC[..], &[("Words.csv", rows), ("unk.def", unknown)]].concat());
        let manifest = build(DictionaryLanguage::Ja, from.path(), to.path()).expect("builds");
        assert_eq!(manifest.entries, 2);
        let found = words(to.path(), DictionaryLanguage::Ja, "配送 遅い");
        assert_eq!(found, [pair("配送", "名詞"), pair("遅い", "形容詞")]);
    }
    let licence = fs::read(to.path().join("ja/COPYING")).expect("the terms go with it");
    assert_eq!(licence, b"terms");
    assert_eq!(fs::read_dir(to.path()).expect("read").count(), 1, "nothing but the dictionary is left");
}

#[test]
fn the_word_list_of_jieba_gives_the_likeliest_words() {
    let list = "南京 20 ns\n南京市 30 ns\n市长 20 n\n长江 40 ns\n大桥 40 n\n长江大桥 30 ns\n\"引\" 1 x\n";
    let from = package(&[("jieba-0.1/jieba/dict.txt", list.as_bytes())]);
    let to = tempfile::tempdir().expect("a folder");
    build(DictionaryLanguage::Zh, from.path(), to.path()).expect("builds");
    let found = words(to.path(), DictionaryLanguage::Zh, "南京市长江大桥 iPhone 6 好好");
    let expected = [
        pair("南京市", "ns"),
        pair("长江大桥", "ns"),
        pair("iPhone", "eng"),
        pair("6", "m"),
        pair("好", "x"),
        pair("好", "x"),
    ];
    assert_eq!(found, expected);
    assert!(fs::read_to_string(to.path().join("zh/LICENSE")).expect("read").contains("MIT"));
}

#[test]
fn a_package_that_is_another_is_refused_and_what_was_there_stays() {
    let to = tempfile::tempdir().expect("a folder");
    fs::create_dir(to.path().join("ja")).expect("made");
    fs::write(to.path().join("ja/old"), "x").expect("written");
    let empty = package(&[]);
    for language in DictionaryLanguage::ALL {
        let said = build(language, empty.path(), to.path()).expect_err("refused").to_string();
        assert!(said.contains("unpacked"), "{said}");
    }
    let broken = package(&[&IPADIC[..], &[("Words.csv", &b"a,0,0,much,x\n"[..]), ("unk.def", b"")]].concat());
    let said = build(DictionaryLanguage::Ja, broken.path(), to.path()).expect_err("refused").to_string();
    assert!(said.contains("much"), "{said}");
    assert!(to.path().join("ja/old").exists());
    assert_eq!(fs::read_dir(to.path()).expect("read").count(), 1, "nothing but the old one is left");
}

#[test]
fn data_without_its_terms_is_refused() {
    let from = package(&[("matrix.def", b"1 1\n0 0 0\n"), ("unk.def", b"")]);
    let to = tempfile::tempdir().expect("a folder");
    let said = build(DictionaryLanguage::Ja, from.path(), to.path()).expect_err("refused").to_string();
    assert!(said.contains("COPYING"), "{said}");
}
