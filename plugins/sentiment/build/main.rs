//! Makes tables of the program from the tables in `data`, so that a fresh plugin has nothing to read or to build.
#![expect(clippy::unwrap_used, reason = "a build stops at the first thing that is wrong")]

#[path = "../src/vader/hash.rs"]
mod hash;
#[path = "../src/learned/hash.rs"]
mod hash_of_units;
mod japanese;
mod vocabulary;
mod weights;

use std::{collections::BTreeMap, env, fmt::Write, fs, path::Path};

use vocabulary::{BOOSTERS, DAMPENERS, NAMES, NEGATIONS};

/// Twice the number of words and more, so that a search ends soon; a power of 2.
const SLOTS: usize = 1 << 14;

/// What the table says of a word.
#[derive(Default)]
struct Entry {
    tenths: Option<i8>,
    class: Option<&'static str>,
    is_negation: bool,
    name: Option<&'static str>,
}

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=data");
    println!("cargo::rerun-if-changed=src/vader/hash.rs");
    println!("cargo::rerun-if-changed=src/learned/hash.rs");
    let mut code = String::new();
    words(&entries(&read("words.tsv")), &mut code);
    emoji(&read("emoji.tsv"), &mut code);
    cased(&read("cased.tsv"), &mut code);
    let out = env::var_os("OUT_DIR").unwrap();
    let out = Path::new(&out);
    fs::write(out.join("tables.rs"), code).unwrap();
    for language in ["ko", "zh"] {
        let (learned, by_hand) = (read(&format!("{language}.tsv")), read(&format!("{language}.hand.tsv")));
        weights::table(&learned, &by_hand, &out.join(format!("{language}.bin")));
    }
    let mut code = String::new();
    japanese::tables(&read("ja/words.tsv"), &read("ja/marks.tsv"), &mut code);
    fs::write(out.join("japanese.rs"), code).unwrap();
}

fn read(name: &str) -> String {
    let path = Path::new("data").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn entries(lexicon: &str) -> BTreeMap<&str, Entry> {
    let mut entries = BTreeMap::<&str, Entry>::new();
    for line in lexicon.lines() {
        let (word, valence) = line.split_once('\t').unwrap();
        entries.entry(word).or_default().tenths = Some(tenths(valence));
    }
    for (words, class) in [(&BOOSTERS[..], "Booster"), (&DAMPENERS[..], "Dampener")] {
        for word in words {
            entries.entry(word).or_default().class = Some(class);
        }
    }
    for word in NEGATIONS {
        entries.entry(word).or_default().is_negation = true;
    }
    for word in NAMES {
        entries.entry(word).or_default().name = Some(word);
    }
    entries
}

/// A valence as a whole number: each has one decimal.
fn tenths(valence: &str) -> i8 {
    let tenths = valence.replacen('.', "", 1).parse().unwrap();
    assert_eq!(f64::from(tenths) / 10.0, valence.parse::<f64>().unwrap(), "{valence} has more than one decimal");
    tenths
}

/// The words, one string; a row for each; and open addressing: a slot holds half of the hash and the row's number
/// counted from 1, and is the first free one from the other half of the hash on.
fn words(entries: &BTreeMap<&str, Entry>, code: &mut String) {
    let mut slots = vec![0u32; SLOTS];
    let mut keys = String::new();
    writeln!(code, "static ROWS: [Row; {}] = [", entries.len()).unwrap();
    for (at, (word, entry)) in entries.iter().enumerate() {
        let class = match (entry.tenths, entry.class) {
            (Some(tenths), None) => format!("Lexicon({tenths})"),
            (None, Some(class)) => class.into(),
            (None, None) => "Plain".into(),
            (Some(_), Some(_)) => panic!("`{word}` is of the lexicon and a booster: no row says both"),
        };
        let name = entry.name.map_or("None".into(), |name| format!("Some(Name::{})", capitalised(name)));
        let (start, len, is_negation) = (keys.len(), word.len(), entry.is_negation);
        writeln!(
            code,
            "Row {{ start: {start}, len: {len}, class: Class::{class}, is_negation: {is_negation}, name: {name} }},"
        )
        .unwrap();
        keys.push_str(word);
        let hash = hash::hash(word.as_bytes());
        let mut slot = hash as usize % SLOTS;
        while slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = hash & 0xFFFF_0000 | u32::from(u16::try_from(at + 1).unwrap());
    }
    writeln!(code, "];\nstatic KEYS: &str = {keys:?};\nstatic SLOTS: [u32; {SLOTS}] = {slots:?};").unwrap();
}

fn capitalised(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

fn emoji(descriptions: &str, code: &mut String) {
    writeln!(code, "static EMOJI: [(char, &str); {}] = [", descriptions.lines().count()).unwrap();
    for line in descriptions.lines() {
        let (emoji, description) = line.split_once('\t').unwrap();
        writeln!(code, "({:?}, {description:?}),", emoji.parse::<char>().unwrap()).unwrap();
    }
    code.push_str("];\n");
}

fn cased(runs: &str, code: &mut String) {
    for case in ["upper", "lower"] {
        let of_case: Vec<_> = runs.lines().filter_map(|line| line.strip_prefix(case)?.strip_prefix('\t')).collect();
        writeln!(code, "pub(super) static {}: [Run; {}] = [", case.to_uppercase(), of_case.len()).unwrap();
        for run in of_case {
            let [first, last, step] = run.split('\t').collect::<Vec<_>>()[..] else { panic!("{run}") };
            writeln!(code, "Run {{ first: 0x{first}, last: 0x{last}, step: {step} }},").unwrap();
        }
        code.push_str("];\n");
    }
}
