//! Scores texts for `tests/parity`: reads a JSON string a line, and prints for each `[neg, neu, pos, compound]`.

use std::io::{self, BufRead, BufWriter, Write};

use sayso_sentiment::vader;

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        let scored = vader::read(&text).scored;
        writeln!(out, "[{:?}, {:?}, {:?}, {:?}]", scored.neg, scored.neu, scored.pos, scored.compound)?;
    }
    out.flush()
}
