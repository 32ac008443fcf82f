//! The chain: plugins in order over a batch. A batch that traps, times out or breaks a limit is split into single
//! items, so that the one at fault is found and no other pays for it.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    bindings::sayso::plugin::types as wit,
    check, events,
    grants::{
        HistorySource,
        text::{self, Dictionaries},
    },
    instance::{Customers, Instance},
    item::{self, Effect, Fault, Item},
    loader::{LoadError, Loader, Plugin},
    merge, redact,
};
use crate::{
    config::{self, OnFault},
    dictionary::DictionaryLanguage,
    feedback::{Analysis, Feedback, Language, PluginStatus, Provenance, Redaction},
};

/// The plugins in order.
#[derive(Debug)]
pub struct Chain {
    plugins: Vec<Arc<Plugin>>,
}

impl Chain {
    /// Loads every plugin of the configuration.
    ///
    /// # Errors
    /// The first plugin that cannot join; see [`LoadError`].
    pub fn load(loader: &Loader, plugins: &[config::Plugin]) -> Result<Self, LoadError> {
        let load = |plugin| loader.load(plugin).map(Arc::new);
        Ok(Self { plugins: plugins.iter().map(load).collect::<Result<_, _>>()? })
    }

    /// The plugins in order.
    pub fn plugins(&self) -> &[Arc<Plugin>] {
        &self.plugins
    }

    /// The dictionaries, if a plugin uses them.
    pub fn dictionaries(&self) -> Option<&Arc<Dictionaries>> {
        self.plugins.iter().find(|plugin| plugin.uses_text).map(|plugin| &plugin.dictionaries)
    }

    /// The languages that a plugin would segment by dictionary, if there were one.
    pub fn missing_dictionaries(&self) -> Vec<DictionaryLanguage> {
        self.dictionaries().map_or_else(Vec::new, |dictionaries| dictionaries.missing())
    }
}

/// What a run of the chain made of one feedback.
#[derive(Debug)]
pub enum Outcome {
    /// Every plugin had its say, or was skipped by its policy.
    Analyzed {
        /// The feedback, as redacted.
        feedback: Box<Feedback>,
        /// What was said of it.
        analysis: Box<Analysis>,
    },
    /// A plugin whose policy is `park` failed on it.
    Parked {
        /// Which plugin, and why, for people to read.
        reason: String,
    },
}

/// Runs the chain on one thread, with an instance of every plugin.
pub struct Worker {
    chain: Arc<Chain>,
    slots: Vec<Slot>,
    history: Arc<dyn HistorySource>,
}

/// The instance of one plugin, and how long it took of late.
#[derive(Default)]
struct Slot {
    instance: Option<Instance>,
    mean_us: f64,
}

/// One feedback on its way through the chain.
struct Work {
    feedback: Feedback,
    language: Language,
    redactions: Vec<Redaction>,
    provenance: Vec<Provenance>,
}

/// What one plugin made of one item.
type Verdict = Result<Vec<Effect>, Failure>;

enum Failure {
    Unsupported(String),
    Failed(String),
}

/// The items that are still on their way, beside the work they belong to: `items[n]` is of `works[places[n]]`.
struct Batch {
    works: Vec<Work>,
    outcomes: Vec<Option<Outcome>>,
    items: Vec<Item>,
    places: Vec<usize>,
    customers: Customers,
}

impl Worker {
    /// A worker without running instances; they start with the first batch.
    pub fn new(chain: Arc<Chain>, history: Arc<dyn HistorySource>) -> Self {
        let slots = chain.plugins.iter().map(|_| Slot::default()).collect();
        Self { chain, slots, history }
    }

