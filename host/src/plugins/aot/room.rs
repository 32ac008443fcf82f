//! How much the cache may hold: every build of a plugin leaves an artefact there.

use std::{
    fs::File,
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::{
    fs::{AtFlags, Dir, FileType},
    io::Errno,
};

/// Bytes of all artefacts together. One of a plugin in JavaScript has 35 MB.
pub(super) const LIMIT: u64 = 1024 * 1024 * 1024;
/// How long a process may take to write one; what was left unfinished for longer, nobody writes any more.
const UNFINISHED: Duration = Duration::from_hours(1);

struct Entry {
    name: String,
    bytes: u64,
    /// When it was last used or written, in seconds since 1970.
    used: i64,
}

/// Notes that an artefact is in use, so that it is among the last to go.
pub(super) fn touch(artefact: &File) {
    // Where it cannot be noted, the artefact goes earlier and is compiled again.
    drop(artefact.set_modified(SystemTime::now()));
}

/// Removes the artefacts that were used longest ago until all together have at most `limit` bytes, and what was never
/// finished. The artefact named `kept` stays. What a process has mapped, it keeps.
///
/// # Errors
/// Where the folder cannot be read or changed.
pub(super) fn make(folder: &File, limit: u64, kept: &str) -> io::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let abandoned = i64::try_from(now.saturating_sub(UNFINISHED).as_secs()).unwrap_or(i64::MAX);
    let (mut artefacts, unfinished): (Vec<_>, Vec<_>) =
        entries(folder)?.into_iter().partition(|entry| entry.name.ends_with(".cwasm"));
    for entry in unfinished.iter().filter(|entry| entry.used < abandoned) {
        remove(folder, &entry.name)?;
    }
    let mut total: u64 = artefacts.iter().map(|entry| entry.bytes).sum();
    artefacts.sort_by_key(|entry| entry.used);
    for entry in artefacts.iter().filter(|entry| entry.name != kept) {
        if total <= limit {
            break;
        }
        remove(folder, &entry.name)?;
        remove(folder, &super::digest_name(&entry.name))?;
        total -= entry.bytes;
    }
    Ok(())
}

/// The artefacts, and the files under way to one. What else is in the folder is not the cache's to remove.
fn entries(folder: &File) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        if !name.ends_with(".cwasm") && !name.contains(".tmp") {
            continue;
        }
        // Another process may have removed it by now.
        let Ok(stat) = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
            let bytes = u64::try_from(stat.st_size).unwrap_or_default();
            entries.push(Entry { name: name.to_owned(), bytes, used: stat.st_mtime });
        }
    }
    Ok(entries)
}

fn remove(folder: &File, name: &str) -> io::Result<()> {
    match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
        // Another process makes room, too.
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn put(dir: &Path, name: &str, bytes: usize, seconds_ago: u64) {
        let path = dir.join(name);
        fs::write(&path, vec![0; bytes]).expect("written");
        let file = File::options().write(true).open(&path).expect("it is there");
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds_ago)).expect("it is ours");
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("it is there");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name().into_string()).collect();
        names.sort();
        names.into_iter().map(|name| name.expect("text")).collect()
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_what_was_just_made_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, ago) in [("new", 0), ("old", 30), ("older", 60), ("oldest", 90)] {
            put(dir.path(), &format!("{name}.cwasm"), 100, ago);
            put(dir.path(), &format!("{name}.sha256"), 32, ago);
        }
        let folder = File::open(dir.path()).expect("a folder");
        touch(&File::open(dir.path().join("older.cwasm")).expect("it is there"));
        make(&folder, 200, "new.cwasm").expect("room");
        assert_eq!(names(dir.path()), ["new.cwasm", "new.sha256", "older.cwasm", "older.sha256"]);
        make(&folder, 10, "new.cwasm").expect("room");
        assert_eq!(names(dir.path()), ["new.cwasm", "new.sha256"]);
    }

    #[test]
    fn what_was_never_finished_goes_and_what_is_not_of_the_cache_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        put(dir.path(), "a.tmp17", 100, 7200);
        put(dir.path(), "b.tmp18", 100, 10);
        put(dir.path(), "notes.txt", 100, 7200);
        make(&File::open(dir.path()).expect("a folder"), 0, "new.cwasm").expect("room");
        assert_eq!(names(dir.path()), ["b.tmp18", "notes.txt"]);
    }
}
