//! Attacks the host wherever a text says how: `ATTACK loop`, `ATTACK memory` and so on. Tags everything else `tame`.

use std::{
    hash::{BuildHasher, RandomState},
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
            Some(attack) if attack.starts_with("quote") => {
                sayso_plugin::log::error(&item.feedback.text);
                return Err(Fault::Failed(format!("cannot make sense of: {}", item.feedback.text)));
            }
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
        "grow" => while core::arch::wasm32::memory_grow::<0>(1) != usize::MAX {},
        "dive" => drop(black_box(dive(0))),
        "copy" => {
            let mut hoard = vec![1; 2 << 20];
            loop {
                hoard.copy_within(..3 << 19, 1 << 19);
                black_box(&hoard);
            }
        }
        "chatter" => loop {
            sayso_plugin::log::info("as ever");
        },
        "shout" => {
            let line = "x".repeat(1 << 20);
            loop {
                sayso_plugin::log::info(&line);
            }
        }
        "variables" => drop(black_box(std::env::vars_os().count())),
        "reach" => reach(effects),
        "clock" => drop(black_box(std::time::SystemTime::now())),
        "instant" => drop(black_box(std::time::Instant::now())),
        // The seeds of a map are all that the standard library has of randomness.
        "random" => effects.note("seed", format!("{:x}", BuildHasher::hash_one(&RandomState::new(), 1))),
        "log" => (0..100_000).for_each(|n| sayso_plugin::log::error(format!("line {n}\nforged"))),
        "count" => effects.tag(Tag::topic(&format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed)), 1.0)),
        other => panic!("no such attack: {other}"),
    }
}

/// Tries whatever the standard library has to get out, and says what came of it.
fn reach(effects: &mut Effects) {
    effects.note("read", std::fs::read("/etc/passwd").is_ok());
    effects.note("write", std::fs::write("/tmp/sayso-was-here", "x").is_ok());
    effects.note("folder", std::fs::read_dir(".").is_ok());
    effects.note("connect", std::net::TcpStream::connect("127.0.0.1:22").is_ok());
    effects.note("listen", std::net::TcpListener::bind("127.0.0.1:0").is_ok());
    effects.note("resolve", std::net::ToSocketAddrs::to_socket_addrs("localhost:80").is_ok());
    effects.note("path", std::env::var_os("PATH").is_some());
    effects.note("arguments", std::env::args_os().count());
    effects.note("thread", std::thread::Builder::new().spawn(|| ()).is_ok());
    effects.note("process", std::process::Command::new("true").status().is_ok());
    effects.note("input", std::io::Read::read(&mut std::io::stdin(), &mut [0; 16]).is_ok_and(|read| read > 0));
}

/// Recursion that takes more of the call stack than of the stack in memory.
#[inline(never)]
fn dive(depth: u64) -> u64 {
    let next: fn(u64) -> u64 = black_box(dive);
    next(depth + 1).wrapping_add(depth)
}

fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    frame[1] + black_box(deeper(depth + 1))
}

sayso_plugin::export!(Hostile);
