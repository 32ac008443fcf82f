//! The command line, as a person or a script meets it.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use sayso_tests::{Receiver, SECRET, Server, folder, refusal, sayso};
use serde_json::Value;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("it runs")
}

#[test]
fn the_demo_ends_well_once_every_delivery_was_verified() {
    let dir = folder();
    let demo = output(sayso().arg("demo").current_dir(dir.path()));
    let said = text(&demo.stdout);
    assert_eq!(demo.status.code(), Some(0), "{said}\n{}", text(&demo.stderr));
    assert!(said.contains("verified"), "{said}");
    for language in ["en", "ja", "ko", "zh"] {
        assert!(said.contains(language), "{language} is missing in\n{said}");
    }
}

#[test]
fn the_example_configuration_passes_the_check() {
    let dir = folder();
    let check = output(sayso().args(["check", "--config"]).arg(examples().join("sayso.toml")).current_dir(dir.path()));
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stderr));
    assert!(text(&check.stdout).contains("sentiment"));
}

#[test]
fn a_typo_in_the_configuration_is_named_with_its_line() {
    let said = refusal("[server]\nlisen = \"127.0.0.1:1\"\n");
    assert!(said.contains("sayso.toml line 2") && said.contains("lisen"), "{said}");
}

#[test]
fn it_refuses_to_listen_beyond_loopback_without_keys() {
    let dir = tempfile::tempdir().expect("a folder");
    let serve = output(sayso().args(["serve", "--listen", "0.0.0.0:0"]).current_dir(dir.path()));
    assert_eq!(serve.status.code(), Some(2));
    assert!(text(&serve.stderr).contains("sayso key new"), "{}", text(&serve.stderr));
}

#[test]
fn the_check_refuses_whatever_a_start_would_refuse() {
    let said = refusal("[[key]]\nname = \"shop\"\nhash = \"sha256:12\"\n");
    assert!(said.contains("`shop`") && said.contains("64 hexadecimal digits"), "{said}");
    let said = refusal("[server]\nlisten = \"0.0.0.0:18252\"\n");
    assert!(said.contains("0.0.0.0:18252") && said.contains("sayso key new"), "{said}");
    let said = refusal("server = []\n");
    assert!(said.contains("sayso.toml line 1") && said.contains("write [server] once"), "{said}");
}

#[test]
fn the_environment_is_read_as_it_is_given() {
    let dir = folder();
    let check = |variables: &[(&str, &[u8])]| {
        let variables = variables.iter().map(|(name, value)| (name, OsStr::from_bytes(value)));
        let check = output(sayso().arg("check").envs(variables).current_dir(dir.path()));
        (check.status.code(), text(&check.stderr))
    };
    let (code, said) = check(&[("SAYSO_SERVICE_HOST", b"10.0.0.7"), ("SAYSO_PORT_8080_TCP_ADDR", b"10.0.0.7")]);
    assert_eq!(code, Some(0), "Kubernetes sets these, and nobody else: {said}");
    let (code, said) = check(&[("SAYSO_DATA__DIR", b"d\xff")]);
    assert!(code == Some(2) && said.contains("SAYSO_DATA__DIR") && said.contains("UTF-8"), "{said}");
    let (code, said) = check(&[("SAYSO_PIPELINE__WORKERS", b"0")]);
    assert!(code == Some(2) && said.contains("SAYSO_PIPELINE__WORKERS") && !said.contains("sayso.toml"), "{said}");
}

#[test]
fn a_name_that_the_configuration_would_refuse_makes_no_key() {
    for name in ["a\"b", "", "ä"] {
        let made = output(sayso().args(["key", "new", "--name", name]));
        assert_eq!(made.status.code(), Some(2), "{name}");
        assert!(made.stdout.is_empty() && text(&made.stderr).contains("1 to 64"), "{}", text(&made.stderr));
    }
}

