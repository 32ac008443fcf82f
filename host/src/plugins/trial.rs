//! One plugin by itself, run as the chain runs it: the same calls, checks and limits. For those who write it.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

use super::{
    chain::{Slot, Verdict, language_of},
    check,
    grants::{HistorySource, http},
    instance::Instance,
    item::Subject,
    loader::Plugin,
    written::{Answer, Effect},
};
use crate::{
    config::{self, Grant},
    feedback::{Feedback, FeedbackId, misfit::Misfit, validate},
    records::History,
};

/// How many times a start is measured.
const STARTS: usize = 15;
/// How long a measurement runs before it counts, so that caches are warm.
const WARM_UP: Duration = Duration::from_millis(100);

/// What a plugin is given: a feedback, and what the plugins before it said.
#[derive(Clone, Debug)]
pub struct Given {
    /// The feedback, as accepted.
    pub feedback: Feedback,
    /// The effects of earlier plugins, in the order of the chain.
    pub effects: Vec<Effect>,
    /// What the grant `history` tells of the customer.
    pub history: Option<History>,
}

/// `{"feedback": …, "effects": […], "history": {…}}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair<'a> {
    #[serde(borrow)]
    feedback: &'a RawValue,
    #[serde(borrow)]
    effects: Option<&'a RawValue>,
    history: Option<Before>,
}

/// What the customer said before.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    earlier: u32,
    first_seen: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    sentiment_mean: Option<f64>,
    sentiment_trend: Option<f64>,
}

impl From<Before> for History {
    fn from(Before { earlier, first_seen, last_seen, sentiment_mean, sentiment_trend }: Before) -> Self {
        Self { earlier, first_seen, last_seen, sentiment_mean, sentiment_trend }
    }
}

/// Whether a JSON object is a [`Pair`]: no feedback has a field of this name.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow)]
    feedback: Option<&'a RawValue>,
}

/// When feedback was accepted that says nothing of a time: 2026-01-01T00:00:00Z.
const RECEIVED_AT: Timestamp = Timestamp::constant(1_767_225_600, 0);

impl Given {
    /// Reads one feedback as it is posted, or `{"feedback": …, "effects": […], "history": {…}}` with the effects of earlier
    /// plugins, and what the grant `history` is to tell of the customer.
    ///
    /// # Errors
    /// What has to be fixed, as the server would say it.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        // Editors of Windows begin a file with a byte order mark.
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let peek = || serde_json::from_slice::<Peek<'_>>(json).is_ok_and(|peek| peek.feedback.is_some());
        let is_pair = json.trim_ascii_start().starts_with(b"{") && peek();
        let pair: Option<Pair<'_>> = match is_pair {
            true => Some(serde_json::from_slice(json).map_err(|error| error.to_string())?),
            false => None,
        };
        let limits = validate::Limits::from(&config::Server::default());
        let posted = pair.as_ref().map_or(json, |pair| pair.feedback.get().as_bytes());
        let mut feedback = validate::validate(posted, &limits).map_err(|invalid| invalid.to_string())?;
        // As the server gives them, but for the time, which has to be the same at every run.
        feedback.revision = 1;
        feedback.received_at = feedback.collected_at.unwrap_or(RECEIVED_AT);
        let history = pair.as_ref().and_then(|pair| pair.history).map(History::from);
        if history.is_some() && feedback.known_by().is_none() {
            return Err("`history`: the feedback names no customer, so that there is none to tell of".into());
        }
        let effects = pair.and_then(|pair| pair.effects).map_or("[]", RawValue::get);
        let effects: Vec<Effect> = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(effects))
            .map_err(|error| format!("`effects` at `{}`: {}", error.path(), error.inner()))?;
        let earlier: Vec<_> = effects.iter().cloned().map(Into::into).collect();
        let generous = config::Limits { effects: 10_000, output_bytes: 16 << 20, ..config::Limits::default() };
        check::effects(&feedback, &earlier, &generous)
            .map_err(|offence| format!("`effects`: an earlier plugin {offence}"))?;
        Ok(Self { feedback, effects, history })
    }

    /// Reads what a plugin has to answer to this, as the file `expected.json` of a golden case has it.
    ///
    /// # Errors
    /// What is wrong with it, and where: words that do not stand at their passage would tell people another thing than
    /// what is held against the answer.
    pub fn expects(&self, json: &str) -> Result<Answer, String> {
        let json = json.trim_start_matches('\u{feff}');
        let keys: BTreeMap<&str, &RawValue> = serde_json::from_str(json).unwrap_or_default();
        if keys.len() != 1 && serde_json::from_str::<IgnoredAny>(json).is_ok() {
            return Err("it has to be `{\"effects\": […]}` or `{\"fault\": {\"failed\": …}}`".into());
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        let read: Answer = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let (place, (line, column)) = (error.path(), (error.inner().line(), error.inner().column()));
            let message = error.inner().to_string();
            let message = message.trim_end_matches(&format!(" at line {line} column {column}"));
            format!("line {line} column {column}, `{place}`: {}", Misfit::of(message))
        })?;
        reader.end().map_err(|error| error.to_string())?;
        let answer = read.clone().with_words_of(&self.feedback);
        let json = |answer: &Answer| serde_json::to_value(answer).map_err(|error| error.to_string());
        match first_otherwise(&json(&read)?, &json(&answer)?) {
            Some((place, written, there)) => {
                Err(format!("`{place}` is {written}, and what stands there is {}", there.unwrap_or(&Value::Null)))
            }
            None => Ok(answer),
        }
    }

    /// For a batch in which it has this place, by which its history is found.
    fn subject(&self, place: usize) -> Subject {
        let id = FeedbackId(Uuid::from_u128(place as u128));
        let feedback = Feedback { id, ..self.feedback.clone() };
        let mut subject = Subject::new(Box::new(feedback), language_of(&self.feedback));
        subject.effects = self.effects.iter().cloned().map(Into::into).collect();
        subject
    }
}

