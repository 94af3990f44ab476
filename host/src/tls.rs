//! The server's side of TLS: a certificate and its key, read again when their files change.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Where the certificate and its key are: PEM, the certificate first in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The chain.
    pub cert: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// What the files held.
type Texts = [Vec<u8>; 2];

/// Shakes hands with clients.
pub struct Tls {
    files: Files,
    read: Texts,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files; on failure says what is wrong with which.
    pub fn open(files: Files) -> Result<Self, String> {
        let read = files.read()?;
        let config = RwLock::new(files.config(&read)?);
        Ok(Self { files, read, config })
    }

    /// The client's side proven, or why not.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> std::io::Result<TlsStream<S>> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner).clone();
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Takes up what the files hold, whenever that changes. What cannot be used is told once, and the old goes on: a
    /// certificate may be there before its key.
    pub async fn follow(&self) {
        let mut seen: Result<Texts, String> = Ok(self.read.clone());
        loop {
            tokio::time::sleep(LOOK).await;
            let files = self.files.clone();
            // The disk may be slow.
            let Ok(read) = tokio::task::spawn_blocking(move || files.read()).await else {
                return;
            };
            if read == seen {
                continue;
            }
            match read.clone().and_then(|read| self.files.config(&read)) {
                Ok(config) => {
                    *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                    tracing::info!("TLS: the certificate was read again");
                }
                Err(problem) => tracing::warn!("TLS: the certificate of before is used on: {problem}"),
            }
            seen = read;
        }
    }
}

impl Files {
    fn read(&self) -> Result<Texts, String> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| fault(path, &error));
        Ok([read(&self.cert)?, read(&self.key)?])
    }

    fn config(&self, [cert, key]: &Texts) -> Result<Arc<ServerConfig>, String> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(cert).collect();
        let chain = chain.map_err(|error| fault(&self.cert, &error))?;
        if chain.is_empty() {
            return Err(fault(&self.cert, &"there is no certificate in it, in PEM"));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
            fault(
                &self.key,
                &format_args!("there is no private key in it, in PEM: {error}"),
            )
        })?;
        // Named, so that another crate's choice of a provider cannot make this fail.
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| {
            let both = format_args!("cannot be used with {}: {error}", self.key.display()).to_string();
            fault(&self.cert, &both)
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn fault(path: &Path, problem: &dyn std::fmt::Display) -> String {
    format!("{}: {problem}", path.display())
}
