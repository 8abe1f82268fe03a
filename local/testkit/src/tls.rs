//! A TLS endpoint in front of a local service, with a certificate authority of its own. It counts the connections and the
//! bytes on the wire.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

/// The endpoint. It stops when this is dropped.
pub struct TlsEndpoint {
    address: SocketAddr,
    /// The authority's certificate, for `AWS_CA_BUNDLE`.
    pub authority: PathBuf,
    counted: Arc<Counts>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    bytes: AtomicU64,
}

impl TlsEndpoint {
    /// Listens on a free port, before the service at `target` (`http://host:port`), with its certificate in `folder`.
    ///
    /// # Errors
    /// When the certificate cannot be made or no port can be bound.
    pub async fn start(target: &str, folder: &Path) -> io::Result<Self> {
        let (config, authority) = certified().map_err(io::Error::other)?;
        let file = folder.join("authority.pem");
        std::fs::write(&file, authority)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let counted = Arc::<Counts>::default();
        let target = target.trim_start_matches("http://").to_owned();
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(listener, TlsAcceptor::from(Arc::new(config)), target, Arc::clone(&counted)));
        Ok(Self { address, authority: file, counted, _tasks: tasks })
    }

    /// Where it listens, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.counted.connections.load(Ordering::Relaxed)
    }

    /// How many bytes went over the wire so far, both ways, handshakes among them.
    pub fn bytes(&self) -> u64 {
        self.counted.bytes.load(Ordering::Relaxed)
    }
}

/// A server for `localhost`, and the authority that vouches for it.
fn certified() -> Result<(ServerConfig, String), Box<dyn std::error::Error + Send + Sync>> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "an authority of this run");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let server = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key)?;
    Ok((config, authority.pem()))
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, target: String, counts: Arc<Counts>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        counts.connections.fetch_add(1, Ordering::Relaxed);
        let served = connection(stream, acceptor.clone(), target.clone(), Arc::clone(&counts));
        connections.spawn(async move {
            let _ = served.await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// An error here is a client that disconnects or rejects the certificate.
async fn connection(stream: TcpStream, acceptor: TlsAcceptor, target: String, counts: Arc<Counts>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut client = acceptor.accept(Counted { stream, counts }).await.ok()?;
    let mut service = TcpStream::connect(target).await.ok()?;
    service.set_nodelay(true).ok()?;
    copy_bidirectional(&mut client, &mut service).await.ok()?;
    Some(())
}

/// A stream whose bytes are counted.
struct Counted {
    stream: TcpStream,
    counts: Arc<Counts>,
}

impl Counted {
    fn count(&self, bytes: usize) {
        self.counts.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.count(buffer.filled().len() - before);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(bytes)) = &written {
            self.count(*bytes);
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
