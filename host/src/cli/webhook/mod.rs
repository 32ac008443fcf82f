//! `sayso webhook`: receive deliveries here, and work on the webhooks of a running sayso.
//!
//! - [`listen`]: a receiver that verifies and prints.
//! - [`settings`]: the options that say how a webhook is to be.
//! - [`remote`]: the running sayso.
//! - [`show`]: webhooks in a terminal.
//! - [`mod@test`]: what came of a test delivery, in a terminal.

mod listen;
pub(super) mod remote;
mod settings;
mod show;
mod test;

use std::{process::ExitCode, time::Duration};

use serde_json::{Value, json};

use self::{remote::Remote, settings::Settings};
use crate::config::{Signature, parse_duration};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Receive deliveries, verify them, and print a line for each, until Ctrl-C.
    #[command(
        after_help = "Examples:\n  sayso webhook listen             # prints the configuration for it\n  sayso webhook listen --fail 3    # fails three times: see the retries\n  sayso webhook listen --status 429 --slow 2s\n  sayso webhook listen --json | jq .payload.data.analysis"
    )]
    Listen(listen::Args),
    /// List the webhooks of a running sayso.
    #[command(after_help = "Examples:\n  sayso webhook list\n  sayso webhook list --json | jq -r '.items[].name'")]
    List(At),
    /// Show one webhook.
    #[command(after_help = "Examples:\n  sayso webhook show crm\n  sayso webhook show crm --json | jq .health")]
    Show(Of),
    /// Make a webhook, and print its secret, this once.
    #[command(
        after_help = "Examples:\n  sayso webhook create --name crm --url https://crm.example/hook \\\n      --route care --min-priority 50\n  sayso webhook create --name bi --url https://bi.example/in \\\n      --batch 100 --signature ed25519\n  sayso webhook create --name jp --url https://jp.example/in \\\n      --language ja --condition 'feedback.rating.value <= 2.0'\n  sayso webhook create --name team --format slack --route care \\\n      --url https://hooks.slack.com/services/…"
    )]
    Create(Box<Create>),
    /// Change a webhook; what is not named stays. The next attempt is made by the new version.
    #[command(
        after_help = "Examples:\n  sayso webhook update crm --url https://crm.example/new-hook\n  sayso webhook update crm --route care --route retention\n  sayso webhook update crm --route ''    # all routes again"
    )]
    Update(Box<Update>),
    /// Make a new secret, and print it, this once; the old one is signed with for 24 h more.
    #[command(
        after_help = "Examples:\n  sayso webhook rotate crm\n  sayso webhook rotate crm --overlap 7d\n  sayso webhook rotate crm --overlap 0s    # where the old one leaked"
    )]
    Rotate(Rotate),
    /// Have deliveries wait.
    #[command(
        after_help = "Examples:\n  sayso webhook pause crm\n  sayso webhook resume crm    # when the receiver is back"
    )]
    Pause(Of),
    /// Have deliveries go on.
    #[command(after_help = "Examples:\n  sayso webhook resume crm")]
    Resume(Of),
    /// Have deliveries go out to a webhook that was disabled, after 410 or days of failure.
    #[command(
        after_help = "Examples:\n  sayso webhook enable crm\n  sayso deliveries replay --webhook crm --status parked"
    )]
    Enable(Of),
    /// Send a webhook a real delivery now, of feedback on record or of a sample, and tell what came of it.
    #[command(
        after_help = "Examples:\n  sayso webhook test crm\n  sayso webhook test crm --feedback 0198c0de-0000-7000-8000-000000000001\n  sayso webhook test crm --json | jq .attempt\n\nIts header `sayso-test: true` tells it from other deliveries. Exit codes: 0 delivered, 1 not delivered, 2 not tried."
    )]
    Test(Test),
    /// Delete a webhook; what waits for it is parked.
    #[command(after_help = "Examples:\n  sayso webhook delete crm")]
    Delete(Of),
}

/// The running sayso.
#[derive(Debug, clap::Args)]
pub(super) struct At {
    /// Where sayso listens.
    #[arg(long = "server", value_name = "URL", env = "SAYSO_URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// Key with the scope `admin`; to list and show, `read` is enough.
    #[arg(long, value_name = "KEY", env = "SAYSO_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// One webhook of it.
#[derive(Debug, clap::Args)]
pub(super) struct Of {
    /// The webhook's id, or its name.
    webhook: String,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// Its name, for good.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    settings: Settings,
    /// How deliveries are signed.
    #[arg(long, value_enum, default_value = "hmac")]
    signature: Signature,
    /// Have deliveries wait from the start, until `sayso webhook resume`.
    #[arg(long)]
    paused: bool,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Args)]