/// The first text that is written one way and should be another, and where it is.
fn first_otherwise<'a>(written: &'a Value, right: &'a Value) -> Option<(String, &'a Value, Option<&'a Value>)> {
    let below = |key: String, written: &'a Value, right: Option<&'a Value>| match right {
        Some(right) => {
            let (place, written, right) = first_otherwise(written, right)?;
            Some((if place.is_empty() { key } else { format!("{key}.{place}") }, written, right))
        }
        None => Some((key, written, None)),
    };
    match (written, right) {
        (Value::Object(written), Value::Object(right)) => {
            written.iter().find_map(|(key, value)| below(key.clone(), value, right.get(key)))
        }
        (Value::Array(written), Value::Array(right)) => {
            written.iter().enumerate().find_map(|(at, value)| below(at.to_string(), value, right.get(at)))
        }
        (Value::String(text), right) if right.as_str() != Some(text.as_str()) => {
            Some((String::new(), written, Some(right)))
        }
        _ => None,
    }
}

/// What running a plugin costs.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Time for one item, by the median of all batches.
    pub each: Duration,
    /// How many batches were run.
    pub batches: usize,
    /// How many of the items of one batch had a fault.
    pub faults: usize,
    /// Memory of the instance, in bytes, at the end, when it is largest.
    pub memory_bytes: usize,
}

/// A plugin that is tried by itself.
pub struct Trial {
    plugin: Arc<Plugin>,
    slot: Slot,
    told: Arc<Told>,
    history: Arc<dyn HistorySource>,
}

/// What is told of the customers of a batch, by the place of the feedback in it.
#[derive(Default)]
struct Told(Mutex<Vec<Option<History>>>);

impl HistorySource for Told {
    fn before(&self, _: &str, feedback: FeedbackId) -> Option<History> {
        let place = usize::try_from(feedback.0.as_u128()).ok()?;
        *self.0.lock().ok()?.get(place)?
    }
}

impl Trial {
    /// Tries a plugin that is loaded. Customers have the history that is given with what they said.
    pub fn new(plugin: Plugin) -> Self {
        let told = Arc::<Told>::default();
        Self { plugin: Arc::new(plugin), slot: Slot::default(), history: told.clone(), told }
    }

