//! `sayso deliveries replay`

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    super::webhook::{
        At,
        remote::{Away, Remote, encoded},
    },
    Which, one,
    progress::{Progress, in_words},
};

pub(super) const HELP: &str = "\
Deliveries are named by their ids, or by --webhook and what else they have to be; without --status those that are parked. \
Each is made again with the `webhook-id` that it has. Waits until all have been tried once, and says what became of them on \
standard output; how far it is, on standard error: a bar in a terminal, lines in a pipe. The server goes on by itself, over \
restarts too; Ctrl-C ends only the waiting.

With --json: for ids, one JSON object a line, the delivery as it stands then; for --webhook, one JSON object, the replay, as \
`GET /v1/replays/{id}` has it.

Examples:
  sayso deliveries replay dlv_0198c0de4d8e7c3f9b1a2c3d4e5f6071
  sayso deliveries replay --webhook crm
  sayso deliveries replay --webhook crm --status delivered \\
      --since 2026-05-01T08:00:00Z --until 2026-05-01T12:00:00Z
  sayso deliveries replay --webhook crm --route care --since 7d \\
      --no-wait --json | jq -r .id

Exit codes: 0 everything was delivered (with --no-wait: taken), 1 something was not delivered, or waits for its webhook, 2 it \
could not be done.";

/// Pause between two looks how far it is.
const LOOK: Duration = Duration::from_millis(200);
/// How many looks at a delivery there are to one at its webhook.
const LOOKS_AT_WEBHOOK: u64 = 10;
/// How long a server that cannot be reached is waited for.
const AWAY: Duration = Duration::from_secs(120);

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["ids", "webhook"]))]
pub(in crate::cli) struct Replay {
    /// Ids of deliveries.
    #[arg(value_name = "ID", conflicts_with_all = ["webhook", "status", "route", "kind", "event", "since", "until"])]
    ids: Vec<String>,
    /// Name or id of the webhook whose deliveries are made again.
    #[arg(long, value_name = "NAME")]
    webhook: Option<String>,
    #[command(flatten)]
    which: Which,
    /// Do not wait for what becomes of them.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    at: At,
}

/// Carries out the command.
///
/// # Errors
/// What kept it from being done.
pub(super) async fn run(args: &Replay) -> anyhow::Result<ExitCode> {
    let remote = Remote::new(&args.at)?;
    let is_done = match &args.webhook {
        Some(webhook) => many(args, &remote, webhook).await?,
        None => each(args, &remote).await?,
    };
    Ok(ExitCode::from(u8::from(!is_done)))
}

/// Replays the deliveries that are named, and says of each what became of it. Whether all were delivered.
async fn each(args: &Replay, remote: &Remote) -> anyhow::Result<bool> {
    let (mut is_done, mut refusals) = (true, Vec::new());
    let mut under_way = Vec::new();
    for id in &args.ids {
        match remote.call(Method::POST, &format!("/v1/deliveries/{}/replay", encoded(id)), None).await {
            Ok(replayed) => under_way.push(replayed),
            Err(error) => refusals.push(error.context(format!("{id} is not made again"))),
        }
    }
    for replayed in under_way {
        let id = replayed["id"].as_str().unwrap_or_default();
        let note = replayed["note"].as_str();
        if args.no_wait || note.is_some() {
            is_done &= note.is_none();
            say(args, &replayed, &format!("{id} is made again{}", in_brackets(note)));
            continue;
        }
        let delivery = match tried(remote, &replayed).await? {
            Tried::Was(delivery) => delivery,
            Tried::Waits(delivery, why) => {
                is_done = false;
                say(args, &delivery, &format!("{id} waits: {why}"));
                continue;
            }
        };
        let last = delivery["attempts"].as_array().and_then(|attempts| attempts.last()).unwrap_or(&Value::Null);
        is_done &= last["error"].is_null();
        let line = match (last["error"].as_str(), delivery["next_attempt_at"].as_str()) {
            (None, _) => format!("{id} was delivered: {} in {} ms", last["status"], last["latency_ms"]),
            (Some(error), None) => format!("{id} was not delivered: {error}"),
            (Some(error), Some(next)) => format!("{id} was not delivered, and is tried again at {next}: {error}"),
        };
        say(args, &delivery, &line);
    }
    if refusals.len() == args.ids.len() {
        return Err(refusals.remove(0));
    }
    refusals.iter().for_each(|error| anstream::eprintln!("error: {error:#}"));
    Ok(is_done && refusals.is_empty())
}

/// What became of a delivery that is made again.
enum Tried {
    /// It was tried, or set aside.
    Was(Value),
    /// It waits for its webhook.
    Waits(Value, String),
}

