//! Components that attack the host while it loads them: each is refused with a message that says what to do, within
//! the time and the memory that loading may take.

use std::{fs::File, path::Path, time::Instant};

use reqwest::Method;
use sayso_tests::{PATIENCE, Raw, Server, component, folder, refusal, sayso};
use serde_json::Value;

/// An endless loop.
const ENDLESS: &str = "(loop $l (br $l))";

/// What `sayso check` says of a chain of this component; it has to refuse it, and soon.
fn refused(component: &[u8]) -> String {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("guest.wasm");
    std::fs::write(&path, component).expect("written");
    refused_file(&path)
}

fn refused_file(path: &Path) -> String {
    let started = Instant::now();
    let said = refusal(&chain(path));
    assert!(started.elapsed() < PATIENCE / 2, "it took {:?}", started.elapsed());
    assert!(said.contains("plugin `guest`"), "{said}");
    assert!(said.len() < 4096, "the message has {} bytes", said.len());
    assert!(!said.contains("panicked at"), "{said}");
    said
}

fn chain(path: &Path) -> String {
    format!("[[plugin]]\nname = \"guest\"\nuse = \"{}\"\n", path.display())
}

/// A component with so many imports.
fn with_imports(count: usize) -> Vec<u8> {
    let imports: String = (0..count).map(|n| format!("(import \"own:store/i{n}@1.0.0\" (instance))\n")).collect();
    component(&format!("(component {imports})"))
}

/// Holds that a component loads.
fn loads(component: &[u8]) {
    let dir = folder();
    std::fs::write(dir.path().join("guest.wasm"), component).expect("written");
    std::fs::write(dir.path().join("sayso.toml"), chain(Path::new("guest.wasm"))).expect("written");
    let output = sayso().current_dir(dir.path()).arg("check").output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_component_by_hand_loads_so_that_what_is_refused_is_refused_for_its_attack() {
    loads(&Raw::default().component());
}

#[test]
fn what_the_contract_does_not_offer_is_refused_by_name() {
    for import in [
        "wasi:http/outgoing-handler@0.2.0",
        "wasi:keyvalue/store@0.2.0",
        "wasi:nn/inference@0.2.0",
        "wasi:threads/spawn@0.1.0",
        "sayso:plugin/records@1.0.0",
        "sayso:host/shell@1.0.0",
    ] {
        let said = refused(&component(&format!("(component (import \"{import}\" (instance)))")));
        assert!(
            said.contains(import) && said.contains("does not offer") && said.contains("build it without"),
            "{said}"
        );
    }
    let said = refused(&component("(component (import \"system\" (func (param \"command\" string))))"));
    assert!(said.contains("`system`") && said.contains("does not offer"), "{said}");
}

#[test]
fn ten_thousand_imports_are_refused() {
    let said = refused(&with_imports(10_000));
    assert!(said.contains("no component that sayso can run") && said.contains("exceeds limit of 1000"), "{said}");
}

#[test]
fn ten_thousand_functions_of_a_granted_interface_are_refused() {
    let functions: String = (0..10_000).map(|n| format!("(export \"f{n}\" (func))\n")).collect();
    let said = refused(&component(&format!("(component (import \"sayso:plugin/log@1.0.0\" (instance {functions})))")));
    assert!(said.contains("sayso:plugin/log@1.0.0"), "{said}");
}

#[test]
fn a_component_of_500_megabytes_is_refused_before_it_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("guest.wasm");
    // Of the second size no machine could hold the content.
    for bytes in [500_u64 << 20, 500 << 40 >> 10] {
        File::create(&path).and_then(|file| file.set_len(bytes)).expect("a sparse file");
        let said = refused_file(&path);
        assert!(said.contains(&format!("{bytes} bytes")) && said.contains("strip it"), "{said}");
    }
}

#[test]
fn a_file_without_an_end_is_not_read() {
    let said = refused_file(Path::new("/dev/zero"));
    assert!(said.contains("/dev/zero") && said.contains("no file"), "{said}");
}

#[test]
fn a_folder_or_a_pipe_is_not_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let said = refused_file(dir.path());
    assert!(said.contains("no file"), "{said}");
    let pipe = dir.path().join("guest.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
    let said = refused_file(&pipe);
    assert!(said.contains("no file"), "{said}");
}

#[test]
fn a_truncated_component_is_refused_at_every_length() {
    let whole = Raw::default().component();
    let stride = whole.len() / 40;
    for length in (0..whole.len()).step_by(stride) {
        let said = refused(&whole[..length]);
        assert!(said.contains("guest.wasm"), "cut at {length}: {said}");
    }
}

