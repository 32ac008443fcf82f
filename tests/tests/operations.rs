//! What an operator does, and what happens to one on a bad day: nothing is lost without a word.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Instant,
};

use sayso_tests::{PATIENCE, Receiver, SECRET, Server, client, folder, sayso};
use serde_json::{Value, json};

fn review(text: &str) -> Value {
    json!({"kind": "review", "language": "en", "text": text})
}

#[tokio::test]
async fn a_demo_deletes_no_store_but_an_earlier_demo_s() {
    let mut server = Server::builder().start().await;
    server.analyze(&review("Lovely tea")).await;
    let data = server.dir().join("sayso-data");
    let demo = || {
        let run = sayso().args(["demo", "--exit", "--listen", "127.0.0.1:0", "--data"]).arg(&data).output();
        let output = run.expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = demo();
    assert!(code == Some(2) && said.contains("no demo made"), "{code:?} {said}");
    server.kill_and_restart().await;
    assert_eq!(server.get("/v1/feedback").await["items"][0]["feedback"]["text"], "Lovely tea");
}

#[test]
fn a_demo_replaces_the_store_of_an_earlier_demo() {
    let dir = folder();
    for _ in 0..2 {
        let data = dir.path().join("sayso-data");
        let run = sayso().args(["demo", "--exit", "--listen", "127.0.0.1:0", "--data"]).arg(data).output();
        let output = run.expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn feedback_is_refused_once_somebody_deleted_the_store() {
    let server = Server::builder().start().await;
    assert_eq!(server.post(&review("Lovely tea")).await.status(), 202);
    for name in ["sayso.db", "sayso.db-wal", "sayso.db-shm"] {
        std::fs::remove_file(server.dir().join("sayso-data").join(name)).expect("deleted");
    }
    assert_eq!(server.post(&review("Cold tea")).await.status(), 503);
    let ready = client().get(format!("{}/readyz", server.url())).send().await.expect("an answer");
    assert_eq!(ready.status(), 503);
}

#[tokio::test]
async fn a_log_whose_database_is_gone_is_not_thrown_away() {
    let mut server = Server::builder().start().await;
    assert_eq!(server.post(&review("Lovely tea")).await.status(), 202);
    server.kill();
    let database = server.dir().join("sayso-data/sayso.db");
    let whole = std::fs::read(&database).expect("it is there");
    for is_there in [true, false] {
        match is_there {
            true => std::fs::write(&database, "").expect("written"),
            false => std::fs::remove_file(&database).expect("deleted"),
        }
        let run = sayso().args(["serve", "--listen", "127.0.0.1:0"]).current_dir(server.dir()).output();
        let output = run.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains("is missing or empty, and its log"), "{said}");
    }
    std::fs::write(&database, whole).expect("written");
    server.restart().await;
    let is_there = |page: &Value| page["items"][0]["feedback"]["text"] == "Lovely tea";
    server.wait_until("/v1/feedback", is_there).await;
}

/// A server whose log is no more read once it listens, and its address.
fn unread(config: &str) -> (Child, String, tempfile::TempDir) {
    let dir = folder();
    std::fs::write(dir.path().join("sayso.toml"), config).expect("written");
    let mut command = sayso();
    command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(dir.path()).env("SAYSO_LOG_FORMAT", "json");
    let mut child = command.stderr(Stdio::piped()).spawn().expect("it runs");
    let mut said = Vec::new();
    for line in BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok) {
        let entry: Value = serde_json::from_str(&line).unwrap_or_default();
        if entry["message"] == "listening" {
            return (child, format!("http://{}", entry["address"].as_str().expect("an address")), dir);
        }
        said.push(line);
    }
    child.kill().expect("it is our child");
    child.wait().expect("it ended");
    panic!("it does not listen: {}", said.join("\n"));
}

#[tokio::test]
async fn deliveries_go_on_and_the_end_is_clean_where_nobody_takes_the_log() {
    let receiver = Receiver::start().await;
    receiver.answer_with(500);
    let config = format!(
        "[delivery]\njitter = 0.0\nschedule = [\"0s\", \"10ms\", \"10ms\", \"10ms\"]\n\
         [[webhook]]\nname = \"desk\"\nurl = \"{}\"\nsecret = \"{SECRET}\"\nallow_private = true\n",
        receiver.url()
    );
    let (mut child, url, _dir) = unread(&config);
    let posted = client().post(format!("{url}/v1/feedback")).json(&review("Cold tea")).send().await;
    assert_eq!(posted.expect("an answer").status(), 202);
    receiver.wait_for(4).await;
    let erased = client().delete(format!("{url}/v1/customers/nobody")).send().await;
    assert_eq!(erased.expect("an answer").status(), 200);
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let deadline = Instant::now() + PATIENCE;
    let code = loop {
        match child.try_wait().expect("it is our child") {
            Some(status) => break status.code(),
            None if Instant::now() > deadline => {
                child.kill().expect("it runs");
                panic!("it did not end");
            }
            None => tokio::task::yield_now().await,
        }
    };
    assert_eq!(code, Some(0));
}

#[tokio::test]
async fn while_the_chain_is_compiled_sayso_says_that_it_lives_and_ends_when_it_is_told_to() {
    // A folder of its own, in which nothing is compiled yet.
    let dir = tempfile::tempdir().expect("a folder");
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let address = format!("127.0.0.1:{port}");
    let mut command = sayso();
    command.args(["serve", "--listen", &address]).current_dir(dir.path()).env("SAYSO_LOG_FORMAT", "json");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let ask = async |path: &str| client().get(format!("http://{address}{path}")).send().await;
    let deadline = Instant::now() + PATIENCE;
    let alive = loop {
        match ask("/healthz").await {
            Ok(answer) => break answer,
            Err(_) => assert!(Instant::now() < deadline, "nothing listens"),
        }
    };
    assert_eq!(alive.status(), 200);
    let ready = ask("/readyz").await.expect("an answer");
    assert_eq!(ready.status(), 503);
    let ready: Value = ready.json().await.expect("JSON");
    assert_eq!((&ready["ready"], &ready["chain"]), (&json!(false), &json!("loading")), "{ready:#}");
    let posted = client().post(format!("http://{address}/v1/feedback")).json(&review("Tea")).send().await;
    let posted = posted.expect("an answer");
    assert_eq!((posted.status().as_u16(), posted.headers().contains_key("retry-after")), (503, true));
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let log: Vec<String> = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok).collect();
    assert_eq!(child.wait().expect("it ended").code(), Some(0));
    assert!(log.iter().any(|line| line.contains("stopped before the chain")), "{log:?}");
    assert!(!log.iter().any(|line| line.contains("\"loaded\"")), "it did not wait for the chain: {log:?}");
}

