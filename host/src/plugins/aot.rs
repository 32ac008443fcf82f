//! Compiled components, cached on disk so that a start does not compile.
//!
//! An artefact is named by the digest of the component and by the engine's compatibility hash, so that another
//! component, another wasmtime or other settings never meet it. Loading one runs it as machine code: it is read from
//! the host's own cache folder alone, which nobody else may write to, and only where its digest is the one that was
//! noted when it was written.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

/// The cache folder.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// Uses `dir`, made private where it does not exist yet.
    ///
    /// # Errors
    /// Where the folder cannot be made, or others may write to it.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let meta = fs::metadata(dir)?;
        let parent_owner = dir.parent().and_then(|parent| fs::metadata(parent).ok()).map(|meta| meta.uid());
        if meta.permissions().mode() & 0o022 != 0 || parent_owner.is_some_and(|owner| owner != meta.uid()) {
            return Err(io::Error::other(format!(
                "{} holds compiled plugins, and others may write to it; run: chmod 700 {0}",
                dir.display()
            )));
        }
        Ok(Self { dir: dir.to_owned() })
    }

    /// The component, from the cache if it is there, else compiled and kept. `digest` is the SHA-256 of `bytes` in hex.
    ///
    /// # Errors
    /// Where `bytes` is no valid component. A cache that cannot be written costs time alone.
    pub(super) fn component(&self, engine: &Engine, bytes: &[u8], digest: &str) -> wasmtime::Result<Component> {
        let path = self.path(engine, digest);
        if let Some(component) = load(engine, &path) {
            return Ok(component);
        }
        let artefact = engine.precompile_component(bytes)?;
        match store(&path, &artefact) {
            Ok(()) => {
                if let Some(component) = load(engine, &path) {
                    return Ok(component);
                }
            }
            Err(error) => tracing::warn!(%error, path = %path.display(), "a compiled plugin could not be cached"),
        }
        Component::new(engine, bytes)
    }

    fn path(&self, engine: &Engine, digest: &str) -> PathBuf {
        let mut compatibility = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut compatibility);
        self.dir.join(format!("{digest}-{:016x}.cwasm", compatibility.finish()))
    }
}

fn digest_path(path: &Path) -> PathBuf {
    path.with_extension("sha256")
}

fn load(engine: &Engine, path: &Path) -> Option<Component> {
    let noted = fs::read(digest_path(path)).ok()?;
    let artefact = fs::read(path).ok()?;
    if Sha256::digest(&artefact).as_slice() != noted {
        tracing::warn!(path = %path.display(), "a cached plugin is damaged and is compiled again");
        return None;
    }
    drop(artefact);
    #[expect(unsafe_code, reason = "runs machine code that this host compiled and wrote to its own private folder")]
    // SAFETY: the file lies in a folder that only this user may write to, `Cache::open` saw to that; its content has
    // the digest noted when this host wrote it; the name binds it to this engine's version and settings, which
    // wasmtime checks again in the artefact's header.
    let component = unsafe { Component::deserialize_file(engine, path) };
    component.ok()
}

fn store(path: &Path, artefact: &[u8]) -> io::Result<()> {
    write_whole(path, artefact)?;
    write_whole(&digest_path(path), &Sha256::digest(artefact))
}

/// Writes a file so that it is either there as a whole or not at all, for this user alone.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}