    /// The chain that it runs.
    pub const fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// Runs the chain over a batch: one outcome per feedback, in their order.
    pub fn run(&mut self, batch: Vec<Feedback>) -> Vec<Outcome> {
        let chain = self.chain.clone();
        let mut batch = Batch::new(batch, chain.plugins.iter().any(|plugin| plugin.uses_history));
        if let Some(dictionaries) = chain.dictionaries() {
            batch.works.iter().for_each(|work| dictionaries.prepare(&work.language.code));
        }
        for (plugin, slot) in chain.plugins.iter().zip(&mut self.slots) {
            if batch.items.is_empty() {
                break;
            }
            let started = Instant::now();
            let verdicts = slot.run(plugin, &self.history, &batch.items, &batch.customers);
            let each = started.elapsed() / u32::try_from(batch.items.len()).unwrap_or(u32::MAX);
            events::ran(plugin, batch.items.len(), each);
            batch.settle(plugin, verdicts, each);
        }
        batch.finish()
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("chain", &self.chain).finish_non_exhaustive()
    }
}

impl Slot {
    /// Runs one plugin over the items, in calls that leave its deadline room for several times their mean time.
    fn run(
        &mut self,
        plugin: &Plugin,
        history: &Arc<dyn HistorySource>,
        items: &[Item],
        customers: &Customers,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(items.len());
        while verdicts.len() < items.len() {
            let rest = &items[verdicts.len()..];
            let call = &rest[..self.call_size(plugin).min(rest.len())];
            match self.enter(plugin, history, call, customers) {
                Ok(answers) => verdicts.extend(answers),
                Err(reason) if call.len() == 1 => verdicts.push(Err(Failure::Failed(reason))),
                Err(_) => verdicts.extend(call.iter().map(|item| {
                    let alone = self.enter(plugin, history, std::slice::from_ref(item), customers);
                    alone.map_or_else(
                        |reason| Err(Failure::Failed(reason)),
                        |mut answers| answers.pop().unwrap_or_else(|| Ok(Vec::new())),
                    )
                })),
            }
        }
        verdicts
    }

    /// How many items a quarter of the deadline is enough for.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a small positive range")]
    fn call_size(&self, plugin: &Plugin) -> usize {
        let room = plugin.deadline().as_secs_f64() * 1e6 / 4.0;
        (room / self.mean_us.max(1.0)).clamp(1.0, 4096.0) as usize
    }

    /// One call. An error costs the instance.
    fn enter(
        &mut self,
        plugin: &Plugin,
        history: &Arc<dyn HistorySource>,
        items: &[Item],
        customers: &Customers,
    ) -> Result<Vec<Verdict>, String> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => Instance::start_configured(plugin, history.clone())?,
        };
        let started = Instant::now();
        let answers = instance.process(plugin, items, customers)?;
        self.note_time(started.elapsed(), items.len());
        if !instance.is_worn() {
            self.instance = Some(instance);
        }
        let checked = answers.into_iter().zip(items).map(|(answer, item)| match answer {
            Ok(effects) => check::effects(item, &effects, &plugin.limits).map(|()| effects).map_err(Failure::Failed),
            Err(Fault::Unsupported(reason)) => Err(Failure::Unsupported(cut(reason))),
            Err(Fault::Failed(reason) | Fault::Other(reason)) => Err(Failure::Failed(cut(reason))),
        });
        Ok(checked.collect())
    }

    fn note_time(&mut self, time: Duration, items: usize) {
        let each = time.as_secs_f64() * 1e6 / f64::from(u32::try_from(items).unwrap_or(u32::MAX));
        self.mean_us = if self.mean_us == 0.0 { each } else { self.mean_us.mul_add(0.9, each * 0.1) };
    }
}

/// Longest reason of a plugin that is kept, in bytes.
const MAX_REASON: usize = 512;

fn cut(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(MAX_REASON));
    reason
}

impl Batch {
    fn new(feedback: Vec<Feedback>, with_history: bool) -> Self {
        let mut customers = HashMap::new();
        let mut items = Vec::with_capacity(feedback.len());
        let works: Vec<_> = feedback
            .into_iter()
            .map(|feedback| {
                let language = language_of(&feedback);
                let item = item::of(&feedback, &language);
                let customer = feedback.customer.as_ref().and_then(|customer| customer.id.as_ref());
                if let Some(customer) = customer.filter(|_| with_history) {
                    customers.insert(item.feedback.id.clone(), (feedback.id, customer.clone()));
                }
                items.push(item);
                Work { feedback, language, redactions: Vec::new(), provenance: Vec::new() }
            })
            .collect();
        let places = (0..works.len()).collect();
        let outcomes = works.iter().map(|_| None).collect();
        Self { works, outcomes, items, places, customers: Arc::new(customers) }
    }

