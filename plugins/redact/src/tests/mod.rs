mod fields;
mod generated;
mod hostile;
mod ids;
mod numbers;
mod phones;

use sayso_plugin::{Effect, Field, Item, Plugin, Redaction};

use crate::{Redact, config::Policy, scan};

/// The text with every passage that the plugin finds replaced as the host does it.
fn redacted_with(config: &str, text: &str) -> String {
    let policy = Policy::new(serde_json::from_str(config).unwrap()).unwrap();
    let mut redacted = String::new();
    let mut rest = 0;
    for found in scan::find(text, "", &policy) {
        assert!(rest <= found.start && found.start < found.end, "{text}: {found:?}");
        redacted.push_str(&text[rest..found.start]);
        redacted.push_str(&format!("[{}]", found.class.as_str()));
        rest = found.end;
    }
    redacted + &text[rest..]
}

fn redacted(text: &str) -> String {
    redacted_with("{}", text)
}

/// Every text becomes what stands beside it; a text in which nothing is to be found stands beside itself.
fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|(text, expected)| {
            let found = redacted(text);
            (found != *expected).then(|| format!("\n{text}\n  became   {found}\n  expected {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

/// In none of the texts is anything to be found.
fn check_untouched(texts: &[&str]) {
    check(&texts.iter().map(|text| (*text, *text)).collect::<Vec<_>>());
}

fn run(item: &Item) -> Vec<Redaction> {
    let plugin = sayso_plugin::configure::<Redact>("{}").unwrap();
    let effects = sayso_plugin::process(&plugin, std::slice::from_ref(item)).remove(0).unwrap();
    effects
        .into_iter()
        .map(|effect| if let Effect::Redact(redaction) = effect { redaction } else { panic!() })
        .collect()
}

#[test]
fn what_is_found_in_text_and_title_becomes_a_redaction_with_its_bytes() {
    let mut item = Item::of_text("ja", "連絡はａｎｎ＠ｅｘａｍｐｌｅ．ｊｐまで");
    item.feedback.title = Some("Call 212-555-0123".into());
    let redactions = run(&item);
    let [text, title] = redactions.as_slice() else { panic!("{redactions:?}") };
    assert_eq!((&text.field, text.class.as_str()), (&Field::Text, "email"));
    assert_eq!(&item.feedback.text[text.span.range()], "ａｎｎ＠ｅｘａｍｐｌｅ．ｊｐ");
    assert_eq!((&title.field, title.class.as_str(), title.span.range()), (&Field::Title, "phone", 5..17));
}

#[test]
fn classes_that_are_not_configured_stay_and_hide_none_that_are() {
    let text = "ann@example.org, 090-1234-5678, 4111 1111 1111 1111";
    assert_eq!(redacted_with(r#"{"classes":["card"]}"#, text), "ann@example.org, 090-1234-5678, [card]");
    let text = "09012345678@example.org";
    assert_eq!(redacted_with(r#"{"classes":["phone"]}"#, text), "[phone]@example.org");
    assert_eq!(redacted(text), "[email]");
}

#[test]
fn what_the_configuration_keeps_stays_in_every_way_of_writing_it() {
    let config = r#"{"keep":["Support@Example.com","0120-123-456"]}"#;
    let kept = "Write to support@example.com or ＳＵＰＰＯＲＴ＠example.com, 0120 123 456, ０１２０ー１２３ー４５６, 0120123456.";
    assert_eq!(redacted_with(config, kept), kept);
    assert_eq!(redacted_with(config, "support%40example.com"), "support%40example.com");
    let others = "asupport@example.com support@example.com.au 0120-123-457";
    assert_eq!(redacted_with(config, others), "[email] [email] [phone]");
}

#[test]
fn a_configuration_that_does_not_fit_is_refused_with_the_key() {
    let refused = |config| sayso_plugin::configure::<Redact>(config).err().unwrap();
    assert!(refused(r#"{"classes":[]}"#).starts_with("`classes` is empty"));
    assert!(refused(r#"{"keep":["a@b.co"," - "]}"#).starts_with("`keep[1]`"));
    assert!(refused(r#"{"classes":["mail"]}"#).contains("mail"));
    assert!(refused(r#"{"kept":[]}"#).contains("kept"));
    assert!(refused(&format!(r#"{{"keep":[{}"a@b.co"]}}"#, r#""a@b.co","#.repeat(1000))).contains("1001"));
}

#[test]
fn the_schema_names_the_classes_and_keys_that_there_are() {
    let schema: serde_json::Value = serde_json::from_str(&Redact::config_schema()).unwrap();
    let classes = &schema["properties"]["classes"]["items"]["enum"];
    assert!(serde_json::from_value::<Vec<crate::config::Class>>(classes.clone()).unwrap().len() == 6);
    for example in schema["examples"].as_array().unwrap() {
        sayso_plugin::configure::<Redact>(&example.to_string()).map(drop).unwrap();
    }
}

#[test]
fn of_passages_that_overlap_the_longest_stays() {
    assert_eq!(redacted("a.09012345678.b@example.org"), "[email]");
    assert_eq!(redacted("5 4111 1111 1111 1111 12/27 123"), "5 [card] 12/27 123");
}
