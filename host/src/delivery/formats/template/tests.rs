//! Templates as operators write them, and as attackers would.

use std::time::Instant;

use serde_json::{Value as Json, json};

use super::*;
use crate::delivery::formats::{JSON, samples::Sample};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain");

fn compiled(source: &str, content_type: HeaderValue) -> Result<Template, String> {
    Template::checked(source, content_type, Vec::new())
}

fn sample(body: &Json) -> Sample {
    Sample { event: "feedback.analyzed", name: "one".into(), body: serde_json::to_vec(body).unwrap().into() }
}

/// What comes out for an event.
fn rendered(source: &str, content_type: HeaderValue, event: &Json) -> Result<String, String> {
    let template = compiled(source, content_type)?;
    let body = template.render(&serde_json::to_vec(event).unwrap());
    body.map(|body| String::from_utf8(body.to_vec()).unwrap()).map_err(|failure| template.describe(&failure, None))
}

/// The JSON that comes out for an event with this text.
fn json_of(source: &str, text: &str) -> Json {
    let event = json!({ "data": { "feedback": { "text": text } } });
    serde_json::from_str(&rendered(source, JSON, &event).unwrap_or_else(|why| panic!("{source}: {why}"))).unwrap()
}

/// Why a template does not render for an event of a few fields.
fn failure(source: &str) -> String {
    let tags = json!([{ "name": "a" }, { "name": "b" }]);
    let event = json!({ "data": { "tags": tags, "feedback": { "text": "late" } } });
    rendered(source, TEXT, &event).map(|output| output.len()).expect_err(source)
}

#[test]
fn values_are_written_as_json_where_the_content_type_is_json() {
    let event = json!({ "type": "t", "data": { "n": 1.5, "tags": ["a", "b"], "none": null } });
    let source = r#"{"kind": {{ type }}, "n": {{ data.n }}, "tags": {{ data.tags }}, "none": {{ data.none }},
        "all": {{ data|tojson }}, "line": {{ "n is " ~ data.n }}, "joined": {{ data.tags|join(", ") }},
        "made": {{ {"a": data.n} }}, "percent": {{ (data.n * 100)|round }}}"#;
    let output: Json = serde_json::from_str(&rendered(source, JSON, &event).unwrap()).unwrap();
    let expected = json!({
        "kind": "t", "n": 1.5, "tags": ["a", "b"], "none": null, "all": event["data"], "line": "n is 1.5",
        "joined": "a, b", "made": { "a": 1.5 }, "percent": 150.0,
    });
    assert_eq!(output, expected);
}

#[test]
fn no_text_of_a_customer_breaks_out_of_its_place_in_json() {
    for text in [
        r#"","admin":true,"x":""#,
        r"\",
        r#"\",\"admin\":true,\"x\":\""#,
        "line\nline\r\u{0}\u{1b}\u{2028}",
        "{{ data }} {% raw %} {# x #}",
        "</script><!channel>&'",
        "\u{d7ff}\u{e000}\u{10ffff}",
        "",
        &"\"\\".repeat(50_000),
    ] {
        for source in [
            r#"{"text": {{ data.feedback.text }}}"#,
            r#"{"text": {{ data.feedback.text|tojson }}}"#,
            r#"{"text": {{ data.feedback.text ~ "" }}}"#,
            r#"{"text": {{ [data.feedback.text]|join("") }}}"#,
            r#"{% set text = data.feedback.text %}{"text": {{ text }}}"#,
            r#"{% set text %}{{ data.feedback.text }}{% endset %}{"text": {{ text }}}"#,
            r#"{% with text = data.feedback.text %}{"text": {{ text|default("none") }}}{% endwith %}"#,
        ] {
            assert_eq!(json_of(source, text), json!({ "text": text }), "{source}");
        }
    }
}

#[test]
fn there_is_no_way_around_the_escaping_of_json() {
    for (source, expected) in [
        ("{{ data.feedback.text|safe }}", "unknown filter"),
        ("{{ data.feedback.text|escape }}", "unknown filter"),
        ("{% autoescape false %}{{ data.feedback.text }}{% endautoescape %}", "take `autoescape` out"),
        ("\"{{ data.feedback.text }}\"", "is no JSON"),
    ] {
        let event = json!({ "data": { "feedback": { "text": "late" } } });
        let why = rendered(source, JSON, &event).expect_err(source);
        assert!(why.contains(expected), "{source}: {why}");
    }
}

#[test]
fn markup_is_escaped_and_plain_text_is_plain() {
    let event = json!({ "data": "<b>\"&'" });
    for content_type in ["text/html", "application/xml; charset=utf-8", "application/atom+xml"] {
        let content_type = HeaderValue::from_static(content_type);
        assert_eq!(rendered("<p>{{ data }}", content_type, &event).unwrap(), "<p>&lt;b&gt;&quot;&amp;&#x27;");
    }
    assert_eq!(rendered("{{ data }}", TEXT, &event).unwrap(), "<b>\"&'");
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    assert_eq!(rendered("text={{ data|urlencode }}", form, &event).unwrap(), "text=%3Cb%3E%22%26%27");
}