#[test]
fn a_command_without_a_reader_ends() {
    let mut listen = sayso();
    listen
        .args(["webhook", "listen", "--listen", "127.0.0.1:0", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = listen.spawn().expect("it starts");
    drop(child.stdout.take());
    let said = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let url = said.filter_map(|line| Some(line.split_once("Listening on ")?.1.split(';').next()?.to_owned())).next();
    let url = url.expect("it says where");
    let address = url.trim_start_matches("http://").split('/').next().expect("host and port");
    let mut receiver = std::net::TcpStream::connect(address).expect("it listens");
    let request = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}";
    receiver.write_all(request.as_bytes()).expect("is sent");
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().expect("it is our child").is_none() {
        assert!(Instant::now() < deadline, "it goes on");
        std::thread::yield_now();
    }
}

#[test]
fn a_link_that_leads_nowhere_is_no_missing_configuration() {
    let dir = folder();
    std::os::unix::fs::symlink("gone.toml", dir.path().join("sayso.toml")).expect("a link");
    let run = sayso().arg("check").current_dir(dir.path()).output().expect("it runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(2) && said.contains("sayso.toml"), "{said}");
}

#[test]
fn a_full_disk_under_what_is_printed_is_an_error_like_any_other() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let run = sayso().args(["key", "new"]).stdout(full).output().expect("it runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(2) && said.starts_with("error: cannot print to stdout: No space left"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_misspelt_level_of_the_log_is_told_instead_of_silence() {
    let run = sayso().args(["backtest", "--chain", "none.toml"]).env("SAYSO_LOG", "inof").output().expect("it runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("`inof` is no level; there are off, error, warn"), "{said}");
}
