//! What `crypto.subtle` and `context.crypto` compute.

use aes_gcm::AesGcm;
use aes_gcm::aead::array::typenum::{U12, U16};
use aes_gcm::aead::{Aead, Nonce, Payload};
use aes_gcm::aes::{Aes128, Aes192, Aes256};
use hmac::{Hmac, KeyInit, Mac};
use javy::quickjs::{ArrayBuffer, Ctx, Exception, Result};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// `digest(algorithm, data)`; the algorithm as the Web Cryptography API names it.
pub fn digest<'js>(ctx: Ctx<'js>, algorithm: String, data: ArrayBuffer<'js>) -> Result<ArrayBuffer<'js>> {
    let data = bytes(&data);
    let digest = match algorithm.as_str() {
        "SHA-1" => Sha1::digest(data).to_vec(),
        "SHA-256" => Sha256::digest(data).to_vec(),
        "SHA-384" => Sha384::digest(data).to_vec(),
        "SHA-512" => Sha512::digest(data).to_vec(),
        _ => return Err(unknown(&ctx, &algorithm)),
    };
    ArrayBuffer::new(ctx, digest)
}

/// `hmac(algorithm, key, data)`, of a hash named as above.
pub fn hmac<'js>(
    ctx: Ctx<'js>,
    algorithm: String,
    key: ArrayBuffer<'js>,
    data: ArrayBuffer<'js>,
) -> Result<ArrayBuffer<'js>> {
    fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
        // An HMAC takes a key of any length.
        let mut mac = <M as KeyInit>::new_from_slice(key).expect("any length");
        mac.update(data);
        mac.finalize().into_bytes().to_vec()
    }
    let (key, data) = (bytes(&key), bytes(&data));
    let code = match algorithm.as_str() {
        "SHA-1" => mac::<Hmac<Sha1>>(key, data),
        "SHA-256" => mac::<Hmac<Sha256>>(key, data),
        "SHA-384" => mac::<Hmac<Sha384>>(key, data),
        "SHA-512" => mac::<Hmac<Sha512>>(key, data),
        _ => return Err(unknown(&ctx, &algorithm)),
    };
    ArrayBuffer::new(ctx, code)
}

/// `aesGcm(encrypt, key, iv, additionalData, data)`: the data with its tag of 128 bits behind it, or the other way; undefined
/// where the tag is wrong.
pub fn aes_gcm<'js>(
    ctx: Ctx<'js>,
    encrypt: bool,
    key: ArrayBuffer<'js>,
    iv: ArrayBuffer<'js>,
    additional: ArrayBuffer<'js>,
    data: ArrayBuffer<'js>,
) -> Result<Option<ArrayBuffer<'js>>> {
    let (key, iv, additional, data) = (bytes(&key), bytes(&iv), bytes(&additional), bytes(&data));
    let payload = Payload {
        msg: data,
        aad: additional,
    };
    let done = match (key.len(), iv.len()) {
        (16, 12) => seal::<AesGcm<Aes128, U12>>(encrypt, key, iv, payload),
        (24, 12) => seal::<AesGcm<Aes192, U12>>(encrypt, key, iv, payload),
        (32, 12) => seal::<AesGcm<Aes256, U12>>(encrypt, key, iv, payload),
        (16, 16) => seal::<AesGcm<Aes128, U16>>(encrypt, key, iv, payload),
        (24, 16) => seal::<AesGcm<Aes192, U16>>(encrypt, key, iv, payload),
        (32, 16) => seal::<AesGcm<Aes256, U16>>(encrypt, key, iv, payload),
        (_, iv) => {
            let sentence = format!("an iv of {iv} bytes is not supported: AES-GCM is made for 12, and 16 are known");
            return Err(Exception::throw_type(&ctx, &sentence));
        }
    };
    done.map(|done| ArrayBuffer::new(ctx, done)).transpose()
}

fn seal<C: Aead + KeyInit>(encrypt: bool, key: &[u8], iv: &[u8], payload: Payload<'_, '_>) -> Option<Vec<u8>> {
    // Both lengths are those of the types.
    let cipher = C::new_from_slice(key).ok()?;
    let nonce = Nonce::<C>::try_from(iv).ok()?;
    match encrypt {
        true => cipher.encrypt(&nonce, payload).ok(),
        false => cipher.decrypt(&nonce, payload).ok(),
    }
}

fn bytes<'a>(buffer: &'a ArrayBuffer<'_>) -> &'a [u8] {
    // A detached buffer has none.
    buffer.as_bytes().unwrap_or_default()
}

fn unknown(ctx: &Ctx<'_>, algorithm: &str) -> javy::quickjs::Error {
    Exception::throw_type(ctx, &format!("{algorithm} is not known"))
}
