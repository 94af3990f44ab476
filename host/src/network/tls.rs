//! TLS as a client: rustls on ring, trusting the authorities that the system trusts.

use super::failure::failed;
use engine::FetchError;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// How `https` connections are made. Clones are the same one.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    authorities: Box<dyn Fn() -> Vec<CertificateDer<'static>> + Send + Sync>,
    agreed: OnceCell<Agreed>,
}

/// What a connection needs.
pub(super) struct Agreed {
    pub config: Arc<ClientConfig>,
    /// Whether every certificate will be refused, for want of authorities.
    pub trusts_nobody: bool,
}

impl Tls {
    /// Trusts what the system trusts, or, where they are set, the certificates that `SSL_CERT_FILE` and `SSL_CERT_DIR`
    /// name. They are read at the first `https` connection: it takes milliseconds that most runs can do without.
    pub fn system() -> Self {
        Self::new(|| {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!("cannot read the system's certificates: {error}");
            }
            found.certs
        })
    }

    /// Trusts these authorities alone.
    pub fn trusting(authorities: Vec<CertificateDer<'static>>) -> Self {
        Self::new(move || authorities.clone())
    }

    fn new(authorities: impl Fn() -> Vec<CertificateDer<'static>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            authorities: Box::new(authorities),
            agreed: OnceCell::new(),
        }))
    }

    pub(super) async fn agreed(&self) -> Result<&Agreed, FetchError> {
        let read = || {
            let inner = self.0.clone();
            // Some hundred files, and parsing them: too long for a thread that others wait for.
            tokio::task::spawn_blocking(move || agree((inner.authorities)()))
        };
        let agreed = self.0.agreed.get_or_try_init(read).await;
        agreed.map_err(|error| failed(format_args!("the root certificates were not read: {error}")))
    }
}

fn agree(authorities: Vec<CertificateDer<'static>>) -> Agreed {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(authorities);
    let trusts_nobody = roots.is_empty();
    // Named, so that another crate's choice of a provider cannot make this fail.
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Agreed {
        config: Arc::new(config),
        trusts_nobody,
    }
}
