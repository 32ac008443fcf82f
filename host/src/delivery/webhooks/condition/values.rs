//! What conditions see of feedback and analysis, and how often.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use cel::{
    Context, ExecutionError, Program, Value,
    common::{
        types::CelNull,
        value::{CowVal, Val},
    },
    context::VariableResolver,
};

use super::bounds::MAX_NODES;
use crate::feedback::{Analysis, Feedback};

/// Most entries of a list that a condition sees.
const MAX_ENTRIES: usize = 1_000;
/// How many bytes of feedback and analysis one evaluation looks at.
const BUDGET: usize = 64 << 20;
/// How often it may look at them however large they are: more often than a condition without loops can.
const LOOKS: usize = MAX_NODES + 1;

/// What conditions are evaluated on: made once for all webhooks that ask for it.
pub struct Values {
    feedback: Box<dyn Val>,
    analysis: Box<dyn Val>,
    /// How much there is to look at, in bytes; roughly.
    bytes: usize,
}

impl Values {
    /// The values of an analysis.
    pub fn of(feedback: &Feedback, analysis: &Analysis) -> Self {
        let json = |of: Result<serde_json::Value, _>| of.unwrap_or(serde_json::Value::Null);
        Self::new(&json(serde_json::to_value(feedback)), &json(serde_json::to_value(analysis)))
    }

    fn new(feedback: &serde_json::Value, analysis: &serde_json::Value) -> Self {
        let mut bytes = 0;
        let (feedback, analysis) = (convert(feedback, &mut bytes), convert(analysis, &mut bytes));
        Self { feedback: boxed(feedback), analysis: boxed(analysis), bytes }
    }

    /// Evaluates a program on them. Null where it would look at too much.
    pub(super) fn with(&self, program: &Program) -> Result<Value, ExecutionError> {
        let budget = Budget { values: self, left: AtomicUsize::new((BUDGET / (self.bytes + 1)).max(LOOKS)) };
        let mut context = Context::default();
        context.set_variable_resolver(&budget);
        let outcome = program.execute(&context);
        if budget.left.load(Ordering::Relaxed) == 0 {
            tracing::warn!(
                bytes = self.bytes,
                "a webhook's condition looks at large feedback over and over; it counts as not fulfilled"
            );
            return Ok(Value::Null);
        }
        outcome
    }

    /// Values in which every field is filled.
    pub(super) fn sample() -> Self {
        let sample: serde_json::Value =
            serde_json::from_str(include_str!("../sample.json")).expect("a test reads the sample");
        Self::new(&sample["feedback"], &sample["analysis"])
    }
}

/// Hands the variables to one evaluation, as often as it may look at them; then they are null, and it ends soon.
struct Budget<'a> {
    values: &'a Values,
    left: AtomicUsize,
}

impl VariableResolver for Budget<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let value = match variable {
            "feedback" => &*self.values.feedback,
            "analysis" => &*self.values.analysis,
            _ => return None,
        };
        let left = self.left.load(Ordering::Relaxed).saturating_sub(1);
        self.left.store(left, Ordering::Relaxed);
        Some(if left == 0 { CowVal::owned(CelNull) } else { CowVal::Borrowed(value) })
    }
}

fn boxed(value: Value) -> Box<dyn Val> {
    Box::<dyn Val>::try_from(value).unwrap_or_else(|_| Box::new(CelNull))
}

/// The value, and what it adds to the bytes.
fn convert(json: &serde_json::Value, bytes: &mut usize) -> Value {
    use serde_json::Value as Json;
    *bytes += 16;
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => {
            *bytes += text.len();
            Value::String(Arc::new(text.clone()))
        }
        Json::Array(list) => {
            Value::List(Arc::new(list.iter().take(MAX_ENTRIES).map(|entry| convert(entry, bytes)).collect()))
        }
        Json::Object(map) => {
            let entries = map.iter().take(MAX_ENTRIES).map(|(name, value)| {
                *bytes += name.len();
                (name.clone(), convert(value, bytes))
            });
            Value::from(entries.collect::<HashMap<String, Value>>())
        }
    }
}
