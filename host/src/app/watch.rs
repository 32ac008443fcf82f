//! Watches the configuration file, the plugins that it names and their golden cases, and has the chain loaded anew when
//! one of them changes.
//!
//! Editors and deployments put a new file in the place of the old one, or a new folder, or turn a link to another, so it is
//! the folders that are watched, those of links on the way among them; whatever happens in one, what counts is whether a
//! file is another than before. While a folder is gone, it is looked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::{
    config::{self, Source},
    plugins::{LiveChain, cases, live::Trigger, source},
};

/// How long files have to stay as they are before they are read: one that is being written is not whole.
const QUIET: Duration = Duration::from_millis(200);

/// How often a folder is looked for that is gone: nothing tells when it comes again.
const SEEK: Duration = Duration::from_secs(1);

/// Most links on the way to a file, as in the system.
const MAX_LINKS: usize = 40;

/// Most golden cases of one plugin that are watched: each takes a watch of the system, of which there are so many.
const MAX_CASES: usize = 1_000;

/// The watch.
pub struct Watch {
    source: Source,
    watcher: RecommendedWatcher,
    woken: Arc<Notify>,
    /// Each with its device and inode: another folder may come in its place.
    folders: BTreeMap<PathBuf, (u64, u64)>,
    /// The files, and how each was when the chain was last loaded.
    seen: Vec<(PathBuf, Option<Mark>)>,
}

/// By which one state of a file is told from another: its inode, length, and time of change.
type Mark = (u64, u64, i64, i64);

impl Watch {
    /// Begins to watch the files of a configuration.
    ///
    /// # Errors
    /// Where there is no configuration file, or where the system does not let a folder be watched.
    pub fn start(source: Source) -> io::Result<Self> {
        if source.file.is_none() {
            return Err(io::Error::other("--watch needs a configuration file to watch; name one with --config"));
        }
        let woken = Arc::new(Notify::new());
        let wake = woken.clone();
        let watcher = notify::recommended_watcher(move |_| wake.notify_one()).map_err(io::Error::other)?;
        let mut watch = Self { source, watcher, woken, folders: BTreeMap::new(), seen: Vec::new() };
        watch.look()?;
        Ok(watch)
    }

    /// Has the chain loaded anew at every change; runs for ever.
    pub async fn run(mut self, chain: Arc<LiveChain>) {
        loop {
            let missed = self.misses_a_folder();
            tokio::select! {
                () = self.woken.notified() => {}
                () = tokio::time::sleep(SEEK), if missed => {}
            }
            self.settle().await;
            if self.is_as_before() {
                if missed && !self.misses_a_folder() {
                    let files: Vec<_> = self.seen.iter().map(|(file, _)| file.clone()).collect();
                    drop(self.follow_all(&files));
                }
                continue;
            }
            // Before the files are read, so that what changes meanwhile is seen as a change.
            if let Err(error) = self.look() {
                tracing::warn!(%error, "not every file of the chain is watched");
            }
            // Whoever asks is told by the log.
            drop(chain.reload(Trigger::Watch).await);
        }
    }

    /// Waits until no file changes any more.
    async fn settle(&self) {
        let mut before = self.marks();
        loop {
            tokio::time::sleep(QUIET).await;
            let now = self.marks();
            if now == before {
                return;
            }
            before = now;
        }
    }

    fn marks(&self) -> Vec<Option<Mark>> {
        self.seen.iter().map(|(file, _)| mark(file)).collect()
    }

    fn misses_a_folder(&self) -> bool {
        let mut folders = self.seen.iter().filter_map(|(file, _)| file.parent());
        folders.any(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
    }

    fn is_as_before(&self) -> bool {
        self.seen.iter().all(|(file, seen)| mark(file) == *seen)
    }

    /// Finds out which files there are to watch, and how each is now. Where the configuration cannot be read, they stay
    /// the same.
    fn look(&mut self) -> io::Result<()> {
        let mut files: Vec<PathBuf> = self.source.file.iter().cloned().collect();
        match self.source.read() {
            Ok(config) => {
                let base = self.source.base();
                let plugins = config.plugins.iter().filter(|plugin| source::is_file(&plugin.source));
                let components = plugins.map(|plugin| base.join(&plugin.source));
                files.extend(components.flat_map(|file| [source::signature_path(&file), file]));
                files.extend(config.plugins.iter().flat_map(|plugin| files_of_cases(plugin, &base)));
            }
            Err(_) => files.extend(self.seen.iter().skip(1).map(|(file, _)| file.clone())),
        }
        let outcome = self.follow_all(&files);
        self.seen = files.into_iter().map(|file| (file.clone(), mark(&file))).collect();
        outcome
    }

    /// Watches the folders of the files.
    fn follow_all(&mut self, files: &[PathBuf]) -> io::Result<()> {
        // One that went and comes again is another folder to the system.
        let gone: Vec<_> = self.folders.iter().filter(|(folder, id)| id_of(folder) != Some(**id)).collect();
        let gone: Vec<PathBuf> = gone.into_iter().map(|(folder, _)| folder.clone()).collect();
        for folder in gone {
            self.folders.remove(&folder);
            if folder.is_dir() {
                // It may be watched no more already.
                drop(self.watcher.unwatch(&folder));
            }
        }
        let mut outcome = Ok(());
        for folder in files.iter().flat_map(|file| folders_of(file)).collect::<BTreeSet<_>>() {
            outcome = outcome.and(self.follow(folder));
        }
        outcome
    }

    /// Watches a folder, if it is there.
    fn follow(&mut self, folder: PathBuf) -> io::Result<()> {
        let Some(id) = id_of(&folder).filter(|_| !self.folders.contains_key(&folder)) else { return Ok(()) };
        self.watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        self.folders.insert(folder, id);
        Ok(())
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("folders", &self.folders).finish_non_exhaustive()
    }
}

/// The folders by which a file is found: its own, and those of the links on the way.
fn folders_of(file: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let Ok(file) = std::path::absolute(file) else { return folders };
    let (mut at, mut links) = (PathBuf::new(), 0);
    let mut rest: Vec<_> = parts(&file);
    while let Some(part) = rest.pop() {
        let next = at.join(&part);
        match fs::read_link(&next) {
            Ok(target) if links < MAX_LINKS => {
                links += 1;
                folders.insert(at.clone());
                rest.extend(parts(&target));
            }
            _ if *part == *".." => drop(at.pop()),
            _ => at = next,
        }
    }
    folders.extend(at.parent().map(Path::to_owned));
    folders
}

/// The parts of a path, the last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    parts.rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}

/// The device and the inode of a folder; none where there is no folder.
fn id_of(folder: &Path) -> Option<(u64, u64)> {
    fs::metadata(folder).ok().filter(fs::Metadata::is_dir).map(|meta| (meta.dev(), meta.ino()))
}

/// The files of a plugin's golden cases, and the folders in which there may be more of them.
fn files_of_cases(plugin: &config::Plugin, base: &Path) -> Vec<PathBuf> {
    let Some(folder) = cases::folder(plugin, base) else { return Vec::new() };
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files = vec![folder.with_file_name("config.json")];
    for case in entries(&folder).take(MAX_CASES) {
        files.extend(["input.json", "expected.json", "config.json", "answers.json"].map(|name| case.join(name)));
        files.push(case);
    }
    files.push(folder);
    files
}

fn mark(file: &Path) -> Option<Mark> {
    let meta = fs::metadata(file).ok()?;
    Some((meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
}
