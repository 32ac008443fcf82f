//! The analysis: the merged effects of one run of the chain over one feedback, with provenance.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Scores;

/// Everything the chain said of one feedback. All offsets are UTF-8 bytes into `feedback.text` as stored.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Analysis {
    /// The language, as given by the sender or detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The sentiment of the whole; none where no plugin could score it (`provenance` says why).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    /// Every score by name, `sentiment` among them; one that is about a topic, or something else, is called
    /// `name:topic`. Where two plugins give one of a name, that of the later one in the chain.
    #[serde(default)]
    #[schema(required = true, value_type = BTreeMap<String, f64>)]
    pub scores: Scores,
    /// What else was said of scores other than the sentiment, by the names in `scores`: of those that came with more than
    /// their value. What was said of the sentiment of a topic is under `sentiment:TOPIC`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub score_details: BTreeMap<String, ScoreDetail>,
    /// The sentiment by topic.
    #[serde(default)]
    #[schema(required = true)]
    pub aspects: Vec<Aspect>,
    /// What it is about.
    #[serde(default)]
    #[schema(required = true)]
    pub tags: Vec<Tag>,
    /// What the customer wants.
    #[serde(default)]
    #[schema(required = true)]
    pub intents: Vec<Intent>,
    /// How soon somebody has to act.
    #[serde(default)]
    #[schema(required = true)]
    pub urgency: Urgency,
    /// 0 to 100: the highest of the routes'.
    #[serde(default)]
    #[schema(required = true)]
    pub priority: u8,
    /// Where it goes.
    #[serde(default)]
    #[schema(required = true)]
    pub routes: Vec<Route>,
    /// Findings of other forms, by name.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub other: serde_json::Map<String, serde_json::Value>,
    /// What was taken out, and where the replacement stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redactions: Vec<Redaction>,
    /// What each plugin of the chain did, in order.
    #[serde(default)]
    #[schema(required = true)]
    pub provenance: Vec<Provenance>,
    /// What plugins in the shadow said, by their names: used nowhere, and not delivered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Shadow>)]
    pub shadow: BTreeMap<Arc<str>, Shadow>,
}

/// What a plugin in the shadow said of the feedback, in summary.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Shadow {
    /// Its version, by its own word.
    pub version: Arc<str>,
    /// `sha256:` and the digest of the component.
    pub digest: Arc<str>,
    /// `sha256:` and the digest of its configuration.
    pub config: Arc<str>,
    /// What came of it; `skipped` where it failed.
    pub status: PluginStatus,
    /// Why, where the status is not `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Time it took, in microseconds; for a batch the item's share.
    pub us: u32,
    /// The label of its sentiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its scores of the whole.
    #[serde(default, skip_serializing_if = "Scores::is_empty")]
    #[schema(value_type = BTreeMap<String, f64>)]
    pub scores: Scores,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its intents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intents: Vec<String>,
    /// Its routes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
    /// Its findings of other forms.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub other: serde_json::Map<String, serde_json::Value>,
    /// How many passages it would have taken out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redactions: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A language.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Language {
    /// ISO 639-1 code in lower case where there is one, else ISO 639-3; `und` if unknown.
    pub code: String,
    /// 0 to 1; 1 where the sender named it.
    pub confidence: f64,
}

impl Language {
    /// The code of a language tag as senders write it: its first part, in lower case.
    pub fn code_of(tag: &str) -> String {
        tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase()
    }
}

/// The sentiment of the whole.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Sentiment {
    /// `very_negative`, `negative`, `neutral`, `positive`, `very_positive` or `mixed`.
    pub label: String,
    /// −1 to 1 in every language.
    pub score: f64,
    /// Named shares: for English VADER's `neg`, `neu`, `pos` and `compound`.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, f64>)]
    pub parts: Scores,
    /// Whether stars and words disagree; none where there are no stars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_mismatch: Option<bool>,
    /// Whose words were scored: `customer`, or `agent` for a note that quotes none of the customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The passages that decided it.
    pub evidence: Vec<Evidence>,
    /// How the customer feels in each sentence, where there is more than one: of a long text, in the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<Sentence>,
}

