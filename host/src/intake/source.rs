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
use tokio_util::io::StreamReader;

use super::ask::{self, Encoding};
use super::room::{Held, Room};
use crate::api::problem::{Problem, ProblemType};
use crate::config;

/// How long a body may send nothing.
const IDLE: Duration = Duration::from_secs(30);
/// How much is expanded at once, in bytes.
const CHUNK: usize = 64 << 10;
/// Largest window of zstd, as a power of two: 8 MiB, which RFC 9659 asks every reader to take and no more.
const ZSTD_WINDOW: u32 = 23;
/// The byte order mark that some programs put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

type Frames = BoxStream<'static, io::Result<Bytes>>;
type Reader = StreamReader<Frames, Bytes>;

enum Inner {
    Plain(BodyDataStream),
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
    /// What of it is held in memory.
    held: Held,
    begun: bool,
    ended: bool,
}

impl Source {
    pub(super) fn new(body: Body, headers: &HeaderMap, room: &Room) -> Self {
        let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Self {
            inner: Inner::Plain(body.into_data_stream()),
            declared,
            read: 0,
            max: u64::MAX,
            limit_name: "",
            hasher: None,
            held: room.hold(),
            begun: false,
            ended: false,
        }
    }

    /// Expands what follows.
    pub(super) fn expand(&mut self, encoding: Encoding) -> Result<(), Problem> {
        let Inner::Plain(frames) = std::mem::replace(&mut self.inner, Inner::Gone) else {
            return Err(Problem::internal("a body was to be expanded twice"));
        };
        let timed = |frames| {
            stream::unfold(frames, async |mut frames| Some((frame(&mut frames).await?, frames))).fuse().boxed()
        };
        self.inner = match encoding {
            Encoding::Identity => Inner::Plain(frames),
            Encoding::Gzip => {
                let mut decoder = GzipDecoder::new(StreamReader::new(timed(frames)));
                decoder.multiple_members(true);
                Inner::Gzip(Box::new(decoder))
            }
            Encoding::Zstd => {
                let parameters = [DParameter::window_log_max(ZSTD_WINDOW)];
                let mut decoder = ZstdDecoder::with_params(StreamReader::new(timed(frames)), &parameters);
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

    /// The first bytes, without the byte order mark.
    async fn first(&mut self) -> Result<Option<Bytes>, Problem> {
        let Some(mut first) = self.raw().await? else { return Ok(None) };
        while first.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&first) {
            let Some(more) = self.raw().await? else { break };
            first = [first, more].concat().into();
        }
        if first.starts_with(BYTE_ORDER_MARK) {
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
            Inner::Plain(frames) => frame(frames).await.transpose(),
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
        Ok(Some(bytes))
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

/// What the client sends next; an error if it sends nothing for too long.
async fn frame(frames: &mut BodyDataStream) -> Option<io::Result<Bytes>> {
    // A small body is there with its head, and needs no timer.
    if let Some(frame) = frames.next().now_or_never() {
        return frame.map(|frame| frame.map_err(io::Error::other));
    }
    match tokio::time::timeout(IDLE, frames.next()).await {
        Ok(frame) => frame.map(|frame| frame.map_err(io::Error::other)),
        Err(_) => Some(Err(io::ErrorKind::TimedOut.into())),
    }
}

async fn chunk(reader: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Bytes>> {
    let mut chunk = BytesMut::with_capacity(CHUNK);
    let read = reader.read_buf(&mut chunk).await?;
    Ok((read > 0).then(|| chunk.freeze()))
}

fn broken(error: &io::Error) -> Problem {
    if error.kind() == io::ErrorKind::TimedOut {
        let detail = format!("The body sent nothing for {} s.", IDLE.as_secs());
        return Problem::new(ProblemType::BodyTimeout, detail);
    }
    Problem::new(
        ProblemType::MalformedBody,
        format!("The body breaks off or is not encoded as its header says: {error}."),
    )
}
