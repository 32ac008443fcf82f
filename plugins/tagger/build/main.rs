//! Makes the table of the built-in terms, so that a fresh plugin has nothing to read or to build.
#![expect(clippy::unwrap_used, reason = "a build stops at the first thing that is wrong")]
#![expect(dead_code, reason = "the modules are the plugin's, which uses more of them")]

#[path = "../src/fold.rs"]
mod fold;
#[path = "../src/table.rs"]
mod table;
#[path = "../src/term.rs"]
mod term;
#[path = "../src/trie.rs"]
mod trie;

use std::{collections::BTreeSet, env, fmt::Write, fs, path::Path};

use table::{Builder, IGNORE};
use term::Term;

/// In the order of the table's languages.
const LANGUAGES: [&str; 4] = ["en", "ja", "ko", "zh"];
/// Intents that survive a negation beside them.
const NO_STATEMENTS: [&str; 2] = ["question", "request"];

/// The terms under one heading of a file.
struct Section {
    /// `topic` or `intent`, and the name; none for `ignore`.
    label: Option<(&'static str, String)>,
    language: u16,
    terms: Vec<Term>,
}

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=terms");
    for shared in ["fold", "table", "term", "trie"] {
        println!("cargo::rerun-if-changed=src/{shared}.rs");
    }
    let mut sections = Vec::new();
    for (language, name) in (0..).zip(LANGUAGES) {
        let path = Path::new("terms").join(name).with_extension("txt");
        read(&fs::read_to_string(&path).unwrap(), language, &path, &mut sections);
    }
    // Topics before intents.
    let labels: BTreeSet<_> = sections
        .iter()
        .filter_map(|section| section.label.clone())
        .map(|(class, name)| (class == "intent", name))
        .collect();
    let labels: Vec<_> = labels.into_iter().collect();
    let mut builder = Builder::default();
    for section in &sections {
        let (label, is_statement) = match &section.label {
            None => (IGNORE, false),
            Some((class, name)) => {
                let at = labels.binary_search(&(*class == "intent", name.clone())).unwrap();
                (u16::try_from(at).unwrap(), *class == "intent" && !NO_STATEMENTS.contains(&name.as_str()))
            }
        };
        for term in &section.terms {
            builder.add(term, label, section.language, is_statement).unwrap();
        }
    }
    fs::write(Path::new(&env::var_os("OUT_DIR").unwrap()).join("terms.rs"), code(&labels, builder)).unwrap();
}

fn code(labels: &[(bool, String)], builder: Builder) -> String {
    let (units, entries) = builder.finish().unwrap();
    let mut code = String::new();
    writeln!(code, "static LABELS: [(Class, &str); {}] = [", labels.len()).unwrap();
    for (is_intent, name) in labels {
        writeln!(code, "(Class::{}, {name:?}),", if *is_intent { "Intent" } else { "Topic" }).unwrap();
    }
    writeln!(code, "];\nstatic UNITS: [u32; {}] = {units:?};", units.len()).unwrap();
    writeln!(code, "static ENTRIES: [Entry; {}] = [", entries.len()).unwrap();
    for entry in entries {
        writeln!(code, "{entry:?},").unwrap();
    }
    code.push_str("];\n");
    code
}

/// Reads a file of terms; `terms/en.txt` says what it looks like.
fn read(source: &str, language: u16, path: &Path, sections: &mut Vec<Section>) {
    for (number, line) in source.lines().enumerate() {
        let place = format!("{}:{}", path.display(), number + 1);
        if line.starts_with('#') || line.trim().is_empty() {
        } else if line.starts_with(' ') {
            let section = sections.last_mut().unwrap_or_else(|| panic!("{place}: a term before any section"));
            let term = |term: &str| Term::parse(term).unwrap_or_else(|error| panic!("{place}: `{term}`: {error}"));
            section.terms.extend(line.split(',').map(str::trim).filter(|term| !term.is_empty()).map(term));
        } else {
            let label = match line.split_once(' ') {
                Some(("topic", name)) => Some(("topic", name.into())),
                Some(("intent", name)) => Some(("intent", name.into())),
                None if line == "ignore" => None,
                _ => panic!("{place}: `{line}` opens no section"),
            };
            sections.push(Section { label, language, terms: Vec::new() });
        }
    }
}
