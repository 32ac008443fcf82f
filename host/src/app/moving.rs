//! Ends connections on which nothing moves: each holds one of a bounded number of places.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::connections::Movement;

/// For how long nothing may move on a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// From its begin.
    pub(super) first: Duration,
    /// After that; it is looked at as often, so that the connection ends after once to twice as long.
    pub(super) later: Duration,
}

/// A connection that fails once nothing was read or written for too long.
pub(super) struct Moving<S> {
    stream: S,
    /// Whether anything has moved since the last look.
    moved: bool,
    movement: Movement,
    later: Duration,
    look: Pin<Box<Sleep>>,
}

impl<S> Moving<S> {
    pub(super) fn new(stream: S, patience: Patience, movement: Movement) -> Self {
        let look = Box::pin(tokio::time::sleep(patience.first));
        Self { stream, moved: false, movement, later: patience.later, look }
    }

    /// Notes that something moved, or fails where nothing has for too long.
    fn watch<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.moved = true;
            self.movement.note();
            return outcome;
        }
        loop {
            ready!(self.look.as_mut().poll(context));
            if !std::mem::take(&mut self.moved) {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing moved for too long")));
            }
            self.look.as_mut().reset(Instant::now() + self.later);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Moving<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.watch(outcome, context)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Moving<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.movement.note_write(outcome.is_pending());
        self.watch(outcome, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.movement.note_write(outcome.is_pending());
        self.watch(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::{super::connections::Connections, *};

    const SHORT: Patience = Patience { first: Duration::from_millis(40), later: Duration::from_millis(40) };

    async fn movement() -> Movement {
        Connections::new(1).enter().await.movement()
    }

    #[tokio::test]
    async fn what_never_moves_ends() {
        let (_silent, stream) = duplex(64);
        let read = Moving::new(stream, SHORT, movement().await).read_u8().await;
        assert_eq!(read.expect_err("nothing came").kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn what_stops_moving_ends() {
        let (mut sender, stream) = duplex(64);
        let mut moving = Moving::new(stream, SHORT, movement().await);
        sender.write_all(b"PRI").await.expect("is taken");
        assert_eq!(moving.read(&mut [0; 8]).await.expect("came"), 3);
        assert_eq!(moving.read_u8().await.expect_err("no more came").kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_takes_nothing_of_what_is_written_ends_it() {
        let (_deaf, stream) = duplex(64);
        let written = Moving::new(stream, SHORT, movement().await).write_all(&[0; 65]).await;
        assert_eq!(written.expect_err("the last is not taken").kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn what_goes_on_moving_lasts_as_long_as_it_likes() {
        let (mut sender, stream) = duplex(64);
        let mut moving = Moving::new(stream, SHORT, movement().await);
        let mut pulse = tokio::time::interval(SHORT.later / 4);
        for _ in 0..20 {
            let send = async {
                pulse.tick().await;
                sender.write_u8(7).await.expect("is taken");
            };
            // It is waited for before it comes, so that the limit is looked at.
            let ((), read) = join(send, moving.read_u8()).await;
            assert_eq!(read.expect("came"), 7);
        }
    }
}
