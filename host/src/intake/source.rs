//! The body of a request: expanded, hashed where a repetition has to be recognised, with limits on size and time.

use std::io;
use std::time::Duration;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;
use tokio_util::io::StreamReader;

use super::ask::{self, Encoding};
use super::room::{Held, Room};
use crate::api::problem::{Problem, ProblemType};
use crate::config;
use crate::feedback::csv::BYTE_ORDER_MARK;

/// How long a body may send nothing, and how long it may be waited for beyond what its bytes are worth.
const IDLE: Duration = Duration::from_secs(30);
/// What a second of waiting has to bring, in bytes: a body that only trickles takes the place of others.
const LEAST_RATE: u64 = 1_024;
/// How much is expanded at once, in bytes.
const CHUNK: usize = 64 << 10;
/// Largest window of zstd, as a power of two: 8 MiB, which RFC 9659 asks every reader to take and no more.
const ZSTD_WINDOW: u32 = 23;
const WINDOW: usize = 1 << ZSTD_WINDOW;

type Frames = BoxStream<'static, io::Result<Bytes>>;
type Reader = StreamReader<Frames, Bytes>;

enum Inner {
    Plain(Arrivals),
    Gzip(Box<GzipDecoder<Reader>>),
    Zstd(Box<ZstdDecoder<Reader>>),
    Gone,
}

/// A body.
pub(super) struct Source {
    inner: Inner,
    /// As the client declares it, of what is sent.
    declared: Option<u64>,
    /// Bytes that came out so far.
    read: u64,
    max: u64,
    limit_name: &'static str,
    hasher: Option<Sha256>,
    /// What of it is held in memory, and how much of that is for what is being read.
    held: Held,
    window: usize,
    keeps_mark: bool,
    begun: bool,
    ended: bool,
}

impl Source {
    pub(super) fn new(body: Body, headers: &HeaderMap, room: &Room) -> Self {
        let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Self {
            inner: Inner::Plain(Arrivals { frames: body.into_data_stream(), waited: Duration::ZERO, bytes: 0 }),
            declared,
            read: 0,
            max: u64::MAX,
            limit_name: "",
            hasher: None,
            held: room.hold(),
            window: 0,
            keeps_mark: false,
            begun: false,
            ended: false,
        }
    }

    /// Expands what follows.
    pub(super) fn expand(&mut self, encoding: Encoding) -> Result<(), Problem> {
        let Inner::Plain(arrivals) = std::mem::replace(&mut self.inner, Inner::Gone) else {
            return Err(Problem::internal("a body was to be expanded twice"));
        };
        let timed = |arrivals: Arrivals| {
            stream::unfold(arrivals, async |mut arrivals| Some((arrivals.next().await?, arrivals))).fuse().boxed()
        };
        self.inner = match encoding {
            Encoding::Identity => Inner::Plain(arrivals),
            Encoding::Gzip => {
                let mut decoder = GzipDecoder::new(StreamReader::new(timed(arrivals)));
                decoder.multiple_members(true);
                Inner::Gzip(Box::new(decoder))
            }
            Encoding::Zstd => {
                let parameters = [DParameter::window_log_max(ZSTD_WINDOW)];
                let mut decoder = ZstdDecoder::with_params(StreamReader::new(timed(arrivals)), &parameters);
                decoder.multiple_members(true);
                Inner::Zstd(Box::new(decoder))
            }
        };
        Ok(())
    }

    /// Hashes what follows, behind `lead`.
    pub(super) fn hash(&mut self, lead: &str) {
        self.hasher = Some(Sha256::new_with_prefix(lead));
    }

    /// The hash, where the body was hashed and read to its end.
    pub(super) fn digest(&self) -> Option<[u8; 32]> {
        self.hasher.as_ref().filter(|_| self.ended).map(|hasher| hasher.clone().finalize().into())
    }

    /// With the byte order mark, where it has one: it tells what a table is written in.
    pub(super) const fn keep_mark(&mut self) {
        self.keeps_mark = true;
    }

    /// Within the limit for bodies that are not held as a whole.
    pub(super) const fn limited(&mut self, server: &config::Server) -> &mut Self {
        self.max = server.max_stream_bytes;
        self.limit_name = "server.max_stream_bytes";
        self
    }

    /// The whole body, of at most `max` bytes. `sniffed`: it has to look like JSON.
    pub(super) async fn all(&mut self, max: usize, sniffed: bool) -> Result<Bytes, Problem> {
        self.max = max as u64;
        self.limit_name = "server.max_body_bytes";
        let first = self.next().await?.unwrap_or_default();
        if sniffed && !matches!(first.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return Err(ask::unsupported("The request does not say what its body is."));
        }
        let Some(second) = self.next().await? else { return Ok(first) };
        self.held.grow(first.len() + second.len(), self.max)?;
        let mut whole = BytesMut::from(first);
        whole.extend_from_slice(&second);
        while let Some(more) = self.next().await? {
            self.held.grow(more.len(), self.max)?;
            whole.extend_from_slice(&more);
        }
        Ok(whole.freeze())
    }