    /// Answers the requests of the plugin out of the golden cases in these folders, and out of no other place.
    ///
    /// # Errors
    /// What in the answers of a case is at fault.
    pub fn answer_from<'a>(&mut self, cases: impl IntoIterator<Item = &'a Path>) -> Result<(), String> {
        let http = Some(Arc::new(http::Source::Recorded(http::Answers::of_cases(cases)?)));
        self.plugin = Arc::new(Plugin { http, ..Plugin::clone(&self.plugin) });
        self.restart();
        Ok(())
    }

    /// The plugin.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// Gives the plugin a batch: one answer per feedback, in their order.
    pub fn answers(&mut self, batch: &[&Given]) -> Vec<Answer> {
        let subjects = self.subjects(batch.iter().copied());
        let verdicts = self.run(&subjects);
        verdicts.into_iter().zip(batch).map(|(verdict, given)| Answer::of(verdict, &given.feedback)).collect()
    }

    /// Drops the instance: the next batch runs in a fresh one, as after a fault or a restart.
    pub fn restart(&mut self) {
        self.slot = Slot::default();
    }

    /// How long a fresh instance takes until it can work: instantiated and configured, by the median of several.
    ///
    /// # Errors
    /// Why it does not start.
    pub fn start_time(&self) -> Result<Duration, String> {
        let one = |_| {
            let started = Instant::now();
            let instance = Instance::start_configured(&self.plugin, self.history.clone())?;
            let time = started.elapsed();
            drop(instance);
            Ok(time)
        };
        (0..STARTS).map(one).collect::<Result<Vec<_>, String>>().map(median)
    }

    /// Measures batches of so many items, made of what is given over and over, for at least so long.
    pub fn cost(&mut self, given: &[Given], batch: usize, least: Duration) -> Cost {
        let subjects = self.subjects(given.iter().cycle().take(batch));
        let begun = Instant::now();
        let mut faults = 0;
        while begun.elapsed() < WARM_UP {
            faults = self.run(&subjects).iter().filter(|verdict| verdict.is_err()).count();
        }
        let mut times = Vec::new();
        let begun = Instant::now();
        while begun.elapsed() < least || times.is_empty() {
            let started = Instant::now();
            let verdicts = self.run(&subjects);
            times.push(started.elapsed());
            drop(verdicts);
        }
        let batches = times.len();
        let each = median(times) / u32::try_from(batch).unwrap_or(u32::MAX);
        let memory_bytes = self.slot.instance.as_ref().map_or(0, Instance::memory_bytes);
        Cost { each, batches, faults, memory_bytes }
    }

    /// A batch, and its histories where the plugin finds them.
    fn subjects<'a>(&self, batch: impl Iterator<Item = &'a Given> + Clone) -> Vec<Subject> {
        *self.told.0.lock().unwrap_or_else(PoisonError::into_inner) =
            batch.clone().map(|given| given.history).collect();
        batch.enumerate().map(|(place, given)| given.subject(place)).collect()
    }

    fn run(&mut self, subjects: &[Subject]) -> Vec<Verdict> {
        if self.plugin.uses_text {
            subjects.iter().for_each(|subject| self.plugin.dictionaries.prepare(subject.language()));
        }
        let subjects: Vec<_> = subjects.iter().collect();
        self.slot.run(&self.plugin, &self.history, &subjects)
    }
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial").field("plugin", &self.plugin).finish_non_exhaustive()
    }
}

