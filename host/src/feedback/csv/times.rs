//! Times as tables write them, in the form of RFC 3339.

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    fmt::strtime::BrokenDownTime,
    tz::Offset,
};
use serde::Deserialize;

/// Which of day and month comes first where a date is written with slashes and the year last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DateOrder {
    /// 31/12/2026
    Dmy,
    /// 12/31/2026
    Mdy,
}

impl DateOrder {
    /// What it puts first, and how it is asked for.
    pub(super) const fn said(self) -> (&'static str, &'static str) {
        match self {
            Self::Dmy => ("day", "?dates=dmy"),
            Self::Mdy => ("month", "?dates=mdy"),
        }
    }
}

/// Dates that can be read in one way only. Those with points have the day first everywhere.
const DATES: [&str; 8] =
    ["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y"];
/// The halves of a day, as forms write them in Japanese, Korean and Chinese, before the clock or behind it.
const HALVES: [(&str, &str); 6] =
    [("午前", "AM"), ("午後", "PM"), ("오전", "AM"), ("오후", "PM"), ("上午", "AM"), ("下午", "PM")];
/// Earlier years are short for others.
const FIRST_YEAR: i16 = 1_900;
/// What may stand behind a date.
const CLOCKS: [&str; 5] = ["", " %H:%M:%S%.f", " %H:%M", " %I:%M:%S %p", " %I:%M %p"];

/// The time that a cell holds. One without an offset is read as UTC. None if it cannot be told, as 01/02/2026 without an
/// order.
pub(super) fn read(text: &str, order: Option<DateOrder>) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let (clock, offset) = offset(text)?;
    let time = civil(&plain(clock), order)?;
    offset.to_timestamp(time).ok()
}

/// The day that a cell holds, whatever stands behind it. None if it cannot be told.
pub(super) fn date(text: &str, order: Option<DateOrder>) -> Option<Date> {
    let (clock, _) = offset(text.trim())?;
    civil(&plain(clock), order).map(DateTime::date)
}

/// In the forms that are read here: the half of the day behind the clock, no comma before it, and see [`year_first`].
fn plain(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some((word, half)) = HALVES.into_iter().find(|(word, _)| text.contains(word)) {
        text = format!("{} {half}", text.replacen(word, "", 1).trim_end());
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        // As in Korean, `2026. 11. 28`, and in Japanese and Chinese, `2026年11月28日`.
        text = text.replace(". ", ".").replace(['年', '月'], "-").replace('日', " ");
    }
    let words: Vec<_> = text.split_whitespace().collect();
    let clock = words.iter().position(|word| word.contains(':')).unwrap_or(words.len());
    let word = |(at, word): (usize, &&str)| if at + 1 == clock { word.trim_end_matches(',') } else { word }.to_owned();
    let words: Vec<_> = words.iter().enumerate().map(word).collect();
    year_first(&words.join(" "))
}

/// Parts the text from the offset at its end: `Z`, `UTC`, `GMT+2`, `+02:00` and the like.
fn offset(text: &str) -> Option<(&str, Offset)> {
    for zone in ["Z", "UTC", "GMT"] {
        if let Some(rest) = text.strip_suffix(zone) {
            return Some((rest.trim_end(), Offset::UTC));
        }
    }
    // Behind the colon of a time; a minus before it belongs to the date.
    let Some(at) = text.rfind(['+', '-']).filter(|at| text[..*at].contains(':')) else {
        return Some((text, Offset::UTC));
    };
    let (clock, sign) = (&text[..at], if text[at..].starts_with('-') { -1 } else { 1 });
    let digits = &text[at + 1..];
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 4) => digits.split_at(2),
        (None, 1 | 2) => (digits, "0"),
        _ => return None,
    };
    let is_short = |digits: &str| (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_short(hours) || !is_short(minutes) {
        return None;
    }
    let seconds =
        hours.parse::<i32>().ok()? * 3_600 + minutes.parse::<i32>().ok().filter(|minutes| *minutes < 60)? * 60;
    let clock = clock.trim_end().trim_end_matches("UTC").trim_end_matches("GMT").trim_end();
    Some((clock, Offset::from_seconds(sign * seconds).ok()?))
}

/// With a dash and a space in place of what parts a year that comes first from the rest.
fn year_first(text: &str) -> String {
    let mut written: Vec<char> = text.chars().collect();
    let has_year_first = written.len() > 4 && written[..4].iter().all(char::is_ascii_digit);
    if has_year_first {
        let date_ends = written.iter().position(|c| matches!(c, ' ' | 'T')).unwrap_or(written.len());
        written[..date_ends].iter_mut().filter(|c| matches!(c, '/' | '.')).for_each(|c| *c = '-');
        written.iter_mut().skip(date_ends).take(1).for_each(|c| *c = ' ');
    }
    written.into_iter().collect()
}

fn civil(text: &str, order: Option<DateOrder>) -> Option<DateTime> {
    let ordered: &[&str] = match order {
        None => &[],
        Some(DateOrder::Dmy) => &["%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y"],
        Some(DateOrder::Mdy) => &["%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y"],
    };
    let mut dates = DATES.iter().chain(ordered);
    dates.find_map(|date| {
        CLOCKS.into_iter().find_map(|clock| {
            let parsed = BrokenDownTime::parse(format!("{date}{clock}"), text).ok()?;
            let time = match clock {
                "" => parsed.to_date().ok().map(DateTime::from),
                _ => parsed.to_datetime().ok(),
            };
            time.filter(|time| time.year() >= FIRST_YEAR)
        })
    })
}