    /// Takes in what a plugin made of the items.
    fn settle(&mut self, plugin: &Plugin, verdicts: Vec<Verdict>, each: Duration) {
        let mut is_parked = vec![false; self.items.len()];
        for (n, verdict) in verdicts.into_iter().enumerate() {
            let place = self.places[n];
            let work = &mut self.works[place];
            let (status, reason) = match verdict {
                Ok(effects) => {
                    work.take(&mut self.items[n], effects);
                    (PluginStatus::Ok, None)
                }
                Err(Failure::Unsupported(reason)) => (PluginStatus::Unsupported, Some(reason)),
                Err(Failure::Failed(reason)) => {
                    events::failed(plugin, work.feedback.id, &reason);
                    match plugin.on_fault {
                        OnFault::Skip => (PluginStatus::Skipped, Some(reason)),
                        OnFault::Park => {
                            is_parked[n] = true;
                            let reason = format!("plugin `{}` {reason}", plugin.name);
                            self.outcomes[place] = Some(Outcome::Parked { reason: reason.clone() });
                            (PluginStatus::Parked, Some(reason))
                        }
                    }
                }
            };
            work.provenance.push(provenance(plugin, status, reason, each));
        }
        self.drop_parked(&is_parked);
    }

    fn drop_parked(&mut self, is_parked: &[bool]) {
        let mut keep = is_parked.iter().map(|parked| !parked);
        self.items.retain(|_| keep.next().unwrap_or(true));
        let mut keep = is_parked.iter().map(|parked| !parked);
        self.places.retain(|_| keep.next().unwrap_or(true));
    }

    fn finish(self) -> Vec<Outcome> {
        let mut works: Vec<_> = self.works.into_iter().map(Some).collect();
        let mut outcomes = self.outcomes;
        for (item, place) in self.items.into_iter().zip(self.places) {
            let Some(work) = works[place].take() else { continue };
            let analysis = merge::analysis(work.language, item.effects, work.redactions, work.provenance);
            outcomes[place] =
                Some(Outcome::Analyzed { feedback: Box::new(work.feedback), analysis: Box::new(analysis) });
        }
        outcomes.into_iter().flatten().collect()
    }
}

impl Work {
    /// Adds effects to the item; redactions are carried out at once, so that later plugins see none of what was there.
    fn take(&mut self, item: &mut Item, effects: Vec<Effect>) {
        let redactions: Vec<wit::Redaction> = effects
            .iter()
            .filter_map(|effect| if let Effect::Redact(redaction) = effect { Some(redaction.clone()) } else { None })
            .collect();
        item.effects.extend(effects);
        if redactions.is_empty() {
            return;
        }
        item.effects.retain(|effect| !matches!(effect, Effect::Redact(_)));
        let mut effects = std::mem::take(&mut item.effects);
        self.redactions.extend(redact::apply(&mut self.feedback, &redactions, &mut effects));
        *item = item::of(&self.feedback, &self.language);
        item.effects = effects;
    }
}

fn provenance(plugin: &Plugin, status: PluginStatus, reason: Option<String>, each: Duration) -> Provenance {
    Provenance {
        plugin: plugin.name.clone(),
        version: plugin.version.clone(),
        digest: plugin.digest.clone(),
        config: plugin.config_digest.clone(),
        status,
        reason,
        us: u32::try_from(each.as_micros()).unwrap_or(u32::MAX),
    }
}

/// The language that the sender named, else the one detected.
fn language_of(feedback: &Feedback) -> Language {
    if let Some(tag) = &feedback.language {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        return Language { code: primary.to_ascii_lowercase(), confidence: 1.0 };
    }
    let detected = if feedback.text.is_empty() {
        feedback.title.as_deref().and_then(text::detect)
    } else {
        text::detect(&feedback.text)
    };
    detected.unwrap_or_else(|| Language { code: text::UNKNOWN.into(), confidence: 0.0 })
}
