//! The configuration; `schema.json` describes it.

use schemars::JsonSchema;
use serde::Deserialize;

/// The rules that apply where none are configured.
const DEFAULT_RULES: &str = include_str!("../rules.json");
/// The most rules.
const MOST_RULES: usize = 500;

/// Rules in order, and what happens where none applies.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    rules: Vec<RuleConfig>,
    /// Whether the default rules follow the configured ones; by default only where there are none.
    defaults: Option<bool>,
    fallback: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { rules: Vec::new(), defaults: None, fallback: "archive".into() }
    }
}

/// One rule as configured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleConfig {
    pub(crate) name: String,
    pub(crate) when: String,
    pub(crate) route: String,
    #[serde(default = "RuleConfig::default_priority")]
    pub(crate) priority: u8,
    #[serde(default)]
    pub(crate) urgency: UrgencyConfig,
    #[serde(default)]
    pub(crate) reasons: Vec<String>,
    #[serde(default)]
    pub(crate) stop: bool,
}

impl RuleConfig {
    const fn default_priority() -> u8 {
        50
    }
}

/// How soon somebody has to act.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UrgencyConfig {
    Low,
    #[default]
    Normal,
    High,
    Critical,
}

impl Config {
    /// The rules to try in order, and the route where none applies.
    ///
    /// # Errors
    /// A message that names the rule and what to do.
    pub(crate) fn into_rules(self) -> Result<(Vec<RuleConfig>, String), String> {
        let mut rules = self.rules;
        if self.defaults.unwrap_or(rules.is_empty()) {
            let defaults: Vec<RuleConfig> =
                serde_json::from_str(DEFAULT_RULES).map_err(|error| format!("the default rules: {error}"))?;
            rules.extend(defaults);
        }
        if rules.len() > MOST_RULES {
            return Err(format!("`rules`: there are {}; {MOST_RULES} are the most", rules.len()));
        }
        check_route("`fallback`", &self.fallback)?;
        for (index, rule) in rules.iter().enumerate() {
            let place = format!("rule `{}`", rule.name);
            if rule.name.is_empty() {
                return Err(format!("`rules[{index}].name` is empty; give the rule a name"));
            }
            if rules[..index].iter().any(|other| other.name == rule.name) {
                return Err(format!("{place}: there are two rules of this name; rename one"));
            }
            if rule.priority > 100 {
                return Err(format!("{place}: `priority` is {}; it can be 0 to 100", rule.priority));
            }
            check_route(&format!("{place}: `route`"), &rule.route)?;
        }
        Ok((rules, self.fallback))
    }
}

fn check_route(place: &str, route: &str) -> Result<(), String> {
    let fits = |c: char| c.is_alphanumeric() && !c.is_uppercase() || matches!(c, '-' | '_' | '/');
    if !route.is_empty() && route.chars().all(fits) {
        return Ok(());
    }
    Err(format!("{place} is `{route}`; it can be lower-case letters, digits, `-`, `_` and `/`"))
}
