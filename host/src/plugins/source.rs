//! From the `use` of a `[[plugin]]` to the bytes of a component: built in, a file, or pulled from an OCI registry once
//! and kept under its digest. What is pinned is verified each time it is loaded, and so is the signature, where the
//! configuration requires one.

use std::{
    borrow::Cow,
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

use super::{
    aot, builtins,
    oci::{self, OciError, Pulled, Reference},
    signature::{PublicKey, Signature, SignatureError},
};
use crate::config;

/// What the name of a built-in plugin begins with.
const BUILTIN: &str = "builtin:";

/// Largest component, in bytes.
pub const MAX_COMPONENT_BYTES: u64 = 64 << 20;
/// Largest file of a key or a signature, in bytes.
const MAX_KEY_BYTES: u64 = 4 << 10;

/// Why there are no bytes to load.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No built-in plugin has this name.
    #[error("there is no built-in plugin `{name}`; there are {known}")]
    NoBuiltin {
        /// What `use` says.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}; is the path right?", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a folder, a device or a pipe.
    #[error("{} is no file but a folder, a device or a pipe; name a file", .0.display())]
    NoFile(PathBuf),
    /// It is beyond what a plugin may be.
    #[error(
        "{place} has {bytes} bytes, and a plugin may have {MAX_COMPONENT_BYTES}; build it in release mode and strip it"
    )]
    TooLarge {
        /// Where it is.
        place: String,
        /// Its size.
        bytes: u64,
    },
    /// A key or a signature is larger than one can be, or no text.
    #[error(
        "{} is no key and no signature: it has more than {MAX_KEY_BYTES} bytes, or is no text; make it with `sayso key new --signing` or `sayso plugin sign`",
        .0.display()
    )]
    NoKey(PathBuf),
    /// What is pinned is no digest.
    #[error("`{0}` is no digest; write `sha256:` and 64 hex digits in lower case, as `sayso check --json` prints it")]
    BadDigest(String),
    /// It is not what was pinned.
    #[error(
        "{place} has the digest {found}, and {pinned} is pinned; it is another component: find out who changed it, or pin the new one"
    )]
    WrongDigest {
        /// Where it is.
        place: String,
        /// What it has.
        found: String,
        /// What it has to have.
        pinned: String,
    },
    /// A tag can be moved to another component at any time.
    #[error(
        "`{0}` is a tag, which may name another component tomorrow; pin it with digest = \"sha256:…\", or use oci://…@sha256:…; `sayso plugin pull {0}` prints both"
    )]
    Unpinned(String),
    /// A signature is required.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The registry has it not, or cannot be reached.
    #[error(transparent)]
    Oci(#[from] OciError),
}

/// A component that was found.
pub(super) struct Found {
    /// Where, for people to read.
    pub(super) place: String,
    /// Its bytes.
    pub(super) bytes: Cow<'static, [u8]>,
    /// Its SHA-256, in hex.
    pub(super) digest: String,
}

/// For how long what was pulled is kept without being used.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Where components are looked for.
#[derive(Debug)]
pub(super) struct Sources {
    /// What paths are relative to.
    pub(super) base: PathBuf,
    /// Folder of what was pulled.
    pub(super) kept: PathBuf,
    /// Whose signatures count; none if none is required.
    pub(super) trusted: Vec<PublicKey>,
}

