//! Texts made to cost much, and to break what reads them.

use std::time::{Duration, Instant};

use sayso_plugin::Item;

use crate::{Redact, config::Policy, scan};

const SIZE: usize = 1 << 20;
/// What a megabyte may take, by far, on a busy machine: a rule that is quadratic takes minutes.
const LIMIT: Duration = Duration::from_secs(5);

/// Units that a megabyte is made of.
const UNITS: [&str; 40] = [
    "1",
    "0",
    "@",
    ":",
    "１",
    "＠",
    "1-",
    "1 ",
    "1.",
    "1:",
    "0 ",
    "a@",
    "@a",
    "a@a.",
    "a.",
    ".a@",
    "a1",
    "1a",
    "+1",
    "(1)",
    "１－",
    "ab:",
    "::1",
    "DE89 ",
    "DE8",
    "5551234 ",
    "call 5551234 ",
    "090-1234-5678 ",
    "090-",
    "1234-5678-",
    "1.2.3.4.",
    "4111 ",
    "A123456(",
    "é1",
    "電1",
    "ann@example.org",
    "%40",
    "a%40a.",
    "5551234x",
    "po,0312345678 ",
];

fn policy() -> Policy {
    Policy::new(serde_json::from_str("{}").unwrap()).unwrap()
}

#[test]
fn a_megabyte_of_anything_takes_no_longer_than_its_length_warrants() {
    let policy = policy();
    for unit in UNITS {
        let text = unit.repeat(SIZE / unit.len());
        let started = Instant::now();
        let found = scan::find(&text, "phone", &policy);
        assert!(started.elapsed() < LIMIT, "{unit}: {:?}, {} found", started.elapsed(), found.len());
    }
}

#[test]
fn a_label_and_metadata_may_be_hostile_too() {
    let label = "電phone".repeat(SIZE / 8);
    assert_eq!(scan::find("5551234", &label, &policy()).len(), 1);
    let mut item = Item::of_text("en", "");
    item.feedback.metadata = Some(format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)));
    let plugin = sayso_plugin::configure::<Redact>("{}").unwrap();
    assert_eq!(sayso_plugin::process(&plugin, &[item]), [Ok(Vec::new())]);
}
