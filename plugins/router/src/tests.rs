mod advocacy;
mod asking;
mod refused;

use sayso_plugin::{
    Answer, AnswerValue, Customer, CustomerValue, Details, Effect, FieldType, Item, Plugin, Rating, Route, Score,
    Survey, Tag, Urgency,
};
use serde_json::json;

use crate::Router;

fn routes_of(plugin: &Router, item: &Item) -> Vec<Route> {
    let route = |effect| match effect {
        Effect::Route(route) => route,
        other => panic!("{other:?}"),
    };
    sayso_plugin::process(plugin, std::slice::from_ref(item)).remove(0).unwrap().into_iter().map(route).collect()
}

/// The routes by the default rules.
fn routes(item: &Item) -> Vec<Route> {
    routes_of(&sayso_plugin::configure::<Router>("{}").unwrap(), item)
}

fn names(item: &Item) -> Vec<String> {
    routes(item).into_iter().map(|route| route.name).collect()
}

fn with_rule(when: &str) -> Result<Router, String> {
    let config = json!({"rules": [{"name": "r", "when": when, "route": "yes"}], "fallback": "no"});
    sayso_plugin::configure::<Router>(&config.to_string())
}

/// Whether a condition holds for an item.
fn holds(when: &str, item: &Item) -> bool {
    routes_of(&with_rule(when).unwrap(), item)[0].name == "yes"
}

fn error(when: &str) -> String {
    with_rule(when).err().unwrap_or_else(|| panic!("`{when}` is taken"))
}

fn felt(mut item: Item, value: f64, label: &str) -> Item {
    item.effects.push(Effect::Score(Score::whole("sentiment", value).label(label)));
    item
}

fn meant(mut item: Item, intents: &[&str], topics: &[&str]) -> Item {
    item.effects.extend(topics.iter().map(|name| Effect::Tag(Tag::topic(name, 0.8))));
    item.effects.extend(intents.iter().map(|name| Effect::Tag(Tag::intent(name, 0.8))));
    item
}

fn by(mut item: Item, customer: Customer) -> Item {
    item.feedback.customer = Some(customer);
    item
}

fn plain() -> Item {
    Item::of_text("en", "text")
}

/// Of an answer: its type, scale and value.
type Given = (FieldType, Option<(f64, f64)>, f64);

/// A survey with these answers.
fn survey(answers: &[Given]) -> Item {
    let mut item = plain();
    let answer = |(field_type, scale, value): &Given| Answer {
        field_id: "q1".into(),
        field_label: None,
        field_type: field_type.clone(),
        scale: *scale,
        value: AnswerValue::Number(*value),
    };
    let answers = answers.iter().map(answer).collect();
    item.feedback.details = Some(Details::Survey(Survey { answers, ..Survey::default() }));
    item
}

fn nps(value: f64) -> Item {
    survey(&[(FieldType::Nps, Some((0.0, 10.0)), value)])
}

#[test]
fn a_customer_of_forty_years_who_leaves_is_critical() {
    let customer = Customer { tenure_days: Some(40 * 365 + 10), ..Customer::default() };
    let routes = routes(&by(meant(plain(), &["churn_threat"], &[]), customer));
    let expected = Route {
        name: "retention".into(),
        rule: "retention-critical".into(),
        priority: 95,
        urgency: Urgency::Critical,
        reasons: vec!["churn_threat".into(), "tenure 40 y".into()],
    };
    assert_eq!(routes, [expected]);
}

#[test]
fn a_valuable_customer_who_leaves_is_critical() {
    let value = CustomerValue { clv: Some(12000.5), arr: None, currency: Some("USD".into()) };
    let customer = Customer { tenure_days: Some(30), value: Some(value), ..Customer::default() };
    let routes = routes(&by(meant(plain(), &["churn_threat"], &[]), customer));
    assert_eq!((routes[0].rule.as_str(), routes[0].priority), ("retention-critical", 95));
    assert_eq!(routes[0].reasons, ["churn_threat", "tenure 0 y", "lifetime value 12000.5 USD"]);
}

