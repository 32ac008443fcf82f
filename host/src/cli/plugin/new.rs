//! `sayso plugin new`

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};

use super::languages::Lang;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sayso plugin new warranty\n  sayso plugin new warranty --lang rust --dir plugins/warranty"
)]
pub(in crate::cli) struct Args {
    /// Its name: lower-case letters, digits and `-`.
    name: String,
    /// The language to write it in.
    #[arg(long, value_enum, default_value = "rust")]
    lang: Lang,
    /// The folder to make; one of the plugin's name if absent.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    check_name(&args.name)?;
    args.lang.language().check_name(&args.name)?;
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    let is_free = fs::read_dir(&dir).map_or(!dir.exists(), |mut entries| entries.next().is_none());
    if !is_free {
        bail!("{} is there already, and nothing is overwritten; choose another name, or another --dir", dir.display());
    }
    for (path, text) in args.lang.language().files(&args.name) {
        let path = dir.join(path);
        let folder = path.parent().unwrap_or(&dir);
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    let shown = dir.display();
    anstream::println!("made {shown}: a plugin with its contract, a golden case and a README");
    anstream::println!("next: cd {shown}, change the source, then `sayso plugin build` and `sayso plugin test`");
    Ok(ExitCode::SUCCESS)
}

/// A name that is good for a plugin, a package and a file.
fn check_name(name: &str) -> anyhow::Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_good = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 48
        && name.chars().all(fits)
        && !name.ends_with('-')
        && !name.contains("--");
    if !is_good {
        bail!(
            "`{name}` is no name for a plugin: give up to 48 lower-case letters, digits and single `-`, a letter first"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_good_for_a_package_and_a_file() {
        for good in ["warranty", "late-delivery", "b2b"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "Warranty", "1st", "../up", "a b", "a-", "a--b", "ä"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
