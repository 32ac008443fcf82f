//! Makes a table of the Japanese words in `data/ja`: every form that inflection gives them, sorted.

use std::{collections::BTreeMap, fmt::Write};

/// A form of a word.
struct Form {
    is_dictionary_form: bool,
    is_bare_stem: bool,
    role: &'static str,
    /// Tenths.
    weight: i8,
    negated: i8,
}

/// Writes `WORDS` and `MARKS`.
pub(crate) fn tables(words: &str, marks: &str, code: &mut String) {
    let mut forms = BTreeMap::new();
    for line in words.lines().filter(|line| !line.starts_with('#')) {
        word(line, &mut forms);
    }
    writeln!(code, "static WORDS: [Row; {}] = [", forms.len()).unwrap();
    for (key, Form { is_bare_stem, role, weight, negated, .. }) in &forms {
        writeln!(
            code,
            "Row {{ key: {key:?}, weight: {weight}, negated: {negated}, role: Role::{role}, is_bare_stem: {is_bare_stem} }},"
        )
        .unwrap();
    }
    code.push_str("];\n");
    firsts(forms.keys(), code);
    let marks: BTreeMap<_, _> = marks.lines().map(|line| line.split_once('\t').unwrap()).collect();
    writeln!(code, "static MARKS: [(&str, i8); {}] = [", marks.len()).unwrap();
    for (mark, weight) in marks {
        writeln!(code, "({mark:?}, {}),", tenths(weight)).unwrap();
    }
    code.push_str("];\n");
}

/// Writes `FIRSTS`: every character that a key begins with, in order, and the number of the first key that does.
fn firsts<'a>(keys: impl Iterator<Item = &'a String>, code: &mut String) {
    let mut firsts = BTreeMap::new();
    for (at, key) in keys.enumerate() {
        firsts.entry(key.chars().next().unwrap()).or_insert(at);
    }
    writeln!(code, "static FIRSTS: [(char, u16); {}] = [", firsts.len()).unwrap();
    for (first, at) in firsts {
        writeln!(code, "({first:?}, {}),", u16::try_from(at).unwrap()).unwrap();
    }
    code.push_str("];\n");
}

fn word(line: &str, forms: &mut BTreeMap<String, Form>) {
    let columns: Vec<_> = line.split('\t').collect();
    let [word, inflection, role, weight, ref rest @ ..] = columns[..] else { panic!("{line}: not of four columns") };
    let role = match role {
        "polar" => "Polar",
        "relief" => "Relief",
        "wish" => "Wish",
        "ending" => "Ending",
        _ => panic!("{line}: no such role"),
    };
    let weight = tenths(weight);
    let negated = rest.first().map_or_else(|| turned(weight), |negated| tenths(negated));
    let mut add = |key: String, is_bare_stem| {
        let form = Form { is_dictionary_form: key == word, is_bare_stem, role, weight, negated };
        let rank = |form: &Form| (form.is_dictionary_form, form.weight.abs());
        match forms.get_mut(&key) {
            Some(present) if rank(present) >= rank(&form) => {}
            Some(present) => *present = form,
            None => {
                forms.insert(key, form);
            }
        }
    };
    for ending in endings(word, inflection) {
        let stem = if inflection == "none" { word } else { &word[..word.len() - 3] };
        add(format!("{stem}{ending}"), inflection == "adjective" && ending.is_empty());
    }
    if word.chars().count() > 2 && word.chars().all(|c| ('ぁ'..='ゖ').contains(&c)) {
        add(word.chars().map(|c| char::from_u32(u32::from(c) + 0x60).unwrap()).collect(), false);
    }
}

/// What a word is turned into by a negation where the lexicon does not say: denied praise is nearly blame, denied blame
/// is faint praise.
fn turned(weight: i8) -> i8 {
    if weight > 0 { -(weight * 4 / 5) } else { -(weight / 2) }
}

/// The endings, in place of the last kana, that are a token with the stem (IPADIC's forms).
fn endings(word: &str, inflection: &str) -> &'static [&'static str] {
    match (inflection, word.chars().last().unwrap()) {
        ("none", _) => &[""],
        ("adjective", 'い') => &["い", "く", "かっ", "けれ", "かろ", "き", "さ", "くっ", ""],
        ("ichidan", 'る') => &["る", "れ", "ろ", "よ", "りゃ", ""],
        ("godan", 'う') => &["う", "わ", "い", "え", "お", "っ"],
        ("godan", 'く') => &["く", "か", "き", "け", "こ", "い"],
        ("godan", 'ぐ') => &["ぐ", "が", "ぎ", "げ", "ご", "い"],
        ("godan", 'す') => &["す", "さ", "し", "せ", "そ"],
        ("godan", 'つ') => &["つ", "た", "ち", "て", "と", "っ"],
        ("godan", 'ぬ') => &["ぬ", "な", "に", "ね", "の", "ん"],
        ("godan", 'ぶ') => &["ぶ", "ば", "び", "べ", "ぼ", "ん"],
        ("godan", 'む') => &["む", "ま", "み", "め", "も", "ん"],
        ("godan", 'る') => &["る", "ら", "り", "れ", "ろ", "っ", "ん"],
        _ => panic!("{word}: does not inflect as {inflection}"),
    }
}

/// Tenths of a weight with at most one decimal, −3 to 3.
fn tenths(weight: &str) -> i8 {
    let tenths = weight.parse::<f64>().unwrap() * 10.0;
    assert!(tenths.fract() == 0.0 && tenths.abs() <= 30.0, "{weight} is no weight");
    tenths as i8
}
