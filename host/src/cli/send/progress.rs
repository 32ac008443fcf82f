//! How far a run came: on disk, so that the next one resumes there, and on the screen.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use super::Rejection;

/// Items between two lines where there is no terminal.
const LINE_EVERY: u64 = 10_000;

/// What is behind: everything before the next chunk.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Done {
    /// Chunks that were answered.
    pub(super) chunks: u64,
    pub(super) accepted: u64,
    pub(super) repeated: u64,
    pub(super) rejected: u64,
    /// The first of them, so that a run that resumes reports what the one before met.
    #[serde(default)]
    pub(super) rejections: Vec<Rejection>,
}

/// Where it is kept how far a file is; nowhere for a pipe.
#[derive(Debug)]
pub(super) struct Place {
    path: Option<PathBuf>,
    /// It could not be written: no use in trying again after every chunk.
    is_broken: bool,
}

/// The folder for such files, by the XDG Base Directory Specification.
pub(super) fn folder() -> Option<PathBuf> {
    let given = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let state = given.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))?;
    Some(state.join("sayso/send"))
}

impl Place {
    pub(super) fn open(folder: Option<&Path>, digest: Option<&str>) -> Self {
        let path = folder.zip(digest).map(|(folder, digest)| folder.join(format!("{digest}.json")));
        Self { path, is_broken: false }
    }

    /// How far the last run came; nothing where there was none, or where the file cannot be read: sending again does
    /// no harm.
    pub(super) async fn read(&self) -> Done {
        let Some(path) = &self.path else { return Done::default() };
        let bytes = tokio::fs::read(path).await.unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Keeps how far the file is. After the first failure it does nothing, so that there is one error to tell.
    pub(super) async fn write(&mut self, done: &Done) -> anyhow::Result<()> {
        let Some(path) = self.path.as_deref().filter(|_| !self.is_broken) else { return Ok(()) };
        let written = replace(path, done).await;
        self.is_broken = written.is_err();
        written.with_context(|| format!("{}: how far the file is cannot be kept", path.display()))
    }

    /// The file is through.
    pub(super) async fn forget(&self) {
        if let Some(path) = &self.path
            && let Err(error) = tokio::fs::remove_file(path).await
            && error.kind() != std::io::ErrorKind::NotFound
            && !self.is_broken
        {
            tracing::warn!(path = %path.display(), %error, "a file of progress cannot be removed");
        }
    }
}

async fn replace(path: &Path, done: &Done) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let new = path.with_extension("new");
    tokio::fs::write(&new, serde_json::to_vec(done)?).await?;
    Ok(tokio::fs::rename(&new, path).await?)
}

/// A bar in a terminal, lines elsewhere; on standard error, so that standard output can be piped on.
pub(super) struct Bar {
    bar: Option<ProgressBar>,
    name: String,
    said: AtomicU64,
}

impl Bar {
    pub(super) fn new(file: &Path, length: Option<u64>) -> Self {
        let name = file.display().to_string();
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            let template = match length {
                Some(_) => "{prefix} {bar:30} {bytes}/{total_bytes} {msg} {eta}",
                None => "{prefix} {spinner} {bytes} {msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar.with_prefix(name.clone())
        });
        Self { bar, name, said: AtomicU64::new(0) }
    }

    /// A line for the user.
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| anstream::eprintln!("{line}")),
            None => anstream::eprintln!("{line}"),
        }
    }

    /// So many bytes of the file are read, and so many items answered.
    pub(super) fn advance(&self, position: u64, items: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
            bar.set_message(format!("{items} items"));
        } else if items / LINE_EVERY > self.said.swap(items, Ordering::Relaxed) / LINE_EVERY {
            self.say(&format!("{}: {items} items so far", self.name));
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
