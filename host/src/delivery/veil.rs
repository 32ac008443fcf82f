//! Takes secrets out of what a receiver answers.
//!
//! Receivers repeat what they were sent, on purpose (to debug) or because a framework shows the request where it fails;
//! and who may read deliveries may not read the credentials that they go out with. So what is kept of an answer, and every
//! error, has `…` where it held a secret: the value of a secret header, a key to sign with, or what is not shown of the URL.
//!
//! A secret is known as it was sent, as JSON escapes it, and in the pieces that mean something by themselves, such as what
//! stands behind `Bearer`. It is the accident that is guarded against: a receiver that means to give away what it knows
//! can write it in ways of its own.

use std::ops::Range;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue};
use memchr::memmem;
use url::Url;

use super::shown::{self, MASK};
use crate::config::Secret;

/// Shortest text that is taken out, in bytes. What is shorter stands in ordinary words by chance, whose gaps would shred
/// the answer and tell the secret besides. None is shorter than [`MASK`], so answers do not grow, but for two bytes
/// at a cut.
const MIN: usize = 6;

/// What must not come back from a receiver.
pub(super) struct Veil(Vec<Vec<u8>>);

impl Veil {
    /// Hides what of this is secret: the hidden part of the URL, the values that are marked as sensitive, and the keys.
    pub(super) fn new(url: &Url, headers: &HeaderMap, keys: &[Secret]) -> Self {
        let mut texts = shown::hidden(url);
        let secret = headers.values().filter(|value| value.is_sensitive());
        texts.extend(secret.filter_map(|value: &HeaderValue| value.to_str().ok()).flat_map(of_value));
        // The prefix of a key is no part of the secret, and may be left out.
        let bare = |key: &Secret| key.expose().split_once('_').map(|(_, bare)| bare.to_owned());
        texts.extend(keys.iter().flat_map(|key| [Some(key.expose().to_owned()), bare(key)]).flatten());
        let mut forms: Vec<_> = texts.iter().flat_map(|text| forms(text)).filter(|form| form.len() >= MIN).collect();
        forms.sort();
        forms.dedup();
        Self(forms)
    }

    /// An answer as it may be kept. One that was cut may end in the middle of a secret, which is taken out too.
    pub(super) fn over(&self, answer: &[u8], is_cut: bool) -> String {
        let mut ranges = Vec::new();
        for secret in &self.0 {
            ranges.extend(memmem::find_iter(answer, secret).map(|at| at..at + secret.len()));
            ranges.extend(begun(answer, secret).filter(|_| is_cut));
        }
        ranges.sort_by_key(|range| range.start);
        String::from_utf8_lossy(&masked(answer, ranges)).into_owned()
    }

    /// A message likewise.
    pub(super) fn over_text(&self, text: &str) -> String {
        self.over(text.as_bytes(), false)
    }
}

/// A value whole, and those of its pieces that may be secret by themselves.
fn of_value(value: &str) -> Vec<String> {
    let mut all = vec![value.to_owned()];
    // `Bearer`, `session` and other words of the syntax would be missed in every message.
    let is_no_word = |piece: &&str| piece.bytes().any(|byte| !byte.is_ascii_alphabetic());
    all.extend(value.split([' ', ',', ';', '=', '"']).filter(is_no_word).map(str::to_owned));
    all.extend(value.rsplit(' ').next().map(str::to_owned));
    if let Some(pair) = value.strip_prefix("Basic ").and_then(|encoded| BASE64_STANDARD.decode(encoded.trim()).ok()) {
        let pair = String::from_utf8_lossy(&pair).into_owned();
        all.extend(pair.split_once(':').map(|(_, password)| password.to_owned()));
        all.push(pair);
    }
    all
}

/// A text as it is, and as JSON writes it, of which some libraries escape the slash.
fn forms(text: &str) -> [Vec<u8>; 3] {
    let json = serde_json::Value::from(text).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let slashes = json.replace('/', "\\/");
    [text.into(), json.into(), slashes.into()]
}

/// Where a secret begins that the end of the answer cuts off.
fn begun(answer: &[u8], secret: &[u8]) -> Option<Range<usize>> {
    let longest = (1..secret.len()).rev().find(|length| answer.ends_with(&secret[..*length]))?;
    Some(answer.len() - longest..answer.len())
}

