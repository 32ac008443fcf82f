//! Compiled components, cached on disk so that a start does not compile.
//!
//! An artefact is named by the digest of the component and by the engine's compatibility hash, so that another
//! component, another wasmtime or other settings never meet it. Loading one runs it as machine code, so the cache is
//! used only where the folder and the file belong to the account that this process acts as, and nobody else may write
//! to them: who has the folder of the data need not be who runs sayso, and whatever the one leaves there the other
//! must not run. The folder is opened once, and files are opened in it rather than by a path, so that what was examined
//! is what is used, even if the path leads elsewhere by then. Where the cache is not trusted, plugins are compiled at
//! every start, and a warning says so. What was used longest ago makes room for what is new.

mod room;

use std::{
    ffi::OsStr,
    fs::{self, File, Metadata},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read, Write},
    os::{
        fd::{AsFd, AsRawFd},
        unix::fs::{DirBuilderExt, MetadataExt},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    fs::{Mode, OFlags},
    process::geteuid,
};
use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

/// The bits of a mode by which others than the owner may write.
const OTHERS_WRITE: u32 = 0o022;

/// The cache folder.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    dir: PathBuf,
    /// Whom all of it has to belong to: what this process acts as.
    owner: u32,
    /// Nothing, where what is in it must not be run.
    folder: Option<Arc<File>>,
}

impl Cache {
    /// Uses `dir`, made private where it does not exist yet. One that others may write to is not used, with a warning.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        Self::open_as(dir, geteuid().as_raw())
    }

    fn open_as(dir: &Path, owner: u32) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let folder = match private_folder(dir, owner) {
            Ok(folder) => Some(Arc::new(folder)),
            Err(reason) => {
                let path = dir.display();
                tracing::warn!(%path, "the cache of compiled plugins is not used, and every start compiles: {reason}");
                None
            }
        };
        Ok(Self { dir: dir.to_owned(), owner, folder })
    }

    /// The component, from the cache if it is there, else compiled and kept. `digest` is the SHA-256 of `bytes` in hex.
    ///
    /// # Errors
    /// Where `bytes` is no valid component. A cache that cannot be written costs time alone.
    pub(super) fn component(&self, engine: &Engine, bytes: &[u8], digest: &str) -> wasmtime::Result<Component> {
        let Some(folder) = &self.folder else { return Component::new(engine, bytes) };
        let name = file_name(engine, digest);
        if let Some(component) = self.load(folder, engine, &name) {
            return Ok(component);
        }
        let artefact = engine.precompile_component(bytes)?;
        match store(folder, &name, &artefact) {
            Ok(()) => {
                if let Err(error) = room::make(folder, room::LIMIT, &name) {
                    let path = self.dir.display();
                    tracing::warn!(%error, %path, "what is no longer used stays in the cache of compiled plugins");
                }
                if let Some(component) = self.load(folder, engine, &name) {
                    return Ok(component);
                }
            }
            Err(error) => {
                tracing::warn!(%error, path = %self.dir.join(&name).display(), "a compiled plugin could not be cached");
            }
        }
        Component::new(engine, bytes)
    }

    fn load(&self, folder: &File, engine: &Engine, name: &str) -> Option<Component> {
        let (_, noted) = self.read(folder, &digest_name(name))?;
        let (file, artefact) = self.read(folder, name)?;
        if Sha256::digest(&artefact).as_slice() != noted {
            let path = self.dir.join(name);
            tracing::warn!(path = %path.display(), "a cached plugin is damaged and is compiled again");
            return None;
        }
        room::touch(&file);
        // The open file itself, not what its path leads to by now; mapped, it costs no memory until it is touched.
        let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
        #[expect(unsafe_code, reason = "runs machine code that this host compiled and wrote to its own private folder")]
        // SAFETY: the file was opened, not through a link, in a folder that belongs to this process's account and that
        // nobody else may write to; it does itself belong to that account, and nobody else may write to it
        // (`private_folder` and `is_private`, both on what is open). So this host wrote it, and none but its own account
        // or root can change it, now or while it is mapped. What is mapped is the file whose content was found to have
        // the digest noted when it was written; where there is no /proc, what was read is copied instead. The name
        // binds it to this engine's version and settings, which wasmtime checks again in the artefact's header.
        let component = unsafe {
            Component::deserialize_file(engine, opened).or_else(|_| Component::deserialize(engine, &artefact))
        };
        component.ok()
    }

    /// A file of the cache, with its content, if it is there and private.
    fn read(&self, folder: &File, name: &str) -> Option<(File, Vec<u8>)> {
        // To open a pipe would wait for who writes to it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = open_in(folder, name, flags).and_then(|file| Ok((file.metadata()?, file)));
        let problem = match opened {
            Ok((meta, mut file)) if meta.is_file() && is_private(&meta, self.owner) => {
                let mut content = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
                match file.read_to_end(&mut content) {
                    Ok(_) => return Some((file, content)),
                    Err(error) => error.to_string(),
                }
            }
            Ok(_) => "it is no file of this account alone".into(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => error.to_string(),
        };
        let path = self.dir.join(name);
        tracing::warn!(path = %path.display(), problem, "a cached plugin is not used and is compiled again");
        None
    }
}

