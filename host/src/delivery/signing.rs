//! Signatures by Standard Webhooks (`spec/standard-webhooks.md`), scheme `v1`: HMAC-SHA256.
//!
//! Signed are the bytes `{webhook-id}.{webhook-timestamp}.{body}`. The header holds one signature a key, parted by
//! spaces, so that a webhook whose secret is being rotated is signed with the new and the old one.

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::Secret;

const PREFIX: &str = "whsec_";

/// Length of the key inside a secret, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a text is no secret. None of the messages shows it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretError {
    /// It does not begin as a secret does.
    #[error("a secret begins with `whsec_`; `sayso webhook listen` makes one")]
    Prefix,
    /// It is the key of the asymmetric scheme.
    #[error("`{0}` is the prefix of an ed25519 key; sayso signs with HMAC-SHA256, whose secrets begin with `whsec_`")]
    Asymmetric(&'static str),
    /// What follows the prefix is not base64.
    #[error("what follows `whsec_` is not base64 with padding (character {} of the secret)", .at + 1)]
    Base64 {
        /// Index of the first character at fault.
        at: usize,
    },
    /// The key is too short or too long.
    #[error("the key inside the secret is {bytes} bytes long; it has to be 24 to 64")]
    Length {
        /// Its length.
        bytes: usize,
    },
}

/// Signs what goes out to one webhook.
#[derive(Clone)]
pub struct Signer {
    keys: Vec<Key>,
}

/// One key, ready to sign. A variant for each scheme.
#[derive(Clone)]
enum Key {
    /// The state of the HMAC after its key, which saves hashing the key for every signature.
    V1(Hmac<Sha256>),
}

impl Signer {
    /// A signer with the secrets that are in force, the newest first.
    ///
    /// # Errors
    /// [`SecretError`] for the first that is not `whsec_` with 24 to 64 bytes in base64.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Result<Self, SecretError> {
        let keys = secrets.into_iter().map(Key::parse).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// The value of `webhook-signature`. `timestamp` is the Unix time of the attempt in seconds.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut signatures = String::with_capacity(self.keys.len() * 48);
        for key in &self.keys {
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
        let text = secret.expose();
        for asymmetric in ["whsk_", "whpk_"] {
            if text.starts_with(asymmetric) {
                return Err(SecretError::Asymmetric(asymmetric));
            }
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretError::Prefix)?;
        let key = BASE64_STANDARD.decode(encoded).map_err(|error| SecretError::Base64 {
            at: PREFIX.len()
                + match error {
                    base64::DecodeError::InvalidByte(at, _)
                    | base64::DecodeError::InvalidLastSymbol { offset: at, .. } => at,
                    _ => encoded.len(),
                },
        })?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(SecretError::Length { bytes: key.len() });
        }
        Ok(Self::V1(Hmac::new_from_slice(&key).expect("HMAC takes keys of every length")))
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
        }
    }
}

/// A new secret with a random key of 32 bytes.
pub fn new_secret() -> Secret {
    let key: [u8; 32] = rand::random();
    Secret::new(format!("{PREFIX}{}", BASE64_STANDARD.encode(key)))
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
            ("whsk_C2FVsBQIhrscChlQIMV", SecretError::Asymmetric("whsk_")),
            ("whsec_C2FV*BQIhrscChlQIMV+b5sSYspob7oD", SecretError::Base64 { at: 10 }),
            ("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7o", SecretError::Base64 { at: 37 }),
            (short.as_str(), SecretError::Length { bytes: 23 }),
            (long.as_str(), SecretError::Length { bytes: 65 }),
            ("whsec_", SecretError::Length { bytes: 0 }),
        ] {
            let error = signer(secret).err().expect("refused");
            assert_eq!(error, expected);
            let shown = secret.trim_start_matches("whsec_").trim_start_matches("whsk_");
            assert!(shown.is_empty() || !error.to_string().contains(shown));
        }
        for bytes in [24, 64] {
            assert!(signer(&format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes]))).is_ok());
        }
    }
}