/// Whether it is a date with slashes or dashes and the year last, which needs an order.
pub(super) fn needs_order(text: &str) -> bool {
    let date = text.split_whitespace().next().unwrap_or_default();
    let parts: Vec<_> = date.split(['/', '-']).collect();
    parts.len() == 3
        && parts[0].len() <= 2
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        && matches!(parts[2].len(), 2 | 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, order: Option<DateOrder>) -> String {
        read(text, order).map_or_else(|| "?".into(), |time| time.to_string())
    }

    #[test]
    fn a_day_is_read_in_the_same_forms() {
        let told = |text, order| date(text, order).map_or_else(|| "?".into(), |date| date.to_string());
        for text in
            ["2026-05-01", "2026/05/01", "01.05.2026", "2026-05-01 10:30:00", "2026-05-01T10:30:00Z", "May 1, 2026"]
        {
            assert_eq!(told(text, None), "2026-05-01", "{text}");
        }
        assert_eq!(told("05/01/2026", None), "?");
        assert_eq!(told("05/01/2026", Some(DateOrder::Mdy)), "2026-05-01");
        assert_eq!(told("05/01/2026", Some(DateOrder::Dmy)), "2026-01-05");
        assert_eq!(told("13/13/2026", Some(DateOrder::Dmy)), "?");
    }

    #[test]
    fn forms_that_can_be_read_in_one_way_are_read() {
        let forms = [
            ("2026-05-01T10:00:00+02:00", "2026-05-01T08:00:00Z"),
            ("2026-05-01 08:00:00", "2026-05-01T08:00:00Z"),
            ("2026-05-01 08:00", "2026-05-01T08:00:00Z"),
            ("2026-05-01T08:00:00.250", "2026-05-01T08:00:00.25Z"),
            ("2026-05-01", "2026-05-01T00:00:00Z"),
            ("2026-05-01 08:00:00 UTC", "2026-05-01T08:00:00Z"),
            ("2026-05-01 08:00:00 +0200", "2026-05-01T06:00:00Z"),
            ("2026-05-01 08:00:00-07", "2026-05-01T15:00:00Z"),
            ("2026/05/01 10:00:00 AM GMT+2", "2026-05-01T08:00:00Z"),
            ("2026/5/1 1:05:09 PM GMT-3:30", "2026-05-01T16:35:09Z"),
            ("2026.05.01", "2026-05-01T00:00:00Z"),
            ("01.05.2026", "2026-05-01T00:00:00Z"),
            ("1.5.2026 08:30", "2026-05-01T08:30:00Z"),
            ("01.05.26", "2026-05-01T00:00:00Z"),
            ("1 May 2026", "2026-05-01T00:00:00Z"),
            ("May 1, 2026 8:00 PM", "2026-05-01T20:00:00Z"),
            ("May 1, 2026, 8:00:00 PM", "2026-05-01T20:00:00Z"),
            ("01-May-2026 08:30", "2026-05-01T08:30:00Z"),
            ("28 November 2026", "2026-11-28T00:00:00Z"),
            ("November 28, 2026", "2026-11-28T00:00:00Z"),
            ("2026/11/28 9:15:00 午後 GMT+9", "2026-11-28T12:15:00Z"),
            ("2026/11/28 9:15:00 오전 GMT+9", "2026-11-28T00:15:00Z"),
            ("2026/11/28 下午9:15:00 GMT+8", "2026-11-28T13:15:00Z"),
            ("2026. 11. 3 오전 8:00:00", "2026-11-03T08:00:00Z"),
            ("2026年11月3日 8:05", "2026-11-03T08:05:00Z"),
        ];
        for (text, expected) in forms {
            assert_eq!(told(text, None), expected, "{text}");
        }
    }

    #[test]
    fn what_may_be_two_dates_needs_an_order() {
        assert_eq!(told("05/01/2026 08:00", None), "?");
        assert_eq!(told("03-11-2026 08:00", Some(DateOrder::Dmy)), "2026-11-03T08:00:00Z");
        assert!(needs_order("03-11-2026 08:00") && !needs_order("2026-11-03 08:00"));
        assert!(needs_order("05/01/2026 08:00") && !needs_order("2026/11/28 08:00"));
        assert_eq!(told("05/01/2026 08:00", Some(DateOrder::Mdy)), "2026-05-01T08:00:00Z");
        assert_eq!(told("5/1/26 8:00", Some(DateOrder::Mdy)), "2026-05-01T08:00:00Z");
        assert_eq!(told("05/01/2026 8:00:00 AM", Some(DateOrder::Dmy)), "2026-01-05T08:00:00Z");
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "yesterday",
            "45012",
            "2026-13-01",
            "2026-05-01 25:00",
            "2026-05-01 08:00 +99:00",
            "08:00",
            "2026-05-01 08:00:00 +2:75",
            "2026-05-01 10:00+999999999:00",
            "2026-05-01 10:00+1193046:30",
            "-",
            "Z",
            "GMT",
            "２０２６-05-01",
        ] {
            assert_eq!(told(text, Some(DateOrder::Mdy)), "?", "{text}");
            assert!(!needs_order(text), "{text}");
        }
    }
}
