//! Copies of a store: one is made while sayso runs, and is put back while it does not.
//!
//! A copy is what `VACUUM INTO` writes: one file, whole, without a log, of one moment. At every point where putting it back
//! may be broken off, the next start refuses what it finds ([`OpenError::Restored`]), or has one of both states as a whole.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rusqlite::Connection;

use super::{OpenError, migrations, open};

/// Behind the name of a file that is being written.
const PART: &str = ".sayso-part";

/// Why there is no copy, or none is put back.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Nothing is overwritten.
    #[error("{} is there already, and is left as it is; name another file, or remove it", .0.display())]
    Exists(PathBuf),
    /// There is nothing to copy.
    #[error("there is no store {}; name its folder with --data, or the configuration with --config", .0.display())]
    NoStore(PathBuf),
    /// There is nothing to put back.
    #[error("there is no copy {}", .0.display())]
    NoCopy(PathBuf),
    /// There is something else.
    #[error("{} is no copy of a sayso store; name one that `sayso backup` made", .0.display())]
    OtherFile(PathBuf),
    /// The copy is not what was written.
    #[error("the copy {} is damaged ({problem}), and nothing was changed; take another one", path.display())]
    Damaged {
        /// The copy.
        path: PathBuf,
        /// What SQLite found first.
        problem: String,
    },
    /// SQLite cannot write to such a name.
    #[error("{} is no UTF-8; name another file or folder", .0.display())]
    Unnameable(PathBuf),
    /// A file cannot be read or written, or the store is in use.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Makes a copy of the store at `store`, beside the process that owns it, if there is one. Its size in bytes.
///
/// # Errors
/// See [`CopyError`]; nothing is left of a copy that could not be finished.
pub fn backup(store: &Path, file: &Path) -> Result<u64, CopyError> {
    if !store.exists() {
        return Err(CopyError::NoStore(store.to_owned()));
    }
    let store = &*open::resolved(store);
    if file.exists() {
        return Err(CopyError::Exists(file.to_owned()));
    }
    let connection = reader(store)?;
    let part = copy(&connection, store, file, None)?;
    put(&part, file)?;
    file.metadata().map(|metadata| metadata.len()).map_err(|source| OpenError::io(file, source).into())
}

/// Puts the copy at `file` in the place of the store at `store`, which nobody may have open. Where there was one before, it
/// is kept: its new name.
///
/// # Errors
/// See [`CopyError`].
pub fn restore(file: &Path, store: &Path) -> Result<Option<PathBuf>, CopyError> {
    if !file.exists() {
        return Err(CopyError::NoCopy(file.to_owned()));
    }
    if !file.is_file() {
        return Err(CopyError::OtherFile(file.to_owned()));
    }
    let store = &*open::resolved(store);
    let _lock = open::lock(store)?;
    let connection = reader(file).map_err(|error| match error {
        OpenError::NotAStore { path } => CopyError::OtherFile(path),
        OpenError::Damaged { path, source } => CopyError::Damaged { path, problem: source.to_string() },
        other => other.into(),
    })?;
    check(&connection, file)?;
    let part = copy(&connection, file, store, Some(if store.exists() { store } else { open::folder(store) }))?;
    let (log, kept) = (open::beside(store, "-wal"), keep(store)?);
    put(&part, store)?;
    // Until now the copy is refused beside it; the one that is kept has it by a name of its own.
    remove(&log)?;
    remove(&open::beside(store, "-shm"))?;
    Ok(kept)
}

