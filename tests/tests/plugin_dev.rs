//! Writing a plugin, as its developer does from the README: new, edit, build, test, and into a chain.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
    time::Instant,
};

use sayso_tests::{Receiver, Server, guest, sayso};
use serde_json::{Value, json};

/// `sayso plugin`, with a cache of compiled plugins that all tests share.
fn plugin(dir: &Path, args: &[&str]) -> Command {
    let mut command = sayso();
    command.arg("plugin").args(args).current_dir(dir).env("XDG_CACHE_HOME", scratch().join("cache"));
    command
}

/// A folder in that of the build.
fn scratch() -> PathBuf {
    let binary = PathBuf::from(sayso().get_program());
    let dir = binary.with_file_name("test-plugins");
    fs::create_dir_all(&dir).expect("a folder");
    dir
}

fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command says on standard output. Its exit code must be this one.
fn said(output: &Output, code: i32) -> String {
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{out}\n{}", text(&output.stderr));
    out
}

/// Runs a step of a developer, and tells how long it took.
fn timed(what: &str, command: &mut Command) -> Output {
    let started = Instant::now();
    let output = run(command);
    println!("{what}: {:.1} s", started.elapsed().as_secs_f64());
    output
}

/// A folder for a project that is not there yet. Its path is the same in every run, since cargo builds anew at another.
fn fresh(name: &str) -> PathBuf {
    let dir = scratch().join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).expect("it is ours");
    }
    dir
}

/// Lets the project use the cargo folder of other projects and of earlier runs, so that a dependency is compiled once.
fn keep_target(project: &Path) {
    let kept = scratch().join("target");
    fs::create_dir_all(&kept).expect("a folder");
    std::os::unix::fs::symlink(kept, project.join("target")).expect("a link");
}

/// The example, built once.
fn warranty() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/plugins/warranty");
        let dir = dir.canonicalize().expect("it is there");
        let built = timed("build of examples/plugins/warranty", &mut plugin(&dir, &["build"]));
        assert!(said(&built, 0).contains("grants   none needed"), "{}", text(&built.stdout));
        dir
    })
}

/// The golden cases of the example in a folder of their own, with its component.
fn copy_of_warranty() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    fs::copy(warranty().join("warranty.wasm"), copy.path().join("warranty.wasm")).expect("copied");
    for case in fs::read_dir(warranty().join("cases")).expect("cases").flatten() {
        let to = copy.path().join("cases").join(case.file_name());
        fs::create_dir_all(&to).expect("a folder");
        for file in fs::read_dir(case.path()).expect("files").flatten() {
            fs::copy(file.path(), to.join(file.file_name())).expect("copied");
        }
    }
    copy
}

