use super::{check, check_untouched};

#[test]
fn telephone_numbers_of_japan_are_found() {
    check(&[
        ("電話は090-1234-5678です", "電話は[phone]です"),
        ("電話は09012345678です", "電話は[phone]です"),
        ("０９０−１２３４−５６７８に連絡ください", "[phone]に連絡ください"),
        ("０９０ー１２３４ー５６７８", "[phone]"),
        ("携帯：080 1234 5678、よろしく", "携帯：[phone]、よろしく"),
        ("０８０１２３４５６７８まで", "[phone]まで"),
        ("03-1234-5678へかけた", "[phone]へかけた"),
        ("(03) 1234-5678", "[phone]"),
        ("（０３）１２３４－５６７８", "[phone]"),
        ("03(1234)5678", "[phone]"),
        ("06-6123-4567", "[phone]"),
        ("0120-123-456に何度も", "[phone]に何度も"),
        ("0120-12-3456", "[phone]"),
        ("0800-123-4567", "[phone]"),
        ("045　123　4567", "[phone]"),
        ("0466-12-3456", "[phone]"),
        ("050-1234-5678", "[phone]"),
        ("+81-90-1234-5678", "[phone]"),
        ("＋８１ ９０ １２３４ ５６７８", "[phone]"),
        ("+819012345678", "[phone]"),
        ("81-90-1234-5678", "[phone]"),
        ("TEL03-1234-5678", "TEL[phone]"),
        ("注文した品が届きません。09012345678まで", "注文した品が届きません。[phone]まで"),
    ]);
}

#[test]
fn telephone_numbers_of_korea_are_found() {
    check(&[
        ("010-1234-5678로 전화주세요", "[phone]로 전화주세요"),
        ("제 번호는 01012345678입니다", "제 번호는 [phone]입니다"),
        ("02-123-4567", "[phone]"),
        ("02)1234-5678", "[phone]"),
        ("031-123-4567 으로", "[phone] 으로"),
        ("고객센터 1588-1234 연결이 안돼요", "고객센터 [phone] 연결이 안돼요"),
        ("전화 15881234", "전화 [phone]"),
        ("+82 10 1234 5678", "[phone]"),
        ("+82-2-123-4567", "[phone]"),
        ("010.1234.5678", "[phone]"),
        ("０１０－１２３４－５６７８", "[phone]"),
        ("011-123-4567", "[phone]"),
    ]);
}

#[test]
fn telephone_numbers_of_china_and_taiwan_are_found() {
    check(&[
        ("请打138 1234 5678联系我", "请打[phone]联系我"),
        ("我的电话13812345678", "我的电话[phone]"),
        ("手机号码是１３８１２３４５６７８。", "手机号码是[phone]。"),
        ("138-1234-5678", "[phone]"),
        ("13812345678", "[phone]"),
        ("客服打了13812345678都没人接", "客服打了[phone]都没人接"),
        ("+86 138 1234 5678", "[phone]"),
        ("+8613812345678", "[phone]"),
        ("86-138-1234-5678", "[phone]"),
        ("010-12345678", "[phone]"),
        ("021-1234-5678", "[phone]"),
        ("0755-12345678", "[phone]"),
        ("(0571)87654321", "[phone]"),
        ("400-123-4567打不通", "[phone]打不通"),
        ("电话87654321", "电话[phone]"),
        ("0912-345-678", "[phone]"),
        ("02-2345-6789 轉 12", "[phone] 轉 12"),
        ("+886 912 345 678", "[phone]"),
        ("電話 9123 4567", "電話 [phone]"),
    ]);
}

#[test]
fn telephone_numbers_of_america_and_europe_are_found() {
    check(&[
        ("Call me: 212-555-0123.", "Call me: [phone]."),
        ("(212) 555-0123 is my number", "[phone] is my number"),
        ("1 (212) 555-0123", "[phone]"),
        ("+1 (212) 555-0123", "[phone]"),
        ("+1-212-555-0123", "[phone]"),
        ("212.555.0123", "[phone]"),
        ("1-800-555-0199", "[phone]"),
        ("I got 2125550123 by phone, or call 2125550123", "I got 2125550123 by phone, or call [phone]"),
        ("my cell is 555-1234", "my cell is [phone]"),
        ("Text 5551234 please", "Text [phone] please"),
        ("phone:+442079460958", "phone:[phone]"),
        ("+44 (0)20 7946 0958", "[phone]"),
        ("(+44) 20 7946 0958", "[phone]"),
        ("020 7946 0958", "[phone]"),
        ("07700 900123", "[phone]"),
        ("01 23 45 67 89", "[phone]"),
        ("06.12.34.56.78", "[phone]"),
        ("+33 6 12 34 56 78", "[phone]"),
        ("0176/12345678", "[phone]"),
        ("+49 176 12345678", "[phone]"),
        ("0049 176 12345678", "[phone]"),
        ("(11) 91234-5678", "[phone]"),
        ("+55 11 91234-5678", "[phone]"),
        ("whatsapp 612 345 678", "whatsapp [phone]"),
        ("room 12, 212 555 0123", "room 12, [phone]"),
        ("12 +1 212 555 0123", "12 [phone]"),
        ("tel:555-1234, fax:555-1235", "tel:[phone], fax:[phone]"),
    ]);
}

