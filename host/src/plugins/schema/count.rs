//! How much work a validator would have with a schema and a configuration, counted before it begins.
//!
//! A few lines of schema are enough for work without end: sixty definitions that each name the one before twice. The
//! count goes the way of a validator, through every subschema that applies and into the values that it applies to, and
//! gives up at [`MAX_STEPS`]. Where it does not know which of several subschemas a reference means, it counts all.

use std::ptr;

use serde_json::{Map, Value};

use super::places::{Place, Places};

/// Most steps: a subschema that is held against a value is one, and so is each member of its keywords.
const MAX_STEPS: usize = 1_000_000;
/// Most expressions, of `pattern` and `patternProperties`: each is compiled, and takes memory.
const MAX_PATTERNS: usize = 100;
/// Deepest that subschemas lead into one another, so that the validator's call stack suffices.
const MAX_DEPTH: usize = 500;

/// Says why a schema is not held against this configuration.
///
/// # Errors
/// Where it would take too much work, or cannot be counted.
pub(super) fn check(schema: &Value, config: &Value) -> Result<(), String> {
    copies(schema, 1, &mut 0)?;
    if patterns(schema) > MAX_PATTERNS {
        return Err(format!(
            "has more than {MAX_PATTERNS} expressions in `pattern` and `patternProperties`; use fewer"
        ));
    }
    let mut count = Count { places: Places::of(schema), steps: 0, depth: 0, followed: Vec::new() };
    count.visit(Place { schema, resource: schema }, config, Effort { once: 1, times: 1 })
}

/// A validator compiles what stands below an `unevaluated…` twice, for itself and to know what is evaluated.
fn copies(schema: &Value, times: usize, steps: &mut usize) -> Result<(), String> {
    *steps = steps.saturating_add(times);
    if *steps > MAX_STEPS {
        return Err(too_much());
    }
    match schema {
        Value::Object(keywords) => {
            let times = if has_unevaluated(keywords) { times.saturating_mul(2) } else { times };
            keywords.values().try_for_each(|below| copies(below, times, steps))
        }
        Value::Array(schemas) => schemas.iter().try_for_each(|below| copies(below, times, steps)),
        _ => Ok(()),
    }
}

fn patterns(schema: &Value) -> usize {
    match schema {
        Value::Object(keywords) => {
            let own = usize::from(keywords.contains_key("pattern"));
            let of_names = keywords.get("patternProperties").map_or(0, members);
            own + of_names + keywords.values().map(patterns).sum::<usize>()
        }
        Value::Array(schemas) => schemas.iter().map(patterns).sum(),
        _ => 0,
    }
}

fn has_unevaluated(keywords: &Map<String, Value>) -> bool {
    keywords.contains_key("unevaluatedProperties") || keywords.contains_key("unevaluatedItems")
}

fn too_much() -> String {
    format!(
        "takes more than {MAX_STEPS} steps to hold a configuration against: its `$ref`, `allOf`, `anyOf` and so on multiply; write it flatter"
    )
}

/// How often a validator comes by.
#[derive(Clone, Copy)]
struct Effort {
    /// For a yes or no.
    once: usize,
    /// With the offences: for those of a choice it asks anew which part of it holds.
    times: usize,
}

impl Effort {
    /// Below a choice.
    const fn in_choice(self) -> Self {
        Self { once: self.once, times: self.times.saturating_add(self.once) }
    }

    /// Below `unevaluatedProperties` or `unevaluatedItems`: the parts are asked once more for what they evaluate, and so
    /// are theirs.
    const fn with_unevaluated(self) -> Self {
        Self { once: self.once.saturating_mul(3), times: self.times.saturating_mul(3) }
    }
}

struct Count<'a> {
    places: Places<'a>,
    steps: usize,
    depth: usize,
    /// The references on the way here, with the value that they were followed at.
    followed: Vec<(*const Value, *const Value)>,
}

