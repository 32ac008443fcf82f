//! `sayso webhook listen`

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use anstyle::{AnsiColor, Style};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{
    output::printed,
    printable::printable,
    receiver::{self, Behaviour, Event},
};
use crate::config::parse_duration;

const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000", value_parser = crate::config::parse_address)]
    listen: SocketAddr,
    /// Secret to verify with, or the public key of an ed25519 webhook (whpk_…); a new secret is made and printed where none
    /// is given.
    #[arg(long, value_name = "SECRET", env = "SAYSO_WEBHOOK_SECRET", hide_env_values = true)]
    secret: Option<String>,
    /// Print one JSON object a delivery, with its payload.
    #[arg(long)]
    json: bool,
    /// Answer the first N deliveries with `--status`, or 500, and all others with 200.
    #[arg(long, value_name = "N")]
    fail: Option<u64>,
    /// Status to answer with, 200 to 599.
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u16).range(200..=599))]
    status: Option<u16>,
    /// Time that each answer takes, for example `5s`.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    slow: Option<Duration>,
}

impl Args {
    fn behaviour(&self) -> anyhow::Result<Behaviour> {
        let status = match (self.status, self.fail) {
            (Some(code), _) => StatusCode::from_u16(code)?,
            (None, Some(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            (None, None) => StatusCode::OK,
        };
        Ok(Behaviour { status, failures: self.fail, delay: self.slow.unwrap_or_default() })
    }
}

/// Carries out the command.
///
/// # Errors
/// What kept it from being done.
pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let secret = args.secret.clone().unwrap_or_else(receiver::new_secret);
    let mut receiver = receiver::start_with(args.listen, &secret, args.behaviour()?).await?;
    // What is not a delivery goes to standard error, so that the lines can be piped.
    anstream::eprintln!("Listening on {}; Ctrl-C ends it.", receiver.url());
    if args.secret.is_none() {
        anstream::eprintln!("Add to sayso.toml, and start sayso again:\n\n{}", snippet(&receiver.url(), &secret));
    }
    loop {
        let event = tokio::select! {
            ended = tokio::signal::ctrl_c() => {
                ended?;
                break;
            }
            event = receiver.next() => event,
        };
        let Some(event) = event else { break };
        let now = Timestamp::now();
        let line = if args.json { object(&event, now).to_string() } else { line(&event, now) };
        if !printed(&line)? {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn snippet(url: &str, secret: &str) -> String {
    format!("[[webhook]]\nname = \"listener\"\nurl = \"{url}\"\nsecret = \"{secret}\"\nallow_private = true\n")
}

/// Time, verdict, type, feedback, kind, sentiment, routes and answer.
fn line(event: &Event, now: Timestamp) -> String {
    let payload: Value = serde_json::from_slice(&event.body).unwrap_or_default();
    let (feedback, analysis) = (&payload["data"]["feedback"], &payload["data"]["analysis"]);
    let time = now.strftime("%H:%M:%S");
    let verdict = match &event.verdict {
        Ok(()) => format!("{GREEN}verified{GREEN:#}"),
        Err(why) => format!("{RED}NOT VERIFIED ({}){RED:#}", printable(why)),
    };
    let word = |value: &Value| printable(value.as_str().unwrap_or("-"));
    let routes: Vec<_> =
        analysis["routes"].as_array().into_iter().flatten().map(|route| word(&route["name"])).collect();
    let routes = if routes.is_empty() { "-".to_owned() } else { routes.join(",") };
    let style = if event.status.is_success() { GREEN } else { YELLOW };
    let repeat = if event.is_repeat { " repeat" } else { "" };
    let test = if event.is_test { " test" } else { "" };
    format!(
        "{DIM}{time}{DIM:#} {verdict} {} {} {} {} {routes} {style}→ {}{style:#}{repeat}{test} {DIM}{}{DIM:#}",
        word(&payload["type"]),
        word(&feedback["id"]),
        word(&feedback["kind"]),
        word(&analysis["sentiment"]["label"]),
        event.status.as_u16(),
        printable(&event.id),
    )
}

fn object(event: &Event, now: Timestamp) -> Value {
    let payload: Value = serde_json::from_slice(&event.body).unwrap_or_default();
    json!({
        "at": now,
        "webhook_id": event.id,
        "verified": event.verdict.is_ok(),
        "reason": event.verdict.as_ref().err(),
        "repeat": event.is_repeat,
        "test": event.is_test,
        "status": event.status.as_u16(),
        "payload": payload,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn args(rest: &[&str]) -> Result<Args, clap::Error> {
        Ok(Cli::try_parse_from(["listen"].iter().chain(rest))?.args)
    }

    fn event(body: &Value, verdict: Result<(), String>) -> Event {
        let body = serde_json::to_vec(body).unwrap().into();
        Event { id: "dlv_1".into(), is_repeat: false, is_test: false, verdict, status: StatusCode::OK, body }
    }

    #[test]
    fn the_printed_configuration_is_one_that_sayso_takes() {
        let text = snippet("http://127.0.0.1:9000/", &receiver::new_secret());
        let config: crate::config::Config = toml::from_str(&text).unwrap();
        assert_eq!(&*config.webhooks[0].name, "listener");
        crate::delivery::check(&config.delivery, &config.webhooks).unwrap();
    }

    #[test]
    fn a_line_tells_verdict_type_feedback_kind_label_and_routes() {
        let body = json!({ "type": "feedback.analyzed", "data": {
            "feedback": { "id": "f1", "kind": "review" },
            "analysis": { "sentiment": { "label": "negative" }, "routes": [{ "name": "care" }, { "name": "retention" }] },
        }});
        let now = "2025-08-19T10:00:00Z".parse().unwrap();
        let shown = |verdict| anstream::adapter::strip_str(&line(&event(&body, verdict), now)).to_string();
        assert_eq!(shown(Ok(())), "10:00:00 verified feedback.analyzed f1 review negative care,retention → 200 dlv_1");
        assert!(shown(Err("signature invalid".into())).starts_with("10:00:00 NOT VERIFIED (signature invalid) "));
    }

    #[test]
    fn a_body_of_another_form_or_with_control_characters_does_no_harm() {
        let now = Timestamp::now();
        for body in [json!(null), json!([1]), json!({ "type": 7, "data": "x" })] {
            assert!(line(&event(&body, Ok(())), now).contains("- - - - -"));
        }
        let hostile = json!({ "type": "\u{1b}[2J\nowned" });
        let shown = anstream::adapter::strip_str(&line(&event(&hostile, Ok(())), now)).to_string();
        assert!(!shown.contains(['\u{1b}', '\n']), "{shown}");
    }

    #[test]
    fn the_options_set_the_behaviour() {
        let behaviour = |rest: &[&str]| args(rest).unwrap().behaviour().unwrap();
        assert_eq!(behaviour(&[]).status, 200);
        let failing = behaviour(&["--fail", "3"]);
        assert_eq!((failing.status.as_u16(), failing.failures), (500, Some(3)));
        let busy = behaviour(&["--status", "429", "--slow", "2s"]);
        assert_eq!((busy.status.as_u16(), busy.failures, busy.delay), (429, None, Duration::from_secs(2)));
        assert!(args(&["--status", "99"]).is_err());
        assert!(args(&["--slow", "soon"]).unwrap_err().to_string().contains("\"500ms\""));
    }
}
