//! Which addresses a webhook may lead to.
//!
//! A webhook's URL is a request that sayso makes from inside the operator's network, so a name that leads to an
//! internal address would let a stranger speak to internal services (server-side request forgery). Only addresses
//! of the public Internet are allowed; `allow_private` adds the operator's own networks, but never what no receiver
//! can have (multicast, reserved space) and never the metadata services of clouds, which hand out credentials: the known
//! ones by their addresses, and link-local space as a whole, since that is where the next one will be.
//!
//! The ranges are those of the IANA special-purpose registries (RFC 6890) that are not globally reachable, and every
//! IPv6 form that embeds an IPv4 address, since the tunnel or translator behind it would lead past this check.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{address} is {why}")]
pub struct Forbidden {
    /// The address.
    pub address: IpAddr,
    /// What it is, with the source of the rule.
    pub why: &'static str,
    /// Whether `allow_private` allows it.
    pub is_private: bool,
}

/// A refused range: first address, length of the prefix in bits, whether `allow_private` covers it, what it is.
struct Range<A>(A, u32, bool, &'static str);

const OWN: bool = true;
const NEVER: bool = false;

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

const fn v6(a: u16, b: u16, c: u16, d: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)
}

/// The first range that holds the address decides; so what stands inside another range stands before it.
const V4: &[Range<Ipv4Addr>] = &[
    Range(v4(169, 254, 169, 254), 32, NEVER, "the metadata service of most clouds"),
    Range(v4(169, 254, 170, 2), 32, NEVER, "the credentials service of AWS ECS"),
    Range(v4(169, 254, 170, 23), 32, NEVER, "the credentials service of AWS EKS"),
    Range(v4(168, 63, 129, 16), 32, NEVER, "the metadata service of Azure"),
    Range(v4(100, 100, 100, 200), 32, NEVER, "the metadata service of Alibaba Cloud"),
    Range(v4(192, 0, 0, 192), 32, NEVER, "the metadata service of Oracle Cloud"),
    Range(v4(0, 0, 0, 0), 8, NEVER, "unspecified: \"this network\" (RFC 791)"),
    Range(v4(10, 0, 0, 0), 8, OWN, "private (RFC 1918)"),
    Range(v4(100, 64, 0, 0), 10, OWN, "shared by carrier-grade NAT (RFC 6598)"),
    Range(v4(127, 0, 0, 0), 8, OWN, "loopback (RFC 1122)"),
    Range(v4(169, 254, 0, 0), 16, NEVER, "link-local (RFC 3927), where clouds put their metadata services"),
    Range(v4(172, 16, 0, 0), 12, OWN, "private (RFC 1918)"),
    Range(v4(192, 0, 0, 0), 24, NEVER, "for IETF protocols (RFC 6890)"),
    Range(v4(192, 0, 2, 0), 24, NEVER, "for documentation (RFC 5737)"),
    Range(v4(192, 31, 196, 0), 24, NEVER, "an AS112 sink (RFC 7535)"),
    Range(v4(192, 52, 193, 0), 24, NEVER, "for multicast tunnels (RFC 7450)"),
    Range(v4(192, 88, 99, 0), 24, NEVER, "a 6to4 relay (RFC 7526)"),
    Range(v4(192, 168, 0, 0), 16, OWN, "private (RFC 1918)"),
    Range(v4(192, 175, 48, 0), 24, NEVER, "an AS112 sink (RFC 7534)"),
    Range(v4(198, 18, 0, 0), 15, OWN, "for benchmarking (RFC 2544)"),
    Range(v4(198, 51, 100, 0), 24, NEVER, "for documentation (RFC 5737)"),
    Range(v4(203, 0, 113, 0), 24, NEVER, "for documentation (RFC 5737)"),
    Range(v4(224, 0, 0, 0), 4, NEVER, "multicast (RFC 5771)"),
    Range(v4(255, 255, 255, 255), 32, NEVER, "broadcast (RFC 919)"),
    Range(v4(240, 0, 0, 0), 4, NEVER, "reserved (RFC 1112)"),
];

