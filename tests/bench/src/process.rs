//! Child processes: the release binary of sayso, and the plain server.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::Context;
use serde_json::Value;
use tempfile::TempDir;

/// A server that ends with this value.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: String,
    dir: Option<TempDir>,
}

impl Process {
    /// sayso in a folder of its own, with this configuration; compiled plugins are kept in `cache` between runs.
    pub(crate) fn sayso(config: &str, cache: &Path) -> anyhow::Result<Self> {
        Self::sayso_in(folder(cache)?, config)
    }

    /// sayso with this configuration in a folder that [`folder`] made.
    pub(crate) fn sayso_in(dir: TempDir, config: &str) -> anyhow::Result<Self> {
        std::fs::write(dir.path().join("sayso.toml"), config)?;
        let mut command = Command::new(binary("sayso")?);
        command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(dir.path());
        command.env("SAYSO_LOG", "info").env("SAYSO_LOG_FORMAT", "json");
        Self::start(command, dir)
    }

    /// One of the plain servers: `bare`, or `bare-durable` in a folder of its own on the disk of the others.
    pub(crate) fn bare(which: &str, scratch: &Path) -> anyhow::Result<Self> {
        let (mut command, dir) = (Command::new(std::env::current_exe()?), tempfile::tempdir_in(scratch)?);
        command.arg(which).current_dir(dir.path());
        Self::start(command, dir)
    }

    fn start(mut command: Command, dir: TempDir) -> anyhow::Result<Self> {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn()?;
        let mut lines = BufReader::new(child.stderr.take().context("piped")?).lines();
        let mut said = Vec::new();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let entry: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
            said.push(line);
            (entry["message"] == "listening").then(|| entry["address"].as_str().unwrap_or_default().to_owned())
        });
        let address = address.with_context(|| format!("it does not listen: {}", said.join("\n")))?;
        // What it says later is read, so that it never waits for a full pipe; warnings are shown.
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .filter(|line| line.contains("ERROR") || line.contains("WARN"))
                .take(5)
                .for_each(|line| eprintln!("{line}"));
        });
        Ok(Self { child, address, dir: Some(dir) })
    }

    /// Resident memory now, in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
        let kibibytes: u64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
        Ok(kibibytes * 1024)
    }

    /// Processor time used so far, in seconds.
    pub(crate) fn cpu(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().context("stat")?.split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks / 100.0)
    }

    /// The folder of its data.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// Kills it at once, as a power cut would; its folder.
    pub(crate) fn kill(mut self) -> anyhow::Result<TempDir> {
        self.child.kill()?;
        self.child.wait()?;
        self.dir.take().context("it has a folder")
    }

    /// Has it end of itself, which settles everything; its folder.
    pub(crate) fn end(mut self) -> anyhow::Result<TempDir> {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        anyhow::ensure!(sent.success() && self.child.wait()?.success(), "it did not end well");
        self.dir.take().context("it has a folder")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// A folder for sayso to run in; compiled plugins are kept in `cache` between runs.
pub(crate) fn folder(cache: &Path) -> anyhow::Result<TempDir> {
    let dir = TempDir::with_prefix_in("sayso-bench-", cache)?;
    let data = dir.path().join("sayso-data");
    std::fs::DirBuilder::new().mode(0o700).create(&data)?;
    let compiled = cache.join("cache");
    std::fs::create_dir_all(&compiled)?;
    std::os::unix::fs::symlink(std::fs::canonicalize(&compiled)?, data.join("cache"))?;
    Ok(dir)
}

/// A binary beside this one.
fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    anyhow::ensure!(
        path.exists(),
        "{} is not there; run `make bench`, or `cargo build --release` first",
        path.display()
    );
    Ok(path)
}

/// A folder for compiled plugins and data, on the same disk as the project.
pub(crate) fn scratch() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("bench-scratch");
    std::fs::create_dir_all(&path)?;
    Ok(path)
}
