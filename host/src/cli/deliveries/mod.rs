//! `sayso deliveries`: what a running sayso delivered and what not, and to have it delivered again.
//!
//! - [`show`]: deliveries in a terminal.
//! - [`replay`]: has them made again, and waits for what becomes of them.
//! - [`progress`]: how far a replay is.

mod progress;
mod replay;
mod show;

use std::process::ExitCode;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;

use super::{
    backtest::when,
    output::printed,
    webhook::{
        At,
        remote::{Remote, encoded},
    },
};

/// Most deliveries in one answer of the server.
const PAGE: usize = 500;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List deliveries, those that became due last first.
    #[command(after_help = LIST)]
    List(List),
    /// Show a delivery with its attempts: when, where to, what was answered, and what to do.
    #[command(
        after_help = "Examples:\n  sayso deliveries show dlv_0198c0de4d8e7c3f9b1a2c3d4e5f6071\n  sayso deliveries show --json dlv_0198c0de4d8e7c3f9b1a2c3d4e5f6071 |\n      jq '.attempts[-1].response'"
    )]
    Show(Show),
    /// Have deliveries made again, with the ids that they have, and wait for what becomes of them.
    #[command(after_help = replay::HELP)]
    Replay(Box<replay::Replay>),
}

const LIST: &str = "\
Columns in a terminal as in a pipe: id, status, webhook, event, when it became due, number of the last attempt, and how that \
went. With --json: one JSON object a line, as `GET /v1/deliveries` has them.

Examples:
  sayso deliveries list
  sayso deliveries list --webhook crm --status parked --since 7d
  sayso deliveries list --route care --limit 0 --json \\
      --since 2026-05-01 --until 2026-05-02 | jq -r .id";

/// Which deliveries; what is not given does not filter.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Which {
    /// How they stand.
    #[arg(long, value_parser = ["pending", "delivered", "parked"])]
    status: Option<String>,
    /// A route of the analysis that is delivered.
    #[arg(long, value_name = "ROUTE")]
    route: Option<String>,
    /// Kind of the feedback: survey, review or `csr_note`.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Type of the event, such as `feedback.analyzed`.
    #[arg(long, value_name = "TYPE")]
    event: Option<String>,
    /// Due at or after this time or date, or within this time from now: 2026-05-01, 7d, 12h.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<Timestamp>,
    /// Due before this time or date, or longer ago than this.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<Timestamp>,
}

impl Which {
    /// What is given, by the names that the API has.
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let text = |value: &Option<String>| value.clone();
        let time = |value: Option<Timestamp>| value.map(|time| time.to_string());
        let all = [
            ("status", text(&self.status)),
            ("route", text(&self.route)),
            ("kind", text(&self.kind)),
            ("event", text(&self.event)),
            ("since", time(self.since)),
            ("until", time(self.until)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Name of the webhook.
    #[arg(long, value_name = "NAME")]
    webhook: Option<String>,
    /// Id of the feedback.
    #[arg(long, value_name = "ID")]
    feedback: Option<String>,
    #[command(flatten)]
    which: Which,
    /// Most deliveries; 0 for all.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The delivery's id.
    id: String,
    #[command(flatten)]
    at: At,
}

/// Carries out the command.
///
/// # Errors
/// What kept it from being done.
pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(args) => list(&args).await?,
        Command::Show(Show { id, at }) => {
            let delivery = one(&Remote::new(&at)?, &id).await?;
            if at.json {
                anstream::println!("{delivery}");
            } else {
                anstream::print!("{}", show::card(&delivery));
            }
        }
        Command::Replay(args) => return replay::run(&args).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// The delivery with this id.
async fn one(remote: &Remote, id: &str) -> anyhow::Result<Value> {
    remote.call(Method::GET, &format!("/v1/deliveries/{}", encoded(id)), None).await
}

async fn list(args: &List) -> anyhow::Result<()> {
    let remote = Remote::new(&args.at)?;
    let mut left = if args.limit == 0 { usize::MAX } else { args.limit };
    let (mut table, mut after) = (show::Table::default(), None::<String>);
    let mut has_any = false;
    while left > 0 {
        let page = remote.call(Method::GET, &path(args, left.min(PAGE), after.as_deref()), None).await?;
        let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let lines = if args.at.json {
            items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        } else {
            table.lines(items)
        };
        if !lines.is_empty() && !printed(lines.trim_end_matches('\n'))? {
            return Ok(());
        }
        left -= items.len();
        has_any |= !items.is_empty();
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    if let (false, Some(webhook)) = (has_any, &args.webhook) {
        anstream::eprintln!("no delivery to `{webhook}` fits; `sayso webhook list` shows the names of the webhooks");
    }
    Ok(())
}

fn path(args: &List, limit: usize, after: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(args.which.pairs());
    let more = [("webhook", args.webhook.as_deref()), ("feedback", args.feedback.as_deref()), ("after", after)];
    query.extend_pairs(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
    query.append_pair("limit", &limit.to_string());
    format!("/v1/deliveries?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        list: List,
    }

    #[test]
    fn what_is_asked_for_stands_in_the_query() {
        let list = |args: &[&str]| Cli::try_parse_from(["list"].iter().chain(args)).map(|cli| cli.list);
        let all = list(&[]).expect("nothing is needed");
        assert_eq!(path(&all, 50, None), "/v1/deliveries?limit=50");
        let some = ["--webhook", "a b", "--status", "parked", "--route", "care", "--since", "2026-05-01"];
        let some = list(&some).expect("all are known");
        let query = "status=parked&route=care&since=2026-05-01T00%3A00%3A00Z&webhook=a+b&after=dlv_1.2&limit=7";
        assert_eq!(path(&some, 7, Some("dlv_1.2")), format!("/v1/deliveries?{query}"));
        assert!(list(&["--status", "lost"]).is_err());
        assert!(list(&["--since", "yesterday"]).is_err());
    }
}
