//! Plugins in JavaScript and Python: projects are made and built as a user would, and run in the chain of the real
//! server. The tools are those that `tests/setup.sh` installs.

use std::{
    collections::BTreeSet,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use sayso_tests::{Receiver, Server, folder, sayso};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The folder of this repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("it is there")
}

/// A folder for projects, from which the packages that `tests/setup.sh` installed are found.
fn workshop() -> TempDir {
    let node = root().join("target/node");
    assert!(node.join("node_modules/.bin/componentize-js").exists(), "run `make setup-tests` first");
    TempDir::with_prefix_in("project-", node).expect("a folder")
}

/// Runs sayso with the tools of the tests, and returns what it printed.
fn run(args: &[&str], dir: &Path) -> String {
    let venv = root().join("target/venv");
    assert!(venv.join("bin/componentize-py").exists(), "run `make setup-tests` first");
    let output = sayso().args(args).current_dir(dir).env("VIRTUAL_ENV", venv).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "sayso {}: {said}", args.join(" "));
    String::from_utf8(output.stdout).expect("text")
}

/// Every file below `dir`, in order.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found.sort();
    found
}

/// Builds the project, or takes what was built of the same files by the same sayso: no build of these languages gives
/// the same bytes again, and each component takes the compiler of the sandbox its time.
fn build(project: &Path) -> PathBuf {
    let mut digest = DefaultHasher::new();
    for file in files(project).into_iter().chain(files(&root().join("host/src/cli/plugin"))) {
        fs::read(&file).expect("readable").hash(&mut digest);
    }
    let name = project.file_name().and_then(|name| name.to_str()).expect("a name");
    let kept = root().join("target/node").join(format!("{name}-{:016x}.wasm", digest.finish()));
    if !kept.exists() {
        let started = Instant::now();
        run(&["plugin", "build", name], project.parent().expect("a folder"));
        println!("{name}: built in {:.1?}", started.elapsed());
        fs::copy(project.join(name).with_extension("wasm"), &kept).expect("it was built");
    }
    kept
}

/// The project of an example, copied to where it can be built.
fn example(name: &str, workshop: &Path) -> PathBuf {
    let (source, project) = (root().join("examples/plugins").join(name), workshop.join(name));
    // Tools of a developer who built the example where it lies stay there.
    let own = |file: &PathBuf| {
        !file.components().any(|part| {
            [".venv", "node_modules", "bindings", "__pycache__"].iter().any(|tool| part.as_os_str() == *tool)
        })
    };
    for file in files(&source).into_iter().filter(own).filter(|file| file.extension().is_none_or(|kind| kind != "wasm"))
    {
        let to = project.join(file.strip_prefix(&source).expect("it is below"));
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(&file, to).expect("copied");
    }
    project
}

/// The `[[plugin]]` of this component. The chain is loaded once, so that the server starts with it compiled.
fn chain(name: &str, component: &Path, config: &Value) -> String {
    let written = toml(config);
    let entry = format!("[[plugin]]\nname = \"{name}\"\nuse = \"{}\"\nconfig = {written}\n", component.display());
    let dir = folder();
    fs::write(dir.path().join("sayso.toml"), &entry).expect("written");
    let started = Instant::now();
    run(&["check"], dir.path());
    println!("{name}: loaded in {:.1?}, {} bytes", started.elapsed(), fs::metadata(component).expect("there").len());
    entry
}

/// A value of JSON as TOML writes it in one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<_> = fields.iter().map(|(key, value)| format!("\"{key}\" = {}", toml(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("readable")).expect("JSON")
}

/// What the analysis holds of effects as golden cases write them.
fn said(analysis: &Value) -> BTreeSet<String> {
    let list = |key: &str| analysis[key].as_array().cloned().unwrap_or_default();
    let tags =
        list("tags").into_iter().map(|tag| format!("tag {} {} {}", tag["name"], tag["confidence"], tag["spans"]));
    let intents =
        list("intents").into_iter().map(|one| format!("tag {} {} {}", one["type"], one["confidence"], one["spans"]));
    let scores = analysis["scores"].as_object().cloned().unwrap_or_default();
    let scores = scores.into_iter().map(|(name, value)| format!("score \"{name}\" {value}"));
    let routes =
        list("routes").into_iter().map(|one| format!("route {} {} {}", one["name"], one["rule"], one["priority"]));
    tags.chain(intents).chain(scores).chain(routes).collect()
}

