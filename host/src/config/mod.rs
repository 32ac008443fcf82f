//! Configuration: `sayso.toml`, overlaid by the environment. Every key is optional and documented here with its
//! default; a key that is not here is an error that names its line.

mod address;
mod environment;
mod http;
mod keep;
mod load;
mod origin;
mod source;
mod webhook;
mod written;

pub use self::http::Http;
pub use address::parse_address;
#[cfg(test)]
pub(crate) use environment::is_of_commands;
pub use keep::Keep;
pub(crate) use load::is_name;
pub use load::{ConfigError, load, load_chain};
pub use source::Source;
pub use webhook::{Batch, Format, Header, Ordering, Signature, Webhook};

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// The whole configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where sayso listens, and what it takes from outside.
    pub server: Server,
    /// Where it keeps its data.
    pub data: Data,
    /// How the chain is run.
    pub pipeline: Pipeline,
    /// How webhooks are called.
    pub delivery: Delivery,
    /// Who may do what. Without any, everything is open to this machine alone.
    #[serde(rename = "key")]
    pub keys: Vec<Key>,
    /// The chain, in order. Without any: the built-in plugins.
    #[serde(rename = "plugin")]
    pub plugins: Vec<Plugin>,
    /// Whether `plugins` are the built-in ones because none is named.
    #[serde(skip)]
    pub is_default_chain: bool,
    /// Which components may be plugins at all.
    #[serde(rename = "plugins")]
    pub trust: Trust,
    /// Who gets the results.
    #[serde(rename = "webhook")]
    pub webhooks: Vec<Webhook>,
}

impl Config {
    /// The sections that say something else in `other`, but for chain and keys.
    pub fn sections_unlike(&self, other: &Self) -> Vec<&'static str> {
        let sections = [
            ("[server]", self.server == other.server),
            ("[data]", self.data == other.data),
            ("[pipeline]", self.pipeline == other.pipeline),
            ("[delivery]", self.delivery == other.delivery),
            ("[plugins]", self.trust == other.trust),
            ("[[webhook]]", self.webhooks == other.webhooks),
        ];
        sections.into_iter().filter_map(|(name, is_alike)| (!is_alike).then_some(name)).collect()
    }
}

/// `[server]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address to listen on; `127.0.0.1:8080`. Beyond loopback only with keys.
    #[serde(deserialize_with = "address::address")]
    pub listen: SocketAddr,
    /// Largest body of a request that is not NDJSON or CSV, expanded, in bytes; 8 MiB.
    pub max_body_bytes: usize,
    /// Largest NDJSON or CSV body, expanded, in bytes; 1 GiB.
    pub max_stream_bytes: u64,
    /// Largest single feedback, in bytes of JSON; 1 MiB.
    pub max_item_bytes: usize,
    /// Largest `text`, in bytes; 256 KiB.
    pub max_text_bytes: usize,
    /// Feedback that waits for the chain, above which intake answers 429; 1,000,000.
    pub max_backlog: u64,
    /// Free space on the disk of the data below which intake answers 503, in bytes; 256 MiB.
    pub min_free_bytes: u64,
    /// For how long after SIGTERM requests are still taken, while `/readyz` says 503 already: so much time has a load balancer
    /// to look elsewhere; 0 s.
    #[serde(deserialize_with = "duration")]
    pub drain_notice: Duration,
    /// How long requests and deliveries in flight may take to end then; 20 s.
    #[serde(deserialize_with = "duration")]
    pub drain: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            max_body_bytes: 8 << 20,
            max_stream_bytes: 1 << 30,
            max_item_bytes: 1 << 20,
            max_text_bytes: 256 << 10,
            max_backlog: 1_000_000,
            min_free_bytes: 256 << 20,
            drain_notice: Duration::ZERO,
            drain: Duration::from_secs(20),
        }
    }
}

/// `[data]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// Folder for the store and the cache of compiled plugins; `./sayso-data`.
    pub dir: PathBuf,
    /// Folder of the dictionaries, with a folder each for `ja`, `ko` and `zh`; if absent, the first of these that is
    /// there: `dictionaries` in `dir`, and in relation to the program `../share/sayso/dictionaries` and `../dictionaries`.
    pub dictionaries: Option<PathBuf>,
    /// For how long feedback and its analysis are kept, such as `"365d"`; `"forever"`. Feedback that waits for the chain
    /// stays, and so does feedback with deliveries on record.
    pub keep_feedback: Keep,
    /// For how long deliveries are kept after they ended, parked ones too; `"90d"`, or as long as feedback if that is
    /// shorter. Pending ones stay.
    keep_deliveries: Option<Keep>,
    /// For how long attempts are kept, with addresses and answers of receivers; `"30d"`, or as long as deliveries if that
    /// is shorter.
    keep_attempts: Option<Keep>,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            dir: "sayso-data".into(),
            dictionaries: None,
            keep_feedback: Keep::Forever,
            keep_deliveries: None,
            keep_attempts: None,
        }
    }
}

impl Data {
    /// The store in `dir`.
    pub fn store(&self) -> PathBuf {
        self.dir.join("sayso.db")
    }
}

/// Most threads that run the chain.
pub const MAX_WORKERS: usize = 256;

/// `[pipeline]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pipeline {
    /// Threads that run the chain; one a core, up to [`MAX_WORKERS`].
    pub workers: usize,
    /// Largest batch that a plugin gets in one call; 64.
    pub batch: usize,
}

impl Default for Pipeline {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { workers: cores.min(MAX_WORKERS), batch: 64 }
    }
}

