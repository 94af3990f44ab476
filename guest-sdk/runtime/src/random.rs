//! `Math.random`, seeded anew in every execution, and random bytes.

use crate::host;
use javy::quickjs::{ArrayBuffer, Ctx, Exception, Function, Object, Result};
use std::cell::RefCell;

thread_local! {
    /// Empty until the first draw of an execution; emptied again before the snapshot is taken.
    static GENERATOR: RefCell<Option<fastrand::Rng>> = const { RefCell::new(None) };
}

/// Replaces `Math.random`. Seeding is lazy: an execution that draws nothing pays nothing.
pub fn install(ctx: &Ctx<'_>) -> Result<()> {
    let math: Object<'_> = ctx.globals().get("Math")?;
    math.set("random", Function::new(ctx.clone(), draw)?.with_name("random")?)
}

/// Forgets the seed, so that no execution inherits what the top level of the module drew from.
pub fn forget_seed() {
    GENERATOR.set(None);
}

/// `random(length)`: bytes nobody can guess. While a worker is built there are none: they would be the same in every
/// execution.
pub fn bytes<'js>(ctx: Ctx<'js>, length: usize) -> Result<ArrayBuffer<'js>> {
    if !host::is_open() {
        let sentence = "random values are not available while the worker is built: every execution would have the \
            same; move this into the handler";
        return Err(Exception::throw_type(&ctx, sentence));
    }
    let mut bytes = vec![0; length];
    match fill(&mut bytes) {
        0 => ArrayBuffer::new(ctx, bytes),
        errno => Err(Exception::throw_type(
            &ctx,
            &format!("the host gives no {length} random bytes (errno {errno})"),
        )),
    }
}

fn draw() -> f64 {
    GENERATOR.with_borrow_mut(|generator| generator.get_or_insert_with(|| fastrand::Rng::with_seed(seed())).f64())
}

fn seed() -> u64 {
    let mut bytes = [0; 8];
    assert_eq!(fill(&mut bytes), 0, "the host has no random numbers");
    u64::from_le_bytes(bytes)
}

fn fill(bytes: &mut [u8]) -> u16 {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn random_get(buffer: *mut u8, length: usize) -> u16;
    }
    // SAFETY: the host writes exactly the length given, into a buffer of that length.
    unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) }
}
