//! What is told without a word of feeling: what went wrong, what was asked, emoji alone, and that there is nothing to say.

use super::{
    has, names,
    sense::{assert_with, assert_without},
};

#[test]
fn what_went_wrong_is_a_complaint_without_a_word_of_feeling() {
    let wrong = [
        ("en", "My order never arrived."),
        ("en", "I can't believe my order never arrived"),
        ("en", "It hasn't arrived"),
        ("en", "My food never came"),
        ("en", "Cust states pkg not recd"),
        ("en", "Customer has not received her package."),
        ("en", "I was overcharged."),
        ("en", "You billed me twice."),
        ("en", "Still not fixed after three visits."),
        ("en", "Still waiting for my refund"),
        ("en", "Nobody answers the phone"),
        ("en", "No one ever replied to me"),
        ("en", "The app keeps crashing"),
        ("en", "The chair fell apart"),
        ("en", "It stopped working after a week"),
        ("en", "Too expensive for what it is"),
        ("en", "I got the wrong size"),
        ("en", "The delivery was very late"),
        ("en", "I can't get through to anyone"),
        ("en", "Technician didnt show up"),
    ];
    assert_with("complaint", &wrong);
    let right = [
        ("en", "Never overcharged"),
        ("en", "I've never been charged twice"),
        ("en", "not too expensive"),
        ("en", "It has not stopped working"),
        ("en", "No missing parts"),
        ("en", "Called the guest, no one answered so I sent an SMS."),
        ("en", "Left voicemail, customer never called back."),
        ("en", "Customer never replied."),
        ("en", "I have never come across such kind staff"),
        ("en", "Never came across a nicer hotel"),
        ("en", "The pizza never arrived cold"),
        ("en", "No one came close to them"),
        ("en", "I've never received such good service"),
        ("en", "They never got my order wrong"),
        ("en", "I ordered the wrong size, my fault"),
        ("en", "I never called support, it works"),
        ("en", "The ribs fell apart in my mouth"),
        ("en", "I stopped working out"),
        ("en", "Charged twice a week and it lasts"),
        ("en", "Couldn't get through a day without it"),
        ("en", "Still waiting for the sequel!"),
    ];
    assert_without("complaint", &right);
}

#[test]
fn what_never_arrives_late_or_broken_is_not_missing() {
    for (text, expected) in [
        ("In ten years a parcel has never arrived late.", ["delivery/speed", "praise"]),
        ("My order never came late.", ["delivery/speed", "praise"]),
        ("They did not arrive late", ["delivery/speed", "praise"]),
        ("Nothing came broken.", ["delivery/damage", "praise"]),
        ("Never arrived damaged, always well packed.", ["delivery/damage", "praise"]),
        ("It has never arrived on time", ["delivery/speed", "complaint"]),
        ("It has not arrived", ["delivery/missing", "complaint"]),
    ] {
        assert_eq!(names("en", text), expected, "{text}");
    }
}

#[test]
fn an_emoji_alone_says_how_it_was() {
    for (text, expected) in [
        ("👎👎👎", "complaint"),
        ("😡", "complaint"),
        ("🤬 never ever", "complaint"),
        ("👍🏽", "praise"),
        ("❤\u{FE0F}", "praise"),
        ("no problem 👏", "praise"),
    ] {
        assert_eq!(names("en", text), [expected], "{text}");
    }
    assert!(has("ja", "😡", "complaint"), "emoji are of no language");
    assert_eq!(names("en", "Please fix this 😡"), ["complaint", "request"], "only the mark of a question is dropped");
}

#[test]
fn who_has_nothing_to_ask_for_asks_for_nothing() {
    let nothing = [
        ("en", "No suggestions"),
        ("en", "I have no other suggestions"),
        ("ja", "改善点はありません"),
        ("ja", "特に改善してほしい点はありません"),
        ("ja", "要望はありません"),
        ("ja", "特に要望なし"),
        ("ko", "개선할 점 없음"),
        ("ko", "요청사항은 없습니다"),
        ("zh", "没有什么要改进的"),
        ("zh", "没有建议"),
        ("zh", "沒有什麼建議"),
    ];
    assert_without("request", &nothing);
    let asks = [
        ("en", "A suggestion: open earlier"),
        ("ja", "改善点は特に接客です"),
        ("ja", "要望があります"),
        ("ko", "개선해 주세요"),
        ("zh", "我有一个建议"),
    ];
    assert_with("request", &asks);
}

#[test]
fn customers_are_called_otherwise_elsewhere() {
    let asks = [
        ("en", "Patient requests a call back."),
        ("en", "Member requesting a new card."),
        ("en", "User asks to reset password."),
        ("en", "Tenant wants the boiler looked at"),
    ];
    assert_with("request", &asks);
    assert_with("complaint", &[("en", "Passenger very upset"), ("en", "Patient angry")]);
    assert_with("question", &[("en", "Subscriber asked when the line is back")]);
    assert_without("complaint", &[("en", "Patient and kind nurses"), ("en", "The angry user guide")]);
    assert_eq!(names("en", "Caller wants to know when it comes"), ["question"], "to want to know is to ask");
}

#[test]
fn customers_ask_for_themselves() {
    let asks = [
        ("en", "I need help with my bill."),
        ("en", "I need a new card."),
        ("en", "Refund please."),
        ("en", "I'd like to change my address."),
        ("en", "I want to return my shoes."),
    ];
    assert_with("request", &asks);
    let tells = [
        ("en", "Always there when I need help."),
        ("en", "I don't want to return the shoes"),
        ("en", "I needed a new couch"),
        ("en", "Patient wants to thank nurse Adaeze"),
    ];
    assert_without("request", &tells);
}
