//! The real binary as a child process on a port of its own.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;

use crate::{PATIENCE, receiver::SECRET};

/// A client as a user's: no special settings.
pub fn client() -> Client {
    // Tests run in parallel, and whoever comes first installs it.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().no_proxy().build().expect("a client")
}

/// Builds the configuration of a server.
#[derive(Default)]
pub struct ServerBuilder {
    config: String,
    launch: Launch,
}

/// How the process is started.
#[derive(Default)]
struct Launch {
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    descriptors: Option<u32>,
}

impl ServerBuilder {
    /// Adds lines of configuration.
    #[must_use]
    pub fn config(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// Adds a webhook to a receiver on loopback, with more lines of its own.
    #[must_use]
    pub fn webhook(mut self, name: &str, url: &str, more: &str) -> Self {
        let entry = format!(
            "[[webhook]]\nname = \"{name}\"\nurl = \"{url}\"\nsecret = \"{SECRET}\"\nallow_private = true\n{more}"
        );
        writeln!(self.config, "{entry}").expect("a string takes it");
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.launch.variables.push((name.into(), value.into()));
        self
    }

    /// Adds an argument of `sayso serve`.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.launch.arguments.push(argument.into());
        self
    }

    /// Lets it have so many descriptors open at once.
    #[must_use]
    pub const fn descriptors(mut self, most: u32) -> Self {
        self.launch.descriptors = Some(most);
        self
    }

    /// Starts the server in a folder of its own.
    pub async fn start(self) -> Server {
        Server::start(folder(), self).await
    }
}

/// A running server. It is killed when the test is over, and its folder removed.
pub struct Server {
    child: Child,
    dir: TempDir,
    url: String,
    launch: Launch,
    log: Arc<Mutex<Vec<String>>>,
    client: Client,
    started_in: Duration,
}

impl Server {
    /// A server to be configured.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    async fn start(dir: TempDir, builder: ServerBuilder) -> Self {
        let ServerBuilder { config, launch } = builder;
        std::fs::write(dir.path().join("sayso.toml"), config).expect("written");
        let started = Instant::now();
        let (child, url, log) = spawn(dir.path(), &launch).await;
        Self { child, dir, url, launch, log, client: client(), started_in: started.elapsed() }
    }

    /// Kills the process at once, as a power cut would, and starts it again on the same data. The address changes.
    pub async fn kill_and_restart(&mut self) {
        self.kill();
        self.restart().await;
    }

    /// Kills the process at once.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }

    /// Starts the process again on the same data.
    pub async fn restart(&mut self) {
        let started = Instant::now();
        let (child, url, log) = spawn(self.dir.path(), &self.launch).await;
        self.child = child;
        self.url = url;
        self.log = log;
        self.started_in = started.elapsed();
    }

    /// Asks the process to end, and waits until it has: its exit code.
    pub async fn terminate(&mut self) -> Option<i32> {
        self.signal("TERM");
        self.terminated().await
    }

    /// Waits until the process has ended: its exit code.
    pub async fn terminated(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status.code();
            }
            tokio::task::yield_now().await;
        }
        panic!("the server did not end");
    }

    /// Sends the process a signal, by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill runs");
        assert!(sent.success(), "the process took no signal");
    }

    /// Puts another configuration in the place of the one that it was started with, as editors do.
    pub fn reconfigure(&self, config: &str) {
        let new = self.dir().join("sayso.toml.new");
        std::fs::write(&new, config).expect("written");
        std::fs::rename(new, self.dir().join("sayso.toml")).expect("renamed");
    }

    /// Waits until a line of the log has this text: lines come by a pipe, behind what they tell of.
    pub async fn wait_for_log(&self, text: &str) {
        let wait = async {
            while !self.log().iter().any(|line| line.contains(text)) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("the log never says `{text}`"));
    }

    /// The folder of configuration and data.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How long the last start took until it listened.
    pub const fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Every line of its log so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("no panic while locked").clone()
    }

    /// A request to it.
    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Posts JSON feedback.
    pub async fn post(&self, feedback: &Value) -> Response {
        self.request(reqwest::Method::POST, "/v1/feedback").json(feedback).send().await.expect("an answer")
    }

    /// Posts JSON feedback and waits for the analysis.
    ///
    /// # Panics
    /// If the answer is not 200.
    pub async fn analyze(&self, feedback: &Value) -> Value {
        let request = self.request(reqwest::Method::POST, "/v1/feedback").header("prefer", "wait=30").json(feedback);
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(status, 200, "{answer:#}");
        answer
    }

    /// Gets JSON.
    ///
    /// # Panics
    /// If the answer is not 200.
    pub async fn get(&self, path: &str) -> Value {
        let response = self.request(reqwest::Method::GET, path).send().await.expect("an answer");
        let status = response.status();
        let text = response.text().await.expect("text");
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    /// Asks again and again until `enough`: for states that no event tells of.
    ///
    /// # Panics
    /// If that takes longer than [`PATIENCE`].
    pub async fn wait_until(&self, path: &str, enough: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path).await;
            if enough(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "waited in vain; {path} says {answer:#}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
        if std::thread::panicking() {
            let log = self.log();
            eprintln!("the last of the server's log:\n{}", log[log.len().saturating_sub(30)..].join("\n"));
        }
    }
}

