//! A receiver that speaks raw TCP, to misbehave in every way.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A receiver on loopback that does what its script says; it ends with the runtime of its test.
pub struct RawReceiver {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl RawReceiver {
    /// A receiver that does with its nth connection, from 0, what `script` says.
    ///
    /// # Panics
    /// Where loopback cannot be listened on.
    pub async fn start<F, Fut>(script: F) -> Self
    where
        F: Fn(usize, TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on"), script)
    }

    /// Likewise, on a socket that exists.
    ///
    /// # Panics
    /// Where the socket has no address.
    pub fn start_on<F, Fut>(listener: TcpListener, script: F) -> Self
    where
        F: Fn(usize, TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr().expect("it has an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(script(counter.fetch_add(1, Ordering::SeqCst), stream));
            }
        });
        Self { address, connections }
    }

    /// Host and port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where to post.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// How many connections came so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads a request to its end; false if there is none.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut request = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        if let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            if request.len() >= end + 4 + length.unwrap_or(0) {
                return true;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
    }
}

/// Writes, as far as the other side reads.
pub async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: impl AsRef<[u8]>) -> bool {
    stream.write_all(bytes.as_ref()).await.is_ok() && stream.flush().await.is_ok()
}

/// Answers requests with 204 until the connection ends.
pub async fn behave(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    while read_request(&mut stream).await && write(&mut stream, "HTTP/1.1 204 No Content\r\n\r\n").await {}
}

/// Keeps the connection, and does nothing.
pub async fn hang(stream: impl AsyncRead + AsyncWrite + Unpin) {
    std::future::pending::<()>().await;
    drop(stream);
}
