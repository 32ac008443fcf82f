//! The secrets of a webhook: the one in force, and those that are still signed with after a rotation.
//!
//! Secrets are kept in the store as they are, since sayso has to sign with them; its files are readable by their owner
//! alone. No answer shows one but that of the request that had it made.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    config::{self, Secret, Signature},
    delivery::signing::{self, SecretError, Signer},
};

/// How long a secret is signed with after another took its place, where nothing else is asked for.
pub const OVERLAP: Duration = Duration::from_secs(24 * 3_600);
/// The longest that can be asked for.
pub const MAX_OVERLAP: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Most secrets that are signed with at once: a header has to stay short.
pub const MAX_KEYS: usize = 5;

/// Characters of a secret's end that answers show, to tell which one it is.
const HINT: usize = 4;

/// One secret.
#[derive(Clone)]
pub struct Key {
    /// The secret.
    pub secret: Secret,
    /// When it was made; none for one from the file.
    pub created_at: Option<Timestamp>,
    /// When it is no longer signed with; none for the one in force.
    pub expires_at: Option<Timestamp>,
}

/// A secret as it stands in the store.
#[derive(Serialize, Deserialize)]
struct Stored {
    secret: String,
    created_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

/// The secrets of a webhook, the newest first.
#[derive(Clone)]
pub struct Keys(Vec<Key>);

impl Keys {
    /// A new secret.
    pub fn generate(signature: Signature, now: Timestamp) -> Self {
        Self(vec![Key::generate(signature, now)])
    }

    /// Those of the file.
    pub fn of_file(webhook: &config::Webhook) -> Self {
        let key = |secret: &Secret| Key { secret: secret.clone(), created_at: None, expires_at: None };
        Self(webhook.secret.iter().chain(&webhook.old_secret).map(key).collect())
    }

    /// Reads what [`Self::to_store`] wrote.
    ///
    /// # Errors
    /// Where the store holds something else.
    pub fn from_store(text: &str) -> Result<Self, serde_json::Error> {
        let stored: Vec<Stored> = serde_json::from_str(text)?;
        let key =
            |Stored { secret, created_at, expires_at }| Key { secret: Secret::new(secret), created_at, expires_at };
        Ok(Self(stored.into_iter().map(key).collect()))
    }

    /// The secrets in the clear, for the store alone.
    pub fn to_store(&self) -> String {
        let stored = |key: &Key| Stored {
            secret: key.secret.expose().to_owned(),
            created_at: key.created_at,
            expires_at: key.expires_at,
        };
        serde_json::to_string(&self.0.iter().map(stored).collect::<Vec<_>>()).expect("texts and times are JSON")
    }

    /// With a new secret in front; those before are signed with for `overlap` more, and none of them for longer than it
    /// was to be. None where too many are signed with already.
    pub fn rotated(&self, signature: Signature, overlap: Duration, now: Timestamp) -> Option<Self> {
        let overlap = SignedDuration::try_from(overlap.min(MAX_OVERLAP)).expect("days");
        let until = now + overlap;
        let mut keys = vec![Key::generate(signature, now)];
        keys.extend(self.in_force(now).filter(|_| until > now).map(|key| Key {
            expires_at: Some(key.expires_at.map_or(until, |expires_at| expires_at.min(until))),
            ..key.clone()
        }));
        (keys.len() <= MAX_KEYS).then_some(Self(keys))
    }

    /// Those that are signed with at this time, the newest first.
    pub fn in_force(&self, now: Timestamp) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| key.expires_at.is_none_or(|expires_at| expires_at > now))
    }

    /// The one that was made last.
    pub fn newest(&self) -> Option<&Key> {
        self.0.first()
    }

    /// All of them, also those that ran out.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter().map(|key| &key.secret)
    }

    /// What signs with them.
    ///
    /// # Errors
    /// For the first that is no secret.
    pub fn signer(&self) -> Result<Signer, SecretError> {
        Signer::until(self.0.iter().map(|key| (&key.secret, key.expires_at)))
    }
}