#[test]
fn a_template_that_does_not_go_with_a_sample_is_refused_with_line_and_place() {
    let samples = || vec![sample(&json!({ "data": { "feedback": { "text": "late" } } }))];
    for (source, expected) in [
        ("{\"a\": 1,\n\"b\": {{ data.feedback.rating }}}", "line 2: `data.feedback.rating` is undefined"),
        ("\n\n{{ data.feedback.rating.value }}", "line 3: `data.feedback.rating` is undefined"),
        ("{% if data.feedback.title %}1{% endif %}", "line 1: `data.feedback.title` is undefined"),
        ("{% for tag in data.tags %}1{% endfor %}", "line 1: `data.tags` is undefined"),
        ("{{ nothing }}", "line 1: `nothing` is undefined"),
        ("{\n{{ data.feedback.text", "line 2: "),
        ("{% if %}", "line 1: "),
        ("{{ data|nope }}", "`nope"),
        ("{{ nope() }}", "`nope"),
        ("{{ data.feedback.text + 1 }}", "line 1: "),
        ("{\"text\": \"late}", "is no JSON, which the content type asks for: it ends too early at line 1"),
        ("", "is no JSON"),
        ("{% include 'x' %}", "line 1: "),
        ("{% macro a() %}{% endmacro %}", "line 1: "),
        ("{% extends 'x' %}", "line 1: "),
    ] {
        let why = Template::checked(source, JSON, samples()).map(drop).expect_err(source);
        assert!(why.contains(expected), "{source}: {why}");
    }
    let why = Template::checked("{{ a }}", JSON, samples()).map(drop).unwrap_err();
    assert!(why.ends_with("tried on a sample of feedback.analyzed (one)"), "{why}");
}

#[test]
fn what_may_be_absent_can_be_asked_for() {
    let event = json!({ "data": { "feedback": { "text": "late" } } });
    for source in [
        "{% if data.feedback.rating is defined %}{{ data.feedback.rating }}{% else %}none{% endif %}",
        "{{ data.feedback.rating|default('none') }}",
        "{{ data.feedback.rating if data.feedback.rating is defined else 'none' }}",
    ] {
        assert_eq!(rendered(source, TEXT, &event).unwrap(), "none", "{source}");
    }
}

#[test]
fn a_failure_at_delivery_quotes_nothing_of_the_event() {
    let secret = "ann@example.org";
    let event = json!({ "data": { "feedback": { "text": secret, "items": { secret: 1 } } } });
    for source in [
        "{{ data.feedback.text + 1 }}",
        "{{ data.feedback.text|int }}",
        "{{ data.feedback.text|round }}",
        "{{ data[data.feedback.text].x }}",
        "{{ data.feedback.items[data.feedback.text].x.y }}",
        "{{ data.feedback.text() }}",
        "{{ data.feedback.text.nope() }}",
        "{{ [1]|map(data.feedback.text)|list }}",
        "{{ [1]|select(data.feedback.text)|list }}",
        "{\"text\": \"{{ data.feedback.text }}\"}",
        "{{ data.feedback.text }} {{ data.feedback.text }}",
    ] {
        let why = rendered(source, JSON, &event).expect_err(source);
        assert!(!why.contains(secret), "{source}: {why}");
    }
}

#[test]
fn what_would_take_too_much_ends() {
    let doubled = "{% set x = x ~ x %}".repeat(60);
    let nested = "{% for a in range(1000) %}".repeat(5) + "x" + &"{% endfor %}".repeat(5);
    for source in [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        &nested,
        &format!("{{% set x = 'aa' %}}{doubled}{{{{ x }}}}"),
        "{{ 'a' * 100 }}{% for a in range(99999) %}{{ data.feedback.text * 100 }}{% endfor %}",
        "{{ '%9999999999d'|format(1) }}",
        "{{ '%.9999999999f'|format(1.5) }}",
        "{% for a in range(100000) %}{{ data|tojson }}{% endfor %}",
        "{% set x %}{% for a in range(100000) %}{{ data }}{% endfor %}{% endset %}{{ x }}",
        "{{ range(100000)|join('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') }}",
        "{{ ('a' * 100)|replace('a', 'a' * 100)|replace('a', 'a' * 100)|replace('a', 'a' * 100)|replace('a', 'a' * 100) }}",
        "{{ range(0, 1000000000) }}",
    ] {
        let began = Instant::now();
        let why = failure(source);
        assert!(began.elapsed() < TIME_LIMIT, "{source}: {:?}", began.elapsed());
        assert!(!why.contains("longer than"), "{source}: {why}");
    }
}