#[test]
fn a_flipped_bit_is_refused_with_a_message_or_harmless() {
    let whole = Raw::default().component();
    // A cache of its own: that of all tests is not to hold these.
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("sayso.toml"), chain(Path::new("guest.wasm"))).expect("written");
    let mut refusals = 0;
    let stride = whole.len() / 120;
    for position in (0..whole.len()).step_by(stride) {
        let mut damaged = whole.clone();
        damaged[position] ^= 1 << (position % 8);
        std::fs::write(dir.path().join("guest.wasm"), &damaged).expect("written");
        let output = sayso().current_dir(dir.path()).arg("check").output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => {}
            Some(2) => {
                refusals += 1;
                assert!(said.contains("plugin `guest`") && !said.contains("panicked at"), "byte {position}: {said}");
            }
            code => panic!("byte {position}: ended with {code:?}: {said}"),
        }
    }
    assert!(refusals > 30, "only {refusals} were refused");
}

#[test]
fn one_built_for_another_major_version_is_refused_with_both_versions() {
    let said = refused(&Raw { version: "2.0.0", ..Raw::default() }.component());
    assert!(said.contains("sayso:plugin 2.0.0") && said.contains("1.0") && said.contains("rebuild"), "{said}");
    let said = refused(&component("(component (import \"sayso:plugin/log@2.0.0\" (instance)))"));
    assert!(said.contains("sayso:plugin 2.0.0") && said.contains("rebuild"), "{said}");
}

#[test]
fn one_built_for_a_future_minor_version_runs_while_it_uses_nothing_newer() {
    loads(&Raw { version: "1.9.0", ..Raw::default() }.component());
}

#[test]
fn one_that_uses_what_a_future_minor_version_brings_is_refused_with_both_versions() {
    let wit = include_str!("../../wit/plugin.wit").replace(
        "write: func(level: level, message: string);",
        "write: func(level: level, message: string);\n  flush: func();",
    );
    let imports = r#"(import "sayso:plugin/log@1.9.0" "flush" (func $flush))"#;
    let said =
        refused(&Raw { version: "1.9.0", wit: &wit, imports, describe: "(call $flush)", ..Raw::default() }.component());
    assert!(said.contains("sayso:plugin 1.9.0") && said.contains("1.0") && said.contains("update sayso"), "{said}");
    // A grant that comes with it.
    let said = refused(&component("(component (import \"sayso:plugin/weather@1.9.0\" (instance)))"));
    assert!(said.contains("sayso:plugin/weather@1.9.0") && said.contains("update sayso"), "{said}");
}

#[test]
fn shared_memory_and_with_it_threads_are_refused() {
    let said = refused(&component("(component (core module (memory 1 1 shared)))"));
    assert!(said.contains("no component that sayso can run") && said.contains("thread"), "{said}");
}

#[test]
fn one_without_the_contract_is_refused() {
    let said = refused(&component("(component)"));
    assert!(said.contains("sayso:plugin/analysis"), "{said}");
}

#[test]
fn a_core_module_is_refused() {
    let said = refused(&component("(module)"));
    assert!(said.contains("no component that sayso can run"), "{said}");
}

#[test]
fn an_endless_loop_before_the_first_call_is_cut() {
    let more = format!("(func $start {ENDLESS}) (start $start)");
    for raw in [
        Raw { more: &more, ..Raw::default() },
        Raw { describe: ENDLESS, ..Raw::default() },
        Raw { configure: ENDLESS, ..Raw::default() },
    ] {
        let said = refused(&raw.component());
        assert!(said.contains("longer than 5s to start"), "{said}");
    }
}

#[test]
fn a_recursion_without_end_is_cut() {
    let more = "(func $f (result i32) (i32.add (call $f) (i32.const 1)))";
    let said = refused(&Raw { more, describe: "(drop (call $f))", ..Raw::default() }.component());
    assert!(said.contains("overflowed its call stack"), "{said}");
}

#[test]
fn a_memory_beyond_the_limit_is_refused() {
    for memory in ["1100", "40000"] {
        let said = refused(&Raw { memory, ..Raw::default() }.component());
        assert!(said.contains("limits.memory_bytes") || said.contains("memory"), "{said}");
    }
}

#[test]
fn more_memories_and_tables_than_one_plugin_may_have_are_refused() {
    let modules = |what: &str, count: usize| {
        let one = |n| format!("(core module $m{n} {what}) (core instance (instantiate $m{n}))");
        let all: String = (0..count).map(one).collect();
        component(&format!("(component {all})"))
    };
    let said = refused(&modules("(memory 1)", 17));
    assert!(said.contains("memor"), "{said}");
    let said = refused(&modules("(table 10 funcref)", 33));
    assert!(said.contains("table"), "{said}");
    let said = refused(&modules("", 65));
    assert!(said.contains("instances"), "{said}");
    let said = refused(&Raw { more: "(table 50001 funcref)", ..Raw::default() }.component());
    assert!(said.contains("table"), "{said}");
}