#[test]
fn another_customer_who_leaves_goes_to_retention_once() {
    let routes =
        routes(&by(meant(plain(), &["churn_threat"], &[]), Customer { tenure_days: Some(30), ..Customer::default() }));
    assert_eq!((routes.len(), routes[0].rule.as_str(), &routes[0].urgency), (1, "retention", &Urgency::High));
}

#[test]
fn a_contented_reviewer_who_sounds_like_leaving_stays() {
    let stars = |stars| meant(Item::of_review("en", "text", stars), &["churn_threat"], &[]);
    let valuable = Customer { tenure_days: Some(40 * 365), ..Customer::default() };
    for contented in [4.0, 5.0] {
        assert_eq!(names(&stars(contented)), ["archive"], "{contented}");
        assert_eq!(names(&by(stars(contented), valuable.clone())), ["archive"], "{contented}");
    }
    for less in [1.0, 2.0, 3.0] {
        assert!(names(&stars(less)).contains(&"retention".into()), "{less}");
    }
}

#[test]
fn a_customer_who_leaves_after_a_good_call_still_goes_to_retention() {
    let mut item = meant(note(None), &["churn_threat"], &[]);
    item.feedback.rating = Some(Rating { value: 5.0, min: 1.0, max: 5.0 });
    assert_eq!(names(&item), ["retention"], "the csat of a note is of the call");
}

#[test]
fn an_angry_review_without_an_answer_goes_to_care_and_the_public_reply() {
    let item = felt(Item::of_review("en", "text", 1.0), -0.7, "very_negative");
    assert_eq!(names(&item), ["care", "public-reply"]);
    let mut answered = item;
    if let Some(Details::Review(review)) = &mut answered.feedback.details {
        review.answered = true;
    }
    assert_eq!(names(&answered), ["care"]);
}

#[test]
fn a_review_in_an_unscored_language_is_routed_by_its_rating() {
    assert_eq!(names(&Item::of_review("th", "text", 1.0)), ["care", "public-reply"]);
    assert_eq!(names(&Item::of_review("th", "text", 5.0)), ["archive"]);
}

#[test]
fn a_wrong_label_does_not_overrule_a_good_rating() {
    for label in ["negative", "very_negative"] {
        for stars in [4.0, 5.0] {
            assert_eq!(names(&felt(Item::of_review("en", "text", stars), -0.5, label)), ["archive"], "{label} {stars}");
        }
        assert_eq!(names(&felt(nps(9.0), -0.5, label)), ["advocacy"], "{label}");
        assert_eq!(names(&felt(survey(&[(FieldType::Csat, None, 5.0)]), -0.5, label)), ["archive"], "{label}");
        assert_eq!(names(&felt(Item::of_review("en", "text", 3.0), -0.5, label)), ["care", "public-reply"], "{label}");
        assert_eq!(names(&felt(nps(8.0), -0.5, label)), ["care"], "{label}");
        assert_eq!(names(&felt(plain(), -0.5, label)), ["care"], "{label}");
        let mut of_the_call = felt(note(None), -0.5, label);
        of_the_call.feedback.rating = Some(Rating { value: 5.0, min: 1.0, max: 5.0 });
        assert_eq!(names(&of_the_call), ["care"], "{label}: the csat of a note is of the call");
    }
    let complains = meant(felt(Item::of_review("en", "text", 5.0), -0.5, "negative"), &["complaint"], &[]);
    assert_eq!(names(&complains), ["care"], "what is said outweighs the stars");
}

#[test]
fn danger_and_legal_threats_come_first_whatever_the_rating() {
    for (said, rule, priority, urgency) in
        [("safety", "care-safety", 95, Urgency::Critical), ("legal_threat", "care-legal", 85, Urgency::High)]
    {
        for item in [plain(), note(Some("resolved")), Item::of_review("en", "text", 5.0), nps(10.0)] {
            let route = routes(&meant(item, &[said], &[])).remove(0);
            let told = (route.name.as_str(), route.rule.as_str(), route.priority, route.reasons.as_slice());
            assert_eq!(told, ("care", rule, priority, &[said.to_owned()][..]));
            assert_eq!(route.urgency, urgency);
        }
    }
    let both = meant(plain(), &["churn_threat", "legal_threat", "safety"], &[]);
    let told: Vec<_> = routes(&both).into_iter().map(|route| route.rule).collect();
    assert_eq!(told, ["care-safety", "retention"]);
}

