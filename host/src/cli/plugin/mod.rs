//! `sayso plugin`: for those who write plugins. What is particular to a programming language is behind
//! [`languages::Language`].

mod languages;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, ensure};

/// What to do with a plugin.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make the project of a new plugin: complete in itself, with a golden case and a sample.
    New {
        /// Its name: lower case letters, digits and `-`.
        name: String,
        /// The language that it is written in.
        #[arg(long)]
        lang: languages::Lang,
    },
    /// Compile a project, and make the component.
    Build {
        /// The folder of the project.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
}

pub(super) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::New { name, lang } => create(&name, lang)?,
        Command::Build { dir } => {
            let language = languages::Lang::of_project(&dir)
                .with_context(|| format!("{} is no project of a plugin", dir.display()))?;
            anstream::println!("{}", language.build(&dir)?.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn create(name: &str, lang: languages::Lang) -> anyhow::Result<()> {
    let dir = Path::new(name);
    ensure!(!dir.exists(), "{name} is there already; choose another name, or remove it");
    for (path, text) in lang.language().files(name) {
        let path = dir.join(path);
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