impl Sources {
    /// Finds and verifies the component of a plugin.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub(super) fn find(&self, plugin: &config::Plugin) -> Result<Found, SourceError> {
        let pinned = plugin.digest.as_deref().map(digest_of).transpose()?;
        let source = plugin.source.as_str();
        if source.starts_with(oci::SCHEME) {
            return self.registered(source, pinned);
        }
        if let Some(name) = source.strip_prefix(BUILTIN) {
            let found = builtin(name)?;
            verify(&found, pinned)?;
            return Ok(found);
        }
        let path = self.base.join(source);
        let found = Found::of(path.display().to_string(), read(&path)?);
        let signature = if self.trusted.is_empty() { None } else { beside(&path)? };
        self.accept(&found, signature.as_deref(), pinned)?;
        Ok(found)
    }

    /// Whether a component is the one that is pinned, and signed as required.
    fn accept(&self, found: &Found, signature: Option<&str>, pinned: Option<&str>) -> Result<(), SourceError> {
        verify(found, pinned)?;
        if self.trusted.is_empty() {
            return Ok(());
        }
        Ok(Signature::check(signature, &found.bytes, &found.place, &self.trusted)?)
    }

    /// A component of a registry: what was pulled before, if that is whole and signed as required, else pulled and kept.
    fn registered(&self, source: &str, pinned: Option<&str>) -> Result<Found, SourceError> {
        let reference = Reference::parse(source)?;
        let known = match (reference.digest(), pinned) {
            (Some(manifest), _) => self.component_of(manifest),
            (None, Some(component)) => Some(component.to_owned()),
            (None, None) => return Err(SourceError::Unpinned(source.into())),
        };
        if let Some((found, signature)) = known.and_then(|component| self.kept(&component, source))
            && self.accept(&found, signature.as_deref(), pinned).is_ok()
        {
            return Ok(found);
        }
        tracing::info!(plugin = source, "pulling");
        let pulled = oci::pull_blocking(&reference)?;
        let found = Found::of(source.into(), pulled.component.to_vec());
        self.accept(&found, pulled.signature.as_deref(), pinned)?;
        if let Err(error) = self.keep(&found, &pulled) {
            tracing::warn!(%error, path = %self.kept.display(), "a plugin that was pulled could not be kept");
        }
        Ok(found)
    }

    fn keep(&self, found: &Found, pulled: &Pulled) -> io::Result<()> {
        fs::create_dir_all(&self.kept)?;
        aot::write_whole(&self.file(&found.digest, "wasm"), &found.bytes)?;
        if let Some(signature) = &pulled.signature {
            aot::write_whole(&self.file(&found.digest, "sig"), signature.as_bytes())?;
        }
        aot::write_whole(&self.file(&hex(&pulled.manifest), "json"), &pulled.manifest)
    }

    /// The digest of the component that a manifest leads to, where the manifest was pulled before and is whole.
    fn component_of(&self, manifest: &str) -> Option<String> {
        let manifest = manifest.strip_prefix("sha256:")?;
        let content = limited(&self.file(manifest, "json"), oci::MAX_MANIFEST_BYTES).ok().flatten()?;
        if hex(&content) != manifest {
            return None;
        }
        self.note_use(manifest, "json");
        oci::component_of(&content).ok()?.strip_prefix("sha256:").map(str::to_owned)
    }

    fn kept(&self, digest: &str, source: &str) -> Option<(Found, Option<String>)> {
        let found = Found::of(source.into(), read(&self.file(digest, "wasm")).ok()?);
        let signature = read_text(&self.file(digest, "sig")).ok();
        self.note_use(digest, "wasm");
        self.note_use(digest, "sig");
        (found.digest == digest).then_some((found, signature))
    }

    /// Lets a file that was pulled be of today, so that it is not pruned.
    fn note_use(&self, digest: &str, kind: &str) {
        let touched = File::options()
            .append(true)
            .open(self.file(digest, kind))
            .and_then(|file| file.set_modified(SystemTime::now()));
        if let Err(error) = touched
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(%error, digest, "the use of a plugin that was pulled could not be noted");
        }
    }

    fn file(&self, digest: &str, kind: &str) -> PathBuf {
        self.kept.join(format!("sha256-{digest}.{kind}"))
    }
}

/// Removes what was pulled into this folder of the cache and not used for 30 days; how many files. Call it when everything
/// that is in use was loaded.
pub(crate) fn prune(kept: &Path) -> usize {
    let Ok(entries) = fs::read_dir(kept) else { return 0 };
    let is_old = |path: &PathBuf| {
        let used = fs::symlink_metadata(path).and_then(|meta| meta.modified()).ok();
        used.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > KEPT)
    };
    let is_ours = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("sha256-"));
    let old = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_ours(path) && is_old(path));
    old.filter(|path| fs::remove_file(path).is_ok()).count()
}

