//! Runs the compiler where hostile source can do no harm: on a stack that fits the source, in memory that has an end.
//!
//! oxc descends into itself for everything nested, so a hundred thousand brackets would run over the stack and end the
//! process; and it tries some passages twice, so that nested ones can take time and memory without end. It has no limits
//! of its own. What it cannot escape: every level of nesting needs a symbol or a keyword, so their number bounds the
//! stack; and whatever it tries it writes down in its arena, so the arena's size bounds the time.

use std::any::Any;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::{alloc::Layout, io, thread};

use oxc_allocator::Allocator;

/// Ten times what the platform accepts from an author.
const MAX_SOURCE_BYTES: usize = 1 << 20;

/// The hungriest symbol, the `[` of a tuple type, takes 1.8 KiB of stack, 3.7 if oxc is not optimised at all. Pages that
/// are not used cost nothing.
const STACK_PER_SYMBOL: usize = if cfg!(debug_assertions) { 8 << 10 } else { 4 << 10 };
const STACK_BASE: usize = 4 << 20;
const MAX_SYMBOLS: usize = 400_000;

/// The syntax tree of real code takes 3 to 30 bytes per byte, the transformed one of the tersest enum a hundred.
const ARENA_PER_BYTE: usize = 256;
const ARENA_BASE: usize = 16 << 20;

/// Runs `work` on a thread and an arena of its own. The error is a sentence about the source.
pub(super) fn confined<T: Send>(text: &str, work: impl FnOnce(&Allocator) -> T + Send) -> Result<T, String> {
    if text.len() > MAX_SOURCE_BYTES {
        return Err(format!(
            "the source has {} bytes, the limit is {MAX_SOURCE_BYTES}",
            text.len()
        ));
    }
    let symbols = symbols(text);
    if symbols > MAX_SYMBOLS {
        return Err(format!(
            "the source has {symbols} symbols and keywords, the limit is {MAX_SYMBOLS}"
        ));
    }
    let outcome = thread::scope(|scope| {
        let thread = thread::Builder::new()
            .name("transform".into())
            .stack_size(STACK_BASE + symbols * STACK_PER_SYMBOL);
        let running = thread.spawn_scoped(scope, || with_arena(ARENA_BASE + text.len() * ARENA_PER_BYTE, work))?;
        Ok(running.join())
    });
    match outcome {
        Ok(Ok(result)) => result.map_err(|refused| format!("no memory to compile the source: {refused}")),
        Ok(Err(panic)) => Err(sentence(panic.as_ref())),
        Err(error) => Err(cannot_start(&error)),
    }
}

fn cannot_start(error: &io::Error) -> String {
    format!("no thread to compile the source: {error}")
}

fn sentence(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    match text {
        Some("out of memory") => "the source is too complicated to compile: simplify what is nested most".into(),
        text => format!(
            "the compiler failed on this source, which is its fault: {}",
            text.unwrap_or("no reason given")
        ),
    }
}

/// An upper bound of how deep oxc can descend into a text: everything in it that may open something. Names do not, nor
/// does what separates or closes; what is a keyword is not asked, as every keyword is a short word in lower case.
fn symbols(text: &str) -> usize {
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii();
    let mut rest = text.as_bytes();
    let mut symbols = 0;
    while let Some(first) = rest.first() {
        let word = rest.iter().take_while(|byte| in_word(byte)).count();
        symbols += usize::from(if word == 0 {
            first.is_ascii_punctuation() && !b",;)]}'\"".contains(first)
        } else {
            (2..=11).contains(&word) && rest[..word].iter().all(u8::is_ascii_lowercase)
        });
        rest = &rest[word.max(1)..];
    }
    symbols
}

