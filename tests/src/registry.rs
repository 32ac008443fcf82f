//! A real OCI registry as a child process on loopback: `docker-registry` of Debian, which `tests/setup.sh` unpacks.

use std::{
    fmt::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{PATIENCE, client};

/// The user that a registry with a password knows.
pub const USER: &str = "release";
/// Its password.
pub const PASSWORD: &str = "correct horse";
/// bcrypt of [`PASSWORD`].
const HASHED: &str = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";

/// A running registry; it ends with the test.
pub struct Registry {
    child: Child,
    address: String,
    _dir: TempDir,
}

impl Registry {
    /// Starts one that lets everybody in.
    pub async fn open() -> Self {
        Self::start(false).await
    }

    /// Starts one that wants [`USER`] and [`PASSWORD`].
    pub async fn locked() -> Self {
        Self::start(true).await
    }

    async fn start(is_locked: bool) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let address = free.to_string();
        let mut config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{address}\"}}\n",
            dir.path().join("store").display()
        );
        if is_locked {
            let passwords = dir.path().join("htpasswd");
            std::fs::write(&passwords, format!("{USER}:{HASHED}\n")).expect("written");
            writeln!(config, "auth: {{htpasswd: {{realm: test, path: {}}}}}", passwords.display())
                .expect("a string takes it");
        }
        let file = dir.path().join("config.yml");
        std::fs::write(&file, config).expect("written");
        let mut command = Command::new(program());
        let child = command.arg("serve").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("docker-registry is there; run `make setup-tests`");
        let started = Self { child, address, _dir: dir };
        let (client, deadline) = (client(), Instant::now() + PATIENCE);
        while client.get(format!("http://{}/v2/", started.address)).send().await.is_err() {
            assert!(Instant::now() < deadline, "the registry does not answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        started
    }

    /// Where it listens: the first part of every reference to it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Ends the process.
    ///
    /// # Panics
    /// If it has ended before.
    pub fn stop(&mut self) {
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

/// The program of the system, or the one that `tests/setup.sh` unpacked.
fn program() -> PathBuf {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/registry/usr/bin/docker-registry");
    if unpacked.exists() { unpacked } else { "docker-registry".into() }
}