/// What a score came with, beside its value.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ScoreDetail {
    /// A class, for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Named shares.
    #[serde(default, skip_serializing_if = "Scores::is_empty")]
    #[schema(value_type = BTreeMap<String, f64>)]
    pub parts: Scores,
    /// The passages that decided it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The score of each passage, in the order of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<Sentence>,
}

/// The sentiment of one sentence.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Sentence {
    /// First byte.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
    /// −1 to 1.
    pub score: f64,
    /// As of the whole.
    pub label: String,
}

/// A passage that decided a score.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// First byte.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
    /// How much it weighed; the sign is its direction.
    pub weight: f64,
}

/// First byte, and byte behind the last.
pub type Span = (u32, u32);

/// The sentiment of one topic.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Aspect {
    /// As in the tag of the topic.
    pub topic: String,
    /// −1 to 1.
    pub score: f64,
    /// The passages that mention it.
    #[schema(value_type = Vec<[u32; 2]>)]
    pub spans: Vec<Span>,
}

/// What the feedback is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tag {
    /// Levels are parted by `/`.
    pub name: String,
    /// What it stands for, by a plugin's own word, such as `emotion`; absent where it is a topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// 0 to 1.
    pub confidence: f64,
    /// The passages that decided it.
    #[schema(value_type = Vec<[u32; 2]>)]
    pub spans: Vec<Span>,
}

/// What the customer wants.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Intent {
    /// `complaint`, `praise`, `request`, `question`, `churn_threat`, `referral`, `safety`, `legal_threat`, or a
    /// plugin's own.
    #[serde(rename = "type")]
    pub kind: String,
    /// 0 to 1.
    pub confidence: f64,
    /// The passages that decided it.
    #[serde(default)]
    #[schema(required = true, value_type = Vec<[u32; 2]>)]
    pub spans: Vec<Span>,
}

/// How soon somebody has to act.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Urgency {
    /// The level.
    pub level: UrgencyLevel,
    /// Why, for people to read.
    pub reasons: Vec<String>,
}

/// The levels of urgency, lowest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UrgencyLevel {
    /// Whenever.
    Low,
    /// In turn.
    #[default]
    Normal,
    /// Today.
    High,
    /// Within the hour.
    Critical,
}

/// A destination class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Route {
    /// For example `care`.
    pub name: String,
    /// The rule that decided.
    pub rule: String,
    /// 0 to 100.
    pub priority: u8,
}

/// What was taken out of the feedback.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Redaction {
    /// The field: `text`, `title`, or a JSON Pointer (RFC 6901) into the feedback, for example `/metadata/contact`.
    pub field: String,
    /// What it was, for example `email`.
    pub class: String,
    /// First byte of the replacement.
    pub start: u32,
    /// Byte behind the last of the replacement.
    pub end: u32,
}

/// What one plugin of the chain did with the feedback.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Provenance {
    /// Its name in the chain.
    pub plugin: Arc<str>,
    /// Its version, by its own word.
    pub version: Arc<str>,
    /// `sha256:` and the digest of the component.
    pub digest: Arc<str>,
    /// `sha256:` and the digest of its configuration.
    pub config: Arc<str>,
    /// What came of it.
    pub status: PluginStatus,
    /// Why, where the status is not `ok`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it would say the same again: not where it may ask others, by the grant `http`.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub repeatable: bool,
    /// Time it took, in microseconds; for a batch the item's share.
    pub us: u32,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
const fn is_yes(is: &bool) -> bool {
    *is
}

/// What came of one plugin's run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginStatus {
    /// Its effects are in the analysis.
    Ok,
    /// It does not handle this kind or language.
    Unsupported,
    /// It failed, and the chain went on without its effects (`on_fault = "skip"`).
    Skipped,
}