/// The same of the effects that a golden case expects.
fn expected(answer: &Value) -> BTreeSet<String> {
    let one = |effect: &Value| {
        let (kind, value) = effect.as_object().and_then(|fields| fields.iter().next()).expect("an effect");
        match kind.as_str() {
            "tag" => {
                let spans = value["spans"].as_array().cloned().unwrap_or_default();
                let spans: Vec<_> = spans.iter().map(|span| json!([span["start"], span["end"]])).collect();
                format!("tag {} {} {}", value["name"], value["confidence"], Value::from(spans))
            }
            "score" => format!("score {} {}", value["name"], value["value"]),
            "route" => format!("route {} {} {}", value["name"], value["rule"], value["priority"]),
            other => panic!("no golden case here has a {other}"),
        }
    };
    answer["effects"].as_array().into_iter().flatten().map(one).collect()
}

/// Posts the golden cases of a project to a server that runs it: each analysis holds what is expected and nothing else.
async fn holds_its_golden_cases(server: &Server, name: &str, project: &Path) {
    let cases = fs::read_dir(project.join("cases")).expect("cases").map(|case| case.expect("a case").path());
    let mut run = 0;
    for case in cases {
        let answer = read(&case.join("expected.json"));
        let posted = server.analyze(&read(&case.join("input.json"))).await;
        let analysis = &posted["analysis"];
        assert_eq!(said(analysis), expected(&answer), "{}: {analysis:#}", case.display());
        let provenance = &analysis["provenance"][0];
        assert_eq!(provenance["plugin"], name);
        match &answer["fault"]["unsupported"] {
            Value::Null => assert_eq!(provenance["status"], "ok", "{provenance:#}"),
            reason => assert_eq!((&provenance["status"], &provenance["reason"]), (&json!("unsupported"), reason)),
        }
        run += 1;
    }
    assert!(run >= 2, "{} has golden cases", project.display());
    println!("{name}: {} µs an item in batches of 64", each(server, &read(&case_of(project))).await);
}

/// The input of the first golden case.
fn case_of(project: &Path) -> PathBuf {
    files(&project.join("cases")).into_iter().find(|file| file.ends_with("input.json")).expect("a case")
}

