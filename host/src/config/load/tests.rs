use super::*;
use crate::config::OnFault;

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("sayso.toml");
    std::fs::write(&file, text).expect("written");
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    load(Some(&file), variables).map_err(|error| error.to_string().replace(&format!("{}/", dir.path().display()), ""))
}

#[test]
fn an_empty_file_gives_the_built_in_chain_on_loopback() {
    let config = read("", &[]).expect("loads");
    assert!(config.server.listen.ip().is_loopback());
    let names: Vec<_> = config.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
    assert_eq!(names, ["redact", "sentiment", "tagger", "router"]);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let error = read("[server]\nlisten = \"127.0.0.1:1\"\nlisen = 2\n", &[]).expect_err("refused");
    assert!(error.starts_with("sayso.toml line 3:"), "{error}");
    assert!(error.contains("lisen"), "{error}");
}

#[test]
fn an_unknown_key_in_the_second_of_a_list_is_named_with_its_line() {
    let text =
        "[[plugin]]\nname = \"a\"\nuse = \"builtin:a\"\n\n[[plugin]]\nname = \"b\"\nuse = \"builtin:b\"\nconfg = {}\n";
    let error = read(text, &[]).expect_err("refused");
    assert!(error.starts_with("sayso.toml line 8:"), "{error}");
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_its_line() {
    let error = read("[delivery]\nschedule = [\"0s\"]\ntimeout = 15\n", &[]).expect_err("refused");
    assert!(error.starts_with("sayso.toml line 3:"), "{error}");
    assert!(error.contains("delivery.timeout"), "{error}");
}

#[test]
fn a_list_entry_without_a_needed_key_is_named_with_its_line() {
    let error = read("\n[[webhook]]\nname = \"crm\"\nurl = \"https://example.com\"\n", &[]).expect_err("refused");
    assert!(error.contains("line 3") && error.contains("secret"), "{error}");
}

#[test]
fn what_would_allow_or_name_nothing_is_refused_with_its_line() {
    let key = format!("[[key]]\nname = \"shop\"\nhash = \"sha256:{}\"\nscopes = []\n", "0".repeat(64));
    let error = read(&key, &[]).expect_err("refused");
    assert!(error.contains("line 4") && error.contains("`shop`") && error.contains("ingest"), "{error}");
    let error = read("[data]\ndir = \"\"\n", &[]).expect_err("refused");
    assert!(error.contains("line 2") && error.contains("data.dir"), "{error}");
}

#[test]
fn the_environment_wins_and_reaches_into_lists() {
    let text = "[[webhook]]\nname = \"crm\"\nurl = \"https://example.com\"\nsecret = \"x\"\n";
    let variables =
        [("SAYSO_SERVER__LISTEN", "127.0.0.1:9"), ("SAYSO_WEBHOOK__0__SECRET", "whsec_y"), ("SAYSO_LOG", "info")];
    let config = read(text, &variables).expect("loads");
    assert_eq!(config.server.listen.port(), 9);
    assert_eq!(config.webhooks[0].secret.as_ref().expect("is given").expose(), "whsec_y");
}

#[test]
fn a_variable_that_is_at_fault_is_named() {
    let error = read("", &[("SAYSO_SERVER__LISTEN", "nowhere")]).expect_err("refused");
    assert!(error.starts_with("environment variable SAYSO_SERVER__LISTEN"), "{error}");
    let error = read("", &[("SAYSO_SERVER__LISEN", "1")]).expect_err("refused");
    assert!(error.starts_with("environment variable SAYSO_SERVER__LISEN"), "{error}");
}

#[test]
fn the_source_of_cloudevents_fits_a_header() {
    assert!(read("[delivery]\nsource = \"https://sayso.example/eu?a=b\"\n", &[]).is_ok());
    for source in ["", "a b", "a%20b", "é", "a\\nb"] {
        let error = read(&format!("[delivery]\nsource = \"{source}\"\n"), &[]).expect_err(source);
        assert!(error.contains("line 2") && error.contains("delivery.source"), "{error}");
    }
}

#[test]
fn a_name_is_given_once() {
    let text = "[[key]]\nname = \"a\"\nhash = \"x\"\n[[key]]\nname = \"a\"\nhash = \"y\"\n";
    let error = read(text, &[]).expect_err("refused");
    assert!(error.contains("line 5") && error.contains("given twice"), "{error}");
}

#[test]
fn a_chain_is_read_without_the_rest_of_its_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("new.toml");
    let of = |text: &str| {
        std::fs::write(&file, text).expect("written");
        load_chain(&file).map_err(|error| error.to_string())
    };
    let plugins = of("[[webhook]]\nname = \"no url\"\n[[plugin]]\nname = \"a\"\nuse = \"builtin:a\"\nshadow = true\n");
    let plugins = plugins.expect("the webhook is none of its business");
    assert!(plugins.len() == 1 && plugins[0].shadow, "{plugins:?}");
    let error = of("[[plugins]]\nname = \"a\"\n").expect_err("a chain of nothing is a slip of the pen");
    assert!(error.contains("new.toml") && error.contains("[[plugin]]"), "{error}");
    let error = of("[[plugin]]\nname = \"a\"\nuse = \"b\"\nshaddow = true\n").expect_err("refused");
    assert!(error.contains("new.toml line 4"), "{error}");
}

