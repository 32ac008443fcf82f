//! The check of a webhook as it is written. Everything that is wrong with it is said at once.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Keys, Source, Webhook, WebhookId,
    condition::Condition,
    filter::{Filter, KNOWN_EVENTS, is_pattern},
    headers,
    tls::Tls,
};
use crate::{
    config,
    delivery::{
        client::{Client, Extras},
        endpoint::{Endpoint, EndpointError},
        formats::Format,
        shown::MASK,
        signing::{self, Signer},
    },
    feedback::validate::FieldError,
};

/// Longest description, in bytes.
const MAX_DESCRIPTION: usize = 1_000;
/// Most entries of one list of a filter, and the longest of them in bytes.
const MAX_ENTRIES: usize = 100;
const MAX_ENTRY: usize = 200;
/// Most requests under way at once to one webhook.
const MAX_CONCURRENCY: usize = 1_024;
/// Most deliveries in one request.
const MAX_BATCH: usize = 1_000;
/// Longest wait for a batch to fill, in milliseconds: a lease lasts 60 s, and an attempt up to 45 s of it.
const MAX_BATCH_WAIT: u64 = 10_000;

/// Where a webhook comes from, and what is known of it besides how it is written.
pub(super) struct Origin {
    pub(super) id: WebhookId,
    pub(super) source: Source,
    pub(super) revision: u32,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
}

impl Webhook {
    /// Checks a webhook. What is wrong with it stands in its `faults`, and it is not called then.
    pub(super) fn new(origin: Origin, settings: config::Webhook, keys: Keys, limits: &config::Delivery) -> Self {
        let mut faults = Faults::default();
        faults.simple(&settings);
        let condition = faults.condition(&settings);
        let warnings = warnings(&settings, condition.as_ref());
        let may_be_private = match origin.source {
            Source::File => settings.allow_private,
            Source::Api => limits.allow_private,
        };
        let concurrency = faults.concurrency(&settings, limits);
        let filter = Filter::new(&settings, condition);
        let format = faults.format(&settings, limits, &filter);
        let client = faults.client(&settings, &keys, origin.source, may_be_private, limits);
        let client = client.filter(|_| faults.0.is_empty()).map(Arc::new);
        let Origin { id, source, revision, created_at, updated_at } = origin;
        Self {
            id,
            source,
            revision,
            created_at,
            updated_at,
            filter,
            settings,
            keys,
            allows_private: may_be_private,
            warnings,
            client,
            format,
            concurrency,
            faults: faults.0,
        }
    }

    /// The webhook, if nothing is wrong with it.
    pub(super) fn sound(self) -> Result<Self, Vec<FieldError>> {
        if self.faults.is_empty() { Ok(self) } else { Err(self.faults) }
    }
}