/// `[delivery]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Delivery {
    /// When to try, each counted from the failure before; at once, then 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
    #[serde(deserialize_with = "durations")]
    pub schedule: Vec<Duration>,
    /// Share by which each step is lengthened or shortened at random, 0 to 1; 0.2.
    pub jitter: f64,
    /// Limit for one attempt over connection, TLS, headers and body; 15 s, and at most 45 s: a worker has a delivery for
    /// 60 s before it goes to another one, and would have it sent twice.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// How much of an answer is read and kept, in bytes; 64 KiB.
    pub max_response_bytes: usize,
    /// Requests under way at once to one webhook; 16.
    pub concurrency: usize,
    /// Whether webhooks made over the API may lead to private or loopback addresses, and by http; false. A `[[webhook]]`
    /// says so for itself.
    pub allow_private: bool,
    /// For how long every attempt to a webhook may fail before it is disabled; 5 d, and `0s` for ever.
    #[serde(deserialize_with = "duration")]
    pub disable_after: Duration,
    /// The attribute `source` of CloudEvents: a URI, or a path, that tells this sayso from others; `/sayso`.
    pub source: String,
}

impl Default for Delivery {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            schedule: [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map(s).into(),
            jitter: 0.2,
            timeout: s(15),
            max_response_bytes: 64 << 10,
            concurrency: 16,
            allow_private: false,
            disable_after: s(5 * 86_400),
            source: "/sayso".into(),
        }
    }
}

/// `[[key]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// A name for logs.
    pub name: String,
    /// `sha256:` and the digest of the key in hex, as `sayso key new` prints it.
    pub hash: String,
    /// What it allows.
    #[serde(default = "Key::default_scopes")]
    pub scopes: Vec<Scope>,
}

impl Key {
    fn default_scopes() -> Vec<Scope> {
        vec![Scope::Ingest]
    }
}

/// What a key allows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To post feedback.
    Ingest,
    /// To read feedback, analyses, deliveries and metrics.
    Read,
    /// Everything.
    Admin,
}

/// `[[plugin]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// Its name in the chain, in analyses and in metrics.
    pub name: String,
    /// `builtin:NAME`; the path of a component, relative to the configuration file; `oci://REGISTRY/NAME@sha256:…`, with
    /// the digest that `sayso plugin push` and `pull` print; or, beside a `digest`, `oci://REGISTRY/NAME:TAG`.
    #[serde(rename = "use")]
    pub source: String,
    /// `sha256:` and the digest, in hex, that the component has to have whenever it is loaded; any if absent.
    #[serde(default)]
    pub digest: Option<String>,
    /// Its own configuration; checked against the schema that it declares.
    #[serde(default = "Plugin::default_config")]
    pub config: serde_json::Value,
    /// What it may use up.
    #[serde(default)]
    pub limits: Limits,
    /// What it may import beyond `log`.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// Whom it may call; goes with the grant `http`.
    #[serde(default)]
    pub http: Option<Http>,
    /// What happens to an item that it fails on.
    #[serde(default)]
    pub on_fault: OnFault,
    /// Whether it runs beside the chain: what it says is recorded, and used nowhere.
    #[serde(default)]
    pub shadow: bool,
    /// Folder of its golden cases, relative to the configuration file; `cases` beside its component if absent.
    #[serde(default)]
    pub cases: Option<PathBuf>,
}

impl Plugin {
    fn default_config() -> serde_json::Value {
        serde_json::Value::Object(serde_json::Map::new())
    }
}

/// `[plugins]`
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Trust {
    /// Public keys, each `ed25519:` and 32 bytes in base64. Where there are any, every plugin that is not built in has
    /// to be signed with one of them (`sayso key new --signing`, `sayso plugin sign`). A reload does not change them.
    pub require_signature: Vec<String>,
}

/// What a plugin may import.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// Lines for the operator; always given.
    Log,
    /// Language detection and segmentation.
    Text,
    /// The customer's earlier feedback in summary.
    History,
    /// Requests to the hosts that `http` lists.
    Http,
}

/// What happens to an item that a plugin fails on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFault {
    /// The chain goes on without the plugin's effects, and the analysis says so.
    #[default]
    Skip,
    /// The item is set aside for the operator.
    Park,
}

/// What a plugin may use up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = PluginLimits)]
pub struct Limits {
    /// Memory of one instance, in bytes; 64 MiB.
    pub memory_bytes: usize,
    /// Time for one call, in milliseconds; 500.
    pub deadline_ms: u64,
    /// Effects for one item; 256.
    pub effects: usize,
    /// Size of the effects of one item, in bytes; 256 KiB.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 64 << 20, deadline_ms: 500, effects: 256, output_bytes: 256 << 10 }
    }
}

/// A secret, which no log and no answer shows.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, to sign with.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse_duration(&std::borrow::Cow::<str>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn durations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| parse_duration(text).map_err(serde::de::Error::custom)).collect()
}

/// Reads a duration such as `500ms`, `15s`, `5m`, `2h`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let bad = || {
        format!(
            "`{text}` is not a duration; write a number with its unit, for example \"500ms\", \"15s\", \"5m\", \"2h\""
        )
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
    let number: u64 = text[..digits].parse().map_err(|_| bad())?;
    let seconds = |n: u64| number.checked_mul(n).map(Duration::from_secs).ok_or_else(bad);
    match &text[digits..] {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3_600),
        "d" => seconds(86_400),
        _ => Err(bad()),
    }
}

impl Grant {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Text => "text",
            Self::History => "history",
            Self::Http => "http",
        }
    }
}

impl Scope {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}
