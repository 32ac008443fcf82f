//! What the operator's template makes of an event: [Jinja](https://docs.rs/minijinja/3/minijinja/syntax/) over `id`,
//! `type`, `timestamp` and `data`, as they are in the standard format.
//!
//! # What a template cannot do
//! It comes from outside and is rendered for every event, so it reads no file, calls nobody, includes no other template,
//! and is bounded: 16 KiB of source, 200,000 units of fuel (an instruction each, or 64 bytes that it makes), 4 MiB of
//! output, and [`TIME_LIMIT`]. [`check`] refuses what would grow faster than the fuel counts.
//!
//! # What comes out
//! How values are written follows from the content type: as JSON for JSON, so that `{"text": {{ data.feedback.text }}}` is
//! JSON whatever the customer wrote; with `&`, `<` and quotes escaped for HTML and XML; and plain for all others. What is
//! not defined is an error, not an empty text; `is defined` and `default` ask first.
//!
//! A template is tried when it is saved, on samples of what its webhook wants. One that fails on an event all the same
//! parks the delivery: so does output that is not the JSON it has to be.

mod check;
mod environment;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use bytes::Bytes;
use http::HeaderValue;
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::de::IgnoredAny;

use self::environment::{NAME, environment};
use super::{Event, Outgoing, Unfit, samples::Sample, standard};

/// Longest template, in bytes.
const MAX_SOURCE: usize = 16 << 10;
/// Most that one event may cost, in instructions or 64 bytes.
const FUEL: u64 = 200_000;
/// Largest output, in bytes.
const MAX_OUTPUT: usize = 4 << 20;
/// How long one event may take.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Stack of the thread that reads a template: the compiler recurses with a run of operators.
const STACK_BYTES: usize = 64 << 20;
/// Most of the template that a message shows, in characters.
const MAX_EXCERPT: usize = 80;

/// How values are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Escape {
    /// As JSON; so is the output as a whole.
    Json,
    /// With what is markup in HTML and XML escaped.
    Markup,
    /// As they are.
    None,
}

impl Escape {
    fn of(content_type: &HeaderValue) -> Self {
        let essence = content_type.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        match essence.rsplit(['/', '+']).next() {
            Some("json") => Self::Json,
            Some("html" | "xml" | "xhtml") => Self::Markup,
            _ => Self::None,
        }
    }
}

/// Reads a content type.
///
/// # Errors
/// What is wrong with it.
pub(super) fn content_type(written: &str) -> Result<HeaderValue, String> {
    let is_token =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let essence = written.split(';').next().unwrap_or_default().trim_end();
    let fits = essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    let value = HeaderValue::from_str(written).ok().filter(|_| fits && written.len() <= 200);
    value.ok_or_else(|| "it is no content type, such as `application/json` or `text/plain; charset=utf-8`".into())
}

/// A template that was checked.
pub(in crate::delivery) struct Template {
    environment: Environment<'static>,
    content_type: HeaderValue,
    escape: Escape,
    /// How many runs go on though their time is over: until they end no other begins.
    late: AtomicUsize,
}

/// Why there is no output.
enum Failure {
    /// The template does not go with the event.
    Failed(Error),
    /// There is more output than may be.
    TooLarge,
    /// The output is no JSON.
    NoJson(serde_json::Error),
}

impl Template {
    /// Reads a template, and tries it on samples.
    ///
    /// # Errors
    /// What is wrong, with the line.
    pub(super) fn checked(source: &str, content_type: HeaderValue, samples: Vec<Sample>) -> Result<Self, String> {
        if source.len() > MAX_SOURCE {
            return Err(format!("it is {} bytes long; {MAX_SOURCE} are the most", source.len()));
        }
        let source = source.to_owned();
        let (sender, receiver) = mpsc::channel();
        // Neither the recursion of the compiler nor a template that does not end must reach the thread that serves.
        let read = move || {
            let read = Self::compile(source, content_type).and_then(|template| template.try_on(samples));
            // Nobody waits any more where the time is over.
            drop(sender.send(read));
        };
        std::thread::Builder::new()
            .name("template".into())
            .stack_size(STACK_BYTES)
            .spawn(read)
            .map_err(|error| format!("it cannot be read now, since no thread starts: {error}"))?;
        receiver.recv_timeout(TIME_LIMIT * 2).unwrap_or_else(|error| match error {
            mpsc::RecvTimeoutError::Timeout => Err(format!("it takes longer than {TIME_LIMIT:?}; write it shorter")),
            mpsc::RecvTimeoutError::Disconnected => Err("line 1: the template engine failed on it".into()),
        })
    }

    fn compile(source: String, content_type: HeaderValue) -> Result<Self, String> {
        check::check(&source)?;
        let escape = Escape::of(&content_type);
        let mut environment = environment(escape);
        environment.set_fuel(Some(FUEL));
        environment.add_template_owned(NAME, source).map_err(|error| in_words(&error, None))?;
        Ok(Self { environment, content_type, escape, late: AtomicUsize::new(0) })
    }

