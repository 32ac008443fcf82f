//! Parts of speech: from the tags of each dictionary to the numbers of `wit/plugin.wit`.

use crate::dictionary::DictionaryLanguage;

/// A part of speech, by the number that plugins see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum PartOfSpeech {
    /// Not told.
    Unknown = 0,
    /// Common noun.
    Noun = 1,
    /// Name.
    ProperNoun = 2,
    /// Pronoun.
    Pronoun = 3,
    /// Verb.
    Verb = 4,
    /// Adjective, and in Japanese the stem of a na-adjective.
    Adjective = 5,
    /// Adverb.
    Adverb = 6,
    /// Particle or adposition.
    Particle = 7,
    /// Auxiliary, copula.
    Auxiliary = 8,
    /// Determiner, adnominal.
    Determiner = 9,
    /// Conjunction.
    Conjunction = 10,
    /// Number.
    Numeral = 11,
    /// Interjection.
    Interjection = 12,
    /// Prefix.
    Prefix = 13,
    /// Suffix, and in Korean the endings.
    Suffix = 14,
    /// Symbol that is no punctuation, such as an emoji.
    Symbol = 15,
}

use PartOfSpeech as P;

impl PartOfSpeech {
    /// By the first two details of a word: of IPADIC the part of speech and its first subdivision, else the tag.
    pub(super) fn of(language: DictionaryLanguage, tag: &str, subtag: &str) -> Self {
        match language {
            DictionaryLanguage::Ja => Self::of_ipadic(tag, subtag),
            DictionaryLanguage::Ko => Self::of_mecab_ko(tag),
            DictionaryLanguage::Zh => Self::of_jieba(tag),
        }
    }

    /// The classification of ChaSen, which IPADIC has.
    fn of_ipadic(class: &str, subclass: &str) -> Self {
        match (class, subclass) {
            ("名詞", "固有名詞") => P::ProperNoun,
            ("名詞", "代名詞") => P::Pronoun,
            ("名詞", "数") => P::Numeral,
            ("名詞", "接尾") => P::Suffix,
            ("名詞", "形容動詞語幹") => P::Adjective,
            ("名詞", "特殊") | ("動詞", "非自立" | "接尾") | ("助動詞", _) => P::Auxiliary,
            ("名詞", _) => P::Noun,
            ("動詞", _) => P::Verb,
            ("形容詞", _) => P::Adjective,
            ("副詞", _) => P::Adverb,
            ("助詞", _) => P::Particle,
            ("連体詞", _) => P::Determiner,
            ("接続詞", _) => P::Conjunction,
            ("感動詞" | "フィラー", _) => P::Interjection,
            ("接頭詞", _) => P::Prefix,
            ("記号", _) => P::Symbol,
            _ => P::Unknown,
        }
    }

    /// The Sejong tags, which mecab-ko-dic has; of a word of several morphemes the first decides.
    fn of_mecab_ko(tag: &str) -> Self {
        match tag.split('+').next().unwrap_or_default() {
            "NNG" | "NNB" | "NNBC" | "XR" | "SL" | "SH" => P::Noun,
            "NNP" => P::ProperNoun,
            "NP" => P::Pronoun,
            "NR" | "SN" => P::Numeral,
            "VV" => P::Verb,
            "VA" => P::Adjective,
            "VX" | "VCP" | "VCN" => P::Auxiliary,
            "MM" => P::Determiner,
            "MAG" => P::Adverb,
            "MAJ" => P::Conjunction,
            "IC" => P::Interjection,
            "XPN" => P::Prefix,
            "EP" | "EF" | "EC" | "ETN" | "ETM" | "XSN" | "XSV" | "XSA" => P::Suffix,
            tag if tag.starts_with('J') => P::Particle,
            tag if tag.starts_with('S') => P::Symbol,
            _ => P::Unknown,
        }
    }

    /// The tags of jieba's list, after those of ICTCLAS: what the word is by itself, whatever stands around it.
    fn of_jieba(tag: &str) -> Self {
        if let "nr" | "ns" | "nt" | "nz" | "nrt" | "nrfg" = tag {
            return P::ProperNoun;
        }
        match tag.as_bytes().first() {
            Some(b'n' | b't' | b's' | b'f' | b'j' | b'q') => P::Noun,
            Some(b'r') => P::Pronoun,
            Some(b'v') => P::Verb,
            Some(b'a' | b'b' | b'z') => P::Adjective,
            Some(b'd') => P::Adverb,
            Some(b'p' | b'u' | b'y') => P::Particle,
            Some(b'c') => P::Conjunction,
            Some(b'm') => P::Numeral,
            Some(b'e' | b'o') if tag != "eng" => P::Interjection,
            Some(b'e') => P::Noun,
            Some(b'h') => P::Prefix,
            Some(b'k') => P::Suffix,
            _ => P::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tags_of_each_dictionary_come_to_the_same_numbers() {
        let of = PartOfSpeech::of;
        assert_eq!(of(DictionaryLanguage::Ja, "名詞", "サ変接続"), P::Noun);
        assert_eq!(of(DictionaryLanguage::Ja, "動詞", "自立"), P::Verb);
        assert_eq!(of(DictionaryLanguage::Ja, "動詞", "非自立"), P::Auxiliary);
        assert_eq!(of(DictionaryLanguage::Ko, "VA+EC", "*"), P::Adjective);
        assert_eq!(of(DictionaryLanguage::Ko, "JKS", "*"), P::Particle);
        assert_eq!(of(DictionaryLanguage::Zh, "vn", ""), P::Verb);
        assert_eq!(of(DictionaryLanguage::Zh, "eng", ""), P::Noun);
        assert_eq!(of(DictionaryLanguage::Zh, "", ""), P::Unknown);
        assert_eq!(P::Symbol as u32, 15);
    }
}
