//! Plugins in a real OCI registry on loopback: pushed, pinned, pulled once, signed; and files that are pinned and signed.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use sayso_tests::{PASSWORD, Raw, Registry, USER, sayso};
use serde_json::Value;

/// The command `sayso`, for a user whom no registry knows.
fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = sayso();
    command.current_dir(dir).args(arguments).env("DOCKER_CONFIG", dir.join("docker"));
    command
}

fn run(dir: &Path, arguments: &[&str]) -> Output {
    command(dir, arguments).output().expect("it runs")
}

/// What a command says that has to succeed.
fn done(dir: &Path, arguments: &[&str]) -> String {
    let output = run(dir, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The JSON that a command prints that has to succeed.
fn told(dir: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(dir, &[arguments, &["--json"]].concat())).expect("JSON")
}

/// What a command says that has to be refused.
fn refused(dir: &Path, arguments: &[&str]) -> String {
    let output = run(dir, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?} has to be refused: {said}");
    said
}

/// What `sayso check` says of a chain with this plugin: an error, or nothing.
fn check(dir: &Path, head: &str, lines: &str) -> String {
    let config = format!("{head}\n[[plugin]]\nname = \"guest\"\n{lines}\n");
    fs::write(dir.join("sayso.toml"), config).expect("written");
    let output = run(dir, &["check"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), !said.contains("error:"), "{said}");
    if output.status.success() { String::new() } else { said }
}

/// The line of what was printed that begins so.
fn line<'a>(printed: &'a str, start: &str) -> &'a str {
    printed.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no `{start}` in {printed}"))
}

/// A folder with a component in `guest.wasm`.
fn folder_with_a_plugin() -> (tempfile::TempDir, Vec<u8>) {
    let dir = tempfile::tempdir().expect("a folder");
    let component = Raw::default().component();
    fs::write(dir.path().join("guest.wasm"), &component).expect("written");
    (dir, component)
}

/// Makes a pair of keys in the file: the lines of configuration that require a signature with it.
fn required(dir: &Path, file: &str) -> String {
    format!("[plugins]\n{}", line(&done(dir, &["key", "new", "--signing", file]), "require_signature"))
}

#[tokio::test]
async fn a_plugin_is_pushed_pinned_and_pulled_once() {
    let mut registry = Registry::open().await;
    let (dir, component) = folder_with_a_plugin();
    let dir = dir.path();
    let tag = format!("oci://{}/acme/guest:1.0", registry.address());
    let pushed = done(dir, &["plugin", "push", "guest.wasm", &tag]);
    let by_manifest = line(&pushed, "use = \"oci://");
    assert!(by_manifest.contains("/acme/guest@sha256:"), "{pushed}");
    let digest = line(&pushed, "digest = ");

    let pulled = done(dir, &["plugin", "pull", &tag, "-o", "pulled.wasm"]);
    assert_eq!((line(&pulled, "use = "), line(&pulled, "digest = ")), (by_manifest, digest));
    assert_eq!(fs::read(dir.join("pulled.wasm")).expect("read"), component);
    assert_eq!(check(dir, "", &format!("use = \"./pulled.wasm\"\n{digest}")), "");

    let said = check(dir, "", &format!("use = \"{tag}\""));
    assert!(said.contains("is a tag") && said.contains(&format!("sayso plugin pull {tag}")), "{said}");
    let wrong = format!("sha256:{}", "0".repeat(64));
    let said = check(dir, "", &format!("use = \"{tag}\"\ndigest = \"{wrong}\""));
    assert!(said.contains(&wrong) && said.contains(&digest["digest = \"".len()..digest.len() - 1]), "{said}");
    let said = check(dir, "", &format!("use = \"oci://{}/acme/guest@{wrong}\"", registry.address()));
    assert!(said.contains(&wrong) && said.contains("is the name right?"), "{said}");
    assert_eq!(check(dir, "", by_manifest), "");

    registry.stop();
    assert_eq!(check(dir, "", by_manifest), "", "what was pulled is kept");
    assert_eq!(check(dir, "", &format!("use = \"{tag}\"\n{digest}")), "", "under its digest");
    let said = check(dir, "", &format!("use = \"{tag}\"\ndigest = \"{wrong}\""));
    assert!(said.contains("reachable"), "{said}");
    let kept = fs::read_dir(dir.join("sayso-data/cache/oci")).expect("the cache").flatten();
    let kept = kept.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|kind| kind == "wasm"));
    fs::write(kept.expect("the component"), b"damaged").expect("written");
    let said = check(dir, "", by_manifest);
    assert!(said.contains("reachable"), "what is damaged is pulled again: {said}");
}