#[test]
fn a_survey_is_routed_by_its_csat() {
    let csat = |value| survey(&[(FieldType::Csat, Some((1.0, 5.0)), value)]);
    let routes = routes(&csat(1.0));
    assert_eq!((routes[0].name.as_str(), routes[0].reasons.as_slice()), ("care", &["rating 1".to_owned()][..]));
    assert_eq!(names(&csat(3.0)), ["archive"]);
    assert_eq!(names(&csat(5.0)), ["archive"]);
}

#[test]
fn the_rating_of_a_survey_is_its_own_or_its_lowest_csat_or_rating() {
    let answers = [
        (FieldType::Csat, None, 5.0),
        (FieldType::Rating, Some((0.0, 10.0)), 2.5),
        (FieldType::Csat, Some((1.0, 3.0)), 2.0),
        (FieldType::Ces, Some((1.0, 7.0)), 1.0),
        (FieldType::Number, None, 1.0),
    ];
    let mut item = survey(&answers);
    assert!(holds("rating == 0.25 && stars == 2.5", &item));
    item.feedback.rating = Some(Rating { value: 4.0, min: 1.0, max: 5.0 });
    assert!(holds("rating == 0.75 && stars == 4", &item));
    assert!(holds("rating == 0.5 && stars == 3", &survey(&[(FieldType::Rating, None, 3.0)])));
    for unrated in [survey(&[(FieldType::Ces, Some((1.0, 7.0)), 1.0)]), nps(3.0), survey(&[])] {
        assert!(holds("rating == null && stars == null", &unrated), "{unrated:?}");
    }
}

#[test]
fn detractors_go_to_care_with_their_score_as_reason() {
    let routes = routes(&nps(3.0));
    assert_eq!((routes[0].name.as_str(), routes[0].reasons.as_slice()), ("care", &["nps 3".to_string()][..]));
    assert_eq!(names(&nps(7.0)), ["archive"]);
}

#[test]
fn complaints_about_the_product_reach_the_product_team() {
    let item = meant(plain(), &["complaint"], &["app/stability"]);
    assert_eq!(names(&item), ["care", "product"]);
}

fn note(disposition: Option<&str>) -> Item {
    let mut item = Item::of_note("en", "text", &[]);
    if let Some(Details::CsrNote(note)) = &mut item.feedback.details {
        note.disposition = disposition.map(str::to_owned);
    }
    item
}

#[test]
fn a_note_whose_words_are_a_little_negative_goes_nowhere_until_they_are_clearly_so() {
    assert_eq!(names(&felt(note(None), -0.296, "negative")), ["archive"], "\"no answer\" is how agents write");
    assert_eq!(names(&felt(note(None), -0.4, "negative")), ["care"]);
    assert_eq!(names(&meant(felt(note(None), -0.2, "negative"), &["complaint"], &[])), ["care"]);
    assert_eq!(names(&felt(plain(), -0.2, "negative")), ["care"], "a customer's own words");
}

#[test]
fn an_escalated_note_is_urgent() {
    assert_eq!(routes(&note(Some("escalated")))[0].rule, "care-escalated");
}

#[test]
fn feedback_to_which_no_rule_applies_is_archived() {
    let routes = routes(&felt(plain(), 0.0, "neutral"));
    assert_eq!((routes.len(), routes[0].name.as_str(), routes[0].rule.as_str()), (1, "archive", "fallback"));
    assert_eq!(routes[0].reasons, ["no rule applies"]);
}

