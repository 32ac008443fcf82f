//! The options that say how a webhook is to be.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::config::Format;

/// How a webhook is to be; each option that is not given is left as it is. An empty word takes a list back: `--route ''`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Settings {
    /// Where to post. A move to another server needs its secrets again: `--secret-header`, `--client-key`.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// An event that it wants, such as `feedback.analyzed` or `*`; give it again for more.
    #[arg(long = "event", value_name = "TYPE")]
    events: Vec<String>,
    /// A route that it wants; give it again for more.
    #[arg(long = "route", value_name = "ROUTE")]
    routes: Vec<String>,
    /// A kind that it wants: survey, review or `csr_note`; give it again for more.
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// A tag that it wants, `delivery/*` for all below `delivery`; give it again for more.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// A language that it wants, such as `ja`; give it again for more.
    #[arg(long = "language", value_name = "CODE")]
    languages: Vec<String>,
    /// The lowest priority that it wants, 0 to 100.
    #[arg(long, value_name = "N")]
    min_priority: Option<u8>,
    /// An expression in CEL over `feedback` and `analysis` that has to be true; an empty one takes it away.
    #[arg(long, value_name = "CEL")]
    condition: Option<String>,
    /// A header to send, as `NAME: VALUE`; without a value it is taken away. Give it again for more.
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
    /// Like `--header`, and no answer shows its value.
    #[arg(long = "secret-header", value_name = "HEADER")]
    secret_headers: Vec<String>,
    /// Most requests a second; 0 for no limit.
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// Most requests under way at once; 0 for that of the configuration.
    #[arg(long, value_name = "N")]
    concurrency: Option<usize>,
    /// What a request looks like; another one than `template` takes the template away.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// File with the template, in Jinja over `id`, `type`, `timestamp` and `data`.
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Content type of what the template makes; JSON if it is not given.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Which deliveries keep their order: none, or those of one customer.
    #[arg(long, value_parser = ["none", "customer"])]
    ordering: Option<String>,
    /// Most deliveries in one request; 1 for one each.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// How long a batch waits for more, in milliseconds.
    #[arg(long, value_name = "MS", requires = "batch")]
    batch_wait: Option<u64>,
    /// File with the client certificate, in PEM.
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// File with its private key, in PEM.
    #[arg(long, value_name = "FILE")]
    client_key: Option<PathBuf>,
    /// File with the only authorities that the receiver's certificate may come from, in PEM.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Settings {
    /// The JSON object that says so.
    ///
    /// # Errors
    /// A file that cannot be read, or a header that is none.
    pub(super) fn body(&self) -> anyhow::Result<Map<String, Value>> {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.into(), value);
            }
        };
        // Empty words alone take a filter back.
        let is_none = |list: &[String]| list.iter().all(String::is_empty);
        let list = |list: &[String]| (!list.is_empty()).then(|| if is_none(list) { Value::Null } else { json!(list) });
        put("url", self.url.as_ref().map(|url| json!(url)));
        put("description", self.description.as_ref().map(|text| json!(text)));
        put("events", list(&self.events));
        put("routes", list(&self.routes));
        put("kinds", list(&self.kinds));
        put("tags", list(&self.tags));
        put("languages", list(&self.languages));
        put("min_priority", self.min_priority.map(|priority| json!(priority)));
        let condition = |text: &String| if text.is_empty() { Value::Null } else { json!(text) };
        put("condition", self.condition.as_ref().map(condition));
        put("headers", self.headers()?);
        put("rate", self.rate.map(|rate| if rate == 0.0 { Value::Null } else { json!(rate) }));
        put("concurrency", self.concurrency.map(|most| if most == 0 { Value::Null } else { json!(most) }));
        self.format(&mut put)?;
        put("ordering", self.ordering.as_ref().map(|ordering| json!(ordering)));
        put("batch", self.batch());
        put("client_certificate", file(self.client_certificate.as_deref())?);
        put("client_key", file(self.client_key.as_deref())?);
        put("ca", file(self.ca.as_deref())?);
        Ok(body)
    }

    /// A template says which format it is; another format says that there is no template.
    fn format(&self, put: &mut impl FnMut(&str, Option<Value>)) -> anyhow::Result<()> {
        let format = self.format.or_else(|| self.template.as_ref().map(|_| Format::Template));
        put("format", format.map(|format| json!(format)));
        let of_another = format.filter(|format| *format != Format::Template).map(|_| Value::Null);
        put("template", file(self.template.as_deref())?.or_else(|| of_another.clone()));
        put("content_type", self.content_type.as_ref().map(|content_type| json!(content_type)).or(of_another));
        Ok(())
    }

    fn batch(&self) -> Option<Value> {
        Some(match (self.batch?, self.batch_wait) {
            (0 | 1, _) => Value::Null,
            (max_items, None) => json!({ "max_items": max_items }),
            (max_items, Some(max_wait_ms)) => json!({ "max_items": max_items, "max_wait_ms": max_wait_ms }),
        })
    }

    fn headers(&self) -> anyhow::Result<Option<Value>> {
        let mut headers = Map::new();
        for (written, is_secret) in
            self.headers.iter().map(|header| (header, false)).chain(self.secret_headers.iter().map(|one| (one, true)))
        {
            // Not the whole text: behind the colon may stand a secret.
            let (name, value) = written.split_once(':').context("a header is written as `NAME: VALUE`")?;
            let value = value.trim();
            let value = match (value.is_empty(), is_secret) {
                (true, _) => Value::Null,
                (false, true) => json!({ "value": value, "secret": true }),
                (false, false) => json!(value),
            };
            headers.insert(name.trim().to_ascii_lowercase(), value);
        }
        Ok((!headers.is_empty()).then_some(Value::Object(headers)))
    }
}

fn file(path: Option<&Path>) -> anyhow::Result<Option<Value>> {
    let Some(path) = path else { return Ok(None) };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(Some(json!(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_given_is_said() {
        assert!(Settings::default().body().unwrap().is_empty());
        let settings = Settings {
            tags: vec!["delivery/*".into()],
            headers: vec!["X-Team: care".into(), "x-old:".into()],
            secret_headers: vec!["Authorization: Bearer x:y".into()],
            routes: vec![String::new()],
            condition: Some(String::new()),
            batch: Some(50),
            rate: Some(0.0),
            ..Settings::default()
        };
        let expected = json!({
            "tags": ["delivery/*"], "routes": null,
            "headers": {
                "x-team": "care", "x-old": null, "authorization": { "value": "Bearer x:y", "secret": true },
            },
            "condition": null, "batch": { "max_items": 50 }, "rate": null,
        });
        assert_eq!(Value::Object(settings.body().unwrap()), expected);
    }

    #[test]
    fn a_template_is_a_format_and_another_format_takes_it_away() {
        let dir = tempfile::tempdir().unwrap();
        let template = dir.path().join("body.jinja");
        std::fs::write(&template, "{}").unwrap();
        let body = |settings: Settings| Value::Object(settings.body().unwrap());
        let templated = Settings { template: Some(template), ..Settings::default() };
        assert_eq!(body(templated), json!({ "format": "template", "template": "{}" }));
        let slack = Settings { format: Some(Format::Slack), ..Settings::default() };
        assert_eq!(body(slack), json!({ "format": "slack", "template": null, "content_type": null }));
    }

    #[test]
    fn a_header_without_colon_is_refused_without_showing_it() {
        let settings = Settings { secret_headers: vec!["Bearer-x".into()], ..Settings::default() };
        assert!(!settings.body().unwrap_err().to_string().contains("Bearer"));
    }
}
