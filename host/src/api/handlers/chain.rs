//! `GET /v1/chain` and `POST /v1/chain/reload`: the plugins that run now, and another chain in their place.

use axum::Json;
use axum::extract::{RawQuery, State as With};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::super::State;
use super::super::openapi::examples;
use super::super::problem::{Problem, ProblemType};
use super::super::query::Params;
use crate::config::{Grant, Limits, OnFault};
use crate::plugins::live::{Refused, Trigger};
use crate::plugins::{Chain, card::Card};

/// The chain.
#[derive(Serialize, ToSchema)]
#[schema(as = Chain)]
pub(in crate::api) struct View {
    /// Of all that decides what the chain does.
    digest: String,
    loaded_at: Timestamp,
    #[schema(value_type = Vec<Card<'static>>)]
    plugins: Vec<Value>,
}

impl From<&Chain> for View {
    fn from(chain: &Chain) -> Self {
        let plugins = chain.plugins().iter().map(|plugin| json!(plugin.card())).collect();
        Self { digest: chain.digest().to_owned(), loaded_at: chain.loaded_at(), plugins }
    }
}

impl View {
    fn example() -> Self {
        let digest = format!("sha256:{}", "7e".repeat(32));
        let card = Card {
            name: "sentiment",
            source: "builtin:sentiment",
            version: "0.1.0",
            summary: "Scores how the customer feels, and shows the words that say so.",
            digest: &digest,
            config: &digest,
            on_fault: OnFault::Skip,
            shadow: false,
            reads: Vec::new(),
            grants: &[Grant::Text],
            http: None,
            dictionaries: [("ko", &*digest)].into(),
            limits: Limits::default(),
        };
        Self { plugins: vec![json!(card)], loaded_at: examples::at(), digest }
    }
}

/// Show the chain of plugins that runs now.
#[utoipa::path(
    get, path = "/v1/chain", operation_id = "show_chain", tag = "chain",
    responses((status = 200, description = "The chain.", body = View, example = json!(View::example()))),
)]
pub(in crate::api) async fn get(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    Ok(Json(View::from(&*state.chain.current())))
}

/// Load the chain anew from the configuration, and the keys with it.
///
/// What is under way ends with the old chain. Where the new one cannot run, the old one goes on; the keys
/// are taken all the same, where the configuration can be read.
#[utoipa::path(
    post, path = "/v1/chain/reload", operation_id = "reload_chain", tag = "chain",
    responses((status = 200, description = "The new chain.", body = View, example = json!(View::example()))),
    extensions(("x-problems" = json!(["chain-refused"]))),
)]
pub(in crate::api) async fn reload(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    match state.chain.reload(Trigger::Request).await {
        Ok(chain) => Ok(Json(View::from(&*chain))),
        Err(Refused(reason)) => {
            let end = if reason.ends_with(['.', '?']) { "" } else { "." };
            Err(Problem::new(ProblemType::ChainRefused, format!("{reason}{end} The chain that was there goes on.")))
        }
    }
}