#[test]
fn every_variable_has_its_value() {
    let value = CustomerValue { clv: Some(5.0), arr: Some(6.0), currency: Some("EUR".into()) };
    let customer = Customer {
        id: Some("c1".into()),
        account_id: Some("a1".into()),
        account_type: Some("franchisee".into()),
        segment: Some("gold".into()),
        tenure_days: Some(400),
        value: Some(value),
    };
    let item = felt(
        by(meant(Item::of_review("en", "日本 x", 4.0), &["praise"], &["app/stability", "app/crash"]), customer),
        0.5,
        "positive",
    );
    let conditions = [
        "kind == 'review' && language == 'en' && label == 'positive' && text_length == 4",
        "scores.sentiment == 0.5 && scores['sentiment'] > 0.4 && has(scores.sentiment)",
        "'app/crash' in tags && size(tags) == 2 && areas == ['app'] && intents == ['praise']",
        "tags.exists(t, t.startsWith('app/')) && tags.all(t, t != 'x') && tags.filter(t, t.endsWith('crash')).size() == 1",
        "rating == 0.75 && stars == 4 && answered == false && verified == null",
        "customer.id == 'c1' && customer.account_id == 'a1' && customer.account_type == 'franchisee'",
        "customer.segment == 'gold' && customer.tenure_days / 365 == 1 && customer.clv + customer.arr == 11.0",
        "customer.currency in ['EUR', 'USD'] && has(customer.clv)",
        "channel == null && disposition == null && nps == null && !has(scores.churn_risk)",
    ];
    for condition in conditions {
        assert!(holds(condition, &item), "{condition}");
    }
    assert!(holds("nps == 9", &nps(9.0)));
}

#[test]
fn the_csat_of_a_note_is_its_rating() {
    let mut item = Item::of_note("en", "text", &[]);
    if let Some(Details::CsrNote(note)) = &mut item.feedback.details {
        note.channel = Some("phone".into());
    }
    item.feedback.rating = Some(Rating { value: 2.0, min: 1.0, max: 5.0 });
    assert!(holds("rating == 0.25 && stars == 2 && channel == 'phone' && kind == 'csr_note'", &item));
}

#[test]
fn a_comparison_with_null_decides_nothing() {
    for condition in
        ["rating < 0.5", "!(rating < 0.5)", "scores.none > 1.0", "customer.clv >= 0", "customer.segment > 'a'"]
    {
        assert!(!holds(condition, &plain()), "{condition}");
    }
    assert!(holds("rating < 0.5 || kind == 'survey'", &plain()));
    assert!(holds("kind == 'survey' || rating < 0.5", &plain()));
    assert!(holds("rating == null", &plain()));
}

#[test]
fn what_cannot_be_computed_for_an_item_does_not_apply() {
    assert!(!holds("text_length / (text_length - text_length) > 1", &plain()));
}

#[test]
fn rules_are_tried_in_order_and_the_first_assigns_a_route() {
    let rule =
        |name: &str, route: &str, stop: bool| json!({"name": name, "when": "true", "route": route, "stop": stop});
    let config =
        json!({"rules": [rule("a", "x", false), rule("b", "x", false), rule("c", "y", true), rule("d", "z", false)]});
    let router = sayso_plugin::configure::<Router>(&config.to_string()).unwrap();
    let rules: Vec<_> = routes_of(&router, &plain()).into_iter().map(|route| route.rule).collect();
    assert_eq!(rules, ["a", "c"]);
}

#[test]
fn the_default_rules_follow_the_configured_ones_where_asked() {
    let config = json!({"rules": [{"name": "a", "when": "false", "route": "x"}], "defaults": true});
    let router = sayso_plugin::configure::<Router>(&config.to_string()).unwrap();
    assert_eq!(routes_of(&router, &nps(9.0))[0].name, "advocacy");
}

#[test]
fn every_example_of_the_schema_is_a_configuration() {
    let schema: serde_json::Value = serde_json::from_str(&Router::config_schema()).unwrap();
    let examples = schema["examples"].as_array().unwrap();
    assert!(!examples.is_empty());
    for example in examples {
        assert!(sayso_plugin::configure::<Router>(&example.to_string()).is_ok(), "{example}");
    }
}
