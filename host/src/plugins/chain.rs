//! The chain: plugins in order over a batch. A batch that traps, times out or breaks a limit is split into single
//! items, so that the one at fault is found and no other pays for it.

use std::{
    cell::LazyCell,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    card, check,
    engine::MIN_INSTANCES,
    events,
    grants::{
        HistorySource,
        text::{self, Dictionaries},
    },
    instance::Instance,
    item::{Effect, Fault, Subject},
    loader::{LoadError, Loader, Plugin},
    quotes::Said,
    shadow::{self, Shadows},
    work::{Work, cut},
};
use crate::{
    config::{self, OnFault},
    dictionary::DictionaryLanguage,
    feedback::{Analysis, Feedback, Language, PluginStatus, Provenance},
};
use bumpalo::Bump;
use jiff::Timestamp;

/// The plugins in order.
#[derive(Debug, Default)]
pub struct Chain {
    plugins: Vec<Arc<Plugin>>,
    digest: String,
    loaded_at: Timestamp,
}

impl Chain {
    /// Loads every plugin of the configuration.
    ///
    /// # Errors
    /// The first plugin that cannot join; see [`LoadError`].
    pub fn load(loader: &Loader, plugins: &[config::Plugin]) -> Result<Self, LoadError> {
        let load = |plugin| loader.load(plugin).map(Arc::new);
        let plugins: Vec<_> = plugins.iter().map(load).collect::<Result<_, _>>()?;
        let digest = card::digest(plugins.iter().map(|plugin| &**plugin));
        Ok(Self { plugins, digest, loaded_at: Timestamp::now() })
    }

    /// `sha256:` and a digest of all that decides what the chain does.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// When it was loaded.
    pub const fn loaded_at(&self) -> Timestamp {
        self.loaded_at
    }

    /// The plugins in order.
    pub fn plugins(&self) -> &[Arc<Plugin>] {
        &self.plugins
    }

    /// The dictionaries, if a plugin uses them.
    pub fn dictionaries(&self) -> Option<&Arc<Dictionaries>> {
        self.plugins.iter().find(|plugin| plugin.uses_text).map(|plugin| &plugin.dictionaries)
    }

    /// Requests that its plugins may have under way at once: so many threads may wait in it.
    pub fn may_wait(&self) -> usize {
        let waiting = self.plugins.iter().filter(|plugin| plugin.uses_http);
        waiting.filter_map(|plugin| Some(plugin.http_config.as_ref()?.concurrency)).sum()
    }

    /// Instances of plugins that its engine can run at once.
    pub fn room(&self) -> usize {
        self.plugins.first().map_or(MIN_INSTANCES, |plugin| plugin.engine.room())
    }

