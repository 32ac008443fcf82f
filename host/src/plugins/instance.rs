//! One running instance of a plugin. It lives as long as every call returns cleanly; with the first trap, time-out or
//! exceeded limit it is dead, and whoever holds it drops it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use wasmtime::{Store, StoreContextMut, StoreLimitsBuilder, Trap, UpdateDeadline};

use super::{
    bindings,
    engine::{self, Engine},
    grants::{HistorySource, State},
    item::{Effect, Fault, Item},
    line::clean,
    loader::Plugin,
    meter::Meter,
};
use crate::feedback::Feedback;

/// Calls after which an instance is replaced, so that what a plugin leaks stays bounded.
const MAX_CALLS: u32 = 20_000;

/// Time for instantiation, `describe` and `configure` together.
const SETUP_TIME: Duration = Duration::from_secs(5);

/// What a plugin may say of itself, and of its configuration, in bytes.
const SETUP_BYTES: usize = 1 << 20;

/// How often a plugin may hand the whole of a text over to the grant `text`: for its language, words and lemmas, more than
/// once.
const TEXT_CALLS: usize = 8;

/// Bytes that a result of no effects may cost beside `output_bytes`: the frame of lists and records.
const OUTPUT_FRAME: usize = 4 << 10;

/// A running instance.
pub(super) struct Instance {
    store: Store<State>,
    guest: bindings::Plugin,
    calls: u32,
}

impl Instance {
    /// Instantiates the plugin without configuring it.
    ///
    /// # Errors
    /// Why it could not start, for people to read.
    pub(super) fn start(plugin: &Plugin, history: Arc<dyn HistorySource>) -> Result<Self, String> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(plugin.limits.memory_bytes)
            .table_elements(engine::MAX_TABLE_ELEMENTS)
            .instances(engine::MAX_CORE_INSTANCES as usize)
            .memories(engine::MAX_MEMORIES as usize)
            .tables(engine::MAX_TABLES as usize)
            .trap_on_grow_failure(true)
            .build();
        let limits = Meter::new(limits, plugin.limits.memory_bytes);
        let (log_budget, dictionaries, http) =
            (plugin.log_budget.clone(), plugin.dictionaries.clone(), plugin.http.clone());
        let state = State::new(plugin.name.clone(), limits, log_budget, history, dictionaries, http);
        let mut store = Store::new(plugin.engine.wasm(), state);
        store.limiter(|state| &mut state.limits);
        store.epoch_deadline_callback(more_time);
        arm(&mut store, SETUP_TIME);
        let guest = plugin.pre.instantiate(&mut store).map_err(|error| explain_start(&error, plugin))?;
        Ok(Self { store, guest, calls: 0 })
    }

    /// Instantiates and configures the plugin.
    ///
    /// # Errors
    /// Why it could not start, for people to read.
    pub(super) fn start_configured(plugin: &Plugin, history: Arc<dyn HistorySource>) -> Result<Self, String> {
        let mut instance = Self::start(plugin, history)?;
        instance.configure(plugin)?.map_err(|refusal| format!("refuses its configuration: {refusal}"))?;
        Ok(instance)
    }

    /// What the plugin says of itself.
    pub(super) fn describe(&mut self, plugin: &Plugin) -> Result<bindings::sayso::plugin::types::Description, String> {
        self.store.set_hostcall_fuel(SETUP_BYTES);
        self.guest.sayso_plugin_analysis().call_describe(&mut self.store).map_err(|error| explain_start(&error, plugin))
    }

    /// Hands over the configuration. The inner error is the plugin's own, as one short line.
    pub(super) fn configure(&mut self, plugin: &Plugin) -> Result<Result<(), String>, String> {
        self.store.set_hostcall_fuel(SETUP_BYTES);
        let guest = self.guest.sayso_plugin_analysis();
        let configured = guest.call_configure(&mut self.store, &plugin.config_json);
        configured.map(|taken| taken.map_err(|said| refusal(&said))).map_err(|error| explain_start(&error, plugin))
    }

    /// Lets the grant `history` tell of the customers of the batch that comes next.
    pub(super) fn open_history<'a>(&mut self, batch: impl Iterator<Item = &'a Feedback>) {
        let customer = |feedback: &Feedback| Some((feedback.id, feedback.known_by()?.to_owned()));
        self.store.data_mut().history.open(batch.map(customer).collect());
    }

    /// Processes a batch within the plugin's limits: one result per item. After an error the instance is dead.
    ///
    /// # Errors
    /// What stopped the plugin, for people to read.
    pub(super) fn process(
        &mut self,
        plugin: &Plugin,
        items: &[Item<'_>],
    ) -> Result<Vec<Result<Vec<Effect>, Fault>>, String> {
        self.calls += 1;
        let from_item = plugin.bytes_of_item().saturating_add(OUTPUT_FRAME);
        let to_text = if plugin.uses_text { bytes_to_text(items) } else { 0 };
        self.store.set_hostcall_fuel(from_item.saturating_mul(items.len()).saturating_add(to_text));
        self.store.data_mut().http.open(items.len(), plugin.limits.memory_bytes);
        self.store.data_mut().log.open();
        arm(&mut self.store, plugin.deadline());
        let guest = self.guest.sayso_plugin_analysis();
        let results = guest.call_process(&mut self.store, items).map_err(|error| explain(&error, plugin))?;
        if results.len() == items.len() {
            Ok(results)
        } else {
            Err(format!("answered {} results for {} items", results.len(), items.len()))
        }
    }

    /// Writes the lines of the last call into the log, each as `clear` leaves it.
    pub(super) fn write_log(&mut self, plugin: &Plugin, clear: impl Fn(String) -> String) {
        let state = self.store.data_mut();
        state.end_lines();
        state.log.close(&plugin.name, clear);
    }

    /// How long the last call waited for answers to requests.
    pub(super) fn waited(&self) -> Duration {
        self.store.data().http.waited()
    }

    /// How much memory it has, in bytes. A memory never shrinks, so it is the most that it needed so far.
    pub(super) fn memory_bytes(&self) -> usize {
        self.store.data().limits.memory_bytes()
    }

    /// Whether it has served long enough.
    pub(super) const fn is_worn(&self) -> bool {
        self.calls >= MAX_CALLS
    }
}