/// What is wrong.
#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, field: impl AsRef<str>, message: impl AsRef<str>) {
        self.0.push(FieldError::new(field, message));
    }

    fn unless(&mut self, fits: bool, field: &str, message: impl FnOnce() -> String) {
        if !fits {
            self.add(field, message());
        }
    }

    fn simple(&mut self, webhook: &config::Webhook) {
        self.unless(config::is_name(&webhook.name), "name", || {
            "it has to be 1 to 64 letters, digits, `-`, `_` or `.`".into()
        });
        self.unless(WebhookId::parse(&webhook.name).is_none(), "name", || {
            "it reads like the id of a webhook, and would be taken for one; call it something else".into()
        });
        let length = webhook.description.len();
        self.unless(length <= MAX_DESCRIPTION, "description", || {
            format!("it is {length} bytes long; {MAX_DESCRIPTION} are the most")
        });
        self.unless(!webhook.events.is_empty(), "events", || {
            "it is empty, so nothing would ever be delivered; name at least one type, or `*`".into()
        });
        self.list("events", &webhook.events, '.');
        self.list("routes", &webhook.routes, '/');
        self.list("tags", &webhook.tags, '/');
        self.list("languages", &webhook.languages, '-');
        for (index, tag) in webhook.languages.iter().enumerate() {
            self.unless(!tag.contains('*'), &format!("languages[{index}]"), || {
                "a language stands for all below it already, `en` for `en-GB`; leave `*` out, and the list where all are wanted".into()
            });
            let code = tag.split('-').next().unwrap_or_default();
            self.unless(tag.contains('*') || matches!(code.len(), 2 | 3), &format!("languages[{index}]"), || {
                format!("`{code}` is no code of a language; write for example `en` or `pt-BR`")
            });
        }
        let priority = webhook.min_priority;
        self.unless(priority <= 100, "min_priority", || format!("{priority} is not 0 to 100"));
        if let Some(rate) = webhook.rate {
            self.unless((0.01..=10_000.0).contains(&rate), "rate", || {
                format!("{rate} is not 0.01 to 10000 requests a second")
            });
        }
        if let Some(batch) = webhook.batch {
            let (items, wait) = (batch.max_items, batch.max_wait_ms);
            self.unless((2..=MAX_BATCH).contains(&items), "batch.max_items", || {
                format!("{items} is not 2 to {MAX_BATCH}; leave `batch` out for one delivery a request")
            });
            self.unless(wait <= MAX_BATCH_WAIT, "batch.max_wait_ms", || {
                format!("{wait} is more than {MAX_BATCH_WAIT}")
            });
        }
    }

    fn list(&mut self, field: &str, entries: &[String], separator: char) {
        self.unless(entries.len() <= MAX_ENTRIES, field, || {
            format!("it has {} entries; {MAX_ENTRIES} are the most", entries.len())
        });
        for (index, entry) in entries.iter().enumerate().take(MAX_ENTRIES) {
            let fits = entry.len() <= MAX_ENTRY && is_pattern(entry, separator);
            self.unless(fits, &format!("{field}[{index}]"), || {
                format!("it is a name of up to {MAX_ENTRY} bytes, or `*` alone or behind `{separator}` for all below")
            });
        }
    }

    fn condition(&mut self, webhook: &config::Webhook) -> Option<Condition> {
        match Condition::compile(webhook.condition.as_deref()?) {
            Ok(condition) => Some(condition),
            Err(message) => {
                self.add("condition", message);
                None
            }
        }
    }

    fn format(&mut self, webhook: &config::Webhook, limits: &config::Delivery, filter: &Filter) -> Format {
        Format::new(webhook, limits, filter).unwrap_or_else(|faults| {
            self.0.extend(faults);
            Format::Standard
        })
    }

    fn concurrency(&mut self, webhook: &config::Webhook, limits: &config::Delivery) -> u32 {
        let given = webhook.concurrency.unwrap_or(limits.concurrency);
        self.unless((1..=MAX_CONCURRENCY).contains(&given), "concurrency", || {
            format!("{given} is not 1 to {MAX_CONCURRENCY}")
        });
        u32::try_from(given).unwrap_or(1).max(1)
    }

    /// What the webhook is called with, if everything of it is in order.
    fn client(
        &mut self,
        webhook: &config::Webhook,
        keys: &Keys,
        source: Source,
        may_be_private: bool,
        limits: &config::Delivery,
    ) -> Option<Client> {
        self.unless(!webhook.url.contains(MASK), "url", || {
            format!("it holds `{MASK}`, which in answers stands for what they do not show; give the URL in full")
        });
        let endpoint = Endpoint::parse(&webhook.url, may_be_private)
            .map_err(|error| self.add("url", url_message(&error, source)))
            .ok();
        for secret in webhook.secret.iter().filter(|_| source == Source::File) {
            if let Err(error) = signing::expect_scheme(secret, webhook.signature) {
                self.add("secret", error.to_string());
                return None;
            }
        }
        let signer = keys.signer().map_err(|error| self.add(faulty_secret(webhook), error.to_string())).ok();
        let headers = headers::read(&webhook.headers)
            .map_err(|(name, message)| {
                let field = if name.is_empty() { "headers".into() } else { format!("headers.{name}") };
                self.add(field, message);
            })
            .ok();
        let tls = Tls::read(webhook).map_err(|(field, message)| self.add(field, message)).ok();
        let extras = Extras { headers: headers?, tls: tls?, keys: keys.secrets().cloned().collect() };
        let concurrency = webhook.concurrency.unwrap_or(limits.concurrency);
        let (is_mutual, has_authority) = (extras.tls.identity.is_some(), extras.tls.authorities.is_some());
        let error = match Client::with(endpoint?, signer?, concurrency, limits, extras) {
            Ok(client) => return Some(client),
            Err(error) => error,
        };
        // Nothing of the others can fail there but what they hold.
        match (is_mutual, has_authority) {
            (true, _) => {
                self.add("client_key", "it does not belong to `client_certificate`, or is of no kind that is supported")
            }
            (false, true) => self.add("ca", format!("it holds what is no certificate of an authority: {error}")),
            (false, false) => self.add(
                "url",
                format!(
                    "TLS cannot be set up: {error}; install the system's authorities (`ca-certificates`), or give `ca`"
                ),
            ),
        }
        None
    }
}