    fn try_on(self, samples: Vec<Sample>) -> Result<Self, String> {
        for Sample { event, name, body } in samples {
            if let Err(failure) = self.render(&body) {
                return Err(self.describe(&failure, Some(&format!("{event} ({name})"))));
            }
        }
        Ok(self)
    }

    /// Writes an event.
    ///
    /// # Errors
    /// Where the template fails on it, or takes too long.
    pub(super) async fn write(self: &Arc<Self>, event: &Event<'_>) -> Result<Outgoing, Unfit> {
        self.write_within(TIME_LIMIT, event).await
    }

    /// One that takes longer goes on for nobody, and until it ends no other is begun.
    async fn write_within(self: &Arc<Self>, limit: Duration, event: &Event<'_>) -> Result<Outgoing, Unfit> {
        if self.late.load(Ordering::Relaxed) > 0 {
            return Err(Unfit::Late(TIME_LIMIT));
        }
        let (template, body) = (Arc::clone(self), standard::item(event)?);
        let mut render = tokio::task::spawn_blocking(move || {
            template.render(&body).map_err(|failure| template.describe(&failure, None))
        });
        match tokio::time::timeout(limit, &mut render).await {
            Ok(Ok(Ok(body))) => Ok(Outgoing::new(self.content_type.clone(), body)),
            Ok(Ok(Err(why))) => Err(Unfit::Template(why)),
            Ok(Err(_)) => Err(Unfit::Template("the template engine failed on this event".into())),
            Err(_) => {
                self.late.fetch_add(1, Ordering::Relaxed);
                let template = Arc::clone(self);
                tokio::spawn(async move {
                    // What it made nobody waits for.
                    drop(render.await);
                    template.late.fetch_sub(1, Ordering::Relaxed);
                });
                Err(Unfit::Late(TIME_LIMIT))
            }
        }
    }

    /// Renders an event, given as an item of a batch in the standard format: with its id.
    fn render(&self, event: &[u8]) -> Result<Bytes, Failure> {
        let event: Value = serde_json::from_slice(event).map_err(Failure::NoJson)?;
        let template = self.environment.get_template(NAME).map_err(Failure::Failed)?;
        let mut output = Limited::default();
        let rendered = template.render_captured_to(event, &mut output).map(drop);
        if output.is_full {
            return Err(Failure::TooLarge);
        }
        rendered.map_err(Failure::Failed)?;
        if self.escape == Escape::Json {
            serde_json::from_slice::<IgnoredAny>(&output.bytes).map_err(Failure::NoJson)?;
        }
        Ok(output.bytes.into())
    }

    /// What is wrong, and where. Without a sample, whose values may be shown, nothing of the event is.
    fn describe(&self, failure: &Failure, sample: Option<&str>) -> String {
        let what = match failure {
            Failure::Failed(error) => in_words(error, sample),
            Failure::TooLarge => format!("what it makes is more than {MAX_OUTPUT} bytes"),
            Failure::NoJson(error) => format!(
                "what it makes is no JSON, which the content type asks for: {} at line {} of the output; values are \
                 written as JSON, with their quotes",
                if error.is_eof() { "it ends too early" } else { "it is wrong" },
                error.line()
            ),
        };
        match sample {
            Some(sample) => format!("{what}; tried on a sample of {sample}"),
            None => what,
        }
    }
}

/// What an error says, with the line and what stands there.
fn in_words(error: &Error, sample: Option<&str>) -> String {
    let line = error.line().unwrap_or(1);
    let excerpt = error.range().and_then(|range| error.template_source()?.get(range)).unwrap_or_default();
    let excerpt = excerpt.trim().lines().next().unwrap_or_default();
    let excerpt = super::digest::cut(excerpt, MAX_EXCERPT, |_| 1);
    let there = if excerpt.is_empty() { String::new() } else { format!(" at `{excerpt}`") };
    match error.kind() {
        ErrorKind::OutOfFuel => format!("line {line}: it takes more work than a template may{there}"),
        ErrorKind::UndefinedError => {
            let name = undefined_name(error).map_or_else(|| "something".into(), |name| format!("`{name}`"));
            format!("line {line}: {name} is undefined{there}; `is defined` or `default(…)` ask first")
        }
        // What the compiler says is about the template alone.
        ErrorKind::SyntaxError => format!("line {line}: {}{there}", error.detail().unwrap_or("it cannot be read")),
        kind => match error.detail().filter(|_| sample.is_some()) {
            Some(detail) => format!("line {line}: {detail}{there}"),
            None => format!("line {line}: {kind}{there}"),
        },
    }
}

/// The part of the template that was undefined, which the engine puts together from the template alone.
fn undefined_name(error: &Error) -> Option<&str> {
    let (before, _) = error.detail()?.rsplit_once("` is undefined")?;
    before.rsplit_once('`').map(|(_, name)| name)
}

/// Output that is cut off where there is too much.
#[derive(Default)]
pub(super) struct Limited {
    bytes: Vec<u8>,
    is_full: bool,
}

impl io::Write for Limited {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > MAX_OUTPUT {
            self.is_full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
