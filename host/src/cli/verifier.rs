//! What a receiver verifies with: the library `standardwebhooks` for HMAC, which it alone knows; for ed25519 the public key.

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::HeaderMap;
use jiff::Timestamp;
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::{
    config::Secret,
    delivery::signing::{self, Signer},
};

/// How far the time of a delivery may be from now, in seconds, as in the libraries of Standard Webhooks.
const TOLERANCE: i64 = 5 * 60;

pub(super) enum Verifier {
    Hmac(standardwebhooks::Webhook),
    Ed25519(UnparsedPublicKey<Vec<u8>>),
}

impl Verifier {
    /// By a secret for HMAC, or a key for ed25519, private or public.
    ///
    /// # Errors
    /// Where it is none.
    pub(super) fn new(secret: &str) -> anyhow::Result<Self> {
        let given = Secret::new(secret.into());
        let public = if secret.starts_with(signing::PUBLIC_PREFIX) {
            Some(secret.to_owned())
        } else {
            Signer::new([&given]).context("the secret cannot be used")?;
            signing::public_key(&given)
        };
        let Some(public) = public else {
            return Ok(Self::Hmac(standardwebhooks::Webhook::new(secret).context("the secret cannot be used")?));
        };
        let key = BASE64_STANDARD.decode(public.trim_start_matches(signing::PUBLIC_PREFIX));
        let key = key.ok().filter(|key| key.len() == 32);
        let key = key.context("the public key cannot be used: what follows `whpk_` is not 32 bytes in base64")?;
        Ok(Self::Ed25519(UnparsedPublicKey::new(&ED25519, key)))
    }

    /// Whether a delivery is signed with it, and of now.
    ///
    /// # Errors
    /// Why not, for people to read.
    pub(super) fn verify(&self, body: &[u8], headers: &HeaderMap) -> Result<(), String> {
        let key = match self {
            Self::Hmac(verifier) => return verifier.verify(body, headers).map_err(|error| error.to_string()),
            Self::Ed25519(key) => key,
        };
        let header = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.ok_or_else(|| format!("the header {name} is missing"))
        };
        let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
        let sent: i64 = timestamp.parse().map_err(|_| "webhook-timestamp is not a number".to_owned())?;
        if sent.abs_diff(Timestamp::now().as_second()) > TOLERANCE.unsigned_abs() {
            return Err("webhook-timestamp is more than 5 minutes from now".into());
        }
        let mut message = format!("{id}.{timestamp}.").into_bytes();
        message.extend_from_slice(body);
        let signatures = header("webhook-signature")?.split(' ').filter_map(|one| one.strip_prefix("v1a,"));
        let mut signatures = signatures.filter_map(|one| BASE64_STANDARD.decode(one).ok());
        if signatures.any(|signature| key.verify(&message, &signature).is_ok()) {
            return Ok(());
        }
        Err("signature invalid".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(secret: &Secret, at: i64) -> HeaderMap {
        let signature = Signer::new([secret]).unwrap().sign("dlv_1", at, b"{}");
        let headers = [("webhook-id", "dlv_1".to_owned()), ("webhook-timestamp", at.to_string())];
        let headers = headers.into_iter().chain([("webhook-signature", signature)]);
        headers
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect::<Vec<(http::HeaderName, _)>>()
            .into_iter()
            .collect()
    }

    #[test]
    fn what_is_signed_with_a_private_key_is_verified_with_its_public_one_and_nothing_else_is() {
        let (secret, other) = (signing::new_private_key(), signing::new_private_key());
        let now = Timestamp::now().as_second();
        let public = signing::public_key(&secret).unwrap();
        for given in [public.as_str(), secret.expose()] {
            let verifier = Verifier::new(given).unwrap();
            verifier.verify(b"{}", &signed(&secret, now)).unwrap();
            assert_eq!(verifier.verify(b"{ }", &signed(&secret, now)), Err("signature invalid".into()));
            assert_eq!(verifier.verify(b"{}", &signed(&other, now)), Err("signature invalid".into()));
            assert!(verifier.verify(b"{}", &signed(&secret, now - 301)).unwrap_err().contains("5 minutes"));
            assert!(verifier.verify(b"{}", &HeaderMap::new()).unwrap_err().contains("webhook-id"));
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_what_to_give() {
        let refused = |secret: &str| format!("{:#}", Verifier::new(secret).err().expect("is refused"));
        assert!(refused("hunter2").contains("whsec_"));
        assert!(refused("whpk_AAAA").contains("32 bytes"));
    }
}