/// Waits until the delivery has an attempt with a higher number than before, or will have none for some time.
async fn tried(remote: &Remote, replayed: &Value) -> anyhow::Result<Tried> {
    let text = |name: &str| replayed[name].as_str().unwrap_or_default();
    let (id, webhook, last) = (text("id"), text("webhook"), replayed["last_attempt"].as_u64().unwrap_or_default());
    let (mut away, mut looks) = (None, 0_u64);
    loop {
        looks += 1;
        if let Some(delivery) = reached(one(remote, id).await, &mut away)? {
            let number = delivery["attempts"].as_array().and_then(|attempts| attempts.last()?["number"].as_u64());
            if number.is_some_and(|number| number > last) || delivery["status"] != "pending" {
                return Ok(Tried::Was(delivery));
            }
            if looks.is_multiple_of(LOOKS_AT_WEBHOOK)
                && let Ok(webhook) = remote.show(webhook).await
                && let Some(why) = waits_because(&webhook)
            {
                return Ok(Tried::Waits(delivery, why));
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Why nothing is sent to a webhook now.
fn waits_because(webhook: &Value) -> Option<String> {
    let (name, health) = (&webhook["name"], &webhook["health"]);
    if webhook["paused"] == true {
        return Some(format!("the webhook {name} is paused, and sends it when it is resumed"));
    }
    match (health["state"].as_str(), health["breaker"].as_str()) {
        (Some("disabled"), _) => Some(format!("the webhook {name} is disabled, and sends it when it is enabled")),
        (Some("faulty"), _) => Some(format!("the webhook {name} has faults, and sends it when it is changed")),
        (_, Some("open")) => Some(format!("the receiver of {name} is left alone for a while")),
        _ => None,
    }
}

/// Starts a replay, and waits until all that it put back was tried. Whether all of it was delivered.
async fn many(args: &Replay, remote: &Remote, webhook: &str) -> anyhow::Result<bool> {
    let filter: Map<String, Value> =
        args.which.pairs().into_iter().map(|(name, value)| (name.into(), json!(value))).collect();
    let path = format!("/v1/webhooks/{}/replay", encoded(webhook));
    let mut replay = remote.call(Method::POST, &path, Some(&Value::Object(filter))).await?;
    let id = replay["id"].as_str().context("the answer names no replay")?.to_owned();
    if args.no_wait {
        let note = replay["note"].as_str();
        say(args, &replay, &format!("{id} runs{}; GET /v1/replays/{id} says how far it is", in_brackets(note)));
        return Ok(note.is_none());
    }
    let (mut progress, mut away) = (Progress::new(), None);
    let is_over = |replay: &Value| replay["state"] != "running" && replay["outcomes"]["waiting"] == 0;
    while !is_over(&replay) && replay["note"].is_null() {
        tokio::time::sleep(LOOK).await;
        let answer = remote.call(Method::GET, &format!("/v1/replays/{id}"), None).await;
        let was_away = away.is_some();
        if let Some(now) = reached(answer, &mut away)? {
            replay = now;
            progress.show(&replay);
        } else if !was_away {
            progress.say("the server cannot be reached; the replay goes on when it is back");
        }
    }
    progress.finish();
    let done = replay["done"].as_u64().unwrap_or_default();
    let words = in_words(&replay["outcomes"]);
    let why = in_brackets(replay["note"].as_str().or(replay["reason"].as_str()));
    let state = replay["state"].as_str().unwrap_or_default();
    let none = if done == 0 && args.which.status.is_none() {
        "; without --status those that are parked are meant, of which none fits"
    } else {
        ""
    };
    say(args, &replay, &format!("{id} {state}: {done} put back, {words}{why}{none}"));
    Ok(state == "finished" && replay["outcomes"]["delivered"].as_u64() == Some(done))
}

/// The answer; none while the server cannot be reached, which it may be for a restart. `away` is since when.
fn reached(answer: anyhow::Result<Value>, away: &mut Option<Instant>) -> anyhow::Result<Option<Value>> {
    match answer {
        Ok(answer) => {
            *away = None;
            Ok(Some(answer))
        }
        Err(error) if error.downcast_ref::<Away>().is_some() => {
            let since = away.get_or_insert_with(Instant::now);
            if since.elapsed() > AWAY { Err(error) } else { Ok(None) }
        }
        Err(error) => Err(error),
    }
}

fn say(args: &Replay, value: &Value, line: &str) {
    if args.at.json {
        anstream::println!("{value}");
    } else {
        anstream::println!("{line}");
    }
}

fn in_brackets(note: Option<&str>) -> String {
    note.map(|note| format!(" ({})", note.trim_end_matches('.'))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        replay: Replay,
    }

    #[test]
    fn either_ids_or_a_webhook_are_named() {
        let parse = |args: &[&str]| Cli::try_parse_from(["replay"].iter().chain(args)).map(|cli| cli.replay);
        assert_eq!(parse(&["dlv_1", "dlv_2"]).expect("ids").ids.len(), 2);
        assert!(parse(&["--webhook", "crm", "--status", "delivered", "--since", "7d"]).is_ok());
        for wrong in [&[][..], &["dlv_1", "--webhook", "crm"], &["dlv_1", "--route", "care"], &["--route", "care"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
