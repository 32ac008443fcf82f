//! Who goes to advocacy.

use sayso_plugin::{FieldType, Item};

use super::{felt, meant, names, note, nps, plain, survey};

#[test]
fn promoters_and_those_who_refer_go_to_advocacy() {
    assert_eq!(names(&nps(9.0)), ["advocacy"]);
    assert_eq!(names(&meant(plain(), &["referral"], &[])), ["advocacy"]);
    assert_eq!(names(&felt(plain(), 0.8, "very_positive")), ["advocacy"]);
}

#[test]
fn critics_who_speak_of_a_recommendation_do_not_go_to_advocacy() {
    let referring = |item| names(&meant(item, &["referral"], &[])).contains(&"advocacy".into());
    for critic in [Item::of_review("en", "text", 2.0), nps(3.0), nps(6.0), survey(&[(FieldType::Csat, None, 2.0)])] {
        assert!(!referring(critic.clone()), "{critic:?}");
    }
    for other in [Item::of_review("en", "text", 3.0), nps(7.0), survey(&[(FieldType::Csat, None, 4.0)]), plain()] {
        assert!(referring(other.clone()), "{other:?}");
    }
}

#[test]
fn a_full_rating_with_praise_goes_to_advocacy() {
    let review = |stars, label| felt(Item::of_review("en", "text", stars), 0.5, label);
    assert_eq!(names(&review(5.0, "positive")), ["advocacy"]);
    for other in [review(4.0, "positive"), review(5.0, "neutral"), felt(plain(), 0.5, "positive")] {
        assert_eq!(names(&other), ["archive"], "{other:?}");
    }
    for said in ["safety", "legal_threat"] {
        assert_eq!(names(&meant(review(5.0, "positive"), &[said], &[])), ["care"], "{said}");
    }
}

#[test]
fn full_praise_that_speaks_of_trouble_goes_to_care_and_to_advocacy() {
    // "My phone was broken, and they replaced it while I had coffee."
    let reviewer = felt(Item::of_review("en", "text", 5.0), 0.5, "positive");
    let promoter = felt(nps(10.0), 0.5, "positive");
    for item in [reviewer, promoter, meant(nps(9.0), &["praise"], &[])] {
        let mut of_trouble = names(&meant(item, &["complaint", "praise"], &[]));
        of_trouble.sort_unstable();
        assert_eq!(of_trouble, ["advocacy", "care"]);
    }
    let leaving = meant(felt(Item::of_review("en", "text", 5.0), 0.5, "positive"), &["churn_threat"], &[]);
    assert_eq!(names(&leaving), ["advocacy"], "\"We are leaving happy and full\"");
}

#[test]
fn a_promoter_who_complains_threatens_or_leaves_does_not_go_to_advocacy() {
    for (said, route) in
        [("complaint", "care"), ("safety", "care"), ("legal_threat", "care"), ("churn_threat", "retention")]
    {
        for item in [nps(10.0), felt(nps(7.0), 0.8, "very_positive"), meant(plain(), &["referral"], &[])] {
            assert_eq!(names(&meant(item, &[said], &[])), [route], "{said}");
        }
    }
}

#[test]
fn praise_beside_a_low_score_goes_to_care_alone() {
    assert_eq!(names(&felt(nps(0.0), 0.8, "very_positive")), ["care"], "one of the two is a slip");
    assert_eq!(names(&felt(nps(7.0), 0.8, "very_positive")), ["advocacy"]);
}

#[test]
fn the_kind_words_and_the_advice_of_an_agent_are_no_advocacy() {
    assert_eq!(names(&felt(note(None), 0.8, "very_positive")), ["archive"], "\"Happy to help. Best regards\"");
    assert_eq!(names(&meant(note(None), &["referral"], &[])), ["archive"], "\"Recommended a factory reset\"");
}
