//! What stands in for the host in native tests of a plugin: the author of a test says what the grants answer.

use std::{cell::RefCell, ops::Range, rc::Rc};

use crate::{Effect, Fault, Item, Language, Plugin, history::Summary, http, testing, text::Method};

thread_local! {
    static HOST: RefCell<Option<Rc<Host>>> = const { RefCell::new(None) };
}

type Detect = dyn Fn(&str) -> Option<Language>;
type MethodOf = dyn Fn(&str) -> Method;
type Segment = dyn Fn(&str, &str) -> Vec<Token>;
type History = dyn Fn(u32) -> Option<Summary>;
type Answer = dyn Fn(&http::Request) -> Result<http::Response, http::Error>;

/// Answers for a native test, where there is no host: what a plugin asks of its grants, the test says. A grant of which
/// the test says nothing panics when it is asked, with the call that is missing.
///
/// ```
/// use sayso_plugin::{history, testing};
///
/// let host = testing::Host::new().history(|_| None);
/// assert_eq!(host.run(|| history::before(0)), None);
/// ```
#[derive(Default)]
pub struct Host {
    detect: Option<Box<Detect>>,
    method: Option<Box<MethodOf>>,
    segment: Option<Box<Segment>>,
    history: Option<Box<History>>,
    http: Option<Box<Answer>>,
}

/// A token that a test says is in a text.
///
/// ```
/// use sayso_plugin::testing::Token;
///
/// let token = Token::new(5..9, 1, "tea");
/// assert_eq!((token.span, token.part, token.lemma.as_str()), (5..9, 1, "tea"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// Its bytes in the text.
    pub span: Range<u32>,
    /// Its part of speech, as the contract numbers them: 1 noun, 4 verb, 5 adjective.
    pub part: u32,
    /// Its dictionary form; empty where it is the token itself.
    pub lemma: String,
}

impl Token {
    /// A token at these bytes.
    ///
    /// ```
    /// assert_eq!(sayso_plugin::testing::Token::new(0..3, 1, "").lemma, "");
    /// ```
    pub fn new(span: Range<u32>, part: u32, lemma: &str) -> Self {
        Self { span, part, lemma: lemma.into() }
    }
}

impl Host {
    /// A host that has nothing to say yet.
    ///
    /// ```
    /// assert_eq!(sayso_plugin::testing::Host::new().run(|| 7), 7);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers [`text::detect`](crate::text::detect).
    ///
    /// ```
    /// use sayso_plugin::{testing, text};
    ///
    /// assert!(testing::Host::new().detect(|_| None).run(|| text::detect("?")).is_none());
    /// ```
    #[must_use]
    pub fn detect(mut self, detect: impl Fn(&str) -> Option<Language> + 'static) -> Self {
        self.detect = Some(Box::new(detect));
        self
    }

    /// Answers [`text::method_of`](crate::text::method_of); without it, every language has a dictionary where
    /// [`Host::segment`] is given.
    ///
    /// ```
    /// use sayso_plugin::{testing, text::{self, Method}};
    ///
    /// assert_eq!(testing::Host::new().method(|_| Method::Words).run(|| text::method_of("en")), Method::Words);
    /// ```
    #[must_use]
    pub fn method(mut self, method: impl Fn(&str) -> Method + 'static) -> Self {
        self.method = Some(Box::new(method));
        self
    }

    /// Answers [`text::segment`](crate::text::segment) and [`text::lemmas`](crate::text::lemmas), given text and language.
    ///
    /// ```
    /// use sayso_plugin::{testing::{Host, Token}, text};
    ///
    /// let host = Host::new().segment(|text, _| vec![Token::new(0..text.len() as u32, 1, "")]);
    /// assert_eq!(host.run(|| text::segment("tea", "en")), [0, 3, 1]);
    /// ```
    #[must_use]
    pub fn segment(mut self, segment: impl Fn(&str, &str) -> Vec<Token> + 'static) -> Self {
        self.segment = Some(Box::new(segment));
        self
    }

    /// Answers [`history::before`](crate::history::before), given the index of the item.
    ///
    /// ```
    /// use sayso_plugin::{history, testing};
    ///
    /// let host = testing::Host::new().history(|_| Some(history::Summary { earlier: 2, ..Default::default() }));
    /// assert_eq!(host.run(|| history::before(0)).map(|before| before.earlier), Some(2));
    /// ```
    #[must_use]
    pub fn history(mut self, history: impl Fn(u32) -> Option<Summary> + 'static) -> Self {
        self.history = Some(Box::new(history));
        self
    }

