//! The chain of the built-in plugins in the sandbox, against the same plugins called natively, on one core.

use std::{path::Path, sync::Arc, time::Instant};

use sayso::{
    config,
    feedback::{Feedback, FeedbackId},
    plugins::{Chain, Engine, Loader, Outcome, Worker, grants::NoHistory},
};
use sayso_plugin::{Effects, Item, Plugin, configure};

use crate::{load, median, process::scratch};

/// Items in one batch.
const BATCH: usize = 64;

pub(crate) fn run(rounds: usize) -> anyhow::Result<()> {
    let feedback = feedback()?;
    let config = config::load(None, [])?;
    let loader = Loader::new(
        Engine::new().map_err(|error| anyhow::anyhow!("{error:#}"))?,
        &scratch()?.join("cache"),
        Path::new("."),
    )?;
    let mut worker = Worker::new(Arc::new(Chain::load(&loader, &config.plugins)?), Arc::new(NoHistory));
    let native = Native::new()?;
    let items: Vec<Item> = feedback.iter().map(item).collect();
    sandboxed(&mut worker, &feedback)?;
    native.run(&items);
    let (mut ratios, mut inside, mut outside) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let with = sandboxed(&mut worker, &feedback)?;
        let without = native.run(&items);
        ratios.push(without / with);
        inside.push(with);
        outside.push(without);
    }
    let names: Vec<_> = config.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
    println!(
        "chain      {}: {:.0} ns an item in the sandbox, all host work included; {:.0} ns natively; ratio {:.2} (goal 0.45)",
        names.join(", "),
        median(inside),
        median(outside),
        median(ratios)
    );
    for plugin in &config.plugins {
        let alone = Chain::load(&loader, std::slice::from_ref(plugin))?;
        let mut worker = Worker::new(Arc::new(alone), Arc::new(NoHistory));
        sandboxed(&mut worker, &feedback)?;
        let times = (0..rounds).map(|_| sandboxed(&mut worker, &feedback)).collect::<Result<_, _>>()?;
        let natively = (0..rounds).map(|_| native.alone(&plugin.name, &items)).collect();
        println!(
            "chain      {} alone: {:.0} ns an item; {:.0} ns natively",
            plugin.name,
            median(times),
            median(natively)
        );
    }
    by_the_crate(&loader, &config.plugins, &feedback, &items, rounds)?;
    let mut worker = Worker::new(Arc::new(Chain::load(&loader, &[])?), Arc::new(NoHistory));
    let times = (0..rounds).map(|_| sandboxed(&mut worker, &feedback)).collect::<Result<_, _>>()?;
    println!("chain      no plugin: {:.0} ns an item", median(times));
    Ok(())
}

/// Three plugins of which the first scores by the crate `vader_sentiment` as it is.
fn by_the_crate(
    loader: &Loader,
    plugins: &[config::Plugin],
    feedback: &[Feedback],
    items: &[Item],
    rounds: usize,
) -> anyhow::Result<()> {
    let path = scratch()?.join("vader.wasm");
    std::fs::write(&path, include_bytes!(concat!(env!("OUT_DIR"), "/vader.wasm")))?;
    let mut plugins: Vec<_> = plugins.iter().filter(|plugin| plugin.name != "redact").cloned().collect();
    anyhow::ensure!(plugins.len() == 3, "the default chain is not redact, sentiment, tagger, router");
    plugins[0].source = path.display().to_string();
    let mut worker = Worker::new(Arc::new(Chain::load(loader, &plugins)?), Arc::new(NoHistory));
    let native =
        (configured::<vader::Vader>()?, configured::<sayso_tagger::Tagger>()?, configured::<sayso_router::Router>()?);
    let natively = || {
        let mut items = items.to_vec();
        let started = Instant::now();
        for item in &mut items {
            step(&native.0, item);
            step(&native.1, item);
            step(&native.2, item);
        }
        let time = started.elapsed();
        std::hint::black_box(&items);
        time.as_secs_f64() * 1e9 / items.len() as f64
    };
    let (mut ratios, mut inside, mut outside) = (Vec::new(), Vec::new(), Vec::new());
    sandboxed(&mut worker, feedback)?;
    for _ in 0..rounds {
        let (with, without) = (sandboxed(&mut worker, feedback)?, natively());
        ratios.push(without / with);
        inside.push(with);
        outside.push(without);
    }
    println!(
        "chain      the crate vader_sentiment, tagger, router: {:.0} ns an item in the sandbox; {:.0} ns natively; ratio {:.2} (goal 0.45)",
        median(inside),
        median(outside),
        median(ratios)
    );
    Ok(())
}

