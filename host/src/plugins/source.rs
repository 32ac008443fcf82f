//! From the `use` of a `[[plugin]]` to the bytes of a component: built in, a file, or pulled from an OCI registry once
//! and kept under its digest. What is pinned is verified each time it is loaded, and so is the signature, where the
//! configuration requires one.

use std::{
    borrow::Cow,
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    aot, builtins,
    oci::{self, OciError, Reference},
    signature::{PublicKey, Signature, SignatureError},
};
use crate::config;

/// Largest component, in bytes.
pub const MAX_COMPONENT_BYTES: u64 = 64 << 20;

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
    #[error("{}: {source}; is `use` right?", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a folder, a device or a pipe.
    #[error("{} is no file; `use` has to name the file of a component", .0.display())]
    NoFile(PathBuf),
    /// It is beyond what a plugin may be.
    #[error("{place} has {bytes} bytes, more than {MAX_COMPONENT_BYTES}; build it in release mode and strip it")]
    TooLarge {
        /// Where it is.
        place: String,
        /// Its size, or what it is larger than.
        bytes: u64,
    },
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
    /// What was pulled cannot be kept.
    #[error("{}: {source}; what is pulled is kept there", .path.display())]
    Keep {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A component that was found.
pub(super) struct Found {
    /// Where, for people to read.
    pub(super) place: String,
    /// Its bytes.
    pub(super) bytes: Cow<'static, [u8]>,
    /// Its digest, in hex.
    pub(super) digest: String,
}

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
        let (found, signature) = if let Some(name) = source.strip_prefix("builtin:") {
            (builtin(name)?, None)
        } else if source.starts_with(oci::SCHEME) {
            self.registered(source, pinned)?
        } else {
            let path = self.base.join(source);
            let found = Found::of(path.display().to_string(), read(&path)?);
            (found, beside(&path)?)
        };
        if let Some(pinned) = pinned.filter(|pinned| *pinned != found.digest) {
            return Err(SourceError::WrongDigest {
                place: found.place,
                found: format!("sha256:{}", found.digest),
                pinned: format!("sha256:{pinned}"),
            });
        }
        if !self.trusted.is_empty() && !source.starts_with("builtin:") {
            Signature::check(signature.as_deref(), &found.bytes, &found.place, &self.trusted)?;
        }
        Ok(found)
    }

    /// A component of a registry, with its signature: what was pulled before, if that is whole, else pulled and kept.
    fn registered(&self, source: &str, pinned: Option<&str>) -> Result<(Found, Option<String>), SourceError> {
        let reference = Reference::parse(source)?;
        let known = match (reference.digest(), pinned) {
            (Some(manifest), _) => self.component_of(manifest),
            (None, Some(component)) => Some(component.to_owned()),
            (None, None) => return Err(SourceError::Unpinned(source.into())),
        };
        if let Some(found) = known.and_then(|component| self.kept(&component, source)) {
            return Ok(found);
        }
        let pulled = oci::pull_blocking(&reference)?;
        let found = Found::of(source.into(), pulled.component.to_vec());
        let keep = || {
            fs::create_dir_all(&self.kept)?;
            aot::write_whole(&self.file(&found.digest, "wasm"), &pulled.component)?;
            if let Some(signature) = &pulled.signature {
                aot::write_whole(&self.file(&found.digest, "wasm.sig"), signature.as_bytes())?;
            }
            aot::write_whole(&self.file(&hex(&pulled.manifest), "json"), &pulled.manifest)
        };
        keep().map_err(|source| SourceError::Keep { path: self.kept.clone(), source })?;
        Ok((found, pulled.signature))
    }

    /// The digest of the component that a manifest leads to, where the manifest was pulled before and is whole.
    fn component_of(&self, manifest: &str) -> Option<String> {
        let manifest = manifest.strip_prefix("sha256:")?;
        let content = fs::read(self.file(manifest, "json")).ok().filter(|content| hex(content) == manifest)?;
        oci::component_of(&content).ok()?.strip_prefix("sha256:").map(str::to_owned)
    }

    fn kept(&self, digest: &str, source: &str) -> Option<(Found, Option<String>)> {
        let found = Found::of(source.into(), read(&self.file(digest, "wasm")).ok()?);
        let signature = fs::read_to_string(self.file(digest, "wasm.sig")).ok();
        (found.digest == digest).then_some((found, signature))
    }

    fn file(&self, digest: &str, kind: &str) -> PathBuf {
        self.kept.join(format!("sha256-{digest}.{kind}"))
    }
}

impl Found {
    fn of(place: String, bytes: Vec<u8>) -> Self {
        Self { place, digest: hex(&bytes), bytes: bytes.into() }
    }
}

fn builtin(name: &str) -> Result<Found, SourceError> {
    let bytes =
        builtins::find(name).ok_or_else(|| SourceError::NoBuiltin { name: name.into(), known: builtins::names() })?;
    Ok(Found { place: format!("builtin:{name}"), digest: hex(bytes), bytes: bytes.into() })
}

/// Reads a component. Its size is held against the limit before it is read, and again while it is.
///
/// # Errors
/// See [`SourceError`].
pub fn read(path: &Path) -> Result<Vec<u8>, SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: path.to_owned(), source };
    let meta = fs::metadata(path).map_err(unreadable)?;
    // To open a pipe may wait for ever, and to read a device may never end.
    if !meta.is_file() {
        return Err(SourceError::NoFile(path.to_owned()));
    }
    let too_large = |bytes| Err(SourceError::TooLarge { place: path.display().to_string(), bytes });
    if meta.len() > MAX_COMPONENT_BYTES {
        return too_large(meta.len());
    }
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_COMPONENT_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_COMPONENT_BYTES { too_large(bytes.len() as u64) } else { Ok(bytes) }
}

/// The signature in the file beside a component, where there is one.
///
/// # Errors
/// Where it is there and cannot be read.
pub fn beside(component: &Path) -> Result<Option<String>, SourceError> {
    let path = signature_path(component);
    match fs::read_to_string(&path) {
        Ok(signature) => Ok(Some(signature)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SourceError::Unreadable { path, source }),
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