#[test]
fn telephone_numbers_in_the_notes_of_a_call_are_found() {
    check(&[
        ("cb 4155550132", "cb [phone]"),
        ("callback number 4155550132", "callback number [phone]"),
        ("Ph. 9876543210", "Ph. [phone]"),
        ("mob 9876543210", "mob [phone]"),
        ("cellphone: 4155550132, landline 4155550133", "cellphone: [phone], landline [phone]"),
        ("cust calling from 4155550132", "cust calling from [phone]"),
        ("can be reached on 4155550132", "can be reached on [phone]"),
        ("best # to reach: 4155550132", "best # to reach: [phone]"),
        ("my number is 2125550123", "my number is [phone]"),
        ("6465550199 is my cell", "[phone] is my cell"),
        ("6465550199 (mobile)", "[phone] (mobile)"),
        ("order 12345678, cb 4155550132", "order 12345678, cb [phone]"),
    ]);
    check_untouched(&[
        "cb about order 4155550132",
        "callback on 2024-05-01 10:30, ticket 4155550132",
        "reached level 123456, then 1234567 points, 10000000 users",
        "we want to reach 1000000 subscribers",
        "customer reached out about refund 12345678",
        "my order number is 4155550132",
        "4155550132 is my order",
        "4155550132 is what I got by phone",
        "ph 7.25, mob 12",
    ]);
}

#[test]
fn an_extension_may_touch_the_number() {
    check(&[
        ("212-555-0123x45", "[phone]x45"),
        ("(212)555-0123ext45", "[phone]ext45"),
        ("212.555.0123Ext. 4567", "[phone]Ext. 4567"),
        ("call 2125550123x45", "call [phone]x45"),
        ("020 7946 0958x2", "[phone]x2"),
    ]);
    check_untouched(&[
        "212-555-0123x",
        "212-555-0123xl45",
        "212-555-0123x1234567",
        "0312345678x2 and 0312345678extra",
        "1920x1080, 100x200x3000, 10.5x20",
    ]);
}

#[test]
fn longer_forms_of_europe_are_found_as_a_whole() {
    check(&[
        ("030 123 45 67", "[phone]"),
        ("0171 234 56 78", "[phone]"),
        ("0151 2345 6789", "[phone]"),
        ("0151 23 45 67 89", "[phone]"),
        ("044 668 18 00", "[phone]"),
        ("070-123 45 67", "[phone]"),
        ("08-123 456 78", "[phone]"),
        ("020-123 4567 of 06-1234 5678", "[phone] of [phone]"),
        ("0470 12 34 56", "[phone]"),
        ("02/123 45 67", "[phone]"),
        ("0532 123 45 67", "[phone]"),
        ("0176/123 456 78", "[phone]"),
        ("Tel. 089 / 123 456 78", "Tel. [phone]"),
        ("(089) 123 456 78", "[phone]"),
        ("06-12 34 56 78", "[phone]"),
        ("Telefon 12345678", "Telefon [phone]"),
        ("Telefonnummer 2345678, Handynummer: 2345679", "Telefonnummer [phone], Handynummer: [phone]"),
    ]);
    check_untouched(&[
        "05 12 2023, 05-12-2023 14 30, 05/12/2023 10, 05.12.23 10.30, 05/12 10 30 45",
        "0123-4567-8901 and 0123 4567 8901",
        "012 345 678, 012 345 678 901",
        "order 0171 234 56 78",
        "invoice no. 012-345-67-89",
    ]);
}

