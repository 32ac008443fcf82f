//! `sayso check`

use std::{path::Path, process::ExitCode};

use super::ConfigArgs;
use crate::{
    api::auth::Auth,
    app,
    config::Webhook,
    delivery::{self, WebhookError, webhooks::WebhookId},
    dictionary,
    records::sqlite::webhooks_beside,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sayso check --config sayso.toml\n  sayso check --json | jq .plugins")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (mut config, base) = args.config.load()?;
    app::check_address(&config)?;
    Auth::new(&config.keys)?;
    let mut warnings = app::cautions(&config.plugins);
    warnings.extend(delivery::check(&config.delivery, &config.webhooks)?);
    check_names(&config.data.store(), &config.webhooks)?;
    let scratch = is_for_another(&config.data.dir).then(tempfile::tempdir).transpose()?;
    if let Some(scratch) = &scratch {
        config.data.dictionaries = dictionary::folder(&config.data);
        config.data.dir = scratch.path().to_owned();
    }
    let chain = app::load_chain(&config, &base)?;
    if args.json {
        let plugins: Vec<_> = chain.plugins().iter().map(|plugin| plugin.card()).collect();
        let webhooks: Vec<_> = config.webhooks.iter().map(|webhook| &*webhook.name).collect();
        let shown = serde_json::json!({"ok": true, "plugins": plugins, "webhooks": webhooks, "warnings": warnings});
        anstream::println!("{shown}");
        return Ok(ExitCode::SUCCESS);
    }
    for plugin in chain.plugins() {
        anstream::println!("plugin  {:<12} {:<8} {}", plugin.name, plugin.version, plugin.summary);
    }
    for webhook in &config.webhooks {
        anstream::println!(
            "webhook {:<12} {}",
            webhook.name,
            if webhook.allow_private { "(private addresses allowed)" } else { "" }
        );
    }
    for warning in &warnings {
        anstream::println!("warning {warning}");
    }
    anstream::println!("The configuration is sound, and the chain loads.");
    Ok(ExitCode::SUCCESS)
}

/// Whether the folder of the data is another user's than the administrator who checks, or lies where that one will make it:
/// what a check compiles would be in its way.
fn is_for_another(dir: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(dir) = std::path::absolute(dir) else { return false };
    let owner = dir.ancestors().find_map(|folder| folder.metadata().ok()).map(|folder| folder.uid());
    rustix::process::geteuid().is_root() && owner.is_some_and(|owner| owner != 0)
}

/// Holds the names of the file's webhooks against those that were made over the API, if there is a store that can be read
/// now.
fn check_names(store: &Path, webhooks: &[Webhook]) -> anyhow::Result<()> {
    if webhooks.is_empty() || !store.exists() {
        return Ok(());
    }
    match webhooks_beside(store) {
        Ok(of_api) => match of_api.into_iter().find(|(name, _)| webhooks.iter().any(|webhook| webhook.name == *name)) {
            Some((name, id)) => Err(WebhookError::TakenOverApi { name, id: WebhookId(id) }.into()),
            None => Ok(()),
        },
        Err(error) => {
            anstream::eprintln!(
                "{}: it cannot be read now, so whether a webhook of the API has one of these names is not known: {error}",
                store.display()
            );
            Ok(())
        }
    }
}