impl<'a> Count<'a> {
    fn visit(&mut self, place: Place<'a>, value: &Value, effort: Effort) -> Result<(), String> {
        let Value::Object(keywords) = place.schema else { return self.step(1, effort) };
        self.step(1 + keywords.values().map(members).sum::<usize>(), effort)?;
        let place = place.entered(keywords);
        let effort = if has_unevaluated(keywords) { effort.with_unevaluated() } else { effort };
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("leads through more than {MAX_DEPTH} subschemas into one another; write it flatter"));
        }
        for (keyword, below) in keywords {
            self.in_place(keyword, place.to(below), value, effort)?;
            match value {
                Value::Object(object) => self.in_object(keyword, keywords, place.to(below), object, effort)?,
                Value::Array(array) => self.in_array(keyword, place.to(below), array, effort)?,
                _ => {}
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn step(&mut self, steps: usize, effort: Effort) -> Result<(), String> {
        self.steps = self.steps.saturating_add(steps.saturating_mul(effort.times));
        if self.steps > MAX_STEPS { Err(too_much()) } else { Ok(()) }
    }

    /// What applies to the value itself.
    fn in_place(&mut self, keyword: &str, place: Place<'a>, value: &Value, effort: Effort) -> Result<(), String> {
        match (keyword, place.schema) {
            ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(reference)) => {
                let targets = self.places.named(keyword, reference, place.resource)?;
                targets.into_iter().try_for_each(|target| self.follow(target, value, effort))
            }
            ("not" | "if" | "then" | "else", _) => self.visit(place, value, effort.in_choice()),
            ("allOf", Value::Array(all)) => all.iter().try_for_each(|one| self.visit(place.to(one), value, effort)),
            ("anyOf" | "oneOf", Value::Array(all)) => {
                all.iter().try_for_each(|one| self.visit(place.to(one), value, effort.in_choice()))
            }
            ("dependentSchemas" | "dependencies", Value::Object(all)) => {
                all.values().try_for_each(|one| self.visit(place.to(one), value, effort))
            }
            _ => Ok(()),
        }
    }

    /// A validator leaves a circle where it comes by for the second time, at some of the references in it: so it takes
    /// each twice at most.
    fn follow(&mut self, target: Place<'a>, value: &Value, effort: Effort) -> Result<(), String> {
        let step = (ptr::from_ref(target.schema), ptr::from_ref(value));
        if self.followed.iter().filter(|earlier| **earlier == step).count() == 2 {
            return Ok(());
        }
        self.followed.push(step);
        self.visit(target, value, effort)?;
        self.followed.pop();
        Ok(())
    }

    /// What applies to the members of an object.
    fn in_object(
        &mut self,
        keyword: &str,
        keywords: &Map<String, Value>,
        place: Place<'a>,
        object: &Map<String, Value>,
        effort: Effort,
    ) -> Result<(), String> {
        match (keyword, place.schema) {
            ("properties", Value::Object(all)) => {
                let mut both = all.iter().filter_map(|(name, one)| Some((one, object.get(name)?)));
                both.try_for_each(|(one, value)| self.visit(place.to(one), value, effort))
            }
            ("patternProperties", Value::Object(all)) => {
                let mut both = all.values().flat_map(|one| object.values().map(move |value| (one, value)));
                both.try_for_each(|(one, value)| self.visit(place.to(one), value, effort))
            }
            ("additionalProperties" | "unevaluatedProperties", _) => {
                let named = keywords.get("properties").and_then(Value::as_object);
                let is_named = |name: &String| named.is_some_and(|named| named.contains_key(name));
                let mut others = object.iter().filter(|(name, _)| !is_named(name));
                others.try_for_each(|(_, value)| self.visit(place, value, effort))
            }
            // A name is a text: nothing of it is deeper.
            ("propertyNames", _) => object.keys().try_for_each(|_| self.visit(place, &Value::Null, effort)),
            _ => Ok(()),
        }
    }

    /// What applies to the members of an array.
    fn in_array(&mut self, keyword: &str, place: Place<'a>, array: &[Value], effort: Effort) -> Result<(), String> {
        match (keyword, place.schema) {
            ("items" | "prefixItems", Value::Array(all)) => {
                all.iter().zip(array).try_for_each(|(one, value)| self.visit(place.to(one), value, effort))
            }
            ("items" | "additionalItems" | "unevaluatedItems", _) => {
                array.iter().try_for_each(|value| self.visit(place, value, effort))
            }
            ("contains", _) => array.iter().try_for_each(|value| self.visit(place, value, effort.in_choice())),
            _ => Ok(()),
        }
    }
}

fn members(value: &Value) -> usize {
    match value {
        Value::Array(array) => array.len(),
        Value::Object(object) => object.len(),
        _ => 0,
    }
}