    /// The names of the plugins that may say something else of the same feedback another time.
    pub fn unrepeatable(&self) -> Vec<&str> {
        self.plugins.iter().filter(|plugin| plugin.uses_http).map(|plugin| &*plugin.name).collect()
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
pub(super) struct Slot {
    pub(super) instance: Option<Instance>,
    /// Whether what customers said is to be kept out of the plugin's lines in the log.
    hides_quotes: bool,
    mean_us: f64,
    /// Where its items are made.
    bump: Bump,
}

/// What one plugin made of one item.
pub(super) type Verdict = Result<Vec<Effect>, Failure>;

pub(super) enum Failure {
    Unsupported(String),
    /// In the host's words.
    Failed(String),
    /// In words of the plugin, which may quote the feedback.
    Said(String),
}

/// A batch on its way: `places` are the works that no plugin has parked.
struct Batch {
    works: Vec<Work>,
    outcomes: Vec<Option<Outcome>>,
    places: Vec<usize>,
}

impl Worker {
    /// A worker without running instances; they start with the first batch.
    pub fn new(chain: Arc<Chain>, history: Arc<dyn HistorySource>) -> Self {
        let slots = chain.plugins.iter().map(|_| Slot { hides_quotes: true, ..Slot::default() }).collect();
        Self { chain, slots, history }
    }

    /// The chain that it runs.
    pub const fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// Runs the chain over a batch: one outcome per feedback, in their order.
    pub fn run(&mut self, batch: Vec<Feedback>) -> Vec<Outcome> {
        let chain = self.chain.clone();
        let mut batch = Batch::new(batch);
        if let Some(dictionaries) = chain.dictionaries() {
            batch.subjects().iter().for_each(|subject| dictionaries.prepare(subject.language()));
        }
        for (plugin, slot) in chain.plugins.iter().zip(&mut self.slots) {
            let subjects = batch.subjects();
            if subjects.is_empty() {
                break;
            }
            let started = Instant::now();
            let verdicts = slot.run(plugin, &self.history, &subjects);
            let each = started.elapsed() / u32::try_from(subjects.len()).unwrap_or(u32::MAX);
            events::ran(plugin, subjects.len(), each);
            if plugin.shadow {
                batch.note(plugin, verdicts, each);
            } else {
                batch.settle(plugin, verdicts, each);
            }
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
    /// Runs one plugin over the feedback, in calls that leave its deadline room for several times their mean time.
    pub(super) fn run(
        &mut self,
        plugin: &Plugin,
        history: &Arc<dyn HistorySource>,
        subjects: &[&Subject],
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(subjects.len());
        while verdicts.len() < subjects.len() {
            let rest = &subjects[verdicts.len()..];
            let call = &rest[..self.call_size(plugin).min(rest.len())];
            match self.enter(plugin, history, call) {
                Ok(answers) => verdicts.extend(answers),
                Err(reason) if call.len() == 1 => verdicts.push(Err(Failure::Failed(reason))),
                Err(_) => verdicts.extend(call.iter().map(|subject| {
                    let alone = self.enter(plugin, history, std::slice::from_ref(subject));
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
        subjects: &[&Subject],
    ) -> Result<Vec<Verdict>, String> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => Instance::start_configured(plugin, history.clone())?,
        };
        let started = Instant::now();
        if plugin.uses_history {
            instance.open_history(subjects.iter().map(|subject| subject.feedback()));
        }
        self.bump.reset();
        let bump = &self.bump;
        let numbered = subjects.iter().enumerate();
        let items: Vec<_> = numbered.map(|(index, subject)| subject.item(index, plugin.reads, bump)).collect();
        let answers = instance.process(plugin, &items);
        drop(items);
        let hides = self.hides_quotes;
        let said = LazyCell::new(|| Said::by(subjects.iter().map(|subject| subject.feedback())));
        instance.write_log(plugin, |line| if hides { said.cut_from(&line) } else { line });
        let answers = answers?;
        self.note_time(started.elapsed().saturating_sub(instance.waited()), subjects.len());
        if !instance.is_worn() {
            self.instance = Some(instance);
        }
        let checked = answers.into_iter().zip(subjects).map(|(answer, subject)| match answer {
            Ok(effects) => {
                check::effects(subject.feedback(), &effects, &plugin.limits).map(|()| effects).map_err(Failure::Said)
            }
            Err(Fault::Unsupported(reason)) => Err(Failure::Unsupported(reason)),
            Err(Fault::Failed(reason) | Fault::Other(reason)) => Err(Failure::Said(reason)),
        });
        Ok(checked.collect())
    }

    fn note_time(&mut self, time: Duration, items: usize) {
        let each = time.as_secs_f64() * 1e6 / f64::from(u32::try_from(items).unwrap_or(u32::MAX));
        self.mean_us = if self.mean_us == 0.0 { each } else { self.mean_us.mul_add(0.9, each * 0.1) };
    }
}

impl Batch {
    fn new(feedback: Vec<Feedback>) -> Self {
        let work = |feedback: Feedback| {
            // On the heap from here on, since it is large, and moved often.
            let feedback = Box::new(feedback);
            let language = language_of(&feedback);
            let subject = Subject::new(feedback, language);
            Work { subject, redactions: Vec::new(), provenance: Vec::new(), shadows: Shadows::default() }
        };
        let works: Vec<_> = feedback.into_iter().map(work).collect();
        let places = (0..works.len()).collect();
        let outcomes = works.iter().map(|_| None).collect();
        Self { works, outcomes, places }
    }

    /// What is still on its way.
    fn subjects(&self) -> Vec<&Subject> {
        self.places.iter().map(|place| &self.works[*place].subject).collect()
    }

    /// Takes in what a plugin made of the items.
    fn settle(&mut self, plugin: &Plugin, verdicts: Vec<Verdict>, each: Duration) {
        for (place, verdict) in std::mem::take(&mut self.places).into_iter().zip(verdicts) {
            let work = &mut self.works[place];
            let (status, reason) = match verdict {
                Ok(effects) => {
                    work.take(effects);
                    (PluginStatus::Ok, None)
                }
                Err(Failure::Unsupported(reason)) => (PluginStatus::Unsupported, Some(reason)),
                Err(failure @ (Failure::Failed(_) | Failure::Said(_))) => {
                    let reason = work.failed(plugin, failure);
                    if plugin.on_fault == OnFault::Park {
                        let reason = format!("plugin `{}` {}", plugin.name, cut(reason));
                        self.outcomes[place] = Some(Outcome::Parked { reason });
                        continue;
                    }
                    (PluginStatus::Skipped, Some(reason))
                }
            };
            work.provenance.push(provenance(plugin, status, reason, each));
            self.places.push(place);
        }
    }

    /// Notes what a plugin in the shadow made of the items.
    fn note(&mut self, plugin: &Plugin, verdicts: Vec<Verdict>, each: Duration) {
        for (place, verdict) in self.places.iter().zip(verdicts) {
            let work = &mut self.works[*place];
            let (status, reason, effects) = match verdict {
                Ok(effects) => (PluginStatus::Ok, None, effects),
                Err(Failure::Unsupported(reason)) => (PluginStatus::Unsupported, Some(reason), Vec::new()),
                Err(failure @ (Failure::Failed(_) | Failure::Said(_))) => {
                    (PluginStatus::Skipped, Some(work.failed(plugin, failure)), Vec::new())
                }
            };
            events::shadowed(plugin, status);
            let provenance = provenance(plugin, status, reason, each);
            work.shadows.insert(plugin.name.clone(), shadow::summary(effects, provenance));
        }
    }

    fn finish(self) -> Vec<Outcome> {
        let outcome = |(work, outcome): (Work, Option<Outcome>)| outcome.unwrap_or_else(|| work.finish());
        self.works.into_iter().zip(self.outcomes).map(outcome).collect()
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
        repeatable: !plugin.uses_http,
        us: u32::try_from(each.as_micros()).unwrap_or(u32::MAX),
    }
}

/// The language that the sender named, else the one detected.
pub(super) fn language_of(feedback: &Feedback) -> Language {
    if let Some(tag) = &feedback.language {
        return Language { code: Language::code_of(tag), confidence: 1.0 };
    }
    let of_title = || feedback.title.as_deref().and_then(text::detect);
    if feedback.text.is_empty() {
        return of_title().unwrap_or_else(unknown);
    }
    let detected = text::detect(&feedback.text).unwrap_or_else(unknown);
    // 感謝 alone is Japanese as well: what stands beside it tells.
    let is_of_japan = || feedback.territory.as_deref().is_some_and(|territory| territory.eq_ignore_ascii_case("JP"));
    if text::is_chinese_or_japanese(&detected)
        && (is_of_japan() || of_title().is_some_and(|of_title| of_title.code == "ja"))
    {
        return Language { code: "ja".into(), ..detected };
    }
    detected
}

fn unknown() -> Language {
    Language { code: text::UNKNOWN.into(), confidence: 0.0 }
}
