//! The plugin `router`: where feedback goes, how soon, and why.
//!
//! Rules are tried in order. A rule's condition is an expression in CEL (Common Expression Language, cel.dev) over the
//! variables of [`variables::Source`]; `schema.json` lists them for operators. A rule that applies assigns its route,
//! unless an earlier rule assigned that route already; one with `stop` ends the search. Feedback to which no rule
//! applies gets the route of `fallback`, so that all feedback gets one.
//!
//! A value that the feedback does not have is `null`. A comparison with it decides nothing: the rule does not apply, unless
//! another side of an `||` decides that it does. The same holds for whatever else cannot be computed, such as a division
//! by zero.

mod check;
mod condition;
mod config;
mod direct;
mod lower;
mod names;
mod reason;
mod rule;
mod variables;

use std::cell::LazyCell;

use cel::Context;
use sayso_plugin::{Effects, Fault, Item, Plugin, Reads, Route, Urgency};

pub use config::Config;
use rule::Rule;
use variables::{Sources, Values};

/// The plugin.
pub struct Router {
    rules: Vec<Rule>,
    sources: Sources,
    fallback: String,
    root: Context<'static, 'static>,
}

impl Plugin for Router {
    const NAME: &'static str = "router";
    const SUMMARY: &'static str = "Decides by rules where feedback goes, how soon somebody has to act, and why.";
    const READS: Reads = Reads::CUSTOMER.union(Reads::DETAILS).union(Reads::SCORES).union(Reads::TAGS);
    type Config = Config;

    fn config_schema() -> String {
        include_str!("../schema.json").into()
    }

    fn new(config: Config) -> Result<Self, String> {
        let mut sources = Sources::default();
        let (rules, fallback) = config.into_rules()?;
        let root = Context::default();
        let rules = rules.into_iter().map(|rule| Rule::compile(rule, &mut sources)).collect::<Result<Vec<_>, _>>()?;
        for rule in &rules {
            rule.check(&sources, &root)?;
        }
        Ok(Self { rules, sources, fallback, root })
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let values = Values::of(item, &self.sources);
        let scope = LazyCell::new(|| {
            let mut scope = in_this_call(&self.root).new_inner_scope();
            scope.set_variable_resolver(&values);
            scope
        });
        let scope = || &*scope;
        let mut assigned: Vec<&str> = Vec::new();
        for rule in &self.rules {
            if assigned.contains(&rule.route.as_str()) || !rule.applies(&values, scope) {
                continue;
            }
            assigned.push(&rule.route);
            effects.route(rule.route(&values, scope));
            if rule.stop {
                break;
            }
        }
        if assigned.is_empty() {
            effects.route(Route {
                name: self.fallback.clone(),
                rule: "fallback".into(),
                priority: 10,
                urgency: Urgency::Low,
                reasons: vec!["no rule applies".into()],
            });
        }
        Ok(())
    }
}

/// The context as one whose values live no longer than this call, so that a scope in it can refer to the item.
fn in_this_call<'a>(root: &'a Context<'static, 'static>) -> &'a Context<'a, 'a> {
    root
}

sayso_plugin::export!(Router);

#[cfg(test)]
mod tests;
