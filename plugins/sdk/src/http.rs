//! Grant `http`: requests to the hosts that the operator listed for the plugin, and to no others.
//!
//! Waiting for answers does not count towards the deadline of a call, and headers with credentials are the operator's: he
//! sets them for a host, and the plugin never sees them. Ask for a whole batch at once with [`send_all`] from
//! [`Plugin::process_all`](crate::Plugin::process_all): it waits as long as one request rather than as long as all of them.
//!
//! ```
//! use sayso_plugin::{Effects, Fault, Item, NoConfig, Plugin, Score, http, testing};
//!
//! /// Asks a model how urgent a feedback is.
//! struct Model;
//!
//! #[derive(serde::Deserialize)]
//! struct Answer {
//!     urgency: f64,
//! }
//!
//! impl Model {
//!     fn request(item: &Item) -> http::Request {
//!         http::Request::post("https://api.example.com/v1/urgency").json(&serde_json::json!({"text": item.feedback.text}))
//!     }
//!
//!     fn read(answer: Result<http::Response, http::Error>) -> Result<Effects, Fault> {
//!         let answer: Answer = answer?.success()?.json()?;
//!         let mut effects = Effects::new();
//!         effects.score(Score::whole("urgency", answer.urgency));
//!         Ok(effects)
//!     }
//! }
//!
//! impl Plugin for Model {
//!     const NAME: &'static str = "model";
//!     const SUMMARY: &'static str = "Asks a model how urgent a feedback is.";
//!     type Config = NoConfig;
//!
//!     fn new(_: NoConfig) -> Result<Self, String> {
//!         Ok(Self)
//!     }
//!
//!     fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
//!         *effects = Self::read(http::send(Self::request(item)))?;
//!         Ok(())
//!     }
//!
//!     // The whole batch at once.
//!     fn process_all(&self, items: &[Item]) -> Vec<Result<Effects, Fault>> {
//!         http::send_all(items.iter().map(Self::request).collect()).into_iter().map(Self::read).collect()
//!     }
//! }
//!
//! // In a native test, the test says what is answered.
//! let host = testing::Host::new().http(|request| {
//!     assert_eq!(request.url, "https://api.example.com/v1/urgency");
//!     Ok(http::Response::of(200, r#"{"urgency": 0.9}"#))
//! });
//! let effects = host.effects_of::<Model>("{}", &Item::of_text("en", "Call me now!")).unwrap();
//! assert_eq!(testing::score(&effects, "urgency"), Some(0.9));
//! ```

use serde::{Serialize, de::DeserializeOwned};

use crate::Fault;

/// What is asked of the resource.
///
/// ```
/// use sayso_plugin::http::{Method, Request};
///
/// assert_eq!(Request::get("https://api.example.com/").method, Method::Get);
/// ```
pub use crate::bindings::sayso::plugin::http::Method;

/// One header field.
///
/// ```
/// use sayso_plugin::http::Header;
///
/// let header = Header { name: "accept".into(), value: "application/json".into() };
/// assert_eq!(header.value, "application/json");
/// ```
pub use crate::bindings::sayso::plugin::http::Header;

/// A request.
///
/// ```
/// use sayso_plugin::http::Request;
///
/// let request = Request::get("https://api.example.com/orders/7").header("accept", "application/json").timeout_ms(500);
/// assert_eq!((request.headers.len(), request.timeout_ms), (1, Some(500)));
/// ```
pub use crate::bindings::sayso::plugin::http::Request;

/// An answer, whatever its status.
///
/// ```
/// use sayso_plugin::http::Response;
///
/// let answer = Response::of(200, "ok");
/// assert_eq!((answer.status, answer.text().as_ref()), (200, "ok"));
/// ```
pub use crate::bindings::sayso::plugin::http::Response;

/// Why there is no answer. With `?` it becomes the fault of the item, whose reason the operator reads.
///
/// ```
/// use sayso_plugin::{Fault, http::Error};
///
/// let fault = Fault::from(Error::Timeout("api.example.com: 10s were over".into()));
/// assert_eq!(fault, Fault::Failed("api.example.com: 10s were over".into()));
/// ```
pub use crate::bindings::sayso::plugin::http::Error;

/// Makes a request, and waits for the answer.
///
/// ```
/// # use sayso_plugin::{http::{self, Error, Request, Response}, testing};
/// # testing::Host::new().http(|_| Ok(Response::of(200, "7"))).run(|| {
/// let answer = http::send(Request::get("https://api.example.com/waiting"))?;
/// assert_eq!(answer.text(), "7");
/// # Ok::<(), Error>(())
/// # }).unwrap();
/// ```
///
/// # Errors
/// See [`Error`]. A status of 400 and more is an answer; [`Response::success`] makes an error of it.
pub fn send(request: Request) -> Result<Response, Error> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::sayso::plugin::http::send(&request);
    #[cfg(not(target_family = "wasm"))]
    crate::stand_in::answer(&request)
}

