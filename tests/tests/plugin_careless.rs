//! Mistakes of those who write plugins in JavaScript or Python: each is refused when the plugin is built, or is the fault
//! of the feedback that it happened with, with a reason that says what to change.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Mutex, PoisonError},
};

use sayso_tests::sayso;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The folder of this repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("it is there")
}

/// The sources of a language, and the end of their names.
const LANGUAGES: [(&str, &str); 2] = [("js", "js"), ("python", "py")];

/// `sayso plugin`, with the tools that `tests/setup.sh` installed.
fn plugin(args: &[&str], dir: &Path) -> Command {
    let mut command = sayso();
    let cache = PathBuf::from(sayso().get_program()).with_file_name("test-plugins").join("cache");
    command.arg("plugin").args(args).current_dir(dir);
    command.env("VIRTUAL_ENV", root().join("target/venv")).env("XDG_CACHE_HOME", cache);
    command
}

/// A new project in a folder of its own, from which the packages of the tests are found.
fn project(lang: &str) -> (TempDir, PathBuf) {
    let workshop = TempDir::with_prefix_in("project-", root().join("target/node")).expect("`make setup-tests` ran");
    let output = plugin(&["new", "careless", "--lang", lang], workshop.path()).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let project = workshop.path().join("careless");
    (workshop, project)
}

/// The plugin of `tests/guests/careless`, built once for each version of it and of what it is made with.
fn careless(lang: &str, end: &str) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (_workshop, project) = project(lang);
    let source = format!("plugin.{end}");
    fs::copy(root().join("tests/guests/careless").join(&source), project.join(&source)).expect("copied");
    let mut digest = DefaultHasher::new();
    for file in [source, format!("sayso.{end}")] {
        fs::read(project.join(file)).expect("readable").hash(&mut digest);
    }
    let kept = root().join("target/node").join(format!("careless-{lang}-{:016x}.wasm", digest.finish()));
    if !kept.exists() {
        let built = plugin(&["build"], &project).output().expect("it runs");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        fs::copy(project.join("careless.wasm"), &kept).expect("it was built");
    }
    kept
}

/// What the plugin answers to feedback with these texts.
fn answers<'a>(component: &Path, texts: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let component = component.to_str().expect("UTF-8");
    let mut run = plugin(&["run", component, "--config", "{}"], &root());
    let mut child = run.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut input = child.stdin.take().expect("piped");
    for text in texts {
        writeln!(input, "{}", json!({"kind": "review", "language": "en", "text": text})).expect("written");
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Each mistake, by the text that makes the plugin commit it, is a fault whose reason has this in it.
fn each_is_a_fault(lang: &str, end: &str, mistakes: &[(&str, &str)]) {
    let component = careless(lang, end);
    let texts = mistakes.iter().map(|(text, _)| *text).chain(["nothing"]);
    let answers = answers(&component, texts);
    assert_eq!(answers.len(), mistakes.len() + 1, "{answers:#?}");
    for ((text, reason), answer) in mistakes.iter().zip(&answers) {
        let told = answer["fault"]["failed"].as_str().unwrap_or_else(|| panic!("{lang}, {text}: {answer}"));
        assert!(told.contains(reason), "{lang}, {text}: {told}");
    }
    assert_eq!(answers[mistakes.len()]["effects"][0]["tag"]["name"], "fine", "{answers:#?}");
}

#[test]
fn what_is_still_to_be_said_when_process_returns_is_a_fault_rather_than_lost() {
    let reason = "process must not be async or a generator";
    let mistakes = [("promise", reason), ("broken promise", reason), ("generator", reason)];
    for (lang, end) in LANGUAGES {
        each_is_a_fault(lang, end, &mistakes);
    }
}

/// Builds a new project in which one thing is changed. It has to be refused; returns what is said.
fn refused(lang: &str, end: &str, from: &str, to: &str) -> String {
    let (_workshop, project) = project(lang);
    let source = project.join(format!("plugin.{end}"));
    let program = fs::read_to_string(&source).expect("it was made");
    assert!(program.contains(from), "{from}");
    fs::write(&source, program.replacen(from, to, 1)).expect("written");
    let Output { status, stderr, .. } = plugin(&["build"], &project).output().expect("it runs");
    let said = String::from_utf8(stderr).expect("text");
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(!said.contains("Stack backtrace"), "{said}");
    said
}

#[test]
fn a_process_that_is_async_is_refused_when_it_is_built() {
    for (lang, end, from, to) in
        [("js", "js", "  process(", "  async process("), ("python", "py", "def process(", "async def process(")]
    {
        let said = refused(lang, end, from, to);
        assert!(said.contains("process must not be async"), "{said}");
        assert!(said.contains("building . …"), "where no spinner turns, a line says what takes so long: {said}");
    }
}

#[test]
fn a_priority_that_is_none_is_a_fault_that_names_it() {
    for (lang, end, none) in [("js", "js", "NaN"), ("python", "py", "nan")] {
        let none = format!("route: priority is {none}");
        let large = "route: priority is 300; it has to be a whole number from 0 to 100";
        let mistakes = [("large priority", large), ("no priority", &*none), ("half a priority", "is 50.9;")];
        each_is_a_fault(lang, end, &mistakes);
    }
}

#[test]
fn a_misspelt_name_in_reads_is_refused_with_those_that_are_known() {
    for (lang, end) in LANGUAGES {
        let [from, to] =
            if lang == "js" { ["reads: []", "reads: ['detials']"] } else { ["reads=[]", "reads=['detials']"] };
        let said = refused(lang, end, from, to);
        assert!(said.contains("'detials' is unknown; known are origin, customer, details,"), "{said}");
    }
}

#[test]
fn what_is_of_another_type_is_a_fault_that_says_which_is_needed() {
    let shared = [("number for a name", "tag: name is 5; it has to be a str"), ("no rule", "route: rule is ")];
    let number = [("text for a number", "; it has to be a number")];
    let of_js = [
        ("no name", "tag: name is undefined; it has to be a string"),
        ("span outside", "span: 0 to 99 is no passage of a text of length 12"),
        ("no value", "note: value as JSON is undefined"),
    ];
    let of_python = [
        ("no name", "tag: name is None; it has to be a str"),
        ("half a character", "surrogates not allowed"),
        ("exit", "SystemExit: enough"),
    ];
    for ((lang, end), own) in LANGUAGES.into_iter().zip([of_js, of_python]) {
        each_is_a_fault(lang, end, &[&shared[..], &number, &own].concat());
    }
}

#[test]
fn a_definition_that_lacks_its_schema_or_has_a_misspelt_key_is_refused() {
    let said = refused("js", "js", "config: {", "confg: {");
    assert!(said.contains("plugin: 'confg' is unknown; known are name, version, summary, reads, config"), "{said}");
}

#[test]
fn a_syntax_error_is_told_with_its_file_line_and_token() {
    let said = refused("js", "js", "summary: ", "summary = ");
    assert!(said.contains("plugin.js:8") && said.contains("Invalid shorthand property initializer"), "{said}");
}