/// Calls `work` with an arena that panics with "out of memory" when it has given out `size` bytes.
fn with_arena<T>(size: usize, work: impl FnOnce(&Allocator) -> T) -> Result<T, std::collections::TryReserveError> {
    #[repr(align(16))]
    struct Block(#[expect(dead_code, reason = "only its size and alignment count")] [u8; 16]);
    const { assert!(align_of::<Block>() >= Allocator::RAW_MIN_ALIGN) };

    let mut memory: Vec<Block> = Vec::new();
    memory.try_reserve_exact(size / size_of::<Block>())?;
    let size = memory.capacity() * size_of::<Block>();
    let start = NonNull::from(memory.spare_capacity_mut()).cast::<u8>();
    #[expect(unsafe_code, reason = "oxc has no safe way to make an arena that cannot grow")]
    // SAFETY: the layout is that of the vector's own allocation, which is aligned as asked, a multiple of it long, never
    // zero, and written through this pointer only. It outlives the arena, which is dropped first and, being
    // `ManuallyDrop`, does not free it.
    let arena = unsafe {
        let layout = Layout::from_size_align_unchecked(size, align_of::<Block>());
        ManuallyDrop::new(Allocator::from_raw_parts(start, size, start, layout))
    };
    Ok(work(&arena))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{MAX_SOURCE_BYTES, confined, symbols, with_arena};
    use crate::transform::transform;

    #[test]
    fn whatever_opens_is_counted() {
        for (text, count) in [
            ("", 0),
            ("aB Ab a a1 $ _x é constructors 12", 0),
            ("typeof typeof x", 2),
            ("let_ a.b", 1),
            ("((()))", 3),
            ("`${a}`", 3),
            ("a=>!b?c:d", 5),
            ("éx new", 1),
            ("'(' // [", 4),
        ] {
            assert_eq!(symbols(text), count, "{text}");
        }
    }

    #[test]
    fn the_arena_ends() {
        assert_eq!(
            with_arena(1 << 16, |arena| arena.alloc_str("abc").to_owned()),
            Ok("abc".to_owned())
        );
        let full = confined("", |arena| {
            loop {
                arena.alloc([0_u8; 1024]);
            }
        });
        assert!(full.is_err_and(|sentence: String| sentence.contains("too complicated")));
    }

    #[test]
    fn sources_have_a_size_and_failures_a_sentence() {
        assert!(confined(&" ".repeat(MAX_SOURCE_BYTES + 1), |_| ()).is_err());
        assert!(confined(&"(".repeat(400_001), |_| ()).is_err());
        assert_eq!(confined(&" ".repeat(MAX_SOURCE_BYTES), |_| 7), Ok(7));
        let failed = confined("", |_| panic!("a hole"));
        assert_eq!(
            failed,
            Err::<(), _>("the compiler failed on this source, which is its fault: a hole".into())
        );
    }

    /// Each a hundred thousand deep, or as deep as a source may be long.
    #[test]
    fn nesting_does_not_end_the_process() {
        for (before, opens, closes) in [
            ("x=", "(", ")"),
            ("x=", "[", "]"),
            ("", "{", "}"),
            ("x=", "a=>", ""),
            ("x=", "!", ""),
            ("x=", "a?b:", ""),
            ("x=", "x+", ""),
            ("x=", "`${", "}`"),
            ("", "<a>", ""),
            ("type A=", "A<", ">"),
            ("let x:", "[", ""),
            ("let x:", "()=>", ""),
            ("let x:", "f<{a:", ""),
            ("x=", "{a:", "}"),
            ("x=", "class{a=", "}"),
            ("", "function f(){", "}"),
            ("", "if(a);else ", ""),
            ("namespace a", ".a", "{}"),
            // Tried more than once by the parser, at every level.
            ("x=", "a<", ""),
            ("x=", "a?(b):c=>", ""),
            ("x=", "(a=async<", ""),
        ] {
            let times = 100_000.min(MAX_SOURCE_BYTES / (opens.len() + closes.len()) - 100);
            for times in [25, 50, times] {
                let text = format!(
                    "{before}{}1{}\nexport default 1",
                    opens.repeat(times),
                    closes.repeat(times)
                );
                let started = Instant::now();
                let outcome = transform("a.ts", &text);
                assert!(started.elapsed() < Duration::from_secs(20), "{before}{opens}");
                let told = outcome.map_err(|faults| !faults.is_empty() && faults[0].rendered.len() < 4000);
                assert!(told.is_ok() || told.is_err_and(|told| told), "{before}{opens}");
            }
        }
    }
}
