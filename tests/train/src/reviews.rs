//! Labelled reviews, cut into units.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::Context;
use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use sayso::plugins::Dictionaries;
use sayso_sentiment::learned::units;

/// One review.
pub(crate) struct Review {
    /// Whether it praises.
    pub(crate) praises: bool,
    /// The forms of its units in order.
    pub(crate) units: Vec<String>,
}

/// Reviews in the order of their file.
pub(crate) struct Reviews(pub(crate) Vec<Review>);

impl Reviews {
    /// Reads a file and cuts its texts, with a progress bar where there is a terminal.
    pub(crate) fn read(path: &Path, language: &str, dictionaries: &Dictionaries) -> anyhow::Result<Self> {
        let lines = lines(path).with_context(|| path.display().to_string())?;
        let bar = progress(&path.display().to_string(), lines.len());
        let mut reviews = Vec::with_capacity(lines.len());
        for (number, line) in lines.iter().enumerate().skip(1) {
            let (label, text) = line.split_once('\t').unwrap_or_default();
            anyhow::ensure!(
                matches!(label, "0" | "1"),
                "{}, line {}: no label 0 or 1 before a tab",
                path.display(),
                number + 1
            );
            let tokens = dictionaries.segment(text, language);
            let mut forms = Vec::new();
            units::each(text, &tokens, |unit| forms.push(unit.form(text)));
            reviews.push(Review { praises: label == "1", units: forms });
            bar.inc(1);
        }
        bar.finish_and_clear();
        anyhow::ensure!(!reviews.is_empty(), "{}: no reviews", path.display());
        Ok(Self(reviews))
    }

    /// Takes every tenth review out.
    pub(crate) fn split_off_tenth(&mut self) -> Self {
        let (mut stay, mut go) = (Vec::new(), Vec::new());
        for (number, review) in self.0.drain(..).enumerate() {
            if number % 10 == 9 { go.push(review) } else { stay.push(review) }
        }
        self.0 = stay;
        Self(go)
    }
}

/// A bar on standard error; nothing where that is no terminal.
pub(crate) fn progress(what: &str, steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64).with_message(what.to_owned());
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
}

fn lines(path: &Path) -> std::io::Result<Vec<String>> {
    let file = File::open(path)?;
    let reader: Box<dyn Read> = match path.extension().is_some_and(|extension| extension == "gz") {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    BufReader::new(reader).lines().collect()
}
