//! `/v1/webhooks`: webhooks as a resource. Those of the file are shown here, and changed there.

mod body;
mod change;
mod create;
mod delete;
mod enable;
mod etag;
mod examples;
mod health;
mod list;
mod once;
mod patch;
mod replay;
mod rotate;
mod show;
mod shown;
mod test;
#[cfg(test)]
mod tests;
mod view;

pub(in crate::api) use change::{__path_change, change};
pub(in crate::api) use create::{__path_create, create};
pub(in crate::api) use delete::{__path_delete, delete};
pub(in crate::api) use enable::{__path_enable, enable};
pub(in crate::api) use list::{__path_list, list};
pub(in crate::api) use replay::{__path_replay, replay};
pub(in crate::api) use rotate::{__path_rotate, rotate};
pub(in crate::api) use show::{__path_show, show};
pub(in crate::api) use test::{__path_test, test};

use std::sync::Arc;

use super::super::State;
use super::super::problem::{Problem, ProblemType};
use crate::delivery::webhooks::{Refused, Set, Webhook, WebhookId};

/// What a path says of which webhook it is about.
const OF: &str = "The webhook's id or name.";

/// The webhook with this id or name.
fn find<'a>(set: &'a Set, text: &str) -> Option<&'a Arc<Webhook>> {
    WebhookId::parse(text).and_then(|id| set.by_id(id)).or_else(|| set.by_name(text))
}

/// The webhook that a path is about, by its id or its name.
fn of(state: &State, text: &str) -> Result<Arc<Webhook>, Problem> {
    find(&state.webhooks.live().current(), text).cloned().ok_or_else(|| missing(text))
}

/// The name of the webhook that a list is asked for by id or name. One that is gone is known by its name alone.
pub(super) fn listed(state: &State, text: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    match find(&state.webhooks.live().current(), text) {
        Some(webhook) => Ok(Some(webhook.name().to_string())),
        None if WebhookId::parse(text).is_some() => {
            let message = format!(
                "there is no webhook with the id `{text}`; what went to one that is gone is listed by its name"
            );
            Err(Problem::parameter("webhook", message))
        }
        None => Ok(Some(text.to_owned())),
    }
}

fn missing(id: &str) -> Problem {
    Problem::new(ProblemType::NotFound, format!("There is no webhook `{id}`; GET /v1/webhooks lists those there are."))
}

/// The problem that a refused change of the webhook with this id is.
fn refused(refused: Refused, id: &str) -> Problem {
    let detail = match &refused {
        Refused::Invalid(errors) => match errors.first() {
            Some(first) if first.field.is_empty() => first.message.clone(),
            Some(first) => format!("`{}`: {}", first.field, first.message),
            None => refused.to_string(),
        },
        Refused::NameTaken(name) => format!("There is a webhook `{name}` already; change it, or take another name."),
        Refused::NameInUse(name) => {
            format!("Deliveries of the deleted webhook `{name}` are still being parked; try again in a moment.")
        }
        Refused::NameOwed(name) => format!(
            "{refused}, and are for nobody else. Have them parked first, by `sayso webhook delete {name}` or DELETE /v1/webhooks/{name}; or put it back; or take another name."
        ),
        Refused::FromFile(name) => format!(
            "The webhook `{name}` stands in the configuration file; change its [[webhook]] there, and start sayso again. \
             For another secret, leave the one before as `old_secret` until every receiver has the new one."
        ),
        Refused::TooMany => format!("{refused}; delete those that are not needed."),
        Refused::TooManyKeys => {
            format!("{refused}; `keys` says when each runs out, and `overlap_seconds` of 0 ends all but the new one.")
        }
        Refused::Missing => return missing(id),
        Refused::Changed => return etag::differs(id),
        Refused::Records(_) => String::new(),
    };
    match refused {
        Refused::Invalid(errors) => {
            let mut problem = Problem::new(ProblemType::InvalidWebhook, detail);
            problem.more.errors = errors;
            problem
        }
        Refused::NameInUse(_) => Problem::new(ProblemType::Conflict, detail).retry_after(1),
        Refused::Records(error) => error.into(),
        _ => Problem::new(ProblemType::Conflict, detail),
    }
}