const V6: &[Range<Ipv6Addr>] = &[
    Range(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, NEVER, "the metadata service of AWS"),
    Range(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23), 128, NEVER, "the credentials service of AWS EKS"),
    Range(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128, NEVER, "the metadata service of Google Cloud"),
    Range(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42), 128, NEVER, "the metadata service of Scaleway"),
    Range(Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe), 128, NEVER, "the metadata service of Oracle Cloud"),
    Range(Ipv6Addr::UNSPECIFIED, 128, NEVER, "unspecified (RFC 4291)"),
    Range(Ipv6Addr::LOCALHOST, 128, OWN, "loopback (RFC 4291)"),
    Range(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, NEVER, "IPv4-mapped (RFC 4291)"),
    Range(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, NEVER, "IPv4-translated (RFC 2765)"),
    Range(Ipv6Addr::UNSPECIFIED, 96, NEVER, "IPv4-compatible (RFC 4291)"),
    Range(v6(0x64, 0xff9b, 0, 0), 96, NEVER, "NAT64, which embeds an IPv4 address (RFC 6052)"),
    Range(v6(0x64, 0xff9b, 1, 0), 48, NEVER, "local NAT64, which embeds an IPv4 address (RFC 8215)"),
    Range(v6(0x100, 0, 0, 0), 64, NEVER, "discard-only (RFC 6666)"),
    Range(v6(0x100, 0, 0, 1), 64, NEVER, "a dummy prefix (RFC 9780)"),
    Range(v6(0x2001, 0, 0, 0), 32, NEVER, "Teredo, which embeds an IPv4 address (RFC 4380)"),
    Range(v6(0x2001, 2, 0, 0), 48, OWN, "for benchmarking (RFC 5180)"),
    Range(v6(0x2001, 0x10, 0, 0), 28, NEVER, "an ORCHID, not an address (RFC 4843)"),
    Range(v6(0x2001, 0x20, 0, 0), 28, NEVER, "an ORCHID, not an address (RFC 7343)"),
    Range(v6(0x2001, 0, 0, 0), 23, NEVER, "for IETF protocols (RFC 2928)"),
    Range(v6(0x2001, 0xdb8, 0, 0), 32, NEVER, "for documentation (RFC 3849)"),
    Range(v6(0x2002, 0, 0, 0), 16, NEVER, "6to4, which embeds an IPv4 address (RFC 3056)"),
    Range(v6(0x2620, 0x4f, 0x8000, 0), 48, NEVER, "an AS112 sink (RFC 7534)"),
    Range(v6(0x3fff, 0, 0, 0), 20, NEVER, "for documentation (RFC 9637)"),
    Range(v6(0x5f00, 0, 0, 0), 16, NEVER, "a segment routing identifier (RFC 9602)"),
    Range(v6(0xfc00, 0, 0, 0), 7, OWN, "unique local (RFC 4193)"),
    Range(v6(0xfe80, 0, 0, 0), 10, NEVER, "link-local (RFC 4291), where clouds put their metadata services"),
    Range(v6(0xfec0, 0, 0, 0), 10, OWN, "site-local (RFC 3879)"),
    Range(v6(0xff00, 0, 0, 0), 8, NEVER, "multicast (RFC 4291)"),
];

/// Global unicast, the only space that IANA gives out (RFC 4291, section 2.4).
const GLOBAL: Range<Ipv6Addr> = Range(v6(0x2000, 0, 0, 0), 3, NEVER, "outside of global unicast (RFC 4291)");

impl Range<Ipv4Addr> {
    fn holds(&self, address: Ipv4Addr) -> bool {
        (address.to_bits() ^ self.0.to_bits()).leading_zeros() >= self.1
    }
}

impl Range<Ipv6Addr> {
    fn holds(&self, address: Ipv6Addr) -> bool {
        (address.to_bits() ^ self.0.to_bits()).leading_zeros() >= self.1
    }
}

