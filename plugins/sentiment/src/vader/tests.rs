use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    time::{Duration, Instant},
};

use super::*;

/// The four numbers as Python prints them: −0.0 is not 0.0.
fn printed(scored: &Scored) -> String {
    format!("{:?} {:?} {:?} {:?}", scored.neg, scored.neu, scored.pos, scored.compound)
}

#[test]
fn without_words_all_is_zero() {
    assert_eq!(read(" \n\u{3000}"), Reading::default());
}

#[test]
fn every_known_case_has_the_numbers_of_the_reference() {
    let mut count = 0;
    for line in include_str!("cases.jsonl").lines() {
        let (text, neg, neu, pos, compound): (String, f64, f64, f64, f64) = serde_json::from_str(line).unwrap();
        assert_eq!(printed(&read(&text).scored), printed(&Scored { neg, neu, pos, compound }), "{text:?}");
        count += 1;
    }
    assert!(count > 100, "{count} cases");
}

/// Sentences with the numbers of the reference, where they are at hand: columns `human_mean`, the four, and `text`.
#[test]
fn the_sentences_beside_the_project_have_the_numbers_of_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sentiment");
    for name in ["en-vader-amazon.tsv.gz", "en-vader-tweets.tsv.gz"] {
        let Ok(file) = File::open(folder.join(name)) else { continue };
        let mut count = 0;
        for line in BufReader::new(flate2::read::GzDecoder::new(file)).split(b'\n').skip(1) {
            let line = String::from_utf8(line.unwrap()).unwrap();
            let [_, neg, neu, pos, compound, text] = line.splitn(6, '\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let [neg, neu, pos, compound] = [neg, neu, pos, compound].map(|number| number.parse().unwrap());
            assert_eq!(read(text).scored, Scored { neg, neu, pos, compound }, "{text:?}");
            count += 1;
        }
        assert!(count > 1_000, "{name}: {count} sentences");
    }
}

#[test]
fn weights_are_where_the_words_are_and_add_up() {
    let text = "«Ünïcode» first — then GREAT 😍 but “rude” (awful) staff :(";
    let Reading { scored, weights } = read(text);
    let words: Vec<_> = weights.iter().map(|weight| &text[weight.span.clone()]).collect();
    assert_eq!(words, ["GREAT", "😍", "awful", ":("]);
    let sum: f64 = weights.iter().map(|weight| weight.value).sum();
    assert_eq!(format!("{:.4}", sum / (sum * sum + 15.0).sqrt()), format!("{:.4}", scored.compound));
}

#[test]
fn hostile_texts_take_time_in_proportion_to_their_length() {
    let units = [
        "a",
        "!",
        "?",
        "'",
        "n't ",
        "but ",
        "good ",
        "GOOD ",
        "good but ",
        "no ",
        "never so good ",
        "😀",
        "❤\u{FE0F}",
        "❤",
        "😍x",
        "\u{212A}",
        " ",
        "\u{3000}",
        "é",
        "\u{10FFFF}",
        "kind of ",
        "1.2 love like but ",
        "a ",
        "\0",
        "-",
        "''n't",
    ];
    for unit in units {
        let text = unit.repeat((1 << 20) / unit.len());
        let started = Instant::now();
        let Reading { scored, .. } = read(&text);
        // Each takes well under a second unoptimised; in quadratic time it would be minutes.
        assert!(started.elapsed() < Duration::from_secs(20), "{unit:?} took {:?}", started.elapsed());
        let numbers = [scored.neg, scored.neu, scored.pos, (scored.compound + 1.0) / 2.0];
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)), "{unit:?}: {scored:?}");
    }
}

#[test]
fn any_text_is_read_and_its_weights_lie_within_it() {
    let mut state = 3u64;
    let mut random = |below: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % below
    };
    let words = ["good", "but", "no", "😍", "n't", "\u{212A}ind", " ", "\u{FE0F}", "(", "bad"];
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..random(12) {
            match random(3) {
                0 => text.extend(char::from_u32(random(0x11_0000))),
                1 => text.push(' '),
                _ => text.push_str(words[random(words.len() as u32) as usize]),
            }
        }
        let reading = read(&text);
        assert!(reading.weights.iter().all(|weight| text.get(weight.span.clone()).is_some()), "{text:?}");
        assert!(reading.weights.is_sorted_by_key(|weight| weight.span.start), "{text:?}");
    }
}
