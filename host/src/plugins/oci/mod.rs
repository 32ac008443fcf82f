//! Components in OCI registries.
//!
//! What comes from a registry is verified here by its digests, whatever the registry says of it; no more of it is read
//! than a component may have. Plain HTTP is spoken with a registry on this machine alone. A password goes to the registry
//! that it is for, or to a service of the same site that gives the registry's tokens.

mod challenge;
mod credentials;
mod manifest;
mod pass;
mod realm;
mod transfer;

pub use transfer::{Pulled, pull, push};

pub(super) use manifest::{MAX_MANIFEST_BYTES, component_of};
pub(super) use transfer::pull_blocking;

use std::net::IpAddr;

/// What a reference to a registry begins with.
pub const SCHEME: &str = "oci://";

/// Why a component cannot be had from a registry, or put there.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    /// The reference cannot be read.
    #[error("`{text}` is no reference: {reason}; write oci://REGISTRY/NAME:TAG or oci://REGISTRY/NAME@sha256:DIGEST")]
    BadReference {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is not known who to be to the registry.
    #[error("{reference}: {reason}")]
    Credentials {
        /// What was asked for.
        reference: String,
        /// What is wrong with the variables or the configuration of Docker.
        reason: String,
    },
    /// The registry refuses, has it not, or cannot be reached.
    #[error("{reference}: {reason}; {remedy}")]
    Registry {
        /// What was asked for.
        reference: String,
        /// What the registry or the network says.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// What is there is no component.
    #[error("{reference} is no plugin: {reason}; push one with `sayso plugin push`")]
    NoPlugin {
        /// What was asked for.
        reference: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The registry delivers something else.
    #[error("{reference}: the registry delivers {found} for {wanted}; it is damaged, or somebody stands between")]
    WrongDigest {
        /// What was asked for.
        reference: String,
        /// The digest of what came.
        found: String,
        /// The digest that it has to have.
        wanted: String,
    },
}

/// A name in a registry, with a tag or a digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference(oci_client::Reference);

impl Reference {
    /// Reads `oci://REGISTRY/NAME:TAG` or `oci://REGISTRY/NAME@sha256:DIGEST`.
    ///
    /// # Errors
    /// [`OciError::BadReference`].
    pub fn parse(text: &str) -> Result<Self, OciError> {
        let bad = |reason: &str| OciError::BadReference { text: text.into(), reason: reason.into() };
        let name = text.strip_prefix(SCHEME).ok_or_else(|| bad("it does not begin with oci://"))?;
        let (registry, path) = name.split_once('/').ok_or_else(|| bad("it names no registry"))?;
        if !registry.contains(['.', ':']) && registry != "localhost" {
            return Err(bad("it names no registry"));
        }
        // Without one, a registry would be asked for `latest`.
        if !path.contains([':', '@']) {
            return Err(bad("it has neither a tag nor a digest"));
        }
        let reference: oci_client::Reference = name.parse().map_err(|error| bad(&format!("{error}")))?;
        match reference.digest() {
            Some(digest) if !digest.starts_with("sha256:") => Err(bad("its digest is not of SHA-256")),
            _ => Ok(Self(reference)),
        }
    }

    /// The digest of the manifest, where the reference has one.
    pub fn digest(&self) -> Option<&str> {
        self.0.digest()
    }

    /// The last part of its name.
    pub fn name(&self) -> &str {
        self.0.repository().rsplit('/').next().unwrap_or_default()
    }

    /// The same name with the digest of a manifest.
    pub fn with_digest(&self, digest: &str) -> String {
        format!("{SCHEME}{}/{}@{digest}", self.0.registry(), self.0.repository())
    }

    /// Whether the registry is on this machine.
    fn is_local(&self) -> bool {
        let registry = self.0.resolve_registry();
        let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
        host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{SCHEME}{}", self.0.whole())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_registry_and_is_read_back_as_it_was() {
        let digest = "a".repeat(64);
        for text in ["oci://ghcr.io/acme/warranty:1.2", &format!("oci://localhost:5000/warranty@sha256:{digest}")] {
            assert_eq!(Reference::parse(text).expect(text).to_string(), text);
        }
        let bad = [
            "oci://warranty:1",
            "oci://acme/warranty:1",
            "https://ghcr.io/acme/w:1",
            "oci://",
            "oci://a.b/C:1",
            "oci://a.b/c",
        ];
        for text in bad {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        let is_local = |text: &str| Reference::parse(text).expect(text).is_local();
        for text in ["oci://localhost:5000/a:1", "oci://127.0.0.1:5000/a:1", "oci://localhost/a:1"] {
            assert!(is_local(text), "{text}");
        }
        for text in ["oci://ghcr.io/a/b:1", "oci://10.0.0.1:5000/a:1", "oci://localhost.example.com/a:1"] {
            assert!(!is_local(text), "{text}");
        }
    }
}
