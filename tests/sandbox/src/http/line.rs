//! Connections that a handler can cut: the client then sees what it sees when a network dies, not an HTTP error.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// No cut is ordered.
const WHOLE: usize = usize::MAX;

/// A handle on the connection that a request came by.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// How many more bytes go out.
    allowance: Arc<AtomicUsize>,
}

impl Line {
    /// Lets that many more bytes out, then cuts the connection.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.allowance.store(bytes, Ordering::SeqCst);
    }
}

/// A listener whose connections can be cut, one by one or all at once.
pub(crate) struct CuttableListener {
    listener: TcpListener,
    stopped: Arc<AtomicBool>,
}

impl CuttableListener {
    /// Once `stopped` is set, no connection carries another byte.
    pub(crate) fn new(listener: TcpListener, stopped: Arc<AtomicBool>) -> Self {
        Self { listener, stopped }
    }
}

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    // Small answers must not wait for the client's acknowledgement.
                    let _ = stream.set_nodelay(true);
                    let line = Line {
                        allowance: Arc::new(AtomicUsize::new(WHOLE)),
                    };
                    let stopped = Arc::clone(&self.stopped);
                    return (CuttableStream { stream, line, stopped }, address);
                }
                // Out of file descriptors, most likely: they come back when other connections close.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().line.clone()
    }
}

/// A connection that can be cut.
pub(crate) struct CuttableStream {
    stream: TcpStream,
    line: Line,
    stopped: Arc<AtomicBool>,
}

impl CuttableStream {
    fn check_stopped(&self) -> io::Result<()> {
        if self.stopped.load(Ordering::SeqCst) {
            Err(io::ErrorKind::ConnectionReset.into())
        } else {
            Ok(())
        }
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check_stopped()?;
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check_stopped()?;
        let allowance = self.line.allowance.load(Ordering::SeqCst);
        if allowance == WHOLE {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        if allowance == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let most = allowance.min(bytes.len());
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..most]);
        if let Poll::Ready(Ok(sent)) = written {
            self.line.allowance.store(allowance - sent, Ordering::SeqCst);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
