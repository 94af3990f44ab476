//! An issuer of tokens outside of the host.

use data_encoding::BASE64URL_NOPAD as BASE64URL;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

pub struct Issuer(Ed25519KeyPair);

impl Issuer {
    pub fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    /// The settings by which a server trusts it, its keys being at this URL or in this file.
    pub fn settings(keys: &str) -> [&str; 6] {
        [
            "--jwt-issuer",
            "https://issuer",
            "--jwt-audience",
            "workers",
            "--jwt-keys",
            keys,
        ]
    }

    /// What is published of its key.
    pub fn keys(&self) -> String {
        let public = BASE64URL.encode(self.0.public_key().as_ref());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": public}]}).to_string()
    }

    /// A token of `subject`; the claims come over the usual ones.
    pub fn token(&self, subject: &str, claims: &Value) -> String {
        let mut all = json!({"iss": "https://issuer", "aud": "workers", "sub": subject, "exp": 4_000_000_000_u64});
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let header = BASE64URL.encode(br#"{"alg":"EdDSA","kid":"one"}"#);
        let signed = format!("{header}.{}", BASE64URL.encode(all.to_string().as_bytes()));
        let signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64URL.encode(signature.as_ref()))
    }
}
