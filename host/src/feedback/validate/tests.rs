use proptest::prelude::*;

use super::*;
use crate::feedback::canonical;

const LIMITS: Limits = Limits { item_bytes: 1 << 20, text_bytes: 256 << 10 };

fn accepted(json: &str) -> Feedback {
    validate(json.as_bytes(), &LIMITS).unwrap_or_else(|invalid| panic!("{json}: {invalid}"))
}

/// The fields that are refused, with their messages.
fn refused(json: &str) -> Vec<(String, String)> {
    match validate(json.as_bytes(), &LIMITS) {
        Err(Invalid::Fields(errors)) => errors.into_iter().map(|error| (error.field, error.message)).collect(),
        other => panic!("{json}: {other:?}"),
    }
}

fn refused_field(json: &str) -> (String, String) {
    let mut errors = refused(json);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

#[track_caller]
fn names(json: &str, field: &str, words: &[&str]) {
    let (found, message) = refused_field(json);
    assert_eq!(found, field, "{message}");
    for word in words {
        assert!(message.contains(word), "`{word}` is missing in: {message}");
    }
}

#[test]
fn the_least_feedback_of_every_kind_is_accepted() {
    accepted(r#"{"kind":"review","rating":{"value":4}}"#);
    accepted(r#"{"kind":"survey","answers":[{"field_id":"q","field_type":"nps","value":9}]}"#);
    accepted(r#"{"kind":"csr_note","text":"Customer called about the invoice."}"#);
    accepted(" {\"kind\":\"csr_note\",\"csat\":{\"value\":2}}\n");
}

#[test]
fn everything_of_the_reference_is_accepted() {
    accepted(
        r#"{"kind":"survey","external_id":"e1","source":{"type":"typeform","id":"lT4Z3j","name":"After sale","url":"https://x.example/"},
        "collected_at":"2026-05-01T08:00:00+09:00","language":"ja","title":null,"text":"とても良い",
        "customer":{"id":"c1","email":"a@example.org","account_id":"a9","account_type":"franchisee","segment":"gold",
        "since":"2010-05-01","value":{"clv":12000,"arr":0,"currency":"USD"}},"metadata":{"a":[1,{"b":null}]},
        "survey_id":"s","response_status":"completed","answers":[
        {"field_id":"a","field_label":"How?","field_type":"csat","scale":{"min":1,"max":7},"value":6.5},
        {"field_id":"b","field_type":"ces","value":3},{"field_id":"c","field_type":"rating","scale":{"min":0,"max":10},"value":0},
        {"field_id":"d","field_type":"text","value":""},{"field_id":"e","field_type":"categorical","value":["x","y"]},
        {"field_id":"f","field_type":"number","value":-1e300},{"field_id":"g","field_type":"boolean","value":false},
        {"field_id":"h","field_type":"date","value":"2026-05-01"},{"field_id":"i","field_type":"date","value":"2026-05-01T08:00:00Z"}]}"#,
    );
    accepted(
        r#"{"kind":"review","title":"Fine","rating":{"value":8,"min":0,"max":10},"product":{"id":"p","version":"2"},"location_id":"l",
        "order_ref":"o","verified":true,"author_name":"Ann","territory":"DE","helpful":{"up":3},"public_reply":{"text":"Thanks","at":"2026-05-02T00:00:00Z"}}"#,
    );
    accepted(
        r#"{"kind":"csr_note","text":"Angry.","case_id":"c","agent":{"id":"a","team":"t"},"channel":"phone","direction":"inbound",
        "visibility":"internal","disposition":"escalated","handle_time_s":300,"contact_reason":"refund","csat":{"value":1},"author_role":"agent"}"#,
    );
}

#[test]
fn the_open_answers_are_the_text_of_a_survey_without_one() {
    let survey = |text: &str| {
        format!(
            r#"{{"kind":"survey","text":"{text}","answers":[{{"field_id":"a","field_type":"text","value":" first "}},
            {{"field_id":"b","field_type":"nps","value":3}},{{"field_id":"c","field_type":"text","value":" "}},
            {{"field_id":"d","field_type":"text","value":"second"}}]}}"#
        )
    };
    assert_eq!(accepted(&survey("")).text, "first\nsecond");
    assert_eq!(accepted(&survey("own words")).text, "own words");
}

