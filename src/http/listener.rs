//! How connections come in, before anything is known of who opens them: so many that one place opens at the same moment, so
//! many TLS handshakes in all and each for so long, and none goes on whose client takes nothing of what is sent.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_http::Protocol;
use actix_web::rt;
use actix_web::rt::net::{ActixStream, Ready, TcpStream};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::App;
use super::work_slots::{WorkSlot, WorkSlots};
use crate::config::TrustedProxies;
use crate::identity::Network;

/// Connections that one place may be opening at the same moment: not yet past TLS and the head of a first request.
const OPENING: usize = 32;
/// Connections of a place that wait for their turn beside them.
const WAITING: usize = 224;
/// How long they wait.
const WAIT: Duration = Duration::from_secs(2);
/// Handshakes at the same moment, of all places.
const HANDSHAKES: usize = 512;
/// How long one may take, its wait for a turn included.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a connection may be opened, its first request included: over HTTP/2 nothing else ends one that asks nothing.
const OPENED: Duration = Duration::from_secs(25);
/// Places remembered before those are forgotten from which nothing comes.
const KEPT: usize = 1_000;

/// What all workers share.
#[derive(Clone)]
pub struct Listening {
    trusted: TrustedProxies,
    tls: Option<TlsAcceptor>,
    /// How long a client may take nothing of what is sent to it.
    idle: Duration,
    places: Arc<Mutex<HashMap<Network, Arc<OpeningPlace>>>>,
    handshakes: WorkSlots,
}

/// The connections that one place is opening.
struct OpeningPlace {
    opening: WorkSlots,
    waiting: WorkSlots,
}

/// A connection, for whoever answers over it.
#[derive(Clone, Default)]
pub struct Connection(Arc<ConnectionState>);

#[derive(Default)]
struct ConnectionState {
    /// Its turn, while it is being opened.
    opening: Mutex<Option<OpeningTurn>>,
    cut: AtomicBool,
    reader: AtomicWaker,
}

/// A turn of a place, which is free again when dropped.
struct OpeningTurn {
    _place: Arc<OpeningPlace>,
    _slot: WorkSlot,
}

impl Connection {
    fn new(opening: Option<OpeningTurn>) -> Self {
        Self(Arc::new(ConnectionState {
            opening: Mutex::new(opening),
            ..ConnectionState::default()
        }))
    }

    /// The head of a request arrived.
    pub fn is_open(&self) {
        self.0.opening.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn cut_unless_open(&self) {
        if self.0.opening.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            self.cut();
        }
    }

    /// Ends the connection.
    pub fn cut(&self) {
        self.0.cut.store(true, Ordering::Release);
        self.0.reader.wake();
    }

    fn check(&self) -> io::Result<()> {
        match self.0.cut.load(Ordering::Acquire) {
            true => Err(too_slow()),
            false => Ok(()),
        }
    }
}

impl Listening {
    /// With TLS or without.
    pub fn new(app: &App, tls: Option<rustls::ServerConfig>) -> Self {
        let tls = tls.map(|mut tls| {
            tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            TlsAcceptor::from(Arc::new(tls))
        });
        Self {
            trusted: app.trusted_proxies.clone(),
            idle: Duration::from_secs(app.limits.idle),
            tls,
            places: Arc::default(),
            handshakes: WorkSlots::new(HANDSHAKES),
        }
    }

    /// Takes a connection in, or ends it.
    ///
    /// # Errors
    /// It was not opened in time, or its place is opening too many.
    pub async fn open(self, tcp: TcpStream) -> io::Result<(ClientStream, Protocol, Option<SocketAddr>)> {
        let peer = tcp.peer_addr()?;
        let turn = self.turn(peer.ip()).await?;
        let connection = Connection::new(turn);
        // One that ends earlier gives its turn back at once.
        let opened = Arc::downgrade(&connection.0);
        rt::spawn(async move {
            sleep(OPENED).await;
            if let Some(state) = opened.upgrade() {
                Connection(state).cut_unless_open();
            }
        });
        let tcp = Watched {
            tcp,
            connection,
            idle: self.idle,
            stalled: None,
        };
        let Some(tls) = &self.tls else {
            return Ok((ClientStream::Plain(tcp), Protocol::Http1, Some(peer)));
        };
        let handshake = async {
            let _turn = self.handshakes.wait(HANDSHAKE).await.ok_or_else(too_slow)?;
            tls.accept(tcp).await
        };
        let stream = timeout(HANDSHAKE, handshake).await.map_err(|_| too_slow())??;
        let protocol = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            _ => Protocol::Http1,
        };
        Ok((ClientStream::Tls(Box::new(stream)), protocol, Some(peer)))
    }

    /// A turn of a place. A trusted proxy opens connections for everybody, and needs none.
    async fn turn(&self, peer: IpAddr) -> io::Result<Option<OpeningTurn>> {
        if self.trusted.trust(peer.to_canonical()) {
            return Ok(None);
        }
        let place = self.place(Network::of_ip(peer));
        let slot = match place.opening.enter() {
            Some(slot) => slot,
            None => {
                let _waiting = place.waiting.enter().ok_or_else(too_slow)?;
                place.opening.wait(WAIT).await.ok_or_else(too_slow)?
            }
        };
        Ok(Some(OpeningTurn {
            _place: place,
            _slot: slot,
        }))
    }

    fn place(&self, network: Network) -> Arc<OpeningPlace> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= KEPT {
            places.retain(|_, place| Arc::strong_count(place) > 1);
        }
        let made = || {
            Arc::new(OpeningPlace {
                opening: WorkSlots::new(OPENING),
                waiting: WorkSlots::new(WAITING),
            })
        };
        places.entry(network).or_insert_with(made).clone()
    }
}

