use super::{check, check_untouched};

#[test]
fn national_ids_are_found_by_their_check_digits() {
    check(&[
        ("身份证11010519491231002X。", "身份证[national_id]。"),
        ("１１０１０５１９４９１２３１００２Ｘ", "[national_id]"),
        ("110105 19491231 002x", "[national_id]"),
        ("440524188001010014", "[national_id]"),
        ("身分證A123456789", "身分證[national_id]"),
        ("Ａ１２３４５６７８９です", "[national_id]です"),
        ("HKID A123456(3)", "HKID [national_id]"),
        ("Ａ１２３４５６（３）", "[national_id]"),
        ("hkid A1234563", "hkid [national_id]"),
        ("NRIC S1234567D, ok", "NRIC [national_id], ok"),
        ("주민번호 900101-1234568", "주민번호 [national_id]"),
        ("9001011234568입니다", "[national_id]입니다"),
        ("주민등록번호 201105-3123456", "주민등록번호 [national_id]"),
        ("マイナンバーは1234 5678 9018です", "マイナンバーは[national_id]です"),
        ("個人番号１２３４５６７８９０１８", "個人番号[national_id]"),
        ("Aadhaar 9999 4105 7058", "Aadhaar [national_id]"),
        ("DNI 12345678Z", "DNI [national_id]"),
        ("12.345.678-Z", "[national_id]"),
        ("NIE X1234567L y X-1234567-L", "NIE [national_id] y X-1234567-L"),
        ("codice RSSMRA85T10A562S", "codice [national_id]"),
        ("2 55 08 14 168 025 38", "[national_id]"),
        ("255081416802538", "[national_id]"),
        ("Steuer-ID 86 095 742 719", "Steuer-ID [national_id]"),
        ("86095742719", "[national_id]"),
        ("85.07.30-033.28", "[national_id]"),
        ("811218-9876", "[national_id]"),
        ("198112189876", "[national_id]"),
        ("CPF 111.444.777-35", "CPF [national_id]"),
        ("52998224725", "[national_id]"),
        ("CURP HEGG560427MVZRRL04", "CURP [national_id]"),
        ("NHS number 943 476 5919", "NHS number [national_id]"),
        ("BSN 111222333", "BSN [national_id]"),
        ("SIN 130 692 544", "SIN [national_id]"),
        ("PESEL 44051401359", "PESEL [national_id]"),
        ("SSN 219-09-9999", "SSN [national_id]"),
        ("219‐09‐9999", "[national_id]"),
    ]);
}

#[test]
fn a_social_security_number_needs_no_dashes_where_a_word_for_it_stands() {
    check(&[
        ("ssn 123456789", "ssn [national_id]"),
        ("my ssn is 123 45 6789", "my ssn is [national_id]"),
        ("social security 123456789", "social security [national_id]"),
        ("Social Security Number: 123-456-789", "Social Security Number: [national_id]"),
        ("order 12345, SSN 123456789", "order 12345, SSN [national_id]"),
        ("123456789 is my SSN", "[national_id] is my SSN"),
    ]);
    check_untouched(&[
        "123456789 and 123 45 6789",
        "my social media post 123456789",
        "ssn was wrong on order 123456789",
        "ssn 000123456, ssn 666123456, ssn 123006789, ssn 123450000",
        "ssn 12345678 or 1234567890",
    ]);
}

#[test]
fn numbers_with_a_wrong_check_digit_or_date_or_without_their_word_stay() {
    check_untouched(&[
        "110105194912310021",
        "110105194913310021",
        "A123456788",
        "A123456(4)",
        "A1234563",
        "S1234567A",
        "900101-1234567",
        "901301-1234568",
        "1234 5678 9018",
        "荷物 1234-5678-9018",
        "9999 4105 7058",
        "12345678A",
        "X1234567M",
        "RSSMRA85T10A562T",
        "255081416802539",
        "86095742718",
        "85.07.30-033.29",
        "811218-9877",
        "111.444.777-36",
        "111.111.111-11",
        "HEGG560427MVZRRL05",
        "943 176 5919",
        "111222333",
        "130 692 544",
        "44051401359",
        "000-12-3456, 666-12-3456, 912-12-3456, 219-00-9999, 219-09-0000",
        "219 09 9999 and 219099999",
        "1219-09-9999, 219-09-99991, 219-09-9999-1",
    ]);
}

#[test]
fn numbers_without_a_check_digit_count_by_their_word() {
    check(&[
        ("주민번호 900101-1234567", "주민번호 [national_id]"),
        ("외국인등록번호는 900101-5123456", "외국인등록번호는 [national_id]"),
        ("NI number QQ 12 34 56 C, thanks", "NI number [national_id], thanks"),
        ("my national insurance is AB123456C", "my national insurance is [national_id]"),
        ("NINO ab 123456 d", "NINO [national_id]"),
    ]);
    check_untouched(&[
        "AB123456C",
        "QQ 12 34 56 C",
        "NI number AB123456E",
        "national insurance AB 12 34 5",
        "900101-1234567",
    ]);
}