#[tokio::test]
async fn a_tag_that_moved_is_found_out_by_the_digest() {
    let registry = Registry::open().await;
    let (dir, _) = folder_with_a_plugin();
    let dir = dir.path();
    let tag = format!("oci://{}/guest:1.0", registry.address());
    let first = told(dir, &["plugin", "push", "guest.wasm", &tag]);
    fs::write(dir.join("guest.wasm"), Raw { summary: "Another.", ..Raw::default() }.component()).expect("written");
    let second = told(dir, &["plugin", "push", "guest.wasm", &tag]);
    assert_ne!((&first["use"], &first["digest"]), (&second["use"], &second["digest"]));
    let said = check(dir, "", &format!("use = \"{tag}\"\ndigest = {}", first["digest"]));
    assert!(said.contains("another component") && said.contains(second["digest"].as_str().expect("text")), "{said}");
    assert_eq!(check(dir, "", &format!("use = {}", first["use"])), "", "the first is still there by its manifest");
}

#[tokio::test]
async fn a_signature_travels_with_the_plugin_and_can_be_added_later() {
    let registry = Registry::open().await;
    let (dir, _) = folder_with_a_plugin();
    let dir = dir.path();
    let required = required(dir, "release.pem");
    let tag = format!("oci://{}/acme/guest:1.0", registry.address());
    let unsigned = told(dir, &["plugin", "push", "guest.wasm", &tag]);
    assert_eq!(unsigned["signed"], false);
    let by_tag = format!("use = \"{tag}\"\ndigest = {}", unsigned["digest"]);
    let said = check(dir, &required, &by_tag);
    assert!(said.contains("not signed") && said.contains("sayso plugin sign"), "{said}");
    assert_eq!(check(dir, "", &by_tag), "", "without the requirement it is pulled and kept");

    done(dir, &["plugin", "sign", "guest.wasm", "--key", "release.pem"]);
    let signed = told(dir, &["plugin", "push", "guest.wasm", &tag]);
    assert_eq!((&signed["signed"], &signed["digest"]), (&Value::Bool(true), &unsigned["digest"]));
    assert_eq!(check(dir, &required, &by_tag), "", "the kept one gets the signature");
    assert_eq!(check(dir, &required, &format!("use = {}", signed["use"])), "");
    let said = check(dir, &required, &format!("use = {}", unsigned["use"]));
    assert_eq!(said, "", "the signature is of the component, by whatever manifest it came");

    let pulled = told(dir, &["plugin", "pull", &tag, "-o", "pulled.wasm"]);
    assert_eq!(pulled["signed"], true);
    assert_eq!(check(dir, &required, "use = \"./pulled.wasm\""), "");
}

#[tokio::test]
async fn a_registry_that_wants_a_password_gets_that_of_docker_or_of_the_environment() {
    let registry = Registry::locked().await;
    let (dir, _) = folder_with_a_plugin();
    let dir = dir.path();
    let tag = format!("oci://{}/guest:1.0", registry.address());
    let push = ["plugin", "push", "guest.wasm", &tag];
    let said = refused(dir, &push);
    assert!(said.contains("does not let sayso in") && said.contains("docker login"), "{said}");

    let with = |password: &str| {
        let mut command = command(dir, &push);
        command.env("SAYSO_REGISTRY", registry.address());
        command.env("SAYSO_REGISTRY_USER", USER).env("SAYSO_REGISTRY_PASSWORD", password).env("SAYSO_LOG", "trace");
        let output = command.output().expect("it runs");
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let encoded = base64(&format!("{USER}:{password}"));
        assert!(!said.contains(password) && !said.contains(&encoded), "the password is shown: {said}");
        (output.status.success(), said)
    };
    let (is_done, said) = with("wrong battery");
    assert!(!is_done && said.contains("does not let sayso in"), "{said}");
    let (is_done, said) = with(PASSWORD);
    assert!(is_done, "{said}");

    let auth = base64(&format!("{USER}:{PASSWORD}"));
    fs::create_dir(dir.join("docker")).expect("a folder");
    let docker = format!("{{\"auths\": {{\"{}\": {{\"auth\": \"{auth}\"}}}}}}", registry.address());
    fs::write(dir.join("docker/config.json"), docker).expect("written");
    let pushed = told(dir, &push);
    assert_eq!(check(dir, "", &format!("use = {}", pushed["use"])), "");

    fs::write(dir.join("docker/config.json"), "{").expect("written");
    let said = refused(dir, &push);
    assert!(said.contains("docker/config.json") && said.contains("docker login"), "{said}");
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}

