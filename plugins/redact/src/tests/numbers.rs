//! E-mail addresses, cards, accounts, addresses of the Internet.

use super::{check, check_untouched};

#[test]
fn email_addresses_are_found_in_all_scripts() {
    check(&[
        ("Mail ann@example.org now", "Mail [email] now"),
        ("メールはann@example.orgです", "メールは[email]です"),
        ("ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏ．ｊｐへ", "[email]へ"),
        ("邮箱：zhang_wei88@163.com。", "邮箱：[email]。"),
        ("이메일 min.ji-kim+shop@naver.com입니다", "이메일 [email]입니다"),
        ("<ann.o'hara@mail.example.co.uk>,", "<[email]>,"),
        ("'ann@example.org'", "'[email]'"),
        ("email=ann@example.org&x=1", "email=[email]&x=1"),
        ("mailto:ann@example.org?subject=x", "mailto:[email]?subject=x"),
        ("ann@example.org. And", "[email]. And"),
        ("ann@example.org.2", "[email].2"),
        ("jörg.müller@bücher.de", "[email]"),
        ("a@xn--bcher-kva.xn--p1ai", "[email]"),
        ("ann@example.org,bob@example.org", "[email],[email]"),
        ("ann@example.org@example.com", "ann@[email]"),
        ("--ann@example.org", "--[email]"),
        ("1985@example.org", "[email]"),
        ("ann@sub-domain.example.museum!", "[email]!"),
        ("/reset?to=jane%40example.com&x=1", "/reset?to=[email]&x=1"),
        ("jane.doe%2Bshop%40example.com", "[email]"),
    ]);
    check(&[(&format!("{}@example.org", "a".repeat(64)), "[email]")]);
}

#[test]
fn what_is_no_email_address_stays() {
    let long = format!("{}@example.org", "a".repeat(65));
    check_untouched(&[
        "@ann thanks, ask @bob.smith",
        "ann@localhost",
        "3 pcs @ 5.50",
        "2@3.50",
        "@@@@@ @. .@ a@. a@.com @example.org",
        "ann..@example.org",
        "ann@-example.org",
        "ann@example.c",
        "ann @ example.org",
        "up 12%40 times, 5%400.50, %40example.org, ann%40localhost",
        "meet @ 10:30",
        &long,
    ]);
}

#[test]
fn cards_are_found_with_separators_and_in_full_width() {
    check(&[
        ("card 4111 1111 1111 1111 was charged", "card [card] was charged"),
        ("4111111111111111", "[card]"),
        ("4111-1111-1111-1111", "[card]"),
        ("カード４１１１１１１１１１１１１１１１です", "カード[card]です"),
        ("４１１１　１１１１　１１１１　１１１１", "[card]"),
        ("卡号5555555555554444。", "卡号[card]。"),
        ("2223003122003222", "[card]"),
        ("3782 822463 10005", "[card]"),
        ("378282246310005", "[card]"),
        ("3056 930902 5904", "[card]"),
        ("6011111111111117", "[card]"),
        ("3530111333300000", "[card]"),
        ("6200 0000 0000 0005", "[card]"),
        ("6759 6498 2643 8453", "[card]"),
        ("4111111111111111/12/27", "[card]/12/27"),
        ("4111 1111 1111 1111 and 5555 5555 5555 4444", "[card] and [card]"),
        ("Visa card 4222222222222", "Visa card [card]"),
    ]);
}

#[test]
fn what_is_no_card_stays() {
    check_untouched(&[
        "4111 1111 1111 1112",
        "4222222222222",
        "9111111111111113",
        "41111111111111111111111",
        "x4111111111111111",
        "4111111111111111x",
        "4111-1111-1111-1111-1",
        "0000 0000 0000 0000",
        "41 11 11 11 11 11 11 11",
        "3.4111111111111111",
    ]);
}

#[test]
fn accounts_are_found_with_separators_and_in_full_width() {
    check(&[
        ("IBAN DE89 3704 0044 0532 0130 00, thanks", "IBAN [iban], thanks"),
        ("DE89370400440532013000", "[iban]"),
        ("口座はＧＢ２９ＮＷＢＫ６０１６１３３１９２６８１９です", "口座は[iban]です"),
        ("gb29 nwbk 6016 1331 9268 19", "[iban]"),
        ("FR14 2004 1010 0505 0001 3M02 606", "[iban]"),
        ("NO93 8601 1117 947", "[iban]"),
        ("MT84MALT011000012345MTLCAST001S", "[iban]"),
        ("ES91-2100-0418-4502-0005-1332", "[iban]"),
        ("BR18 0036 0305 0000 1000 9795 493C 1", "[iban]"),
    ]);
    check_untouched(&[
        "DE88 3704 0044 0532 0130 00",
        "DE89 3704 0044 0532 0130",
        "XX89 3704 0044 0532 0130 00",
        "ADE89370400440532013000",
        "DE893704004405320130001",
        "GB29 NWBK 6016",
    ]);
}

#[test]
fn addresses_of_the_internet_are_found() {
    check(&[
        ("my IP 203.0.113.7 is blocked", "my IP [ip_address] is blocked"),
        ("192.168.0.1:8080", "[ip_address]:8080"),
        ("http://198.51.100.23/x", "http://[ip_address]/x"),
        ("接続元２０３．０．１１３．７から", "接続元[ip_address]から"),
        ("ip 10.1.2.3", "ip [ip_address]"),
        ("from 2001:db8::ff00:42:8329.", "from [ip_address]."),
        ("[2001:0db8:85a3:0000:0000:8a2e:0370:7334]:443", "[[ip_address]]:443"),
        ("IPv6:fe80::1", "IPv6:[ip_address]"),
        ("::ffff:203.0.113.7", "[ip_address]"),
        ("fd12:3456:789a::1/48", "[ip_address]/48"),
        ("logged into the app from 203.0.113.7", "logged into the app from [ip_address]"),
        ("since the update my router 203.0.113.7 is slow", "since the update my router [ip_address] is slow"),
        ("app ip 203.0.113.7", "app ip [ip_address]"),
    ]);
    check_untouched(&[
        "version 120.0.60.71",
        "v203.0.113.7",
        "Android app 5.12.103.22",
        "update 8.23.1.105, the update to 8.23.1.105, updated to 8.23.1.105",
        "アプリ5.12.103.22",
        "バージョン203.0.113.7",
        "1.2.3.4",
        "256.1.1.30 and 203.0.113 and 203.0.113.7.9",
        "203.00.113.007",
        "10:30, 10:30:45, a::b, std::vec, 5::1, ::, ::1, dead::beef",
        "note: this: that:: and ratio 16:9",
        "1:2:3:4:5:6:7:8",
        "2001:db8::1::2",
    ]);
}