/// Opens a folder if it is the owner's alone, else says what is wrong and what to do.
fn private_folder(dir: &Path, owner: u32) -> Result<File, String> {
    let at = dir.display();
    let broken = |error: io::Error| format!("{error}; look at the permissions of {at}, or remove it");
    let foreign = |found: u32| {
        format!("{at} belongs to the account {found}, and sayso runs as {owner}; run it as {found}, or remove {at}")
    };
    // A link that another made may lead to a folder of the owner that is meant for other things.
    let entry = fs::symlink_metadata(dir).map_err(broken)?;
    let folder = open_folder(dir).map_err(broken)?;
    let meta = folder.metadata().map_err(broken)?;
    if let Some(found) = [entry.uid(), meta.uid()].into_iter().find(|found| *found != owner) {
        return Err(foreign(found));
    }
    if !is_private(&meta, owner) {
        return Err(format!("others may write to {at}; run: chmod 700 {at}"));
    }
    Ok(folder)
}

/// Whether it belongs to the owner, and nobody else may write to it. An access control list that lets others write shows
/// in the bits of the group.
fn is_private(meta: &Metadata, owner: u32) -> bool {
    meta.uid() == owner && meta.mode() & OTHERS_WRITE == 0
}

fn file_name(engine: &Engine, digest: &str) -> String {
    let mut compatibility = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut compatibility);
    format!("{digest}-{:016x}.cwasm", compatibility.finish())
}

fn digest_name(name: &str) -> String {
    format!("{}.sha256", name.trim_end_matches(".cwasm"))
}

fn store(folder: &File, name: &str, artefact: &[u8]) -> io::Result<()> {
    write_whole_in(folder, name.as_ref(), artefact)?;
    write_whole_in(folder, digest_name(name).as_ref(), &Sha256::digest(artefact))
}

/// Writes a file so that it is either there as a whole or not at all, for this user alone.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it names no file"));
    };
    write_whole_in(&open_folder(folder)?, name, content)
}

fn write_whole_in(folder: &File, name: &OsStr, content: &[u8]) -> io::Result<()> {
    let temporary = Path::new(name).with_extension(format!("tmp{}", std::process::id()));
    let mut file = open_in(folder, &temporary, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW)?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(rustix::fs::renameat(folder, &temporary, folder, name)?)
}

fn open_folder(dir: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(dir, flags, Mode::empty())?.into())
}