impl Key {
    fn generate(signature: Signature, now: Timestamp) -> Self {
        let secret = match signature {
            Signature::Hmac => signing::new_secret(),
            Signature::Ed25519 => signing::new_private_key(),
        };
        Self { secret, created_at: Some(now), expires_at: None }
    }

    /// How it signs.
    pub fn signature(&self) -> Signature {
        signing::scheme_of(&self.secret).unwrap_or_default()
    }

    /// What receivers verify with, for ed25519.
    pub fn public_key(&self) -> Option<String> {
        signing::public_key(&self.secret)
    }

    /// The end of the secret, to tell which one it is.
    pub fn hint(&self) -> String {
        let text = self.secret.expose().trim_end_matches('=');
        format!("…{}", text.get(text.len().saturating_sub(HINT)..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_rotation_keeps_the_old_secret_in_force_for_a_day() {
        let first = Keys::generate(Signature::Hmac, at(0));
        let second = first.rotated(Signature::Hmac, OVERLAP, at(1_000)).unwrap();
        let old = first.newest().unwrap().secret.clone();
        let in_force =
            |second: i64, keys: &Keys| keys.in_force(at(second)).map(|key| key.secret.clone()).collect::<Vec<_>>();
        assert_eq!(in_force(1_000 + 86_399, &second).last(), Some(&old));
        assert_eq!(in_force(1_000 + 86_400, &second), [second.newest().unwrap().secret.clone()]);
    }

    #[test]
    fn one_rotation_after_the_other_does_not_lengthen_the_life_of_the_first() {
        let mut keys = Keys::generate(Signature::Hmac, at(0));
        for n in 1..5 {
            keys = keys.rotated(Signature::Hmac, OVERLAP, at(n)).unwrap();
        }
        assert!(keys.rotated(Signature::Hmac, OVERLAP, at(5)).is_none(), "five are signed with");
        assert_eq!(keys.0.last().unwrap().expires_at, Some(at(86_401)));
        assert!(keys.rotated(Signature::Hmac, OVERLAP, at(86_401)).is_some(), "one has run out");
    }

    #[test]
    fn an_overlap_of_nothing_leaves_the_new_secret_alone_however_many_there_were() {
        let mut keys = Keys::generate(Signature::Hmac, at(0));
        for n in 1..5 {
            keys = keys.rotated(Signature::Hmac, OVERLAP, at(n)).unwrap();
        }
        let alone = keys.rotated(Signature::Hmac, Duration::ZERO, at(5)).expect("it makes room");
        assert_eq!(alone.secrets().count(), 1);
        let hour = Duration::from_secs(3_600);
        let shorter = keys.rotated(Signature::Hmac, hour, at(86_401)).expect("one has run out");
        assert_eq!(
            shorter.0.last().unwrap().expires_at,
            Some(at(86_402)),
            "none is signed with for longer than before"
        );
        assert_eq!(shorter.0[1].expires_at, Some(at(86_401 + 3_600)));
    }

    #[test]
    fn a_rotation_can_change_the_scheme_and_signs_with_both_meanwhile() {
        let keys = Keys::generate(Signature::Hmac, at(0)).rotated(Signature::Ed25519, OVERLAP, at(1)).unwrap();
        let signature = keys.signer().unwrap().sign("dlv_1", 2, b"{}");
        assert!(signature.starts_with("v1a,") && signature.contains(" v1,"), "{signature}");
        assert!(keys.newest().unwrap().public_key().is_some_and(|key| key.starts_with("whpk_")));
    }

    #[test]
    fn the_store_gives_back_what_it_got() {
        let keys = Keys::generate(Signature::Hmac, at(0)).rotated(Signature::Ed25519, OVERLAP, at(1)).unwrap();
        let read = Keys::from_store(&keys.to_store()).unwrap();
        assert_eq!(read.to_store(), keys.to_store());
    }

    #[test]
    fn a_hint_shows_four_characters() {
        let key = Key {
            secret: Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".into()),
            created_at: None,
            expires_at: None,
        };
        assert_eq!(key.hint(), "…b7oD");
    }
}