impl Found {
    fn of(place: String, bytes: Vec<u8>) -> Self {
        Self { place, digest: hex(&bytes), bytes: bytes.into() }
    }
}

/// Whether a component is the one that is pinned, if one is.
fn verify(found: &Found, pinned: Option<&str>) -> Result<(), SourceError> {
    match pinned {
        Some(pinned) if pinned != found.digest => Err(SourceError::WrongDigest {
            place: found.place.clone(),
            found: format!("sha256:{}", found.digest),
            pinned: format!("sha256:{pinned}"),
        }),
        _ => Ok(()),
    }
}

fn builtin(name: &str) -> Result<Found, SourceError> {
    let bytes =
        builtins::find(name).ok_or_else(|| SourceError::NoBuiltin { name: name.into(), known: builtins::names() })?;
    Ok(Found { place: format!("{BUILTIN}{name}"), digest: hex(bytes), bytes: bytes.into() })
}

/// Whether `use` names a file.
pub fn is_file(source: &str) -> bool {
    !source.starts_with(BUILTIN) && !source.starts_with(oci::SCHEME)
}

/// Reads a component.
///
/// # Errors
/// See [`SourceError`].
pub fn read(path: &Path) -> Result<Vec<u8>, SourceError> {
    let too_large = |bytes| SourceError::TooLarge { place: path.display().to_string(), bytes };
    limited(path, MAX_COMPONENT_BYTES)?.ok_or_else(|| too_large(fs::metadata(path).map_or(0, |meta| meta.len())))
}

/// Reads a key or a signature.
///
/// # Errors
/// See [`SourceError`].
pub fn read_text(path: &Path) -> Result<String, SourceError> {
    let bytes = limited(path, MAX_KEY_BYTES)?.ok_or_else(|| SourceError::NoKey(path.to_owned()))?;
    String::from_utf8(bytes).map_err(|_| SourceError::NoKey(path.to_owned()))
}

/// The content of a file, or nothing if that is more than it may be.
fn limited(path: &Path, most: u64) -> Result<Option<Vec<u8>>, SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: path.to_owned(), source };
    // To open a pipe would wait for who writes to it.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    // To read a device may never end.
    if !meta.is_file() {
        return Err(SourceError::NoFile(path.to_owned()));
    }
    if meta.len() > most {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

/// The signature in the file beside a component, where there is one.
///
/// # Errors
/// Where it is there and cannot be read.
pub fn beside(component: &Path) -> Result<Option<String>, SourceError> {
    match read_text(&signature_path(component)) {
        Ok(signature) => Ok(Some(signature)),
        Err(SourceError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the signature of a component is: `FILE.sig`.
pub fn signature_path(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// The hex digits of `sha256:…`.
fn digest_of(text: &str) -> Result<&str, SourceError> {
    let is_hex = |digits: &&str| {
        digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    };
    text.strip_prefix("sha256:").filter(is_hex).ok_or_else(|| SourceError::BadDigest(text.into()))
}

/// The SHA-256 of these bytes in hex.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pulled_is_pruned_when_it_was_not_used_for_long_and_nothing_else_is() {
        let kept = tempfile::tempdir().expect("a folder");
        let sources = Sources { base: ".".into(), kept: kept.path().into(), trusted: Vec::new() };
        let put = |name: &str, age: Duration| {
            let file = File::create(kept.path().join(name)).expect("made");
            file.set_modified(SystemTime::now() - age).expect("set");
        };
        put("sha256-old.wasm", KEPT * 2);
        put("sha256-used.wasm", KEPT * 2);
        put("sha256-young.wasm", KEPT / 2);
        put("notes.txt", KEPT * 2);
        sources.note_use("used", "wasm");
        assert_eq!(prune(kept.path()), 1);
        assert!(!kept.path().join("sha256-old.wasm").exists());
        assert!(
            ["sha256-used.wasm", "sha256-young.wasm", "notes.txt"].iter().all(|name| kept.path().join(name).exists())
        );
    }
}
