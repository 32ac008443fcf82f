//! Every way to write an address that nothing may be sent to, and that no address of the Internet is refused with them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use crate::delivery::{address, endpoint::Endpoint};

/// Hosts that stand for this machine, in every notation.
const THIS_MACHINE: &[&str] = &[
    "127.0.0.1",
    "127.255.255.254",
    // Decimal, octal, hexadecimal, and mixed.
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0X7F000001",
    "0x7F.0.0.1",
    "0177.0.0.1",
    "0177.0x0.0.01",
    "000000177.0.0.1",
    "0x7f.0x0.0x0.0x1",
    // Shortened.
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0177.1",
    "127.0xffffff",
    // With a dot at the end.
    "127.0.0.1.",
    "127.1.",
    "0x7f000001.",
    "localhost.",
    // Unicode: digits in circles, of full width, in bold; other dots; what is invisible.
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "127.0.0\u{ad}.1",
    "0ｘ7ｆ.0.0.1",
    "ｌｏｃａｌｈｏｓｔ",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    // Percent-encoded.
    "127%2e0%2e0%2e1",
    "%31%32%37.0.0.1",
    "%6cocalhost",
    "%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1",
    // Names.
    "localhost",
    "LocalHost",
    "LOCALHOST.",
    "crm.localhost",
    // IPv6, and IPv4 inside it: mapped, translated, compatible, NAT64, local NAT64, 6to4, Teredo, ISATAP.
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::0.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::FFFF:7F00:0001]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[0064:FF9B:0001::127.0.0.1]",
    "[64:ff9b:1:7f00:0:100::]",
    "[2002:7f00:1::]",
    "[2001:0:102:304:0:0:80ff:fffe]",
    "[2a00:1450::5efe:127.0.0.1]",
];

/// Hosts that stand for what is not of the public Internet otherwise.
const INSIDE: &[&str] = &[
    // "This network".
    "0",
    "0.0.0.0",
    "0x0",
    "0.1",
    "[::]",
    // Private.
    "10.0.0.1",
    "10.1",
    "167772161",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.168.257",
    "3232235777",
    "0xc0a80101",
    "0300.0250.1.1",
    "192。168。1。1",
    "[::ffff:10.0.0.1]",
    "[64:ff9b:1::10.0.0.1]",
    "[64:ff9b::c0a8:101]",
    "[fc00::1]",
    "[FD12:3456:789A::1]",
    "[fec0::1]",
    // Link-local, with and without the interface.
    "169.254.255.255",
    "[febf::1]",
    "[fe80::1%eth0]",
    "[fe80::1%25eth0]",
    "[::1%lo]",
    // Carrier-grade NAT.
    "100.64.0.1",
    "100.127.255.255",
    "0144.0100.0.1",
    "1681915905",
    // For documentation, benchmarks, protocols, tunnels, sinks.
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.0.0.8",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.175.48.1",
    "[100::1]",
    "[2001::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:db8::1]",
    "[2002:808:808::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[2620:4f:8000::1]",
    // Multicast, broadcast, reserved.
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "0xffffffff",
    "[ff02::1]",
    "[4000::1]",
    "[fe00::1]",
];

/// Hosts that hand out the credentials of a machine in a cloud.
const METADATA: &[&str] = &[
    // AWS, Google, Azure, DigitalOcean and others.
    "169.254.169.254",
    "169.254.169.254.",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "025177524776",
    "169.254.43518",
    "169.16689662",
    "⑯⑨.②⑤④.⑯⑨.②⑤④",
    "169。254。169。254",
    "169%2E254%2E169%2E254",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::169.254.169.254]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "[::169.254.169.254]",
    // Link-local space as a whole; AWS over IPv6, its containers, Google over IPv6, Scaleway, Azure's host, Alibaba, Oracle.
    "[fd00:ec2::254]",
    "[FD00:0EC2:0:0:0:0:0:0254]",
    "169.254.0.1",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    "169.254.170.2",
    "169.254.170.23",
    "[fd00:ec2::23]",
    "[fd20:ce::254]",
    "[fd00:42::42]",
    "[fd00:c1::a9fe:a9fe]",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
];

/// Hosts that lead to the Internet, however they are written, and what they stand for.
const PUBLIC: &[(&str, &str)] = &[
    ("8.8.8.8", "8.8.8.8"),
    ("134744072", "8.8.8.8"),
    ("0x08080808", "8.8.8.8"),
    ("010.010.010.010", "8.8.8.8"),
    ("8.8.8.8.", "8.8.8.8"),
    ("１.１.１.１", "1.1.1.1"),
    ("1.1", "1.0.0.1"),
    ("9.255.255.255", "9.255.255.255"),
    ("11.0.0.0", "11.0.0.0"),
    ("100.63.255.255", "100.63.255.255"),
    ("100.128.0.0", "100.128.0.0"),
    ("126.255.255.255", "126.255.255.255"),
    ("128.0.0.1", "128.0.0.1"),
    ("168.63.129.15", "168.63.129.15"),
    ("169.253.255.255", "169.253.255.255"),
    ("169.255.0.0", "169.255.0.0"),
    ("172.15.255.255", "172.15.255.255"),
    ("172.32.0.0", "172.32.0.0"),
    ("191.255.255.255", "191.255.255.255"),
    ("192.0.1.1", "192.0.1.1"),
    ("192.167.255.255", "192.167.255.255"),
    ("192.169.0.0", "192.169.0.0"),
    ("198.17.255.255", "198.17.255.255"),
    ("198.20.0.0", "198.20.0.0"),
    ("223.255.255.255", "223.255.255.255"),
    ("[2001:4860:4860::8888]", "[2001:4860:4860::8888]"),
    ("[2606:4700:4700:0:0:0:0:1111]", "[2606:4700:4700::1111]"),
    ("[2001:200::1]", "[2001:200::1]"),
    ("[2003::1]", "[2003::1]"),
    ("[2A00:1450:4001:80B::200E]", "[2a00:1450:4001:80b::200e]"),
    ("crm.example.com", "crm.example.com"),
    ("CRM.Example.COM.", "crm.example.com"),
    ("crm。example。com", "crm.example.com"),
    ("münchen.example", "xn--mnchen-3ya.example"),
    ("127.0.0.1.example.com", "127.0.0.1.example.com"),
    ("localhost.example.com", "localhost.example.com"),
    ("0x7f000001.example.com", "0x7f000001.example.com"),
];

