//! Signatures by Standard Webhooks (`spec/standard-webhooks.md`): `v1`, HMAC-SHA256, and `v1a`, ed25519.
//!
//! Signed are the bytes `{webhook-id}.{webhook-timestamp}.{body}`. The header holds one signature a key, parted by
//! spaces, so that a webhook whose secret is being rotated is signed with the new and the old one.
//!
//! A secret is a text: `whsec_` and the HMAC key in base64, or `whsk_` and the ed25519 key in base64, as 32 bytes of
//! seed or as seed and public key. What receivers verify ed25519 with is `whpk_` and the public key in base64.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair};
use sha2::Sha256;

use crate::config::{Secret, Signature};

const HMAC_PREFIX: &str = "whsec_";
const PRIVATE_PREFIX: &str = "whsk_";
pub(crate) const PUBLIC_PREFIX: &str = "whpk_";

/// Length of the key inside an HMAC secret, in bytes.
const HMAC_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Length of an ed25519 seed, and of a public key, in bytes.
const SEED_BYTES: usize = 32;

/// Why a text is no secret. None of the messages shows it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretError {
    /// It does not begin as a secret does.
    #[error(
        "a secret begins with `whsec_` (HMAC) or `whsk_` (ed25519); `echo whsec_$(openssl rand -base64 32)` makes one"
    )]
    Prefix,
    /// It is a public key.
    #[error(
        "`whpk_` is the prefix of a public key, which cannot sign; give the private one, which begins with `whsk_`"
    )]
    Public,
    /// What follows the prefix is not base64.
    #[error(
        "what follows `{prefix}` is not base64 with padding (character {} of the secret); `echo whsec_$(openssl rand \
         -base64 32)` makes one",
        .at + 1
    )]
    Base64 {
        /// What it begins with.
        prefix: &'static str,
        /// Index of the first character at fault.
        at: usize,
    },
    /// The key of an HMAC secret is too short or too long.
    #[error("the key inside the secret is {bytes} bytes long; it has to be 24 to 64")]
    Length {
        /// Its length.
        bytes: usize,
    },
    /// The ed25519 key is no seed, with or without the public key that belongs to it.
    #[error("the key inside the secret is no ed25519 key: 32 bytes of seed, or the seed and its public key")]
    Ed25519,
    /// The secret is of the other scheme than `signature` names.
    #[error("it begins with `{found}`, which does not fit `signature = \"{signature}\"`")]
    OtherScheme {
        /// What it begins with.
        found: &'static str,
        /// The scheme that was asked for.
        signature: &'static str,
    },
}

/// Signs what goes out to one webhook.
#[derive(Clone)]
pub struct Signer {
    keys: Vec<(Key, Option<Timestamp>)>,
}

/// One key, ready to sign.
#[derive(Clone)]
enum Key {
    /// The state of the HMAC after its key, which saves hashing the key for every signature.
    V1(Hmac<Sha256>),
    V1a(Arc<Ed25519KeyPair>),
}

impl Signer {
    /// A signer with these secrets, the newest first, for good.
    ///
    /// # Errors
    /// [`SecretError`] for the first that is none.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Result<Self, SecretError> {
        Self::until(secrets.into_iter().map(|secret| (secret, None)))
    }

    /// A signer with these secrets, the newest first, each for as long as it is in force.
    ///
    /// # Errors
    /// [`SecretError`] for the first that is none.
    pub fn until<'a>(secrets: impl IntoIterator<Item = (&'a Secret, Option<Timestamp>)>) -> Result<Self, SecretError> {
        let parse = |(secret, until): (&Secret, _)| Ok((Key::parse(secret)?, until));
        Ok(Self { keys: secrets.into_iter().map(parse).collect::<Result<_, _>>()? })
    }

    /// The value of `webhook-signature`. `timestamp` is the Unix time of the attempt in seconds.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut signatures = String::with_capacity(self.keys.len() * 48);
        let in_force = |until: &Option<Timestamp>| until.is_none_or(|until| until.as_second() > timestamp);
        for (key, _) in self.keys.iter().filter(|(_, until)| in_force(until)) {
            if !signatures.is_empty() {
                signatures.push(' ');
            }
            key.sign(id, timestamp, body, &mut signatures);
        }
        signatures
    }
}

impl Key {
    fn parse(secret: &Secret) -> Result<Self, SecretError> {
        match scheme_of(secret)? {
            Signature::Hmac => {
                let key = decode(secret, HMAC_PREFIX)?;
                if !HMAC_BYTES.contains(&key.len()) {
                    return Err(SecretError::Length { bytes: key.len() });
                }
                Ok(Self::V1(Hmac::new_from_slice(&key).expect("HMAC takes keys of every length")))
            }
            Signature::Ed25519 => key_pair(secret).map(|pair| Self::V1a(pair.into())),
        }
    }

