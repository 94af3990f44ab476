//! The issuer outside whose tokens are accepted, as the operator names it, and how its keys are fetched.

use crate::identity::jwks::{self, Jwks, MAX_DOCUMENT_BYTES};
use crate::identity::jwt::{Jwt, Trust};
use crate::network::policy::Policy;
use crate::network::tls::Tls;
use crate::network::{self, Network, resolve};
use anyhow::{Context, bail};
use engine::{FetchRequest, Redirect};
use futures_util::TryStreamExt;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

/// What the operator says of the issuer.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// `iss` of its tokens.
    pub name: String,
    /// `aud` of its tokens: one of these.
    pub audiences: Vec<String>,
    /// The algorithms that are accepted; all that are safe when empty.
    pub algorithms: Vec<String>,
    /// Where its keys are.
    pub keys: Keys,
}

/// Where the keys of an issuer are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// A JWKS document in a file, which may be replaced while the host runs.
    File(PathBuf),
    /// The same at an address; the operator chose it, so it may be a private one.
    Url(Url),
}

impl Issuer {
    /// Ready to verify; its keys are fetched when they are first needed.
    pub fn open(&self) -> anyhow::Result<Jwt> {
        let trust = Trust::new(&self.name, self.audiences.clone(), &self.algorithms).map_err(anyhow::Error::msg)?;
        let fetch = match &self.keys {
            Keys::File(path) => jwks::file(path.clone()),
            Keys::Url(url) => from_url(url),
        };
        Ok(Jwt::new(trust, Jwks::new(fetch)))
    }
}

/// Fetches the document anew for every call; a redirect is refused.
fn from_url(url: &Url) -> jwks::Fetch {
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    let policy = Policy {
        platform_url: Some(root),
        ..Policy::default()
    };
    let network = Network::new(network::Limits::default(), &Tls::system(), resolve::system());
    let fetch = network.fetcher(Arc::new(policy), 0);
    let url = url.clone();
    Box::new(move || {
        let request = FetchRequest {
            method: "GET".into(),
            url: url.to_string(),
            headers: vec![("accept".into(), "application/json".into())],
            body: None,
            redirect: Redirect::Error,
            platform: false,
        };
        let (fetch, url) = (fetch.clone(), url.clone());
        Box::pin(async move {
            let mut response = fetch(request).await.with_context(|| format!("cannot fetch {url}"))?;
            if response.status != 200 {
                bail!("{url} answers {}", response.status);
            }
            let mut document = Vec::new();
            while let Some(part) = response.body.try_next().await? {
                document.extend_from_slice(&part);
                if document.len() > MAX_DOCUMENT_BYTES {
                    bail!("{url} is larger than {MAX_DOCUMENT_BYTES} bytes");
                }
            }
            Ok(document)
        })
    })
}
