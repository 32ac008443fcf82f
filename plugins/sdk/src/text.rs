//! Grant `text`: language detection and segmentation, done in the host with dictionaries that all plugins share.
//!
//! ```
//! use sayso_plugin::{testing, text};
//!
//! // In the sandbox the host answers; in a native test, the test does.
//! let host = testing::Host::new().segment(|_, _| vec![testing::Token::new(0..4, 5, "cold"), testing::Token::new(5..8, 1, "tea")]);
//! let nouns = host.run(|| {
//!     let sentence = "cold teas";
//!     let tokens = text::segment(sentence, "en");
//!     tokens.chunks(3).filter(|token| token[2] == 1).map(|token| (token[0], token[1])).collect::<Vec<_>>()
//! });
//! assert_eq!(nouns, [(5, 8)]);
//! ```

use crate::Language;

/// How a language is segmented on this host.
///
/// ```
/// use sayso_plugin::{testing, text::{self, Method}};
///
/// let host = testing::Host::new().segment(|_, _| Vec::new());
/// assert_eq!(host.run(|| text::method_of("ja")), Method::Dictionary);
/// ```
pub use crate::bindings::sayso::plugin::text::Method;

/// The language of `text`; none if there is too little to tell.
///
/// ```
/// use sayso_plugin::{Language, testing, text};
///
/// let host = testing::Host::new().detect(|_| Some(Language { code: "ja".into(), confidence: 0.9 }));
/// assert_eq!(host.run(|| text::detect("お茶").map(|language| language.code)), Some("ja".into()));
/// ```
pub fn detect(text: &str) -> Option<Language> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::sayso::plugin::text::detect(text);
    #[cfg(not(target_family = "wasm"))]
    crate::stand_in::detect(text)
}

/// How [`segment`] treats the language with this code.
///
/// ```
/// use sayso_plugin::{testing, text::{self, Method}};
///
/// let host = testing::Host::new().segment(|_, _| Vec::new()).method(|language| match language {
///     "ja" => Method::Bigrams,
///     _ => Method::Words,
/// });
/// assert_eq!(host.run(|| text::method_of("ja")), Method::Bigrams);
/// ```
pub fn method_of(language: &str) -> Method {
    #[cfg(target_family = "wasm")]
    return crate::bindings::sayso::plugin::text::method_of(language);
    #[cfg(not(target_family = "wasm"))]
    crate::stand_in::method_of(language)
}

/// The tokens of `text` in order, three numbers each: first byte, byte behind the last, part of speech (1 noun, 2 proper
/// noun, 4 verb, 5 adjective and so on, as the contract lists them).
///
/// ```
/// use sayso_plugin::{testing::{self, Token}, text};
///
/// let host = testing::Host::new().segment(|_, _| vec![Token::new(0..3, 1, "tea")]);
/// assert_eq!(host.run(|| text::segment("teas", "en")), [0, 3, 1]);
/// ```
pub fn segment(text: &str, language: &str) -> Vec<u32> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::sayso::plugin::text::segment(text, language);
    #[cfg(not(target_family = "wasm"))]
    crate::stand_in::segment(text, language)
}

/// The dictionary form of each token of [`segment`], in the same order; an empty string where it is the token itself.
///
/// ```
/// use sayso_plugin::{testing::{self, Token}, text};
///
/// let host = testing::Host::new().segment(|_, _| vec![Token::new(0..4, 4, "break")]);
/// assert_eq!(host.run(|| text::lemmas("broke", "en")), ["break"]);
/// ```
pub fn lemmas(text: &str, language: &str) -> Vec<String> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::sayso::plugin::text::lemmas(text, language);
    #[cfg(not(target_family = "wasm"))]
    crate::stand_in::lemmas(text, language)
}
