use std::os::unix::ffi::OsStringExt as _;

use super::*;
use crate::config::{Config, load};

/// The configuration of these variables, without a file.
fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    load(None, variables).map_err(|error| error.to_string())
}

fn refusal(variables: &[(&str, &str)]) -> String {
    read(variables).map(drop).expect_err("is refused")
}

#[test]
fn what_kubernetes_sets_beside_a_service_of_this_name_is_passed_over() {
    let set_by_kubernetes = [
        ("SAYSO_PORT", "tcp://10.0.0.7:8080"),
        ("SAYSO_PORT_8080_TCP", "tcp://10.0.0.7:8080"),
        ("SAYSO_PORT_8080_TCP_ADDR", "10.0.0.7"),
        ("SAYSO_PORT_8080_TCP_PORT", "8080"),
        ("SAYSO_PORT_8080_TCP_PROTO", "tcp"),
        ("SAYSO_SERVICE_HOST", "10.0.0.7"),
        ("SAYSO_SERVICE_PORT", "8080"),
        ("SAYSO_SERVICE_PORT_HTTP", "8080"),
        ("SAYSO_WEB_SERVICE_HOST", "10.0.0.8"),
        ("SAYSO_WEB_SERVICE_PORT", "80"),
        ("SAYSO_WEB_SERVICE_PORT_HTTP", "80"),
        ("SAYSO_WEB_PORT", "tcp://10.0.0.8:80"),
        ("SAYSO_WEB_PORT_80_TCP_PROTO", "tcp"),
    ];
    read(&set_by_kubernetes).expect("a pod that nobody gave these starts");
    for typo in [
        "SAYSO_SERVICE",
        "SAYSO_SERVICE_HOSTS",
        "SAYSO_PORTS",
        "SAYSO_PORT__LISTEN",
        "SAYSO_LISTEN",
        "SAYSO_SERVER_PORT",
    ] {
        let said = refusal(&[(typo, "1")]);
        assert!(said.starts_with(&format!("environment variable {typo}: ")), "{said}");
    }
}

#[test]
fn the_entries_of_a_list_are_given_in_any_order() {
    let names: Vec<_> = (0..12)
        .rev()
        .flat_map(|n| {
            [(format!("SAYSO_KEY__{n}__NAME"), format!("k{n}")), (format!("SAYSO_KEY__{n}__HASH"), format!("x{n}"))]
        })
        .collect();
    let config = load(None, names).expect("loads");
    let names: Vec<_> = config.keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10", "k11"]);
    let said = refusal(&[("SAYSO_KEY__2__NAME", "c"), ("SAYSO_KEY__0__NAME", "a")]);
    assert!(said.contains("SAYSO_KEY__2__NAME") && said.contains("the next is key__1"), "{said}");
}

#[test]
fn a_key_wins_over_its_table_whichever_comes_first() {
    let config =
        read(&[("SAYSO_SERVER__MAX_BACKLOG", "7"), ("SAYSO_SERVER", "{ max_backlog = 3, max_item_bytes = 5 }")]);
    let server = config.expect("loads").server;
    assert_eq!((server.max_backlog, server.max_item_bytes), (7, 5));
}

#[test]
fn a_text_may_look_like_a_number_or_anything_else() {
    let config = read(&[
        ("SAYSO_KEY__0__NAME", "2026"),
        ("SAYSO_KEY__0__HASH", "1e3"),
        ("SAYSO_DATA__DIR", "nan"),
        ("SAYSO_WEBHOOK__0__NAME", "true"),
        ("SAYSO_WEBHOOK__0__URL", "0x10"),
        ("SAYSO_WEBHOOK__0__SECRET", "12345"),
        ("SAYSO_WEBHOOK__0__TEMPLATE", "{}"),
        ("SAYSO_WEBHOOK__0__HEADERS__X-TEAM", "007"),
        ("SAYSO_WEBHOOK__0__HEADERS__X-YEAR", "2026"),
    ])
    .expect("loads");
    assert_eq!((config.keys[0].name.as_str(), config.keys[0].hash.as_str()), ("2026", "1e3"));
    assert_eq!(config.data.dir.to_str(), Some("nan"));
    let webhook = &config.webhooks[0];
    assert_eq!((&*webhook.name, webhook.url.as_str(), webhook.template.as_deref()), ("true", "0x10", Some("{}")));
    assert_eq!(webhook.secret.as_ref().expect("is given").expose(), "12345");
    let header = |name: &str| webhook.headers[name].value.as_ref().expect("is given").expose().to_owned();
    assert_eq!((header("x-team"), header("x-year")), ("007".into(), "2026".into()));
}

