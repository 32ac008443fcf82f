//! Signatures of components: ed25519 (RFC 8032) over the bytes of the component, by ring.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};

/// What public keys and signatures begin with.
const PREFIX: &str = "ed25519:";

/// What the line of the public key begins with, behind that of the signature.
const BY: &str = "by ";

/// Why a signature does not count, or cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// A key of the configuration cannot be read.
    #[error(
        "`{0}` is no public key; write `ed25519:` and 32 bytes in base64, as `sayso key new --signing FILE` prints it"
    )]
    BadPublicKey(String),
    /// The private key cannot be read.
    #[error("it is no private key for ed25519 ({0}); make one with `sayso key new --signing FILE`")]
    BadPrivateKey(String),
    /// There is no signature.
    #[error(
        "{0} is not signed, and [plugins] require_signature wants it; sign it with `sayso plugin sign FILE --key KEYFILE`"
    )]
    Missing(String),
    /// The signature cannot be read.
    #[error("the signature of {0} is not `ed25519:` and 64 bytes in base64; sign it again with `sayso plugin sign`")]
    Unreadable(String),
    /// The signature is not by one of the keys.
    #[error(
        "the signature of {0} is by none of the keys of [plugins] require_signature, or for another component; sign it again, or find out who changed it"
    )]
    Wrong(String),
    /// The signature is by the key that it names, and not of these bytes.
    #[error("the signature beside {0} is of another build; sign it again with `sayso plugin sign FILE --key KEYFILE`")]
    Stale(String),
}

/// A key that signatures are verified with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads `ed25519:` and 32 bytes in base64.
    ///
    /// # Errors
    /// [`SignatureError::BadPublicKey`].
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        decode(text).map(Self).ok_or_else(|| SignatureError::BadPublicKey(text.into()))
    }
}

/// A key that components are signed with.
pub struct PrivateKey(Ed25519KeyPair);

impl PrivateKey {
    /// Makes one. Returns it with the content of its file: PKCS#8 in PEM, which openssl reads as well.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn generate() -> Result<(Self, String), SignatureError> {
        let bad = |error: String| SignatureError::BadPrivateKey(error);
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|error| bad(error.to_string()))?;
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|error| bad(error.to_string()))?;
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        let encoded = BASE64_STANDARD.encode(document.as_ref());
        for at in (0..encoded.len()).step_by(64) {
            pem += &encoded[at..encoded.len().min(at + 64)];
            pem.push('\n');
        }
        pem += "-----END PRIVATE KEY-----\n";
        Ok((Self(pair), pem))
    }

    /// Reads the content of its file.
    ///
    /// # Errors
    /// [`SignatureError::BadPrivateKey`].
    pub fn parse(pem: &str) -> Result<Self, SignatureError> {
        let bad = |error: String| SignatureError::BadPrivateKey(error);
        let encoded: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let document = BASE64_STANDARD.decode(encoded).map_err(|error| bad(error.to_string()))?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&document).map(Self).map_err(|error| bad(error.to_string()))
    }

    /// The public key, as the configuration has it.
    pub fn public(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(self.0.public_key()))
    }

    /// Signs a component: the content of `FILE.sig`. The public key goes along for [`is_verified`] alone: whom to trust,
    /// the configuration says.
    pub fn sign(&self, component: &[u8]) -> String {
        format!("{PREFIX}{}\n{BY}{}\n", BASE64_STANDARD.encode(self.0.sign(component)), self.public())
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// A signature of a component.
pub(super) struct Signature([u8; 64]);

impl Signature {
    /// Holds the signature of a component, which is at `place`, against the keys.
    ///
    /// # Errors
    /// Where there is none, or it is by none of them.
    pub(super) fn check(
        signature: Option<&str>,
        component: &[u8],
        place: &str,
        keys: &[PublicKey],
    ) -> Result<(), SignatureError> {
        let text = signature.ok_or_else(|| SignatureError::Missing(place.into()))?;
        let signature = Self::parse(text).ok_or_else(|| SignatureError::Unreadable(place.into()))?;
        let is_by = |key: &PublicKey| signature.is_by(key, component);
        if keys.iter().any(is_by) { Ok(()) } else { Err(SignatureError::Wrong(place.into())) }
    }

    fn parse(text: &str) -> Option<Self> {
        decode(text.lines().next()?.trim()).map(Self)
    }

    fn is_by(&self, key: &PublicKey, component: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, key.0).verify(component, &self.0).is_ok()
    }
}

/// Holds the content of `FILE.sig` against the component at `place`, by the key that it names. False where it names none,
/// as one that another tool made may: nothing can be told of it then.
///
/// # Errors
/// Where it is of another component, or cannot be read.
pub fn is_verified(text: &str, component: &[u8], place: &str) -> Result<bool, SignatureError> {
    let signature = Signature::parse(text).ok_or_else(|| SignatureError::Unreadable(place.into()))?;
    let Some(key) = text.lines().find_map(|line| line.strip_prefix(BY)) else { return Ok(false) };
    if signature.is_by(&PublicKey::parse(key.trim())?, component) {
        Ok(true)
    } else {
        Err(SignatureError::Stale(place.into()))
    }
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64_STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(signature: Option<&str>, component: &[u8], keys: &[PublicKey]) -> Result<(), String> {
        Signature::check(signature, component, "a.wasm", keys).map_err(|error| error.to_string())
    }

    #[test]
    fn a_signature_counts_for_its_component_and_its_key_alone() {
        let (mine, pem) = PrivateKey::generate().expect("a key");
        let (other, _) = PrivateKey::generate().expect("a key");
        let keys =
            [PublicKey::parse(&other.public()).expect("reads"), PublicKey::parse(&mine.public()).expect("reads")];
        let signature = PrivateKey::parse(&pem).expect("reads back").sign(b"component");
        assert_eq!(verdict(Some(&signature), b"component", &keys), Ok(()));
        assert!(verdict(Some(&signature), b"Component", &keys).is_err_and(|said| said.contains("another component")));
        assert!(
            verdict(Some(&signature), b"component", &keys[..1]).is_err_and(|said| said.contains("none of the keys"))
        );
        assert!(verdict(None, b"component", &keys).is_err_and(|said| said.contains("not signed")));
        assert!(verdict(Some("ed25519:AAAA"), b"component", &keys).is_err_and(|said| said.contains("64 bytes")));
    }

    #[test]
    fn a_signature_tells_by_the_key_that_it_names_whether_it_is_of_another_build() {
        let (mine, _) = PrivateKey::generate().expect("a key");
        let verified =
            |text: &str, component: &[u8]| is_verified(text, component, "a.wasm").map_err(|error| error.to_string());
        let signature = mine.sign(b"component");
        assert_eq!(verified(&signature, b"component"), Ok(true));
        assert!(verified(&signature, b"a new build").is_err_and(|said| said.contains("a.wasm is of another build")));
        let bare = signature.lines().next().expect("a line");
        assert_eq!(verified(bare, b"a new build"), Ok(false), "nothing can be told without a key");
        assert!(verified("not a signature", b"component").is_err_and(|said| said.contains("sign it again")));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA"] {
            assert!(PublicKey::parse(text).is_err(), "{text}");
        }
        assert!(PrivateKey::parse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_err());
        assert!(!format!("{:?}", PrivateKey::generate().expect("a key").0).contains("ed25519"));
    }
}
