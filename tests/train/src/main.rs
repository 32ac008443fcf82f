//! Learns from labelled reviews how much each word, and each pair of words that stand together, speaks for praise or
//! blame, and writes it down as text, for `plugins/sentiment/data`. The tokens are those that plugins get from the host.
//! The same reviews and dictionaries give the same weights.
//!
//! ```text
//! make dictionaries
//! cargo run --release --package sayso-train -- ko target/dictionaries --train TRAIN.tsv.gz --dev DEV.tsv.gz \
//!     --source "NSMC, …" --licence CC0 --out plugins/sentiment/data/ko.tsv
//! ```

mod model;
mod reviews;
mod vocabulary;
mod write;

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use sayso::plugins::Dictionaries;

use crate::{model::Model, reviews::Reviews, vocabulary::Vocabulary};

/// Learn the weights of words and of pairs of words from labelled reviews.
#[derive(Parser)]
struct Args {
    /// ISO 639-1 code of the language: ja, ko or zh.
    language: String,
    /// Folder of the dictionaries, as `make dictionaries` makes it.
    dictionaries: PathBuf,
    /// Reviews to learn from: TSV, perhaps gzipped, with a head line; a label, 0 for blame and 1 for praise, and a text.
    #[arg(long)]
    train: PathBuf,
    /// Reviews of the same form to report on; nothing is learned from them.
    #[arg(long)]
    dev: PathBuf,
    /// Where the reviews are from; for the head of the table.
    #[arg(long)]
    source: String,
    /// Their licence; for the head of the table.
    #[arg(long)]
    licence: String,
    /// The most words and pairs to keep.
    #[arg(long, default_value_t = 80_000)]
    keep: usize,
    /// How often a word or pair has to occur to be learned.
    #[arg(long, default_value_t = 3)]
    least: u32,
    /// How strongly weights are drawn to 0: the variance of a weight in the prior is the square of the feature's log-odds in
    /// naive Bayes, divided by this.
    #[arg(long, default_value_t = 1.0)]
    prior: f64,
    /// Learn from nine of ten reviews and report on the tenth, to choose the parameters by; writes no table.
    #[arg(long)]
    choose: bool,
    /// The table to write.
    #[arg(long, required_unless_present = "choose")]
    out: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let dictionaries = Dictionaries::open(Some(&args.dictionaries))?;
    let has = !dictionaries.missing().iter().any(|missing| missing.code() == args.language);
    anyhow::ensure!(
        has,
        "no dictionary for `{}` in {}; run `make dictionaries`",
        args.language,
        args.dictionaries.display()
    );
    let mut train = Reviews::read(&args.train, &args.language, &dictionaries)?;
    let dev =
        if args.choose { train.split_off_tenth() } else { Reviews::read(&args.dev, &args.language, &dictionaries)? };
    let vocabulary = Vocabulary::of(&train, args.least);
    let all = Model::learn(&train, &vocabulary, args.prior);
    let kept = vocabulary.keep(args.keep, &all);
    let model = Model::learn(&train, &kept, args.prior);
    let report = write::Report::of(&train, &dev, &vocabulary, &kept, [&all, &model]);
    println!("{report}");
    if let (Some(out), false) = (&args.out, args.choose) {
        let table = write::table(&args, &report, &kept, &model);
        std::fs::write(out, table).with_context(|| out.display().to_string())?;
    }
    Ok(())
}