#[test]
fn no_notation_of_an_address_that_is_not_public_gets_by() {
    let hosts = || THIS_MACHINE.iter().chain(INSIDE).chain(METADATA);
    assert!(hosts().count() >= 60, "{}", hosts().count());
    for host in hosts() {
        for url in [
            format!("https://{host}/"),
            format!("HTTPS://{host}:8443/hook?x=1"),
            format!("http://{host}/"),
            format!("https://example.com@{host}/"),
            format!("https://user:password@{host}:443/"),
            format!("https:\\\\{host}/"),
            format!("https:/{host}/"),
            format!(" https://{host}/\n"),
        ] {
            assert!(Endpoint::parse(&url, false).is_err(), "{url}");
        }
    }
}

#[test]
fn allow_private_gives_no_leave_for_metadata_and_for_what_embeds_an_address() {
    for host in METADATA {
        assert!(Endpoint::parse(&format!("http://{host}/"), true).is_err(), "{host}");
    }
    for host in THIS_MACHINE.iter().chain(INSIDE).filter(|host| host.contains("::") && host.contains('.')) {
        // `::0.0.0.1` is `::1`.
        let is_loopback = *host == "[::0.0.0.1]";
        assert_eq!(Endpoint::parse(&format!("http://{host}/"), true).is_ok(), is_loopback, "{host}");
    }
}

#[test]
fn allow_private_gives_leave_for_ones_own_network_in_every_notation() {
    for host in
        ["127.0.0.1", "2130706433", "0x7f.1", "localhost.", "10.1", "192.168.257", "[::1]", "[fd12::1]", "100.64.1"]
    {
        assert!(Endpoint::parse(&format!("http://{host}/"), true).is_ok(), "{host}");
    }
}

#[test]
fn hosts_of_the_internet_are_allowed_in_every_notation() {
    for (host, stands_for) in PUBLIC {
        let endpoint = Endpoint::parse(&format!("https://{host}/hook"), false);
        assert_eq!(endpoint.expect(host).url.as_str(), format!("https://{stands_for}/hook"), "{host}");
    }
}

/// How one number of an IPv4 address is written.
fn number(value: u64, form: u8) -> String {
    match form % 3 {
        0 => value.to_string(),
        1 => format!("0x{value:X}"),
        _ => format!("0{value:o}"),
    }
}

/// An IPv4 address in any notation that URLs know: parts, shortened, in three bases, encoded, with a dot at the end.
fn notation(address: Ipv4Addr, parts: u8, forms: [u8; 4], dress: u8) -> String {
    let bits = u64::from(address.to_bits());
    let octet = |index: u32| (bits >> (24 - 8 * index)) & 0xff;
    let parts = u32::from(parts % 4);
    let mut texts: Vec<_> = (0..parts).map(|index| number(octet(index), forms[index as usize])).collect();
    let rest = bits & (u64::from(u32::MAX) >> (8 * parts));
    texts.push(number(rest, forms[3]));
    match dress % 6 {
        0 => texts.join("."),
        1 => texts.join(".") + ".",
        2 => texts.join("。"),
        3 => texts.join("%2E"),
        4 => texts.join(".").chars().map(full_width).collect(),
        _ => texts.join(".").bytes().map(|byte| format!("%{byte:02x}")).collect(),
    }
}

fn full_width(c: char) -> char {
    char::from_u32(u32::from(c) - 0x21 + 0xff01).unwrap_or(c)
}

proptest! {
    #[test]
    fn the_notation_of_an_ipv4_address_decides_nothing(
        address in address::any_v4(), parts: u8, forms: [u8; 4], dress: u8,
    ) {
        let host = notation(address, parts, forms, dress);
        let is_public = address::is_public(address.into()).is_ok();
        match Endpoint::parse(&format!("https://{host}/"), false) {
            Ok(endpoint) => {
                prop_assert!(is_public, "{host} is {address}");
                prop_assert_eq!(endpoint.literal(), Some(IpAddr::V4(address)), "{}", host);
            }
            Err(error) => prop_assert!(!is_public, "{host} is {address}: {error}"),
        }
    }

    #[test]
    fn the_notation_of_an_ipv6_address_decides_nothing(bits: u128, is_upper: bool, is_long: bool) {
        // Half of them in global unicast, which uniform addresses would rarely hit.
        let address = Ipv6Addr::from_bits(if is_long { (bits >> 3) | (1 << 125) } else { bits });
        let segments = address.segments();
        let text = if is_long {
            segments.map(|segment| format!("{segment:04x}")).join(":")
        } else {
            address.to_string()
        };
        let text = if is_upper { text.to_uppercase() } else { text };
        let is_public = address::is_public(address.into()).is_ok();
        let endpoint = Endpoint::parse(&format!("https://[{text}]/"), false);
        prop_assert_eq!(endpoint.is_ok(), is_public, "{}: {:?}", text, endpoint);
    }
}