/// Makes requests at the same time, as far as the operator's limit goes: one result per request, in their order.
///
/// ```
/// # use sayso_plugin::{http::{self, Request, Response}, testing};
/// # testing::Host::new().http(|request| Ok(Response::of(200, &request.url[24..]))).run(|| {
/// let answers = http::send_all(vec![
///     Request::get("https://api.example.com/a"),
///     Request::get("https://api.example.com/b"),
/// ]);
/// assert_eq!(answers[1].as_ref().unwrap().text(), "b");
/// # });
/// ```
pub fn send_all(requests: Vec<Request>) -> Vec<Result<Response, Error>> {
    #[cfg(target_family = "wasm")]
    return crate::bindings::sayso::plugin::http::send_all(&requests);
    #[cfg(not(target_family = "wasm"))]
    requests.iter().map(crate::stand_in::answer).collect()
}

impl Request {
    /// A request of this method without headers and body.
    ///
    /// ```
    /// use sayso_plugin::http::{Method, Request};
    ///
    /// let request = Request::new(Method::Delete, "https://api.example.com/orders/7");
    /// assert_eq!(request.body, None);
    /// ```
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: None, timeout_ms: None }
    }

    /// `GET`.
    ///
    /// ```
    /// assert_eq!(sayso_plugin::http::Request::get("https://api.example.com/").url, "https://api.example.com/");
    /// ```
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::Get, url)
    }

    /// `POST`.
    ///
    /// ```
    /// use sayso_plugin::http::Request;
    ///
    /// let request = Request::post("https://api.example.com/").body("text");
    /// assert_eq!(request.body.as_deref(), Some(&b"text"[..]));
    /// ```
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::Post, url)
    }

    /// With one more header.
    ///
    /// ```
    /// use sayso_plugin::http::Request;
    ///
    /// let request = Request::get("https://api.example.com/").header("accept", "text/plain");
    /// assert_eq!(request.headers[0].name, "accept");
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push(Header { name: name.into(), value: value.into() });
        self
    }

    /// With this body.
    ///
    /// ```
    /// use sayso_plugin::http::Request;
    ///
    /// assert_eq!(Request::post("https://api.example.com/").body(vec![1, 2]).body, Some(vec![1, 2]));
    /// ```
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// With a value as JSON, and the header that says so.
    ///
    /// ```
    /// use sayso_plugin::http::Request;
    ///
    /// let request = Request::post("https://api.example.com/").json(&["tea"]);
    /// assert_eq!(request.body.as_deref(), Some(&br#"["tea"]"#[..]));
    /// assert_eq!(request.headers[0].value, "application/json");
    /// ```
    ///
    /// # Panics
    /// If the value is a map whose keys are no texts, or its own `Serialize` fails.
    #[must_use]
    pub fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("the value can be written as JSON");
        self.header("content-type", "application/json").body(body)
    }

    /// With a time limit in milliseconds, shorter than the operator's.
    ///
    /// ```
    /// assert_eq!(sayso_plugin::http::Request::get("https://api.example.com/").timeout_ms(300).timeout_ms, Some(300));
    /// ```
    #[must_use]
    pub const fn timeout_ms(mut self, ms: u32) -> Self {
        self.timeout_ms = Some(ms);
        self
    }
}

impl Response {
    /// An answer for a test.
    ///
    /// ```
    /// assert_eq!(sayso_plugin::http::Response::of(404, "no such order").status, 404);
    /// ```
    pub fn of(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// The answer, if its status is 200 to 299.
    ///
    /// ```
    /// use sayso_plugin::http::Response;
    ///
    /// assert!(Response::of(204, "").success().is_ok());
    /// assert_eq!(Response::of(503, "").success().unwrap_err().message(), "the status of the answer is 503");
    /// ```
    ///
    /// # Errors
    /// [`Error::Other`] with the status.
    pub fn success(self) -> Result<Self, Error> {
        match self.status {
            200..=299 => Ok(self),
            status => Err(Error::Other(format!("the status of the answer is {status}"))),
        }
    }

    /// The first header of this name, whatever its case.
    ///
    /// ```
    /// use sayso_plugin::http::{Header, Response};
    ///
    /// let mut answer = Response::of(200, "");
    /// answer.headers.push(Header { name: "retry-after".into(), value: "5".into() });
    /// assert_eq!(answer.header("Retry-After"), Some("5"));
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    ///
    /// ```
    /// assert_eq!(sayso_plugin::http::Response::of(200, "tea").text(), "tea");
    /// ```
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body, read as JSON.
    ///
    /// ```
    /// use sayso_plugin::http::Response;
    ///
    /// assert_eq!(Response::of(200, "[1, 2]").json::<Vec<u8>>().unwrap(), [1, 2]);
    /// ```
    ///
    /// # Errors
    /// [`Error::Other`] that names the key at fault.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            Error::Other(format!("the answer is not as expected: `{}`: {}", error.path(), error.inner()))
        })
    }
}

impl Error {
    /// What the operator has to read.
    ///
    /// ```
    /// use sayso_plugin::http::Error;
    ///
    /// assert_eq!(Error::Denied("not among the hosts".into()).message(), "not among the hosts");
    /// ```
    pub fn message(&self) -> &str {
        match self {
            Self::Denied(message)
            | Self::Invalid(message)
            | Self::Timeout(message)
            | Self::Connection(message)
            | Self::TooLarge(message)
            | Self::Other(message) => message,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::failed(error.message())
    }
}
