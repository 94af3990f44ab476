//! Signatures, verified by ring, which TLS brings anyway; `jsonwebtoken` lets one choose. Nothing is signed here.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::signature as sig;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: verifier,
    // Only for thumbprints, and for JWKs made of private keys.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes `jsonwebtoken` of this process use ring.
pub fn install() {
    // An error says that it is done already: nothing else in this process installs one.
    let _ = PROVIDER.install_default();
}

struct Public {
    algorithm: Algorithm,
    key: Key,
}

enum Key {
    /// RSA; without the leading zeros that ring refuses and some issuers send.
    Rsa(&'static sig::RsaParameters, sig::RsaPublicKeyComponents<Vec<u8>>),
    /// Everything else.
    Bytes(sig::UnparsedPublicKey<Vec<u8>>),
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    // ring takes RSA keys of 2048 to 8192 bits, and with PSS a salt as long as the hash.
    let rsa = |parameters| match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            let (n, e) = (bare(n), bare(e));
            Ok(Key::Rsa(parameters, sig::RsaPublicKeyComponents { n, e }))
        }
        DecodingKeyKind::SecretOrDer(_) => Err(ErrorKind::InvalidKeyFormat),
    };
    let bytes = |verification: &'static dyn sig::VerificationAlgorithm| match key.kind() {
        DecodingKeyKind::SecretOrDer(bytes) => Ok(Key::Bytes(sig::UnparsedPublicKey::new(verification, bytes.clone()))),
        DecodingKeyKind::RsaModulusExponent { .. } => Err(ErrorKind::InvalidKeyFormat),
    };
    if key.family() != algorithm.family() {
        return Err(ErrorKind::InvalidAlgorithm.into());
    }
    let key = match algorithm {
        Algorithm::RS256 => rsa(&sig::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => rsa(&sig::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => rsa(&sig::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => rsa(&sig::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => rsa(&sig::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => rsa(&sig::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => bytes(&sig::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => bytes(&sig::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => bytes(&sig::ED25519),
        // A shared secret is never the key of an issuer outside.
        _ => Err(ErrorKind::UnsupportedAlgorithm),
    }?;
    Ok(Box::new(Public {
        algorithm: *algorithm,
        key,
    }))
}

fn bare(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    number[zeros..].to_vec()
}

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        match &self.key {
            Key::Rsa(parameters, key) => key.verify(parameters, message, signature),
            Key::Bytes(key) => key.verify(message, signature),
        }
        .map_err(|ring::error::Unspecified| Error::new())
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::KEYS;
    use super::*;
    use jsonwebtoken::jwk::Jwk;

    fn key(jwk: serde_json::Value) -> DecodingKey {
        DecodingKey::from_jwk(&serde_json::from_value::<Jwk>(jwk).unwrap()).unwrap()
    }

    #[test]
    fn an_algorithm_takes_keys_of_its_family_only() {
        let (rsa, p256, ed) = (key(KEYS.rsa.jwk("")), key(KEYS.p256.jwk("")), key(KEYS.ed.jwk("")));
        for (algorithm, good, bad) in [
            (Algorithm::RS256, &rsa, [&p256, &ed]),
            (Algorithm::PS512, &rsa, [&p256, &ed]),
            (Algorithm::ES256, &p256, [&rsa, &ed]),
            (Algorithm::EdDSA, &ed, [&rsa, &p256]),
        ] {
            assert!(verifier(&algorithm, good).is_ok());
            assert!(
                bad.into_iter().all(|key| verifier(&algorithm, key).is_err()),
                "{algorithm:?}"
            );
        }
        for secret in [DecodingKey::from_secret(b"x"), rsa] {
            assert!(verifier(&Algorithm::HS256, &secret).is_err());
        }
    }

    #[test]
    fn leading_zeros_of_rsa_numbers_are_taken_off() {
        assert_eq!(bare(&[0, 0, 1, 0]), [1, 0]);
        assert!(bare(&[0]).is_empty());
    }
}
