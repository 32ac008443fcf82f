//! The configuration; `schema.json` describes it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::fold;

/// The most entries of `keep`.
const MOST_KEPT: usize = 1000;

/// The configuration; `schema.json` describes it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    classes: Option<Vec<Class>>,
    keep: Vec<String>,
}

/// What a passage is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    Email,
    Phone,
    Card,
    Iban,
    IpAddress,
    NationalId,
}

impl Class {
    /// The name in redactions and in the configuration.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Card => "card",
            Self::Iban => "iban",
            Self::IpAddress => "ip_address",
            Self::NationalId => "national_id",
        }
    }
}

/// What to redact.
#[derive(Debug)]
pub(crate) struct Policy {
    /// By class: whether it is redacted.
    is_wanted: [bool; 6],
    /// What may stay, in canonical form, sorted.
    keep: Vec<String>,
}

impl Policy {
    /// The policy of a configuration.
    ///
    /// # Errors
    /// A message that names the key and what to do.
    pub(crate) fn new(config: Config) -> Result<Self, String> {
        let mut is_wanted = [config.classes.is_none(); 6];
        for class in config.classes.iter().flatten() {
            is_wanted[*class as usize] = true;
        }
        if !is_wanted.contains(&true) {
            return Err("`classes` is empty, so nothing would be redacted; leave it out for all classes".into());
        }
        if config.keep.len() > MOST_KEPT {
            return Err(format!("`keep`: there are {}; {MOST_KEPT} are the most", config.keep.len()));
        }
        let mut keep: Vec<String> = config.keep.iter().map(|value| fold::canonical(value)).collect();
        if let Some(index) = keep.iter().position(String::is_empty) {
            return Err(format!(
                "`keep[{index}]` has no letter and no digit; write an address or a number, or drop it"
            ));
        }
        keep.sort_unstable();
        Ok(Self { is_wanted, keep })
    }

    pub(crate) const fn wants(&self, class: Class) -> bool {
        self.is_wanted[class as usize]
    }

    /// Whether the configuration lets this passage stand.
    pub(crate) fn keeps(&self, passage: &str) -> bool {
        !self.keep.is_empty() && self.keep.binary_search(&fold::canonical(passage)).is_ok()
    }
}