fn too_slow() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

/// A connection whose client has to take what is sent to it.
pub struct Watched {
    tcp: TcpStream,
    connection: Connection,
    idle: Duration,
    /// Since nothing more could be sent.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    /// What came of sending; where nothing could be sent for too long, an error.
    fn watch<T>(&mut self, cx: &mut Context<'_>, sent: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if sent.is_ready() {
            self.stalled = None;
            return sent;
        }
        let idle = self.idle;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(idle)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(too_slow()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.connection.0.reader.register(cx.waker());
        self.connection.check()?;
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.connection.check()?;
        let sent = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.watch(cx, sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.connection.check()?;
        let sent = Pin::new(&mut self.tcp).poll_write_vectored(cx, pieces);
        self.watch(cx, sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// A connection as requests come over it.
pub enum ClientStream {
    /// Plain.
    Plain(Watched),
    /// With TLS.
    Tls(Box<TlsStream<Watched>>),
}

impl ClientStream {
    /// The connection, for whoever answers over it.
    pub fn connection(&self) -> Connection {
        self.watched().connection.clone()
    }

    fn watched(&self) -> &Watched {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

/// The same of either kind.
macro_rules! either {
    ($stream:expr, $name:ident($($given:expr),*)) => {
        match $stream.get_mut() {
            ClientStream::Plain(stream) => Pin::new(stream).$name($($given),*),
            ClientStream::Tls(stream) => Pin::new(&mut **stream).$name($($given),*),
        }
    };
}

impl AsyncRead for ClientStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self, poll_read(cx, buf))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, poll_write_vectored(cx, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, poll_shutdown(cx))
    }
}

impl ActixStream for ClientStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(&self.watched().tcp, cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(&self.watched().tcp, cx)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::rt::net::TcpListener;

    use super::*;

    fn listening(tls: Option<TlsAcceptor>) -> Listening {
        Listening {
            trusted: TrustedProxies::parse("127.0.0.7").expect("an address"),
            idle: Duration::from_secs(60),
            tls,
            places: Arc::default(),
            handshakes: WorkSlots::new(1),
        }
    }

    async fn connects(server: &TcpListener, from: &str) -> (TcpStream, TcpStream) {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        let from = SocketAddr::new(from.parse().expect("an address"), 0);
        socket.bind(from).expect("bound");
        let client = socket.connect(server.local_addr().expect("bound"));
        let (client, taken) = tokio::join!(client, server.accept());
        (client.expect("connected"), taken.expect("accepted").0)
    }

    #[actix_web::test]
    async fn one_place_opens_so_many_and_no_other_waits() {
        let (all, server) = (listening(None), TcpListener::bind("127.0.0.1:0").await.expect("bound"));
        let mut opening = Vec::new();
        for _ in 0..OPENING {
            let (client, taken) = connects(&server, "127.0.0.1").await;
            opening.push((client, all.clone().open(taken).await.expect("opened").0));
        }
        let (_client, one_more) = connects(&server, "127.0.0.1").await;
        assert!(all.clone().open(one_more).await.is_err());
        for (from, many) in [("127.0.0.9", 1), ("127.0.0.7", 2 * OPENING)] {
            for _ in 0..many {
                let (client, taken) = connects(&server, from).await;
                opening.push((client, all.clone().open(taken).await.expect("another place").0));
            }
        }
        // One that is open, or ends, makes room for one that waits.
        let (_client, waits) = connects(&server, "127.0.0.1").await;
        let later = async {
            sleep(Duration::from_millis(50)).await;
            opening[0].1.connection().is_open();
        };
        let (opened, ()) = tokio::join!(all.clone().open(waits), later);
        let opened = opened.expect("its turn came");
        drop(opened);
        let (_client, next) = connects(&server, "127.0.0.1").await;
        assert!(all.clone().open(next).await.is_ok());
    }

    #[actix_web::test]
    async fn a_connection_that_is_cut_ends() {
        use tokio::io::AsyncReadExt;
        let (all, server) = (listening(None), TcpListener::bind("127.0.0.1:0").await.expect("bound"));
        let (_client, taken) = connects(&server, "127.0.0.1").await;
        let mut stream = all.open(taken).await.expect("opened").0;
        let connection = stream.connection();
        let later = async {
            sleep(Duration::from_millis(50)).await;
            connection.cut();
        };
        let mut piece = [0; 8];
        let (read, ()) = tokio::join!(stream.read(&mut piece), later);
        assert_eq!(read.expect_err("cut").kind(), io::ErrorKind::TimedOut);
    }

    #[actix_web::test]
    async fn a_handshake_has_an_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        super::super::tls::make(&cert, &key).expect("made");
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (tls, ..) = super::super::tls::load(&cert, &key).expect("loaded");
        let (all, server) = (
            listening(Some(TlsAcceptor::from(Arc::new(tls)))),
            TcpListener::bind("127.0.0.1:0").await.expect("bound"),
        );
        // The first takes the only turn and says nothing; the second waits for it.
        let (_first, one) = connects(&server, "127.0.0.1").await;
        let (_second, other) = connects(&server, "127.0.0.9").await;
        let begun = std::time::Instant::now();
        let (one, other) = tokio::join!(all.clone().open(one), all.clone().open(other));
        assert!(one.is_err() && other.is_err());
        assert!(begun.elapsed() < HANDSHAKE * 2);
    }
}