#[test]
fn a_secret_is_in_no_debug_output() {
    let text = "[[webhook]]\nname = \"crm\"\nurl = \"https://example.com/hook-token\"\nsecret = \"whsec_hidden\"\n";
    let shown = format!("{:?}", read(text, &[]).expect("loads"));
    assert!(!shown.contains("hidden") && !shown.contains("hook-token"), "{shown}");
}

#[test]
fn a_table_where_a_list_is_meant_is_told_how_to_write_it() {
    for (list, several) in [("plugin", "plugins"), ("webhook", "webhooks"), ("key", "keys")] {
        for written in [format!("[{list}]"), format!("[[{several}]]")] {
            let error = read(&format!("\n{written}\nname = \"a\"\n"), &[]).expect_err("refused");
            assert!(error.starts_with("sayso.toml line 2: "), "{error}");
            assert!(error.contains(&format!("write [[{list}]] for each, and not {written}")), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
    assert!(read("[plugins]\nrequire_signature = []\n", &[]).is_ok());
}

#[test]
fn a_value_at_fault_is_told_in_one_line() {
    let error = read("[pipeline]\nworkers = \"many\"\n", &[]).expect_err("refused");
    assert!(error.starts_with("sayso.toml line 2: `pipeline.workers`: "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn a_number_that_json_lacks_is_refused_with_its_path() {
    for number in ["inf", "-inf", "nan"] {
        let text =
            format!("[[plugin]]\nname = \"a\"\nuse = \"builtin:tagger\"\nconfig = {{ words = [1.5, {number}] }}\n");
        let error = read(&text, &[]).expect_err("refused");
        assert!(error.starts_with("sayso.toml line 4: `plugin[0].config.words[1]`: "), "{error}");
        assert!(error.contains(&format!("{number} is no finite number")), "{error}");
    }
}

#[test]
fn a_list_where_one_table_is_meant_is_refused_with_its_line() {
    let refused = |text: &str, line: usize, what: &str| {
        let error = read(text, &[]).map(drop).expect_err(text);
        assert!(error.starts_with(&format!("sayso.toml line {line}: `{what}`: ")), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    };
    for table in ["server", "data", "pipeline", "delivery"] {
        for written in [format!("\n{table} = []\n"), format!("\n[[{table}]]\n"), format!("\n{table} = [4]\n")] {
            let error = refused(&written, 2, table);
            assert!(error.contains(&format!("write [{table}] once")), "{error}");
        }
    }
    refused("plugins = []\n", 1, "plugins");
    let webhook = "[[webhook]]\nname = \"a\"\nurl = \"https://a.example\"\nsecret = \"x\"\n";
    assert!(refused(&format!("{webhook}batch = [10]\n"), 5, "webhook[0].batch").contains("write batch = { … }"));
    refused(&format!("{webhook}headers = {{ a = [\"x\", true] }}\n"), 5, "webhook[0].headers.a");
    let plugin = "[[plugin]]\nname = \"a\"\nuse = \"builtin:tagger\"\n";
    refused(&format!("{plugin}limits = [1000]\n"), 4, "plugin[0].limits");
    refused(&format!("{plugin}grants = [\"http\"]\nhttp = [[\"a.example\"]]\n"), 5, "plugin[0].http");
    assert!(refused("key = [[\"a\", \"sha256:x\"]]\n", 1, "key[0]").contains("write [[key]]"));
}

#[test]
fn a_backlog_that_nothing_fits_into_is_refused() {
    let error = read("[server]\nmax_backlog = 0\n", &[]).expect_err("refused");
    assert!(error.starts_with("sayso.toml line 2: `server.max_backlog`: "), "{error}");
    assert!(error.contains("give 1 or more"), "{error}");
    assert!(read("[server]\nmax_backlog = 1\n", &[]).is_ok());
    for key in ["max_body_bytes", "max_stream_bytes", "max_item_bytes", "max_text_bytes"] {
        let error = read(&format!("[server]\n{key} = 0\n"), &[]).expect_err("refused");
        assert!(error.starts_with(&format!("sayso.toml line 2: `server.{key}`: ")), "{error}");
    }
    let key = |name: &str| format!("[[key]]\nname = \"{name}\"\nhash = \"sha256:{}\"\n", "0".repeat(64));
    let error = read(&format!("{}{}", key("one"), key("two")), &[]).expect_err("refused");
    assert!(error.starts_with("sayso.toml line 6: [[key]] `two` has the hash of `one`"), "{error}");
}

#[test]
fn what_could_not_be_redacted_is_parked_unless_the_file_says_otherwise() {
    let with = |line: &str| read(&format!("[[plugin]]\nname = \"pii\"\nuse = \"builtin:redact\"\n{line}"), &[]);
    assert_eq!(with("").expect("loads").plugins[0].on_fault, OnFault::Park);
    assert_eq!(with("on_fault = \"skip\"").expect("loads").plugins[0].on_fault, OnFault::Skip);
    let other = read("[[plugin]]\nname = \"t\"\nuse = \"builtin:tagger\"\n", &[]).expect("loads");
    assert_eq!(other.plugins[0].on_fault, OnFault::Skip);
}

#[test]
fn a_value_in_a_place_that_is_not_its_own_is_not_shown() {
    let text = "[[plugin]]\nname = \"m\"\nuse = \"./m.wasm\"\ngrants = [\"http\"]\n\
        http = { hosts = [\"example.com\"], headers = { authorization = \"Bearer hush\" } }\n";
    let error = read(text, &[]).expect_err("the host is missing");
    assert!(error.contains("headers") && error.contains("expected a map") && !error.contains("hush"), "{error}");
    for (variable, value) in [("SAYSO_WEBHOOK", "whsec_hush"), ("SAYSO_WEBHOOK__0__HEADERS", "authorization: hush")] {
        let error = read("", &[(variable, value)]).expect_err("is no table");
        assert!(error.contains(variable) && !error.contains("hush"), "{error}");
    }
    let error = read("", &[("SAYSO_DATA", "/var/hush")]).expect_err("is no table");
    assert!(error.contains("expected a table") && !error.contains("hush"), "{error}");
}

#[test]
fn a_mistake_in_the_line_of_a_secret_is_placed_without_showing_the_secret() {
    let text = "[[webhook]]\nname = \"crm\"\nsecret = \"whsec_hush\" oops\n";
    let error = read(text, &[]).expect_err("is no TOML");
    assert!(error.contains("line 3, column 23") && !error.contains("hush"), "{error}");
}