    /// Reads to the end, for the hash alone.
    pub(super) async fn skip(&mut self) -> Result<(), Problem> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// What comes next; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if matches!(self.inner, Inner::Plain(_)) && self.declared.is_some_and(|declared| declared > self.max) {
            return Err(self.too_large());
        }
        if !self.begun {
            self.begun = true;
            return self.first().await;
        }
        self.raw().await
    }

    /// The first bytes, at least as many as a byte order mark has, and without it unless it is to be kept.
    async fn first(&mut self) -> Result<Option<Bytes>, Problem> {
        let Some(mut first) = self.raw().await? else { return Ok(None) };
        while first.len() < BYTE_ORDER_MARK.len() {
            let Some(more) = self.raw().await? else { break };
            first = [first, more].concat().into();
        }
        if first.starts_with(BYTE_ORDER_MARK) && !self.keeps_mark {
            first = first.slice(BYTE_ORDER_MARK.len()..);
        }
        Ok(Some(first))
    }

    async fn raw(&mut self) -> Result<Option<Bytes>, Problem> {
        // What is expanded is always there, and others on the thread have their turn.
        if self.read >= CHUNK as u64 {
            tokio::task::yield_now().await;
        }
        let next = match &mut self.inner {
            Inner::Plain(arrivals) => arrivals.next().await.transpose(),
            Inner::Gzip(decoder) => chunk(decoder).await,
            Inner::Zstd(decoder) => chunk(decoder).await,
            Inner::Gone => Ok(None),
        };
        let Some(bytes) = next.map_err(|error| broken(&error))? else {
            self.ended = true;
            return Ok(None);
        };
        self.read += bytes.len() as u64;
        if self.read > self.max {
            return Err(self.too_large());
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes);
        }
        if matches!(self.inner, Inner::Zstd(_)) {
            // The decoder keeps what it has expanded, as far back as its window goes.
            self.keep(usize::try_from(self.read).map_or(WINDOW, |read| read.min(WINDOW)))?;
        }
        Ok(Some(bytes))
    }

    /// Counts what is kept to read on, such as the beginning of a line; it does not become less.
    pub(super) fn keep(&mut self, bytes: usize) -> Result<(), Problem> {
        let more = bytes.saturating_sub(self.window);
        if more > 0 {
            self.held.grow(more, 0)?;
            self.window += more;
        }
        Ok(())
    }

    fn too_large(&self) -> Problem {
        let expanded = if matches!(self.inner, Inner::Plain(_)) { "" } else { " once it is expanded" };
        let ndjson =
            if self.limit_name == "server.max_body_bytes" { "; send many items as application/x-ndjson" } else { "" };
        let (max, name) = (self.max, self.limit_name);
        let detail =
            format!("The body has more than {max} bytes{expanded} ({name}). Send it in smaller parts{ndjson}.");
        Problem::new(ProblemType::TooLarge, detail).with("limit_bytes", max)
    }
}

/// A body as it arrives.
struct Arrivals {
    frames: BodyDataStream,
    /// How long it was waited for so far.
    waited: Duration,
    bytes: u64,
}

impl Arrivals {
    /// What the client sends next; an error if it sends nothing for too long, or too little.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let next = match self.frames.next().now_or_never() {
            // A small body is there with its head, and needs no timer.
            Some(next) => next,
            None => {
                let began = Instant::now();
                let next = tokio::time::timeout(patience(self.bytes, self.waited), self.frames.next()).await;
                self.waited += began.elapsed();
                match next {
                    Ok(next) => next,
                    Err(_) => return Some(Err(io::ErrorKind::TimedOut.into())),
                }
            }
        };
        self.bytes += next.as_ref().and_then(|next| next.as_ref().ok()).map_or(0, |bytes| bytes.len() as u64);
        next.map(|next| next.map_err(io::Error::other))
    }
}

/// How long the next bytes may take, of a body that brought so many after so much waiting.
fn patience(bytes: u64, waited: Duration) -> Duration {
    let worth = IDLE + Duration::from_secs(bytes / LEAST_RATE);
    IDLE.min(worth.saturating_sub(waited))
}

async fn chunk(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Bytes>> {
    let mut chunk = BytesMut::with_capacity(CHUNK);
    let read = reader.read_buf(&mut chunk).await?;
    Ok((read > 0).then(|| chunk.freeze()))
}

fn broken(error: &io::Error) -> Problem {
    if error.kind() == io::ErrorKind::TimedOut {
        let detail = format!(
            "The body came too slowly: nothing for {} s, or less than {LEAST_RATE} bytes a second.",
            IDLE.as_secs()
        );
        return Problem::new(ProblemType::BodyTimeout, detail);
    }
    Problem::new(
        ProblemType::MalformedBody,
        format!("The body breaks off or is not encoded as its header says: {error}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_trickles_is_waited_for_no_longer_than_its_bytes_are_worth() {
        let secs = Duration::from_secs;
        assert_eq!(patience(0, Duration::ZERO), IDLE);
        assert_eq!(patience(3, secs(29)), secs(1), "a byte now and then buys nothing");
        assert_eq!(patience(3, secs(30)), Duration::ZERO);
        assert_eq!(patience(100 * LEAST_RATE, secs(100)), IDLE, "slow, and good enough");
        assert_eq!(patience(100 * LEAST_RATE, secs(125)), secs(5));
    }

    #[tokio::test]
    async fn what_is_kept_to_expand_a_body_is_counted_until_it_is_read() {
        let room = Room::default();
        let read = async |encoding, body: Vec<u8>| {
            let mut source = Source::new(Body::from(body), &HeaderMap::new(), &room);
            source.max = u64::MAX;
            source.expand(encoding).expect("once");
            while source.next().await.expect("is whole").is_some() {}
            source
        };
        let (small, large) =
            (crate::intake::tests::zstd(b"{}").await, crate::intake::tests::zstd(&vec![b' '; 9 << 20]).await);
        let small = read(Encoding::Zstd, small).await;
        assert_eq!(room.taken(), 2, "no more than it is");
        drop(small);
        let large = read(Encoding::Zstd, large).await;
        assert_eq!(room.taken(), WINDOW as u64);
        drop(large);
        assert_eq!(room.taken(), 0);
    }
}