fn open_in(folder: impl AsFd, name: impl AsRef<Path>, flags: OFlags) -> io::Result<File> {
    Ok(rustix::fs::openat(folder, name.as_ref(), flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)?.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// The least component there is.
    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    fn me() -> u32 {
        geteuid().as_raw()
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    /// A private folder in another.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let parent = tempfile::tempdir().expect("a folder");
        let dir = parent.path().join("cache");
        (parent, dir)
    }

    /// Whether the component is loaded from the cache.
    fn is_cached(cache: &Cache, engine: &Engine) -> bool {
        let folder = cache.folder.as_ref().expect("it is trusted");
        cache.load(folder, engine, &file_name(engine, "digest")).is_some()
    }

    /// A cache with the component in it, and the path of its artefact.
    fn filled(dir: &Path, engine: &Engine) -> (Cache, PathBuf) {
        let cache = Cache::open(dir).expect("a cache");
        cache.component(engine, COMPONENT, "digest").expect("a component");
        assert!(is_cached(&cache, engine));
        (cache, dir.join(file_name(engine, "digest")))
    }

    fn names(dir: &Path) -> usize {
        fs::read_dir(dir).expect("it is there").count()
    }

    #[test]
    fn what_another_account_compiled_is_not_run_and_the_start_goes_on() {
        let engine = Engine::default();
        let (_parent, dir) = folder();
        filled(&dir, &engine);
        // The folder and its parent have one owner, who is not the one that the process acts as.
        let cache = Cache::open_as(&dir, me() + 1).expect("it goes on");
        assert!(cache.folder.is_none(), "the cache of another is trusted");
        cache.component(&engine, COMPONENT, "other").expect("it is compiled");
        assert_eq!(names(&dir), 2, "nothing is put there either");
        let reason = private_folder(&dir, me() + 1).expect_err("it is another's");
        assert!(reason.contains(&format!("account {}", me())) && reason.contains("or remove"), "{reason}");
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_not_used() {
        let (_parent, dir) = folder();
        filled(&dir, &Engine::default());
        for mode in [0o720, 0o702, 0o777] {
            set_mode(&dir, mode);
            assert!(Cache::open(&dir).expect("it goes on").folder.is_none(), "{mode:o}");
            let reason = private_folder(&dir, me()).expect_err("it is not private");
            assert!(reason.contains("chmod 700"), "{reason}");
        }
        set_mode(&dir, 0o700);
        assert!(Cache::open(&dir).expect("a cache").folder.is_some());
    }

    #[test]
    fn a_file_that_another_may_have_written_is_compiled_again() {
        let engine = Engine::default();
        let (_parent, dir) = folder();
        let (cache, artefact) = filled(&dir, &engine);
        for path in [artefact.clone(), artefact.with_extension("sha256")] {
            set_mode(&path, 0o620);
            assert!(!is_cached(&cache, &engine), "{}", path.display());
            cache.component(&engine, COMPONENT, "digest").expect("a component");
            assert!(is_cached(&cache, &engine), "it is replaced");
        }
        let others = Cache { owner: me() + 1, ..cache };
        assert!(!is_cached(&others, &engine), "the file of another account is run");
    }

    #[test]
    fn a_link_in_the_place_of_a_file_is_not_followed() {
        let engine = Engine::default();
        let (parent, dir) = folder();
        let (cache, artefact) = filled(&dir, &engine);
        let elsewhere = parent.path().join("elsewhere");
        fs::rename(&artefact, &elsewhere).expect("moved");
        symlink(&elsewhere, &artefact).expect("a link");
        assert!(!is_cached(&cache, &engine), "the link is followed");
        cache.component(&engine, COMPONENT, "digest").expect("a component");
        assert!(is_cached(&cache, &engine) && !artefact.is_symlink(), "it is replaced");
    }

    #[test]
    fn a_folder_that_takes_the_place_of_the_one_examined_is_not_looked_into() {
        let engine = Engine::default();
        let (parent, dir) = folder();
        let (cache, artefact) = filled(&dir, &engine);
        fs::rename(&dir, parent.path().join("moved")).expect("moved");
        fs::create_dir(&dir).expect("another folder");
        fs::write(&artefact, "planted").expect("written");
        assert!(is_cached(&cache, &engine), "the planted file is looked at");
    }

    #[test]
    fn a_link_of_ones_own_may_lead_to_the_folder() {
        let engine = Engine::default();
        let (parent, dir) = folder();
        filled(&dir, &engine);
        let link = parent.path().join("link");
        symlink(&dir, &link).expect("a link");
        assert!(is_cached(&Cache::open(&link).expect("a cache"), &engine));
    }

    #[test]
    fn a_damaged_file_is_compiled_again() {
        let engine = Engine::default();
        let (_parent, dir) = folder();
        let (cache, artefact) = filled(&dir, &engine);
        fs::write(&artefact, "damaged").expect("written");
        assert!(!is_cached(&cache, &engine));
        cache.component(&engine, COMPONENT, "digest").expect("a component");
        assert!(is_cached(&cache, &engine));
    }
}