/// The answer with [`MASK`] for what these ranges hold, which are in order of their beginnings and may overlap.
fn masked(answer: &[u8], ranges: Vec<Range<usize>>) -> Vec<u8> {
    let (mut kept, mut end) = (Vec::with_capacity(answer.len()), 0);
    for range in ranges {
        if range.start >= end {
            kept.extend_from_slice(&answer[end..range.start]);
            kept.extend_from_slice(MASK.as_bytes());
        }
        end = end.max(range.end);
    }
    kept.extend_from_slice(&answer[end..]);
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn veil(url: &str, values: &[(&'static str, &str)]) -> Veil {
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            let mut value = HeaderValue::from_str(value).expect("a value");
            value.set_sensitive(true);
            headers.insert(*name, value);
        }
        Veil::new(&Url::parse(url).expect(url), &headers, &[])
    }

    fn bearer() -> Veil {
        veil("https://a.example/hook", &[("authorization", "Bearer s3cret/t0ken\"1")])
    }

    #[test]
    fn a_value_is_taken_out_whole_alone_and_as_json_writes_it() {
        for (answer, kept) in [
            ("authorization: Bearer s3cret/t0ken\"1, what?", "authorization: …, what?"),
            ("the token s3cret/t0ken\"1 is unknown", "the token … is unknown"),
            (r#"{"authorization":"Bearer s3cret/t0ken\"1"}"#, r#"{"authorization":"…"}"#),
            (r#"{"authorization":"Bearer s3cret\/t0ken\"1"}"#, r#"{"authorization":"…"}"#),
            ("no Bearer, no token", "no Bearer, no token"),
        ] {
            assert_eq!(bearer().over(answer.as_bytes(), false), kept);
        }
    }

    #[test]
    fn a_password_is_known_also_where_the_receiver_decoded_it() {
        let veil = veil("https://a.example/", &[("authorization", "Basic c2F5c286b3BlbiBzZXNhbWU=")]);
        assert_eq!(veil.over_text("user sayso, password open sesame"), "user sayso, password …");
        assert_eq!(veil.over_text("c2F5c286b3BlbiBzZXNhbWU= or sayso:open sesame"), "… or …");
    }

    #[test]
    fn the_hidden_part_of_the_url_and_the_keys_are_taken_out() {
        let url = Url::parse("https://hooks.example/services/T0AB12/B0CD34/x1Y2z3?sig=abc%2Bdef").unwrap();
        let keys = [Secret::new("whsec_C2FVsBQIhrscChlQIMV".into())];
        let veil = Veil::new(&url, &HeaderMap::new(), &keys);
        for (answer, kept) in [
            ("no hook at /services/T0AB12/B0CD34/x1Y2z3?sig=abc%2Bdef", "no hook at /services/…?…"),
            ("no hook x1Y2z3 of services, abc+def", "no hook … of services, …"),
            ("expected whsec_C2FVsBQIhrscChlQIMV or C2FVsBQIhrscChlQIMV", "expected … or …"),
        ] {
            assert_eq!(veil.over_text(answer), kept);
        }
    }

    #[test]
    fn a_short_value_and_one_that_is_not_secret_stay() {
        let mut headers = HeaderMap::from_iter([("x-team".parse().unwrap(), "customer-care".parse().unwrap())]);
        let mut short = HeaderValue::from_static("care");
        short.set_sensitive(true);
        headers.insert("x-short", short);
        let veil = Veil::new(&Url::parse("https://a.example/hook?v=1").unwrap(), &headers, &[]);
        assert_eq!(veil.over_text("customer-care cares, v=1"), "customer-care cares, v=1");
    }

    #[test]
    fn of_an_answer_that_was_cut_no_beginning_of_a_secret_is_left() {
        let veil = bearer();
        assert_eq!(veil.over(b"you sent: Bearer s3cr", true), "you sent: …");
        assert_eq!(veil.over(b"you sent: s3cret/t0ken", true), "you sent: …");
        assert_eq!(veil.over(b"nothing of it", true), "nothing of it");
        assert_eq!(veil.over(b"it ends in B", false), "it ends in B", "whole answers stay");
    }

    proptest! {
        #[test]
        fn wherever_secrets_stand_none_is_left_and_answers_hardly_grow(
            pieces in proptest::collection::vec(prop_oneof![Just("s3cret-1"), Just("cret-1-2"), Just("a"), Just("…"), Just("s3cr")], 0..20),
            cut in 0usize..100,
        ) {
            let veil = veil("https://a.example/", &[("x-one", "s3cret-1"), ("x-two", "cret-1-2")]);
            let answer = pieces.concat().into_bytes();
            let answer = &answer[..cut.min(answer.len())];
            let kept = veil.over(answer, true);
            prop_assert!(!kept.contains("s3cret-1") && !kept.contains("cret-1-2"), "{kept}");
            prop_assert!(!kept.ends_with("s3c"), "{kept}");
            // One letter that begins a secret where the answer was cut is shorter than what stands for it.
            prop_assert!(kept.len() < String::from_utf8_lossy(answer).len() + MASK.len());
        }
    }
}