pub(super) struct Update {
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, clap::Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    of: Of,
    /// Change to this scheme with it.
    #[arg(long, value_enum)]
    signature: Option<Signature>,
    /// For how long the old secret is signed with, up to 30d; 0s ends it at once.
    #[arg(long, value_name = "TIME", value_parser = overlap)]
    overlap: Option<Duration>,
}

/// A duration; 0 needs no unit.
fn overlap(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { parse_duration(text).map_err(|error| error.to_string()) }
}

impl Rotate {
    fn body(&self) -> Value {
        let signature = self.signature.map(|signature| ("signature".to_owned(), json!(signature)));
        // Up, since nothing at all would end the old secret at once.
        let seconds = |overlap: Duration| overlap.as_millis().div_ceil(1_000);
        let overlap = self.overlap.map(|overlap| ("overlap_seconds".to_owned(), json!(seconds(overlap))));
        Value::Object(signature.into_iter().chain(overlap).collect())
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Test {
    #[command(flatten)]
    of: Of,
    /// The feedback to tell of; else the newest on record that the webhook wants, or a sample where there is none.
    #[arg(long, value_name = "ID")]
    feedback: Option<String>,
    /// The type of the event; else the first that the webhook wants.
    #[arg(long)]
    event: Option<String>,
}

/// Carries out the command.
///
/// # Errors
/// What kept it from being done.
pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Listen(args) => return listen::run(args).await,
        Command::List(at) => {
            let webhooks = Remote::new(&at)?.list().await?;
            print(&at, &json!({ "items": webhooks }), |_| show::table(&webhooks));
        }
        Command::Show(of) => {
            let webhook = Remote::new(&of.at)?.show(&of.webhook).await?;
            print(&of.at, &webhook, show::card);
        }
        Command::Create(create) => {
            let Create { name, settings, signature, paused, at } = *create;
            let mut body = settings.body()?;
            body.insert("name".into(), json!(name));
            body.insert("signature".into(), json!(signature));
            body.insert("paused".into(), json!(paused));
            let webhook = Remote::new(&at)?.create(&Value::Object(body)).await?;
            print(&at, &webhook, show::with_secret);
        }
        Command::Update(update) => {
            let Update { of, settings } = *update;
            let settings = settings.body()?;
            anyhow::ensure!(
                !settings.is_empty(),
                "name what to change, such as --url; `sayso webhook update --help` has all"
            );
            change(of, Value::Object(settings)).await?;
        }
        Command::Rotate(rotate) => {
            let (of, body) = (&rotate.of, rotate.body());
            let webhook = Remote::new(&of.at)?.rotate(&of.webhook, &body).await?;
            print(&of.at, &webhook, show::with_secret);
        }
        Command::Pause(of) => change(of, json!({ "paused": true })).await?,
        Command::Resume(of) => change(of, json!({ "paused": false })).await?,
        Command::Enable(of) => {
            let webhook = Remote::new(&of.at)?.enable(&of.webhook).await?;
            print(&of.at, &webhook, show::card);
        }
        Command::Test(Test { of, feedback, event }) => {
            let asked = [("feedback", feedback), ("event", event)];
            let asked = asked.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
            let outcome = Remote::new(&of.at)?.test(&of.webhook, &Value::Object(asked.collect())).await?;
            print(&of.at, &outcome, test::explain);
            return Ok(if outcome["delivered"] == true { ExitCode::SUCCESS } else { ExitCode::from(1) });
        }
        Command::Delete(of) => {
            Remote::new(&of.at)?.delete(&of.webhook).await?;
            if !of.at.json {
                anstream::println!("deleted {}; what waited for it is parked", of.webhook);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn change(of: Of, patch: Value) -> anyhow::Result<()> {
    let webhook = Remote::new(&of.at)?.change(&of.webhook, &patch).await?;
    print(&of.at, &webhook, show::card);
    Ok(())
}

fn print(at: &At, value: &Value, show: impl FnOnce(&Value) -> String) {
    if at.json {
        anstream::println!("{value}");
    } else {
        anstream::print!("{}", show(value));
    }
}