    fn sign(&self, id: &str, timestamp: i64, body: &[u8], signatures: &mut String) {
        match self {
            Self::V1(keyed) => {
                let mut mac = keyed.clone();
                mac.update(id.as_bytes());
                mac.update(b".");
                mac.update(timestamp.to_string().as_bytes());
                mac.update(b".");
                mac.update(body);
                signatures.push_str("v1,");
                BASE64_STANDARD.encode_string(mac.finalize().into_bytes(), signatures);
            }
            Self::V1a(pair) => {
                let mut message = format!("{id}.{timestamp}.").into_bytes();
                message.extend_from_slice(body);
                signatures.push_str("v1a,");
                BASE64_STANDARD.encode_string(pair.sign(&message), signatures);
            }
        }
    }
}

/// The scheme that a secret is of, by what it begins with.
///
/// # Errors
/// Where it is of none.
pub fn scheme_of(secret: &Secret) -> Result<Signature, SecretError> {
    let text = secret.expose();
    if text.starts_with(HMAC_PREFIX) {
        Ok(Signature::Hmac)
    } else if text.starts_with(PRIVATE_PREFIX) {
        Ok(Signature::Ed25519)
    } else if text.starts_with(PUBLIC_PREFIX) {
        Err(SecretError::Public)
    } else {
        Err(SecretError::Prefix)
    }
}

/// Makes sure that a secret is of this scheme.
///
/// # Errors
/// Where it is of another, or of none.
pub fn expect_scheme(secret: &Secret, signature: Signature) -> Result<(), SecretError> {
    match (scheme_of(secret)?, signature) {
        (Signature::Hmac, Signature::Ed25519) => {
            Err(SecretError::OtherScheme { found: HMAC_PREFIX, signature: "ed25519" })
        }
        (Signature::Ed25519, Signature::Hmac) => {
            Err(SecretError::OtherScheme { found: PRIVATE_PREFIX, signature: "hmac" })
        }
        _ => Ok(()),
    }
}

/// What receivers verify with: `whpk_` and the public key in base64. None for HMAC.
pub fn public_key(secret: &Secret) -> Option<String> {
    let pair = key_pair(secret).ok()?;
    Some(format!("{PUBLIC_PREFIX}{}", BASE64_STANDARD.encode(pair.public_key())))
}

fn key_pair(secret: &Secret) -> Result<Ed25519KeyPair, SecretError> {
    let key = decode(secret, PRIVATE_PREFIX)?;
    let pair = match key.split_at_checked(SEED_BYTES) {
        Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed),
        Some((seed, public)) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
        None => return Err(SecretError::Ed25519),
    };
    pair.map_err(|_| SecretError::Ed25519)
}

fn decode(secret: &Secret, prefix: &'static str) -> Result<Vec<u8>, SecretError> {
    use base64::DecodeError::{InvalidByte, InvalidLastSymbol};
    let encoded = secret.expose().strip_prefix(prefix).ok_or(SecretError::Prefix)?;
    BASE64_STANDARD.decode(encoded).map_err(|error| {
        let at = match error {
            InvalidByte(at, _) | InvalidLastSymbol { offset: at, .. } => at,
            _ => encoded.len(),
        };
        SecretError::Base64 { prefix, at: prefix.len() + at }
    })
}

/// A new secret for HMAC, with a random key of 32 bytes.
pub fn new_secret() -> Secret {
    let key: [u8; 32] = rand::random();
    Secret::new(format!("{HMAC_PREFIX}{}", BASE64_STANDARD.encode(key)))
}

