//! `GET /v1/chain` and `POST /v1/chain/reload`: the plugins that run now, and another chain in their place.

use axum::Json;
use axum::extract::{RawQuery, State as With};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::State;
use super::super::problem::{Problem, ProblemType};
use super::super::query::Params;
use crate::plugins::Chain;
use crate::plugins::live::{Refused, Trigger};

/// The chain.
#[derive(Serialize)]
pub(in crate::api) struct View {
    /// Of all that decides what the chain does.
    digest: String,
    loaded_at: Timestamp,
    plugins: Vec<Value>,
}

impl From<&Chain> for View {
    fn from(chain: &Chain) -> Self {
        let plugins = chain.plugins().iter().map(|plugin| json!(plugin.card())).collect();
        Self { digest: chain.digest().to_owned(), loaded_at: chain.loaded_at(), plugins }
    }
}

pub(in crate::api) async fn get(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    Ok(Json(View::from(&*state.chain.current())))
}

pub(in crate::api) async fn reload(With(state): With<State>, RawQuery(query): RawQuery) -> Result<Json<View>, Problem> {
    Params::read(query.as_deref(), &[], &[])?;
    match state.chain.reload(Trigger::Request).await {
        Ok(chain) => Ok(Json(View::from(&*chain))),
        Err(Refused(reason)) => {
            Err(Problem::new(ProblemType::ChainRefused, format!("{reason}. The chain that was there goes on.")))
        }
    }
}
