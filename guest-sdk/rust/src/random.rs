//! Random bytes of the host, fit for keys and tokens.

/// So many random bytes, from WASI's `random_get`. Natively, in tests, they are other in every run, but no secret.
///
/// ```
/// let id = u128::from_le_bytes(worker::random());
/// assert_ne!(id, u128::from_le_bytes(worker::random()));
/// ```
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "an import is a foreign function")]
fn fill(bytes: &mut [u8]) {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn random_get(buffer: *mut u8, length: usize) -> u16;
    }
    // The host gives no more in one call.
    for part in bytes.chunks_mut(64 << 10) {
        // SAFETY: exactly this slice is written.
        let errno = unsafe { random_get(part.as_mut_ptr(), part.len()) };
        assert_eq!(errno, 0, "the host gives no random bytes");
    }
}

#[cfg(not(target_family = "wasm"))]
fn fill(bytes: &mut [u8]) {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // The keys of the standard library's hash maps are what it has of randomness.
    for part in bytes.chunks_mut(8) {
        let number = RandomState::new().build_hasher().finish();
        part.copy_from_slice(&number.to_le_bytes()[..part.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::random;

    #[test]
    fn every_byte_is_filled() {
        let mut seen = [0; 21];
        for _ in 0..100 {
            let bytes: [u8; 21] = random();
            seen.iter_mut().zip(bytes).for_each(|(seen, byte)| *seen |= byte);
        }
        assert!(seen.iter().all(|&byte| byte != 0), "{seen:?}");
    }
}
