//! Addresses of the Internet: IPv4 in dotted form, IPv6 in the forms of RFC 4291, 2.2.

use std::net::Ipv6Addr;

use crate::{
    context::{Near, Word},
    fold::{self, Sign},
    number::{Groups, Separator},
};

/// Characters of the longest IPv6 address, with an IPv4 address as its end.
const LONGEST_V6: usize = 45;
/// From here on an octet is no part of the version of a program, as far as those go.
const NO_VERSION: u32 = 20;

/// Whether four groups are an IPv4 address rather than a version: octets without leading zeros, joined by dots, and
/// one of at least 20 or a word for an address, and no word for a version.
pub(crate) fn is_v4(groups: &Groups<'_>, near: impl FnOnce() -> Near) -> bool {
    if groups.lengths.len() != 4 || groups.separators.iter().any(|separator| *separator != Separator::DOT) {
        return false;
    }
    let (mut at, mut is_high) = (0, false);
    for &length in groups.lengths {
        let octet = &groups.digits[at..at + usize::from(length)];
        let value =
            octet.iter().fold(0, |value: u32, &digit| value.saturating_mul(10).saturating_add(u32::from(digit)));
        if value > 255 || octet.len() > 1 && octet[0] == 0 {
            return false;
        }
        is_high |= value >= NO_VERSION;
        at += octet.len();
    }
    let near = near();
    let is_version = near.has(Word::Version) || near.has(Word::App) && !near.has(Word::Address);
    !is_version && (is_high || near.has(Word::Address))
}

/// The IPv6 address around the first `:` of a run, and the byte behind the run, from where to look on.
pub(crate) fn v6(text: &str, colon: usize) -> (Option<(usize, usize)>, usize) {
    let bytes = text.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut start = colon;
    while start > 0 && colon - start < 5 && is_hex(start - 1) {
        start -= 1;
    }
    // What is longer is no address, however long it goes on.
    let limit = colon + LONGEST_V6 + 1;
    let mut end = colon;
    while end < limit && (is_hex(end) || bytes.get(end).is_some_and(|&byte| matches!(byte, b':' | b'.'))) {
        end += 1;
    }
    // After a label (`IPv6:2001:db8::1`) the address begins behind the colon.
    let found = [start, colon + 1].into_iter().find_map(|start| Some((start, v6_end(text, start, end)?)));
    (found, end)
}

fn v6_end(text: &str, start: usize, end: usize) -> Option<usize> {
    let run = text.get(start..end)?.trim_end_matches('.');
    let run = if run.ends_with("::") { run } else { run.trim_end_matches(':') };
    let end = start + run.len();
    let is_alone = |sign: Option<Sign>| !sign.is_some_and(Sign::is_word);
    let is_whole = is_alone(fold::previous(text, start)) && is_alone(fold::next(text, end));
    (is_whole && run.len() <= LONGEST_V6 && run.parse().is_ok_and(|address| is_assigned(&address))).then_some(end)
}

/// Whether hosts have addresses like this one (IANA, Internet Protocol Version 6 Address Space): what merely looks like
/// one in prose and code (`a::b`, `5::1`) is not among them.
fn is_assigned(address: &Ipv6Addr) -> bool {
    let first = address.segments()[0];
    // Global unicast 2000::/3, unique local fc00::/7, link-local fe80::/10.
    first & 0xE000 == 0x2000
        || first & 0xFE00 == 0xFC00
        || first & 0xFFC0 == 0xFE80
        || address.to_ipv4_mapped().is_some()
}