#[test]
fn what_is_no_component_and_what_is_no_place_for_one_is_not_pushed() {
    let (dir, _) = folder_with_a_plugin();
    let dir = dir.path();
    fs::write(dir.join("module.wasm"), b"\0asm\x01\0\0\0").expect("written");
    let said = refused(dir, &["plugin", "push", "module.wasm", "oci://localhost:1/guest:1"]);
    assert!(said.contains("no WebAssembly component") && said.contains("sayso plugin build"), "{said}");
    for place in ["guest:1", "oci://guest:1", "oci://localhost:1/guest", "https://localhost:1/guest:1"] {
        let said = refused(dir, &["plugin", "push", "guest.wasm", place]);
        assert!(said.contains("is no reference") && said.contains("oci://REGISTRY/NAME:TAG"), "{said}");
    }
    let said =
        refused(dir, &["plugin", "push", "guest.wasm", &format!("oci://localhost:1/a@sha256:{}", "0".repeat(64))]);
    assert!(said.contains("give a tag"), "{said}");
}

#[test]
fn a_file_is_held_against_its_digest() {
    let (dir, _) = folder_with_a_plugin();
    let dir = dir.path();
    let file = "use = \"./guest.wasm\"";
    assert_eq!(check(dir, "", file), "");
    let said = check(dir, "", &format!("{file}\ndigest = \"sha256:{}\"", "0".repeat(64)));
    assert!(said.contains("has the digest sha256:") && said.contains("0000 is pinned"), "{said}");
    let said = check(dir, "", &format!("{file}\ndigest = \"sha256:00\""));
    assert!(said.contains("no digest") && said.contains("64 hex digits"), "{said}");
    let said = check(dir, "", &format!("use = \"builtin:tagger\"\ndigest = \"sha256:{}\"", "0".repeat(64)));
    assert!(said.contains("builtin:tagger has the digest"), "{said}");
}

#[test]
fn where_a_signature_is_required_what_is_not_signed_or_changed_or_signed_by_others_is_refused() {
    let (dir, _) = folder_with_a_plugin();
    let dir = dir.path();
    let file = "use = \"./guest.wasm\"";
    let required = required(dir, "release.pem");
    let said = check(dir, &required, file);
    assert!(said.contains("not signed") && said.contains("sayso plugin sign"), "{said}");
    assert_eq!(check(dir, &required, "use = \"builtin:tagger\""), "", "what is built in needs none");

    self::required(dir, "other.pem");
    done(dir, &["plugin", "sign", "guest.wasm", "--key", "other.pem"]);
    let said = check(dir, &required, file);
    assert!(said.contains("none of the keys"), "{said}");

    done(dir, &["plugin", "sign", "guest.wasm", "--key", "release.pem"]);
    assert_eq!(check(dir, &required, file), "");
    fs::write(dir.join("guest.wasm"), Raw { summary: "Forged.", ..Raw::default() }.component()).expect("written");
    let said = check(dir, &required, file);
    assert!(said.contains("another component"), "{said}");
    fs::write(dir.join("guest.wasm.sig"), "not a signature").expect("written");
    let said = check(dir, &required, file);
    assert!(said.contains("sign it again"), "{said}");

    let said = check(dir, "[plugins]\nrequire_signature = [\"release.pem\"]", file);
    assert!(said.contains("require_signature") && said.contains("no public key"), "{said}");
}

#[test]
fn a_private_key_is_for_its_owner_alone_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, _) = folder_with_a_plugin();
    let dir = dir.path();
    let made = told(dir, &["key", "new", "--signing", "release.pem"]);
    assert!(made["public"].as_str().is_some_and(|key| key.starts_with("ed25519:")), "{made}");
    let file = dir.join("release.pem");
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    let before = fs::read(&file).expect("read");
    let said = refused(dir, &["key", "new", "--signing", "release.pem"]);
    assert!(said.contains("not there yet"), "{said}");
    assert_eq!(fs::read(&file).expect("read"), before);
    let said = refused(dir, &["plugin", "sign", "guest.wasm", "--key", "guest.wasm"]);
    assert!(said.contains("no key"), "{said}");
}
