//! A running sayso, over its API; and its webhooks.

use anyhow::{Context as _, bail};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::At;
use crate::cli::send::{causes, unreachable, with_key};
use crate::http_client;

/// There was no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(in crate::cli) struct Away(String);

/// A running sayso.
pub(in crate::cli) struct Remote {
    client: reqwest::Client,
    url: String,
    key: Option<String>,
}

impl Remote {
    pub(in crate::cli) fn new(at: &At) -> anyhow::Result<Self> {
        let url = at.server.trim_end_matches('/').to_owned();
        url::Url::parse(&url).with_context(|| format!("--server `{url}` is not a URL"))?;
        Ok(Self { client: http_client::new()?, url, key: at.key.clone() })
    }

    /// Every webhook, by name.
    pub(super) async fn list(&self) -> anyhow::Result<Vec<Value>> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let cursor = after.map(|name| format!("&after={name}")).unwrap_or_default();
            let mut page = self.call(Method::GET, &format!("/v1/webhooks?limit=500{cursor}"), None).await?;
            if let Some(items) = page["items"].as_array_mut() {
                all.append(items);
            }
            match page["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => return Ok(all),
            }
        }
    }

    /// The webhook with this id or name.
    pub(in crate::cli) async fn show(&self, id_or_name: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, &path(id_or_name), None).await
    }

    pub(super) async fn create(&self, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, "/v1/webhooks", Some(body)).await
    }

    pub(super) async fn change(&self, id_or_name: &str, patch: &Value) -> anyhow::Result<Value> {
        self.call(Method::PATCH, &path(id_or_name), Some(patch)).await
    }

    pub(super) async fn rotate(&self, id_or_name: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, &format!("{}/rotate", path(id_or_name)), Some(body)).await
    }

    pub(super) async fn enable(&self, id_or_name: &str) -> anyhow::Result<Value> {
        self.call(Method::POST, &format!("{}/enable", path(id_or_name)), None).await
    }

    pub(super) async fn test(&self, id_or_name: &str, asked: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, &format!("{}/test", path(id_or_name)), Some(asked)).await
    }

    pub(super) async fn delete(&self, id_or_name: &str) -> anyhow::Result<()> {
        self.call(Method::DELETE, &path(id_or_name), None).await.map(drop)
    }

    /// One request: the JSON of the answer.
    ///
    /// # Errors
    /// Where there is no answer ([`Away`]), or where it is a problem.
    pub(in crate::cli) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let response = request.send().await.map_err(|error| Away(unreachable(&self.url, &error)))?;
        let status = response.status();
        let bytes =
            response.bytes().await.map_err(|error| Away(format!("the answer broke off: {}", causes(&error))))?;
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let answer = serde_json::from_slice::<Value>(&bytes);
        if status.is_success() {
            return answer.with_context(|| {
                format!("{} answers {status} with something else than JSON: no sayso answers there", self.url)
            });
        }
        let answer = answer.unwrap_or_default();
        if status == StatusCode::UNAUTHORIZED {
            bail!("{status}: {}", with_key(self.key.is_some()));
        }
        let mut lines = vec![answer["detail"].as_str().unwrap_or("no sayso answers there").to_owned()];
        for error in answer["errors"].as_array().into_iter().flatten().skip(1) {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            lines.push(format!("`{}`: {}", text("field"), text("message")));
        }
        bail!("{status}: {}", lines.join("\n"))
    }
}

/// The path of a webhook.
fn path(id_or_name: &str) -> String {
    format!("/v1/webhooks/{}", encoded(id_or_name))
}

/// A text as one segment of a path.
pub(in crate::cli) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_in_its_place_of_the_path() {
        assert_eq!(path("../x y?z"), "/v1/webhooks/..%2Fx%20y%3Fz");
    }
}