#[tokio::test]
async fn a_new_key_opens_what_its_scope_allows_and_nothing_else() {
    let made = output(sayso().args(["key", "new", "--name", "shop", "--json"]));
    let key: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    let config = format!(
        "[[key]]\nname = \"shop\"\nhash = \"{}\"\nscopes = [\"ingest\"]\n",
        key["hash"].as_str().expect("a hash")
    );
    let server = Server::builder().config(&config).start().await;
    let post = |bearer: Option<&str>| {
        let request = server.request(reqwest::Method::POST, "/v1/feedback").body(r#"{"kind":"review","text":"ok"}"#);
        let request = request.header("content-type", "application/json");
        match bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        }
    };
    let secret = key["key"].as_str().expect("a key");
    assert_eq!(post(Some(secret)).send().await.expect("sent").status(), 202);
    for wrong in [None, Some("sk_wrong"), Some("")] {
        let response = post(wrong).send().await.expect("sent");
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let read = server.request(reqwest::Method::GET, "/v1/feedback").bearer_auth(secret).send().await.expect("sent");
    assert_eq!(read.status(), 403, "an ingest key cannot read");
    assert!(!server.log().join("\n").contains(secret), "the key is not in the log");
}

#[tokio::test]
async fn send_posts_the_example_files_and_a_repeat_changes_nothing() {
    let server = Server::builder().start().await;
    let files = ["review.json", "survey.json", "csr_note.json", "reviews.ndjson", "reviews.csv"];
    let state = tempfile::tempdir().expect("a folder");
    let send = || {
        let mut command = sayso();
        command.args(["send", "--url", server.url()]).args(files.map(|file| examples().join("feedback").join(file)));
        output(command.env("XDG_STATE_HOME", state.path()))
    };
    let sent = send();
    assert_eq!(sent.status.code(), Some(0), "{}\n{}", text(&sent.stdout), text(&sent.stderr));
    let all = |list: &Value| list["items"].as_array().expect("a list").len() == 10;
    server.wait_until("/v1/feedback?limit=50", all).await;
    assert_eq!(send().status.code(), Some(0));
    assert!(all(&server.get("/v1/feedback?limit=50").await), "nothing is there twice");
}

#[tokio::test]
async fn send_names_the_lines_that_were_rejected_and_sends_the_others() {
    let server = Server::builder().start().await;
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("mixed.ndjson");
    let lines = "{\"kind\":\"review\",\"text\":\"good\"}\n{\"kind\":\"reviw\",\"text\":\"bad\"}\n{\"kind\":\"review\",\"text\":\"fine\"}\n";
    std::fs::write(&file, lines).expect("written");
    let sent = output(sayso().args(["send", "--url", server.url()]).arg(&file).env("XDG_STATE_HOME", dir.path()));
    assert_eq!(sent.status.code(), Some(1));
    let said = text(&sent.stdout) + &text(&sent.stderr);
    assert!(said.contains("2") && said.contains("kind"), "{said}");
    server.wait_until("/v1/feedback", |list| list["items"].as_array().expect("a list").len() == 2).await;
}

#[tokio::test]
async fn send_reads_a_named_pipe_and_reports_every_file_as_json() {
    let server = Server::builder().start().await;
    let dir = tempfile::tempdir().expect("a folder");
    let (pipe, bad) = (dir.path().join("tea.ndjson"), dir.path().join("bad.ndjson"));
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
    std::fs::write(&bad, "{\"kind\":\"reviw\"}\n").expect("written");
    let writer = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::write(pipe, "{\"kind\":\"review\",\"text\":\"good tea\"}\n"))
    };
    let mut send = sayso();
    send.args(["send", "--json", "--url", server.url()]).args([&bad, &dir.path().join("missing.csv"), &pipe]);
    // Where it would keep how far a file is, no folder can be made.
    let sent = output(send.env("XDG_STATE_HOME", "/proc/nope"));
    writer.join().expect("no panic").expect("written");
    let said = text(&sent.stderr);
    assert_eq!(sent.status.code(), Some(2), "{said}");
    let report: Value = serde_json::from_slice(&sent.stdout).expect("one JSON object");
    assert_eq!((&report["accepted"], &report["rejected"]), (&1.into(), &1.into()), "{report:#}");
    assert_eq!(report["files"][0]["rejections"][0]["line"], 1);
    assert!(report["files"][1]["error"].as_str().is_some_and(|error| error.contains("missing.csv")), "{report:#}");
    assert_eq!(said.matches("warning").count(), 1, "{said}");
}

