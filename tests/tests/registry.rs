//! Plugins in a real OCI registry on loopback: pushed, pinned, pulled once, signed.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use sayso_tests::{Raw, client, sayso};
use tempfile::TempDir;

/// A running registry; it ends with the test.
struct Registry {
    child: Child,
    address: String,
    _dir: TempDir,
}

impl Registry {
    async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let address = format!("127.0.0.1:{port}");
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{address}\"}}\n",
            dir.path().join("store").display()
        );
        let file = dir.path().join("config.yml");
        std::fs::write(&file, config).expect("written");
        let mut command = Command::new("docker-registry");
        let child = command.arg("serve").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("docker-registry is there; run `make setup-tests`");
        let started = Self { child, address, _dir: dir };
        let client = client();
        for _ in 0..600 {
            if client.get(format!("http://{}/v2/", started.address)).send().await.is_ok() {
                return started;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the registry does not answer");
    }

    fn stop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

fn run(dir: &Path, arguments: &[&str]) -> Output {
    sayso().current_dir(dir).args(arguments).output().expect("it runs")
}

/// What a command says that has to succeed.
fn done(dir: &Path, arguments: &[&str]) -> String {
    let output = run(dir, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What `sayso check` says of a chain with this plugin: an error, or nothing.
fn check(dir: &Path, head: &str, lines: &str) -> String {
    let config = format!("{head}\n[[plugin]]\nname = \"guest\"\n{lines}\n");
    std::fs::write(dir.join("sayso.toml"), config).expect("written");
    let output = run(dir, &["check"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

/// The line of what was printed that begins so.
fn line<'a>(printed: &'a str, start: &str) -> &'a str {
    printed.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no `{start}` in {printed}"))
}

#[tokio::test]
async fn a_plugin_is_pushed_pinned_pulled_once_and_signed() {
    let mut registry = Registry::start().await;
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let component = Raw::default().component();
    std::fs::write(dir.join("guest.wasm"), &component).expect("written");
    done(dir, &["key", "new", "--ed25519", "release.pem"]);
    let signed = done(dir, &["plugin", "sign", "guest.wasm", "--key", "release.pem"]);
    let required = format!("[plugins]\n{}", line(&signed, "require_signature"));
    let tag = format!("oci://{}/acme/guest:1.0", registry.address);
    let pushed = done(dir, &["plugin", "push", "guest.wasm", &tag]);
    let by_manifest = line(&pushed, "use = \"oci://");
    assert!(by_manifest.contains("/acme/guest@sha256:"), "{pushed}");
    let digest = line(&pushed, "digest = ");

    let said = check(dir, "", &format!("use = \"{tag}\""));
    assert!(said.contains("is a tag") && said.contains("pin it"), "{said}");
    let wrong = format!("sha256:{}", "0".repeat(64));
    let said = check(dir, "", &format!("use = \"{tag}\"\ndigest = \"{wrong}\""));
    assert!(said.contains(&wrong) && said.contains(&digest["digest = \"".len()..digest.len() - 1]), "{said}");
    assert_eq!(check(dir, &required, by_manifest), "");

    let pulled = done(dir, &["plugin", "pull", &tag, "-o", "pulled.wasm"]);
    assert_eq!(line(&pulled, "digest = "), digest);
    assert_eq!(std::fs::read(dir.join("pulled.wasm")).expect("read"), component);
    assert_eq!(check(dir, &required, &format!("use = \"./pulled.wasm\"\n{digest}")), "");

    registry.stop();
    assert_eq!(check(dir, &required, by_manifest), "", "what was pulled is kept");
    assert_eq!(check(dir, &required, &format!("use = \"{tag}\"\n{digest}")), "", "under its digest");
    let kept = std::fs::read_dir(dir.join("sayso-data/cache/oci")).expect("the cache").flatten();
    let kept = kept.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|kind| kind == "wasm"));
    std::fs::write(kept.expect("the component"), b"damaged").expect("written");
    let said = check(dir, "", by_manifest);
    assert!(said.contains(&registry.address), "what is damaged is pulled again: {said}");
}

#[test]
fn a_file_is_held_against_its_digest_and_its_signature() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    std::fs::write(dir.join("guest.wasm"), Raw::default().component()).expect("written");
    let file = "use = \"./guest.wasm\"";
    assert_eq!(check(dir, "", file), "");
    let said = check(dir, "", &format!("{file}\ndigest = \"sha256:{}\"", "0".repeat(64)));
    assert!(said.contains("has the digest sha256:") && said.contains("0000 is pinned"), "{said}");
    let said = check(dir, "", &format!("{file}\ndigest = \"sha256:00\""));
    assert!(said.contains("no digest") && said.contains("64 hex digits"), "{said}");

    let made = done(dir, &["key", "new", "--ed25519", "release.pem"]);
    let required = format!("[plugins]\n{}", line(&made, "require_signature"));
    let said = check(dir, &required, file);
    assert!(said.contains("not signed") && said.contains("sayso plugin sign"), "{said}");
    done(dir, &["plugin", "sign", "guest.wasm", "--key", "release.pem"]);
    assert_eq!(check(dir, &required, file), "");
    std::fs::write(dir.join("guest.wasm"), Raw { summary: "Forged.", ..Raw::default() }.component()).expect("written");
    let said = check(dir, &required, file);
    assert!(said.contains("another component"), "{said}");
}
