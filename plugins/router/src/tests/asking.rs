//! Where requests and questions go.

use sayso_plugin::Item;

use super::{meant, names, note, plain, routes};

#[test]
fn what_a_customer_asks_for_reaches_care_until_it_is_resolved() {
    for disposition in [None, Some("pending")] {
        let asked = routes(&meant(note(disposition), &["request"], &["returns/refund"]));
        assert_eq!((asked.len(), asked[0].name.as_str(), asked[0].rule.as_str()), (1, "care", "care-request"));
        assert_eq!((asked[0].priority, asked[0].reasons.as_slice()), (45, &["request".to_owned()][..]));
    }
    assert_eq!(names(&meant(note(Some("resolved")), &["request"], &["returns/refund"])), ["archive"]);
    assert_eq!(names(&meant(plain(), &["request"], &[])), ["care"], "a wish about nothing known is read by somebody");
    assert_eq!(names(&meant(note(None), &["request"], &["store/experience"])), ["care"]);
}

#[test]
fn a_wish_about_the_product_alone_reaches_the_product_team_alone() {
    assert_eq!(names(&meant(plain(), &["request"], &["product/features"])), ["product"]);
    assert_eq!(names(&meant(note(None), &["request"], &["app/stability"])), ["product"]);
    assert_eq!(names(&meant(plain(), &["request"], &["app/stability", "billing/charge"])), ["care", "product"]);
    assert_eq!(names(&meant(plain(), &["request"], &["food/taste"])), ["archive"], "a suggestion to a restaurant");
    let review = || Item::of_review("en", "text", 4.0);
    assert_eq!(names(&meant(review(), &["request"], &[])), ["archive"], "often a suggestion to other readers");
    assert_eq!(names(&meant(review(), &["request"], &["returns/refund"])), ["care"]);
}

#[test]
fn a_question_in_a_survey_about_what_care_can_look_up_reaches_care() {
    for topic in ["delivery/missing", "returns/refund", "billing/charge", "account/access", "support/wait"] {
        let asked = routes(&meant(plain(), &["question"], &[topic]));
        assert_eq!((asked.len(), asked[0].name.as_str(), asked[0].rule.as_str()), (1, "care", "care-question"));
        assert_eq!((asked[0].priority, asked[0].reasons.as_slice()), (45, &["question".to_owned()][..]), "{topic}");
    }
    assert_eq!(names(&meant(plain(), &["question"], &[])), ["archive"], "\"???\"");
    assert_eq!(names(&meant(plain(), &["question"], &["food/taste"])), ["archive"]);
    let asks_readers = meant(Item::of_review("en", "text", 4.0), &["question"], &["delivery/speed"]);
    assert_eq!(names(&asks_readers), ["archive"], "often a question to other readers");
    assert_eq!(names(&meant(note(Some("resolved")), &["question"], &["delivery/speed"])), ["archive"]);
}