/// Whether the address is one of the public Internet.
///
/// # Errors
/// [`Forbidden`], with the range that holds it.
pub fn is_public(address: IpAddr) -> Result<(), Forbidden> {
    let refuse = |why, is_private| Err(Forbidden { address, why, is_private });
    match address {
        IpAddr::V4(v4) => match V4.iter().find(|range| range.holds(v4)) {
            Some(range) => refuse(range.3, range.2),
            None => Ok(()),
        },
        IpAddr::V6(v6) => match V6.iter().find(|range| range.holds(v6)) {
            Some(range) => refuse(range.3, range.2),
            None if !GLOBAL.holds(v6) => refuse(GLOBAL.3, GLOBAL.2),
            None if is_isatap(v6) => refuse("ISATAP, which embeds an IPv4 address (RFC 5214)", NEVER),
            None => Ok(()),
        },
    }
}

/// Whether a webhook may lead to the address.
///
/// # Errors
/// [`Forbidden`], unless the address is public, or private and `allow_private` is set.
pub fn vet(address: IpAddr, allow_private: bool) -> Result<(), Forbidden> {
    match is_public(address) {
        Err(forbidden) if allow_private && forbidden.is_private => Ok(()),
        verdict => verdict,
    }
}

/// An interface identifier of `0000:5efe` or `0200:5efe` and an IPv4 address (RFC 5214, section 6.1).
fn is_isatap(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    segments[4] & !0x0200 == 0 && segments[5] == 0x5efe
}

