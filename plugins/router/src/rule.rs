//! A compiled rule.

use cel::Context;
use sayso_plugin::{Route, Urgency};

use crate::{
    condition::Condition,
    config::{RuleConfig, UrgencyConfig},
    in_this_call,
    reason::Reason,
    variables::{Sources, Values},
};

/// A rule: where feedback goes that its condition holds for.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The route it assigns.
    pub(crate) route: String,
    /// Whether no later rule is tried once it applies.
    pub(crate) stop: bool,
    name: String,
    when: Condition,
    priority: u8,
    urgency: UrgencyConfig,
    reasons: Vec<Reason>,
}

impl Rule {
    /// Compiles a rule.
    ///
    /// # Errors
    /// A message that names the rule, the place and what to do.
    pub(crate) fn compile(config: RuleConfig, sources: &mut Sources) -> Result<Self, String> {
        let RuleConfig { name, when, route, priority, urgency, reasons, stop } = config;
        let when = Condition::compile(&when, sources).map_err(|error| format!("rule `{name}`: `when`, {error}"))?;
        let reasons: Result<_, _> = reasons.iter().map(|reason| Reason::compile(reason, sources)).collect();
        let reasons = reasons.map_err(|error| format!("rule `{name}`: {error}"))?;
        Ok(Self { route, stop, name, when, priority, urgency, reasons })
    }

    /// Tries the rule on sample values.
    ///
    /// # Errors
    /// A message that names the rule and the place.
    pub(crate) fn check(&self, sources: &Sources, root: &Context<'static, 'static>) -> Result<(), String> {
        let values = Values::sample(sources);
        let mut samples = in_this_call(root).new_inner_scope();
        samples.set_variable_resolver(&values);
        self.when.check_bool(&samples).map_err(|error| format!("rule `{}`: `when`, {error}", self.name))?;
        let mut reasons = self.reasons.iter();
        reasons
            .try_for_each(|reason| reason.check(&samples))
            .map_err(|error| format!("rule `{}`: a reason, {error}", self.name))
    }

    /// Whether the rule applies.
    pub(crate) fn applies<'s>(&self, values: &Values<'_>, scope: impl FnOnce() -> &'s Context<'s, 's>) -> bool {
        self.when.is_true(values, scope)
    }

    /// The route that the rule assigns.
    pub(crate) fn route<'s>(&self, values: &Values<'_>, scope: impl Fn() -> &'s Context<'s, 's>) -> Route {
        Route {
            name: self.route.clone(),
            rule: self.name.clone(),
            priority: self.priority,
            urgency: match self.urgency {
                UrgencyConfig::Low => Urgency::Low,
                UrgencyConfig::Normal => Urgency::Normal,
                UrgencyConfig::High => Urgency::High,
                UrgencyConfig::Critical => Urgency::Critical,
            },
            reasons: self.reasons.iter().filter_map(|reason| reason.text(values, &scope)).collect(),
        }
    }
}