#[test]
fn what_would_grow_uncounted_is_refused() {
    for (source, expected) in [
        ("{% set x = [data, data] %}", "cannot be kept"),
        ("{% set x = {'a': data} %}", "cannot be kept"),
        ("{% set x = (data, data) %}", "cannot be kept"),
        ("{% set x = data.tags + data.tags %}", "a sum cannot be kept"),
        ("{% set x = data.tags * 100 %}", "a product cannot be kept"),
        ("{% with x = [data] %}{% endwith %}", "cannot be kept"),
        ("{% for x in [data, data] %}{% endfor %}", "cannot be kept"),
        ("{% set x = data|default([data, data]) %}", "cannot be kept"),
        ("{% set x = (1 if data else [data, data]) %}", "cannot be kept"),
        ("{{ data.tags * data.n }}", "one side of `*`"),
        ("{{ data.tags * 101 }}", "one side of `*`"),
        ("{{ (data.tags * 100) * 100 }}", "nor multiplied once more"),
        ("{{ 100 * (data.tags * 100)|list }}", "nor multiplied once more"),
        ("{% for x in data.tags recursive %}{{ loop(data.tags) }}{% endfor %}", "recursive"),
        ("{{ data.tags|zip(data.tags)|list }}", "unknown filter at `zip"),
        ("{{ data.tags|chain(data.tags)|list }}", "unknown filter at `chain"),
        ("{{ data.tags|batch(1000000000, 0)|list }}", "unknown filter at `batch"),
        ("{{ dict(a=data) }}", "unknown function at `dict"),
        ("{% set x = namespace(a=data) %}", "unknown function at `namespace"),
        ("{{ debug() }}", "unknown function at `debug"),
        (&"x".repeat(16 * 1024 + 1), "16384 are the most"),
        (&format!("{{{{ {}1 }}}}", "1~".repeat(5_000)), "nested too deep"),
        (&format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000)), "line 1"),
        (&format!("{{{{ {}1 }}}}", "not ".repeat(2_000)), "line 1"),
        (&format!("{{{{ data{} }}}}", ".a".repeat(5_000)), "nested too deep"),
        (&format!("{{{{ data{} }}}}", "|list".repeat(2_000)), "nested too deep"),
        (&"{% if 1 %}".repeat(1_500), "line 1"),
    ] {
        let why = failure(source);
        assert!(why.contains(expected), "{}: {why}", &source[..source.len().min(80)]);
    }
    assert_eq!(rendered("{% set x = ['a', 'b'] %}{{ x|join(' ') }}", TEXT, &json!({})).unwrap(), "a b");
}

#[test]
fn output_that_is_too_large_is_none() {
    let event = json!({ "data": "x".repeat(1 << 20) });
    assert!(rendered("{{ data }}", TEXT, &event).is_ok());
    let why = rendered("{{ data }}{{ data }}{{ data }}{{ data }}{{ data }}", TEXT, &event).unwrap_err();
    assert!(why.contains("more than 4194304 bytes"), "{why}");
}

#[test]
fn a_content_type_is_one() {
    for good in ["application/json", "text/plain; charset=utf-8", "application/vnd.api+json"] {
        assert!(content_type(good).is_ok(), "{good}");
    }
    for bad in ["", "json", "a/b/c", "text/", "/json", "text/plain\r\nx: y", "té/xt", "a b/c", &"a/".repeat(200)] {
        assert!(content_type(bad).is_err(), "{bad}");
    }
    for (written, expected) in [
        ("application/json; charset=utf-8", Escape::Json),
        ("APPLICATION/JSON", Escape::Json),
        ("application/cloudevents+json", Escape::Json),
        ("text/html", Escape::Markup),
        ("image/svg+xml", Escape::Markup),
        ("application/x-ndjson", Escape::None),
        ("text/plain", Escape::None),
    ] {
        assert_eq!(Escape::of(&content_type(written).unwrap()), expected, "{written}");
    }
}

#[tokio::test]
async fn a_template_that_is_late_is_begun_again_once_it_has_ended() {
    let template = Arc::new(compiled("{}", JSON).unwrap());
    let data = json!({});
    let event = Event::new(
        crate::feedback::DeliveryId(uuid::Uuid::nil()),
        "a",
        jiff::Timestamp::UNIX_EPOCH,
        super::super::Data::Notice(&data),
    );
    template.late.store(1, Ordering::Relaxed);
    let why = template.write(&event).await.map(drop).unwrap_err();
    assert!(matches!(why, Unfit::Late(_)) && why.to_string().contains("takes longer than 5s"), "{why}");
    template.late.store(0, Ordering::Relaxed);
    let late = template.write_within(Duration::ZERO, &event).await.map(drop);
    assert!(late.is_ok() || matches!(late, Err(Unfit::Late(_))), "{late:?}");
    while template.late.load(Ordering::Relaxed) > 0 {
        tokio::task::yield_now().await;
    }
    template.write(&event).await.expect("is in time");
}
