//! The plugin `redact`: takes personal data out of feedback, in English, Japanese, Korean and Chinese.
//!
//! It finds passages in title and text, in the answers of a survey, in the contact reason of a note, in author's name and
//! public reply of a review and in metadata, and asks the host to redact them. Digits, letters and signs of full width count as those of ASCII; dashes, dots and spaces
//! of all scripts are separators. Number and word may stand beside Han, Kana and Hangul, but not be part of a word of a
//! script that parts its words (`AB1234567890` is no number). The rules by class:
//!
//! - `email`: RFC 5322 without quoted local parts, comments and address literals, with the lengths of RFC 5321; the domain
//!   has a dot, and its last label is of two or more letters, or begins with `xn--`. In links the `@` may be `%40`.
//! - `phone`: a number
//!   - with `+` and 8 to 15 digits after a country code that is assigned (ITU-T E.164), or with 00 in groups;
//!   - that begins with 0 and has 10 or 11 digits, or 9 to 12 in groups of a form that is written in Japan, Korea, China,
//!     Taiwan or Europe (`090-1234-5678`, `03-1234-5678`, `02-123-4567`, `021-12345678`, `01 23 45 67 89`,
//!     `0171 234 56 78`, `070-123 45 67`, `089 / 123 456 78`);
//!   - of China's mobile networks, 13 to 19 with 9 more digits, as 3-4-4, or among Han characters, or alone;
//!   - in groups of the North American Numbering Plan (`212-555-0123`, `1 (212) 555-0123`);
//!   - of businesses in Korea (`1588-1234`) among Hangul, and in China (`400-123-4567`) among Han characters;
//!   - of 7 to 12 digits that is no date, no years and no thousands, if a word for a telephone stands near (48 bytes before,
//!     24 behind in Chinese, Japanese and Korean or as `is my cell`, or in the question or key that the text answers).
//!
//!   A word for an order, a parcel, a ticket, a booking and the like that is nearer, and in the same part of a sentence,
//!   keeps a run of digits from being one, and right before them groups that are written for other numbers too; currency
//!   and units do so always. An extension may touch the number (`212-555-0123x45`), and stays. A dash or
//!   dot that binds a number to further digits makes it another number; a dash or slash after a word (`ad-0312345678`, a
//!   link) calls for a word for a telephone, and so do groups parted by spaces in a row of numbers.
//! - `card`: 13 to 19 digits with a prefix and length that is issued (ISO/IEC 7812-1) and Luhn's check digit, in groups of
//!   three or more, the first of four or more.
//! - `iban`: ISO 13616: the length of the country, and MOD 97-10.
//! - `ip_address`: IPv4 in dotted form, an octet of it at least 20 or a word for an address near, and no word for a version
//!   near, nor one for an app or update right before it; IPv6 (RFC 4291) of a range that hosts have.
//! - `national_id`: by form and check digit those of China, Korea, Taiwan, Hong Kong (in brackets), Singapore, France,
//!   Germany, Spain, Italy, Belgium, Sweden, Brazil and Mexico; with a word for it near also My Number, Aadhaar, NHS
//!   number, BSN, PESEL, Canada's SIN, Korea's numbers without a check digit; `AAA-GG-SSSS` of the United States, with
//!   a word near in any form. The modules of `ids` name the rule of each.
//!
//! Of passages that overlap the longest counts, else the first. `keep` in the configuration lets passages stand.
//!
//! The host takes a redacted passage out of every other text of the feedback too; the keys of metadata are searched in
//! that way alone.
//!
//! From a number of passages on ([`MOST_PASSAGES`] in one text) the rest of the text goes as one, from the first to the
//! last of them, so that no text has more effects than the host takes. Run it with `on_fault = "park"`, as the default
//! chain does: what it could not look through must not go on.

mod card;
mod checks;
mod config;
mod context;
mod email;
mod fields;
mod fold;
mod iban;
mod ids;
mod ip;
mod number;
mod phone;
mod scan;

use std::collections::BTreeSet;

use sayso_plugin::{Effects, Fault, Field, Item, Plugin, Reads, Redaction, Span};

use config::{Config, Policy};

/// The most passages that one text is redacted in.
pub const MOST_PASSAGES: usize = 64;
/// The most redactions of one feedback; the host takes 256 effects by default.
const MOST_REDACTIONS: usize = 250;
/// Class of several passages that go as one.
const SEVERAL: &str = "personal_data";

/// The plugin.
pub struct Redact {
    policy: Policy,
}

impl Plugin for Redact {
    const NAME: &'static str = "redact";
    const SUMMARY: &'static str =
        "Takes e-mail addresses, telephone, card and identity numbers, IBANs and IP addresses out of feedback.";
    const READS: Reads = Reads::DETAILS.union(Reads::METADATA);
    type Config = Config;

    fn config_schema() -> String {
        include_str!("../schema.json").into()
    }

    fn new(config: Config) -> Result<Self, String> {
        Ok(Self { policy: Policy::new(config)? })
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let feedback = &item.feedback;
        let mut redactions = Redactions { policy: &self.policy, effects, words: BTreeSet::new(), count: 0 };
        redactions.text("", &|| Field::Text, &feedback.text);
        if let Some(title) = &feedback.title {
            redactions.text("", &|| Field::Title, title);
        }
        fields::others(feedback, &mut |label, field, text| redactions.text(label, field, text));
        if redactions.count > MOST_REDACTIONS {
            let count = redactions.count;
            return Err(Fault::Failed(format!(
                "found personal data in {count} passages of the answers and metadata; {MOST_REDACTIONS} are the most"
            )));
        }
        Ok(())
    }
}

/// The redactions of one feedback.
struct Redactions<'a> {
    policy: &'a Policy,
    effects: &'a mut Effects,
    /// What is redacted already, and goes from all other texts with it.
    words: BTreeSet<String>,
    count: usize,
}

impl Redactions<'_> {
    fn text(&mut self, label: &str, field: &dyn Fn() -> Field, text: &str) {
        let found = scan::find(text, label, self.policy);
        let singles = if found.len() > MOST_PASSAGES { MOST_PASSAGES - 1 } else { found.len() };
        for passage in &found[..singles] {
            let is_main = matches!(field(), Field::Text | Field::Title);
            let is_new = self.words.insert(text[passage.start..passage.end].to_owned());
            if is_new || is_main {
                self.redact(field(), passage.start..passage.end, passage.class.as_str());
            }
        }
        if let [first, .., last] = &found[singles..] {
            self.redact(field(), first.start..last.end, SEVERAL);
        }
    }

    fn redact(&mut self, field: Field, range: std::ops::Range<usize>, class: &str) {
        self.count += 1;
        if self.count <= MOST_REDACTIONS {
            self.effects.redact(Redaction { field, span: Span::of(range), class: class.into() });
        }
    }
}

sayso_plugin::export!(Redact);

#[cfg(test)]
mod tests;