/// Runs a receiver that prints, and returns what it prints on its first delivery, up to the line with `last`. `ready` finds
/// the URL in a line.
async fn first_delivery_to(
    mut command: Command,
    ready: impl Fn(&str) -> Option<String> + Send + 'static,
    last: &'static str,
) -> String {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::inherit()).stdin(Stdio::null()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let (url, lines) = tokio::task::spawn_blocking(move || {
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| ready(&line));
        (url.expect("it says where it listens"), lines)
    })
    .await
    .expect("no panic");
    let server = Server::builder().webhook("listener", &url, "").start().await;
    server.analyze(&serde_json::json!({"kind": "review", "text": "Lovely tea, thank you!"})).await;
    server.wait_until("/v1/deliveries", |list| list["items"][0]["status"] == "delivered").await;
    // It answers before it prints.
    let said = tokio::task::spawn_blocking(move || {
        let mut said = String::new();
        for line in lines.map_while(Result::ok) {
            said = said + &line + "\n";
            if line.contains(last) {
                break;
            }
        }
        said
    });
    let said = tokio::time::timeout(Duration::from_secs(30), said).await;
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    said.expect("it prints the delivery").expect("no panic")
}

fn url_in(line: &str) -> Option<String> {
    let start = line.find("http://")?;
    Some(line[start..].split(['"', ' ', '\'']).next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn webhook_listen_verifies_and_prints() {
    // Where it listens goes to standard error, deliveries to standard output: one pipe takes both.
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" \"$@\" 2>&1"]).arg(sayso().get_program());
    command.args(["webhook", "listen", "--listen", "127.0.0.1:0", "--secret", SECRET]);
    let said = first_delivery_to(command, url_in, "feedback.analyzed").await;
    assert!(said.contains("verified") && said.contains("feedback.analyzed"), "{said}");
}

#[tokio::test]
async fn the_python_receiver_of_the_examples_verifies_and_prints() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv/bin/python");
    assert!(python.exists(), "{} is not there; run `make setup-tests`", python.display());
    let mut command = Command::new(python);
    command.arg(examples().join("receivers/receiver.py")).arg("0");
    let said = first_delivery_to(command, url_in, "Lovely tea").await;
    assert!(said.contains("Lovely tea") && !said.contains("refused"), "{said}");
}

#[test]
fn help_has_examples_and_an_unknown_verb_is_an_error() {
    for verb in [&["--help"][..], &["serve", "--help"], &["send", "--help"], &["check", "--help"], &["demo", "--help"]]
    {
        let help = output(sayso().args(verb));
        assert_eq!(help.status.code(), Some(0));
        assert!(text(&help.stdout).contains("Examples:"), "{verb:?}");
    }
    assert_eq!(output(sayso().arg("sevre")).status.code(), Some(2));
}

#[tokio::test]
async fn a_pipe_of_feedback_can_be_sent() {
    let receiver = Receiver::start().await;
    let server = Server::builder().webhook("desk", &receiver.url(), "").start().await;
    let dir = tempfile::tempdir().expect("a folder");
    let mut child = sayso()
        .args(["send", "--url", server.url(), "-"])
        .env("XDG_STATE_HOME", dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(b"{\"kind\":\"review\",\"text\":\"good tea\"}\n").expect("written");
    drop(stdin);
    assert!(child.wait().expect("it ended").success());
    receiver.wait_for(1).await;
}
