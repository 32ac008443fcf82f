//! `GET /v1/webhooks`: what is configured, without anything secret.

use axum::Json;
use axum::extract::{RawQuery, State as With};
use serde::Serialize;
use url::Url;

use super::super::State;
use super::super::problem::Problem;
use super::super::query::Params;
use crate::config::Webhook;
use crate::feedback::Kind;

/// The webhooks.
#[derive(Serialize)]
pub(in crate::api) struct List {
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    name: String,
    url: String,
    routes: Vec<String>,
    kinds: Vec<Kind>,
    tags: Vec<String>,
    allow_private: bool,
}

pub(in crate::api) async fn list(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<List>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    let item = |webhook: &Webhook| Item {
        name: webhook.name.to_string(),
        url: without_secrets(&webhook.url),
        routes: webhook.routes.clone(),
        kinds: webhook.kinds.clone(),
        tags: webhook.tags.clone(),
        allow_private: webhook.allow_private,
    };
    Ok(Json(List { items: state.config.webhooks.iter().map(item).collect() }))
}

/// The URL without what often is a credential: user, password, query and fragment.
fn without_secrets(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_has_no_credentials() {
        assert_eq!(
            without_secrets("https://user:pass@crm.example:8443/hook?token=abc#x"),
            "https://crm.example:8443/hook"
        );
    }
}