/// What to load for a trial: the component at `source`, with the grants that it imports and the limits of production;
/// without `http` its requests are refused.
pub fn entry(source: &str, config: Value, grants: Vec<Grant>, http: Option<config::Http>) -> config::Plugin {
    config::Plugin {
        name: Path::new(source).file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        source: source.into(),
        digest: None,
        config,
        limits: config::Limits::default(),
        grants,
        http,
        on_fault: config::OnFault::Skip,
        shadow: false,
        cases: None,
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feedback_is_read_as_it_is_posted() {
        let given = Given::read(br#"{"kind": "review", "text": "ok"}"#).expect("is feedback");
        assert_eq!((given.feedback.text.as_str(), given.effects.len()), ("ok", 0));
    }

    #[test]
    fn earlier_effects_are_read_beside_it() {
        let json = br#"{"feedback": {"kind": "review", "text": "ok"}, "effects": [{"score": {"name": "sentiment", "value": 0.5}}]}"#;
        let given = Given::read(json).expect("is a pair");
        assert!(matches!(&given.effects[..], [Effect::Score(score)] if score.value == 0.5), "{given:?}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |json: &str| Given::read(json.as_bytes()).expect_err("is wrong");
        assert!(error(r#"{"kind": "reviw", "text": "ok"}"#).contains("kind"));
        let span = r#"{"feedback": {"kind": "review", "text": "ok"}, "effects": [{"tag": {"name": "a", "class": "topic", "confidence": 1, "spans": [{"start": 0, "end": 9}]}}]}"#;
        assert!(error(span).contains("0..9"), "{}", error(span));
        let unknown = r#"{"feedback": {"kind": "review", "text": "ok"}, "effcts": []}"#;
        assert!(error(unknown).contains("effcts"), "{}", error(unknown));
    }

    #[test]
    fn a_slip_in_what_is_expected_is_named_with_its_place() {
        let given = Given::read(br#"{"kind": "review", "text": "ok"}"#).expect("is feedback");
        let tagged =
            |span: &str| given.expects(&format!(r#"{{"effects": [{{"tag": {{"name": "a", "spans": [{span}]}}}}]}}"#));
        let said = tagged(r#"{"start": 0, "end": 2, "words": "WRONG"}"#).expect_err("is wrong");
        assert!(said.contains(r#"`effects.0.tag.spans.0.words` is "WRONG""#) && said.contains(r#""ok""#), "{said}");
        let said = tagged(r#"{"start": 0, "end": 9, "words": "ok"}"#).expect_err("nothing stands there");
        assert!(said.contains("spans.0.words"), "{said}");
        for (span, field) in [
            (r#"{"start": 0, "end": 2, "wrods": "ok"}"#, "wrods"),
            (r#"{"start": "0", "end": 2}"#, "spans[0].start"),
            (r#"{"start": 0, "end": 2, "words": 7}"#, "spans[0].words"),
        ] {
            let said = tagged(span).expect_err("is wrong");
            assert!(said.contains(field) && said.contains("line 1"), "{said}");
        }
        for right in [r#"{"start": 0, "end": 2, "words": "ok"}"#, r#"{"start": 0, "end": 2}"#] {
            assert!(tagged(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn an_effect_is_the_same_after_it_was_written_and_read() {
        let json = serde_json::json!([
            {"score": {"name": "sentiment", "value": -0.5, "topic": "price", "label": "negative",
                "parts": [{"name": "neg", "value": 0.5}], "evidence": [{"span": {"start": 0, "end": 2}, "weight": -1.0}],
                "passages": [{"span": {"start": 0, "end": 2}, "value": -0.5, "label": "bad"}]}},
            {"tag": {"name": "price", "class": "topic", "confidence": 1.0, "spans": [{"start": 0, "end": 2}]}},
            {"tag": {"name": "leaving", "class": "mood", "confidence": 1.0}},
            {"route": {"name": "care", "rule": "r", "priority": 90, "urgency": "critical", "reasons": ["a reason"]}},
            {"redaction": {"field": "/answers/0/value", "span": {"start": 0, "end": 1}, "class": "email"}},
            {"note": {"name": "orders", "value": ["A-1"]}},
        ]);
        let given = Given::read(br#"{"kind": "review", "text": "ok"}"#).expect("is feedback");
        let read: Vec<Effect> = serde_json::from_value(json).expect("are effects");
        let expected = Answer::Effects(read.clone()).with_words_of(&given.feedback);
        let verdict: Verdict = Ok(read.into_iter().map(Into::into).collect());
        assert_eq!(Answer::of(verdict, &given.feedback), expected);
        assert!(serde_json::to_string(&expected).expect("is JSON").contains(r#""words":"ok""#));
    }

    #[test]
    fn a_median_is_no_mean() {
        let times = [1, 2, 900].map(Duration::from_millis).into();
        assert_eq!(median(times), Duration::from_millis(2));
    }
}