#[test]
fn a_schema_that_refers_to_itself_without_end_ends() {
    for schema in [
        r##"{"allOf":[{"$ref":"#"}]}"##,
        r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##,
    ] {
        loads(&Raw { schema, ..Raw::default() }.component());
    }
}

/// A schema of so many definitions, each of which asks twice for the one below it.
fn doubling(length: usize) -> String {
    let below = |n: usize| format!(r##"{{"$ref":"#/$defs/a{n}"}}"##);
    let definitions: Vec<_> = (1..=length).map(|n| format!(r#""a{n}":{{"allOf":[{0},{0}]}}"#, below(n - 1))).collect();
    format!(r##"{{"$ref":"#/$defs/a{length}","$defs":{{"a0":{{}},{}}}}}"##, definitions.join(","))
}

#[test]
fn a_schema_whose_work_doubles_with_every_line_is_refused_and_can_be_looked_at() {
    loads(&Raw { schema: &doubling(10), ..Raw::default() }.component());
    let bomb = Raw { schema: &doubling(60), ..Raw::default() }.component();
    let said = refused(&bomb);
    assert!(said.contains("takes more than 1000000 steps") && said.contains("write it flatter"), "{said}");
    let dir = folder();
    let path = dir.path().join("guest.wasm");
    std::fs::write(&path, bomb).expect("written");
    let started = Instant::now();
    let output = sayso().current_dir(dir.path()).args(["plugin", "inspect"]).arg(&path).output().expect("it runs");
    assert!(started.elapsed() < PATIENCE / 2, "it took {:?}", started.elapsed());
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("takes more than 1000000 steps"), "{said}");
}

#[test]
fn a_schema_that_leads_elsewhere_is_not_followed() {
    for place in ["file:///etc/hostname", "http://127.0.0.1:9/schema", "https://example.com/schema"] {
        let schema = format!("{{\"$ref\":\"{place}\"}}");
        let said = refused(&Raw { schema: &schema, ..Raw::default() }.component());
        assert!(said.contains("schema") && said.contains(place), "{said}");
    }
}

#[test]
fn a_description_that_floods_the_terminal_is_refused() {
    let long = "x".repeat(100_000);
    let escape = "\u{1b}[2Jgone";
    for raw in [
        Raw { summary: &long, ..Raw::default() },
        Raw { summary: escape, ..Raw::default() },
        Raw { plugin_version: &long, ..Raw::default() },
        Raw { plugin_version: escape, ..Raw::default() },
    ] {
        let said = refused(&raw.component());
        assert!(said.contains("describes itself") && !said.contains('\u{1b}'), "{said}");
    }
}

/// The most memory that the server ever had, in bytes.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

#[tokio::test]
async fn a_running_server_refuses_each_goes_on_and_its_memory_stays_bounded() {
    let server = Server::builder().config("[[plugin]]\nname = \"tagger\"\nuse = \"builtin:tagger\"").start().await;
    let chain_before = server.get("/v1/chain").await;
    let path = server.dir().join("guest.wasm");
    server.reconfigure(&chain(&path));
    let whole = Raw::default().component();
    let attacks = [
        ("10,000 imports", with_imports(10_000)),
        ("a truncated one", whole[..whole.len() / 2].to_vec()),
        ("another major version", Raw { version: "2.0.0", ..Raw::default() }.component()),
        ("an endless start", Raw { describe: ENDLESS, ..Raw::default() }.component()),
        ("too much memory", Raw { memory: "40000", ..Raw::default() }.component()),
        ("500 MB", Vec::new()),
    ];
    let before = peak(&server);
    for (attack, component) in attacks {
        std::fs::write(&path, &component).expect("written");
        if component.is_empty() {
            File::options().write(true).open(&path).and_then(|file| file.set_len(500 << 20)).expect("a sparse file");
        }
        let response = server.request(Method::POST, "/v1/chain/reload").send().await.expect("an answer");
        assert_eq!(response.status(), 422, "{attack}");
        let problem: Value = response.json().await.expect("JSON");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains("plugin `guest`"), "{attack}: {detail}");
        assert_eq!(server.get("/v1/chain").await, chain_before, "{attack}: the old chain goes on");
    }
    let grown = peak(&server).saturating_sub(before);
    println!("the server grew by {} MiB", grown >> 20);
    assert!(grown < 128 << 20, "the server grew by {} MiB", grown >> 20);
}