/// Any IPv4 address, half of them in a refused range, which uniform addresses would rarely hit.
#[cfg(test)]
pub(super) fn any_v4() -> impl proptest::prelude::Strategy<Value = Ipv4Addr> {
    use proptest::prelude::*;
    let inside = (0..V4.len(), any::<u32>()).prop_map(|(index, host)| {
        let Range(first, prefix, ..) = V4[index];
        let mask = u32::MAX.checked_shr(prefix).unwrap_or(0);
        Ipv4Addr::from_bits(first.to_bits() | (host & mask))
    });
    prop_oneof![inside, any::<u32>().prop_map(Ipv4Addr::from_bits)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn addresses_that_are_not_public_are_refused_and_named() {
        for (address, what) in [
            ("0.0.0.0", "unspecified"),
            ("0.255.255.255", "unspecified"),
            ("10.0.0.1", "private"),
            ("100.64.0.1", "carrier-grade"),
            ("100.127.255.255", "carrier-grade"),
            ("100.100.100.200", "metadata"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.255", "loopback"),
            ("168.63.129.16", "metadata"),
            ("169.254.0.1", "link-local"),
            ("169.254.169.254", "metadata"),
            ("169.254.170.2", "credentials"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.0.0.8", "IETF"),
            ("192.0.0.192", "metadata"),
            ("192.0.2.1", "documentation"),
            ("192.88.99.1", "6to4"),
            ("192.168.1.1", "private"),
            ("198.18.0.1", "benchmarking"),
            ("198.19.255.255", "benchmarking"),
            ("198.51.100.7", "documentation"),
            ("203.0.113.7", "documentation"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.255", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::7f00:1", "IPv4-compatible"),
            ("::ffff:127.0.0.1", "IPv4-mapped"),
            ("::ffff:8.8.8.8", "IPv4-mapped"),
            ("::ffff:0:127.0.0.1", "IPv4-translated"),
            ("64:ff9b::10.0.0.1", "NAT64"),
            ("64:ff9b:1::10.0.0.1", "NAT64"),
            ("100::1", "discard-only"),
            ("100:0:0:1::1", "dummy"),
            ("200::1", "global unicast"),
            ("2001::1", "Teredo"),
            ("2001:2::1", "benchmarking"),
            ("2001:10::1", "ORCHID"),
            ("2001:2f::1", "ORCHID"),
            ("2001:30::1", "IETF"),
            ("2001:db8::1", "documentation"),
            ("2002:7f00:1::1", "6to4"),
            ("2a00:1450::5efe:10.0.0.1", "ISATAP"),
            ("2a00:1450::200:5efe:10.0.0.1", "ISATAP"),
            ("3fff::1", "documentation"),
            ("4000::1", "global unicast"),
            ("5f00::1", "segment"),
            ("fc00::1", "unique local"),
            ("fd00:42::42", "metadata"),
            ("fd00:c1::a9fe:a9fe", "metadata"),
            ("fd00:ec2::254", "metadata"),
            ("fd20:ce::254", "metadata"),
            ("fdff::1", "unique local"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("fec0::1", "site-local"),
            ("ff02::1", "multicast"),
        ] {
            let forbidden = is_public(ip(address)).expect_err(address);
            assert!(forbidden.why.contains(what), "{address}: {}", forbidden.why);
        }
    }

    #[test]
    fn public_addresses_beside_the_refused_ranges_are_allowed() {
        for address in [
            "1.0.0.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.0.3.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:db7::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2a00:1450:4001:80b::200e",
            "3ffe:ffff::1",
        ] {
            assert_eq!(is_public(ip(address)), Ok(()), "{address}");
        }
    }

    #[test]
    fn allow_private_covers_own_networks_but_neither_metadata_nor_embedded_addresses() {
        for address in
            ["127.0.0.1", "10.1.2.3", "192.168.0.9", "100.64.0.1", "fd00:42::43", "::1", "fd12::1", "8.8.8.8"]
        {
            assert_eq!(vet(ip(address), true), Ok(()), "{address}");
        }
        let metadata = [
            "169.254.169.254",
            "169.254.3.4",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "fe80::1",
            "fe80::a9fe:a9fe",
            "fd00:42::42",
            "fd00:c1::a9fe:a9fe",
            "fd00:ec2::254",
            "fd20:ce::254",
        ];
        for address in metadata.into_iter().chain(["0.0.0.0", "::", "224.0.0.1", "::ffff:127.0.0.1", "240.0.0.1"]) {
            assert!(vet(ip(address), true).is_err(), "{address}");
        }
    }

    /// The standard library knows some of the ranges: it must never call internal what is public here.
    fn std_refuses(address: Ipv4Addr) -> bool {
        address.is_unspecified()
            || address.is_loopback()
            || address.is_private()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            || address.is_documentation()
    }

    proptest! {
        #[test]
        fn what_the_standard_library_calls_internal_is_refused(address in any_v4()) {
            prop_assert!(!std_refuses(address) || is_public(address.into()).is_err());
        }

        #[test]
        fn every_address_of_a_v4_range_is_refused(index in 0..V4.len(), host in any::<u32>()) {
            let Range(first, prefix, ..) = V4[index];
            let mask = u32::MAX.checked_shr(prefix).unwrap_or(0);
            prop_assert!(is_public(Ipv4Addr::from_bits(first.to_bits() | (host & mask)).into()).is_err());
        }

        #[test]
        fn every_address_of_a_v6_range_is_refused(index in 0..V6.len(), host in any::<u128>()) {
            let Range(first, prefix, ..) = V6[index];
            let mask = u128::MAX.checked_shr(prefix).unwrap_or(0);
            prop_assert!(is_public(Ipv6Addr::from_bits(first.to_bits() | (host & mask)).into()).is_err());
        }

        #[test]
        fn no_form_that_embeds_an_ipv4_address_gets_by(address in any_v4(), rest in any::<u64>()) {
            let low = u128::from(address.to_bits());
            let bits = |text: &str| text.parse::<Ipv6Addr>().unwrap().to_bits();
            for form in [
                low,
                address.to_ipv6_mapped().to_bits(),
                bits("::ffff:0:0:0") | low,
                bits("64:ff9b::") | low,
                bits("64:ff9b:1::") | low,
                bits("2002::") | (low << 80) | u128::from(rest),
                bits("2001::") | (u128::from(rest) << 32) | (low ^ 0xffff_ffff),
                bits("2a00:1450:4001:80b:0:5efe::") | low,
            ] {
                prop_assert!(vet(Ipv6Addr::from_bits(form).into(), false).is_err());
            }
        }

        #[test]
        fn outside_of_global_unicast_nothing_is_public(bits in any::<u128>()) {
            let address = Ipv6Addr::from_bits(bits);
            prop_assert!(bits >> 125 == 1 || is_public(address.into()).is_err());
        }
    }
}