/// Most bytes that are handed over to the grant `text` for these items.
fn bytes_to_text(items: &[Item<'_>]) -> usize {
    let of_item = |item: &Item<'_>| item.feedback.text.len() + item.feedback.title.map_or(0, str::len);
    items.iter().map(of_item).sum::<usize>().saturating_mul(TEXT_CALLS)
}

/// What a plugin says of a configuration that it does not take.
fn refusal(said: &str) -> String {
    let said = clean(said);
    if said.trim().is_empty() { "the plugin does not say why; ask whoever wrote it".into() } else { said }
}

/// What stopped a plugin before its first item: time and size have limits of their own there.
fn explain_start(error: &wasmtime::Error, plugin: &Plugin) -> String {
    if let Some(Trap::Interrupt) = error.downcast_ref() {
        return format!("took longer than {SETUP_TIME:?} to start; do less in `describe` and `configure`");
    }
    if format!("{error:#}").contains("hostcall") {
        return format!("says more than {SETUP_BYTES} bytes in `describe` or `configure`; shorten it");
    }
    explain(error, plugin)
}

/// Gives the plugin so much time from here on, what it waits not counted.
fn arm(store: &mut Store<State>, time: Duration) {
    store.data_mut().ends = Instant::now() + time;
    store.set_epoch_deadline(Engine::ticks(time));
}

/// Epochs go by while a plugin waits for answers: what it waited it gets back.
fn more_time(store: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data();
    let left = (state.ends + state.http.waited()).saturating_duration_since(Instant::now());
    Ok(if left.is_zero() { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(Engine::ticks(left)) })
}

/// What stopped a plugin, and what an operator can do about it.
fn explain(error: &wasmtime::Error, plugin: &Plugin) -> String {
    let limits = &plugin.limits;
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => format!("took longer than limits.deadline_ms = {}", limits.deadline_ms),
        Some(Trap::UnreachableCodeReached) => "panicked (it executed `unreachable`)".into(),
        Some(Trap::StackOverflow) => "overflowed its call stack".into(),
        Some(Trap::MemoryOutOfBounds) => "reached outside its memory (too deep a recursion does so as well)".into(),
        Some(trap) => format!("trapped: {trap}"),
        None => explain_limit(error, plugin),
    }
}

/// Limits of the store and of the host have no type of their own; they are told by their text.
fn explain_limit(error: &wasmtime::Error, plugin: &Plugin) -> String {
    let (text, limits) = (format!("{error:#}"), &plugin.limits);
    if text.contains("growing memory") || text.contains("memory minimum size") {
        format!("needs more memory than limits.memory_bytes = {}", limits.memory_bytes)
    } else if text.contains("hostcall") {
        let beside =
            if plugin.uses_text { format!(", beside {TEXT_CALLS} times its text to `text`") } else { String::new() };
        format!("handed over more than limits.output_bytes = {} an item{beside}", limits.output_bytes)
    } else {
        // What it came from, not where in the component: that fills lines before it says anything.
        format!("failed: {}", clean(&error.root_cause().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_short_line_and_never_nothing() {
        assert_eq!(refusal("`words`: is empty\n\u{1b}[2J"), "`words`: is empty  [2J");
        assert!(refusal(&"x".repeat(100_000)).len() <= 1_024);
        for nothing in ["", " \n"] {
            assert!(refusal(nothing).contains("does not say why"));
        }
    }
}