/// Gives the store, if there is one, a second name, and its log the one that goes with that: there is no moment at which
/// it has none.
fn keep(store: &Path) -> Result<Option<PathBuf>, OpenError> {
    let log = open::beside(store, "-wal");
    if !store.exists() && !log.exists() {
        return Ok(None);
    }
    let kept = open::beside(store, &format!(".replaced-{}", Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ")));
    for (file, second) in [(&log, &open::beside(&kept, "-wal")), (&store.to_owned(), &kept)] {
        if file.exists() {
            // Some file systems know no second names.
            let named = fs::hard_link(file, second).or_else(|_| fs::copy(file, second).and_then(|_| sync(second)));
            named.map_err(|source| OpenError::io(second, source))?;
        }
    }
    open::sync_folder(open::folder(&kept)).map_err(|source| OpenError::io(&kept, source))?;
    Ok(Some(kept))
}

fn sync(path: &Path) -> std::io::Result<()> {
    fs::File::open(path)?.sync_all()
}

fn reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = open::reader(path, open::QUERY_CACHE_KIB)?;
    migrations::check_made(&connection, path)?;
    Ok(connection)
}

/// Reads all of it, since what is put in the place of a store should be whole.
fn check(connection: &Connection, path: &Path) -> Result<(), CopyError> {
    let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match found.map_err(|source| OpenError::sqlite(path, source))? {
        problem if problem == "ok" => Ok(()),
        problem => Err(CopyError::Damaged { path: path.to_owned(), problem }),
    }
}

/// Writes what `connection` sees now to a new file beside `target`, for the owner of the file or folder `like`.
fn copy(connection: &Connection, from: &Path, target: &Path, like: Option<&Path>) -> Result<PathBuf, CopyError> {
    let part = open::beside(target, PART);
    // SQLite takes names in UTF-8 alone.
    let Some(name) = part.to_str() else { return Err(CopyError::Unnameable(target.to_owned())) };
    discard_part(target)?;
    // A new one: where others may write to the folder, a name may have become a link to theirs.
    let made = open::private_file().create_new(true).open(&part);
    let written = made.map_err(|source| OpenError::io(&part, source)).and_then(|file| {
        connection.execute("VACUUM INTO ?1", [name]).map_err(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => OpenError::Full { path: part.clone() },
            _ => OpenError::sqlite(from, source),
        })?;
        let is_it = is_same(&file, &part).and_then(|is_same| if is_same { file.sync_all() } else { Err(swapped()) });
        is_it.map_err(|source| OpenError::io(&part, source))?;
        if let Some(like) = like {
            open::hand_over(&file, like);
        }
        Ok(())
    });
    if let Err(error) = written {
        discard_part(target)?;
        return Err(error.into());
    }
    Ok(part)
}

/// Removes what a copy to `target` that was broken off left: customers' words that nobody would find.
///
/// # Errors
/// Where a file is there and cannot be removed.
pub fn discard_part(target: &Path) -> Result<(), OpenError> {
    let part = open::beside(&open::resolved(target), PART);
    // SQLite's own, while it writes.
    remove(&open::beside(&part, "-journal"))?;
    remove(&part)
}

/// Whether the file of this name is still the one that was made, and no other or a link.
#[cfg(unix)]
fn is_same(file: &fs::File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (made, named) = (file.metadata()?, fs::symlink_metadata(path)?);
    Ok((made.dev(), made.ino()) == (named.dev(), named.ino()))
}

#[cfg(not(unix))]
const fn is_same(_: &fs::File, _: &Path) -> std::io::Result<bool> {
    Ok(true)
}

fn swapped() -> std::io::Error {
    std::io::Error::other(
        "another program put something else in its place; copy to a folder that only you can write to",
    )
}

/// Gives a file that is written its name, for good.
fn put(part: &Path, name: &Path) -> Result<(), OpenError> {
    let put = fs::rename(part, name).and_then(|()| open::sync_folder(open::folder(name)));
    put.map_err(|source| OpenError::io(name, source))
}

fn remove(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(OpenError::io(path, source)),
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_another_was_put_in_the_place_of_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let (part, other) = (folder.path().join("copy.part"), folder.path().join("other"));
        let file = fs::File::create(&part).expect("is made");
        assert!(is_same(&file, &part).expect("is there"));
        fs::rename(&part, &other).expect("is moved");
        std::os::unix::fs::symlink(&other, &part).expect("is made");
        assert!(!is_same(&file, &part).expect("is there"), "a link to it is not it");
    }
}