/// What one of many items costs, in microseconds, by the provenance of the last of them.
async fn each(server: &Server, item: &Value) -> u64 {
    let answer = server.analyze(&Value::Array(vec![item.clone(); 1_000])).await;
    let results = answer["results"].as_array().expect("results");
    let mut times: Vec<_> = results.iter().filter_map(|one| one["analysis"]["provenance"][0]["us"].as_u64()).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// As the README says: a new project, one line of it changed, built, put into the chain; a delivery carries its tag.
async fn a_new_project_works(lang: &str, source: &str) {
    let workshop = workshop();
    let name = format!("claims-{lang}");
    run(&["plugin", "new", &name, "--lang", lang], workshop.path());
    let project = workshop.path().join(&name);
    // As an earlier build leaves them.
    fs::create_dir_all(project.join("bindings/wit_world")).expect("made");
    let program = fs::read_to_string(project.join(source)).expect("it was made");
    let changed =
        program.replacen(&format!("tag({0}{name}{0}", quote(lang)), &format!("tag({0}claim/{lang}{0}", quote(lang)), 1);
    assert_ne!(program, changed);
    fs::write(project.join(source), changed).expect("written");
    let golden = project.join("cases/claim/expected.json");
    let case = fs::read_to_string(&golden).expect("it was made");
    fs::write(&golden, case.replace(&format!("\"{name}\""), &format!("\"claim/{lang}\""))).expect("written");

    let entry = chain("claims", &build(&project), &read(&project.join("config.json")));
    let receiver = Receiver::start().await;
    let server = Server::builder().config(&entry).webhook("desk", &receiver.url(), "").start().await;
    println!("{name}: the server starts in {:.1?}", server.started_in());
    server.post(&read(&project.join("cases/claim/input.json"))).await;
    let delivered = &receiver.wait_for(1).await[0];
    assert!(delivered.is_verified);
    assert_eq!(delivered.body["data"]["analysis"]["tags"][0]["name"], format!("claim/{lang}"));
    holds_its_golden_cases(&server, "claims", &project).await;
}

fn quote(lang: &str) -> char {
    if lang == "js" { '\'' } else { '"' }
}

#[tokio::test]
async fn a_new_project_in_javascript_is_built_and_a_delivery_carries_its_tag() {
    a_new_project_works("js", "plugin.js").await;
}

#[tokio::test]
async fn a_new_project_in_python_is_built_and_a_delivery_carries_its_tag() {
    a_new_project_works("python", "plugin.py").await;
}

async fn the_example_works(name: &str) {
    let workshop = workshop();
    let project = example(name, workshop.path());
    let entry = chain(name, &build(&project), &read(&project.join("config.json")));
    let server = Server::builder().config(&entry).start().await;
    holds_its_golden_cases(&server, name, &project).await;
}

#[tokio::test]
async fn the_example_in_javascript_tags_competitors_in_four_scripts() {
    the_example_works("competitors").await;
}

#[tokio::test]
async fn the_example_in_python_scores_the_urgency_of_survey_answers() {
    the_example_works("urgency").await;
}

#[test]
fn the_examples_hold_the_files_of_a_new_project_unchanged() {
    let workshop = workshop();
    for (example, lang, shared) in [("competitors", "js", "sayso.js"), ("urgency", "python", "sayso.py")] {
        run(&["plugin", "new", example, "--lang", lang], workshop.path());
        for file in [shared, ".gitignore", "wit/world.wit", "wit/deps/sayso-plugin.wit"] {
            let kept = fs::read_to_string(root().join("examples/plugins").join(example).join(file)).expect(file);
            let made = fs::read_to_string(workshop.path().join(example).join(file)).expect(file);
            assert!(kept == made, "examples/plugins/{example}/{file} is not as `sayso plugin new` makes it");
        }
    }
}

#[tokio::test]
async fn a_plugin_that_reaches_for_the_machine_finds_nothing_and_the_same_every_time() {
    let workshop = workshop();
    run(&["plugin", "new", "reaching", "--lang", "python"], workshop.path());
    let project = workshop.path().join("reaching");
    fs::copy(root().join("tests/guests/reaching/plugin.py"), project.join("plugin.py")).expect("copied");
    let entry = chain("reaching", &build(&project), &json!({}));
    let mut server = Server::builder().config(&entry).variable("TEST_SECRET", "seen").start().await;
    let item = json!({"kind": "review", "language": "en", "text": "reach"});
    let started = Instant::now();
    let first = server.analyze(&item).await["analysis"]["other"]["got"].clone();
    assert!(started.elapsed().as_secs() < 30, "nothing waits");
    let got = |name: &str| first[name].as_str().unwrap_or_else(|| panic!("{name} is not in {first:#}")).to_owned();
    for refused in ["read", "write", "list", "connect", "resolve", "listen", "thread", "process"] {
        assert!(got(refused).starts_with("refused: "), "{refused}: {}", got(refused));
    }
    let nothing = [("environment", "{}"), ("input", "''"), ("time", "0.0"), ("sleep", "'slept'"), ("say", "'said'")];
    for (name, value) in nothing {
        assert_eq!(got(name), value, "{name}");
    }
    assert!(!first.to_string().contains("seen"), "{first:#}");
    assert!(!Path::new("/tmp/sayso-reached").exists());

    let log = server.log().join("\n");
    assert!(log.contains("said to the standard output") && log.contains("said to the standard error"), "{log}");

    server.kill_and_restart().await;
    let again = server.analyze(&item).await["analysis"]["other"]["got"].clone();
    assert_eq!(first, again, "clock and randomness are the same in every instance");

    let left = server.analyze(&json!({"kind": "review", "language": "en", "text": "leave"})).await;
    let provenance = &left["analysis"]["provenance"][0];
    assert_eq!(provenance["status"], "skipped");
    assert!(provenance["reason"].as_str().is_some_and(|reason| reason.contains("ended its own program")), "{left:#}");
}

#[test]
fn an_absent_tool_is_named_with_the_command_that_installs_it() {
    let workshop = TempDir::new().expect("a folder");
    for (lang, command) in [("js", "apt-get install nodejs npm"), ("python", "apt-get install python3 python3-venv")] {
        run(&["plugin", "new", lang, "--lang", lang], workshop.path());
        let mut build = sayso();
        build.args(["plugin", "build", lang]).current_dir(workshop.path());
        let output = without_tools(&mut build).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(command), "{lang}: {said}");
    }
}

fn without_tools(command: &mut Command) -> &mut Command {
    command.env("PATH", "/nonexistent").env_remove("VIRTUAL_ENV")
}