#[test]
fn what_the_server_gives_is_refused() {
    for (name, value) in [
        ("id", "\"0190a5c8-0000-7000-8000-000000000000\""),
        ("id", "\"mine\""),
        ("revision", "3"),
        ("received_at", "\"2026-01-01T00:00:00Z\""),
    ] {
        names(&format!(r#"{{"kind":"review","text":"x","{name}":{value}}}"#), name, &["given by the server"]);
    }
}

#[test]
fn an_unknown_field_is_named_with_the_one_that_was_meant() {
    names(
        r#"{"kind":"review","text":"x","langauge":"en"}"#,
        "langauge",
        &["not a known field", "did you mean `language`"],
    );
    names(r#"{"kind":"review","content":"x"}"#, "content", &["did you mean `text`"]);
    names(r#"{"kind":"review","text":"x","stars":4}"#, "stars", &["did you mean `rating`"]);
    names(r#"{"kind":"review","text":"x","email":"a@b.c"}"#, "email", &["did you mean `customer.email`"]);
    names(r#"{"kind":"review","text":"x","rating":{"value":1,"stars":5}}"#, "rating.stars", &["known here: `value`"]);
    names(r#"{"kind":"review","rating":{"value":1,"maximum":5}}"#, "rating.maximum", &["did you mean `max`"]);
    names(r#"{"kind":"review","text":"x","zzzz":1}"#, "zzzz", &["known here", "`customer`", "`. Your own data goes"]);
    let (_, message) = refused_field(r#"{"kind":"review","text":"x","revsion":1}"#);
    assert!(!message.contains("`revision`") && !message.contains("`received_at`"), "{message}");
}

#[test]
fn all_fields_that_are_wrong_are_named_at_once() {
    let fields = |json: &str| refused(json).into_iter().map(|(field, _)| field).collect::<Vec<_>>();
    assert_eq!(
        fields(
            r#"{"kind":"review","stars":4,"text":5,"rating":{"value":"4","stars":5},"langauge":"en","source":{"typ":1}}"#
        ),
        ["stars", "langauge", "rating.stars", "rating.value", "source.typ", "text"]
    );
    let missing = fields(r#"{"stars":4,"answers":[{"field_id":"a","feild":1,"field_type":"nps","value":1}]}"#);
    assert_eq!(missing, ["stars", "answers[0].feild", "kind"]);
    assert_eq!(fields(r#"{"kind":"reviw","text":"x","stars":4}"#), ["kind", "stars"]);
    assert_eq!(fields(r#"{"kind":"review","answers":[1,{"x":2}]}"#), ["answers[0]"], "what follows moves up");
    let many = (0..40).map(|number| format!(r#""x{number}":1,"#)).collect::<String>();
    assert_eq!(fields(&format!(r#"{{{many}"kind":"review"}}"#)).len(), 8);
}

#[test]
fn of_a_field_with_an_endless_name_the_beginning_is_named() {
    let (field, message) = refused_field(&format!(r#"{{"kind":"review","text":"x","{}":1}}"#, "t".repeat(40_000)));
    assert!(field.starts_with("ttt") && field.ends_with("t…") && field.len() < 200, "{field}");
    assert!(message.contains("known here") && message.len() < 1_000, "{message}");
}

#[test]
fn a_wrong_type_is_named_with_what_was_found_and_what_is_allowed() {
    names(r#"{"kind":"review","rating":{"value":"four"}}"#, "rating.value", &["the text \"four\"", "a number"]);
    names(r#"{"kind":"review","text":5}"#, "text", &["the number 5", "text"]);
    names(r#"{"kind":"review","text":null}"#, "text", &["null", "leave the field out"]);
    names(r#"{"kind":"review","text":"x","verified":"yes"}"#, "verified", &["true or false"]);
    names(
        r#"{"kind":"review","text":"x","helpful":{"up":-1}}"#,
        "helpful.up",
        &["the number -1", "whole number from 0"],
    );
    names(r#"{"kind":"review","text":"x","customer":"ann"}"#, "customer", &["the text \"ann\"", "an object"]);
    names(r#"{"kind":"review","rating":4}"#, "rating", &["the number 4", r#"an object, such as {"value": 4}"#]);
    names(r#"{"kind":"review","text":"x","source":null}"#, "source", &["leave the field out where there is none"]);
    names(r#"{"kind":"survey","answers":{}}"#, "answers", &["an object", "a list, such as [{\"field_id\""]);
    names(
        r#"{"kind":"survey","answers":[{"field_id":"a","field_type":"nps","value":1},{"field_type":"nps","value":1}]}"#,
        "answers[1].field_id",
        &["missing"],
    );
    names(r#"{"kind":"review","text":"x","collected_at":"yesterday"}"#, "collected_at", &[]);
}

#[test]
fn a_time_of_another_form_is_refused_with_the_one_to_write() {
    for time in
        ["2026-05-01", "01.05.2026", "2026-05-01 10:00:00", "yesterday", "", "9999-12-31", "9999-12-31T23:59:59Z"]
    {
        for (name, feedback) in [
            ("collected_at", format!(r#"{{"kind":"review","text":"x","collected_at":"{time}"}}"#)),
            (
                "public_reply.at",
                format!(r#"{{"kind":"review","text":"x","public_reply":{{"text":"y","at":"{time}"}}}}"#),
            ),
        ] {
            names(&feedback, name, &["RFC 3339", "`2026-05-01T10:00:00Z`"]);
            let (_, message) = refused_field(&feedback);
            assert!(!message.contains('…') && !message.contains("component"), "{message}");
        }
    }
    names(r#"{"kind":"review","text":"x","collected_at":1777629600}"#, "collected_at", &["RFC 3339"]);
}

#[test]
fn an_unknown_kind_is_named_with_the_known_ones() {
    names(
        r#"{"kind":"reviw","text":"x"}"#,
        "kind",
        &["`reviw`", "`survey`, `review`, `csr_note`", "did you mean `review`"],
    );
    names(r#"{"text":"x"}"#, "kind", &["missing", "`csr_note`"]);
}

#[test]
fn a_field_of_another_kind_is_refused_with_the_kind_that_has_it() {
    let errors = refused(r#"{"kind":"csr_note","text":"x","rating":{"value":3},"survey_id":"s","channel":"chat"}"#);
    assert_eq!(errors.iter().map(|(field, _)| &**field).collect::<Vec<_>>(), ["survey_id", "rating"]);
    assert!(errors[1].1.contains("`review`") && errors[1].1.contains("`csr_note`"), "{errors:?}");
}

#[test]
fn a_rating_outside_its_scale_is_refused() {
    names(r#"{"kind":"review","rating":{"value":7}}"#, "rating.value", &["7 is outside the scale 1 to 5"]);
    names(
        r#"{"kind":"review","rating":{"value":0.5,"min":1,"max":10}}"#,
        "rating.value",
        &["0.5 is outside the scale 1 to 10"],
    );
    names(r#"{"kind":"review","rating":{"value":3,"min":5,"max":5}}"#, "rating.min", &["not below"]);
    names(r#"{"kind":"csr_note","csat":{"value":6}}"#, "csat.value", &["outside"]);
}

#[test]
fn an_answer_has_to_fit_its_type_and_scale() {
    let answer = |rest: &str| format!(r#"{{"kind":"survey","answers":[{{"field_id":"q",{rest}}}]}}"#);
    for (rest, word) in [
        (r#""field_type":"nps","value":11"#, "0 to 10"),
        (r#""field_type":"nps","value":7.5"#, "whole number"),
        (r#""field_type":"nps","value":"9""#, "whole number"),
        (r#""field_type":"csat","scale":{"min":1,"max":5},"value":6"#, "outside the scale 1 to 5"),
        (r#""field_type":"ces","value":"easy""#, "is a number"),
        (r#""field_type":"text","value":3"#, "is text"),
        (r#""field_type":"boolean","value":"yes""#, "true or false"),
        (r#""field_type":"categorical","value":[1]"#, "list of texts"),
        (r#""field_type":"date","value":"1st of May""#, "is a date"),
        (r#""field_type":"number","value":null"#, "is a number"),
    ] {
        names(&answer(rest), "answers[0].value", &[word]);
    }
    names(&answer(r#""field_type":"nps","scale":{"min":1,"max":5},"value":3"#), "answers[0].scale", &["0 to 10"]);
    names(&answer(r#""field_type":"text","scale":{"min":1,"max":5},"value":"x""#), "answers[0].scale", &["no scale"]);
    names(&answer(r#""field_type":"rating","scale":{"min":5,"max":1},"value":3"#), "answers[0].scale", &["not below"]);
}

#[test]
fn every_rule_that_is_broken_is_reported_at_once() {
    let errors = refused(
        r#"{"kind":"review","external_id":"","source":{"type":"a\u0007b"},"language":"english language","rating":{"value":9},
        "customer":{"value":{"currency":"EURO"}},"product":{"id":""}}"#,
    );
    let fields: Vec<_> = errors.iter().map(|(field, _)| &**field).collect();
    assert_eq!(
        fields,
        ["external_id", "source.type", "language", "customer.value.currency", "rating.value", "product.id"]
    );
}

#[test]
fn lengths_are_limited_and_the_limit_is_named() {
    let long = "x".repeat(300 << 10);
    names(&format!(r#"{{"kind":"review","text":"{long}"}}"#), "text", &["307200", "262144", "server.max_text_bytes"]);
    names(
        &format!(r#"{{"kind":"review","text":"x","external_id":"{}"}}"#, &long[..513]),
        "external_id",
        &["513", "512"],
    );
    names(
        &format!(r#"{{"kind":"review","text":"x","metadata":{{"a":"{}"}}}}"#, &long[..66_000]),
        "metadata",
        &["65536"],
    );
    let part = &long[..150 << 10];
    let answers = format!(r#"{{"field_id":"a","field_type":"text","value":"{part}"}}"#);
    names(&format!(r#"{{"kind":"survey","answers":[{answers},{answers}]}}"#), "answers", &["server.max_text_bytes"]);
    let whole = format!(r#"{{"kind":"review","text":"{}"}}"#, "x".repeat(1 << 20));
    assert_eq!(validate(whole.as_bytes(), &LIMITS), Err(Invalid::TooLarge { max: 1 << 20 }));
}

#[test]
fn feedback_that_says_nothing_is_refused() {
    names(r#"{"kind":"review"}"#, "text", &["`rating`"]);
    names(r#"{"kind":"survey","text":" \n"}"#, "text", &["`answers`"]);
    names(r#"{"kind":"csr_note","title":""}"#, "text", &["`csat`"]);
}

#[test]
fn a_nul_is_refused_wherever_it_stands_and_named() {
    names(r#"{"kind":"review","text":"a\u0000b"}"#, "text", &["NUL"]);
    names(r#"{"kind":"review","text":"x","metadata":{"a":{"b":["c","\u0000"]}}}"#, "metadata.a.b[1]", &["NUL"]);
    let large = r#"{"kind":"review","text":"x","metadata":{"a":[1, 20000000000000000001]}}"#;
    names(large, "metadata.a[1]", &["digits", "as text"]);
    names(r#"{"kind":"review","text":"x","metadata":{"a\u0000":1}}"#, "metadata.a\u{2400}", &["NUL", "name"]);
    names("{\"kind\":\"review\",\"text\":\"a\0b\"}", "text", &["NUL byte"]);
    assert_eq!(accepted(r#"{"kind":"review","text":"a\\u0000b"}"#).text, "a\\u0000b");
}

#[test]
fn bytes_that_are_not_utf8_are_named_by_their_position() {
    let invalid = validate(b"{\"kind\":\"review\",\"text\":\"\xff\"}", &LIMITS);
    assert_eq!(invalid, Err(Invalid::Encoding { position: 25 }));
}

#[test]
fn what_is_not_json_is_named_by_line_and_column() {
    for (json, place) in [
        ("{\"kind\":\"review\",\n\"text\":}", (2, 8)),
        ("{\"kind\":\"review\"", (1, 16)),
        ("{\"kind\":\"review\",\"text\":\"x\"} {}", (1, 30)),
        ("", (1, 0)),
    ] {
        match validate(json.as_bytes(), &LIMITS) {
            Err(Invalid::Syntax { line, column, .. }) => assert_eq!((line, column), place, "{json}"),
            other => panic!("{json}: {other:?}"),
        }
    }
    let deep = format!(r#"{{"kind":"review","text":"x","metadata":{{"a":{}}}}}"#, "[".repeat(100_000));
    assert!(matches!(validate(deep.as_bytes(), &LIMITS), Err(Invalid::Syntax { .. })));
}

#[test]
fn what_is_json_but_no_object_is_told_what_one_looks_like() {
    for json in ["[]", "42", "null", "\"review\"", "[null,1]"] {
        names(json, "", &["JSON object"]);
    }
}

#[test]
fn a_long_value_is_not_repeated_in_full() {
    let (_, message) = refused_field(&format!(r#"{{"kind":"{}","text":"x"}}"#, "é".repeat(5000)));
    assert!(message.len() < 400, "{} bytes", message.len());
}

#[test]
fn language_tags_are_checked_by_their_form() {
    for tag in ["en", "ja", "pt-BR", "zh-Hant-TW", "sr-Latn", "x-klingon", "und", "de-CH-1996"] {
        accepted(&format!(r#"{{"kind":"review","text":"x","language":"{tag}"}}"#));
    }
    for tag in ["", "e", "en_US", "en-", "日本語", "en-toolongsubtag", "12"] {
        names(&format!(r#"{{"kind":"review","text":"x","language":"{tag}"}}"#), "language", &["BCP 47"]);
    }
}

/// Text that looks like the JSON of feedback, now and then broken.
fn nearly_feedback() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).expect("is text")),
        Just(r#"{"value":3,"min":1,"max":5}"#.to_owned()),
        Just(r#"[{"field_id":"a","field_type":"text","value":"x"}]"#.to_owned()),
        Just("\"2026-05-01T08:00:00Z\"".to_owned()),
        Just(r#"{"id":"c","value":{"clv":0.1}}"#.to_owned()),
    ];
    let name = prop_oneof![
        4 => prop::sample::select(vec!["text", "title", "metadata", "rating", "answers", "customer", "collected_at", "language", "csat", "external_id"]),
        1 => Just("nonsense"),
    ];
    let kind = prop::sample::select(vec!["review", "survey", "csr_note"]);
    (kind, prop::collection::btree_map(name, value, 0..5)).prop_map(|(kind, fields)| {
        let fields: String = fields.iter().map(|(name, value)| format!(",\"{name}\":{value}")).collect();
        format!("{{\"kind\":\"{kind}\"{fields}}}")
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(validate(&bytes, &LIMITS));
    }

    #[test]
    fn no_damage_to_feedback_makes_it_panic(json in nearly_feedback(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = json.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        drop(validate(&bytes, &LIMITS));
    }

    #[test]
    fn what_is_accepted_reads_back_as_the_same(json in nearly_feedback()) {
        if let Ok(feedback) = validate(json.as_bytes(), &LIMITS) {
            let first = canonical(&feedback);
            let back = validate_own(&first.body);
            prop_assert_eq!(&back, &feedback);
            prop_assert_eq!(canonical(&back).digest(), first.digest());
        }
    }
}

/// Reads canonical JSON, whose server fields are at their defaults.
fn validate_own(body: &[u8]) -> Feedback {
    let feedback: Feedback = serde_json::from_slice(body).expect("is feedback");
    assert_eq!(validate(body, &LIMITS).as_ref(), Ok(&feedback));
    feedback
}

#[test]
fn the_forms_that_messages_show_are_taken() {
    for (field, form) in shape::FORMS {
        let kind = match field {
            "csat" | "agent" => "csr_note",
            "answers" => "survey",
            _ => "review",
        };
        accepted(&format!(r#"{{"kind":"{kind}","text":"x","{field}":{form}}}"#));
    }
}

#[test]
fn a_value_of_another_type_in_the_place_of_a_word_is_told_by_its_field_and_no_other_form_of_the_word_is_taken() {
    names(r#"{"kind":5,"text":"x"}"#, "kind", &["the number 5", "one of `survey`, `review`, `csr_note`"]);
    names(r#"{"kind":null,"text":"x"}"#, "kind", &["null"]);
    names(r#"{"kind":{"review":null},"text":"x"}"#, "kind", &["an object"]);
    names(r#"{"kind":"csr_note","text":"x","channel":[]}"#, "channel", &["a list"]);
    names(r#"{"kind":"csr_note","text":"x","channel":{"phone":null}}"#, "channel", &["an object"]);
    names(r#"{"kind":"reviw","text":"x"}"#, "kind", &["`reviw`", "did you mean `review`?"]);
}
