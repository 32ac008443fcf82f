//! A webhook as it is written: in `[[webhook]]` of the file, and in the body of a request to `/v1/webhooks`.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::Secret;
use crate::feedback::Kind;

/// The events that a webhook gets where it names none.
const DEFAULT_EVENTS: &str = "feedback.analyzed";

/// A webhook as it is written.
#[derive(Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookSettings)]
pub struct Webhook {
    /// Its name, which lanes, deliveries and metrics carry; 1 to 64 letters, digits, `-`, `_` and `.`,
    /// but nothing that reads like an id.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,64}$")]
    pub name: Arc<str>,
    /// What it is for, for people to read; up to 1,000 bytes.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub description: String,
    /// Where to post; https, or http for an address that `allow_private` covers.
    #[schema(max_length = 2048)]
    pub url: String,
    /// File only: `whsec_` and 24 to 64 bytes in base64, or for `ed25519` `whsk_` and 32 or 64 bytes. Over the API the
    /// server makes it.
    #[serde(default)]
    #[schema(ignore)]
    pub secret: Option<Secret>,
    /// File only: the secret before, which is signed with too for as long as it stands there.
    #[serde(default)]
    #[schema(ignore)]
    pub old_secret: Option<Secret>,
    /// How deliveries are signed; `hmac`.
    #[serde(default)]
    pub signature: Signature,
    /// The types of events that it wants, `feedback.*` for all below `feedback`; `["feedback.analyzed"]`.
    #[serde(default = "Webhook::default_events")]
    #[schema(min_items = 1, max_items = 100)]
    pub events: Vec<String>,
    /// The routes that it wants, any of them; `care/*` for all below `care`; all if empty.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub routes: Vec<String>,
    /// The kinds that it wants; all if empty.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// The tags that it wants, any of them; `delivery/*` for all below `delivery`; all if empty.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub tags: Vec<String>,
    /// The languages that it wants, as codes such as `ja`; all if empty.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub languages: Vec<String>,
    /// The lowest priority that it wants, 0 to 100; 0.
    #[serde(default)]
    #[schema(maximum = 100)]
    pub min_priority: u8,
    /// An expression in CEL over `feedback` and `analysis`, as they are delivered, that has to be true; none.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 2000)]
    pub condition: Option<String>,
    /// Headers to send with every delivery, by name. Those that are secret by their name, such as `authorization`, are
    /// shown only where `secret` is false.
    #[serde(default, deserialize_with = "headers")]
    #[schema(value_type = BTreeMap<String, WrittenHeader>)]
    pub headers: BTreeMap<String, Header>,
    /// Most requests a second, 0.01 to 10,000; no limit if absent.
    #[serde(default)]
    #[schema(minimum = 0.01, maximum = 10000)]
    pub rate: Option<f64>,
    /// Most requests under way at once, 1 to 1,024; that of `[delivery]` if absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1024)]
    pub concurrency: Option<usize>,
    /// What a request looks like; `standard`.
    #[serde(default)]
    pub format: Format,
    /// What makes the body, for the format `template` alone: Jinja over `id`, `type`, `timestamp` and `data`; up to
    /// 16 KiB.
    #[serde(default)]
    #[schema(max_length = 16384)]
    pub template: Option<String>,
    /// The content type of what `template` makes; `application/json`, which it has to be then.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Which deliveries keep their order; `none`.
    #[serde(default)]
    pub ordering: Ordering,
    /// Several deliveries in one request; one if absent.
    #[serde(default)]
    pub batch: Option<Batch>,
    /// Whether deliveries wait until it is resumed.
    #[serde(default)]
    pub paused: bool,
    /// Certificate chain in PEM by which sayso identifies itself (mutual TLS).
    #[serde(default)]
    #[schema(max_length = 65536)]
    pub client_certificate: Option<String>,
    /// Private key of `client_certificate` in PEM.
    #[serde(default)]
    pub client_key: Option<Secret>,
    /// Certificates in PEM of the only authorities that the receiver's certificate may come from; the system's if
    /// absent.
    #[serde(default)]
    #[schema(max_length = 65536)]
    pub ca: Option<String>,
    /// File only: whether the URL may lead to a private or loopback address.
    #[serde(default)]
    #[schema(ignore)]
    pub allow_private: bool,
}

impl Webhook {
    /// A webhook with nothing but what it needs.
    pub fn new(name: &str, url: &str, secret: Secret) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            url: url.into(),
            secret: Some(secret),
            old_secret: None,
            signature: Signature::default(),
            events: Self::default_events(),
            routes: Vec::new(),
            kinds: Vec::new(),
            tags: Vec::new(),
            languages: Vec::new(),
            min_priority: 0,
            condition: None,
            headers: BTreeMap::new(),
            rate: None,
            concurrency: None,
            format: Format::default(),
            template: None,
            content_type: None,
            ordering: Ordering::default(),
            batch: None,
            paused: false,
            client_certificate: None,
            client_key: None,
            ca: None,
            allow_private: false,
        }
    }

    fn default_events() -> Vec<String> {
        vec![DEFAULT_EVENTS.into()]
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How deliveries are signed (Standard Webhooks).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, clap::ValueEnum, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// `v1`: HMAC-SHA256 with a secret that both sides know.
    #[default]
    Hmac,
    /// `v1a`: ed25519, which the receiver verifies with a public key.
    Ed25519,
}

/// The value of a header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The value; none where it was left to what it was before.
    pub value: Option<Secret>,
    /// Whether no answer shows the value.
    pub is_secret: bool,
}