fn configured<P: Plugin>() -> anyhow::Result<P> {
    configure("{}").map_err(anyhow::Error::msg)
}

fn feedback() -> anyhow::Result<Vec<Feedback>> {
    let parse = |review: &serde_json::Value| {
        let mut feedback: Feedback = serde_json::from_value(review.clone())?;
        feedback.id = FeedbackId::now();
        feedback.revision = 1;
        feedback.language = Some("en".into());
        Ok(feedback)
    };
    load::reviews()?.iter().map(parse).collect()
}

/// Nanoseconds an item.
fn sandboxed(worker: &mut Worker, feedback: &[Feedback]) -> anyhow::Result<f64> {
    let batches: Vec<Vec<Feedback>> = feedback.chunks(BATCH).map(<[Feedback]>::to_vec).collect();
    let started = Instant::now();
    for batch in batches {
        let outcomes = worker.run(batch);
        anyhow::ensure!(
            outcomes.iter().all(|outcome| matches!(outcome, Outcome::Analyzed { .. })),
            "one was not analysed"
        );
    }
    Ok(started.elapsed().as_secs_f64() * 1e9 / feedback.len() as f64)
}

struct Native {
    redact: sayso_redact::Redact,
    sentiment: sayso_sentiment::Sentiment,
    tagger: sayso_tagger::Tagger,
    router: sayso_router::Router,
}

impl Native {
    fn new() -> anyhow::Result<Self> {
        Ok(Self { redact: configured()?, sentiment: configured()?, tagger: configured()?, router: configured()? })
    }

    /// Nanoseconds an item.
    fn run(&self, items: &[Item]) -> f64 {
        let mut items = items.to_vec();
        let started = Instant::now();
        for item in &mut items {
            step(&self.redact, item);
            step(&self.sentiment, item);
            step(&self.tagger, item);
            step(&self.router, item);
        }
        let time = started.elapsed();
        std::hint::black_box(&items);
        time.as_secs_f64() * 1e9 / items.len() as f64
    }

    /// Nanoseconds an item of one plugin, which sees the effects of none.
    fn alone(&self, name: &str, items: &[Item]) -> f64 {
        match name {
            "redact" => alone(&self.redact, items),
            "sentiment" => alone(&self.sentiment, items),
            "tagger" => alone(&self.tagger, items),
            _ => alone(&self.router, items),
        }
    }
}

fn alone(plugin: &impl Plugin, items: &[Item]) -> f64 {
    let mut items = items.to_vec();
    let started = Instant::now();
    items.iter_mut().for_each(|item| step(plugin, item));
    let time = started.elapsed();
    std::hint::black_box(&items);
    time.as_secs_f64() * 1e9 / items.len() as f64
}

fn step(plugin: &impl Plugin, item: &mut Item) {
    let mut effects = Effects::new();
    if plugin.process(item, &mut effects).is_ok() {
        item.effects.extend(Vec::from(effects));
    }
}

/// The item that the sandboxed plugins see.
fn item(feedback: &Feedback) -> Item {
    let rating = feedback.rating.map_or(3.0, |rating| rating.value);
    let mut item = Item::of_review("en", &feedback.text, rating);
    item.feedback.customer = feedback
        .customer
        .as_ref()
        .map(|customer| sayso_plugin::Customer { id: customer.id.clone(), ..Default::default() });
    item
}