#[tokio::test]
async fn a_new_plugin_is_edited_built_tested_and_its_tag_is_in_a_delivery() {
    let project = fresh("tea-claims");
    let made = timed("new", &mut plugin(&scratch(), &["new", "tea-claims", "--lang", "rust"]));
    assert!(said(&made, 0).contains("sayso plugin build"));
    keep_target(&project);
    let built = timed("first build", &mut plugin(&project, &["build"]));
    let told = said(&built, 0);
    assert!(told.contains("tea-claims.wasm: ") && told.contains("sayso:plugin/types@1.0.0"), "{told}");
    let first = run(&mut plugin(&project, &["test"]));
    assert!(said(&first, 0).contains("2 cases: 2 ok, 0 failed"), "{}", text(&first.stdout));

    let lib = project.join("src/lib.rs");
    let source = fs::read_to_string(&lib).expect("is there");
    let edited = source.replace(r#"Tag::topic("tea-claims", 1.0)"#, r#"Tag::topic("claims/tea", 1.0)"#);
    assert_ne!(source, edited, "one line is edited");
    fs::write(&lib, edited).expect("written");
    let built = timed("build after the edit", &mut plugin(&project, &["build"]));
    said(&built, 0);
    let test = timed("test", &mut plugin(&project, &["test"]));
    let told = said(&test, 1);
    assert!(
        told.contains(r#"-        "name": "tea-claims""#) && told.contains(r#"+        "name": "claims/tea""#),
        "{told}"
    );
    said(&run(&mut plugin(&project, &["test", "--bless"])), 0);
    said(&run(&mut plugin(&project, &["test"])), 0);

    let receiver = Receiver::start().await;
    let chain = format!(
        "[[plugin]]\nname = \"tea-claims\"\nuse = \"{}\"\nconfig = {{ words = [\"warranty\"] }}",
        project.join("tea-claims.wasm").display()
    );
    let server =
        Server::builder().config(&chain).webhook("desk", &receiver.url(), "tags = [\"claims/*\"]").start().await;
    let posted = json!({"kind": "review", "language": "en", "text": "It broke. Warranty?"});
    server.post(&posted).await.error_for_status().expect("accepted");
    let events = receiver.wait_for(1).await;
    assert!(events[0].is_verified);
    assert_eq!(events[0].body["data"]["analysis"]["tags"][0]["name"], "claims/tea", "{:#}", events[0].body);
}

#[test]
fn new_overwrites_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let precious = dir.path().join("mine/README.md");
    fs::create_dir(dir.path().join("mine")).expect("made");
    fs::write(&precious, "mine").expect("written");
    let refused = run(&mut plugin(dir.path(), &["new", "mine"]));
    said(&refused, 2);
    assert!(text(&refused.stderr).contains("nothing is overwritten"), "{}", text(&refused.stderr));
    assert_eq!(fs::read_to_string(precious).expect("is there"), "mine");
    assert_eq!(fs::read_dir(dir.path().join("mine")).expect("is there").count(), 1);
}

#[test]
fn a_plugin_may_be_called_as_a_dependency_and_not_as_the_sdk() {
    let project = fresh("quote");
    said(&run(&mut plugin(&scratch(), &["new", "quote"])), 0);
    keep_target(&project);
    let lib = fs::read_to_string(project.join("src/lib.rs")).expect("is there");
    assert!(lib.contains("struct QuotePlugin "), "{lib}");
    said(&timed("build of a plugin called as a dependency", &mut plugin(&project, &["build"])), 0);
    assert!(project.join("quote.wasm").exists());
    let refused = run(&mut plugin(&scratch(), &["new", "sayso-plugin"]));
    said(&refused, 2);
    assert!(text(&refused.stderr).contains("choose another name"), "{}", text(&refused.stderr));
}

#[test]
fn an_absent_toolchain_is_named_with_the_command_that_installs_it() {
    let dir = tempfile::tempdir().expect("a folder");
    said(&run(&mut plugin(dir.path(), &["new", "claims"])), 0);
    let mut build = plugin(&dir.path().join("claims"), &["build"]);
    let refused = run(build.env("SAYSO_WASM_TOOLCHAIN", "rustup").env("RUSTC", "/nowhere/rustc"));
    said(&refused, 2);
    assert!(text(&refused.stderr).contains("rustup target add wasm32-unknown-unknown"), "{}", text(&refused.stderr));
}

#[test]
fn what_does_not_compile_is_shown_as_the_compiler_says_it() {
    let project = fresh("broken");
    said(&run(&mut plugin(&scratch(), &["new", "broken"])), 0);
    keep_target(&project);
    let lib = project.join("src/lib.rs");
    let source = fs::read_to_string(&lib).expect("is there").replace("effects.tag(", "effects.tagg(");
    fs::write(&lib, source).expect("written");
    let refused = run(&mut plugin(&project, &["build"]));
    said(&refused, 2);
    assert!(text(&refused.stderr).contains("no method named `tagg`"), "{}", text(&refused.stderr));
    assert!(!project.join("broken.wasm").exists());
}

#[tokio::test]
async fn the_warranty_example_passes_its_cases_and_routes_claims_in_a_chain() {
    let dir = warranty();
    let tested = timed("test of examples/plugins/warranty", &mut plugin(dir, &["test", "--json"]));
    let told: Value = serde_json::from_str(&said(&tested, 0)).expect("JSON");
    assert_eq!(told["ok"], true);
    assert_eq!(told["cases"].as_array().map(Vec::len), Some(6), "{told:#}");
    let chain = format!(
        "[[plugin]]\nname = \"warranty\"\nuse = \"{}\"\nconfig = {{ route = \"repairs\" }}",
        dir.join("warranty.wasm").display()
    );
    let server = Server::builder().config(&chain).start().await;
    let claim = json!({"kind": "review", "language": "en", "text": "It broke after a week. Is that under warranty?"});
    let analysis = server.analyze(&claim).await["analysis"].clone();
    assert_eq!(analysis["intents"][0]["type"], "warranty_claim", "{analysis:#}");
    assert_eq!(analysis["routes"][0]["name"], "repairs", "{analysis:#}");
}

#[test]
fn a_golden_case_that_fails_shows_its_difference_and_blessing_takes_it() {
    let copy = copy_of_warranty();
    let expected = copy.path().join("cases/claim/expected.json");
    let right = fs::read_to_string(&expected).expect("is there");
    fs::write(&expected, right.replace("warranty_claim", "claim")).expect("written");
    let failed = run(&mut plugin(copy.path(), &["test", "warranty.wasm"]));
    let told = said(&failed, 1);
    assert!(told.contains("differs  claim"), "{told}");
    assert!(
        told.contains(r#"-        "name": "claim""#) && told.contains(r#"+        "name": "warranty_claim""#),
        "{told}"
    );
    assert!(told.contains("6 cases: 5 ok, 1 failed"), "{told}");
    let blessed = run(&mut plugin(copy.path(), &["test", "warranty.wasm", "--bless"]));
    assert!(said(&blessed, 0).contains("blessed  claim"), "{}", text(&blessed.stdout));
    assert_eq!(fs::read_to_string(&expected).expect("is there"), right);
}

#[test]
fn blessing_replaces_an_answer_that_cannot_be_read() {
    let copy = copy_of_warranty();
    let expected = copy.path().join("cases/claim/expected.json");
    let right = fs::read_to_string(&expected).expect("is there");
    fs::write(&expected, "<<<<<<< HEAD").expect("written");
    let blessed = run(&mut plugin(copy.path(), &["test", "warranty.wasm", "--bless"]));
    assert!(said(&blessed, 0).contains("blessed  claim"), "{}", text(&blessed.stdout));
    assert_eq!(fs::read_to_string(&expected).expect("is there"), right);
}

#[test]
fn a_case_that_cannot_be_read_fails_and_says_why() {
    let copy = copy_of_warranty();
    let case = |file: &str, text: &str| fs::write(copy.path().join("cases").join(file), text).expect("written");
    case("claim/input.json", r#"{"kind": "reviw", "text": "ok"}"#);
    case("quoted/expected.json", r#"{"effects": [{"tag": {"name": 7}}]}"#);
    case("routed/config.json", r#"{"windw": 7}"#);
    let failed = run(&mut plugin(copy.path(), &["test", "warranty.wasm"]));
    let told = said(&failed, 1);
    assert!(told.contains("3 failed"), "{told}");
    for part in ["claim/input.json", "quoted/expected.json", "name", "windw"] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
}

#[test]
fn a_plugin_that_keeps_state_is_found_out_by_its_cases() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::copy(guest("hostile"), dir.path().join("hostile.wasm")).expect("copied");
    for name in ["a", "b"] {
        let case = dir.path().join("cases").join(name);
        fs::create_dir_all(&case).expect("a folder");
        fs::write(case.join("input.json"), r#"{"kind": "review", "text": "ATTACK count"}"#).expect("written");
    }
    let blessed = run(&mut plugin(dir.path(), &["test", "hostile.wasm", "--bless"]));
    assert!(said(&blessed, 1).contains("a plugin keeps no state"), "{}", text(&blessed.stdout));
}

#[test]
fn a_case_runs_within_the_limits_of_production() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::copy(guest("hostile"), dir.path().join("hostile.wasm")).expect("copied");
    let case = dir.path().join("cases/loop");
    fs::create_dir_all(&case).expect("a folder");
    fs::write(case.join("input.json"), r#"{"kind": "review", "text": "ATTACK loop"}"#).expect("written");
    let fault = r#"{"fault": {"failed": "took longer than limits.deadline_ms = 500"}}"#;
    fs::write(case.join("expected.json"), fault).expect("written");
    said(&run(&mut plugin(dir.path(), &["test", "hostile.wasm"])), 0);
}

#[test]
fn a_bad_line_is_named_and_the_good_ones_go_on() {
    let mut command = plugin(warranty(), &["run", "warranty.wasm", "--config", r#"{"window": 60}"#]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let lines = "{\"kind\":\"review\",\"text\":\"It is broken. Warranty!\"}\n\n{\"kind\":\"review\",\"txt\":1}\n{\"kind\":\"review\",\"text\":\"Nice.\"}\n";
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ended");
    let told = said(&output, 1);
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0]["line"], &told[1]["line"]), (&json!(1), &json!(4)));
    assert_eq!(told[0]["effects"][0]["tag"]["spans"][0]["words"], "Warranty", "{}", told[0]);
    assert_eq!(told[1]["effects"], json!([]));
    let problem = text(&output.stderr);
    assert!(problem.contains("line 3") && problem.contains("txt"), "{problem}");
}

#[test]
fn what_the_customer_said_before_can_be_given_with_the_feedback() {
    let dir = tempfile::tempdir().expect("a folder");
    let feedback = r#"{"kind": "review", "text": "Late again", "customer": {"id": "c1"}}"#;
    let history = r#""history": {"earlier": 3, "sentiment_mean": -0.4}"#;
    let nobodys = format!(r#"{{"feedback": {{"kind": "review", "text": "Late"}}, {history}}}"#);
    let lines = [format!(r#"{{"feedback": {feedback}, {history}}}"#), feedback.to_owned(), nobodys];
    fs::write(dir.path().join("lines.ndjson"), lines.join("\n")).expect("written");
    let lines = fs::File::open(dir.path().join("lines.ndjson")).expect("opened");
    let nosy = guest("nosy");
    let mut command = plugin(dir.path(), &["run", nosy.to_str().expect("UTF-8")]);
    let output = command.stdin(lines).output().expect("it runs");
    let told = text(&output.stdout);
    let answers: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let earlier = |answer: &Value| {
        let effects = answer["effects"].as_array().expect("effects").iter();
        effects.map(|effect| &effect["note"]).find(|note| note["name"] == "earlier").expect("it says")["value"].clone()
    };
    assert_eq!([earlier(&answers[0]), earlier(&answers[1])], [json!(3), Value::Null]);
    let said = format!("{told}{}", text(&output.stderr));
    assert!(said.contains("`history`: the feedback names no customer"), "{said}");
}

#[test]
fn a_plugin_that_fails_on_a_line_goes_on_with_the_next_and_the_exit_code_tells() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::copy(guest("hostile"), dir.path().join("hostile.wasm")).expect("copied");
    let mut command = plugin(dir.path(), &["run", "hostile.wasm"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let lines = "{\"kind\":\"review\",\"text\":\"ATTACK loop\"}\n{\"kind\":\"review\",\"text\":\"Nice.\"}\n";
    child.stdin.take().expect("piped").write_all(lines.as_bytes()).expect("written");
    let told = said(&child.wait_with_output().expect("it ended"), 1);
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(told[0]["fault"]["failed"].is_string() && told[1]["effects"].is_array(), "{told:?}");
}

#[test]
fn a_signature_of_another_build_is_pushed_nowhere() {
    let dir = copy_of_warranty();
    said(&run(sayso().args(["key", "new", "--signing", "release.pem"]).current_dir(dir.path())), 0);
    said(&run(&mut plugin(dir.path(), &["sign", "warranty.wasm", "--key", "release.pem"])), 0);
    fs::copy(guest("hostile"), dir.path().join("warranty.wasm")).expect("copied");
    let pushed = run(&mut plugin(dir.path(), &["push", "warranty.wasm", "oci://localhost:1/acme/warranty:1"]));
    said(&pushed, 2);
    let problem = text(&pushed.stderr);
    assert!(problem.contains("warranty.wasm is of another build") && problem.contains("plugin sign"), "{problem}");
}

#[test]
fn inspect_tells_what_a_component_is_and_what_it_needs() {
    let told = said(&run(&mut plugin(warranty(), &["inspect", "warranty.wasm"])), 0);
    for part in ["warranty 1.0.0", "sha256:", "sayso:plugin 1.0.0", "none needed", "KiB"] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let json = said(&run(&mut plugin(warranty(), &["inspect", "warranty.wasm", "--json"])), 0);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        json["schema"]["properties"]["window"]["description"],
        "The most bytes between a term and a defect of one claim."
    );
    let nosy = guest("nosy");
    let told = said(&run(&mut plugin(Path::new("."), &["inspect", nosy.to_str().expect("UTF-8")])), 0);
    assert!(
        told.contains(r#"grants = ["text", "history"]"#) || told.contains(r#"grants = ["history", "text"]"#),
        "{told}"
    );
}

#[test]
fn inspect_says_of_other_files_that_they_are_no_plugin() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("a.wasm"), b"\0asm\x0d\0\x01\0").expect("written");
    let told = said(&run(&mut plugin(dir.path(), &["inspect", "a.wasm"])), 1);
    assert!(told.contains("no plugin of sayso"), "{told}");
    fs::write(dir.path().join("b.wasm"), b"hello").expect("written");
    let refused = run(&mut plugin(dir.path(), &["inspect", "b.wasm"]));
    said(&refused, 2);
    assert!(text(&refused.stderr).contains("b.wasm is no component"), "{}", text(&refused.stderr));
}

#[test]
fn bench_prints_its_figures_beside_those_of_an_empty_plugin() {
    let told = said(&run(&mut plugin(warranty(), &["bench", "--seconds", "1"])), 0);
    println!("{told}");
    for part in ["items per second", "time per item", "memory of an instance", "start of an instance", "first load"] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let json = said(&run(&mut plugin(warranty(), &["bench", "--seconds", "1", "--json"])), 0);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    for one in ["plugin", "empty"] {
        for figure in ["items_per_second", "ns_per_item", "memory_bytes", "start_us", "first_load_ms", "later_load_ms"]
        {
            assert!(json[one][figure].as_f64().is_some_and(|value| value > 0.0), "{one}.{figure}: {json:#}");
        }
        assert_eq!(json[one]["faults_in_batch"], 0);
    }
    let each = |one: &str| json[one]["ns_per_item"].as_u64();
    assert!(each("plugin") > each("empty"), "what does something costs more than what does nothing: {json:#}");
}

#[test]
fn bench_names_a_component_that_is_not_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let refused = run(&mut plugin(dir.path(), &["bench", "nosuch.wasm"]));
    said(&refused, 2);
    assert!(text(&refused.stderr).contains("cannot read nosuch.wasm"), "{}", text(&refused.stderr));
}

#[test]
fn bench_gives_up_a_plugin_that_runs_into_its_deadline() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::copy(guest("hostile"), dir.path().join("hostile.wasm")).expect("copied");
    fs::write(dir.path().join("feedback.ndjson"), r#"{"kind": "review", "text": "ATTACK loop"}"#).expect("written");
    let started = Instant::now();
    let refused = run(&mut plugin(dir.path(), &["bench", "hostile.wasm", "--seconds", "1"]));
    said(&refused, 2);
    let told = text(&refused.stderr);
    assert!(told.contains("feedback 1") && told.contains("took longer than limits.deadline_ms"), "{told}");
    assert!(started.elapsed().as_secs() < 30, "it does not wait for a whole batch: {:?}", started.elapsed());
}

#[test]
fn help_of_every_command_has_examples() {
    for command in ["new", "build", "test", "bench", "inspect", "run"] {
        let help = said(&run(&mut plugin(Path::new("."), &[command, "--help"])), 0);
        assert!(help.contains("Examples:"), "{command}");
    }
}
