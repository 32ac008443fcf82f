//! How long things are kept: `keep_feedback`, `keep_deliveries` and `keep_attempts` of `[data]`.

use std::{borrow::Cow, fmt, time::Duration};

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Data, parse_duration};

const DAY: Duration = Duration::from_secs(86_400);
const SHORTEST: Duration = Duration::from_secs(1);
/// How long deliveries and attempts are kept where nothing is said.
const DELIVERIES: Keep = Keep::For(DAY.saturating_mul(90));
const ATTEMPTS: Keep = Keep::For(DAY.saturating_mul(30));

/// For how long something is kept. The longer, the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Keep {
    /// For this time; a second or more.
    For(Duration),
    /// Until it is erased.
    Forever,
}

impl<'de> Deserialize<'de> for Keep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        if text == "forever" {
            return Ok(Self::Forever);
        }
        let time = parse_duration(&text).map_err(|error| D::Error::custom(format!("{error}; or \"forever\"")))?;
        if time < SHORTEST {
            let message = format!("`{text}` is too short to keep anything; give \"1s\" or more, or \"forever\"");
            return Err(D::Error::custom(message));
        }
        Ok(Self::For(time))
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forever => f.write_str("\"forever\""),
            Self::For(time) if time.as_millis().is_multiple_of(86_400_000) => {
                write!(f, "\"{}d\"", time.as_secs() / 86_400)
            }
            Self::For(time) if time.subsec_millis() == 0 => write!(f, "\"{}s\"", time.as_secs()),
            Self::For(time) => write!(f, "\"{}ms\"", time.as_millis()),
        }
    }
}

impl Data {
    /// For how long deliveries are kept after they ended.
    pub fn keep_deliveries(&self) -> Keep {
        self.keep_deliveries.unwrap_or_else(|| DELIVERIES.min(self.keep_feedback))
    }

    /// For how long attempts are kept.
    pub fn keep_attempts(&self) -> Keep {
        self.keep_attempts.unwrap_or_else(|| ATTEMPTS.min(self.keep_deliveries()))
    }

    /// The shortest time that anything is kept; none if all is kept forever.
    pub fn shortest_keep(&self) -> Option<Duration> {
        match self.keep_attempts() {
            Keep::For(time) => Some(time),
            Keep::Forever => None,
        }
    }
}

/// Checks that what refers to something is not kept for longer than that.
///
/// # Errors
/// The key at fault, and what to write.
pub(super) fn check(data: &Data) -> Result<(), (&'static str, String)> {
    let too_long = |what: Keep, of: Keep, key: &'static str, whole: &str, why: &str| {
        if what <= of {
            return Ok(());
        }
        Err((key, format!("`{key}` is {what}, and `{whole}` is {of}: {why}, so give at most {of} here, or more there")))
    };
    let (feedback, deliveries, attempts) = (data.keep_feedback, data.keep_deliveries(), data.keep_attempts());
    let why = "a delivery cannot be sent again without its feedback";
    too_long(deliveries, feedback, "data.keep_deliveries", "data.keep_feedback", why)?;
    let why = "attempts go with their delivery";
    too_long(attempts, deliveries, "data.keep_attempts", "data.keep_deliveries", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Result<Data, String> {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("sayso.toml");
        std::fs::write(&file, format!("[data]\n{lines}\n")).expect("written");
        super::super::load(Some(&file), []).map(|config| config.data).map_err(|error| error.to_string())
    }

    #[test]
    fn feedback_is_kept_forever_and_what_receivers_answered_for_a_month_where_nothing_is_said() {
        let data = read("").expect("loads");
        assert_eq!(data.keep_feedback, Keep::Forever);
        assert_eq!((data.keep_deliveries(), data.keep_attempts()), (Keep::For(90 * DAY), Keep::For(30 * DAY)));
        assert_eq!(data.shortest_keep(), Some(30 * DAY));
    }

    #[test]
    fn what_refers_to_something_is_kept_no_longer_where_nothing_is_said() {
        let data = read("keep_feedback = \"45d\"").expect("loads");
        assert_eq!((data.keep_deliveries(), data.keep_attempts()), (Keep::For(45 * DAY), Keep::For(30 * DAY)));
        let data = read("keep_deliveries = \"7d\"").expect("loads");
        assert_eq!(data.keep_attempts(), Keep::For(7 * DAY));
        let data = read("keep_deliveries = \"forever\"\nkeep_attempts = \"forever\"").expect("loads");
        assert_eq!(data.shortest_keep(), None);
    }

    #[test]
    fn a_time_that_makes_no_sense_is_refused_with_its_line() {
        let refused = |lines: &str, line: usize, why: &str| {
            let error = read(lines).expect_err(lines);
            assert!(error.contains(&format!("sayso.toml line {line}")) && error.contains(why), "{error}");
        };
        refused("keep_feedback = \"a year\"", 2, "\"forever\"");
        refused("\nkeep_attempts = \"0s\"", 3, "\"1s\" or more, or \"forever\"");
        refused("keep_feedback = \"999ms\"", 2, "\"1s\" or more, or \"forever\"");
        assert!(read("keep_feedback = \"1s\"").is_ok(), "that is what the refusal says to give");
        refused("keep_feedback = \"30d\"\nkeep_deliveries = \"60d\"", 3, "`data.keep_feedback` is \"30d\"");
        refused("keep_attempts = \"91d\"", 2, "`data.keep_deliveries` is \"90d\"");
        refused("keep_deliveries = \"1h\"\nkeep_attempts = \"2h\"", 3, "\"3600s\"");
    }
}