/// Which of the secrets of a webhook, one of which cannot sign, it is.
fn faulty_secret(webhook: &config::Webhook) -> &'static str {
    let is_sound = Signer::new(&webhook.secret).is_ok();
    if is_sound && webhook.old_secret.is_some() { "old_secret" } else { "secret" }
}

fn url_message(error: &EndpointError, source: Source) -> String {
    use EndpointError::{Forbidden, Localhost, Unencrypted};
    match (error, source) {
        (Forbidden(_) | Localhost(_) | Unencrypted, Source::Api) => format!(
            "{error} (over the API that cannot be set: `allow_private` stands in the configuration file, in \
             [[webhook]] for one webhook or in [delivery] for those of the API)"
        ),
        _ => error.to_string(),
    }
}

fn warnings(webhook: &config::Webhook, condition: Option<&Condition>) -> Vec<String> {
    let is_known = |event: &&String| event.ends_with('*') || KNOWN_EVENTS.contains(&event.as_str());
    let unknown = webhook
        .events
        .iter()
        .filter(|event| !is_known(event))
        .map(|event| format!("`events`: this sayso has no event `{event}`; known are {}", KNOWN_EVENTS.join(", ")));
    let doubt = condition.and_then(Condition::doubt).map(|doubt| format!("`condition`: {doubt}"));
    let is_local = || Endpoint::parse(&webhook.url, true).is_ok_and(|endpoint| endpoint.is_local());
    let is_plain = webhook.url.starts_with("http:") && !is_local();
    let plain = is_plain.then(|| "`url`: http is not encrypted".to_owned());
    unknown.chain(doubt).chain(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Secret, delivery::webhooks::of_file};

    const SOUND: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn refusal(secret: &str, old_secret: Option<&str>) -> String {
        let webhook = config::Webhook {
            old_secret: old_secret.map(|secret| Secret::new(secret.into())),
            ..config::Webhook::new("a", "https://a.example", Secret::new(secret.into()))
        };
        of_file(&config::Delivery::default(), &[webhook]).map(drop).expect_err("is refused").to_string()
    }

    #[test]
    fn what_is_not_encrypted_is_told_where_it_leaves_this_machine() {
        for (url, count) in
            [("http://127.0.0.1:9000/", 0), ("http://[::1]/", 0), ("http://localhost/", 0), ("http://10.1.2.3/", 1)]
        {
            let webhook = config::Webhook::new("a", url, Secret::new(SOUND.into()));
            assert_eq!(warnings(&webhook, None).len(), count, "{url}");
        }
    }

    #[test]
    fn the_secret_that_is_at_fault_is_named() {
        assert!(refusal(SOUND, Some("hunter2")).contains("`old_secret`"));
        assert!(refusal(SOUND, Some("whsec_short")).contains("`old_secret`"));
        for old_secret in [None, Some(SOUND), Some("hunter2")] {
            assert!(refusal("whsec_short", old_secret).contains("`secret`"), "{old_secret:?}");
        }
    }
}
