//! Bodies of requests that were answered before they were read to their end, for example for want of a key.
//!
//! A client that is still sending would see its connection reset instead of the answer (RFC 9112, section 9.6), so that
//! what it sends is read on for a while, and thrown away.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, SizeHint};
use tokio::runtime::Handle;

/// How much is read on, in bytes.
const MOST: usize = 128 << 20;
/// For how long.
const TIME: Duration = Duration::from_secs(10);

/// A body that is read on when it is dropped before its end.
pub(super) struct Lingering<B: Body<Data = Bytes> + Send + Unpin + 'static> {
    /// None at its end.
    body: Option<B>,
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Lingering<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body: Some(body).filter(|body| !body.is_end_stream()) }
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Body for Lingering<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(&mut *body).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || body.is_end_stream() {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Body<Data = Bytes> + Send + Unpin + 'static> Drop for Lingering<B> {
    fn drop(&mut self) {
        if let Some(body) = self.body.take()
            && let Ok(runtime) = Handle::try_current()
        {
            drop(runtime.spawn(tokio::time::timeout(TIME, discard(body))));
        }
    }
}

async fn discard(mut body: impl Body<Data = Bytes> + Unpin) {
    let mut left = MOST;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
        left = rest;
    }
}