/// A new private key for ed25519: a random seed, and its public key.
pub fn new_private_key() -> Secret {
    let seed: [u8; SEED_BYTES] = rand::random();
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("the seed has 32 bytes");
    Secret::new(format!(
        "{PRIVATE_PREFIX}{}",
        BASE64_STANDARD.encode([seed.as_slice(), pair.public_key().as_ref()].concat())
    ))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use jiff::Timestamp;

    use super::*;

    const VECTOR: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;

    fn signer(secret: &str) -> Result<Signer, SecretError> {
        Signer::new([&Secret::new(secret.into())])
    }

    fn headers(id: &str, timestamp: i64, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", timestamp.into());
        headers.insert("webhook-signature", signature.parse().unwrap());
        headers
    }

    #[test]
    fn the_reference_vector_is_met() {
        let signature = signer(VECTOR).unwrap().sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, BODY);
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn an_independent_verifier_accepts_the_signature_and_nothing_else() {
        let now = Timestamp::now().as_second();
        let secret = new_secret();
        let signature = Signer::new([&secret]).unwrap().sign("dlv_1", now, BODY);
        let verifier = standardwebhooks::Webhook::new(secret.expose()).unwrap();
        verifier.verify(BODY, &headers("dlv_1", now, &signature)).unwrap();

        let other = standardwebhooks::Webhook::new(new_secret().expose()).unwrap();
        assert!(other.verify(BODY, &headers("dlv_1", now, &signature)).is_err(), "another secret");
        assert!(verifier.verify(b"{}", &headers("dlv_1", now, &signature)).is_err(), "another body");
        assert!(verifier.verify(BODY, &headers("dlv_2", now, &signature)).is_err(), "another id");
        assert!(verifier.verify(BODY, &headers("dlv_1", now + 1, &signature)).is_err(), "another time");
        let late = Signer::new([&secret]).unwrap().sign("dlv_1", now - 301, BODY);
        assert!(verifier.verify(BODY, &headers("dlv_1", now - 301, &late)).is_err(), "too late");
    }

    #[test]
    fn during_a_rotation_receivers_with_the_old_and_with_the_new_secret_verify() {
        let now = Timestamp::now().as_second();
        let (new, old) = (new_secret(), new_secret());
        let signature = Signer::new([&new, &old]).unwrap().sign("dlv_1", now, BODY);
        for secret in [new, old] {
            let verifier = standardwebhooks::Webhook::new(secret.expose()).unwrap();
            verifier.verify(BODY, &headers("dlv_1", now, &signature)).unwrap();
        }
    }

    #[test]
    fn a_bad_secret_is_refused_with_what_is_wrong_and_without_showing_it() {
        let short = format!("whsec_{}", BASE64_STANDARD.encode([7; 23]));
        let long = format!("whsec_{}", BASE64_STANDARD.encode([7; 65]));
        for (secret, expected) in [
            ("hunter2hunter2", SecretError::Prefix),
            ("whpk_C2FVsBQIhrscChlQIMV", SecretError::Public),
            ("whsk_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", SecretError::Ed25519),
            ("whsec_C2FV*BQIhrscChlQIMV+b5sSYspob7oD", SecretError::Base64 { prefix: "whsec_", at: 10 }),
            ("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7o", SecretError::Base64 { prefix: "whsec_", at: 37 }),
            (short.as_str(), SecretError::Length { bytes: 23 }),
            (long.as_str(), SecretError::Length { bytes: 65 }),
            ("whsec_", SecretError::Length { bytes: 0 }),
        ] {
            let error = signer(secret).err().expect("refused");
            assert_eq!(error, expected);
            let shown = secret.trim_start_matches("whsec_").trim_start_matches("whsk_").trim_start_matches("whpk_");
            assert!(shown.is_empty() || !error.to_string().contains(shown));
        }
        for bytes in [24, 64] {
            assert!(signer(&format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes]))).is_ok());
        }
    }

    #[test]
    fn a_secret_is_signed_with_until_it_is_no_longer_in_force() {
        let (new, old) = (new_secret(), new_secret());
        let until = Timestamp::from_second(1_000).unwrap();
        let signer = Signer::until([(&new, None), (&old, Some(until))]).unwrap();
        assert_eq!(signer.sign("dlv_1", 999, BODY).split(' ').count(), 2);
        let later = signer.sign("dlv_1", 1_000, BODY);
        assert_eq!(later, Signer::new([&new]).unwrap().sign("dlv_1", 1_000, BODY));
    }

    #[test]
    fn the_ed25519_vector_of_rfc_8032_is_met() {
        // Section 7.1, TEST 1: the key pair; the message is ours, and verified with the public key alone.
        let unhex = |text: &str| -> Vec<u8> {
            text.as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect()
        };
        let seed = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let public = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let secret = Secret::new(format!("whsk_{}", BASE64_STANDARD.encode(&seed)));
        assert_eq!(public_key(&secret), Some(format!("whpk_{}", BASE64_STANDARD.encode(&public))));
        let signature = Signer::new([&secret]).unwrap().sign("dlv_1", 7, BODY);
        let raw = BASE64_STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
        let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, &public);
        key.verify(&[b"dlv_1.7.".as_slice(), BODY].concat(), &raw).unwrap();
        assert!(key.verify(&[b"dlv_2.7.".as_slice(), BODY].concat(), &raw).is_err());
    }

    #[test]
    fn a_pair_whose_halves_do_not_belong_together_is_refused() {
        let secret = new_private_key();
        assert!(Signer::new([&secret]).is_ok());
        let mut bytes = BASE64_STANDARD.decode(secret.expose().strip_prefix("whsk_").unwrap()).unwrap();
        bytes[40] ^= 1;
        let broken = Secret::new(format!("whsk_{}", BASE64_STANDARD.encode(bytes)));
        assert_eq!(Signer::new([&broken]).err(), Some(SecretError::Ed25519));
    }

    #[test]
    fn a_secret_of_the_other_scheme_is_refused() {
        let (hmac, ed25519) = (new_secret(), new_private_key());
        assert!(expect_scheme(&hmac, Signature::Hmac).is_ok() && expect_scheme(&ed25519, Signature::Ed25519).is_ok());
        assert!(expect_scheme(&hmac, Signature::Ed25519).unwrap_err().to_string().contains("whsec_"));
        assert!(expect_scheme(&ed25519, Signature::Hmac).unwrap_err().to_string().contains("whsk_"));
        assert_eq!(public_key(&hmac), None);
    }
}
