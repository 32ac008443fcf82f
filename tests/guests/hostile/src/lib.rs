//! Attacks the host wherever a text says how: `ATTACK loop`, `ATTACK memory` and so on. Tags everything else `tame`.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU32, Ordering},
};

use sayso_plugin::{Effects, Fault, Item, Plugin, Score, Span, Tag};

struct Hostile;

/// State that a result depends on, which no plugin may keep.
static COUNT: AtomicU32 = AtomicU32::new(0);

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    refuse: bool,
}

impl Plugin for Hostile {
    const NAME: &'static str = "hostile";
    const SUMMARY: &'static str = "Attacks the host.";
    type Config = Config;

    fn new(config: Config) -> Result<Self, String> {
        if config.refuse { Err("`refuse` is true, so this is refused".into()) } else { Ok(Self) }
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        match item.feedback.text.strip_prefix("ATTACK ") {
            Some(attack) => self::attack(attack, effects),
            None => effects.tag(Tag::topic("tame", 1.0)),
        }
        Ok(())
    }
}

fn attack(attack: &str, effects: &mut Effects) {
    match attack {
        "loop" => loop {
            black_box(());
        },
        "memory" => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(vec![1; 1 << 20]);
                black_box(&hoard);
            }
        }
        "stack" => drop(black_box(deeper(0))),
        "panic" => panic!("as asked"),
        "giant" => effects.tag(Tag::topic(&"x".repeat(24 << 20), 1.0)),
        "many" => (0..10_000_000).for_each(|_| effects.tag(Tag::topic("t", 1.0))),
        "crowd" => (0..1_000).for_each(|n| effects.tag(Tag::topic(&format!("t{n}"), 1.0))),
        "span" => effects.tag(Tag::topic("t", 1.0).spans(vec![Span { start: 3, end: 4_000_000 }])),
        "nan" => effects.score(Score::whole("sentiment", f64::NAN)),
        "log" => (0..100_000).for_each(|n| sayso_plugin::log::error(format!("line {n}\nforged"))),
        "count" => effects.tag(Tag::topic(&format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed)), 1.0)),
        other => panic!("no such attack: {other}"),
    }
}

fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    frame[1] + black_box(deeper(depth + 1))
}

sayso_plugin::export!(Hostile);