/// The binary, which `cargo build` puts beside the folder of the tests.
fn binary() -> PathBuf {
    let exe = std::env::current_exe().expect("this program has a path");
    let binary = exe.parent().and_then(Path::parent).expect("target/PROFILE/deps").join("sayso");
    assert!(binary.exists(), "{} is not there; run `make test`, or `cargo build` first", binary.display());
    binary
}

/// A folder to run sayso in, whose cache of compiled plugins is that of all tests: each is compiled once.
///
/// # Panics
/// Where the folder cannot be made.
pub fn folder() -> TempDir {
    let shared = binary().with_file_name("test-cache");
    let private = |path: &Path| std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).expect("a folder");
    private(&shared);
    let dir = TempDir::with_prefix("sayso-").expect("a folder");
    for data in ["sayso-data", "sayso-data/demo"] {
        let data = dir.path().join(data);
        private(&data);
        std::os::unix::fs::symlink(&shared, data.join("cache")).expect("a link");
    }
    dir
}

/// The folder of dictionaries that `make dictionaries` built.
///
/// # Panics
/// Where it is not there.
pub fn dictionaries() -> PathBuf {
    let named = std::env::var_os("SAYSO_DATA__DICTIONARIES").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dictionaries"));
    folder.canonicalize().unwrap_or_else(|error| panic!("{}: {error}; run `make dictionaries`", folder.display()))
}

/// What sayso says of a configuration that it has to refuse.
///
/// # Panics
/// If it does not refuse it.
pub fn refusal(config: &str) -> String {
    let dir = folder();
    std::fs::write(dir.path().join("sayso.toml"), config).expect("written");
    let output = sayso().current_dir(dir.path()).arg("check").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "it must be refused: {said}");
    said
}

/// The command `sayso`, to be given its arguments.
pub fn sayso() -> Command {
    Command::new(binary())
}

async fn spawn(dir: &Path, launch: &Launch) -> (Child, String, Arc<Mutex<Vec<String>>>) {
    let Launch { variables, arguments, descriptors } = launch;
    let mut command = match descriptors {
        None => sayso(),
        Some(most) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("ulimit -n {most}; exec \"$0\" \"$@\"")]).arg(binary());
            shell
        }
    };
    let mut child = command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments)
        .current_dir(dir)
        .env("SAYSO_LOG_FORMAT", "json")
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let stderr = child.stderr.take().expect("it is piped");
    let log = Arc::new(Mutex::new(Vec::new()));
    let (sender, receiver) = mpsc::channel();
    let lines = log.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let entry: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
            if entry["message"] == "listening" {
                drop(sender.send(entry["address"].as_str().unwrap_or_default().to_owned()));
            }
            lines.lock().expect("no panic while locked").push(line);
        }
    });
    let address = tokio::task::spawn_blocking(move || receiver.recv_timeout(PATIENCE)).await.expect("no panic");
    let address =
        address.unwrap_or_else(|_| panic!("the server does not listen: {}", log.lock().expect("ours").join("\n")));
    (child, format!("http://{address}"), log)
}
