//! Uses the grants `history` and `text`, and says what it learnt; or uses one without end where a text says so:
//! `ATTACK history` and so on.

use std::hint::black_box;

use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, history, text};

struct Nosy;

impl Plugin for Nosy {
    const NAME: &'static str = "nosy";
    const SUMMARY: &'static str = "Says what its grants tell.";
    type Config = NoConfig;

    fn new(_: NoConfig) -> Result<Self, String> {
        Ok(Self)
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let feedback = &item.feedback;
        if let Some(attack) = feedback.text.strip_prefix("ATTACK ") {
            pester(attack);
        }
        let language = text::detect(&feedback.text).map_or_else(String::new, |language| language.code);
        let tokens = text::segment(&feedback.text, &language);
        let lemmas = text::lemmas(&feedback.text, &language);
        let words: Vec<_> =
            tokens.chunks(3).zip(&lemmas).map(|(token, lemma)| word(&feedback.text, token, lemma)).collect();
        let earlier = history::before(item.index).map(|history| history.earlier);
        let stranger = history::before(u32::MAX).is_some();
        effects.note("method", format!("{:?}", text::method_of(&language)));
        effects.note("detected", language);
        effects.note("tokens", lemmas.len());
        effects.note("words", words.join(" "));
        effects.note("earlier", earlier);
        effects.note("stranger", stranger);
        Ok(())
    }
}

const SENTENCE: &str = "The delivery was late again, and nobody at the counter knew anything about it.";

fn pester(grant: &str) -> ! {
    loop {
        match grant {
            "history" => drop(black_box(history::before(0))),
            "detect" => drop(black_box(text::detect(SENTENCE))),
            "segment" => drop(black_box(text::segment(SENTENCE, "en"))),
            "lemmas" => drop(black_box(text::lemmas(SENTENCE, "ja"))),
            other => panic!("no such attack: {other}"),
        }
    }
}

/// A token as `surface/part-of-speech/lemma`.
fn word(text: &str, token: &[u32], lemma: &str) -> String {
    let surface = text.get(token[0] as usize..token[1] as usize).unwrap_or("outside the text");
    format!("{surface}/{}/{lemma}", token[2])
}

sayso_plugin::export!(Nosy);