/// A header: its value as text, or as an object where no answer may show it.
#[derive(Deserialize, ToSchema)]
#[schema(as = HeaderSetting)]
#[serde(untagged, expecting = "a header's value is a text, or { value = \"…\", secret = true }")]
enum WrittenHeader {
    Plain(Secret),
    Full {
        #[serde(default)]
        value: Option<Secret>,
        /// By its name where absent.
        #[serde(default)]
        secret: Option<bool>,
    },
}

/// Words of the name of a header whose value lets in whoever has it.
const SECRET_WORDS: [&str; 8] = ["authorization", "auth", "cookie", "token", "secret", "password", "key", "apikey"];

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Header>, D::Error> {
    let written = BTreeMap::<String, WrittenHeader>::deserialize(deserializer)?;
    let header = |(name, written): (String, WrittenHeader)| {
        let (value, secret) = match written {
            WrittenHeader::Plain(value) => (Some(value), None),
            WrittenHeader::Full { value, secret } => (value, secret),
        };
        let is_secret = secret.unwrap_or_else(|| is_secret_by_name(&name));
        (name, Header { value, is_secret })
    };
    Ok(written.into_iter().map(header).collect())
}

/// Whether the value of a header of this name is secret where nothing is said of it: `authorization`, `cookie`,
/// `x-api-key`, and others with such words in their names.
fn is_secret_by_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(['-', '_']).any(|word| SECRET_WORDS.contains(&word))
}

/// What a request looks like.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, clap::ValueEnum, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookFormat)]
#[value(rename_all = "snake_case")]
pub enum Format {
    /// `{"type": …, "timestamp": …, "data": …}`
    #[default]
    Standard,
    /// CloudEvents 1.0 over HTTP in structured mode: attributes and data in the body; in a batch, its batched mode.
    CloudeventsStructured,
    /// CloudEvents 1.0 over HTTP in binary mode: attributes in headers, data in the body.
    CloudeventsBinary,
    /// A message for an incoming webhook of Slack.
    Slack,
    /// A message with an Adaptive Card for a webhook of Teams Workflows.
    Teams,
    /// What `template` makes of the event.
    Template,
}

impl Format {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::CloudeventsStructured => "cloudevents_structured",
            Self::CloudeventsBinary => "cloudevents_binary",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Template => "template",
        }
    }
}

/// Which deliveries keep their order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ordering {
    /// None does.
    #[default]
    None,
    /// Those of one customer: one is tried only when those before it are delivered or parked.
    Customer,
}

/// Several deliveries in one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Most deliveries in one request, 2 to 1,000.
    #[schema(minimum = 2, maximum = 1000)]
    pub max_items: usize,
    /// How long a request waits for more, in milliseconds, up to 10,000; 1,000.
    #[serde(default = "Batch::default_wait")]
    #[schema(maximum = 10000)]
    pub max_wait_ms: u64,
}

impl Batch {
    const fn default_wait() -> u64 {
        1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Webhook, toml::de::Error> {
        toml::from_str(&format!("name = \"crm\"\nurl = \"https://crm.example\"\n{text}"))
    }

    #[test]
    fn a_header_is_written_as_text_or_as_a_secret() {
        let webhook = read("headers = { x-team = \"care\", authorization = { value = \"Bearer x\", secret = true } }");
        let headers = webhook.expect("is read").headers;
        assert_eq!(headers["x-team"], Header { value: Some(Secret::new("care".into())), is_secret: false });
        assert!(headers["authorization"].is_secret);
    }

    #[test]
    fn a_header_that_lets_in_whoever_has_it_is_secret_unless_it_is_said_that_it_is_not() {
        for (name, is_secret) in [
            ("Authorization", true),
            ("proxy-authorization", true),
            ("Cookie", true),
            ("X-Api-Key", true),
            ("api_key", true),
            ("x-auth-token", true),
            ("x-team", false),
            ("x-keyboard", false),
        ] {
            for value in ["\"v\"", "{ value = \"v\" }"] {
                let headers = read(&format!("headers = {{ {name} = {value} }}")).expect("is read").headers;
                assert_eq!(headers[name].is_secret, is_secret, "{name} = {value}");
            }
        }
        let shown = read("headers = { x-api-key = { value = \"v\", secret = false } }").expect("is read").headers;
        assert!(!shown["x-api-key"].is_secret);
    }

    #[test]
    fn every_field_of_a_webhook_stands_in_the_file() {
        let webhook = read(
            "description = \"d\"\nsignature = \"ed25519\"\nevents = [\"*\"]\nlanguages = [\"ja\"]\nmin_priority = 50\n\
             condition = \"analysis.priority > 1\"\nrate = 2.5\nconcurrency = 3\nordering = \"customer\"\n\
             batch = { max_items = 10 }\npaused = true\nformat = \"template\"\ntemplate = \"{}\"\ncontent_type = \"text/plain\"\nca = \"PEM\"\nclient_certificate = \"PEM\"\nclient_key = \"PEM\"",
        )
        .expect("is read");
        assert_eq!(webhook.batch, Some(Batch { max_items: 10, max_wait_ms: 1_000 }));
        assert_eq!((webhook.ordering, webhook.signature), (Ordering::Customer, Signature::Ed25519));
        assert_eq!((webhook.format, webhook.template.as_deref()), (Format::Template, Some("{}")));
    }

    #[test]
    fn no_secret_is_in_the_debug_form() {
        let webhook =
            read("secret = \"s3cret\"\nclient_key = \"s3cret\"\nheaders = { a = \"s3cret\" }").expect("is read");
        assert!(!format!("{webhook:?} {:?} {:?}", webhook.secret, webhook.client_key).contains("s3cret"));
        assert!(!format!("{:?}", webhook.headers["a"].value).contains("s3cret"));
    }
}