#[test]
fn numbers_of_bookings_members_and_contracts_stay() {
    let words = [
        "confirmation number",
        "reservation",
        "customer number",
        "customer_id:",
        "PO",
        "RMA",
        "claim",
        "policy",
        "loyalty number",
        "membership",
        "会員番号",
        "予約番号は",
        "商品コード：",
        "예약번호",
        "Bestellnummer",
        "Bestell-Nr.",
        "Auftrag",
        "Kundennummer",
        "Kunden-Nr.",
    ];
    let numbers = ["0123456789", "0123 456 789", "0123 456 7890", "09012345678"];
    let texts: Vec<_> = words.iter().flat_map(|word| numbers.map(|number| format!("{word} {number}"))).collect();
    check_untouched(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    check_untouched(&["会员号 13812345678", "order 0312345678, 0312345679"]);
}

#[test]
fn an_order_of_which_another_sentence_speaks_hides_no_telephone_number() {
    check(&[
        ("Please cancel my order. 07700900123", "Please cancel my order. [phone]"),
        ("my membership 0412 345 678", "my membership [phone]"),
        ("About my claim, 0412 345 678", "About my claim, [phone]"),
        ("Where is my reservation? 0312345678", "Where is my reservation? [phone]"),
        ("没有订单。13812345678", "没有订单。[phone]"),
    ]);
}

#[test]
fn what_is_no_telephone_number_stays() {
    check_untouched(&[
        "Order 1234567890 is late",
        "order number 0312345678",
        "order no. 13812345678",
        "my order ORD-0312345678",
        "注文番号は09012345678です",
        "注文番号0312345678",
        "订单号：13812345678",
        "주문번호 01012345678",
        "I paid $212-555-0123",
        "¥09012345678",
        "09012345678円",
        "on 2024-05-01 and 01-02-2024, 01.02.2024 12:30",
        "2024/05/01 10:30:45",
        "20240501123045",
        "1714567890123",
        "years 2019 2020 2021, 1999-2004",
        "1588-1234",
        "2020년 1800-1900원",
        "version 10.0.19041.1234",
        "ad-2500, 1080p, WH-1000XM4, SM-G991B, RTX 4090",
        "AB1234567890 and X09012345678Y",
        "ISBN 978-4-10-109205-8, ISBN 0306406152",
        "4901234567894",
        "tracking 1234567890123",
        "tracking number 123456789012",
        "追跡番号 1234-5678-9012",
        "お問い合わせ番号：123456789012",
        "1Z999AA10123456784",
        "it cost 1,234,567 or 1.234.567,89 or 12.345.678",
        "this phone costs 1.234.567",
        "a phone from 2019-2020",
        "I called 20240501",
        "my phone died after 3 days, 2 weeks, 1 month",
        "pi is 3.14159265358979, and 0.0612345678",
        "12345678901234567890123456789012345678901234567890",
        "+1234567 points, +10000000000 users, +0123456789",
        "https://example.org/p/0312345678",
        "1-2-3-4-5-6-7-8-9-0",
        "5 stars, 10/10, 100%, 24/7",
        "view.asp?bcode=T30001000&artid=A201412170703",
        "score 090-1234-5678-9",
        "C++11 18+ 2x4 1/2",
        "100 200 300 4000",
        "12 212 555 0123",
        "客服 2024 2025",
        "10:0901234567",
        "the recall of 1234567 cars",
    ]);
}

#[test]
fn a_label_that_asks_for_a_telephone_number_is_a_word_for_one() {
    let policy = crate::Policy::new(serde_json::from_str("{}").unwrap()).unwrap();
    let count = |text, label| crate::scan::find(text, label, &policy).len();
    assert_eq!(count("5551234", "What is your phone number?"), 1);
    assert_eq!(count("5551234", "contactPhone"), 1);
    assert_eq!(count("5551234", "お電話番号"), 1);
    assert_eq!(count("5551234", "How many?"), 0);
    assert_eq!(count("0312345678", "order_id"), 0);
}

#[test]
fn numbers_for_one_delivery_and_spanish_mobiles_are_found_and_companies_and_points_are_not() {
    check(&[
        ("0507-1234-5678로 전화", "[phone]로 전화"),
        ("mi móvil 612 345 678", "mi móvil [phone]"),
        ("movil: 612345678", "movil: [phone]"),
        ("我的電話是02-2345-6789,統編12345678", "我的電話是[phone],統編12345678"),
    ]);
    check_untouched(&["0123-4567-8901", "電話 統一編號12345678", "I reached 1234567", "송장 0507-1234-5678"]);
}