#[test]
fn what_cannot_be_taken_as_a_text_either_is_told_as_it_was_given() {
    let said = refusal(&[("SAYSO_PIPELINE__WORKERS", "true")]);
    assert!(said.contains("SAYSO_PIPELINE__WORKERS") && said.contains("boolean `true`"), "{said}");
    let said = refusal(&[("SAYSO_DELIVERY__JITTER", "nan")]);
    assert!(said.contains("SAYSO_DELIVERY__JITTER") && said.contains("no finite number"), "{said}");
    let said = refusal(&[("SAYSO_DELIVERY__TIMEOUT", "15"), ("SAYSO_KEY__0__NAME", "5")]);
    assert!(said.contains("SAYSO_DELIVERY__TIMEOUT") && said.contains("a number with its unit"), "{said}");
    let said = refusal(&[("SAYSO_SERVER", "[]"), ("SAYSO_DATA__DIR", "2026")]);
    assert!(said.contains("SAYSO_SERVER:") && said.contains("write [server] once"), "{said}");
}

#[test]
fn a_mistake_from_the_environment_is_placed_at_its_variable() {
    let at = |variable: &str, variables: &[(&str, &str)]| {
        let said = refusal(variables);
        assert!(said.starts_with(&format!("environment variable {variable}: ")), "{said}");
    };
    at("SAYSO_PIPELINE__WORKERS", &[("SAYSO_PIPELINE__WORKERS", "0")]);
    at("SAYSO_PIPELINE", &[("SAYSO_PIPELINE", "{ workers = 0 }")]);
    at("SAYSO_DATA__KEEP_ATTEMPTS", &[("SAYSO_DATA__KEEP_ATTEMPTS", "91d")]);
    at("SAYSO_DATA__KEEP_DELIVERIES", &[("SAYSO_DATA__KEEP_FEEDBACK", "1d"), ("SAYSO_DATA__KEEP_DELIVERIES", "2d")]);
    at("SAYSO_KEY__0__HASH", &[("SAYSO_KEY__0__HASH", "x")]);
    at("SAYSO_KEY__0__NAME", &[("SAYSO_KEY__0__HASH", "x"), ("SAYSO_KEY__0__NAME", "a b")]);
    at("SAYSO_WEBHOOK__0__NAME", &[("SAYSO_WEBHOOK__0__URL", "https://a.example"), ("SAYSO_WEBHOOK__0__NAME", "a")]);
    let plugin = [("SAYSO_PLUGIN__0__NAME", "a"), ("SAYSO_PLUGIN__0__USE", "builtin:tagger")];
    at("SAYSO_PLUGIN__0__GRANTS", &[plugin[0], plugin[1], ("SAYSO_PLUGIN__0__GRANTS", "[\"http\"]")]);
    at("SAYSO_SERVER__0__LISTEN", &[("SAYSO_SERVER__0__LISTEN", "127.0.0.1:1")]);
}

#[test]
fn an_entry_of_the_environment_behind_those_of_a_file_is_placed_at_its_variable() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("sayso.toml");
    std::fs::write(&file, "[[key]]\nname = \"a\"\nhash = \"x\"\n\n[[key]]\nname = \"b\"\n").expect("written");
    let said = |variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        load(Some(&file), variables).expect_err("is refused").to_string()
    };
    let behind = said(&[("SAYSO_KEY__1__HASH", "y"), ("SAYSO_KEY__2__NAME", "c")]);
    assert!(behind.starts_with("environment variable SAYSO_KEY__2__NAME: "), "{behind}");
    let in_the_file = said(&[("SAYSO_KEY__1__SCOPES", "[\"read\"]")]);
    assert!(in_the_file.contains("sayso.toml line 5: ") && in_the_file.contains("hash"), "{in_the_file}");
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused_by_name() {
    let of = |name: &[u8], value: &[u8]| {
        let variable = (OsString::from_vec(name.into()), OsString::from_vec(value.into()));
        texts([variable]).map_err(|error| error.to_string())
    };
    let said = of(b"SAYSO_DATA__DIR", b"d\xff").expect_err("is refused");
    assert!(said.starts_with("environment variable SAYSO_DATA__DIR: its value is not UTF-8"), "{said}");
    let said = of(b"SAYSO_DATA__\xff", b"d").expect_err("is refused");
    assert!(said.contains("SAYSO_DATA__\u{fffd}: its name"), "{said}");
    let path_of_the_file = of(b"SAYSO_CONFIG", b"d\xff.toml");
    assert_eq!(path_of_the_file, Ok(Vec::new()), "a path need not be UTF-8, and this one is no key");
    assert_eq!(of(b"PATH", b"\xff"), Ok(Vec::new()), "it is none of sayso's business");
}
