//! Generated numbers in generated surroundings: what is right is found, what has a wrong check digit is not.

use proptest::prelude::*;

use crate::{
    checks,
    config::{Class, Policy},
    scan,
};

fn policy() -> Policy {
    Policy::new(serde_json::from_str("{}").unwrap()).unwrap()
}

/// What is found, as class and passage.
fn found(text: &str) -> Vec<(Class, &str)> {
    scan::find(text, "", &policy()).into_iter().map(|found| (found.class, &text[found.start..found.end])).collect()
}

fn digits(count: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..10u8, count)
}

/// In full width where it is wished.
fn widen(text: &str, is_wide: bool) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c);
    text.chars().map(|c| if is_wide && c.is_ascii_graphic() { wide(c) } else { c }).collect()
}

/// The characters in groups of these lengths, with the separator between.
fn group(text: &str, lengths: &[usize], separator: &str) -> String {
    let mut rest = text;
    let mut parts = Vec::new();
    for &length in lengths {
        let (part, behind) = rest.split_at(length.min(rest.len()));
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts.retain(|part| !part.is_empty());
    parts.join(separator)
}

fn write(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

fn separator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", " ", "-", "\u{3000}", "‐", "–", "−", "ー", "\u{A0}", " - "])
}

/// Texts to stand before and behind, which touch a number of any script.
fn around() -> impl Strategy<Value = (&'static str, &'static str)> {
    let pairs = vec![
        ("", ""),
        ("my ", "."),
        ("これは", "です"),
        ("제 ", "입니다"),
        ("我的", "，谢谢"),
        ("(", ")"),
        ("\n", "\n"),
    ];
    prop::sample::select(pairs)
}

/// The body with the last digit that the check accepts.
fn with_check(mut body: Vec<u8>, check: fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let last = body.len();
    body.push(0);
    (0..10)
        .any(|digit| {
            body[last] = digit;
            check(&body)
        })
        .then_some(body)
}

/// The account number with its check digits.
fn account(country: &str, body: &str) -> String {
    let value = |byte: u8| if byte.is_ascii_digit() { u64::from(byte - b'0') } else { u64::from(byte - b'A') + 10 };
    let moved = format!("{body}{country}00");
    let rest =
        moved.bytes().fold(0, |rest, byte| (rest * if byte.is_ascii_digit() { 10 } else { 100 } + value(byte)) % 97);
    format!("{country}{:02}{body}", 98 - rest)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_passages_in_order_on_whole_characters(
        text in r"([0-9０-９@＠:.+() /\-ー－　a-zA-Z電전é円]|tel|090-|4111 |DE89|::){0,80}"
    ) {
        let mut rest = 0;
        for found in scan::find(&text, "phone", &policy()) {
            prop_assert!(rest <= found.start && found.start < found.end);
            prop_assert!(text.is_char_boundary(found.start) && text.is_char_boundary(found.end));
            rest = found.end;
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC*") {
        for found in scan::find(&text, &text, &policy()) {
            prop_assert!(text.get(found.start..found.end).is_some());
        }
    }

    #[test]
    fn a_card_is_found_and_one_with_another_last_digit_is_not(
        prefix in prop::sample::select(vec![vec![4], vec![5, 5], vec![2, 3, 0, 0], vec![3, 5, 3, 0], vec![6, 2], vec![6, 5]]),
        rest in digits(15), off in 1..10u8, separator in separator(), is_wide: bool, (before, behind) in around()
    ) {
        let body: Vec<u8> = prefix.iter().chain(&rest).copied().take(15).collect();
        let mut card = with_check(body, checks::luhn).unwrap();
        let lengths = [4, 4, 4];
        let number = widen(&group(&write(&card), &lengths, separator), is_wide);
        let text = format!("{before}{number}{behind}");
        prop_assert_eq!(found(&text), vec![(Class::Card, number.as_str())], "{}", text);
        card[15] = (card[15] + off) % 10;
        let text = format!("{before}{}{behind}", widen(&group(&write(&card), &lengths, separator), is_wide));
        prop_assert!(found(&text).iter().all(|(class, _)| *class != Class::Card), "{}", text);
    }

    #[test]
    fn an_account_is_found_and_one_with_other_check_digits_is_not(
        (country, length) in prop::sample::select(vec![("DE", 18), ("GB", 18), ("FR", 23), ("NO", 11), ("MT", 27)]),
        body in "[A-Z0-9]{27}", off in 1..10u8,
        separator in prop::sample::select(vec!["", " ", "-", "\u{3000}"]), is_wide: bool, (before, behind) in around()
    ) {
        let account = account(country, &body[..length]);
        let number = widen(&group(&account, &[4; 8], separator), is_wide);
        let text = format!("{before}{number}{behind}");
        prop_assert!(found(&text).contains(&(Class::Iban, number.as_str())), "{}: {:?}", text, found(&text));
        let mut broken = account.into_bytes();
        broken[3] = b'0' + (broken[3] - b'0' + off) % 10;
        let broken = widen(&group(&String::from_utf8(broken).unwrap(), &[4; 8], separator), is_wide);
        let text = format!("{before}{broken}{behind}");
        prop_assert!(found(&text).iter().all(|(class, _)| *class != Class::Iban), "{}", text);
    }

    #[test]
    fn a_named_number_is_found_by_its_check_digit(
        body in digits(11), off in 1..10u8, separator in separator(), is_wide: bool
    ) {
        let first = 2 + body[0] % 8;
        let body: Vec<u8> = std::iter::once(first).chain(body[1..].iter().copied()).collect();
        let number = with_check(body, checks::verhoeff).unwrap();
        let mut broken = number.clone();
        broken[11] = (broken[11] + off) % 10;
        for (number, is_right) in [(number, true), (broken, false)] {
            let is_years = looks_like_years(&number, separator);
            let number = widen(&group(&write(&number), &[4, 4], separator), is_wide);
            let text = format!("aadhaar {number}");
            // Groups that can be years are no number at all.
            let is_found = found(&text).contains(&(Class::NationalId, number.as_str()));
            prop_assert_eq!(is_found, is_right && !is_years, "{}", text);
        }
    }

    #[test]
    fn a_chinese_id_is_found_by_its_check_digit(
        region in 11..=82u32, place in digits(4), (year, month, day) in (1930..=2020u32, 1..=12u32, 1..=28u32),
        serial in digits(3), off in 1..11u32, is_wide: bool, (before, behind) in around()
    ) {
        let body = format!("{region}{}{year}{month:02}{day:02}{}", write(&place), write(&serial));
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = body.bytes().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
        let signs: Vec<char> = "10X98765432".chars().collect();
        let place = sum % 11;
        let number = widen(&format!("{body}{}", signs[place as usize]), is_wide);
        let text = format!("{before}{number}{behind}");
        prop_assert_eq!(found(&text), vec![(Class::NationalId, number.as_str())]);
        let text = format!("{before}{body}{}{behind}", signs[((place + off) % 11) as usize]);
        prop_assert!(found(&text).iter().all(|(class, _)| *class != Class::NationalId), "{}", text);
    }

    #[test]
    fn a_mobile_number_is_found_in_every_way_of_writing_it(
        (lead, lengths) in prop::sample::select(vec![("090", [3, 4]), ("010", [3, 4]), ("138", [3, 4])]), rest in digits(8),
        separator in separator(), is_wide: bool,
        (before, behind) in prop::sample::select(vec![("これは", "です"), ("번호는 ", "입니다"), ("我的号码是", "，谢谢")])
    ) {
        prop_assume!(rest[..2] != [0, 0]);
        let separator = if separator == " - " { "-" } else { separator };
        // Without separators it takes Han characters near.
        prop_assume!(lead != "138" || !separator.is_empty() || before.contains('我'));
        let number = widen(&group(&format!("{lead}{}", write(&rest)), &lengths, separator), is_wide);
        let text = format!("{before}{number}{behind}");
        prop_assert_eq!(found(&text), vec![(Class::Phone, number.as_str())], "{}", text);
    }
}

/// Whether the number is written as three years.
fn looks_like_years(number: &[u8], separator: &str) -> bool {
    let is_year = |year: &[u8]| matches!(year, [1, 8 | 9, ..] | [2, 0, ..]);
    !separator.is_empty() && number.chunks(4).all(is_year)
}