    /// Answers [`http::send`] and [`http::send_all`].
    ///
    /// ```
    /// use sayso_plugin::{http::{self, Error, Request}, testing};
    ///
    /// let host = testing::Host::new().http(|_| Err(Error::Timeout("10s were over".into())));
    /// assert!(host.run(|| http::send(Request::get("https://api.example.com/"))).is_err());
    /// ```
    #[must_use]
    pub fn http(mut self, http: impl Fn(&http::Request) -> Result<http::Response, http::Error> + 'static) -> Self {
        self.http = Some(Box::new(http));
        self
    }

    /// Runs something whose grants this host answers, on this thread.
    ///
    /// ```
    /// use sayso_plugin::{history, testing};
    ///
    /// let known = testing::Host::new().history(|_| None).run(|| history::before(0).is_some());
    /// assert!(!known);
    /// ```
    pub fn run<T>(self, run: impl FnOnce() -> T) -> T {
        let before = HOST.replace(Some(Rc::new(self)));
        let _restored = Restore(before);
        run()
    }

    /// The effects that a plugin of this configuration, in JSON, has on an item, while this host answers.
    ///
    /// ```
    /// # use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, history, testing};
    /// # struct Earlier;
    /// # impl Plugin for Earlier {
    /// #     const NAME: &'static str = "earlier";
    /// #     const SUMMARY: &'static str = "An example.";
    /// #     type Config = NoConfig;
    /// #     fn new(_: NoConfig) -> Result<Self, String> {
    /// #         Ok(Self)
    /// #     }
    /// #     fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
    /// #         effects.note("known", history::before(item.index).is_some());
    /// #         Ok(())
    /// #     }
    /// # }
    /// let host = testing::Host::new().history(|_| None);
    /// assert_eq!(host.effects_of::<Earlier>("{}", &Item::of_text("en", "tea")).unwrap().len(), 1);
    /// ```
    ///
    /// # Errors
    /// The plugin's fault.
    ///
    /// # Panics
    /// If the plugin refuses the configuration, or asks a grant of which this host has nothing to say.
    pub fn effects_of<P: Plugin>(self, config: &str, item: &Item) -> Result<Vec<Effect>, Fault> {
        self.run(|| testing::effects_of::<P>(config, item))
    }
}

/// Puts the host of before back, even after a panic.
struct Restore(Option<Rc<Host>>);

impl Drop for Restore {
    fn drop(&mut self) {
        HOST.set(self.0.take());
    }
}

/// Asks the host of this thread.
fn ask<T>(missing: &str, question: impl FnOnce(&Host) -> Option<T>) -> T {
    let host = HOST.with_borrow(Option::clone);
    host.as_deref().and_then(question).unwrap_or_else(|| {
        panic!("this is a native test, which has no host: say what it answers with testing::Host::new().{missing}(…)")
    })
}

pub(crate) fn detect(text: &str) -> Option<Language> {
    ask("detect", |host| host.detect.as_ref().map(|detect| detect(text)))
}

pub(crate) fn method_of(language: &str) -> Method {
    ask("method", |host| match &host.method {
        Some(method) => Some(method(language)),
        None => host.segment.as_ref().map(|_| Method::Dictionary),
    })
}

fn tokens(text: &str, language: &str) -> Vec<Token> {
    ask("segment", |host| host.segment.as_ref().map(|segment| segment(text, language)))
}

pub(crate) fn segment(text: &str, language: &str) -> Vec<u32> {
    tokens(text, language).into_iter().flat_map(|token| [token.span.start, token.span.end, token.part]).collect()
}

pub(crate) fn lemmas(text: &str, language: &str) -> Vec<String> {
    tokens(text, language).into_iter().map(|token| token.lemma).collect()
}

pub(crate) fn before(item: u32) -> Option<Summary> {
    ask("history", |host| host.history.as_ref().map(|history| history(item)))
}

pub(crate) fn answer(request: &http::Request) -> Result<http::Response, http::Error> {
    ask("http", |host| host.http.as_ref().map(|answer| answer(request)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "testing::Host::new().history(…)")]
    fn a_grant_of_which_the_test_says_nothing_names_the_call_that_is_missing() {
        Host::new().run(|| before(0));
    }

    #[test]
    fn a_host_is_gone_after_its_run_even_after_a_panic() {
        let host = || Host::new().history(|_| Some(Summary { earlier: 1, ..Summary::default() }));
        host().run(|| {
            let inner = std::panic::catch_unwind(|| Host::new().history(|_| None).run(|| panic!("as asked")));
            assert!(inner.is_err());
            assert_eq!(before(0).map(|summary| summary.earlier), Some(1), "the outer one is back");
        });
        assert!(HOST.with_borrow(Option::is_none));
    }
}
